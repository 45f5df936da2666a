package durable

import (
	"errors"
	"os"
)

// Dir makes the names in a directory durable: a file that was made, linked, renamed
// or removed there may otherwise be as before (fsync(2)).
func Dir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
