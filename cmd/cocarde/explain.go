package main

import (
	"errors"
	"fmt"
	"syscall"

	"cocarde.example/internal/fault"
)

var errDiskFull = fault.New(fault.Unavailable, "disk_full",
	"There is no room left on a disk. Make room there, then start the server again, or repeat the command; it goes on with what was begun.")

// explain gives a fault's message for people, with the cause: whoever runs the
// command may read both.
func explain(err error) string {
	f, ok := fault.Of(roomless(err))
	if !ok {
		return err.Error()
	}
	if cause := errors.Unwrap(f); cause != nil {
		return fmt.Sprintf("%s (%s: %v)", f.Message, f.Code, cause)
	}
	return fmt.Sprintf("%s (%s)", f.Message, f.Code)
}

// roomless tells of the system's error for a full disk, or for a user's share of one,
// as such, whichever file it was that met it; but for those that say so themselves.
func roomless(err error) error {
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if code := fault.Code(err); !full || code == "database_full" || code == "backup_file" {
		return err
	}
	return errDiskFull.Because(fault.Cause(err))
}
