// Package jobs runs what must happen by itself: it numbers events, signs status
// lists, empties the outbox, and deletes what need not be kept. Of all processes
// on one database, the one that holds the lease does it.
package jobs
