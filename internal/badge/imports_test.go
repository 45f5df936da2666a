package badge

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestImports holds the room's walls: the standard library, fonts, shaping and the QR
// code, nothing that reaches outside the process, and nothing of this module. It reads
// the files itself: a test that asks the go command would be answered from the cache.
func TestImports(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"github.com/skip2/go-qrcode", "github.com/go-fonts/dejavu/", "github.com/go-text/typesetting/bidi",
		"golang.org/x/image/", "golang.org/x/text/unicode/",
	}
	refused := []string{"net", "net/http", "os", "time", "database/sql", "math/rand", "math/rand/v2", "crypto/rand"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			foreign := strings.Contains(strings.SplitN(path, "/", 2)[0], ".")
			if foreign && !begins(path, allowed) {
				t.Errorf("%s imports %s", e.Name(), path)
			}
			for _, r := range refused {
				if path == r {
					t.Errorf("%s imports %s", e.Name(), path)
				}
			}
		}
	}
}

func begins(path string, with []string) bool {
	for _, w := range with {
		if strings.HasPrefix(path, w) {
			return true
		}
	}
	return false
}
