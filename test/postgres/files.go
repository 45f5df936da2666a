package postgres

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	logFile      = "log"
	passwordFile = "passwords"
	quoted       = 4 << 10 // of the log in an error, in bytes
)

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// account is who runs the server, for root: PostgreSQL refuses to run as root.
func account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// give hands a file to who runs the server.
func (s *Server) give(name string) error {
	if s.runsAs == nil {
		return nil
	}
	return os.Chown(name, int(s.runsAs.Uid), int(s.runsAs.Gid))
}

// makeDir makes the server's directory and hands it over. Who runs the server must
// get there: the temporary directories above, such as a test's, let it through.
func (s *Server) makeDir() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	held, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return errors.New("the directory is not empty: " + s.dir)
	}
	if s.runsAs == nil {
		return nil
	}
	temporary := filepath.Clean(os.TempDir()) + string(filepath.Separator)
	for above := filepath.Dir(s.dir); strings.HasPrefix(above, temporary); above = filepath.Dir(above) {
		info, err := os.Stat(above)
		if err != nil {
			return err
		}
		if err := os.Chmod(above, info.Mode().Perm()|0o001); err != nil {
			return err
		}
	}
	return s.give(s.dir)
}

// writePasswords draws both passwords. The superuser's stands alone in a file for
// initdb, whose name is given.
func (s *Server) writePasswords() (forInit string, err error) {
	super := rand.Text()
	s.ownerPassword = rand.Text()
	lines := fmt.Sprintf("*:*:*:%s:%s\n*:*:*:%s:%s\n", superuser, super, owner, s.ownerPassword)
	if err := os.WriteFile(s.PasswordFile(), []byte(lines), 0o600); err != nil {
		return "", err
	}
	forInit = s.file("superuser")
	if err := os.WriteFile(forInit, []byte(super), 0o600); err != nil {
		return "", err
	}
	return forInit, s.give(forInit)
}

// logged is the end of the log.
func (s *Server) logged() string {
	log, err := os.ReadFile(s.file(logFile))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(log[max(0, len(log)-quoted):]))
}
