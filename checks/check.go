// Package checks is the contract of everything that looks at a change: what a check is, what it is given, and the
// one result type, Finding.
//
// A check is a value, listed once in checks/all. It sees a Change (two trees, the changed files with their line maps,
// the pull request's text) and reports findings. It does no input or output of its own, starts nothing, and keeps
// nothing between runs; what it may read is in the Change, and a file that was not fetched is an error, never absence.
// The same change gives the same findings in the same order once sorted.
package checks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// A Check looks at one Change for one kind of flaw. It is a value: declare it, list it, never subclass it.
type Check struct {
	Name  string     // stable, unique, kebab case with its room: "ai/weakened-test"
	Doc   string     // embedded doc.go; the first sentence is the title
	Rules []RuleInfo // what it can report; usually one
	Scope Scope
	// Examples is the embedded examples.txtar: a wrong and a right change for each rule, as sections RULE/wrong/PATH and RULE/right/PATH. Where both begin
	// with the same file, it is RULE/base/PATH. A test runs them; the catalogue shows them.
	Examples string
	// Reads names the files beyond the changed ones that Run looks at, chosen from all paths of the head tree. It sees paths
	// only, so it may run in the parent; what it names is fetched in one batch. Nil: none.
	Reads func(paths []string) []string
	// ReadsNear names more of them, and is also told which paths changed, on either side: what lies beside those. They are read at head alone, because
	// what did not change is the same on base. Nil: none.
	ReadsNear func(changed, paths []string) []string
	// Asks names the packages of which Run wants to be told in Facts.Answers. It runs before Run, where Run does, and is given no more of the change
	// than what Reads names: a check that asks has Reads. What it names leaves the machine if the operator says where to ask. Nil: none.
	Asks func(ctx context.Context, pass *Pass) ([]Package, error)
	// Wants names files of head that the change leaves alone, by what is in them. It runs before Run, where Run does, and sees the same change; what is
	// found is in Change.Found then. It does not run for a whole tree, of which everything is given. Nil: none.
	Wants func(ctx context.Context, pass *Pass) ([]Want, error)
	Run   func(ctx context.Context, pass *Pass) error
}

// Scope says what a check judges.
type Scope uint8

const (
	// PerSide checks judge each file by itself. They are run on both sides of the changed files, and what base had too
	// (by fingerprint, renames mapped) is not introduced.
	PerSide Scope = iota
	// Difference checks judge the step from base to head. They run once, and what they report is introduced.
	Difference
)

// ErrSkipped is wrapped by a check that could not look for want of something that is allowed to be missing (a registry
// when offline). It is shown as "skipped" with the error's text; it is never read as "nothing found".
var ErrSkipped = errors.New("skipped")

// ErrNotFetched is what a Tree answers for a file that exists but was not fetched (not named by Reads) or exceeded a limit.
var ErrNotFetched = errors.New("file was not fetched")

// A Pass is one run of one Check on one Change.
type Pass struct {
	Change *Change
	Side   Side // for PerSide checks: the side to judge
	// Report hands over one finding. Safe for concurrent use.
	Report func(Finding)
	// Unscanned says that a region or file could not be judged (broken syntax, a limit): shown, and never read as clean.
	Unscanned func(Unscanned)
}

// Texts hands the text of every file of the pass's side to each, but for opaque ones and those that wanted refuses; nil wants all. A file that is not
// there is left out.
func (p *Pass) Texts(ctx context.Context, wanted func(f *File, name string) bool, each func(f *File, name string, text []byte)) error {
	for _, f := range p.Change.Files {
		name, ok := f.PathOn(p.Side)
		if !ok || f.Opaque != "" || wanted != nil && !wanted(f, name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := p.Change.Tree(p.Side).Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		each(f, name, text)
	}
	return nil
}

// Unscanned is something of the change that a check could not judge.
type Unscanned struct {
	Path   string `json:"path"`
	Side   Side   `json:"side"`
	Line   int    `json:"line,omitempty"` // 0: the whole file
	Reason string `json:"reason"`         // "52 MB, over the limit of 2 MB"
}

// RuleInfo describes one thing that can be reported: the text behind outputs, help and the catalogue.
type RuleInfo struct {
	ID         string     `json:"id"`               // kebab case, stable for ever
	Title      string     `json:"title"`            // a few words: "SQL built from strings"
	Why        string     `json:"why,omitempty"`    // what can happen; plain sentences
	Remedy     string     `json:"remedy,omitempty"` // what to do; plain sentences
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	CWE        []string   `json:"cwe,omitempty"` // "CWE-89"
	References []string   `json:"references,omitempty"`
	Tags       []string   `json:"tags,omitempty"` // "security", "test-integrity", ...
	Languages  []string   `json:"languages,omitempty"`
	NeedsHuman bool       `json:"needs_human,omitempty"` // acts as a guard: one eligible approval clears it
	Rollout    Rollout    `json:"rollout"`
	Pack       Pack       `json:"pack,omitempty"` // the first pack that it runs in; empty: recommended
	Same       []string   `json:"same,omitempty"` // rules of gosec and bandit that say the same, as their directives name them: "G304", "B608"
	Origin     string     `json:"origin"`         // "builtin", or the file the rule came from
}

// Pack names a set of rules.
type Pack string

// The packs. Advisory is not a pack of its own rules: it is what is recommended, without blocking.
const (
	PackRecommended Pack = "recommended" // what earns its place in every change
	PackStrict      Pack = "strict"      // and what is right less often or matters less; what is sure blocks from medium severity on
	PackAdvisory    Pack = "advisory"    // tells, and blocks nothing
)

// Packs gives the names of all packs.
func Packs() []string {
	return []string{string(PackRecommended), string(PackStrict), string(PackAdvisory)}
}

// Rollout says how far a rule may go.
type Rollout string

// The rollouts, weakest first. Empty means Block for built-in rules and Comment for all others.
const (
	RolloutOff     Rollout = "off"
	RolloutShadow  Rollout = "shadow"
	RolloutComment Rollout = "comment"
	RolloutBlock   Rollout = "block"
)

// Near gives what ReadsNear of the checks names, for the changed files of a change.
func Near(list []*Check, files []*File, paths []string) []string {
	var changed []string
	for _, f := range files {
		changed = append(changed, f.Path)
		if f.OldPath != "" {
			changed = append(changed, f.OldPath)
		}
	}
	var out []string
	for _, c := range list {
		if c.ReadsNear != nil {
			out = append(out, c.ReadsNear(changed, paths)...)
		}
	}
	return out
}
