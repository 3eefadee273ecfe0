// Package regress plays whole pull requests through everything that is recommended: what a change flawed in the way of its description must be told, and
// what only looks like it must not.
//
// A pull request is a txtar file below testdata. Its first lines say what it shows, then come lines of these kinds:
//
//	project flask-shop                          the base is testdata/projects/flask-shop.txtar
//	title Preview of links                      of the pull request, as are body lines
//	delete app/old.py
//	rename app/a.py app/b.py
//	want python-ssrf app/preview.py: get(url    the first line of head's file that holds "get(url" has a finding of this rule
//	gone test-deleted tests/a.py: test_refund   the same, on the base side
//
// Several rules that say the same of one line are joined by commas. Files are written as base/PATH (added to the project's), head/PATH,
// append/PATH (base's file with this at its end), or diff/PATH: hunks without numbers, each begun by a line with @@. Everything that is found must be wanted, and everything wanted be found.
// Files whose name begins with ok_ want nothing: each is a look-alike, which other tools report or which almost is a flaw.
package regress

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
	"github.com/reviewgate-app/reviewgate/rules"
)

// compiled is the list of all checks, with the rules compiled once for all pull requests. The rules do not say that they are built in, so that the
// scan, which is told to leave out what is, reads none of their files; it treats those that say nothing like built-in ones.
var compiled = sync.OnceValues(func() ([]*checks.Check, error) {
	parsed, problems := rules.ParseAll(rules.Builtin())
	if err := rules.CannotRun(problems).Err(); err != nil {
		return nil, err
	}
	list, err := all.Checks(parsed)
	for i, c := range list {
		copied := *c
		copied.Rules = slices.Clone(c.Rules)
		for j := range copied.Rules {
			copied.Rules[j].Origin = ""
		}
		list[i] = &copied
	}
	return list, err
})

func TestPullRequests(t *testing.T) {
	t.Parallel()
	var files []string
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "projects" {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	flawed, alike := 0, 0
	for _, file := range files {
		ok := strings.HasPrefix(filepath.Base(file), "ok_")
		if ok {
			alike++
		} else {
			flawed++
		}
		t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar"), func(t *testing.T) {
			t.Parallel()
			p, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			if ok != (len(p.wants) == 0) {
				t.Errorf("%d findings are wanted: look-alikes, and only they, are named ok_", len(p.wants))
			}
			p.play(t)
		})
	}
	if flawed < 80 || alike < 70 {
		t.Errorf("%d flawed pull requests and %d look-alikes, want at least 80 and 70", flawed, alike)
	}
}

// A pull is one pull request.
type pull struct {
	change *checks.Change
	wants  []string // "side path:line rule"
}

// play scans the pull request as the program does, and compares.
func (p *pull) play(t *testing.T) {
	t.Helper()
	in := &scan.Input{Files: p.change.Files, Text: p.change.Text, NoBuiltin: true}
	for _, f := range p.change.Files {
		for _, side := range []checks.Side{checks.Base, checks.Head} {
			if path, ok := f.PathOn(side); ok {
				data, err := p.change.Tree(side).Open(path)
				if err != nil {
					t.Fatal(err)
				}
				in.Contents = append(in.Contents, scan.Content{Side: side, Path: path, Data: data})
			}
		}
	}
	list := func([]*rules.Rule) ([]*checks.Check, error) { return compiled() }
	in.HeadPaths = p.change.Head.Paths()
	known, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range known {
		if c.Reads == nil {
			continue
		}
		for _, path := range c.Reads(in.HeadPaths) {
			for _, side := range []checks.Side{checks.Base, checks.Head} {
				has := slices.ContainsFunc(in.Contents, func(c scan.Content) bool { return c.Side == side && c.Path == path })
				if data, err := p.change.Tree(side).Open(path); err == nil && !has {
					in.Contents = append(in.Contents, scan.Content{Side: side, Path: path, Data: data})
				}
			}
		}
	}
	result, err := scan.Run(context.Background(), in, list, scan.Options{Sandbox: sandbox.Off})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range result.Checks {
		if c.Status == scan.Failed {
			t.Errorf("%s failed: %s", c.Name, c.Reason)
		}
	}
	if len(p.wants) == 0 { // a fence or the marks of a merge are found, and cannot be read besides
		for _, u := range result.Unscanned {
			t.Errorf("not scanned: %s:%d: %s", u.Path, u.Line, u.Reason)
		}
	}
	left := slices.Clone(p.wants)
	for _, f := range result.Findings {
		if !f.Introduced || f.Severity < checks.Low {
			continue
		}
		got := fmt.Sprintf("%s %s:%d %s", f.Location.Side, f.Location.Path, f.Location.StartLine, f.RuleID)
		if i := slices.Index(left, got); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		t.Errorf("unexpected: %s: %s", got, f.Message)
	}
	for _, w := range left {
		t.Errorf("missing: %s", w)
	}
}

// read reads a pull request from its file.
func read(file string) (*pull, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	base, head := map[string]string{}, map[string]string{}
	var whole txtar.Archive
	var wants []string
	for line := range strings.Lines(string(archive.Comment)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "project":
			project, err := txtar.ParseFile(filepath.Join("testdata", "projects", rest+".txtar"))
			if err != nil {
				return nil, err
			}
			for _, f := range project.Files {
				base[f.Name] = string(f.Data)
			}
		case "want", "gone":
			wants = append(wants, line)
		case "title", "delete", "rename":
			whole.Comment = append(whole.Comment, line...)
		}
	}
	for _, f := range archive.Files {
		kind, path, _ := strings.Cut(f.Name, "/")
		switch kind {
		case "base":
			base[path] = string(f.Data)
		case "head":
			head[path] = string(f.Data)
		case "append", "diff":
			text, ok := base[path]
			if !ok {
				return nil, fmt.Errorf("%s: there is no such file on base", f.Name)
			}
			if kind == "append" {
				head[path] = text + string(f.Data)
			} else if head[path], err = apply(text, string(f.Data)); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
		default:
			return nil, fmt.Errorf("section %q is none of base/PATH, head/PATH, append/PATH and diff/PATH", f.Name)
		}
	}
	for path, text := range base {
		whole.Files = append(whole.Files, txtar.File{Name: "base/" + path, Data: []byte(text)})
	}
	for path, text := range head {
		whole.Files = append(whole.Files, txtar.File{Name: "head/" + path, Data: []byte(text)})
	}
	change, _, err := checktest.Change(&whole)
	if err != nil {
		return nil, err
	}
	p := &pull{change: change}
	for _, w := range wants {
		found, err := p.place(strings.TrimSpace(w))
		if err != nil {
			return nil, err
		}
		p.wants = append(p.wants, found...)
	}
	return p, nil
}

// place finds the line that a want or gone line names.
func (p *pull) place(line string) ([]string, error) {
	word, rest, _ := strings.Cut(line, " ")
	names, rest, _ := strings.Cut(rest, " ")
	path, text, ok := strings.Cut(rest, ": ")
	if !ok {
		return nil, fmt.Errorf("%q: want RULE PATH: TEXT", line)
	}
	side := checks.Head
	if word == "gone" {
		side = checks.Base
	}
	data, err := p.change.Tree(side).Open(path)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	for i, l := range strings.Split(string(data), "\n") {
		if strings.Contains(l, text) {
			var out []string
			for rule := range strings.SplitSeq(names, ",") {
				out = append(out, fmt.Sprintf("%s %s:%d %s", side, path, i+1, rule))
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("%q: no line of the file holds that", line)
}

// apply applies a diff whose hunks have no numbers: what a hunk takes away or keeps must stand in the text, and the first place counts.
func apply(text, diff string) (string, error) {
	for hunk := range strings.SplitSeq("\n"+strings.TrimRight(diff, "\n")+"\n", "\n@@\n") {
		if strings.TrimSpace(hunk) == "" {
			continue
		}
		var old, now strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(hunk, "\n") + "\n") {
			switch line[0] {
			case '-':
				old.WriteString(line[1:])
			case '+':
				now.WriteString(line[1:])
			case ' ':
				old.WriteString(line[1:])
				now.WriteString(line[1:])
			case '\n':
				old.WriteString(line)
				now.WriteString(line)
			default:
				return "", fmt.Errorf("a line begins with none of space, + and -: %q", line)
			}
		}
		i := strings.Index("\n"+text, "\n"+old.String())
		if i < 0 {
			return "", fmt.Errorf("the file does not hold\n%s", old.String())
		}
		text = text[:i] + now.String() + text[i+old.Len():]
	}
	return text, nil
}

// TestApply: a hunk that does not fit is an error, so that no pull request is empty by mistake.
func TestApply(t *testing.T) {
	t.Parallel()
	got, err := apply("a\nb\nc\n", "@@\n a\n-b\n+B\n@@\n c\n+d\n")
	if err != nil || got != "a\nB\nc\nd\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := apply("a\n", "@@\n-x\n"); err == nil {
		t.Error("a hunk that does not fit was applied")
	}
	if _, err := os.Stat("testdata/projects"); err != nil {
		t.Error(err)
	}
}
