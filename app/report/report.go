// Package report turns results and decisions into what people and programs read. It renders; it never sends.
//
// One file per output. Every output is made from the one Input, whose JSON form is the json output, so whatever an output shows
// can be made again from stored JSON. Everything in it that came from the judged change is escaped here, once per output's own rules.
package report

import (
	"io"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// An Input is all that an output may show.
type Input struct {
	// Version counts incompatible changes of the JSON form; fields may be added without one.
	Version  int             `json:"version"`
	Tool     Tool            `json:"tool"`
	Repo     string          `json:"repo,omitempty"`    // "owner/name", where known
	Number   int             `json:"number,omitempty"`  // of the pull request, where there is one
	Against  string          `json:"against,omitempty"` // what the change was compared with, for people: "origin/main"; "" for a whole tree
	FailOn   checks.Severity `json:"fail_on"`
	Scan     *scan.Result    `json:"scan"`
	Decision *gate.Decision  `json:"decision,omitempty"` // nil on the command line: findings decide
	// WillNeed lists, on the command line, what the guards of the policy will ask for once this is a pull request.
	WillNeed []gate.GuardAnswer `json:"will_need,omitempty"`
	// RawPaths holds the bytes (in JSON: as base64) of paths that are no UTF-8 and that JSON therefore cannot carry, by the name that stands
	// for them everywhere else in the document. Only the JSON form has it: the json format writes it, and Read puts the paths back.
	RawPaths map[string][]byte `json:"raw_paths,omitempty"`
}

// Tool names the program that made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Options are about the reader's device, not about the content.
type Options struct {
	Color bool
	Width int // columns of the terminal; 0: do not fold
}

// A Format turns an Input into bytes.
type Format struct {
	Name, Doc string
	Write     func(w io.Writer, in *Input, opt Options) error
}

// Formats lists every format, sorted by name. A new output is a file with a Format value and a line here.
func Formats() []*Format {
	return []*Format{agentFormat, annotations, jsonFormat, markdown, sarifFormat, text}
}

// FormatNamed finds a format; nil if there is none of that name.
func FormatNamed(name string) *Format {
	for _, f := range Formats() {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// A CheckRun is the check run as it should stand on GitHub.
type CheckRun struct {
	Name        string       `json:"name"`
	Status      string       `json:"status"`     // "in_progress", "completed"
	Conclusion  string       `json:"conclusion"` // "" while in progress; "success", "failure", "action_required", "cancelled"
	Title       string       `json:"title"`
	Summary     string       `json:"summary"` // Markdown, at most 65,535 characters
	Annotations []Annotation `json:"annotations,omitempty"`
	Actions     []Action     `json:"actions,omitempty"` // the buttons on its page, at most three
}

// An Action is a button. GitHub shows it to people with write access, and tells us by its identifier.
type Action struct {
	Identifier  string `json:"identifier"`  // at most 20 characters
	Label       string `json:"label"`       // at most 20
	Description string `json:"description"` // at most 40
}

// The identifiers of our buttons.
const (
	ActionRecheck = "recheck"
	ActionExplain = "explain"
)

// An Annotation marks lines of the head tree.
type Annotation struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Level     string `json:"level"` // "notice", "warning", "failure"
	Title     string `json:"title"`
	Message   string `json:"message"`
}

// A Review is one review with its inline comments, posted with event COMMENT.
type Review struct {
	Body     string    `json:"body"`
	Comments []Comment `json:"comments"`
}

// A Comment is one inline comment. Lines are of Side; StartLine is 0 for a single line.
type Comment struct {
	Path        string             `json:"path"`
	Side        checks.Side        `json:"side"`
	StartLine   int                `json:"start_line,omitempty"`
	Line        int                `json:"line"`
	Body        string             `json:"body"` // Markdown; ends with the marker that carries the fingerprint
	Fingerprint checks.Fingerprint `json:"fingerprint"`
	Trace       string             `json:"trace,omitempty"`
}
