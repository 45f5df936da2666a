package web

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports holds the room's walls. It reads the files itself: a test that asks
// the go command would be answered from the cache.
func TestImports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	allowed := map[string]bool{
		"cocarde.example/attest": true, "cocarde.example/internal/fault": true, "cocarde.example/internal/front": true,
		"cocarde.example/internal/acct":   true,
		"cocarde.example/internal/agency": true, "cocarde.example/internal/colour": true, "cocarde.example/internal/locale": true,
		"cocarde.example/verify": true, "golang.org/x/sync/singleflight": true, "golang.org/x/text/runes": true, "golang.org/x/text/transform": true, "golang.org/x/text/unicode/norm": true, "gopkg.in/yaml.v3": true,
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			foreign := strings.Contains(strings.SplitN(path, "/", 2)[0], ".")
			router := path == "github.com/gorilla/mux" && name == "routes.go"
			if path == "database/sql" || foreign && !allowed[path] && !router {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
