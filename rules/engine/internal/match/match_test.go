package match_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/match"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// TestCases runs testdata/<feature>.txtar. A case is a pattern, `name.pattern`, and the source it is looked for in, `name.<ext>`. The lines
// on which a match starts end in a comment with the word HIT; all other lines must be silent. A comment `HIT $X=a $Y=b` also says what
// metavariables stand for in one of the matches of that line.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	total := 0
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources := archive.Files
		for len(sources) >= 2 {
			pat, src := sources[0], sources[1]
			sources = sources[2:]
			total++
			name, ok := strings.CutSuffix(pat.Name, ".pattern")
			if !ok || strings.TrimSuffix(src.Name, filepath.Ext(src.Name)) != name {
				t.Fatalf("%s: %s and %s are no case", path, pat.Name, src.Name)
			}
			spec := language.ForPath(src.Name)
			if spec == nil {
				t.Fatalf("%s: no language for %s", path, src.Name)
			}
			t.Run(strings.TrimSuffix(strings.TrimPrefix(path, "testdata/"), ".txtar")+"/"+name, func(t *testing.T) {
				t.Parallel()
				check(t, spec, string(pat.Data), src)
			})
		}
		if len(sources) != 0 {
			t.Errorf("%s: a file without a partner", path)
		}
	}
	if total < 120 {
		t.Errorf("%d cases; there were 120 and more", total)
	}
}

func check(t *testing.T, spec *language.Spec, pat string, src txtar.File) {
	t.Helper()
	p, err := pattern.Compile(spec, pat)
	if err != nil {
		t.Fatalf("compile %q: %v", pat, err)
	}
	tree, err := spec.Parse(src.Name, src.Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tree.Errors {
		line, _ := tree.Position(e.Start)
		t.Errorf("line %d of the source is not code", line)
	}
	found, err := match.Find(p, tree, &match.Budget{})
	if err != nil {
		t.Fatal(err)
	}
	byLine := map[int][]match.Match{}
	for _, m := range found {
		line, _ := tree.Position(m.Start)
		byLine[line] = append(byLine[line], m)
	}
	for i, text := range strings.Split(string(src.Data), "\n") {
		_, want, hit := strings.Cut(text, "HIT")
		switch got := byLine[i+1]; {
		case hit && len(got) == 0:
			t.Errorf("line %d: no match: %s", i+1, text)
		case !hit && len(got) > 0:
			t.Errorf("line %d: a match of %q: %s", i+1, tree.Source[got[0].Start:got[0].End], text)
		case hit && strings.Contains(want, "$"):
			want = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(want), "*/"))
			var all []string
			for _, m := range got {
				all = append(all, describe(m.Bindings))
			}
			if !contains(all, want) {
				t.Errorf("line %d: want %s, got %q", i+1, want, all)
			}
		}
	}
	for _, w := range p.Words() {
		if len(found) > 0 && !strings.Contains(tree.Source, w) {
			t.Errorf("the word %q is not in the file that matched", w)
		}
	}
	if t.Failed() {
		t.Logf("source:\n%s", tree.Dump())
	}
}

func describe(b match.Bindings) string {
	var parts []string
	for _, x := range b {
		parts = append(parts, fmt.Sprintf("%s=%s", x.Name, strings.Join(strings.Fields(x.Text), " ")))
	}
	return strings.Join(parts, " ")
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
