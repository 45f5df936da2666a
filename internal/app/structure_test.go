package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that everything of ours begins with.
const module = "cocarde.example/"

// source is one file of the module that gets into a binary or a library.
type source struct {
	name    string // from the root, with slashes
	room    string // its folder
	imports []string
	file    *ast.File
}

// sources reads the whole module. The files are read and not listed by the go
// command, so that no cached result hides a breach.
func sources(t *testing.T) (all []source) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{name: rel, room: path.Dir(rel), file: file}
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		all = append(all, s)
		return nil
	})
	if err != nil || len(all) < 100 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	return all
}

// inBinary leaves out what only tests and benchmarks use.
func (s source) inBinary() bool {
	top, _, _ := strings.Cut(s.room, "/")
	return top != "test" && top != "bench" && !forTests(s.room)
}

// forTests says whether a room serves tests alone, as its name tells.
func forTests(room string) bool {
	return strings.HasSuffix(room, "test") && room != "attest"
}

// knows says whether a file imports a package, or one below it.
func (s source) knows(pkg string) bool {
	return slices.ContainsFunc(s.imports, func(p string) bool { return p == pkg || strings.HasPrefix(p, pkg+"/") })
}

// rooms are those of this module that a file imports.
func (s source) rooms() (found []string) {
	for _, p := range s.imports {
		if room, ok := strings.CutPrefix(p, module); ok {
			found = append(found, room)
		}
	}
	return found
}

// mayKnow is the table: each room that stands in it knows these rooms of the
// module, and no others. A new room must be given its line.
var mayKnow = map[string][]string{
	".":                   {},
	"verify":              {},
	"verify/online":       {"verify"},
	"keys":                {"internal/durable"},
	"internal/fault":      {},
	"internal/durable":    {},
	"internal/acct":       {"internal/fault"},
	"internal/agency":     {"internal/acct", "internal/fault"},
	"internal/locale":     {},
	"internal/badge":      {},
	"internal/colour":     {},
	"internal/retention":  {},
	"internal/config":     {"internal/acct", "internal/colour", "internal/locale", "internal/retention"},
	"internal/translog":   {},
	"internal/record":     {"internal/durable", "internal/fault"},
	"internal/backup":     {"internal/fault"},
	"internal/safehttp":   {"internal/acct", "internal/fault"},
	"internal/front":      {"internal/fault"},
	"attest":              {"verify", "internal/acct", "internal/agency", "internal/fault", "internal/locale", "internal/retention"},
	"internal/fediverse":  {"attest", "internal/acct", "internal/fault", "internal/retention", "internal/safehttp"},
	"internal/mail":       {"attest", "internal/acct", "internal/fault", "internal/locale"},
	"internal/statuslist": {"verify"},
	"internal/jobs":       {"attest", "internal/fault"},
	"internal/keyring":    {"attest", "keys", "verify", "internal/fault"},
	"internal/published":  {"keys", "verify", "internal/locale", "internal/statuslist"},
	"internal/store": {"attest", "keys", "verify", "internal/acct", "internal/backup", "internal/durable", "internal/fault", "internal/fediverse", "internal/jobs",
		"internal/keyring", "internal/record", "internal/retention", "internal/statuslist"},
	"api": {".", "attest", "verify", "internal/acct", "internal/agency", "internal/fault", "internal/front",
		"internal/locale"},
	"internal/web": {"attest", "verify", "internal/acct", "internal/agency", "internal/colour", "internal/fault",
		"internal/front", "internal/locale"},
	"internal/sandbox": {},
	"internal/app": {".", "api", "attest", "keys", "verify", "internal/acct", "internal/agency", "internal/backup", "internal/badge",
		"internal/config", "internal/durable", "internal/fault", "internal/fediverse", "internal/front", "internal/jobs", "internal/keyring", "internal/mail", "internal/published",
		"internal/record", "internal/safehttp", "internal/statuslist", "internal/store", "internal/translog", "internal/web"},
	"cmd/cocarde": {"attest", "verify", "verify/online", "internal/acct", "internal/agency", "internal/app",
		"internal/config", "internal/fault", "internal/safehttp", "internal/sandbox"},
}

func TestWhoKnowsWhom(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !s.inBinary() {
			continue
		}
		allowed, known := mayKnow[s.room]
		if !known {
			t.Errorf("%s: the room %s has no line in the table of who knows whom", s.name, s.room)
			continue
		}
		for _, room := range s.rooms() {
			if !slices.Contains(allowed, room) {
				t.Errorf("%s imports %s", s.name, room)
			}
		}
	}
}

// The rules that the table must not lose, whoever changes it.
func TestTableOfRooms(t *testing.T) {
	t.Parallel()
	never := func(room string, others ...string) {
		for _, o := range others {
			if slices.Contains(mayKnow[room], o) {
				t.Errorf("%s may know %s", room, o)
			}
		}
	}
	adapters := []string{"internal/mail", "internal/fediverse", "internal/statuslist", "internal/translog"}
	for _, a := range adapters {
		never(a, adapters...)
	}
	for room := range mayKnow {
		if room != "internal/app" {
			never(room, "internal/store")
		}
		if room != "internal/app" && room != "cmd/cocarde" {
			never(room, "internal/config", "internal/app")
		}
		if room != "cmd/cocarde" {
			never(room, "internal/sandbox", "cmd/cocarde")
		}
	}
	never("api", "internal/mail", "internal/fediverse", "internal/web")
	never("internal/web", "internal/mail", "internal/fediverse", "api")
	never("cmd/cocarde", "internal/store", "internal/mail", "internal/fediverse", "api", "internal/web", "keys")
}

// What only some files may know of the world outside of the module.
func TestWhoKnowsWhat(t *testing.T) {
	t.Parallel()
	files := map[string][]string{}
	for _, s := range sources(t) {
		if !s.inBinary() {
			continue
		}
		for _, guarded := range []string{"github.com/gorilla/mux", "github.com/spf13/cobra", "database/sql", "modernc.org/sqlite",
			"github.com/pressly/goose/v3", "github.com/knadh/koanf/v2", "code.dny.dev/ssrf", "github.com/wneessen/go-mail",
			"filippo.io/age", "filippo.io/mostly-harmless/vrf-r255", "github.com/tink-crypto/tink-go/v2", "cocarde.example/internal/sandbox"} {
			if s.knows(guarded) {
				files[guarded] = append(files[guarded], s.name)
			}
		}
	}
	only := func(guarded string, allowed func(name string) bool) {
		t.Helper()
		for _, name := range files[guarded] {
			if !allowed(name) {
				t.Errorf("%s imports %s", name, guarded)
			}
		}
	}
	in := func(room string) func(string) bool {
		return func(name string) bool { return path.Dir(name) == room }
	}
	only("github.com/spf13/cobra", in("cmd/cocarde"))
	only("database/sql", in("internal/store"))
	only("modernc.org/sqlite", in("internal/store"))
	only("github.com/pressly/goose/v3", in("internal/store"))
	only("github.com/knadh/koanf/v2", in("internal/config"))
	only("code.dny.dev/ssrf", in("internal/safehttp"))
	only("github.com/wneessen/go-mail", in("internal/mail"))
	only("filippo.io/age", func(name string) bool {
		return path.Dir(name) == "internal/backup" || name == "internal/app/backup.go"
	})
	only("filippo.io/mostly-harmless/vrf-r255", in("internal/translog"))
	only("github.com/tink-crypto/tink-go/v2", in("keys"))
	only("cocarde.example/internal/sandbox", func(name string) bool { return name == "cmd/cocarde/demo.go" })
	routing := map[string]int{}
	only("github.com/gorilla/mux", func(name string) bool {
		room := path.Dir(name)
		routing[room]++
		return room == "internal/front" || routing[room] == 1 && (room == "api" || room == "internal/web")
	})
}

// Nothing of the testing package gets into a binary or a library.
func TestNoTestingInBinary(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.inBinary() && (s.knows("testing") || s.knows("net/http/httptest") || s.knows("pgregory.net/rapid") ||
			slices.ContainsFunc(s.rooms(), forTests)) {
			t.Errorf("%s imports what is for tests", s.name)
		}
	}
}
