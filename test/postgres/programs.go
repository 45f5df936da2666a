package postgres

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const oldest = 15 // version that Cocarde supports

// ErrMissing says that no PostgreSQL of a supported version is installed.
var ErrMissing = fmt.Errorf("no programs of PostgreSQL %d or later found; test/install installs them", oldest)

// findPrograms gives the folder of the programs: the one that pg_config names, that of
// PATH, or Debian's newest. The first that has a server of a supported version counts.
func findPrograms() (string, error) {
	for _, dir := range candidates() {
		if v, err := version(dir); err == nil && v >= oldest {
			return dir, nil
		}
	}
	return "", ErrMissing
}

func candidates() (dirs []string) {
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if found, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(found))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is sound
	slices.SortFunc(debian, func(a, b string) int { return len(b) - len(a) + strings.Compare(b, a) })
	return append(dirs, debian...)
}

// version is the major version of the server in a folder that has initdb, too.
func version(dir string) (int, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	return major(string(out))
}

// major is the version in what postgres --version says, such as
// "postgres (PostgreSQL) 15.18 (Debian …)" or "postgres (PostgreSQL) 19beta1".
func major(said string) (int, error) {
	_, number, found := strings.Cut(strings.TrimSpace(said), "(PostgreSQL) ")
	if !found {
		return 0, errors.New("postgres tells no version")
	}
	digits := strings.IndexFunc(number+".", func(r rune) bool { return r < '0' || r > '9' })
	return strconv.Atoi(number[:digits])
}
