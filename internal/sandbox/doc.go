// Package sandbox owns a small world on loopback for `cocarde demo` and for
// tests: a fediverse instance that behaves as Mastodon 4.6 does, a mailbox
// that takes mail for anybody, and a resolver with a zone of its own.
//
// The instance has pages for a browser: signing in, profiles with their green
// ticks, an editor whose links are looked at by Mastodon's own rule, and, on a
// host of its own, the mails that have arrived. None needs a script.
//
// Each is a real server, reached over real HTTP, SMTP and DNS, and refuses
// what the real one refuses: nothing here records calls. Where Mastodon lets a
// client choose, the stricter choice is enforced (PKCE with S256).
//
// What a script needs of a browser is here too: [SignIn], [Deny] and
// [LoopbackClient]. Nothing in this package is for production.
package sandbox
