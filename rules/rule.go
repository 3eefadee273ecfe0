// Package rules holds what security leads write: the rule type, its loader with positions, and the embedded library.
//
// A rule file is Semgrep's YAML. Parse reads it strictly: a key or operator that is unknown, misspelt, or part of Semgrep's language that
// the engine cannot run is a Problem that names file, line, column and remedy, and that rule does not run. Nothing is guessed and
// no condition is left out, because a rule that runs without one of its conditions reports what its author excluded.
//
// Beside Semgrep's own fields a rule may carry ours, where Semgrep allows anything:
//
//	metadata:
//	  reviewgate:
//	    title: SQL built from strings     # a few words
//	    why: ...                          # what can happen
//	    remedy: ...                       # what to do
//	    rollout: comment                  # off, shadow, comment or block
//	    test-files: true                  # look at test files too
//	    pack: strict                      # runs in the strict pack only
//	    same: [G304]                      # rules of gosec and bandit that say the same; `nosec G304` silences this one too
//	    wrong: |                          # code that the rule finds, and
//	      ...
//	    right: |                          # the same done well
//	      ...
package rules

// A Source is one rule file, not yet parsed. Rule files cross to the worker as sources, because a compiled rule cannot.
type Source struct {
	Name   string // where the user finds it: a path, or "builtin/python/sql-string-build.yaml"
	Origin Origin
	Data   []byte
}

// Origin says whose rule it is; it decides the default rollout and who is told when it cannot run.
type Origin string

// The origins.
const (
	OriginBuiltin    Origin = "builtin"
	OriginFlag       Origin = "flag"       // scan --rules
	OriginRepository Origin = "repository" // .github/reviewgate/rules
	OriginFloor      Origin = "floor"      // reviewgate-rules in the organisation's .github repository
)

// A Rule is one rule of a rule file, as written. It is immutable after Parse.
type Rule struct {
	File   string // Source.Name
	Origin Origin
	Pos    Pos // of the rule's entry in the list

	ID       Text
	Message  Text // may hold metavariables
	Severity Text // as written: ERROR, WARNING, INFO, or critical, high, medium, low, info in any case
	// Languages as written, in order. Which of them the engine can run, the engine says.
	Languages []Text
	Formula   *Formula // nil: a taint rule
	Taint     *Taint   // nil: a search rule
	Paths     Paths
	Fix       *Text // replaces the match; may hold metavariables; nil: none
	FixRegex  *FixRegex
	Options   Options
	Metadata  Metadata

	// Idle says that no file to be looked at is of the rule's languages. The engine lists such a rule and spares itself to compile it. Parse never
	// sets it; whoever does sets it on a copy.
	Idle bool
}

// A FixRegex edits the text of the match. Replacement names groups of the expression as \1 or \g<name>.
type FixRegex struct {
	Pos         Pos
	Regex       Text
	Replacement Text
	Count       int // how many; 0: all
}

// Paths limits a rule to files. Globs are Semgrep's: unless a glob begins with a slash it matches at any depth, and a glob
// that names a folder means all files below it.
type Paths struct {
	Include []Text // none: every file
	Exclude []Text
}

// Metadata is what a rule says about itself.
type Metadata struct {
	CWE        []string // "CWE-89"
	References []string // addresses
	Confidence string   // as written; empty: not said
	Category   string
	Tags       []string // Semgrep's owasp, technology and subcategory are not tags: only `tags` is

	Title     string // metadata.reviewgate.title
	Why       string
	Remedy    string
	Rollout   string   // off, shadow, comment, block; empty: not said
	TestFiles bool     // the rule looks at test files too
	Pack      string   // recommended or strict; empty: not said
	Same      []string // rules of gosec and bandit that say the same
	Wrong     string   // a few lines of code that the rule reports, and
	Right     string   // the same done well, which it does not
}

// Op is an operator of the search language.
type Op uint8

// The operators, by their keys.
const (
	Pattern           Op = iota // pattern: Text
	And                         // patterns: Children
	Or                          // pattern-either: Children
	Not                         // pattern-not: Children[0]
	Inside                      // pattern-inside: Children[0]
	NotInside                   // pattern-not-inside: Children[0]
	Regex                       // pattern-regex: Text
	NotRegex                    // pattern-not-regex: Text
	MetavariableRegex           // metavariable-regex: Metavariables[0], Text
	Focus                       // focus-metavariable: Metavariables, the union of which is meant

	MetavariablePattern    // metavariable-pattern: Metavariables[0], Children[0], Language
	MetavariableComparison // metavariable-comparison: Text, and the Metavariables[0] that it may name beside it
	MetavariableAnalysis   // metavariable-analysis: Metavariables[0], Text is the analyzer
	MetavariableType       // metavariable-type: Metavariables[0], Types
)

var opKeys = [...]string{
	Pattern: "pattern", And: "patterns", Or: "pattern-either", Not: "pattern-not", Inside: "pattern-inside", NotInside: "pattern-not-inside",
	Regex: "pattern-regex", NotRegex: "pattern-not-regex", MetavariableRegex: "metavariable-regex", Focus: "focus-metavariable",
	MetavariablePattern: "metavariable-pattern", MetavariableComparison: "metavariable-comparison", MetavariableAnalysis: "metavariable-analysis",
	MetavariableType: "metavariable-type",
}

// String gives the operator's key in a rule file.
func (o Op) String() string {
	if int(o) < len(opKeys) {
		return opKeys[o]
	}
	return "unknown operator"
}

// Positive says that the operator finds something by itself; the others only narrow what was found.
func (o Op) Positive() bool {
	return o == Pattern || o == And || o == Or || o == Inside || o == Regex
}

// Condition says that the operator asks something of a metavariable's value.
func (o Op) Condition() bool {
	return o == MetavariableRegex || o >= MetavariablePattern && o <= MetavariableType
}

// A Formula is one operator with its operands.
type Formula struct {
	Op            Op
	Pos           Pos // of the key
	Text          Text
	Metavariables []Text
	Children      []*Formula // of Not, Inside, NotInside and MetavariablePattern: exactly one

	Language Text   // MetavariablePattern: the language of what the metavariable stands for; empty: that of the file
	Types    []Text // MetavariableType: one of them
	Strip    bool   // MetavariableComparison: the values are turned into numbers first
	Constant bool   // MetavariableRegex: a constant counts as its value
}

// Pos is a place in a rule file, both from 1; columns count code points. The zero value is "not known".
type Pos struct{ Line, Column int }

// Text is a scalar of a rule file and where it stands.
type Text struct {
	Value string
	Pos   Pos // of the scalar: its quote if it has one, the indicator of a block scalar

	first  Pos // of the value's first character
	indent int // the column of the value's further lines; 0: they cannot be told
}

// At gives the place in the rule file of a line and column (both from 1) of the value. Where a scalar's lines cannot be told
// apart in the file (folded or escaped ones) it gives the place of the scalar.
func (t Text) At(line, column int) Pos {
	switch {
	case line <= 1 && t.first.Line > 0:
		return Pos{t.first.Line, t.first.Column + max(column, 1) - 1}
	case line > 1 && t.indent > 0:
		return Pos{t.first.Line + line - 1, t.indent + max(column, 1) - 1}
	}
	return t.Pos
}
