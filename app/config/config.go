// Package config turns .github/reviewgate.yml, the organisation's floor, rules and CODEOWNERS into the one policy that applies.
//
// What applies comes from the default branch and the floor. The version that a change brings along is only validated, never applied.
// Every mistake is a gate.Problem with file, line, column and a remedy; a mistake in what applies makes the decision "cannot tell".
//
// A repository only ever adds to the floor. How each key is put together is written beside it in keys.go, and in docs/policy.md.
package config

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

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
	// NoSink says that the caller sends no messages of merges around the gate, which "audit.sink" asks for; the owners of the policy are told.
	NoSink bool
}

// Effective is the configuration that applies.
type Effective struct {
	Policy     *gate.Policy
	Rules      []rules.Source // of the floor, then of the repository
	Scan       scan.Config
	Private    []string `json:",omitempty"` // patterns of packages that no registry is asked for
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
	for _, d := range []*document{floor, repo} {
		if in.NoSink && d != nil && d.audit.Webhook {
			e.notUsed(d, "audit", "audit.sink is not acted on yet: a merge around the gate is told on the pull request, in the server's log and, where bypass_alert asks for it, by an issue")
		}
	}
	if in.Tree != nil && repo != nil { // a floor's globs are written for many repositories
		e.warn(unmatched(in.Repo.PolicyPath, repo, in.Tree))
	}
	return e
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
		parsed, owners := gate.ParseCodeowners(l.CodeownersPath, string(l.Codeowners))
		for _, rule := range parsed.Rules {
			for _, o := range rule.Owners {
				if o.Email != "" {
					owners = append(owners, gate.Problem{File: l.CodeownersPath, Line: rule.Line, Message: "the owner " + o.Email + " is an e-mail address, which cannot be matched to an account: where a guard asks code owners, changes of these files are blocked", Remedy: "Write @login instead.", Warning: true})
				}
			}
		}
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
	p.Floored = floored
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
		p.Agents.Disclosure = p.Agents.Disclosure || d.agents.Disclosure
		p.Audit.Issue, p.Audit.Webhook = p.Audit.Issue || d.audit.Issue, p.Audit.Webhook || d.audit.Webhook
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
		} else if len(d.exempt) > 0 {
			e.notUsed(d, "exempt", "exempt is not used, because the organisation's floor forbids exemptions")
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
		e.Private = floor.private
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
				e.notUsed(repo, "checks.pack", "checks.pack is not used, because the organisation's floor chooses the pack")
			}
			if slices.ContainsFunc(repo.private, func(name string) bool { return !slices.Contains(e.Private, name) }) {
				e.notUsed(repo, "checks.private_packages", "checks.private_packages is not used, because the organisation's floor names them")
			}
		} else {
			p.Agents.Sponsors, p.Waivers = repo.agents.Sponsors, repo.waivers
			p.Checks.Pack = repo.checks.Pack
			e.Private = repo.private
		}
		if repo.fallback != nil {
			need := tiered(repo.fallback.Guard, tiers)
			need.ByPath = byPath(repo.fallback.Tier, repo, floor)
			p.Default = &need
		}
	}
	e.rollouts(floor, repo, floored)
	e.plane(floor, repo, floored)
	e.imports(floor, repo, floored)
	p.Agents.Accounts = sorted(p.Agents.Accounts)
	p.Checks.BlockOn = sorted(p.Checks.BlockOn)
	p.Governed = sorted(p.Governed)
	e.Scan.FailOn, e.Scan.BlockOn, e.Scan.Pack, e.Scan.Rollouts = p.Checks.Severity, p.Checks.BlockOn, p.Checks.Pack, p.Checks.Rollouts
	e.overrides(floor, repo, floored)
	for _, d := range []*document{floor, repo} {
		if d == nil || d.comments == nil {
			continue
		}
		if e.Scan.MaxComments = *d.comments; *d.comments == 0 {
			e.Scan.MaxComments = -1 // the scan's word for none
		}
	}
}

// rollouts takes the strictest for each rule. A rule that the floor does not name goes as far as it says itself, and nothing but its own file
// makes it go less far.
func (e *Effective) rollouts(floor, repo *document, floored bool) {
	p := e.Policy
	set := func(rule string, r checks.Rollout) {
		if p.Checks.Rollouts == nil {
			p.Checks.Rollouts = map[string]checks.Rollout{}
		}
		p.Checks.Rollouts[rule] = r
	}
	if floor != nil {
		for rule, r := range floor.checks.Rollouts {
			set(rule, r)
		}
	}
	if repo == nil {
		return
	}
	rank := func(r checks.Rollout) int { return slices.Index(rollouts, string(r)) }
	for _, rule := range slices.Sorted(maps.Keys(repo.checks.Rollouts)) {
		r := repo.checks.Rollouts[rule]
		of, named := p.Checks.Rollouts[rule]
		switch {
		case !floored || named && rank(r) > rank(of) || !named && r == checks.RolloutBlock:
			set(rule, r)
		case named && r == of:
		default:
			e.notUsed(repo, "checks.rollout."+rule, "the rollout "+string(r)+" of "+rule+" is not used, because under an organisation's floor a repository only makes rules stricter")
		}
	}
}

// imports takes the strictest word on other tools' findings; under a floor, no word of it is comment.
func (e *Effective) imports(floor, repo *document, floored bool) {
	rank := func(r checks.Rollout) int { return slices.Index(rollouts, string(r)) }
	var of checks.Rollout
	if floored {
		of = checks.RolloutComment
		if floor != nil && floor.imports != "" {
			of = floor.imports
		}
	}
	e.Scan.Imports = of
	switch {
	case repo == nil || repo.imports == "":
	case rank(repo.imports) >= rank(of):
		e.Scan.Imports = repo.imports
	default:
		e.notUsed(repo, "checks.imports", "checks.imports: "+string(repo.imports)+" is not used, because the organisation's floor is stricter")
	}
}

// plane takes the strictest word on files that steer builds; no word is the strictest.
func (e *Effective) plane(floor, repo *document, floored bool) {
	rank := func(d *document) int {
		if d == nil || d.plane == "" {
			return slices.Index(planes, "required")
		}
		return slices.Index(planes, d.plane)
	}
	strictest := rank(repo)
	if floored {
		of := rank(floor)
		if repo != nil && repo.plane != "" && strictest < of {
			e.notUsed(repo, "control_plane", "control_plane: "+repo.plane+" is not used, because the organisation's floor is stricter")
		}
		if repo == nil || repo.plane == "" || strictest < of {
			strictest = of
		}
	}
	if word := gate.Plane(planes[strictest]); word != "required" {
		e.Policy.ControlPlane = word
	}
}

// notUsed tells the owner of a policy about a key that the floor makes useless.
func (e *Effective) notUsed(d *document, key, message string) {
	p := gate.Problem{File: d.file, Message: message, Remedy: "Remove the key.", Warning: true}
	if at := d.at[key]; at != nil {
		p.Line, p.Column = at.Line, at.Column
	}
	e.warn([]gate.Problem{p})
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
			if _, expr := strings.CutPrefix(trimExclusion(pattern), "re:"); expr {
				remedy = "A regular expression must match the whole path: end it with \".*\" if the rest may be anything."
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
