// Package translog owns the issuer's transparency log. For now that is the VRF
// alone: what every leaf will need of an attestation, computed at its issuing
// and kept with its badge.
//
// What comes later, beside it: append (numbered events become leaves of a
// Merkle tree), checkpoint (the signed size and root of that tree, as a
// C2SP tlog-checkpoint) and prove (inclusion proofs, and the VRF proofs that
// let the owner of a handle and an agency find all leaves about them). The
// formats that others check live in verify.
package translog
