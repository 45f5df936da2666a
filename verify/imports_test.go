package verify

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the library pure: the standard library without net/http, and
// go-jose. Package online may speak HTTP, and imports nothing else but this one.
// The sources are read here, so that no cached result hides a breach.
func TestImports(t *testing.T) {
	t.Parallel()
	const self = "cocarde.example/verify"
	for dir, allowed := range map[string]func(path string) bool{
		".": func(path string) bool {
			return strings.HasPrefix(path, "github.com/go-jose/go-jose/v4") || isStandard(path) && !strings.HasPrefix(path, "net/http")
		},
		"online": func(path string) bool { return path == self || isStandard(path) },
	} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", dir, err, len(files))
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, path := range importsOf(t, file) {
				if !allowed(path) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

func importsOf(t *testing.T, file string) (paths []string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// isStandard holds for the standard library, no path of which begins with a
// domain; nothing that speaks to databases or starts programs is wanted of it.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch path {
	case "database/sql", "os/exec", "os", "plugin", "unsafe":
		return false
	}
	return !strings.Contains(first, ".") && path != "C"
}
