package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Bounds of the parts of a policy.
const (
	maxGuards    = 500
	maxPaths     = 200
	maxFrom      = 50
	maxApprovals = 10
	maxNames     = 500
	maxLists     = 20
	maxItems     = 20

	maxGuardName     = 60
	maxReviewSeconds = 24 * 60 * 60
	maxComments      = 50
	maxExpressions   = 20
)

// The words of keys that have a list of them.
var (
	authors    = []string{string(gate.AuthorAny), string(gate.AuthorAgent), string(gate.AuthorFork), string(gate.AuthorFirstTime), string(gate.AuthorUnattributed)}
	severities = []string{"critical", "high", "medium", "low", "info"}
	planes     = []string{string(gate.PlaneOff), string(gate.PlaneAgents), "required"}                                                         // weakest first
	rollouts   = []string{string(checks.RolloutOff), string(checks.RolloutShadow), string(checks.RolloutComment), string(checks.RolloutBlock)} // weakest first
)

// tier is a named need, without approvers.
type tier struct {
	approvals    int
	upToDate     bool
	independence string // "pr", "path"; empty: not said, which is pr
}

// builtinTiers may be raised, never lowered.
var builtinTiers = map[string]tier{"critical": {2, true, ""}, "sensitive": {1, false, ""}, "normal": {0, false, ""}}

// tierOrder is the order in which tiers are read and named.
var tierOrder = []string{"critical", "sensitive", "normal"}

// document is one policy file as read, before floor and repository are put together.
type document struct {
	mode      gate.Mode // empty: not said
	tiers     map[string]tier
	guards    []guard
	fallback  *guard // the key "default"
	stale     gate.Stale
	plane     string // a word of planes; empty: not said, which is required
	agents    gate.Agents
	checks    gate.Blocking
	governed  []string
	waivers   *gate.Waivers
	exempt    []gate.Exempt
	noExempt  bool                      // exempt: forbid
	lists     map[string]gate.Checklist // by name
	audit     gate.Audit
	private   []string
	comments  *int                       // checks.max_comments; nil: not said
	imports   checks.Rollout             // checks.imports; empty: not said
	overrides map[string]checks.Override // checks.override, by rule
	file      string
	at        map[string]*yaml.Node // where keys stand that a floor may make useless
}

// guard is a gate.Guard whose tier is not yet a number.
type guard struct {
	gate.Guard
	nameAt     *yaml.Node // nil: the name was made from the first path
	listsAt    []*yaml.Node
	distinctAt *yaml.Node // of distinct_teams: true; nil: not asked for
	paths      []*yaml.Node
}

// parse reads a policy file. The document is what could be read; it may be used only if no problem is an error.
func parse(file string, floor bool, data []byte) (*document, []gate.Problem) {
	r := &reader{file: file, floor: floor}
	d := &document{tiers: map[string]tier{}, file: file, at: map[string]*yaml.Node{}}
	root := r.root(data)
	if root == nil {
		return d, r.problems
	}
	versioned := false
	fields := map[string]field{
		"version": {read: func(n *yaml.Node) {
			versioned = true
			if n.Kind != yaml.ScalarNode || n.Value != "1" {
				r.bad(n, "Write \"version: 1\".", "version is %s", describe(n))
			}
		}},
		"mode": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "mode", string(gate.Enforce), string(gate.Advisory)); ok {
				d.mode = gate.Mode(s)
			}
		}},
		"tier":    {read: func(n *yaml.Node) { r.tiers(n, d) }},
		"guard":   {read: func(n *yaml.Node) { r.guards(n, d) }},
		"default": {read: func(n *yaml.Node) { d.fallback = r.guard(n, true) }},
		"stale": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "stale", string(gate.StalePaths), string(gate.StaleAnyPush)); ok {
				d.stale = gate.Stale(s)
			}
		}},
		"control_plane": {read: func(n *yaml.Node) {
			d.plane, _ = r.oneOf(n, "control_plane", planes...)
			d.at["control_plane"] = n
		}},
		"agents": {read: func(n *yaml.Node) { r.agents(n, d) }},
		"checks": {read: func(n *yaml.Node) { r.checks(n, d) }},
		"governed_branches": {read: func(n *yaml.Node) {
			for _, item := range r.items(n, "governed_branches", maxNames) {
				if s, ok := r.text(item, "a branch"); ok {
					if err := gate.ValidGlob(s); err != nil && s != "~default" {
						r.bad(item, "Correct the pattern.", "the branch pattern %q: %v", clip(s), err)
						continue
					}
					if strings.HasPrefix(s, "re:") {
						r.expressions++
					}
					d.governed = append(d.governed, s)
				}
			}
		}},
		"waivers":   {read: func(n *yaml.Node) { d.waivers = r.waivers(n) }},
		"checklist": {read: func(n *yaml.Node) { r.checklists(n, d) }},
		"exempt":    {read: func(n *yaml.Node) { r.exempts(n, d) }},
		"audit":     {read: func(n *yaml.Node) { r.audit(n, d) }},
	}
	if floor {
		fields["floor"] = field{read: func(n *yaml.Node) {
			if v, ok := r.boolean(n, "floor"); ok && !v {
				r.bad(n, "Write \"floor: true\" or leave it out.", "this file always is the floor")
			}
		}}
	}
	if r.mapping(root, "the policy", fields) && !versioned {
		r.bad(root, "Begin the file with \"version: 1\".", "the version is missing")
	}
	r.uniqueNames(d)
	r.distinctTeams(d)
	r.findChecklists(d)
	if r.expressions > maxExpressions {
		r.bad(root, "Write globs where they do.", "the policy has %d regular expressions, over the limit of %d", r.expressions, maxExpressions)
	}
	return d, r.problems
}

func (r *reader) tiers(n *yaml.Node, d *document) {
	fields := map[string]field{}
	for _, name := range tierOrder {
		fields[name] = field{read: func(n *yaml.Node) {
			t := builtinTiers[name]
			r.mapping(n, "tier "+name, map[string]field{
				"approvals": {read: func(n *yaml.Node) {
					v, ok := r.number(n, "approvals", maxApprovals)
					if ok && v < t.approvals {
						r.bad(n, "Use another tier, or \"approvals\" in the guard.", "tier %s asks for at least %s and can only be raised", name, approvals(t.approvals))
					} else if ok {
						t.approvals = v
					}
				}},
				"up_to_date": {read: func(n *yaml.Node) {
					v, ok := r.boolean(n, "up_to_date")
					if ok && t.upToDate && !v {
						r.bad(n, "Use another tier, or \"approvals\" in the guard.", "tier %s asks for an up-to-date branch and can only be raised", name)
					} else if ok {
						t.upToDate = v
					}
				}},
				"independence": {read: func(n *yaml.Node) {
					var ok bool
					if t.independence, ok = r.oneOf(n, "independence", "pr", "path"); ok && name == "critical" && t.independence == "path" {
						r.bad(n, "Write \"pr\" or leave it out.", "whoever took part in a change cannot approve any of it in tier critical")
					}
				}},
			})
			d.tiers[name] = t
		}}
	}
	r.mapping(n, "tier", fields)
}

func (r *reader) guards(n *yaml.Node, d *document) {
	for _, item := range r.items(n, "guard", maxGuards) {
		if g := r.guard(item, false); g != nil {
			d.guards = append(d.guards, *g)
		}
	}
}

// guard reads one guard, or the default: a guard without paths.
func (r *reader) guard(n *yaml.Node, fallback bool) *guard {
	what := "a guard"
	if fallback {
		what = "default"
	}
	g := &guard{}
	var tierAt, approvalsAt, pathsAt, fromAt, readersAt *yaml.Node
	fields := map[string]field{
		"tier": {read: func(n *yaml.Node) {
			tierAt = n
			g.Tier, _ = r.oneOf(n, "tier", tierOrder...)
		}},
		"approvals": {read: func(n *yaml.Node) {
			approvalsAt = n
			g.Need.Approvals, _ = r.number(n, "approvals", maxApprovals)
		}},
		"from": {read: func(n *yaml.Node) {
			fromAt = n
			if n.Kind == yaml.MappingNode {
				r.mapping(n, "from", map[string]field{"any_of": {read: func(n *yaml.Node) { g.Need.AnyOf = r.anyOf(n) }}})
				return
			}
			items := r.items(n, "from", maxFrom)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.bad(n, "Name somebody, or leave the key out: then anyone with write access may approve.", "\"from\" names nobody")
			}
			for _, item := range items {
				if a, ok := r.approver(item); ok {
					g.Need.From = append(g.Need.From, a)
				}
			}
		}},
	}
	if !fallback {
		fields["any_of"] = field{elsewhere: "Write it inside of \"from\": from: {any_of: [[\"@alice\", \"@bob\"], [\"@carol\"]]}."}
		fields["when"] = field{read: func(n *yaml.Node) { g.When = r.when(n) }}
		fields["checklist"] = field{read: func(n *yaml.Node) {
			if g.listsAt = []*yaml.Node{n}; n.Kind == yaml.SequenceNode {
				g.listsAt = r.items(n, "checklist", maxLists)
			}
		}}
		fields["distinct_teams"] = field{read: func(n *yaml.Node) {
			if v, ok := r.boolean(n, "distinct_teams"); ok && v {
				g.distinctAt = n
			}
		}}
		fields["paths"] = field{read: func(n *yaml.Node) { pathsAt = n; r.paths(n, g) }}
		fields["name"] = field{read: func(n *yaml.Node) {
			if s, ok := r.text(n, "name"); ok {
				if len([]rune(s)) > maxGuardName {
					r.bad(n, fmt.Sprintf("Shorten it to %d characters.", maxGuardName), "the name is too long to be shown")
				}
				g.Name, g.nameAt = s, n
			}
		}}
		fields["allow_readers"] = field{read: func(n *yaml.Node) {
			if g.Need.AllowReaders, _ = r.boolean(n, "allow_readers"); g.Need.AllowReaders {
				readersAt = n
			}
		}}
		fields["min_review_seconds"] = field{read: func(n *yaml.Node) {
			g.Need.MinReview, _ = r.number(n, "min_review_seconds", maxReviewSeconds)
		}}
		fields["unwaivable"] = field{read: func(n *yaml.Node) {
			g.Unwaivable, _ = r.boolean(n, "unwaivable")
		}}
	}
	if !r.mapping(n, what, fields) {
		return nil
	}
	switch {
	case tierAt != nil && approvalsAt != nil:
		r.bad(approvalsAt, "Keep one of them.", "%s has both \"tier\" and \"approvals\"", what)
	case tierAt == nil && approvalsAt == nil:
		r.bad(n, "Add \"approvals: 1\" or \"tier: sensitive\".", "%s does not say how many approvals it needs", what)
	}
	if !fallback && pathsAt == nil {
		r.bad(n, "Add paths: [\"folder/**\"].", "a guard needs \"paths\"")
	}
	if fromAt != nil && approvalsAt != nil && g.Need.Approvals > len(g.Need.From) && onlyUsers(g.Need.From) {
		r.bad(fromAt, "Name more people or a team, or ask for fewer approvals.", "%s needs %s but names %d", what, approvals(g.Need.Approvals), len(g.Need.From))
	}
	if readersAt != nil && (fromAt == nil || !named(&g.Need)) {
		r.bad(readersAt, "Name people or a team in \"from\", and no role.", "allow_readers would let anyone approve who can read the repository")
	}
	return g
}

// named says whether all approvers of a guard are people, teams or code owners.
func named(n *gate.Need) bool {
	return !slices.ContainsFunc(slices.Concat(n.From, slices.Concat(n.AnyOf...)), func(a gate.Approver) bool { return a.Role != gate.RoleNone })
}

const (
	maxExempts     = 20
	maxExemptFiles = 100
)

// exempts reads the list, or the word by which a floor forbids it to everybody.
func (r *reader) exempts(n *yaml.Node, d *document) {
	d.at["exempt"] = n
	if n.Kind == yaml.ScalarNode && n.Value == "forbid" {
		if !r.floor {
			r.bad(n, "Leave the key out: then nothing is exempt.", "only an organisation's floor can forbid exemptions")
		}
		d.noExempt = true
		return
	}
	for _, item := range r.items(n, "exempt", maxExempts) {
		e := gate.Exempt{}
		g := &guard{}
		ok := r.mapping(item, "an exemption", map[string]field{
			"app": {read: func(n *yaml.Node) {
				if s, ok := r.text(n, "app"); ok {
					if e.App = strings.TrimSuffix(s, "[bot]"); !userName.MatchString(e.App) {
						r.bad(n, "Write the App's slug, such as dependabot.", "app is %q", clip(s))
					}
				}
			}},
			"paths": {read: func(n *yaml.Node) {
				r.paths(n, g)
				for i, p := range g.Paths {
					if strings.HasPrefix(p, "!") {
						r.bad(g.paths[i], "Name only what is exempt.", "an exemption takes no exclusions")
					}
				}
			}},
			"max_files": {read: func(n *yaml.Node) {
				if e.MaxFiles, _ = r.number(n, "max_files", maxExemptFiles); e.MaxFiles == 0 {
					r.bad(n, fmt.Sprintf("Write a whole number from 1 to %d.", maxExemptFiles), "max_files exempts nothing")
				}
			}},
			"when": {read: func(n *yaml.Node) {
				r.mapping(n, "when", map[string]field{"author": {read: func(n *yaml.Node) {
					_, e.Member = r.oneOf(n, "author", "member")
				}}})
			}},
		})
		switch {
		case !ok:
		case (e.App == "") == !e.Member:
			r.bad(item, "Write app: dependabot, or when: {author: member}.", "an exemption says either an App or members")
		case len(g.Paths) == 0 || e.MaxFiles == 0:
			r.bad(item, "Add paths: [\"go.sum\"] and max_files: 2.", "an exemption needs \"paths\" and \"max_files\"")
		}
		e.Paths = g.Paths
		d.exempt = append(d.exempt, e)
	}
}

var waiverTime = regexp.MustCompile(`^([1-9][0-9]{0,3})([mhd])$`)

// waivers reads who may waive, and for how long.
func (r *reader) waivers(n *yaml.Node) *gate.Waivers {
	w := &gate.Waivers{Expires: gate.DefaultWaiver}
	named := false
	ok := r.mapping(n, "waivers", map[string]field{
		"by": {read: func(n *yaml.Node) {
			named = true
			for _, item := range r.items(n, "by", maxFrom) {
				a, ok := r.approver(item)
				if ok && a.Codeowners {
					r.bad(item, "Name users, teams or a role.", "code owners cannot waive")
				} else if ok {
					w.By = append(w.By, a)
				}
			}
		}},
		"expires": {read: func(n *yaml.Node) {
			m := waiverTime.FindStringSubmatch(n.Value)
			if m != nil {
				v, _ := strconv.Atoi(m[1]) // at most four digits
				w.Expires = time.Duration(v) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
			}
			if m == nil || w.Expires > gate.MaxWaiver {
				r.bad(n, "Write a time of at most 7d, such as 24h.", "expires is %s", describe(n))
			}
		}},
		"critical": {read: func(n *yaml.Node) { r.oneOf(n, "critical", "two-person") }}, // what always holds
		"self":     {read: func(n *yaml.Node) { w.Self, _ = r.boolean(n, "self") }},
	})
	if !ok {
		return nil
	}
	if !named {
		r.bad(n, "Add by: [\"@login\"].", "waivers does not say who may waive")
	}
	return w
}

// checklists reads the file's own checklists.
func (r *reader) checklists(n *yaml.Node, d *document) {
	if n.Kind != yaml.MappingNode || len(n.Content)/2 > maxLists {
		r.bad(n, "Write name: [\"what to look at\", ...].", "checklist must be a mapping of at most %d lists", maxLists)
		return
	}
	d.lists = map[string]gate.Checklist{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		list := gate.Checklist{Name: key.Value}
		if !ruleName.MatchString(key.Value) || len(key.Value) > 60 {
			r.bad(key, "Use letters, digits and dashes.", "%q is not the name of a checklist", clip(key.Value))
			continue
		}
		if _, builtin := gate.BuiltinChecklist(key.Value); builtin {
			r.bad(key, "Give it another name.", "the checklist %q is built in", key.Value)
			continue
		}
		for _, item := range r.items(n.Content[i+1], "a checklist", maxItems) {
			if s, ok := r.text(item, "an item"); ok {
				list.Items = append(list.Items, s)
			}
		}
		if len(list.Items) == 0 {
			r.bad(n.Content[i+1], "Write what to look at.", "the checklist %q is empty", clip(key.Value))
		}
		d.lists[key.Value] = list
	}
}

// findChecklists fills in what the guards name.
func (r *reader) findChecklists(d *document) {
	for i := range d.guards {
		g := &d.guards[i]
		for _, at := range g.listsAt {
			name, ok := r.text(at, "checklist")
			if !ok {
				continue
			}
			list, own := d.lists[name]
			builtin, known := gate.BuiltinChecklist(name)
			switch {
			case own:
				g.Checklists = append(g.Checklists, list)
			case known:
				g.Checklists = append(g.Checklists, builtin)
			default:
				names := append(gate.BuiltinChecklists(), slices.Sorted(maps.Keys(d.lists))...)
				remedy := "Define it under \"checklist\", or use one of " + strings.Join(names, ", ") + "."
				if near := nearest(name, names); near != "" {
					remedy = fmt.Sprintf("Did you mean %q?", near)
				}
				r.bad(at, remedy, "there is no checklist %q", clip(name))
			}
		}
	}
}

// anyOf reads lists of approvers of which one has to be complete.
func (r *reader) anyOf(n *yaml.Node) [][]gate.Approver {
	var out [][]gate.Approver
	for _, alternative := range r.items(n, "any_of", maxFrom) {
		var from []gate.Approver
		for _, item := range r.items(alternative, "an alternative of any_of", maxApprovals) {
			a, ok := r.approver(item)
			if ok && a.Codeowners {
				r.bad(item, "Write a guard of its own with from: [codeowners].", "code owners cannot be part of \"any_of\"")
				continue
			}
			if ok {
				from = append(from, a)
			}
		}
		if len(from) > 0 {
			out = append(out, from)
		} else {
			r.bad(alternative, "Name somebody.", "an alternative of any_of names nobody")
		}
	}
	if len(out) == 0 {
		r.bad(n, "Write lists: any_of: [[\"@alice\", \"@bob\"], [\"@carol\"]].", "any_of names nobody")
	}
	return out
}

// when reads what narrows a guard.
func (r *reader) when(n *yaml.Node) *gate.When {
	w := &gate.When{}
	r.mapping(n, "when", map[string]field{
		"author": {read: func(n *yaml.Node) {
			s, _ := r.oneOf(n, "author", authors...)
			w.Author = gate.Author(s)
		}},
		"fork": {read: func(n *yaml.Node) {
			if v, ok := r.boolean(n, "fork"); ok && !v {
				r.bad(n, "Write \"fork: true\" or leave it out.", "a guard cannot mean only changes that come from no fork")
			} else if ok {
				w.Fork = true
			}
		}},
	})
	return w
}

func onlyUsers(from []gate.Approver) bool {
	return len(from) > 0 && !slices.ContainsFunc(from, func(a gate.Approver) bool { return a.User == "" })
}

func (r *reader) paths(n *yaml.Node, g *guard) {
	included := false
	for _, item := range r.items(n, "paths", maxPaths) {
		s, ok := r.text(item, "a path")
		if !ok {
			continue
		}
		if err := gate.ValidGlob(s); err != nil {
			r.bad(item, "Correct the pattern.", "the path %q: %v", clip(s), err)
			continue
		}
		if strings.HasPrefix(s, "re:") || strings.HasPrefix(s, "!re:") {
			r.expressions++
		}
		g.Paths = append(g.Paths, s)
		g.paths = append(g.paths, item)
		if !strings.HasPrefix(s, "!") {
			if g.Name == "" {
				g.Name = s
			}
			included = true
		}
	}
	if !included && n.Kind == yaml.SequenceNode && len(n.Content) == len(g.Paths) {
		r.bad(n, "Add the paths to guard; \"!\" only takes away from them.", "the paths name no file")
	}
}

var (
	userName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$`)
	teamName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_-]+$`)
	// At least two letters: "*" would be every package.
	packageForm = regexp.MustCompile(`^(?:(?:npm|PyPI|Go|Maven) )?[A-Za-z0-9@~_][A-Za-z0-9@._~/:-]+[A-Za-z0-9@._~/:*-]*$`)
	ruleName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// approver reads "@alice", "@acme/security", "@acme/security#4411", "codeowners" or "role:maintain".
func (r *reader) approver(n *yaml.Node) (gate.Approver, bool) {
	s, ok := r.text(n, "an approver")
	if !ok {
		return gate.Approver{}, false
	}
	const forms = "Write @login, @organisation/team, codeowners or role:write, role:maintain, role:admin."
	if s == "codeowners" {
		return gate.Approver{Codeowners: true}, true
	}
	if role, ok := strings.CutPrefix(s, "role:"); ok {
		switch gate.Role(role) {
		case gate.RoleWrite, gate.RoleMaintain, gate.RoleAdmin:
			return gate.Approver{Role: gate.Role(role)}, true
		default: // the lower roles, and what is no role
		}
		r.bad(n, "Write role:write, role:maintain or role:admin.", "%q: an approval needs at least write access", clip(s))
		return gate.Approver{}, false
	}
	name, at := strings.CutPrefix(s, "@")
	if !at {
		remedy := forms
		if userName.MatchString(s) || teamName.MatchString(s) {
			remedy = fmt.Sprintf("Did you mean %q?", "@"+s)
		}
		if near := nearest(s, []string{"codeowners"}); near != "" {
			remedy = fmt.Sprintf("Did you mean %q?", near)
		}
		r.bad(n, remedy, "%q is not an approver", clip(s))
		return gate.Approver{}, false
	}
	team, id, pinned := strings.Cut(name, "#")
	switch {
	case userName.MatchString(name):
		return gate.Approver{User: name}, true
	case teamName.MatchString(team):
		a := gate.Approver{Team: team}
		if pinned {
			v, err := strconv.ParseInt(id, 10, 64)
			if err != nil || v <= 0 {
				r.bad(n, "Write the team's number after \"#\", or leave it out.", "%q does not pin a team id", clip(s))
				return gate.Approver{}, false
			}
			a.TeamID = v
		}
		return a, true
	}
	r.bad(n, forms, "%q is not an approver", clip(s))
	return gate.Approver{}, false
}

func (r *reader) agents(n *yaml.Node, d *document) {
	login := func(n *yaml.Node, what string) (string, bool) {
		s, ok := r.text(n, what)
		s = strings.TrimPrefix(s, "@")
		if ok && !userName.MatchString(strings.TrimSuffix(s, "[bot]")) {
			r.bad(n, "Write the account's login.", "%s is %q", what, clip(s))
			return "", false
		}
		return s, ok
	}
	accounts := func(n *yaml.Node, what string) {
		for _, item := range r.items(n, what, maxNames) {
			if s, ok := login(item, "an agent"); ok {
				d.agents.Accounts = append(d.agents.Accounts, s)
			}
		}
	}
	r.mapping(n, "agents", map[string]field{
		"accounts": {read: func(n *yaml.Node) { accounts(n, "accounts") }},
		"apps":     {read: func(n *yaml.Node) { accounts(n, "apps") }},
		"extra_approvals": {read: func(n *yaml.Node) {
			d.agents.ExtraApprovals, _ = r.number(n, "extra_approvals", maxApprovals)
		}},
		"sponsors": {read: func(n *yaml.Node) {
			if n.Kind != yaml.MappingNode || len(n.Content)/2 > maxNames {
				r.bad(n, "Write agent: human pairs.", "sponsors must be a mapping of at most %d entries", maxNames)
				return
			}
			d.agents.Sponsors = map[string]string{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				agent, ok := login(n.Content[i], "an agent")
				human, ok2 := login(n.Content[i+1], "a sponsor")
				if ok && ok2 {
					d.agents.Sponsors[agent] = human
				}
			}
		}},
		"unattributed": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "unattributed", "extra", "block"); ok {
				d.agents.BlockUnattributed = s == "block"
			}
		}},
		"disclosure": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "disclosure", "optional", "required"); ok {
				d.agents.Disclosure = s == "required"
			}
		}},
	})
}

func (r *reader) checks(n *yaml.Node, d *document) {
	r.mapping(n, "checks", map[string]field{
		"block_on": {read: func(n *yaml.Node) {
			for _, item := range r.items(n, "block_on", maxNames) {
				if s, ok := r.text(item, "a rule"); ok {
					if !ruleName.MatchString(s) {
						r.bad(item, "Write the rule's id as findings show it.", "%q is not the id of a rule", clip(s))
						continue
					}
					d.checks.BlockOn = append(d.checks.BlockOn, s)
				}
			}
		}},
		"severity": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "severity", severities...); ok {
				d.checks.Severity, _ = checks.ParseSeverity(s)
			}
		}},
		"pack": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "pack", checks.Packs()...); ok {
				d.checks.Pack = s
				d.at["checks.pack"] = n
			}
		}},
		"rollout":  {read: func(n *yaml.Node) { r.rollouts(n, d) }},
		"override": {read: func(n *yaml.Node) { r.overrides(n, d) }},
		"private_packages": {read: func(n *yaml.Node) {
			d.at["checks.private_packages"] = n
			for _, item := range r.items(n, "private_packages", maxNames) {
				s, ok := r.text(item, "a package")
				switch {
				case !ok:
				case !packageForm.MatchString(s):
					r.bad(item, "Write a name, or its beginning and \"*\": \"@acme/*\", \"Maven com.acme:*\".", "%q is no name of packages", clip(s))
				default:
					d.private = append(d.private, s)
				}
			}
		}},
		"imports": {read: func(n *yaml.Node) {
			if s, ok := r.oneOf(n, "imports", rollouts...); ok {
				d.imports = checks.Rollout(s)
				d.at["checks.imports"] = n
			}
		}},
		"max_comments": {read: func(n *yaml.Node) {
			if v, ok := r.number(n, "max_comments", maxComments); ok {
				d.comments = &v
			}
		}},
	})
}

// rollouts reads how far single rules go.
func (r *reader) rollouts(n *yaml.Node, d *document) {
	if n.Kind != yaml.MappingNode || len(n.Content)/2 > maxNames {
		r.bad(n, "Write rule-id: comment pairs.", "rollout must be a mapping of at most %d entries", maxNames)
		return
	}
	d.checks.Rollouts = map[string]checks.Rollout{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !ruleName.MatchString(key.Value) {
			r.bad(key, "Write the rule's id as findings show it.", "%q is not the id of a rule", clip(key.Value))
			continue
		}
		if s, ok := r.oneOf(n.Content[i+1], "the rollout of "+clip(key.Value), rollouts...); ok {
			d.checks.Rollouts[key.Value] = checks.Rollout(s)
			d.at["checks.rollout."+key.Value] = key
		}
	}
}

// audit reads where it is told that a merge went around the gate.
func (r *reader) audit(n *yaml.Node, d *document) {
	d.at["audit"] = n
	r.mapping(n, "audit", map[string]field{
		"bypass_alert": {read: func(n *yaml.Node) {
			s, _ := r.oneOf(n, "bypass_alert", "none", "issue")
			d.audit.Issue = s == "issue"
		}},
		"sink": {read: func(n *yaml.Node) {
			s, _ := r.oneOf(n, "sink", "none", "webhook")
			d.audit.Webhook = s == "webhook"
		}},
	})
}

// distinctTeams fills in which teams the approvals of a guard may come from: those of its "from", or where that names none, every team
// that this file names. Another file adds none, so that a repository cannot widen the floor's.
func (r *reader) distinctTeams(d *document) {
	named := func(n gate.Need) []string {
		var out []string
		for _, a := range slices.Concat(n.From, slices.Concat(n.AnyOf...)) {
			if a.Team != "" {
				out = append(out, strings.ToLower(a.Team))
			}
		}
		return out
	}
	var all []string
	for _, g := range d.needs() {
		all = append(all, named(g.Need)...)
	}
	for i := range d.guards {
		g := &d.guards[i]
		if g.distinctAt == nil {
			continue
		}
		if g.Need.DistinctTeams = sorted(named(g.Need)); len(g.Need.DistinctTeams) == 0 {
			g.Need.DistinctTeams = sorted(slices.Clone(all))
		}
		if need := max(g.Need.Approvals, builtinTiers[g.Tier].approvals, d.tiers[g.Tier].approvals); len(g.Need.DistinctTeams) < need || need < 2 {
			r.bad(g.distinctAt, "Name a team for each of the approvals, and ask for at least two.", "distinct_teams asks for %s from different teams, of %d that the file names", approvals(need), len(g.Need.DistinctTeams))
		}
	}
}

// uniqueNames refuses two guards of one file with the same written name: nobody could tell which one a message means.
func (r *reader) uniqueNames(d *document) {
	lines := map[string]int{}
	for i := range d.guards {
		g := &d.guards[i]
		if g.nameAt == nil {
			continue
		}
		if line, twice := lines[g.Name]; twice {
			r.bad(g.nameAt, "Give it another name.", "two guards are called %q; the first is in line %d", clip(g.Name), line)
		}
		lines[g.Name] = g.nameAt.Line
	}
}

func approvals(n int) string {
	if n == 1 {
		return "1 approval"
	}
	return strconv.Itoa(n) + " approvals"
}
