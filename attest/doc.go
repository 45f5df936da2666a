// Package attest is the domain: requests and their two proofs, the policy that
// says who may be attested, the lifecycle of an attestation, and the events
// that record it.
//
// A request links one fediverse account with one mailbox. The account proof
// comes first; only then a mail goes out with a code, the mailbox proof. With
// both, an attestation is signed, checked by package verify, and committed
// together with its status index, its event and its mail.
//
// The package knows no network, database, clock or configuration: what it needs
// of them it states as interfaces (ports.go, store.go), which adapters fill.
package attest
