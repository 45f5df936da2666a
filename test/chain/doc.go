// Package chain tests the whole way, from a request to a revocation: the real
// composition on free ports, with real SQLite or PostgreSQL, alone or as replicas,
// and around it the sandbox's instance, mailbox and resolver. What an agent's
// browser would send goes over HTTP, and every exchange is held against the contract.
package chain
