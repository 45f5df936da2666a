package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// checkPassfile refuses a password file that is not there, or that others may read or
// change, which libpq passes over (section 34.16 of PostgreSQL's manual) and pgx reads.
func checkPassfile(path string) error {
	if path == "" { // then there may be one in the home directory
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return errPassfile.Because(err)
	}
	if !info.Mode().IsRegular() {
		return errPassfile.Because(fmt.Errorf("%s is no regular file", path))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return errPassfile.Because(fmt.Errorf("%s is open to others, with mode %#o: chmod 600", path, info.Mode().Perm()))
	}
	f, err := os.Open(path)
	if err != nil {
		return errPassfile.Because(err)
	}
	return f.Close()
}

// unparsed tells a file for TLS that cannot be used from a URL that cannot be read. pgx
// has no more than a text for that.
func unparsed(err error) error {
	if text := err.Error(); strings.Contains(text, "failed to configure TLS") &&
		!strings.Contains(text, "sslmode is invalid") && !strings.Contains(text, "are required") {
		return errCertificate.Because(innermost(err))
	}
	return errAddress.Because(err)
}

// innermost leaves away what repeats the URL.
func innermost(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
