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
	Reads:    manifest.Reads,
	Asks:     asks,
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
	facts := &pass.Change.Facts
	online := false
	answers := make(map[checks.Package]checks.Answer, len(facts.Answers))
	for _, a := range facts.Answers {
		answers[a.Package] = a
		online = online || a.Version != ""
	}
	if len(facts.Advisories) == 0 && !online {
		return fmt.Errorf("%w: no advisories are given (--advisories, --registry), so versions were not looked up", checks.ErrSkipped)
	}
	list, err := readAdvisories(facts.Advisories)
	if err != nil {
		return fmt.Errorf("reading the advisories: %w", err)
	}
	var asked []checks.Package
	if online {
		if asked, err = asks(ctx, pass); err != nil {
			return err
		}
	}
	told := map[string]bool{}
	unasked := manifest.Unasked{}
	for _, u := range uses {
		key := string(u.ecosystem) + " " + u.name + " " + u.version
		if told[key] {
			continue
		}
		answer, answered := answers[u.question()]
		if !answered && slices.Contains(asked, u.question()) {
			answer.State, answer.Why = checks.Unknown, manifest.TooMany
		}
		if answer.State == checks.Unknown {
			told[key] = true
			unasked[answer.Why] = append(unasked[answer.Why], u.name+" "+u.version)
			continue
		}
		ids, fixed := list.about(&u, answer.IDs)
		if len(ids) == 0 {
			continue
		}
		told[key] = true
		f := checks.Finding{RuleID: vulnerable, Location: u.at, Key: key}
		more := ""
		if len(ids) > 3 {
			more = fmt.Sprintf(" and %d more", len(ids)-3)
		}
		named := strings.Join(ids[:min(len(ids), 3)], ", ") + more
		malicious := slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "MAL-") })
		switch {
		case malicious:
			f.Severity = checks.High
			f.Message = fmt.Sprintf("`%s` %s is reported as malicious (%s). Take it out; whoever has installed it should look at that machine", u.name, u.version, named)
		case fixed != "":
			f.Message = fmt.Sprintf("`%s` %s is known to be vulnerable (%s). Take %s or newer", u.name, u.version, named, fixed)
		default:
			f.Message = fmt.Sprintf("`%s` %s is known to be vulnerable (%s). Take another version or package: the advisory names none that is mended", u.name, u.version, named)
		}
		pass.Report(f)
	}
	return unasked.Skipped()
}

// question asks for the advisories of the version.
func (u *use) question() checks.Package {
	return checks.Package{Ecosystem: string(u.ecosystem), Name: u.name, Version: u.version}
}

// asks leaves out what is the project's own.
func asks(ctx context.Context, pass *checks.Pass) ([]checks.Package, error) {
	uses, err := brought(ctx, pass)
	if err != nil || len(uses) == 0 {
		return nil, err
	}
	ours, err := manifest.Ours(pass.Change)
	if err != nil {
		return nil, err
	}
	var out []checks.Package
	for _, u := range uses {
		if !ours(u.ecosystem, u.name) {
			out = append(out, u.question())
		}
	}
	return out, nil
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

// about gives the advisories that hold for a version, sorted, and the newest of the versions that mend them; "" if one is not mended. said are
// advisories of which somebody else says that they hold.
func (l advisories) about(u *use, said []string) (ids []string, fixed string) {
	mended := true
	for _, a := range l[string(u.ecosystem)+" "+u.name] {
		hit, fix := a.holds(u.version)
		if !hit && slices.Contains(said, a.id) {
			hit, fix = true, a.lastFix()
		}
		if !hit || slices.Contains(ids, a.id) {
			continue
		}
		ids = append(ids, a.id)
		if mended = mended && fix != ""; mended && (fixed == "" || compare(fix, fixed) > 0) {
			fixed = fix
		}
	}
	for _, id := range said {
		if !slices.Contains(ids, id) {
			ids, mended = append(ids, id), false
		}
	}
	slices.Sort(ids)
	if !mended {
		return ids, ""
	}
	return ids, fixed
}
