// Package published owns what an issuer shows to everybody: its keys and
// metadata, the types of its attestations, itself as a fediverse actor, and the
// signed artefacts that rest in the store. The same bytes come from every
// process on one database.
package published
