package scan

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
)

var update = flag.Bool("update", false, "write what is found into testdata/*.txtar")

// TestStages tells for each finding of a change what becomes of it. The files are read from top to bottom as stories.
func TestStages(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Run(t.Context(), scenario(t, archive), fakes, Options{Sandbox: sandbox.Off})
			if err != nil {
				t.Fatal(err)
			}
			got := describe(r)
			last := &archive.Files[len(archive.Files)-1]
			if last.Name != "want" {
				t.Fatal("the last section is not want")
			}
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(string(last.Data), got); d != "" {
				t.Errorf("(-want +got; -update writes it)\n%s", d)
			}
		})
	}
}

// describe writes one line per finding, in the order of the result.
func describe(r *Result) string {
	var out bytes.Buffer
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%s:%d %s", f.Location.Path, f.Location.StartLine, f.RuleID)
		if f.Location.Side == checks.Base {
			fmt.Fprint(&out, " (base)")
		}
		if f.Symbol != "" {
			fmt.Fprintf(&out, " in %s", f.Symbol)
		}
		word := func(is bool, yes string) {
			if is {
				fmt.Fprint(&out, " ", yes)
			}
		}
		if strings.Contains(f.RuleID, "/") { // of another tool: what was made of its words
			i := slices.IndexFunc(r.Rules, func(rule checks.RuleInfo) bool { return rule.ID == f.RuleID })
			l := f.Location
			fmt.Fprintf(&out, " [%s, %s %d:%d-%d:%d %q", f.Severity, f.Confidence, l.StartLine, l.StartColumn, l.EndLine, l.EndColumn, f.Message)
			for _, cwe := range r.Rules[i].CWE {
				fmt.Fprintf(&out, " %s", cwe)
			}
			fmt.Fprintf(&out, "]")
		}
		word(!f.Introduced, "old")
		word(f.Blocking, "blocks")
		word(f.Comment, "comment")
		if s := f.Suppression; s != nil {
			fmt.Fprintf(&out, " suppressed[line %d", s.Line)
			word(s.Added, "added")
			fmt.Fprintf(&out, ": %q]", s.Reason)
		}
		fmt.Fprintln(&out)
	}
	for i := range r.Imports {
		fmt.Fprintf(&out, "imported %s\n", &r.Imports[i])
	}
	for _, u := range r.Unscanned {
		fmt.Fprintf(&out, "unscanned %s:%d: %s\n", u.Path, u.Line, u.Reason)
	}
	for _, failure := range r.Failures() {
		fmt.Fprintf(&out, "failure %s\n", failure)
	}
	return out.String()
}

// TestLongLine: a finding in a line that nobody can read is listed and blocks, and is no comment.
func TestLongLine(t *testing.T) {
	t.Parallel()
	in := &Input{
		Files: []*checks.File{{Path: "a.js", Status: checks.Added}, {Path: "b.js", Status: checks.Added}},
		Contents: []Content{
			{checks.Head, "a.js", []byte("@high " + strings.Repeat("x", maxLine) + "\n")},
			{checks.Head, "b.js", []byte("@high " + strings.Repeat("x", maxLine-10) + "\n")},
		},
	}
	r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
	if err != nil || len(r.Findings) != 2 {
		t.Fatalf("%d findings, %v", len(r.Findings), err)
	}
	for _, f := range r.Findings {
		if !f.Blocking || f.Comment != (f.Location.Path == "b.js") {
			t.Errorf("%s: blocking %v, comment %v", f.Location.Path, f.Blocking, f.Comment)
		}
	}
}
