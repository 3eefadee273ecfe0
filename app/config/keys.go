package config

import (
	"reflect"
	"strings"
)

// fileKeys is a policy file as it is written: which keys there are, what they mean, and how those of a floor and of a repository are put together.
// It is never filled in, because every mistake needs its place: reader reads the YAML nodes. The JSON Schemas and the tables of docs/policy.md are
// made from it, and a test holds the reader to it.
//
// Tags: doc says what the key means, without what holds where it is not written, join what happens between floor and repository. A key
// without join is put together with the one that it belongs to.
type fileKeys struct {
	Version  int                    `key:"version" required:"true" doc:"always 1" join:"each file says its own"`
	Floor    yes                    `key:"floor" only:"floor" doc:"true: this is an organisation's floor, as its file's name says" join:"floor only"`
	Mode     mode                   `key:"mode" doc:"enforce blocks; advisory tells, and never blocks" without:"a file enforces; no file at all advises" join:"strictest: enforce wins"`
	Guard    []guardKeys            `key:"guard" max:"500" doc:"what must be approved; every guard that matches applies" without:"the built-in guards alone" join:"union: all guards of both files apply"`
	Default  defaultKeys            `key:"default" doc:"a guard for the files that no guard matched" without:"they need nothing" join:"both: the floor's covers what no guard of the floor covers, the repository's what no guard covers"`
	Tier     map[tierName]*tierKeys `key:"tier" doc:"raises the built-in tiers"`
	Stale    stale                  `key:"stale" doc:"paths keeps an approval while the guarded files are what it saw; any-push asks again after every push" without:"paths" join:"strictest: any-push wins"`
	Plane    plane                  `key:"control_plane" doc:"whether files that steer builds (manifests, lockfiles, Makefile, Dockerfile and their like) need one approval of anyone with write: required; agents: only if an agent took part, somebody is not known, or the change comes from a fork; off" without:"required" join:"strictest: required wins over agents over off; a floor without the key requires it"`
	Agents   agentKeys              `key:"agents" doc:"coding agents, and what their changes need on top"`
	Checks   checkKeys              `key:"checks" doc:"which findings block"`
	Waivers  waiverKeys             `key:"waivers" doc:"who may let a change pass in spite of a guard, a finding or a check that failed" without:"nobody"`
	List     map[string][]string    `key:"checklist" max:"20" items:"20" doc:"your own checklists: a name, and what to look at" without:"the built-in ones" join:"own: each file's guards use the lists of their own file, and the built-in ones"`
	Exempt   exempts                `key:"exempt" doc:"small changes that need no approval of this file's guards; never exempt from built-in guards, tier critical or a checklist" without:"nothing" join:"own: each file exempts from its own guards and default only; forbid in the floor takes the repositories' exemptions away"`
	Governed []branch               `key:"governed_branches" max:"500" doc:"base branches that the policy holds for: globs, or ~default" without:"the default branch, which always is governed" join:"union"`
	Audit    auditKeys              `key:"audit" doc:"where a merge that went around the gate is told, beside the server's log"`
}

type guardKeys struct {
	Paths      []glob    `key:"paths" required:"true" max:"200" doc:"globs from the root of the repository: * stays within a folder, ** does not; ! takes out again; re: begins a regular expression for the whole path"`
	Name       shortText `key:"name" doc:"shown in the check; one file uses a name once" without:"the first path"`
	Tier       tierName  `key:"tier" doc:"critical, sensitive or normal; instead of approvals"`
	Approvals  count     `key:"approvals" doc:"how many; instead of tier"`
	From       from      `key:"from" doc:"who: any of \"@login\", \"@organisation/team\", \"role:maintain\", codeowners; \"@acme/security#4411\" pins the team's id. Or {any_of: [[...], [...]]}: one of the lists has to be complete, with another person for each of its entries" without:"anyone with write access"`
	Readers    bool      `key:"allow_readers" doc:"true: also people who may only read, if from names them, their team or code owners" without:"only people with write access approve"`
	MinReview  seconds   `key:"min_review_seconds" doc:"an approval counts if it came that many seconds or more after the push that it is for" without:"at once; within a minute of a push to the guarded files it has to be confirmed"`
	Distinct   bool      `key:"distinct_teams" doc:"true: the approvals come from different teams of its from, or of this file where from names none" without:"any of them"`
	When       whenKeys  `key:"when" doc:"only for some changes. Such a guard only adds: its files stay with default too" without:"always"`
	Checklist  lists     `key:"checklist" doc:"names of checklists that somebody has to attest before the guard holds" without:"none"`
	Unwaivable bool      `key:"unwaivable" doc:"true: no waiver counts here" without:"waivers do"`
}

type defaultKeys struct {
	Tier      tierName `key:"tier" doc:"as in a guard"`
	Approvals count    `key:"approvals" doc:"as in a guard"`
	From      from     `key:"from" doc:"as in a guard"`
}

type whenKeys struct {
	Author author `key:"author" doc:"agent: there is evidence that one took part; fork; first_time: who opened it never had a change merged here; unattributed: somebody behind it is not known"`
	Fork   yes    `key:"fork" doc:"true: the head lives in another repository"`
}

type tierKeys struct {
	Approvals    count        `key:"approvals" doc:"how many" without:"critical 2, sensitive 1, normal 0" join:"max; never below the built-in number"`
	UpToDate     bool         `key:"up_to_date" doc:"true: the branch must contain the newest commit of its base" without:"critical: true" join:"strictest: true wins"`
	Independence independence `key:"independence" doc:"pr: whoever took part in the pull request approves none of it; path: not the guards whose files their commits and pushes touched (sensitive and normal only; trusts that whoever moves content into a guarded file stands for it)" without:"pr" join:"strictest: pr wins; path must be said by the file whose guard it is"`
}

type agentKeys struct {
	Accounts     []login         `key:"accounts" max:"500" doc:"accounts that are agents, beside the built-in table" without:"the built-in table" join:"union"`
	Apps         []login         `key:"apps" max:"500" doc:"the same, for the slugs of Apps" join:"union"`
	Extra        count           `key:"extra_approvals" doc:"approvals on top of each guard's when an agent took part" without:"0" join:"max"`
	Unattributed unattributed    `key:"unattributed" doc:"what a commit without an account, or an agent without a known sponsor, costs: extra: one approval more; block: the change waits until they are known" without:"extra" join:"strictest: block wins"`
	Disclosure   disclosure      `key:"disclosure" doc:"required: where there is evidence of an agent, the description or a commit has to say so (Assisted-by: NAME)" without:"optional" join:"strictest: required wins"`
	Sponsors     map[login]login `key:"sponsors" max:"500" doc:"which human sets an agent to work: they cannot approve its changes" without:"found from the pull request" join:"the floor's; those of a repository cannot approve either, but do not lift the approval that an unknown sponsor costs"`
}

type checkKeys struct {
	Severity    severity              `key:"severity" doc:"the lowest severity that blocks, with high confidence" without:"high" join:"strictest: the lower severity, which blocks more"`
	BlockOn     []rule                `key:"block_on" max:"500" doc:"ids or tags of rules that block whatever their severity, with high confidence" without:"none" join:"union"`
	Rollout     map[rule]rolloutKey   `key:"rollout" max:"500" doc:"how far a rule goes, by its id: off, shadow (counted, not shown), comment, block" without:"what the rule's file says; built-in rules block, others comment" join:"strictest, for each rule; of a rule that the floor does not name, a repository's file can only say block"`
	Override    map[rule]overrideKeys `key:"override" max:"500" doc:"what is said of a rule, by its id, in place of what its file says" without:"what the rule says" join:"the floor's; a repository's severity and confidence only raise, and its message and paths count where there is no floor"`
	Pack        pack                  `key:"pack" doc:"recommended; strict: more rules run, and what is sure blocks from medium severity on; advisory: findings are told and none blocks, but of a rule whose rollout is named" without:"recommended" join:"floor only: under a floor the repository's is not used"`
	Private     []packageName         `key:"private_packages" max:"500" doc:"packages of your own: \"@acme/*\", \"com.acme:*\", \"npm acme-kit\". Their names are never sent to a registry, and no registry needs to know them" without:"none" join:"floor only: under a floor the repository's is not used"`
	Imports     rolloutKey            `key:"imports" doc:"how far findings go that other tools report (SARIF given to scan --import or the Action): off, shadow, comment, block; rollout says it for a single rule" without:"comment" join:"strictest: block wins over comment over shadow over off; a floor without the key says comment"`
	MaxComments comments              `key:"max_comments" doc:"how many findings are told in comments; everything is in the check's summary, and nothing that blocks depends on it" without:"10" join:"the repository's, else the floor's: it decides nothing"`
}

type overrideKeys struct {
	Severity   severity      `key:"severity" doc:"of all its findings"`
	Confidence confidence    `key:"confidence" doc:"of the rule; a finding that is less sure than its rule stays so. Only high blocks"`
	Message    message       `key:"message" doc:"what is told; may hold the metavariables of a rule that is a pattern"`
	Paths      overridePaths `key:"paths" doc:"which files, beside what the rule says"`
}

type overridePaths struct {
	Include []ruleGlob `key:"include" max:"200" doc:"globs as in a rule's paths: at any depth unless they begin with a slash; a folder means what is below it" without:"every file"`
	Exclude []ruleGlob `key:"exclude" max:"200" doc:"the same, left out" without:"none"`
}

type waiverKeys struct {
	By       []approver `key:"by" required:"true" max:"50" doc:"who: as in from, without codeowners" join:"the repository's people waive what the repository asks for; what the floor asks for, and findings, only the floor's"`
	Expires  duration   `key:"expires" doc:"the longest time, at most 7d" without:"72h" join:"as waivers.by"`
	Critical twoPerson  `key:"critical" doc:"two-person, which always holds: what is critical takes two people" join:"always holds"`
	Self     bool       `key:"self" doc:"true: also somebody who took part in the change; marked as such" without:"false" join:"as waivers.by"`
}

type exemptKeys struct {
	App      login      `key:"app" doc:"an App that opened and pushed all of it, with its signature verified by GitHub on every commit"`
	When     exemptWhen `key:"when" doc:"instead of app: {author: member}: everybody behind the change is a person with write access, and no agent took part"`
	Paths    []plain    `key:"paths" required:"true" max:"200" doc:"globs that every changed file must match, without exclusions"`
	MaxFiles fileCount  `key:"max_files" required:"true" doc:"the most files, up to 100"`
}

type exemptWhen struct {
	Author member `key:"author" required:"true" doc:"member"`
}

type auditKeys struct {
	Alert alert `key:"bypass_alert" doc:"issue: an issue in the repository" without:"none" join:"union: told wherever one of the files says"`
	Sink  sink  `key:"sink" doc:"webhook: also a message to the address that the operator of the server has set; a policy names no address" without:"none" join:"union: told wherever one of the files says"`
}

// The values. What each looks like is in valueSchema.
type (
	mode         string
	stale        string
	tierName     string
	plane        string
	independence string
	author       string
	unattributed string
	disclosure   string
	severity     string
	rolloutKey   string
	confidence   string
	message      string
	ruleGlob     string
	pack         string
	twoPerson    string
	member       string
	alert        string
	sink         string
	yes          bool
	count        int
	seconds      int
	comments     int
	fileCount    int
	shortText    string
	glob         string
	plain        string // a glob without exclusion
	branch       string
	approver     string
	from         []approver
	lists        []string
	login        string
	rule         string
	packageName  string
	duration     string
	exempts      []exemptKeys
)

// A key is one that a mapping of a policy file may have.
type key struct {
	name                       string
	doc, without, join, max    string
	items                      string
	required, floorOnly, group bool // group: a mapping of keys of its own
	t                          reflect.Type
}

// keysOf lists the keys of a mapping, in the order in which they are documented.
func keysOf(t reflect.Type, floor bool) []key {
	var out []key
	for i := range t.NumField() {
		f := t.Field(i)
		k := key{name: f.Tag.Get("key"), doc: f.Tag.Get("doc"), without: f.Tag.Get("without"), join: f.Tag.Get("join"), max: f.Tag.Get("max"), items: f.Tag.Get("items"),
			required: f.Tag.Get("required") == "true", floorOnly: f.Tag.Get("only") == "floor", t: f.Type}
		k.group = inner(f.Type) != nil
		if floor || !k.floorOnly {
			out = append(out, k)
		}
	}
	return out
}

// inner gives the mapping inside of a type; nil if there is none.
func inner(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Struct:
		return t
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return inner(t.Elem())
	default:
		return nil
	}
}

// walkKeys calls f for every key with the path to it, as the documentation writes it: "guard[].paths", "tier.*.approvals".
func walkKeys(f func(path string, k key)) {
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for _, k := range keysOf(t, true) {
			f(prefix+k.name, k)
			sub := inner(k.t)
			if sub == nil {
				continue
			}
			switch k.t.Kind() {
			case reflect.Slice:
				walk(sub, prefix+k.name+"[].")
			case reflect.Map:
				walk(sub, prefix+k.name+".*.")
			default:
				walk(sub, prefix+k.name+".")
			}
		}
	}
	walk(reflect.TypeFor[fileKeys](), "")
}

// Keys is the table of every key, for the documentation.
func Keys() string {
	var b strings.Builder
	b.WriteString("| key | meaning | without it |\n|---|---|---|\n")
	walkKeys(func(path string, k key) {
		b.WriteString("| `" + path + "` | " + k.doc + " | " + k.without + " |\n")
	})
	return b.String()
}

// JoinTable says, key by key, how floor and repository are put together.
func JoinTable() string {
	var b strings.Builder
	b.WriteString("| key | floor and repository together |\n|---|---|\n")
	walkKeys(func(path string, k key) {
		if k.join != "" {
			b.WriteString("| `" + path + "` | " + k.join + " |\n")
		}
	})
	return b.String()
}
