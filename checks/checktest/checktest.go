// Package checktest runs a check on scenarios: whole changes written down as txtar files.
//
//	A sentence or two that say what the scenario shows.
//	delete src/old.py
//	rename src/a.py src/b.py
//	title Remove the legacy login
//	-- base/src/login.py --
//	...
//	-- head/src/login.py --
//	...    # want rule-id "part of the message"
//
// The head starts as a copy of the base; head/ sections add or replace files, `delete` and `rename` lines take files away. A `want` on a
// line of a head/ section expects a finding on that line of head; in a base/ section, one on that line of base (something removed). Every
// finding must be wanted and every want found. Sections facts/packages and facts/advisories are what the operator gives, facts/answers (JSON) what was
// looked up. {U+202E} stands for the character, so that fixtures stay readable.
package checktest

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// Run runs a check on every testdata/*.txtar of the package under test. There must be scenarios with findings and some without.
func Run(t *testing.T, check *checks.Check) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios in testdata/*.txtar (%v)", err)
	}
	hits, silences := 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archive := txtar.Parse(data)
		if strings.Contains(string(data), "want ") {
			hits++
		} else {
			silences++
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			change, wants, err := Change(archive)
			if err != nil {
				t.Fatal(err)
			}
			got := collect(t, check, change)
			compare(t, got, wants)
		})
	}
	if hits == 0 || silences == 0 {
		t.Errorf("%d scenarios with a finding and %d without: both are needed", hits, silences)
	}
}

// collect runs the check as scan does: a Difference check once, a PerSide check on head.
func collect(t *testing.T, check *checks.Check, change *checks.Change) []checks.Finding {
	t.Helper()
	var mu sync.Mutex
	var got []checks.Finding
	pass := &checks.Pass{
		Change: change,
		Side:   checks.Head,
		Report: func(f checks.Finding) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, f)
		},
		Unscanned: func(u checks.Unscanned) { t.Errorf("not scanned: %s:%d: %s", u.Path, u.Line, u.Reason) },
	}
	if err := Search(context.Background(), check, pass); err != nil {
		t.Fatalf("%s: what it wants: %v", check.Name, err)
	}
	if err := check.Run(context.Background(), pass); err != nil {
		t.Fatalf("running %s: %v", check.Name, err)
	}
	known := map[string]bool{}
	for _, r := range check.Rules {
		known[r.ID] = true
	}
	for _, f := range got {
		if !known[f.RuleID] {
			t.Errorf("reported %q, which is not among the check's rules", f.RuleID)
		}
	}
	return got
}

// Search gives a change what a check wants of the rest of its tree.
func Search(ctx context.Context, check *checks.Check, pass *checks.Pass) error {
	if check.Wants == nil {
		return nil
	}
	wants, err := check.Wants(ctx, pass)
	if err != nil {
		return err
	}
	changed := map[string]bool{}
	for _, f := range pass.Change.Files {
		changed[f.Path] = true
	}
	search := checks.NewSearch(wants)
	found := &checks.Found{}
	for _, p := range pass.Change.Head.Paths() {
		text, err := pass.Change.Head.Open(p)
		if err != nil {
			return err
		}
		if !changed[p] && classOf(p) == checks.ClassProduct && search.Looks(p) && search.Finds(p, text) {
			found.Paths = append(found.Paths, p)
		}
	}
	pass.Change.Found = found
	return nil
}

// A Want is one expected finding.
type Want struct {
	Path    string
	Side    checks.Side
	Line    int
	RuleID  string
	Message string // a part of it
}

func compare(t *testing.T, got []checks.Finding, wants []Want) {
	t.Helper()
	left := slices.Clone(wants)
	for _, f := range got {
		i := slices.IndexFunc(left, func(w Want) bool {
			return w.Path == f.Location.Path && w.Side == f.Location.Side && w.Line == f.Location.StartLine && w.RuleID == f.RuleID && strings.Contains(f.Message, w.Message)
		})
		if i < 0 {
			t.Errorf("unexpected: %s %s:%d: %s %q", f.Location.Side, f.Location.Path, f.Location.StartLine, f.RuleID, f.Message)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, w := range left {
		t.Errorf("missing: %s %s:%d: %s %q", w.Side, w.Path, w.Line, w.RuleID, w.Message)
	}
}

var (
	wantPattern   = regexp.MustCompile(`want ([a-z0-9-]+) "([^"]*)"`)
	escapePattern = regexp.MustCompile(`\{U\+([0-9A-Fa-f]{4,6})\}`)
)

// Change builds the change of a scenario and the findings that it wants.
func Change(archive *txtar.Archive) (*checks.Change, []Want, error) {
	base, head := map[string][]byte{}, map[string][]byte{}
	var wants []Want
	var facts checks.Facts
	for _, f := range archive.Files {
		switch f.Name {
		case "facts/packages":
			facts.Packages = f.Data
			continue
		case "facts/advisories":
			facts.Advisories = f.Data
			continue
		case "facts/answers":
			if err := json.Unmarshal(f.Data, &facts.Answers); err != nil {
				return nil, nil, fmt.Errorf("facts/answers: %w", err)
			}
			continue
		}
		side, path, ok := strings.Cut(f.Name, "/")
		if !ok || side != "base" && side != "head" {
			return nil, nil, fmt.Errorf("section %q is neither base/PATH nor head/PATH", f.Name)
		}
		tree, where := head, checks.Head
		if side == "base" {
			tree, where = base, checks.Base
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			for _, m := range wantPattern.FindAllStringSubmatch(line, -1) {
				wants = append(wants, Want{Path: path, Side: where, Line: i + 1, RuleID: m[1], Message: m[2]})
			}
		}
		tree[path] = unescape(f.Data)
	}
	for path, data := range base {
		if _, ok := head[path]; !ok {
			head[path] = data
		}
	}
	change := &checks.Change{Facts: facts}
	renamed := map[string]string{} // new -> old
	for line := range strings.Lines(string(archive.Comment)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "delete":
			delete(head, rest)
		case "rename":
			from, to, ok := strings.Cut(rest, " ")
			if !ok {
				return nil, nil, fmt.Errorf("%q: want `rename OLD NEW`", line)
			}
			if _, replaced := head[to]; !replaced {
				head[to] = head[from]
			}
			delete(head, from)
			renamed[to] = from
		case "title":
			change.Text.Title = rest
		}
	}
	change.Base, change.Head = tree(base), tree(head)
	change.Files = changed(base, head, renamed)
	return change, wants, nil
}

func unescape(data []byte) []byte {
	return escapePattern.ReplaceAllFunc(data, func(m []byte) []byte {
		n, err := strconv.ParseUint(string(m[3:len(m)-1]), 16, 32)
		if err != nil {
			return m
		}
		return []byte(string(rune(n)))
	})
}

func changed(base, head map[string][]byte, renamed map[string]string) []*checks.File {
	var files []*checks.File
	for _, path := range slices.Sorted(maps.Keys(head)) {
		old, wasThere := base[path]
		f := &checks.File{Path: path, Status: checks.Modified, Mode: checks.ModeFile, OldMode: checks.ModeFile}
		if from, ok := renamed[path]; ok {
			f.Status, f.OldPath, old = checks.Renamed, from, base[from]
		} else if !wasThere {
			f.Status, f.OldMode = checks.Added, 0
		} else if string(old) == string(head[path]) {
			continue
		}
		f.Class = classOf(path)
		f.Lines = diff.Lines(old, head[path])
		files = append(files, f)
	}
	for _, path := range slices.Sorted(maps.Keys(base)) {
		_, stays := head[path]
		moved := slices.ContainsFunc(files, func(f *checks.File) bool { return f.OldPath == path })
		if !stays && !moved {
			files = append(files, &checks.File{Path: path, Status: checks.Deleted, OldMode: checks.ModeFile, Class: classOf(path), Lines: diff.Lines(base[path], nil)})
		}
	}
	slices.SortFunc(files, func(a, b *checks.File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// classOf is enough of source's table for scenarios.
func classOf(path string) checks.Class {
	name := filepath.Base(path)
	switch {
	case strings.HasSuffix(name, "_test.go"), strings.HasPrefix(name, "test_"), strings.Contains(name, ".test."), strings.Contains(name, ".spec."),
		strings.HasSuffix(name, "Test.java"), strings.HasPrefix(path, "tests/"), strings.Contains(path, "/test/"):
		return checks.ClassTest
	case strings.HasPrefix(path, "vendor/"):
		return checks.ClassVendored
	}
	return checks.ClassProduct
}

// tree is a whole tree in memory.
type tree map[string][]byte

func (t tree) Open(path string) ([]byte, error) {
	data, ok := t[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return data, nil
}

func (t tree) Paths() []string { return slices.Sorted(maps.Keys(t)) }
