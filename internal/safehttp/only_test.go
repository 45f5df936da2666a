package safehttp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing else in this module makes an outbound client, or uses the standard
// library's. The sandbox plays strangers, and verify/online is a library whose
// callers bring their own.
func TestOnlyThisPackageMakesClients(t *testing.T) {
	t.Parallel()
	exempt := []string{"internal/safehttp/", "internal/sandbox/", "verify/online/", "api/contracttest/", "test/", "bench/"}
	makers := map[string]bool{"Client": true, "Transport": true, "DefaultClient": true, "DefaultTransport": true,
		"Get": true, "Post": true, "PostForm": true, "Head": true}
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		for _, e := range exempt {
			if strings.HasPrefix(rel, e) {
				return nil
			}
		}
		seen++
		for _, use := range uses(t, path, makers) {
			t.Errorf("%s uses http.%s: take a client of safehttp", rel, use)
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files, %v", seen, err)
	}
}

// uses gives what of net/http a file uses to make or use a client. To name the
// type *http.Client is no use: that is how a client is handed over.
func uses(t *testing.T, path string, makers map[string]bool) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	handedOver := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok {
			handedOver[star.X] = true
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || handedOver[sel] {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "http" && makers[sel.Sel.Name] {
			found = append(found, sel.Sel.Name)
		}
		return true
	})
	return found
}
