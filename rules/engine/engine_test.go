package engine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// Each file of testdata is a rule, a source file and what the rule finds in it: "line:column-line:column message".
// What is wanted there is what Semgrep 1.182.0 finds.
func TestFormulas(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rule, file, want := archive.Files[0], archive.Files[1], &archive.Files[2]
			set := compile(t, string(rule.Data))
			res := set.Run(context.Background(), engine.File{Path: file.Name, Source: file.Data})
			var b strings.Builder
			for _, m := range res.Matches {
				fmt.Fprintf(&b, "%s-%s %s\n", position(file.Data, m.Start), position(file.Data, m.End), m.Message)
			}
			for _, o := range res.Overruns {
				fmt.Fprintf(&b, "overrun of %s: %s\n", o.RuleID, o.Reason)
			}
			if *update {
				want.Data = []byte(b.String())
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), b.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func compile(t testing.TB, text string) *engine.Set {
	t.Helper()
	rs, problems := rules.Parse(rules.Source{Name: "rule.yaml", Data: []byte(text)})
	set, more := engine.Compile(rs)
	for _, p := range append(problems, more...) {
		if p.Stops() {
			t.Error(p)
		}
	}
	return set
}

func position(data []byte, offset uint32) string {
	before := string(data[:offset])
	return fmt.Sprintf("%d:%d", strings.Count(before, "\n")+1, len([]rune(before[strings.LastIndex(before, "\n")+1:]))+1)
}
