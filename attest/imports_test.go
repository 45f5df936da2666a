package attest

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the domain pure: of this module it knows the wire formats and
// leaves, of the standard library nothing that reaches outside. The sources are
// read here, so that no cached result hides a breach.
func TestImports(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"cocarde.example/verify": true, "cocarde.example/internal/acct": true,
		"cocarde.example/internal/agency": true, "cocarde.example/internal/fault": true,
		"cocarde.example/internal/locale":    true, // a leaf: which languages there are
		"cocarde.example/internal/retention": true,
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
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
			if !allowed[path] && !pure(path) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

// pure holds for the standard library without what speaks to networks, files,
// databases and other programs.
func pure(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	switch root {
	case "net", "os", "database", "syscall", "unsafe", "plugin", "embed", "C", "html", "testing":
		return false
	}
	return !strings.Contains(root, ".")
}
