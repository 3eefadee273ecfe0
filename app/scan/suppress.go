package scan

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A directive is a comment that asks to silence findings. Ours is
//
//	// reviewgate:ignore RULE[,RULE] reason
//
// in whatever comment syntax the file has; it needs both rule and reason. Those of other tools that people have in their code already are
// understood where their meaning is plain:
//
//	# nosemgrep: RULE[, RULE]     the rules that have that id, as Semgrep writes it: the last part of a dotted name counts
//	# nosemgrep                   every rule written as a pattern
//	# nosec                       every security rule written as a pattern
//	# nosec G304, // gosec:disable G304   the rules that are the same as that one of gosec or bandit (RuleInfo.Same)
//
// A directive covers the line it stands on. One that has its line to itself covers the next line too, or the one after other such comments.
type directive struct {
	line   int      // where it stands, from 1
	alone  bool     // nothing else is on its line
	ours   bool     // reviewgate:ignore
	rules  []string // empty: all that the tool would know
	secure bool     // security rules only (nosec)
	codes  []string // of another tool's rules: those that are the same
	reason string
}

var (
	ignorePattern   = regexp.MustCompile(`(?:^|[^\w.-])reviewgate:ignore[ \t]+([\w./-]+(?:,[ \t]*[\w./-]+)*)[ \t]*(.*)`)
	semgrepPattern  = regexp.MustCompile(`(?:^|[^\w-])nosem(?:grep)?(?:[ \t]*:[ \t]*([\w.-]+(?:[ \t]*,[ \t]*[\w.-]+)*))?(?:[ \t]+(.*)|$|[^\w-])`)
	nosecPattern    = regexp.MustCompile(`(?:^|[^\w-])(?:nosec|gosec:disable)(?:[ \t:]+(.*)|$|[^\w-])`)
	otherTools      = regexp.MustCompile(`^[A-Z]+[0-9]+\b[ \t,]*`)
	commentStarts   = regexp.MustCompile(`//|/\*|#|--|<!--|;|%|^[ \t]*\*|"""|'''`)
	commentEnds     = regexp.MustCompile(`[ \t]*(?:\*+/|-->|\*\}|"""|''')[ \t}]*$`)
	directiveNames  = [][]byte{[]byte("reviewgate:ignore"), []byte("nosem"), []byte("nosec"), []byte("gosec:disable")}
	reasonSeparator = " \t:-–—"
)

func mayHaveDirective(data []byte) bool {
	return slices.ContainsFunc(directiveNames, func(name []byte) bool { return bytes.Contains(data, name) })
}

// parseDirective reads one line of a comment.
func parseDirective(line string) (d directive, ok bool) {
	line = commentEnds.ReplaceAllString(strings.TrimRight(line, " \t\r\n"), "")
	if m := ignorePattern.FindStringSubmatch(line); m != nil {
		d.ours = true
		d.rules = splitRules(m[1])
		d.reason = reason(m[2])
		return d, true
	}
	if m := semgrepPattern.FindStringSubmatch(line); m != nil {
		if m[1] != "" {
			d.rules = splitRules(m[1])
		}
		d.reason = reason(m[2])
		if d.reason == "" {
			d.reason = "nosemgrep"
		}
		return d, true
	}
	if m := nosecPattern.FindStringSubmatch(line); m != nil {
		d.secure = true
		rest := strings.TrimLeft(m[1], reasonSeparator)
		for code := otherTools.FindString(rest); code != ""; code = otherTools.FindString(rest) {
			d.codes = append(d.codes, strings.TrimRight(code, " \t,"))
			rest = rest[len(code):]
		}
		d.reason = reason(rest)
		if d.reason == "" {
			d.reason = "nosec"
		}
		return d, true
	}
	return directive{}, false
}

func splitRules(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.Trim(part, " \t."); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func reason(s string) string {
	return text(strings.TrimSpace(strings.TrimLeft(s, reasonSeparator)), 500)
}

// directivesInComments reads the comments of a parsed file, so that a string that looks like a directive is none.
func directivesInComments(f *file, t *language.Tree) []directive {
	var out []directive
	for _, c := range t.Comments {
		start, end := int(c.Start), min(int(c.End), len(f.data))
		if start >= end || !mayHaveDirective(f.data[start:end]) {
			continue
		}
		first := f.lineAt(start)
		for i, line := range strings.Split(string(f.data[start:end]), "\n") {
			d, ok := parseDirective(line)
			if !ok {
				continue
			}
			d.line = first + i
			whole := f.line(d.line)
			before, after := []byte{}, []byte{}
			if i == 0 {
				before = whole[:min(start-f.starts[d.line-1], len(whole))]
			}
			if d.line == f.lineAt(end-1) {
				after = whole[min(end-f.starts[d.line-1], len(whole)):]
			}
			// JSX has its comments in braces.
			d.alone = len(bytes.Trim(before, " \t{")) == 0 && len(bytes.Trim(after, " \t}")) == 0
			out = append(out, d)
		}
	}
	return out
}

// directivesInLines reads a file without a grammar: a directive must follow something that starts a comment somewhere.
func directivesInLines(f *file) []directive {
	var out []directive
	for n := 1; n <= len(f.starts); n++ {
		line := f.line(n)
		if !mayHaveDirective(line) {
			continue
		}
		at := commentStarts.FindIndex(line)
		if at == nil {
			continue
		}
		if d, ok := parseDirective(string(line[at[0]:])); ok {
			d.line, d.alone = n, len(bytes.TrimSpace(line[:at[0]])) == 0
			out = append(out, d)
		}
	}
	return out
}

// covering gives the directives that cover a line, nearest first. all is in order of line.
func covering(all []directive, line int) []directive {
	on := func(n int) []directive {
		from := sort.Search(len(all), func(i int) bool { return all[i].line >= n })
		to := sort.Search(len(all), func(i int) bool { return all[i].line > n })
		return all[from:to]
	}
	out := slices.Clone(on(line))
	for n := line - 1; n > 0; n-- {
		above := slices.DeleteFunc(slices.Clone(on(n)), func(d directive) bool { return !d.alone })
		if len(above) == 0 {
			break
		}
		out = append(out, above...)
	}
	return out
}

// silences says whether a directive is about a rule. pattern: the rule is written as a pattern, which is all that other tools can mean unless they
// name one that is the same.
func (d directive) silences(ruleID string, same []string, pattern, security bool) bool {
	switch {
	case d.ours:
		return slices.Contains(d.rules, ruleID)
	case len(d.codes) > 0:
		return slices.ContainsFunc(d.codes, func(code string) bool { return slices.Contains(same, code) })
	}
	if !pattern || d.secure && !security {
		return false
	}
	return len(d.rules) == 0 || slices.ContainsFunc(d.rules, func(id string) bool { return id == ruleID || strings.HasSuffix(id, "."+ruleID) })
}
