package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
)

// TestTooManyResults: a report beyond the bound is an error that is told, in the time that reading it takes.
func TestTooManyResults(t *testing.T) {
	t.Parallel()
	report := func(n int) []byte {
		one := `{"ruleId":"r","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.py"},"region":{"startLine":1}}}]}`
		return []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"tool"}},"results":[` + one + strings.Repeat(","+one, n-1) + `]}]}`)
	}
	for n, want := range map[int]string{maxImportResults: "", maxImportResults + 1: "more than 20000 results"} {
		in := change(t, "-- head/a.py --\na\n")
		in.Imports = []Import{{Name: "tool.sarif", Data: report(n)}}
		r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Failures(), "; "); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%d results: %q, want %q", n, got, want)
		}
	}
	in := change(t, "-- head/a.py --\na\n")
	for i := range maxImports + 1 {
		in.Imports = append(in.Imports, Import{Name: fmt.Sprint(i), Data: report(1)})
	}
	if _, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off}); err == nil || !strings.Contains(err.Error(), "21 reports of other tools, over the limit of 20") {
		t.Errorf("got %v", err)
	}
}

// TestImportsAreInTheKey: another report is another scan.
func TestImportsAreInTheKey(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, in := range []*Input{
		{Base: "b", Head: "h"},
		{Base: "b", Head: "h", Imports: []Import{{Name: "a", Data: []byte("x")}}},
		{Base: "b", Head: "h", Imports: []Import{{Name: "a", Data: []byte("y")}}},
		{Base: "b", Head: "h", Imports: []Import{{Name: "a", Data: []byte("x"), Base: true}}},
		{Base: "b", Head: "h", Imports: []Import{{Name: "a", Data: []byte("x")}}, ImportRoots: []string{"/src"}},
	} {
		key := Key(in, "1")
		if other, ok := seen[key]; ok {
			t.Errorf("inputs %d and %d have one key", other, i)
		}
		seen[key] = i
	}
}

// FuzzSARIF: whatever a report says, the scan gives findings that lie in the tree and that every output can carry, or fails and says so.
func FuzzSARIF(f *testing.F) {
	names, err := filepath.Glob("testdata/import-*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if strings.HasSuffix(file.Name, ".sarif") {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := change(t, "same: x.py\nimports: block\n-- base/app.py --\na = 1\nb = '😀'\n-- head/app.py --\na = 1\nb = '😀é'\n\n-- head/sub/b.py --\nlast")
		in.ImportRoots = []string{"/src/shop"}
		in.Imports = []Import{{Name: "base", Base: true, Data: data}, {Name: "head", Data: data}}
		r, err := Run(t.Context(), in, fakes, Options{Sandbox: sandbox.Off})
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]int{"app.py": 3, "sub/b.py": 1}
		for _, x := range r.Findings {
			l := x.Location
			last, changed := lines[l.Path]
			if !changed && l.Path != "x.py" || changed && l.EndLine > last || l.StartLine > l.EndLine || l.StartLine > 0 && l.StartColumn < 1 {
				t.Errorf("%s at %+v", x.RuleID, l)
			}
			if !utf8.ValidString(x.Message) || x.Message == "" || !strings.Contains(x.RuleID, "/") || notInID.MatchString(x.RuleID) || len(x.Message) > maxMessage+8 {
				t.Errorf("%q says %q", x.RuleID, x.Message)
			}
			if x.Blocking && x.Confidence != checks.Certain {
				t.Errorf("%s blocks with %s confidence", x.RuleID, x.Confidence)
			}
			if x.Introduced && !changed {
				t.Errorf("%s is in the report on the base, in a file that did not change, and counts as new", x.RuleID)
			}
		}
		if len(r.Failures()) == 0 && len(r.Imports) == 0 {
			t.Error("a report that could be read was not told")
		}
	})
}
