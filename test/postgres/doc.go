// Package postgres starts real PostgreSQL servers for tests, from the installed
// programs (15 or later): each on 127.0.0.1, with data of its own, passwords
// (SCRAM) and the durability that PostgreSQL has by default. Linux only.
//
// Most tests need no more than an empty database of the one server that the
// tests of a package share:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(postgres.Tests{M: m}) }
//
//	url, err := postgres.Shared(t).NewDatabase(t.Context())
//
// [New] gives a test a server of its own, to kill it, to start it again or to
// reach it by TLS. [Start] is for what is no test. Without the programs a test is
// left out, or fails where CI is set.
//
// A server ends with the process that started it, even if that is killed. To root,
// whom PostgreSQL refuses, it runs as the user postgres.
package postgres
