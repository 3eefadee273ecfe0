package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// judge does the whole scan in this process.
func judge(ctx context.Context, in *Input, list Lister, progress func(done, total int)) (*Result, error) {
	found, problems := parseRules(in)
	all, more, err := listChecks(list, forLanguages(found, in.Files))
	if err != nil {
		return nil, err
	}
	problems = append(problems, more...)
	if in.NoBuiltin {
		all = slices.DeleteFunc(all, isBuiltin)
	}
	var infos []checks.RuleInfo
	for _, c := range all {
		infos = append(infos, c.Rules...)
	}
	change, unscanned := newChange(in)
	s := newState(in, change)
	imports := readImports(in, change, s.files)
	known := rollouts(slices.Concat(imports.infos, infos), &in.Config)
	running, off := switchedOff(all, known, &in.Config)

	costs := newProfile(in.Profile)
	if costs != nil {
		change.Meter = costs.add
	}
	files := func(done, total int) {
		if progress != nil {
			progress(len(change.Files)*done/total, len(change.Files))
		}
	}
	running, err = search(ctx, in, running, change, checkLimit(in), costs)
	if err != nil {
		return nil, err
	}
	passes, err := runChecks(ctx, running, change, !in.All, checkLimit(in), costs, files)
	if err != nil {
		return nil, err
	}
	patterns := map[string]bool{}
	for _, r := range found {
		patterns[r.ID.Value] = true
	}
	for _, p := range passes {
		s.take(p, known, patterns)
		unscanned = append(unscanned, p.unscanned...)
	}
	imports.into(s, known)
	for _, stage := range stages {
		stage.run(s)
	}

	r := &Result{Base: in.Base, Head: in.Head, Findings: []checks.Finding{}, Rules: sortedRules(known), Checks: append([]CheckResult{}, slices.Concat(checkResults(passes), off, imports.checks)...), Files: len(change.Files), Imports: imports.told(), Costs: costs.list()}
	for _, f := range s.head {
		r.Findings = append(r.Findings, f.Finding)
	}
	for _, u := range unscanned {
		u.Reason = text(u.Reason, maxMessage)
		r.Unscanned = append(r.Unscanned, u)
	}
	slices.SortFunc(r.Unscanned, compareUnscanned)
	r.Unscanned = slices.Compact(r.Unscanned)
	slices.SortFunc(r.Checks, func(a, b CheckResult) int { return cmp.Compare(a.Name, b.Name) })
	r.Problems = ruleProblems(in, found, problems)
	for _, f := range change.Files {
		r.Lines += f.Lines.AddedLines()
		if spec := language.ForPath(f.Path); spec != nil {
			r.Languages = append(r.Languages, spec.Name)
		}
	}
	slices.Sort(r.Languages)
	r.Languages = slices.Compact(r.Languages)
	return r, nil
}

// checkLimit is how long one check may take on one side.
func checkLimit(in *Input) time.Duration {
	size := 0
	for _, c := range in.Contents {
		size += len(c.Data)
	}
	return time.Minute + time.Duration(size>>20)*4*time.Second
}

// isBuiltin says whether all that a check can report is built in: a check in Go.
func isBuiltin(c *checks.Check) bool {
	other := func(r checks.RuleInfo) bool { return r.Origin != string(rules.OriginBuiltin) }
	return len(c.Rules) > 0 && !slices.ContainsFunc(c.Rules, other)
}

// parseRules reads the rule files: the built-in ones first, then the organisation's, the repository's and the command line's, so that of two
// rules with one id the one that fewer people can change is kept. Rules that are switched off are left out here already.
//
// Of the built-in ones only those are read that are for a language of the change, unless a rule that was given has the id of another.
func parseRules(in *Input) ([]*rules.Rule, []rules.Problem) {
	given := slices.Clone(in.Rules)
	order := []rules.Origin{rules.OriginBuiltin, rules.OriginFloor, rules.OriginRepository, rules.OriginFlag}
	slices.SortStableFunc(given, func(a, b rules.Source) int {
		return cmp.Compare(slices.Index(order, a.Origin), slices.Index(order, b.Origin))
	})
	var sources []rules.Source
	var left []string
	if !in.NoBuiltin {
		sources, left = rules.BuiltinFor(concerned(in.Files))
	}
	all, problems := rules.ParseAll(append(sources, given...))
	if slices.ContainsFunc(all, func(r *rules.Rule) bool { return r.Origin != rules.OriginBuiltin && slices.Contains(left, r.ID.Value) }) {
		all, problems = rules.ParseAll(append(rules.Builtin(), given...))
	}
	all = Overridden(all, in.Config.Overrides)
	all = slices.DeleteFunc(all, func(r *rules.Rule) bool {
		named := in.Config.Rollouts[r.ID.Value]
		return cmp.Or(named, checks.Rollout(r.Metadata.Rollout)) == checks.RolloutOff || named == "" && in.Config.outOfPack(checks.Pack(r.Metadata.Pack))
	})
	return all, problems
}

// concerned says of which languages, as rules name them, there are files.
func concerned(files []*checks.File) func(name string) bool {
	present := map[*language.Spec]bool{}
	for _, f := range files {
		present[language.ForPath(f.Path)] = true
		present[language.ForPath(f.OldPath)] = true
	}
	return func(name string) bool {
		spec := language.ForName(name)
		return spec == nil || spec.AnyFile || present[spec]
	}
}

// forLanguages marks the rules that no file of the change concerns, so that a library for many languages costs what those of the change cost.
func forLanguages(rs []*rules.Rule, files []*checks.File) []*rules.Rule {
	named := concerned(files)
	out := slices.Clone(rs)
	for i, r := range out {
		if !slices.ContainsFunc(r.Languages, func(l rules.Text) bool { return named(l.Value) }) {
			idle := *r
			idle.Idle = true
			out[i] = &idle
		}
	}
	return out
}

// listChecks asks for the checks, sorted by name. Rules that cannot run are no reason to stop.
func listChecks(list Lister, rs []*rules.Rule) ([]*checks.Check, []rules.Problem, error) {
	all, err := list(rs)
	var problems []rules.Problem
	var unfit rules.CannotRun
	switch {
	case err == nil:
	case errors.As(err, &unfit):
		problems = unfit
	default:
		return nil, nil, fmt.Errorf("listing the checks: %w", err)
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *checks.Check) int { return cmp.Compare(a.Name, b.Name) })
	ids := map[string]string{}
	for i, c := range all {
		if i > 0 && all[i-1].Name == c.Name {
			return nil, nil, fmt.Errorf("listing the checks: there are two with the name %s", c.Name)
		}
		for _, r := range c.Rules {
			if other, taken := ids[r.ID]; taken {
				return nil, nil, fmt.Errorf("listing the checks: the rule id %s is used by %s and by %s", r.ID, other, c.Name)
			}
			ids[r.ID] = c.Name
		}
	}
	return all, problems, nil
}

// switchedOff parts the checks that have a rule to report from those whose rules are all off. A check without any rule (rules: none
// given, or all of another pack) has nothing to say and is left out.
func switchedOff(all []*checks.Check, known map[string]*checks.RuleInfo, config *Config) (running []*checks.Check, off []CheckResult) {
	inPack := func(r checks.RuleInfo) bool { return config.Rollouts[r.ID] != "" || !config.outOfPack(r.Pack) }
	for _, c := range all {
		switch {
		case !slices.ContainsFunc(c.Rules, inPack):
		case slices.ContainsFunc(c.Rules, func(r checks.RuleInfo) bool { return known[r.ID].Rollout != checks.RolloutOff }):
			running = append(running, c)
		default:
			off = append(off, CheckResult{Name: c.Name, Status: Skipped, Reason: "switched off by the configuration"})
		}
	}
	return running, off
}

func newState(in *Input, change *checks.Change) *state {
	s := &state{in: in, sources: newSources(change), files: map[place]*checks.File{}}
	for _, f := range change.Files {
		for _, side := range []checks.Side{checks.Head, checks.Base} {
			if path, ok := f.PathOn(side); ok {
				s.files[place{side, path}] = f
			}
		}
	}
	return s
}

// take takes over what a pass found, but for rules that are off. A finding of a rule that the check does not list fails the check: nobody
// could say what it means.
func (s *state) take(p *pass, known map[string]*checks.RuleInfo, patterns map[string]bool) {
	asked := map[string]checks.Confidence{}
	for i := range p.check.Rules {
		asked[p.check.Rules[i].ID] = p.check.Rules[i].Confidence
	}
	for _, f := range p.findings {
		if !slices.ContainsFunc(p.check.Rules, func(r checks.RuleInfo) bool { return r.ID == f.RuleID }) {
			p.err = cmp.Or(p.err, fmt.Errorf("it reported %q, which is not among its rules", text(f.RuleID, 100)))
			continue
		}
		info := known[f.RuleID]
		if info.Rollout == checks.RolloutOff || !s.in.Config.covers(f.RuleID, f.Location.Path) {
			continue
		}
		if p.check.Scope == checks.PerSide {
			f.Location.Side = p.side
		}
		f.Related = slices.Clone(f.Related) // the check's own are not changed
		f.Flow = slices.Clone(f.Flow)
		if f.Fix != nil {
			fix := *f.Fix
			f.Fix = &fix
		}
		one := &found{Finding: f, rule: info, differs: p.check.Scope == checks.Difference, pattern: patterns[f.RuleID], asked: asked[f.RuleID]}
		if p.check.Scope == checks.PerSide && p.side == checks.Base {
			s.base = append(s.base, one)
		} else {
			s.head = append(s.head, one)
		}
	}
}

// ruleProblems tells of the rules that do not run. A problem blocks only if the rule was to block: by its rollout, or because it is built in.
func ruleProblems(in *Input, parsed []*rules.Rule, all []rules.Problem) []Problem {
	type rule struct{ file, id string }
	blocks := map[rule]bool{}
	for _, r := range parsed {
		blocks[rule{r.File, r.ID.Value}] = r.Origin == rules.OriginBuiltin || checks.Rollout(r.Metadata.Rollout) == checks.RolloutBlock
	}
	var out []Problem
	for _, p := range all {
		if !p.Stops() {
			continue
		}
		said, ok := in.Config.Rollouts[p.RuleID]
		if !ok && blocks[rule{p.File, p.RuleID}] {
			said = checks.RolloutBlock
		}
		out = append(out, Problem{
			File: strings.ToValidUTF8(p.File, "\uFFFD"), Line: p.Line, Column: p.Column, RuleID: text(p.RuleID, 200), Message: text(p.Message, maxMessage),
			Blocks: said == checks.RolloutBlock,
		})
	}
	slices.SortStableFunc(out, compareProblems)
	return slices.Compact(out)
}

func compareProblems(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Message, b.Message))
}
