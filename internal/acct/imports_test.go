package acct

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The package is a leaf: attest, the fetchers and the mailer all stand on it.
func TestImportsAreThoseOfALeaf(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"cocarde.example/internal/fault": true,
		"golang.org/x/net/idna":          true, "golang.org/x/text/unicode/norm": true,
		"fmt": true, "io": true, "log/slog": true, "strconv": true, "strings": true,
		"unicode": true, "unicode/utf8": true,
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
