package agency

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Rules are pure: no network, no database, no other room but acct and fault.
func TestImportsArePure(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"cocarde.example/internal/acct": true, "cocarde.example/internal/fault": true,
		"bufio": true, "embed": true, "errors": true, "fmt": true, "io": true,
		"slices": true, "strings": true, "sync": true,
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !allowed[path] {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
	}
}
