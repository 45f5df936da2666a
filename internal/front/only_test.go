package front

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The router is dormant software: nobody beside this package knows it.
func TestWhoKnowsTheRouter(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"../../api", "../web", "../app", "../../attest", "../published", "../../cmd/cocarde"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var knowing []string
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") && imports(t, name, "github.com/gorilla/mux") {
				knowing = append(knowing, name)
			}
		}
		if len(knowing) > 0 {
			t.Errorf("%v know gorilla/mux", knowing)
		}
	}
}

func imports(t *testing.T, name, path string) bool {
	t.Helper()
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		if spec.Path.Value == `"`+path+`"` {
			return true
		}
	}
	return false
}
