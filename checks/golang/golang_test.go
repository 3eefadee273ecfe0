package golang

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

type tree map[string]string

func (t tree) Open(name string) ([]byte, error) {
	if text, ok := t[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (t tree) Paths() []string { return nil }

// change adds the files of a tree.
func change(head tree) *checks.Change {
	c := &checks.Change{Base: tree{}, Head: head}
	for name, text := range head {
		c.Files = append(c.Files, &checks.File{Path: name, Status: checks.Added, Mode: checks.ModeFile, Lines: diff.Lines(nil, []byte(text))})
	}
	slices.SortFunc(c.Files, func(a, b *checks.File) int { return strings.Compare(a.Path, b.Path) })
	return c
}

func scan(ctx context.Context, head tree) (found []checks.Finding, unscanned []checks.Unscanned, err error) {
	err = Check.Run(ctx, &checks.Pass{
		Change: change(head), Side: checks.Head,
		Report:    func(f checks.Finding) { found = append(found, f) },
		Unscanned: func(u checks.Unscanned) { unscanned = append(unscanned, u) },
	})
	return found, unscanned, err
}

const leak = "\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn\n\t}\n\tf.Stat()\n"

// TestLocation: lines and columns are those of the file, columns count characters, and a //line comment moves nothing.
func TestLocation(t *testing.T) {
	t.Parallel()
	found, _, err := scan(t.Context(), tree{"a/a.go": "package a\n\nimport \"os\"\n\n//line other.go:100\nfunc f(name string) {\n\t/* äöü */ f, err := os.Open(name)\n\t_, _ = f, err\n}\n"})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v: want one finding", found, err)
	}
	got := found[0].Location
	want := checks.Location{Path: "a/a.go", StartLine: 7, StartColumn: 22, EndLine: 7, EndColumn: 35}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestPlatforms: files that exclude each other are not read together, and each is judged.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	head := tree{}
	for name, tag := range map[string]string{"a_linux.go": "", "a_windows.go": "", "a_darwin.go": "", "a_plan9.go": "", "a_tag.go": "//go:build special\n\n", "a_other.go": "//go:build !linux\n\n", "a_script.go": "//go:build ignore\n\n"} {
		head["p/"+name] = tag + "package p\n\nimport \"os\"\n\nfunc f(name string) {\n" + leak + "}\n"
	}
	found, _, err := scan(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range found {
		seen[f.Location.Path] = true
	}
	if len(seen) != len(head) {
		t.Errorf("findings in %v, want one in each of %d files", seen, len(head))
	}
}

// TestTogether: the changed files of a package know each other's types; others are unknown, and that is no error.
func TestTogether(t *testing.T) {
	t.Parallel()
	head := tree{
		"p/a.go": "package p\n\nimport \"os\"\n\ntype store struct{ open func(string) (*os.File, error) }\n\nfunc (s *store) load(name string) {\n" + leak + "}\n",
		"p/b.go": "package p\n\nimport \"example.com/other\"\n\nfunc (s *store) more() { other.Do(s.missing, unknown[int]{}) }\n",
	}
	found, unscanned, err := scan(t.Context(), head)
	if err != nil || len(unscanned) > 0 || len(found) != 1 {
		t.Errorf("%v, %v, %v: want one finding", found, unscanned, err)
	}
}

// TestHostile: what is too large or too deep is told, and nothing panics.
func TestHostile(t *testing.T) {
	t.Parallel()
	deep := "package p\n\nvar x = " + strings.Repeat("1+", 200_000) + "1\n"
	for name, c := range map[string]struct {
		text string
		told string
	}{
		"deep":    {deep, "nested deeper"},
		"nested":  {"package p\n\nvar x = " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + "\n", "nested deeper"},
		"large":   {"package p\n\n// " + strings.Repeat("x", maxFile) + "\n", "over the limit"},
		"broken":  {"package p\n\nfunc {{", ""},
		"nothing": {"", ""},
		"cycle":   {"package p\n\ntype a [len(b{})]b\ntype b [len(a{})]a\ntype c struct{ c }\n\nvar d = e\nvar e = d\n", ""},
		"generic": {"package p\n\ntype t[p any] struct{ *t[t[p]] }\n\nvar x t[int]\n", ""},
		"self":    {"package p\n\nimport \"p\"\nimport . \"unsafe\"\nimport \"C\"\n\nvar x = p.X + C.y + Sizeof(1)\n", ""},
		"huge":    {"package p\n\nconst x = 1 << 1000000000\nconst y = 1e1000000000\n\nvar a [x]int\n\nfunc f() { a[1<<62]++; make([]int, x)[y]++ }\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, unscanned, err := scan(t.Context(), tree{"p/p.go": c.text})
			if err != nil {
				t.Fatal(err)
			}
			if told := fmt.Sprint(unscanned); c.told == "" && len(unscanned) > 0 || !strings.Contains(told, c.told) {
				t.Errorf("told %s, want %q", told, c.told)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := scan(ctx, tree{"p/p.go": "package p\n"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

// FuzzCheck: no Go file makes the check fail or panic. The seeds are the scenarios of the analyzers.
func FuzzCheck(f *testing.F) {
	files, err := filepath.Glob("*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scenarios (%v)", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(data), "\n-- head/") {
			if i := strings.Index(part, "package "); i >= 0 {
				f.Add(part[i:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, err := scan(t.Context(), tree{"p/p.go": text}); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkCheck judges this package's own files, about ten, on one side.
func BenchmarkCheck(b *testing.B) {
	head := tree{}
	files, err := filepath.Glob("../../checks/*/*.go")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range files {
		if len(head) < 10 && !strings.HasSuffix(name, "_test.go") {
			data, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			head[filepath.ToSlash(filepath.Clean(strings.TrimPrefix(name, "../../")))] = string(data)
		}
	}
	for b.Loop() {
		if _, _, err := scan(b.Context(), head); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(head)), "files")
}
