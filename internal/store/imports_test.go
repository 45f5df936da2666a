package store

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The store knows the rooms whose interfaces it fills and the pure leaves under
// them, and no network.
func TestImports(t *testing.T) {
	t.Parallel()
	rooms := map[string]bool{
		"attest": true, "verify": true, "internal/acct": true, "internal/fault": true,
		"internal/backup": true, "internal/durable": true, "internal/record": true,
		"internal/fediverse": true, "internal/jobs": true, "internal/keyring": true, "keys": true, "internal/retention": true, "internal/statuslist": true,
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			room, ours := strings.CutPrefix(path, "cocarde.example/")
			if ours && !rooms[room] || path == "net/http" || path == "testing" {
				t.Errorf("%s imports %s", f, path)
			}
		}
	}
}
