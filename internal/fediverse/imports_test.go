package fediverse

import (
	"go/parser"
	gotoken "go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Adapters never import each other, nor what joins them.
func TestImportsOfThisModule(t *testing.T) {
	t.Parallel()
	allowed := []string{"attest", "internal/acct", "internal/fault", "internal/retention", "internal/safehttp"}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if room, ours := strings.CutPrefix(path, "cocarde.example/"); ours && !slices.Contains(allowed, room) {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
	}
}
