package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Operators find in docs/OPERATING.md what to do about each code.
func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(sources, "../../cmd/cocarde/explain.go") {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range regexp.MustCompile(`fault\.New\(fault\.\w+, "(\w+)"`).FindAllSubmatch(source, -1) {
			found++
			if !strings.Contains(string(text), "`"+string(code[1])+"`") {
				t.Errorf("%s of %s is in no table", code[1], path)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d codes were found", found)
	}
}
