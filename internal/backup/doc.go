// Package backup is the form of a backup: an age file (age-encryption.org/v1), and
// in it a header, sections and an end. It knows no database.
//
// In the age file stand frames: one byte that says what it is, four that say how
// long it is, big-endian, and that many bytes. H is the header and S begins a
// section, both JSON; D is a part of the section's data; E ends the file.
//
// age authenticates every part of the file and its end, so that what was cut short
// or altered is found, at the end at the latest: nothing that was read may stand
// before Check or the end says that it is whole.
//
// Faults that callers see: backup_damaged, backup_newer, backup_identity.
package backup
