// Package keyring is the life of an issuer's signing keys:
// announced, active, retired, gone, or revoked at any time.
//
// A [Keyring] is what one process knows of them. It follows the numbered events as
// the statuses do, and whatever is made of the keys (JWKS, metadata, the issuer's
// own verifier) follows it. A [Keeper] changes them: on schedule, in the process
// that holds the lease, and when an operator says so.
package keyring
