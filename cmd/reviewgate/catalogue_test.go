package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestCataloguePage holds docs/bypass.md to the stories: what each proves is its own first words.
func TestCataloguePage(t *testing.T) {
	t.Parallel()
	titles, err := os.ReadFile("testdata/bypass/titles.txt")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Ways around a gate, and what happens here\n\nEvery way around an approval gate that we know, with the stories that show what this gate does: each is a policy, a pull request and its events, written down and played by `reviewgate policy simulate` " +
		"(see [simulate.md](simulate.md)) and by the real server against a GitHub made for tests. They lie in `cmd/reviewgate/testdata/bypass`. What cannot be prevented is shown to be reported.\n\n| | way around | story | what it shows |\n|---|---|---|---|\n")
	entries := 0
	for line := range strings.Lines(string(titles)) {
		id, title, _ := strings.Cut(strings.TrimSpace(line), " ")
		entries++
		if want := fmt.Sprintf("B%02d", entries); id != want || title == "" {
			t.Fatalf("line %d of titles.txt is not %s with a title: %q", entries, want, line)
		}
		files, err := filepath.Glob("testdata/bypass/" + id + "_*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			fmt.Fprintf(&b, "| %s | %s | `%s` | shown on the running server |\n", id, title, elsewhere[id])
		}
		for i, file := range files {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			proves := strings.ReplaceAll(strings.Join(strings.Fields(string(ar.Comment)), " "), "|", `\|`)
			if i > 0 {
				id, title = "", ""
			}
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", id, title, strings.TrimSuffix(filepath.Base(file)[len("B01_"):], ".txtar"), proves)
		}
	}
	if entries != catalogue {
		t.Errorf("titles.txt has %d entries", entries)
	}
	if *update {
		if err := os.WriteFile(root+"docs/bypass.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(doc(t, "docs/bypass.md"), b.String()); diff != "" {
		t.Errorf("docs/bypass.md is stale: go test ./cmd/reviewgate -run TestCataloguePage -update: %s", diff)
	}
}
