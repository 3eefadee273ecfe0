package checks

import (
	"fmt"
	"strings"
)

// Severity says how bad it is if the finding is true.
type Severity uint8

// The severities, least first. The zero value is "not said".
const (
	_ Severity = iota
	Info
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"", "info", "low", "medium", "high", "critical"}

// ParseSeverity reads one of info, low, medium, high, critical, or Semgrep's INFO, WARNING, ERROR
// (read as low, medium, high).
func ParseSeverity(s string) (Severity, error) {
	switch s {
	case "INFO":
		return Low, nil
	case "WARNING":
		return Medium, nil
	case "ERROR":
		return High, nil
	}
	for i, name := range severityNames {
		if i > 0 && strings.EqualFold(s, name) {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q (want critical, high, medium, low or info)", s)
}

func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return ""
}

// MarshalText writes the severity as its word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes; an empty text is "not said".
func (s *Severity) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*s = 0
		return nil
	}
	*s, err = ParseSeverity(string(text))
	return err
}

// Confidence says how sure the check is that the finding is true.
type Confidence uint8

// The confidences, least first. The zero value is "not said".
const (
	_ Confidence = iota
	Unsure
	Likely
	Certain
)

var confidenceNames = [...]string{"", "low", "medium", "high"}

// ParseConfidence reads low, medium or high, in any case.
func ParseConfidence(s string) (Confidence, error) {
	for i, name := range confidenceNames {
		if i > 0 && strings.EqualFold(s, name) {
			return Confidence(i), nil
		}
	}
	return 0, fmt.Errorf("unknown confidence %q (want high, medium or low)", s)
}

func (c Confidence) String() string {
	if int(c) < len(confidenceNames) {
		return confidenceNames[c]
	}
	return ""
}

// MarshalText writes the confidence as its word.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText writes; an empty text is "not said".
func (c *Confidence) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	*c, err = ParseConfidence(string(text))
	return err
}

// Side names one of the two trees of a change.
type Side uint8

// The two sides.
const (
	Head Side = iota // what the author wants to merge
	Base             // what it is compared with: the merge base
)

func (s Side) String() string {
	if s == Base {
		return "base"
	}
	return "head"
}

// MarshalText writes "head" or "base".
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Side) UnmarshalText(text []byte) error {
	switch string(text) {
	case "head":
		*s = Head
	case "base":
		*s = Base
	default:
		return fmt.Errorf("unknown side %q", text)
	}
	return nil
}

// A Location is a region of one file on one side of the change. Lines and columns count from 1; columns count
// Unicode code points (an invalid byte counts as one); the end is exclusive. A Location with line 0 means the whole file.
type Location struct {
	Path        string `json:"path"` // slash-separated, raw bytes as git stores them
	Side        Side   `json:"side"`
	StartLine   int    `json:"start_line"`
	StartColumn int    `json:"start_column"`
	EndLine     int    `json:"end_line"`
	EndColumn   int    `json:"end_column"`
	// Snippet is the text of the lines StartLine to EndLine (at most MaxSnippetLines of them), without the final newline, so that
	// every output can show the code without the repository. Filled in by scan.
	Snippet string `json:"snippet,omitempty"`
}

// MaxSnippetLines bounds Location.Snippet.
const MaxSnippetLines = 12

// Related is another place that explains a finding, with what it shows.
type Related struct {
	Location Location `json:"location"`
	Message  string   `json:"message"`
}

// A Suppression is a comment in the source that asks to silence a finding.
type Suppression struct {
	Reason string `json:"reason"` // empty: none was given, and the suppression does not hold
	Line   int    `json:"line"`   // where the comment stands, at head
	// Added says that the change itself adds it, or puts new code under it: it does not silence a blocking finding (B73).
	Added bool `json:"added,omitempty"`
}

// A Fix replaces one region of the head file by another text.
type Fix struct {
	Location Location `json:"location"`
	Text     string   `json:"text"`
}

// A Finding is one thing worth a human's attention. It is the only result type until it becomes bytes.
// A check fills in RuleID, Message, Location, and where it has them Severity, Confidence, Related and Fix;
// scan fills in the rest.
type Finding struct {
	RuleID      string       `json:"rule_id"`
	Message     string       `json:"message"`    // what is wrong and what to do instead; one or two plain sentences
	Severity    Severity     `json:"severity"`   // zero from a check: the rule's own
	Confidence  Confidence   `json:"confidence"` // zero from a check: the rule's own
	Location    Location     `json:"location"`   // where the reader should look first
	Related     []Related    `json:"related,omitempty"`
	Flow        []Related    `json:"flow,omitempty"` // how data came here: from its source to its sink, both included
	Fix         *Fix         `json:"fix,omitempty"`
	Symbol      string       `json:"symbol,omitempty"` // enclosing function or class, "Class.method"
	Fingerprint Fingerprint  `json:"fingerprint"`
	Suppression *Suppression `json:"suppression,omitempty"`
	// Key is the text that identifies the match in the fingerprint where the matched source text would not do
	// (a removed control has no text at head). Empty: the text of Location, white space folded.
	Key string `json:"-"`
	// Introduced is false for what base already had: it is kept out of the decision and of every comment.
	Introduced bool `json:"introduced"`
	// Blocking says that the finding counts against the change under the configuration of the scan.
	Blocking bool `json:"blocking"`
	// Comment marks what may be posted inline, within the noise budget.
	Comment bool `json:"comment"`
	// Shadow says that the rule is on trial: the finding stands in the JSON and is counted in statistics, and nobody else is told.
	Shadow bool `json:"shadow,omitempty"`
}

// Suppressed says that a suppression silences the finding: it gives a reason, and the finding does not block all the same.
func (f *Finding) Suppressed() bool {
	return f.Suppression != nil && f.Suppression.Reason != "" && !f.Blocking
}
