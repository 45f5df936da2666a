// Package snac runs a real fediverse server for tests: snac2, an unmodified
// program of other people, behind a TLS front with a certificate authority of
// the test's own. test/get-snac fetches the program.
//
// An [Instance] serves the tests of this package, which hold internal/fediverse
// against it, and whatever test wants a real instance.
package snac
