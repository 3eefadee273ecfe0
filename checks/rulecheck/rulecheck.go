package rulecheck

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

// New makes the one check that runs the given rules. Rules that cannot run are left out and told as Problems.
func New(rs []*rules.Rule) (*checks.Check, []rules.Problem) {
	set, problems := engine.Compile(rs)
	c := &checks.Check{Name: "rules", Doc: doc, Scope: checks.PerSide}
	for _, r := range set.Rules() {
		c.Rules = append(c.Rules, info(r))
	}
	c.Run = func(ctx context.Context, pass *checks.Pass) error { return run(ctx, set, pass) }
	return c, problems
}

// info describes a rule for outputs and the catalogue.
func info(r *rules.Rule) checks.RuleInfo {
	m := r.Metadata
	i := checks.RuleInfo{
		ID: r.ID.Value, Title: m.Title, Why: m.Why, Remedy: m.Remedy,
		CWE: m.CWE, References: m.References, Tags: slices.Clone(m.Tags),
		Rollout: checks.Rollout(m.Rollout), Pack: checks.Pack(m.Pack), Same: m.Same, Origin: r.File,
	}
	if r.Origin == rules.OriginBuiltin {
		i.Origin = string(rules.OriginBuiltin)
	}
	if i.Title == "" {
		i.Title = r.ID.Value
	}
	// Parse accepts no other words than these two know, so that their errors cannot happen; a rule that does not say is not high.
	i.Severity, _ = checks.ParseSeverity(r.Severity.Value)
	i.Confidence = checks.Likely
	if m.Confidence != "" {
		i.Confidence, _ = checks.ParseConfidence(m.Confidence)
	}
	if m.Category != "" && !slices.Contains(i.Tags, m.Category) {
		i.Tags = append(i.Tags, m.Category)
	}
	for _, l := range r.Languages {
		if spec := language.ForName(l.Value); spec != nil && !slices.Contains(i.Languages, spec.Name) {
			i.Languages = append(i.Languages, spec.Name)
		}
	}
	return i
}

// outcome is what one file gave; kept apart so that reports come in the order of the files, whichever was done first.
type outcome struct {
	findings  []checks.Finding
	unscanned []checks.Unscanned
}

func run(ctx context.Context, set *engine.Set, pass *checks.Pass) error {
	outcomes := make([]outcome, len(pass.Change.Files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range pass.Change.Files {
		path, ok := f.PathOn(pass.Side)
		if !ok || f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassGenerated || !set.Wants(path) {
			continue
		}
		group.Go(func() (err error) {
			// A goroutine's panic would end the worker, and with it what all other checks found.
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("rules on %s: internal error: %v", path, r)
				}
			}()
			outcomes[i], err = file(ctx, set, pass, f, path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, o := range outcomes {
		for _, f := range o.findings {
			pass.Report(f)
		}
		for _, u := range o.unscanned {
			pass.Unscanned(u)
		}
	}
	return nil
}

func file(ctx context.Context, set *engine.Set, pass *checks.Pass, f *checks.File, path string) (outcome, error) {
	var out outcome
	data, err := pass.Change.Tree(pass.Side).Open(path)
	if err != nil {
		return out, fmt.Errorf("rules: read %s on the %s side: %w", path, pass.Side, err)
	}
	res := set.RunSome(ctx, engine.File{
		Path:   path,
		Source: data,
		Tree:   func(*language.Spec) (*language.Tree, error) { return syntax.Tree(pass.Change, pass.Side, path) },
	}, func(r *rules.Rule) bool {
		return f.Class != checks.ClassTest || r.Metadata.TestFiles || len(r.Paths.Include) > 0
	})
	if err := ctx.Err(); err != nil {
		return out, err
	}
	if len(res.Matches) == 0 && len(res.Overruns) == 0 && (res.Tree == nil || len(res.Tree.Errors) == 0) {
		return out, nil
	}
	lines := language.NewLines(string(data))
	for _, m := range res.Matches {
		loc := location(lines, m.Start, m.End)
		loc.Path, loc.Side = path, pass.Side
		finding := checks.Finding{RuleID: m.Rule.ID.Value, Message: m.Message, Location: loc}
		if f.Class == checks.ClassExample && m.Rule.Origin == rules.OriginBuiltin && info(m.Rule).Confidence > checks.Likely {
			finding.Confidence = checks.Likely // worth a word, since examples are copied; nothing runs them
		}
		if m.Fix != nil {
			finding.Fix = &checks.Fix{Location: loc, Text: *m.Fix}
		}
		finding.Flow = flow(lines, m.Way, path, pass.Side)
		out.findings = append(out.findings, finding)
	}
	for _, o := range res.Overruns {
		reason := o.Reason
		if o.RuleID != "" {
			reason = fmt.Sprintf("rule %s was given up: %s", o.RuleID, o.Reason)
		}
		out.unscanned = append(out.unscanned, checks.Unscanned{Path: path, Side: pass.Side, Reason: reason})
	}
	if res.Tree != nil && len(res.Tree.Errors) > 0 {
		out.unscanned = append(out.unscanned, unreadable(res.Tree, f, pass.Side, path, lines)...)
	}
	return out, nil
}

// maxUnreadable is how many broken regions of one file are told one by one.
const maxUnreadable = 5

// unreadable tells the regions that the grammar could not read, as far as the change touched them. Old ones were there before.
func unreadable(tree *language.Tree, f *checks.File, side checks.Side, path string, lines *language.Lines) []checks.Unscanned {
	var out []checks.Unscanned
	more, last := 0, 0
	for _, e := range tree.Errors {
		from, to := lines.Line(e.Start), lines.Line(max(e.Start, e.End-min(e.End, 1)))
		if from == last || !touched(f, side, from, to) {
			continue
		}
		if last = from; len(out) == maxUnreadable {
			more++
			continue
		}
		out = append(out, checks.Unscanned{Path: path, Side: side, Line: from, Reason: "the syntax cannot be read here"})
	}
	if more > 0 {
		out = append(out, checks.Unscanned{Path: path, Side: side, Reason: fmt.Sprintf("the syntax cannot be read in %d more places", more)})
	}
	return out
}

// touched says whether the change touches any of the lines from..to of a side. A file without a line map counts as changed throughout.
func touched(f *checks.File, side checks.Side, from, to int) bool {
	if f.Lines == nil {
		return true
	}
	for _, h := range f.Lines.Hunks {
		start, count := h.HeadStart, h.HeadCount
		if side == checks.Base {
			start, count = h.BaseStart, h.BaseCount
		}
		// Where lines were only removed, the place between two lines counts as both.
		if count == 0 && from <= start && start <= to+1 || count > 0 && start <= to && from < start+count {
			return true
		}
	}
	return false
}

func location(lines *language.Lines, start, end uint32) checks.Location {
	var loc checks.Location
	loc.StartLine, loc.StartColumn = lines.Position(start)
	loc.EndLine, loc.EndColumn = lines.Position(end)
	return loc
}

// flow gives the way of a taint finding as places with what happens there.
func flow(lines *language.Lines, way []language.Span, path string, side checks.Side) []checks.Related {
	var out []checks.Related
	for i, s := range way {
		loc := location(lines, s.Start, s.End)
		loc.Path, loc.Side = path, side
		message := "passes here"
		switch i {
		case 0:
			message = "the data comes from here"
		case len(way) - 1:
			message = "the data arrives here"
		}
		out = append(out, checks.Related{Location: loc, Message: message})
	}
	return out
}
