package keys

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The package is public, and holds every key: it imports go-jose, the standard
// library and the sealing library, and of this module only what syncs a directory.
func TestImports(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"github.com/go-jose/go-jose/v4":        true,
		"golang.org/x/crypto/chacha20poly1305": true,
		"cocarde.example/internal/durable":     true,
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			root, _, _ := strings.Cut(path, "/")
			forbidden := path == "net/http" || path == "database/sql" || strings.Contains(root, ".") && !allowed[path]
			if forbidden {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
