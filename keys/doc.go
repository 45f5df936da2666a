// Package keys owns every key of the issuer: the secret file that wraps the
// data keys, the data keys that seal and look up what rests in the database,
// the P-256 keys that sign attestations and status lists, and the RSA key with
// which the issuer signs its fetches as a fediverse actor.
//
// Nothing here knows a database or a clock: wrapped and sealed bytes are given
// and returned, and so are times. What holds a secret prints as [redacted] by
// every way of printing. A signing key is used as a [crypto.Signer], so that
// hardware can stand behind it.
package keys
