// Package record keeps, outside of the database, what an issuer has published: a
// database that is lost takes with it whatever happened since its last backup, and
// this record gives back what others have seen of that.
//
// It is a directory that all processes on a database share: record.json says whose
// it is, and each process appends to a file of its own. A file is lines, each with
// its checksum, durable before what they tell gets true: indices of status lists
// before any of them is given out, events before they are numbered. So the record
// may tell of what never came to be, and never lacks what did: one that ends before
// its database has lost something. Where it begins stands in record.json.
//
// The record holds no handle, mailbox, VRF output, reason or note. Private keys in it are
// sealed as in the database.
//
// Faults that callers see: record_missing, record_other, record_damaged,
// record_younger, record_unreadable, record_newer, record_unwritable.
package record
