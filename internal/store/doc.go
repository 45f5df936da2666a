// Package store is the database: one database/sql store that fills the
// interfaces which attest, statuslist, keyring, jobs and fediverse state, and keeps
// the issuer's identity for the composition root.
//
// One transaction is one intention-named method; no transaction leaves the
// package. A method that returns nil has committed durably. One that returns an
// error has written nothing, and has told the truth about it: a context that
// ends stops the wait for a turn, never a transaction that has begun.
//
// Every query is one text for SQLite and PostgreSQL: $n placeholders, upserts,
// RETURNING, times as integers of Unix microseconds. What differs stands behind
// the dialect: the schema (a folder of migrations each), connecting, and the
// meaning of driver errors.
//
// Faults that callers see:
//   - storage_full, storage_busy, storage_unavailable (kind Unavailable): nothing
//     was written, and trying again later may work;
//   - database_* from Open, Migrate and Inspect only: what keeps the database from being
//     opened, or this program from it; docs/OPERATING.md lists them.
package store
