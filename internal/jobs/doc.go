// Package jobs runs what must happen by itself: it numbers events, signs status
// lists, empties the outbox, and deletes what need not be kept. Every process on
// a database numbers and follows the events; the rest does the one that holds the
// lease.
package jobs
