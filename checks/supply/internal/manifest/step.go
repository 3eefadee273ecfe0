package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Step is one changed manifest, before and after. A side where it is not, or is no manifest, is an empty File.
type Step struct {
	File       *checks.File
	Base, Head *File
}

// Steps reads the changed manifests of a change that are in head. One that cannot be read is told as unscanned. Those of vendored code, examples,
// documentation and test data are left out.
func Steps(ctx context.Context, pass *checks.Pass) ([]Step, error) {
	var out []Step
	for _, f := range pass.Change.Files {
		if f.Opaque != "" || f.BaseOpaque != "" || f.Class != checks.ClassProduct && f.Class != checks.ClassTest {
			continue
		}
		path, ok := f.PathOn(checks.Head)
		if !ok || KindOf(path) != Declares {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := Step{File: f, Base: &File{Path: path}}
		var err error
		if s.Head, err = open(pass, checks.Head, path); err != nil {
			return nil, err
		}
		if old, ok := f.PathOn(checks.Base); ok && KindOf(old) == Declares {
			if s.Base, err = open(pass, checks.Base, old); err != nil {
				return nil, err
			}
		}
		if s.Head != nil && s.Base != nil {
			out = append(out, s)
		}
	}
	return out, nil
}

// open gives a manifest of a side; nil for one that cannot be read.
func open(pass *checks.Pass, side checks.Side, path string) (*File, error) {
	data, err := pass.Change.Tree(side).Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{Path: path}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	f, err := Read(path, data)
	if err != nil {
		pass.Unscanned(checks.Unscanned{Path: path, Side: side, Reason: err.Error()})
		return nil, nil //nolint:nilerr,nilnil // told as unscanned
	}
	return f, nil
}

// Changed yields the dependencies that are new or different in the file, each with what it was; was is nil for a name that the file did not have.
func (s *Step) Changed(each func(was *Dependency, now Dependency)) {
	for _, d := range s.Head.Deps {
		var was *Dependency
		same := false
		for i := range s.Base.Deps {
			b := &s.Base.Deps[i]
			if b.Name != d.Name || b.Alias != d.Alias {
				continue
			}
			same = same || b.Constraint == d.Constraint && b.Source == d.Source
			if was == nil || b.Group == d.Group {
				was = b
			}
		}
		if !same {
			each(was, d)
		}
	}
}

// A New is a name that the change declares and base did not.
type New struct {
	Dependency
	file *File
}

// Ecosystem is that of its manifest.
func (n *New) Ecosystem() Ecosystem { return n.file.Ecosystem }

// At is its place at head.
func (n *New) At() checks.Location { return n.file.At(checks.Head, n.Line) }

// Package is the question whether it exists.
func (n *New) Package() checks.Package {
	return checks.Package{Ecosystem: string(n.file.Ecosystem), Name: n.Name}
}

// Added lists the names that the change declares and base did not, in any manifest: those that come from a registry, each once, where it stands first.
func Added(ctx context.Context, pass *checks.Pass) ([]New, error) {
	steps, err := Steps(ctx, pass)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	base, err := Load(pass.Change, checks.Base)
	if err != nil {
		return nil, err
	}
	var out []New
	seen := map[checks.Package]bool{}
	for _, s := range steps {
		s.Changed(func(was *Dependency, d Dependency) {
			n := New{d, s.Head}
			if was != nil || d.Name == "" || d.Source != "" || d.Group == "imports" || seen[n.Package()] || base.Has(s.Head.Ecosystem, d.Name) {
				return
			}
			seen[n.Package()] = true
			out = append(out, n)
		})
	}
	return out, nil
}

// Named tells whether a manifest of the ecosystem is itself called so.
func (s *Set) Named(e Ecosystem, name string) bool {
	return slices.ContainsFunc(s.Files, func(f *File) bool { return f.Ecosystem == e && slices.Contains(f.Names, name) })
}

// Own tells a name that only those can give who have the project: the project's own names, and those of its scope (npm), its group (Maven) or its
// owner (Go).
func (s *Set) Own(e Ecosystem, name string) bool {
	for _, f := range s.Files {
		if f.Ecosystem != e {
			continue
		}
		for _, own := range f.Names {
			switch {
			case own == "":
			case own == name, e == Maven && (strings.HasPrefix(name, own+":") || strings.HasPrefix(name, own+".")):
				return true
			case e == NPM:
				scope, _, ok := strings.Cut(own, "/")
				if ok && strings.HasPrefix(name, scope+"/") {
					return true
				}
			case e == Go:
				if parts := strings.SplitN(own, "/", 3); len(parts) > 1 && strings.HasPrefix(name+"/", parts[0]+"/"+parts[1]+"/") {
					return true
				}
			}
		}
	}
	return false
}

// Ours tells the names that are the project's own: what is below a name that it had at base nobody else can publish, and what another manifest of head is
// called is a workspace.
func Ours(c *checks.Change) (func(e Ecosystem, name string) bool, error) {
	base, err := Load(c, checks.Base)
	if err != nil {
		return nil, err
	}
	head, err := Load(c, checks.Head)
	if err != nil {
		return nil, err
	}
	return func(e Ecosystem, name string) bool { return base.Own(e, name) || head.Named(e, name) }, nil
}

// Has tells whether any manifest of the set declares a name, under whatever group.
func (s *Set) Has(e Ecosystem, name string) bool {
	return slices.ContainsFunc(s.Files, func(f *File) bool {
		return f.Ecosystem == e && slices.ContainsFunc(f.Deps, func(d Dependency) bool { return d.Name == name || d.Alias == name })
	})
}

// At is the place of a line of the file.
func (f *File) At(side checks.Side, line int) checks.Location { return At(f.Path, side, f.text, line) }

// At is the place of a line of a text, without the white space around it.
func At(path string, side checks.Side, text []byte, line int) checks.Location {
	for range line - 1 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	text, _, _ = bytes.Cut(text, []byte("\n"))
	whole := bytes.TrimRight(text, " \t\r")
	start := 1 + utf8.RuneCount(whole) - utf8.RuneCount(bytes.TrimLeft(whole, " \t"))
	return checks.Location{Path: path, Side: side, StartLine: line, StartColumn: start, EndLine: line, EndColumn: max(1+utf8.RuneCount(whole), start+1)}
}

// Unasked are names that were not looked up, with the reason for each.
type Unasked map[string][]string

// TooMany is the reason where a question found no place among the others.
const TooMany = "too many names"

// Skipped says what was not looked up, as the error of a check; nil if all was.
func (u Unasked) Skipped() error {
	var reasons []string
	for _, why := range slices.Sorted(maps.Keys(u)) {
		names, more := u[why], ""
		if n := len(names) - 3; n > 0 {
			names, more = names[:3], fmt.Sprintf(" and %d more", n)
		}
		reasons = append(reasons, strings.Join(names, ", ")+more+" ("+why+")")
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("%w: not looked up: %s", checks.ErrSkipped, strings.Join(reasons, "; "))
}
