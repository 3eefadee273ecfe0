package all

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

// FuzzChecks: no check panics, whatever stands in a file of a language that it reads.
func FuzzChecks(f *testing.F) {
	files, err := filepath.Glob("../*/*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scenarios: %v", err)
	}
	extensions := []string{".py", ".ts", ".js", ".java", ".go"}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(data).Files {
			if i := slices.Index(extensions, filepath.Ext(section.Name)); i >= 0 {
				f.Add(uint8(i), []byte("\n"), section.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, language uint8, base, head []byte) {
		ext := extensions[int(language)%len(extensions)]
		var archive txtar.Archive
		for _, name := range []string{"src/a", "tests/test_a"} {
			archive.Files = append(archive.Files, txtar.File{Name: "base/" + name + ext, Data: base}, txtar.File{Name: "head/" + name + ext, Data: head})
		}
		change, _, err := checktest.Change(&archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range coded {
			if !strings.HasPrefix(c.Name, "ai/") && !strings.HasPrefix(c.Name, "quality/") {
				continue
			}
			pass := &checks.Pass{Change: change, Report: func(checks.Finding) {}, Unscanned: func(checks.Unscanned) {}}
			if err := checktest.Search(context.Background(), c, pass); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if err := c.Run(context.Background(), pass); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
		}
	})
}
