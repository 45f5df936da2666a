// Package torture kills the program at random moments and looks at what is left.
//
// A round has a database of its own. Real processes work on it: servers (one on
// SQLite, two replicas on PostgreSQL) and desks, which are what the command line
// uses to take badges back. They are this test's own binary, started again in a
// role. The fediverse instance, the mailbox and the resolver around them live in
// the test, and survive.
//
// Agents go the whole way again and again, over HTTP: request, sign-in, code,
// attestation. They repeat what was not answered, as real clients do; some use
// one mailbox for a second account, type wrong codes, ask for a second code, or
// send the same proof twice at once. They come back to renew a badge, to see what is
// kept, to withdraw or to erase it. Auditors suspend, resume and revoke what was
// issued, each by a desk. An operator has the program itself, built for that, rotate
// and revoke keys and reseal the secret. Whatever is acknowledged — an answer received
// in full, a desk's word, a command's status — goes into the journal before anybody
// takes the next step.
//
// Meanwhile processes are killed with SIGKILL: at any moment, just after a step
// has begun, while they start on an empty or a used database, while they stop, one
// or all at once; the operator's commands at any moment too, and in the middle: once a
// key is revoked and what it signed is not, once the new secret file stands. On PostgreSQL the server too, by an immediate shutdown, while the
// replicas run on. A follower reads the numbered events all the time, as replicas
// and verifiers do.
//
// At the end of a round nobody is killed any more, every agent reaches the end of
// the way, and the journal is held against the database (plain SQL), the HTTP
// surface and the public verifier:
//
//   - each acknowledged attestation, renewals too, is stored and repeated byte for byte,
//     and verifies;
//   - each acknowledged change stands once, in its order, with its events, and
//     status entries, badge, published list and verifier agree;
//   - of who was erased no table holds anything, and every index of theirs is revoked;
//   - one key signs and one stands by, all are published as what they are, none has
//     signed after its time, and all that a revoked one signed is revoked: what a killed
//     command has left the servers did;
//   - whenever a reseal was killed, one of the two secret files opens the issuer, and
//     in the end every mailbox opens;
//   - each status index belongs to one attestation, each attestation has one event;
//   - events are numbered 1 to n, and what the follower has read is what stands;
//   - each code and each sign-in was accepted once, and no wrong code was forgotten;
//   - each mail that was promised has come.
//
// Whatever is not so counts as a loss. Acts that were cut off before they were
// acknowledged may have happened or not, but never half. A run that has not done each
// deed at least once fails.
//
// Databases are lost too: in the middle of all this the processes are killed, and an
// older backup is restored with the secret file of its time. What was published stands
// then: badges that were withdrawn or erased since, and keys that were revoked, stay so.
//
// The list of statuses is made small, so that lists fill up, indices collide and
// new lists open under fire. The seed of each round is told with its result; with
// the same seed the same dice are thrown, though processes never run twice alike.
package torture
