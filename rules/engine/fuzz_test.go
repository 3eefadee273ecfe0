package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// FuzzLanguage reads a file of one language, and a pattern made of a piece of it, as far as rules go: tree, names, constants, matches. One
// function serves every language there is: the variable REVIEWGATE_FUZZ_LANGUAGE says which, and without it all take turns. `make fuzz` goes
// through them one by one.
func FuzzLanguage(f *testing.F) {
	specs := language.All()
	if name := os.Getenv("REVIEWGATE_FUZZ_LANGUAGE"); name != "" {
		spec := language.ForName(name)
		if spec == nil {
			f.Fatalf("REVIEWGATE_FUZZ_LANGUAGE=%s: there is no such language", name)
		}
		specs = []*language.Spec{spec}
	}
	for i, spec := range specs {
		for _, src := range samples(f, spec) {
			f.Add(uint(i), src, "f($X, ...)")
			f.Add(uint(i), src, "$X")
		}
	}
	f.Fuzz(func(t *testing.T, which uint, src, pattern string) {
		if len(src) > 4<<10 || len(pattern) > 500 || strings.ContainsAny(pattern, "\r\x00") {
			return
		}
		spec := specs[which%uint(len(specs))]
		if len(spec.Extensions) == 0 {
			return
		}
		indented := "        " + strings.ReplaceAll(pattern, "\n", "\n        ")
		text := fmt.Sprintf("rules:\n- id: search\n  message: $X\n  severity: INFO\n  languages: [%s]\n  patterns:\n    - pattern: |\n%s\n    - pattern-not-inside: $NEVER == $NEVER\n"+
			"- id: taint\n  message: $X\n  severity: INFO\n  languages: [%s]\n  mode: taint\n  pattern-sources:\n    - pattern: |\n%s\n  pattern-sinks: [{pattern: $S(...)}]\n", spec.Name, indented, spec.Name, indented)
		rs, _ := rules.Parse(rules.Source{Name: "fuzz.yaml", Data: []byte(text)})
		set, _ := engine.Compile(rs)
		res := set.Run(context.Background(), engine.File{Path: "a" + spec.Extensions[0], Source: []byte(src)})
		for _, m := range res.Matches {
			if m.Start > m.End || int(m.End) > len(src) {
				t.Fatalf("%s matches bytes %d to %d of %d", m.Rule.ID.Value, m.Start, m.End, len(src))
			}
			for _, b := range m.Bindings {
				if b.Start > b.End || int(b.End) > len(src) {
					t.Fatalf("%s is bound to bytes %d to %d of %d", b.Name, b.Start, b.End, len(src))
				}
			}
			for _, s := range m.Way {
				if s.Start > s.End || int(s.End) > len(src) {
					t.Fatalf("a way through bytes %d to %d of %d", s.Start, s.End, len(src))
				}
			}
		}
	})
}

// samples is code of a language out of our own fixtures.
func samples(tb testing.TB, spec *language.Spec) []string {
	tb.Helper()
	out := []string{"f(a)"}
	for _, ext := range spec.Extensions {
		for _, glob := range []string{"../builtin/*/testdata/*" + ext, "../language/testdata/*" + ext} {
			names, err := filepath.Glob(glob)
			if err != nil {
				tb.Fatal(err)
			}
			for _, name := range names {
				data, err := os.ReadFile(name)
				if err != nil {
					tb.Fatal(err)
				}
				out = append(out, string(data[:min(len(data), 3<<10)]))
			}
		}
	}
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, file := range archive.Files {
			if language.ForPath(file.Name) == spec {
				out = append(out, string(file.Data))
			}
		}
	}
	return out
}
