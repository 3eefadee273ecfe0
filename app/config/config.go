// Package config turns .github/reviewgate.yml, the organisation's floor, rules and CODEOWNERS into the one policy that applies.
//
// What applies comes from the default branch and the floor. The version that a change brings along is only validated, never applied.
// Every mistake is a gate.Problem with file, line, column and a remedy; a mistake in what applies makes the decision "cannot tell".
//
// # How floor and repository are put together
//
// A repository only ever adds to the floor:
//
//	key                    operator     what the repository can do under a floor
//	version                -            each file says its own
//	mode                   strictest    enforce wins; a file that does not say its mode enforces
//	tier.*.approvals       max          raise; never below the built-in 2, 1, 0
//	tier.*.up_to_date      or           switch on
//	tier.*.independence    strictest    pr wins; "path" is said by each file for its own guards
//	guard                  union        add guards; all that match apply
//	default                both         the floor's covers what no guard of the floor covers, the repository's what no guard covers
//	stale                  strictest    any-push wins over paths
//	agents.accounts, apps  union        add
//	agents.extra_approvals max          raise
//	agents.unattributed    strictest    block wins over extra
//	agents.sponsors        floor only   add sponsors, who then cannot approve; only the floor's lift the approval that an agent
//	                                    without a known sponsor needs (without a floor, the repository's do)
//	checks.block_on        union        add
//	checks.severity        strictest    lower the severity that blocks (not said: high)
//	checks.pack            floor only   choose only where there is no floor; under a floor without the key: the default pack
//	exempt                 own          each file exempts from its own guards and default only; "forbid" in the floor takes the repository's away
//	waivers                floor only   say who may waive what the repository itself asks for; what the floor asks for, and findings, only the
//	                                    floor's people waive (without a floor, the repository's do)
//	checklist              own          each file's guards use the lists of their own file, and the built-in ones
//	governed_branches      union        add; the default branch always is governed
//	floor                  floor only   -
//	rules                  union        add
//
// # Keys that this version does not act on
//
// Refused with an error: guard.allow_readers, guard.min_review_seconds, agents.disclosure, audit, checks.rollout, checks.max_comments, and paths
// that begin with "re:".
package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// Input is what Load reads. A nil layer does not exist.
type Input struct {
	Repo  *Layer // the default branch
	Floor *Layer // the organisation's .github repository
	Head  *Layer // the change's own version; only when the change touches files that Paths or FloorPaths names
	// FloorMissing says why a floor that must exist could not be read; empty: it is not required, or it is in Floor. Unreadable is not absent.
	FloorMissing string
	// Tree lists the paths of the default branch, to warn of globs that match none of them; nil: not looked at.
	Tree []string
	// NoComments says that the caller gives Decide no comments, no time and no verified commits: nothing can be waived, attested or exempt, and
	// the owners of policies that ask for it are told.
	NoComments bool
}

// Effective is the configuration that applies.
type Effective struct {
	Policy     *gate.Policy
	Rules      []rules.Source // of the floor, then of the repository
	Scan       scan.Config
	Codeowners string
	Warnings   []gate.Problem // for the owners of the files; nothing of it changes the decision
}

// Load reads and joins the layers. It never fails: what is wrong is in Policy.Broken, FloorBroken and HeadBroken, and in Warnings.
func Load(in Input) *Effective {
	e := &Effective{Policy: &gate.Policy{Mode: gate.Advisory, Stale: gate.StalePaths, Governed: []string{"~default"}}}
	p := e.Policy
	var floor, repo *document
	if in.FloorMissing != "" {
		p.FloorBroken = append(p.FloorBroken, gate.Problem{File: floorFiles[0], Message: "the floor could not be read: " + in.FloorMissing, Remedy: "Let the App read the organisation's .github repository."})
	}
	if in.Floor != nil {
		var problems []gate.Problem
		floor, problems = e.layer(in.Floor, true)
		p.FloorBroken = append(p.FloorBroken, problems...)
	}
	if in.Repo != nil {
		repo, p.Broken = e.layer(in.Repo, false)
		e.Codeowners = string(in.Repo.Codeowners)
	}
	e.join(floor, repo, in.Floor != nil || in.FloorMissing != "")
	if in.Head != nil {
		e.head(in.Head)
	}
	if in.Repo != nil && len(in.Repo.Codeowners) > 0 {
		_, problems := gate.ParseCodeowners(in.Repo.CodeownersPath, e.Codeowners)
		e.warn(problems)
	}
	if in.NoComments {
		e.withoutComments(in)
	}
	if in.Tree != nil && repo != nil { // a floor's globs are written for many repositories
		e.warn(unmatched(in.Repo.PolicyPath, repo, in.Tree))
	}
	return e
}

// withoutComments takes out what cannot be acted on. That is only stricter for waivers and exemptions; a checklist that nobody can attest would
// block for ever without saying why, so it is an error.
func (e *Effective) withoutComments(in Input) {
	p := e.Policy
	file := policyFiles[0]
	if in.Repo != nil && in.Repo.PolicyPath != "" {
		file = in.Repo.PolicyPath
	}
	if p.Waivers != nil || p.RepoWaivers != nil {
		e.Warnings = append(e.Warnings, gate.Problem{File: file, Message: "\"waivers\" is not acted on by the server of this version: nothing can be waived", Remedy: "The rest of the policy applies.", Warning: true})
	}
	if len(p.Exempt) > 0 {
		e.Warnings = append(e.Warnings, gate.Problem{File: file, Message: "\"exempt\" is not acted on by the server of this version: nothing is exempt", Remedy: "The rest of the policy applies.", Warning: true})
	}
	p.Waivers, p.RepoWaivers, p.Exempt = nil, nil, nil
	for _, g := range p.Guards {
		if len(g.Checklists) == 0 {
			continue
		}
		problem := gate.Problem{File: file, Message: fmt.Sprintf("the guard %q has a checklist, and the server of this version reads no comments by which it could be attested", g.Name), Remedy: "Take the checklist out of the guard."}
		if g.Origin == "floor" {
			problem.File = floorFiles[0]
			p.FloorBroken = append(p.FloorBroken, problem)
		} else {
			p.Broken = append(p.Broken, problem)
		}
	}
}

// layer reads one layer; the document is nil where there is no policy file or it is broken. The problems are errors.
func (e *Effective) layer(l *Layer, floor bool) (*document, []gate.Problem) {
	var broken []gate.Problem
	var d *document
	e.warn(l.problems())
	if l.Policy != nil {
		source := l.PolicyPath
		if floor {
			source = l.Name + ":" + source
		}
		if l.SHA != "" {
			source += "@" + l.SHA[:min(len(l.SHA), 7)]
		}
		e.Policy.Sources = append(e.Policy.Sources, source)
		doc, problems := parse(l.PolicyPath, floor, l.Policy)
		errors, warnings := split(problems)
		e.warn(warnings)
		broken = append(broken, errors...)
		if len(errors) == 0 {
			d = doc
		}
	}
	origin := rules.OriginRepository
	if floor {
		origin = rules.OriginFloor
	}
	for _, src := range l.Rules {
		src.Origin = origin
		e.Rules = append(e.Rules, src)
	}
	errors, warnings := split(ruleProblems(l.Rules))
	e.warn(warnings)
	return d, append(broken, errors...)
}

// head validates the change's own version; nothing of it applies.
func (e *Effective) head(l *Layer) {
	p := e.Policy
	p.HeadChecked = true
	_, p.HeadBroken = l.validate(slices.Contains(floorFiles, l.PolicyPath), p)
}

// validate reads a layer by itself. CODEOWNERS is an error only if the layer's own policy or the one that applies (nil: none does) uses it.
func (l *Layer) validate(floor bool, applies *gate.Policy) (*document, []gate.Problem) {
	var problems []gate.Problem
	d := &document{}
	if l.Policy != nil {
		d, problems = parse(l.PolicyPath, floor, l.Policy)
	}
	problems = append(problems, l.problems()...)
	problems = append(problems, ruleProblems(l.Rules)...)
	if len(l.Codeowners) > 0 {
		_, owners := gate.ParseCodeowners(l.CodeownersPath, string(l.Codeowners))
		if !usesOwners(d.needs()) && (applies == nil || !usesOwners(applies.Guards, applies.Default, applies.FloorDefault)) {
			for i := range owners {
				owners[i].Warning = true
			}
		}
		problems = append(problems, owners...)
	}
	return d, problems
}

// needs gives the guards of a document, with its default as one.
func (d *document) needs() []gate.Guard {
	var out []gate.Guard
	for _, g := range d.guards {
		out = append(out, g.Guard)
	}
	if d.fallback != nil {
		out = append(out, d.fallback.Guard)
	}
	return out
}

func usesOwners(guards []gate.Guard, more ...*gate.Need) bool {
	// any_of has no code owners in it.
	uses := func(n gate.Need) bool {
		return slices.ContainsFunc(n.From, func(a gate.Approver) bool { return a.Codeowners })
	}
	return slices.ContainsFunc(guards, func(g gate.Guard) bool { return uses(g.Need) }) ||
		slices.ContainsFunc(more, func(n *gate.Need) bool { return n != nil && uses(*n) })
}

// join fills in the policy; the table in the package doc says how.
func (e *Effective) join(floor, repo *document, floored bool) {
	p := e.Policy
	tiers := maps.Clone(builtinTiers)
	for _, d := range []*document{floor, repo} {
		if d == nil {
			continue
		}
		for name, t := range d.tiers {
			tiers[name] = tier{approvals: max(tiers[name].approvals, t.approvals), upToDate: tiers[name].upToDate || t.upToDate}
		}
		if d.mode != gate.Advisory {
			p.Mode = gate.Enforce
		}
		if d.stale == gate.StaleAnyPush {
			p.Stale = gate.StaleAnyPush
		}
		p.Agents.Accounts = append(p.Agents.Accounts, d.agents.Accounts...)
		p.Agents.BlockUnattributed = p.Agents.BlockUnattributed || d.agents.BlockUnattributed
		p.Agents.ExtraApprovals = max(p.Agents.ExtraApprovals, d.agents.ExtraApprovals)
		p.Checks.BlockOn = append(p.Checks.BlockOn, d.checks.BlockOn...)
		if s := d.checks.Severity; s != 0 {
			// A floor that does not say a severity means high, and so does no floor.
			if d == repo && floored && p.Checks.Severity == 0 {
				s = min(s, checks.High)
			}
			if p.Checks.Severity == 0 || s < p.Checks.Severity {
				p.Checks.Severity = s
			}
		}
		p.Governed = append(p.Governed, d.governed...)
	}
	// A policy that cannot be read may have meant to enforce.
	if len(p.Broken) > 0 || len(p.FloorBroken) > 0 {
		p.Mode = gate.Enforce
	}
	resolve := func(d *document, origin string) {
		if floor == nil || !floor.noExempt {
			for _, x := range d.exempt {
				x.Origin = origin
				p.Exempt = append(p.Exempt, x)
			}
		}
		for _, g := range d.guards {
			g.Origin = origin
			g.Need = tiered(g.Guard, tiers)
			g.Need.ByPath = byPath(g.Tier, d, floor)
			p.Guards = append(p.Guards, g.Guard)
		}
	}
	if floor != nil {
		resolve(floor, "floor")
		p.Waivers = floor.waivers
		p.Agents.Sponsors = floor.agents.Sponsors
		p.Checks.Pack = floor.checks.Pack
		if floor.fallback != nil {
			need := tiered(floor.fallback.Guard, tiers)
			need.ByPath = byPath(floor.fallback.Tier, floor, floor)
			p.FloorDefault = &need
		}
	}
	if repo != nil {
		resolve(repo, "repository")
		if floored {
			p.Agents.RepoSponsors, p.RepoWaivers = repo.agents.Sponsors, repo.waivers
			if repo.checks.Pack != "" && repo.checks.Pack != p.Checks.Pack {
				e.warn([]gate.Problem{{File: policyFiles[0], Message: "checks.pack is not used, because the organisation's floor chooses the pack", Remedy: "Remove the key.", Warning: true}})
			}
		} else {
			p.Agents.Sponsors, p.Waivers = repo.agents.Sponsors, repo.waivers
			p.Checks.Pack = repo.checks.Pack
		}
		if repo.fallback != nil {
			need := tiered(repo.fallback.Guard, tiers)
			need.ByPath = byPath(repo.fallback.Tier, repo, floor)
			p.Default = &need
		}
	}
	p.Agents.Accounts = sorted(p.Agents.Accounts)
	p.Checks.BlockOn = sorted(p.Checks.BlockOn)
	p.Governed = sorted(p.Governed)
	e.Scan = scan.Config{FailOn: p.Checks.Severity, BlockOn: p.Checks.BlockOn, Pack: p.Checks.Pack}
}

// tiered gives the need of a guard with its tier filled in.
func tiered(g gate.Guard, tiers map[string]tier) gate.Need {
	need := g.Need
	if t, ok := tiers[g.Tier]; ok && g.Tier != "" {
		need.Approvals, need.UpToDate = t.approvals, t.upToDate
	}
	return need
}

// byPath says whether the guards of a file in a tier ask only who touched their own files: where the file itself says so, and the floor does
// not say otherwise.
func byPath(name string, own, floor *document) bool {
	return name != "" && own.tiers[name].independence == "path" && (floor == nil || floor.tiers[name].independence != "pr")
}

func sorted(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

func split(problems []gate.Problem) (errors, warnings []gate.Problem) {
	for _, p := range problems {
		if p.Warning {
			warnings = append(warnings, p)
		} else {
			errors = append(errors, p)
		}
	}
	return errors, warnings
}

// warn keeps the problems as warnings, each once.
func (e *Effective) warn(problems []gate.Problem) {
	for _, p := range problems {
		p.Warning = true
		if !slices.Contains(e.Warnings, p) {
			e.Warnings = append(e.Warnings, p)
		}
	}
}

// blockRollout finds a rule that is meant to block, also in a file that cannot be parsed.
var blockRollout = regexp.MustCompile(`(?m)\brollout["']?\s*:\s*["']?block\b`)

// ruleProblems tells what rules cannot run. It is a warning to their owner, unless the file has a rule that is meant to block: then it
// is an error, because it cannot be told whether that one would have.
func ruleProblems(sources []rules.Source) []gate.Problem {
	var out []gate.Problem
	blocks := map[string]bool{}
	for _, src := range sources {
		blocks[src.Name] = blockRollout.Match(src.Data)
	}
	_, problems := rules.ParseAll(sources)
	for _, p := range problems {
		message := p.Message
		if p.RuleID != "" {
			message = "rule " + p.RuleID + ": " + message
		}
		remedy := "The rule does not run until it is corrected."
		if !p.Stops() {
			remedy = "The rule runs all the same."
		}
		out = append(out, gate.Problem{File: p.File, Line: p.Line, Column: p.Column, Message: message, Remedy: remedy, Warning: !p.Stops() || !blocks[p.File]})
	}
	slices.SortStableFunc(out, func(a, b gate.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out[:min(len(out), maxProblems)]
}

// unmatched warns of globs that match no file of the repository: a renamed folder is no longer guarded.
func unmatched(file string, d *document, tree []string) []gate.Problem {
	var out []gate.Problem
	for _, g := range d.guards {
		for i, pattern := range g.Paths {
			glob := gate.NewGlobs(trimExclusion(pattern))
			if slices.ContainsFunc(tree, glob.Match) {
				continue
			}
			remedy := "Correct the pattern if a file was meant."
			below := gate.NewGlobs(trimExclusion(pattern) + "/**")
			if slices.ContainsFunc(tree, below.Match) {
				remedy = "It names a folder: write \"" + pattern + "/**\"."
			}
			at := g.paths[i]
			out = append(out, gate.Problem{File: file, Line: at.Line, Column: at.Column, Message: "the path \"" + pattern + "\" matches no file", Remedy: remedy, Warning: true})
		}
	}
	return out
}

func trimExclusion(pattern string) string {
	if pattern[0] == '!' {
		return pattern[1:]
	}
	return pattern
}
