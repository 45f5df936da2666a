// Package agency owns the domain rules: which mail domains belong to public
// agencies, what an attestation may say of them, and which mailboxes there
// count as one agent's own.
//
// A Registry is an immutable set of rules. Builtin is the starter set that comes
// with the program (starter.txt, written by hand); rules from elsewhere, such as
// a database, make another one through New.
//
// The package does no input or output of its own; whether a mail domain has an
// MX is asked by the caller where Match.NeedsMX says so.
package agency
