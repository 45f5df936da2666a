// Package online is a [verify.Source] over HTTP: it fetches an issuer's metadata,
// its keys and its status lists with the caller's client, and keeps them for as
// long as the issuer allows.
//
// Nothing is fetched for an issuer that is not on the trust list, from another
// origin than the issuer's own, through a redirect, or over plain http except on
// loopback. Every body is bounded. At most one request to an issuer is under way
// at a time; after a failed one the issuer is left alone for a while.
//
// Keys are never used beyond their time, so that a revoked one is believed no
// longer than the issuer's max-age. A status list that cannot be renewed serves
// until its exp.
package online
