// Package fediverse talks to other people's instances: WebFinger and actors,
// signed GETs, signing in through the Mastodon client API, and links in profiles.
// Such a link counts only where the account's holder alone can place it.
//
// Everything that an instance says is a claim of a stranger. An actor counts
// only as fetched from its own id, with an ActivityPub media type, and with a
// handle that its own host names and the handle's host confirms. Sign-in
// endpoints count only on the id's host, and an instance that does not look at
// authorization codes gets a registration of its own for each sign-in.
//
// Every body is bounded, and what may be told of a refusal is a *fault.Error
// that holds no token and no code.
package fediverse
