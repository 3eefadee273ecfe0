package knownvulnerable

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const vulnerable = "vulnerable-dependency"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/known-vulnerable",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         vulnerable,
		Title:      "A version of a dependency that is known to be vulnerable",
		Why:        "How to attack it is published.",
		Remedy:     "Take a version that is mended.",
		Severity:   checks.Medium,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-1395"},
		References: []string{"https://ossf.github.io/osv-schema/", "https://arxiv.org/abs/2601.00205"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

// A use is one version that the change brings.
type use struct {
	ecosystem     manifest.Ecosystem
	name, version string
	at            checks.Location
}

func run(ctx context.Context, pass *checks.Pass) error {
	uses, err := brought(ctx, pass)
	if err != nil || len(uses) == 0 {
		return err
	}
	if len(pass.Change.Facts.Advisories) == 0 {
		return fmt.Errorf("%w: no advisories are given (--advisories), so versions were not looked up", checks.ErrSkipped)
	}
	list, err := readAdvisories(pass.Change.Facts.Advisories)
	if err != nil {
		return fmt.Errorf("reading the advisories: %w", err)
	}
	told := map[string]bool{}
	for _, u := range uses {
		key := string(u.ecosystem) + " " + u.name + " " + u.version
		if told[key] {
			continue
		}
		ids, fixed := list.about(&u)
		if len(ids) == 0 {
			continue
		}
		told[key] = true
		remedy := "Take another version or package: the advisory names none that is mended"
		if fixed != "" {
			remedy = "Take " + fixed + " or newer"
		}
		more := ""
		if len(ids) > 3 {
			ids, more = ids[:3], fmt.Sprintf(" and %d more", len(ids)-3)
		}
		pass.Report(checks.Finding{
			RuleID: vulnerable, Location: u.at, Key: key,
			Message: fmt.Sprintf("`%s` %s is known to be vulnerable (%s%s). %s", u.name, u.version, strings.Join(ids, ", "), more, remedy),
		})
	}
	return nil
}

var exact = regexp.MustCompile(`^={0,3}\s*v?(\d[\w.+-]*)$`)

// brought lists the versions that manifests and lockfiles name since the change.
func brought(ctx context.Context, pass *checks.Pass) ([]use, error) {
	var out []use
	steps, err := manifest.Steps(ctx, pass)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		s.Changed(func(_ *manifest.Dependency, d manifest.Dependency) {
			if m := exact.FindStringSubmatch(d.Constraint); m != nil && d.Name != "" && d.Group != "replace" {
				out = append(out, use{s.Head.Ecosystem, d.Name, m[1], s.Head.At(checks.Head, d.Line)})
			}
		})
	}
	for _, f := range pass.Change.Files {
		name, ok := f.PathOn(checks.Head)
		if !ok || f.Opaque != "" || manifest.KindOf(name) != manifest.Locks || path.Base(name) == "go.sum" {
			continue // go.sum also has what is not used
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now, text, err := locked(pass, checks.Head, name)
		if err != nil {
			return nil, err
		}
		var before []manifest.Locked
		if old, ok := f.PathOn(checks.Base); ok {
			if before, _, err = locked(pass, checks.Base, old); err != nil {
				return nil, err
			}
		}
		had := map[string]bool{}
		for _, l := range before {
			had[l.Name+" "+l.Version] = true
		}
		for _, l := range now {
			if l.Version != "" && !had[l.Name+" "+l.Version] {
				had[l.Name+" "+l.Version] = true
				out = append(out, use{manifest.EcosystemOf(name), l.Name, l.Version, manifest.At(name, checks.Head, text, l.Line)})
			}
		}
	}
	return out, nil
}

func locked(pass *checks.Pass, side checks.Side, name string) ([]manifest.Locked, []byte, error) {
	data, err := pass.Change.Tree(side).Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, checks.ErrNotFetched) {
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

// about gives the advisories that hold for a version, sorted, and the newest of the versions that mend them; "" if one is not mended.
func (l advisories) about(u *use) (ids []string, fixed string) {
	mended := true
	for _, a := range l[string(u.ecosystem)+" "+u.name] {
		hit, fix := a.holds(u.version)
		if !hit || slices.Contains(ids, a.id) {
			continue
		}
		ids = append(ids, a.id)
		if mended = mended && fix != ""; mended && (fixed == "" || compare(fix, fixed) > 0) {
			fixed = fix
		}
	}
	slices.Sort(ids)
	if !mended {
		return ids, ""
	}
	return ids, fixed
}
