package store_test

import (
	"bytes"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
)

// refused wants an Open to fail with a code, and to leave the file as it was.
func refused(t *testing.T, path, code string, migrate bool) {
	t.Helper()
	before, _ := os.ReadFile(path)
	s, err := store.Open(t.Context(), store.Options{Database: path, Migrate: migrate})
	if err == nil {
		_ = s.Close()
	}
	if fault.Code(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	if strings.Contains(err.Error(), path) {
		t.Errorf("the message shows the path: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was touched")
	}
}

// foreign makes a database file of another program.
func foreign(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func leadsNowhere(t *testing.T) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "none"), link); err != nil {
		t.Fatal(err)
	}
	return link
}

// emptied is a database whose file was lost, and whose write-ahead log was not: SQLite would
// delete that.
func emptied(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cocarde.db")
	for name, content := range map[string]string{path: "", path + "-wal": strings.Repeat("a page ", 1000)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if left, err := os.ReadFile(path + "-wal"); err != nil || len(left) != 7000 {
			t.Errorf("of its log %d bytes are left: %v", len(left), err)
		}
	})
	return path
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	written := func(t *testing.T, content string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path    func(t *testing.T) string
		migrate bool
		code    string
	}{
		"no file":                       {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, false, "database_missing"},
		"no directory":                  {func(t *testing.T) string { return filepath.Join(t.TempDir(), "no", "file") }, true, "database_unusable"},
		"a directory":                   {func(t *testing.T) string { return t.TempDir() }, true, "database_unusable"},
		"below a file":                  {func(t *testing.T) string { return filepath.Join(written(t, ""), "file") }, true, "database_unusable"},
		"a short text":                  {func(t *testing.T) string { return written(t, "hello") }, true, "database_corrupt"},
		"a long text":                   {func(t *testing.T) string { return written(t, strings.Repeat("hello", 5000)) }, true, "database_corrupt"},
		"empty, unmigrated":             {func(t *testing.T) string { return written(t, "") }, false, "database_outdated"},
		"a link to nothing":             {func(t *testing.T) string { return leadsNowhere(t) }, true, "database_link"},
		"a link to nothing, unmigrated": {func(t *testing.T) string { return leadsNowhere(t) }, false, "database_link"},
		"empty beside its log":          {emptied, true, "database_torn"},
		"a link to one beside its log": {func(t *testing.T) string {
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(emptied(t), link); err != nil {
				t.Fatal(err)
			}
			return link
		}, true, "database_torn"},
		"another program's": {func(t *testing.T) string { return foreign(t, "CREATE TABLE badges (id TEXT)") }, true, "database_foreign"},
		"its empty one":     {func(t *testing.T) string { return foreign(t, "PRAGMA application_id = 7") }, true, "database_foreign"},
		"its WAL one": {func(t *testing.T) string {
			return foreign(t, "PRAGMA journal_mode = WAL", "CREATE TABLE goose_db_version (version_id INTEGER)")
		}, true, "database_foreign"},
		"a newer one": {func(t *testing.T) string {
			f := newFile(t)
			s, err := store.OpenFuture(t.Context(), f.database, "-- +goose Up\nCREATE TABLE later (id TEXT) STRICT;")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return f.database
		}, true, "database_newer"},
		"a damaged one": {func(t *testing.T) string {
			path := newFile(t).database
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(content[100:], bytes.Repeat([]byte{0xff}, 4000)) // the schema's page, after the header
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, true, "database_corrupt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := c.path(t)
			refused(t, path, c.code, c.migrate)
			if c.code == "database_missing" {
				if _, err := os.Stat(path); err == nil {
					t.Error("a file was made")
				}
			}
		})
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cocarde.db")
	if _, err := store.Inspect(t.Context(), store.Options{Database: path}); fault.Code(err) != "database_missing" {
		t.Fatalf("got %v, want database_missing", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := store.Inspect(t.Context(), store.Options{Database: path})
	if err != nil || got.Found != 0 || got.Known < 1 {
		t.Fatalf("an empty file: %+v, %v", got, err)
	}
	migrated, err := store.Migrate(t.Context(), store.Options{Database: path})
	if err != nil || migrated.Found != migrated.Known || migrated.Known != got.Known {
		t.Fatalf("after migrating: %+v, %v", migrated, err)
	}
	s, err := store.OpenFuture(t.Context(), path, "-- +goose Up\nCREATE TABLE later (id TEXT) STRICT;")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err = store.Inspect(t.Context(), store.Options{Database: path})
	if err != nil || got.Found != 9999 || got.Known != migrated.Known {
		t.Fatalf("a newer one: %+v, %v", got, err)
	}
}

// Nobody else may read the files, whatever the umask: WAL and shared memory too.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.open(t).Exec(t, `UPDATE status_lists SET size = size`)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(f.database + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != fs.FileMode(0o600) {
			t.Errorf("%q has mode %v", suffix, info.Mode())
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := newFile(t).open(t)
	for pragma, want := range map[string]int64{"synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000} {
		if got := s.Int(t, "PRAGMA "+pragma); got != want {
			t.Errorf("%s is %d, want %d", pragma, got, want)
		}
	}
	if s.Int(t, "SELECT journal_mode = 'wal' FROM pragma_journal_mode") != 1 {
		t.Error("no WAL")
	}
	if s.Int(t, "SELECT COUNT(*) FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'") != 0 {
		t.Error("a table is not strict")
	}
}

func TestPathsOfAnyName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a?b#c%20 d&mode=ro.db")
	if _, err := store.Migrate(t.Context(), store.Options{Database: path}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("the file is not at its path: %v", err)
	}
}

// Many processes may start on an empty directory at once.
func TestFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cocarde.db")
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			s, err := store.Open(t.Context(), store.Options{Database: path, Migrate: true})
			if err != nil {
				t.Error(err)
				return
			}
			lists, err := s.Lists(t.Context())
			if err != nil || len(lists) != 1 {
				t.Errorf("%d lists, %v", len(lists), err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
}
