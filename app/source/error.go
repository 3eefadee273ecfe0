package source

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of trouble an Error is, as far as callers act differently on it.
type Kind uint8

// The kinds of trouble.
const (
	// Failed: git or the file system failed in a way that has no better name.
	Failed Kind = iota
	// Usage: what was asked for does not exist or does not fit: no repository, an unknown revision, an unreadable folder.
	Usage
	// Setup: this machine is not ready: no git, git too old, a folder that git refuses to trust.
	Setup
	// NotFound: the server says that the repository or commit does not exist, or that the token may not read it.
	NotFound
	// Network: the server could not be reached, answered with an error or broke off. Worth another try.
	Network
	// Limit: the change, the history or the download is larger than Limits allows.
	Limit
)

// An Error says what failed, where, and what to do about it. Its text is one line.
type Error struct {
	Kind   Kind
	Op     string // what was being done: "compare with the default branch"
	Where  string // the folder, repository, revision or file meant
	What   string // what is wrong
	Remedy string // what to do; may be empty
	Err    error  // the cause, if there is one; not part of the text
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Where != "" {
		fmt.Fprintf(&b, " (%s)", printable(e.Where))
	}
	b.WriteString(": ")
	b.WriteString(e.What)
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usage says that the caller asked for something that cannot be had here (exit code 2), as against a failure.
func (e *Error) Usage() bool { return e.Kind == Usage || e.Kind == Setup }

// Retryable says that the same call may succeed later without any change.
func (e *Error) Retryable() bool { return e.Kind == Network }

// kindOf gives the kind of the Error in err's chain, or Failed.
func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// printable makes a path or name from a stranger safe for one line of text.
func printable(s string) string {
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
