// Package verify checks attestations: that an SD-JWT VC (RFC 9901,
// draft-ietf-oauth-sd-jwt-vc) was signed by a trusted issuer for a given
// fediverse account, and that its Token Status List
// (draft-ietf-oauth-status-list) says it is still valid.
//
// It owns these wire formats, for whoever checks and for whoever issues, and the
// checks themselves with their names, order and codes. It works on bytes, keys,
// lists and a clock: what has to be fetched comes through a [Source], which
// package online implements over HTTP and [NewOffline] over files.
//
// # Two decisions
//
// Keys are read by go-jose, after this package has refused what go-jose lets
// pass. A compact JWS is split and its signature checked here, on crypto/ecdsa:
// one algorithm is allowed, go-jose's own decoding accepts white space, padding
// and repeated members, and a check may cost little more than its one signature.
//
// What a token's bytes decide alone (form, signature under a given key,
// disclosures, claims) is remembered once it held. The time, the state of the
// key, the status and the caller's account are judged anew every time.
package verify
