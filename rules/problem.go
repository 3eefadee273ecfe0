package rules

import (
	"cmp"
	"fmt"
	"slices"
)

// A Problem is something wrong with a rule or a rule file, told to whoever owns it.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // from 1; 0: the whole file
	Column  int    `json:"column,omitempty"`
	RuleID  string `json:"rule_id,omitempty"` // empty: the file, or a rule without a readable id
	Kind    Kind   `json:"kind"`
	Message string `json:"message"` // what is wrong, and what to do
	// Code names what lint found, in a few words with hyphens; empty: the loader or the compiler says it, and Kind is all that there is.
	Code string `json:"code,omitempty"`
}

// Kind says what a Problem means for the rule.
type Kind string

// The kinds.
const (
	Broken      Kind = "broken"      // a mistake: the rule does not run
	Unsupported Kind = "unsupported" // valid Semgrep that the engine does not run yet: the rule does not run
	Advice      Kind = "advice"      // the rule runs all the same
)

// Stops says that the rule does not run.
func (p Problem) Stops() bool { return p.Kind != Advice }

// String writes the problem on one line: "file:line:column: rule-id: message".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.RuleID != "" {
		s += ": " + p.RuleID
	}
	return s + ": " + p.Message
}

// SortProblems orders problems by place.
func SortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// Problem makes a Problem at a place of the rule.
func (r *Rule) Problem(kind Kind, at Pos, format string, args ...any) Problem {
	return Problem{File: r.File, Line: at.Line, Column: at.Column, RuleID: r.ID.Value, Kind: kind, Message: fmt.Sprintf(format, args...)}
}
