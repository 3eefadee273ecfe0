package lockfiledrift

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	drift     = "lockfile-drift"
	integrity = "lockfile-integrity-changed"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/lockfile-drift",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(drift, "A manifest and its lockfile do not agree", checks.Medium, checks.Likely, "CWE-1357",
			"What is installed is decided by whoever installs next, and nobody has reviewed it; an installation from the lockfile alone fails.",
			"Run the tool that writes the lockfile and commit both files."),
		rule(integrity, "The content of a locked version has changed", checks.High, checks.Certain, "CWE-494",
			"The same name and version stands for something else from now on. That is what an attack through a lockfile looks like.",
			"Write the lockfile anew with its tool from the usual registry. If a published version was replaced, say so in the pull request."),
	},
	Examples: examples,
	Reads:    manifest.Reads,
	Run:      run,
}

func rule(id, title string, severity checks.Severity, confidence checks.Confidence, cwe, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: severity, Confidence: confidence, CWE: []string{cwe}, Why: why, Remedy: remedy,
		References: []string{"https://cwe.mitre.org/data/definitions/494.html", "https://go.dev/ref/mod#go-sum-files"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	if err := locks(ctx, pass); err != nil {
		return err
	}
	steps, err := manifest.Steps(ctx, pass)
	if err != nil || len(steps) == 0 {
		return err
	}
	head, err := manifest.Load(pass.Change, checks.Head)
	if err != nil {
		return err
	}
	for _, s := range steps {
		for _, lock := range head.LocksFor(s.Head.Path) {
			text, _ := head.Text(lock)
			if s.Base != nil && !governs(lock, text, s.Head.Path) {
				continue // a template beside the workspace
			}
			compare(pass, &s, lock, text)
		}
	}
	return nil
}

// compare reports what a manifest asks for since the change and its lockfile does not have: the first one tells it all.
func compare(pass *checks.Pass, s *manifest.Step, lock string, text []byte) {
	told := false
	s.Changed(func(_ *manifest.Dependency, d manifest.Dependency) {
		if told || !locked(s.Head.Path, &d) || replaced(s.Head, d.Name) {
			return
		}
		what := ""
		switch {
		case path.Base(lock) == "go.sum":
			if !bytes.Contains(text, []byte(d.Name+" "+d.Constraint)) {
				what = d.Name + " " + d.Constraint
			}
		case !hasName(lock, text, d.Name):
			what = d.Name
		case s.Head.Ecosystem == manifest.NPM && !bytes.Contains(text, []byte(d.Constraint)):
			what = d.Name + " " + d.Constraint
		case s.Head.Ecosystem == manifest.PyPI && strings.HasPrefix(d.Constraint, "==") && !strings.ContainsAny(d.Constraint, "*,"):
			if v := strings.TrimSpace(strings.TrimLeft(d.Constraint, "=")); !bytes.Contains(text, []byte(v)) {
				what = d.Name + " " + d.Constraint
			}
		}
		if what == "" {
			return
		}
		told = true
		pass.Report(checks.Finding{
			RuleID: drift, Key: lock + " " + what, Location: s.Head.At(checks.Head, d.Line),
			Message: fmt.Sprintf("%s does not have `%s`. Run the tool that writes it, and commit both files", lock, what),
		})
	})
}

// governs tells whether a lockfile of a folder above lists the folder of a manifest, where such files list them.
func governs(lock string, text []byte, file string) bool {
	folder := path.Dir(file)
	if above := path.Dir(lock); above != "." {
		folder = strings.TrimPrefix(folder, above+"/")
	}
	if folder == path.Dir(lock) {
		return true
	}
	switch path.Base(lock) {
	case "pnpm-lock.yaml":
		return bytes.Contains(text, []byte("\n  "+folder+":"))
	case "package-lock.json":
		return bytes.Contains(text, []byte(`"`+folder+`"`))
	}
	return true
}

// locked tells whether a lockfile has a dependency of this kind at all.
func locked(file string, d *manifest.Dependency) bool {
	switch d.Group {
	case "replace", "build", "peerDependencies", "imports":
		return false
	}
	if d.Source != "" || d.Name == "" {
		return false
	}
	switch path.Base(file) {
	case "package.json":
		return d.Constraint != "" && !strings.Contains(d.Constraint, ":")
	case "go.mod":
		return d.Group == "require"
	}
	return true
}

// replaced tells a module that go.sum has no entry of, because another one or a folder stands in for it.
func replaced(f *manifest.File, name string) bool {
	return slices.ContainsFunc(f.Deps, func(d manifest.Dependency) bool { return d.Group == "replace" && d.Name == name })
}

// hasName looks for a package in a lockfile's text, with the spellings that Python knows.
func hasName(lock string, text []byte, name string) bool {
	if manifest.Names(text, name) {
		return true
	}
	if manifest.EcosystemOf(lock) != manifest.PyPI {
		return false
	}
	lower := bytes.ToLower(text)
	return manifest.Names(lower, name) || manifest.Names(lower, strings.ReplaceAll(name, "-", "_")) || manifest.Names(lower, strings.ReplaceAll(name, "-", "."))
}

// locks compares the changed lockfiles with themselves at base.
func locks(ctx context.Context, pass *checks.Pass) error {
	for _, f := range pass.Change.Files {
		name, ok := f.PathOn(checks.Head)
		old, was := f.PathOn(checks.Base)
		if !ok || !was || f.Opaque != "" || f.BaseOpaque != "" || manifest.KindOf(name) != manifest.Locks || path.Base(name) != path.Base(old) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		before, _, err := read(pass, checks.Base, old)
		if err != nil {
			return err
		}
		now, text, err := read(pass, checks.Head, name)
		if err != nil {
			return err
		}
		content(pass, name, text, before, now)
	}
	return nil
}

func read(pass *checks.Pass, side checks.Side, name string) ([]manifest.Locked, []byte, error) {
	data, err := pass.Change.Tree(side).Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	list, err := manifest.ReadLock(name, data)
	if err != nil {
		pass.Unscanned(checks.Unscanned{Path: name, Side: side, Reason: err.Error()})
	}
	return list, data, nil
}

// content reports entries of one version whose digest or host is another one now.
func content(pass *checks.Pass, name string, text []byte, before, now []manifest.Locked) {
	type version struct{ name, version string }
	old := map[version][]*manifest.Locked{} // a version may stand in several places of a tree
	for i := range before {
		v := version{before[i].Name, before[i].Version}
		old[v] = append(old[v], &before[i])
	}
	var moved []*manifest.Locked
	stayed := 0
	seen := map[version]bool{}
	for i := range now {
		l := &now[i]
		v := version{l.Name, l.Version}
		if len(old[v]) == 0 || l.Version == "" || seen[v] {
			continue
		}
		was := old[v][0]
		if !slices.ContainsFunc(old[v], func(o *manifest.Locked) bool { return sameDigest(o.Hash, l.Hash) }) {
			seen[v] = true
			pass.Report(checks.Finding{
				RuleID: integrity, Key: name + " " + l.Name + " " + l.Version, Location: manifest.At(name, checks.Head, text, l.Line),
				Message: fmt.Sprintf("the digest of `%s` %s is another one, and its version is the same: something else is installed. Write the lockfile anew with its tool, or say in the pull request why it changed", l.Name, l.Version),
			})
			continue
		}
		switch host := l.Host(); {
		case host == "" || was.Host() == "":
		case slices.ContainsFunc(old[v], func(o *manifest.Locked) bool { return o.Host() == host }):
			stayed++
		default:
			seen[v] = true
			moved = append(moved, l)
		}
	}
	for _, l := range moved {
		was := old[version{l.Name, l.Version}][0]
		f := checks.Finding{
			RuleID: integrity, Key: name + " " + l.Name + " " + l.Version + " " + l.Host(), Location: manifest.At(name, checks.Head, text, l.Line),
			Message: fmt.Sprintf("`%s` %s comes from %s and came from %s, and its version is the same. Write the lockfile anew with its tool, or say in the pull request why it moved", l.Name, l.Version, l.Host(), was.Host()),
		}
		if len(moved) > stayed && len(moved) > 1 {
			f.Severity, f.Confidence = checks.Medium, checks.Likely
			f.Message = fmt.Sprintf("%d packages come from %s now, at the same versions (`%s` came from %s). Say in the pull request that the registry has moved", len(moved), l.Host(), l.Name, was.Host())
			pass.Report(f)
			return
		}
		pass.Report(f)
	}
}

// sameDigest tells whether two lists of digests agree where they can be compared: of each kind of digest that both have, one is in both.
func sameDigest(a, b string) bool {
	x, y := digests(a), digests(b)
	for _, kind := range slices.Sorted(maps.Keys(x)) {
		if len(y[kind]) == 0 {
			continue
		}
		if !slices.ContainsFunc(x[kind], func(d string) bool { return slices.Contains(y[kind], d) }) {
			return false
		}
	}
	return true
}

// digests sorts "sha512-..." and "sha256:..." by their kind; yarn's own checksums begin with the version of its cache.
func digests(s string) map[string][]string {
	out := map[string][]string{}
	for d := range strings.FieldsSeq(s) {
		if i := strings.IndexAny(d, "-:/"); i > 0 && i < 12 {
			out[d[:i]] = append(out[d[:i]], d)
		}
	}
	return out
}
