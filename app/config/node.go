package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of a policy file. What is larger is refused with a message, not cut.
const (
	maxFile     = 256 << 10
	maxDepth    = 20
	maxNodes    = 20000
	maxProblems = 50
)

// reader walks the YAML nodes of one policy file. Every mistake becomes a Problem with its place; reading goes on, so that an owner sees
// all of them at once.
type reader struct {
	file     string
	floor    bool
	problems []gate.Problem

	expressions int // paths that are regular expressions
}

func (r *reader) bad(n *yaml.Node, remedy, format string, args ...any) {
	if len(r.problems) >= maxProblems {
		return
	}
	p := gate.Problem{File: r.file, Message: fmt.Sprintf(format, args...), Remedy: remedy}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	r.problems = append(r.problems, p)
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// YAMLError splits the error of a file that is no YAML into its line and what is wrong.
func YAMLError(err error, data []byte) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimSpace(strings.TrimPrefix(text, "unmarshal errors:"))
	text, _, _ = strings.Cut(text, "\n")
	line = 1
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return line, text
	}
	line, _ = strconv.Atoi(m[1])
	text = text[len(m[0]):]
	// The library counts from 0 where it knows what it expected, and from 1 elsewhere.
	if strings.HasPrefix(text, "did not find expected") {
		line++
	}
	return max(min(line, bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n"))+1), 1), text
}

// root parses the bytes and gives the top-level mapping; nil after a problem.
func (r *reader) root(data []byte) *yaml.Node {
	switch {
	case len(data) > maxFile:
		r.bad(nil, "Split off what does not belong in it.", "the file has %d bytes, over the limit of %d", len(data), maxFile)
		return nil
	case !utf8.Valid(data):
		r.bad(nil, "Save it as UTF-8.", "the file is not valid UTF-8")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := d.Decode(&doc)
	if err == nil {
		if again := d.Decode(&second); again == nil {
			r.bad(&second, "Keep one document per file.", "the file holds more than one YAML document")
			return nil
		} else if !errors.Is(again, io.EOF) {
			err = again
		}
	}
	if errors.Is(err, io.EOF) || err == nil && (len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null") {
		r.bad(nil, "Write at least \"version: 1\", or delete the file.", "the file is empty")
		return nil
	}
	if err != nil {
		line, text := YAMLError(err, data)
		r.bad(&yaml.Node{Line: line, Column: 1}, "Correct the YAML.", "this is not valid YAML: %s", text)
		return nil
	}
	nodes := 0
	if !r.plain(doc.Content[0], 0, &nodes) {
		return nil
	}
	return doc.Content[0]
}

// plain refuses what makes a small file large or hides what it says: aliases, anchors, own tags, deep nesting, doubled keys.
func (r *reader) plain(n *yaml.Node, depth int, nodes *int) bool {
	*nodes++
	switch {
	case depth > maxDepth:
		r.bad(n, "A policy needs no such depth.", "the nesting is deeper than %d levels", maxDepth)
		return false
	case *nodes > maxNodes:
		r.bad(n, "Use fewer, wider patterns.", "the file has more than %d values", maxNodes)
		return false
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.bad(n, "Write the value out.", "anchors and aliases are not supported")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.bad(n, "Leave out the tag.", "the tag %s is not supported", clip(n.Tag))
		return false
	}
	ok := true
	if n.Kind == yaml.MappingNode {
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				continue
			}
			if line, twice := lines[key.Value]; twice {
				r.bad(key, "Keep one of them.", "the key %q is there twice; first in line %d", clip(key.Value), line)
				ok = false
			}
			lines[key.Value] = key.Line
		}
	}
	for _, c := range n.Content {
		ok = r.plain(c, depth+1, nodes) && ok
	}
	return ok
}

// A field is a key that a mapping may have. Exactly one of the two is set.
type field struct {
	read func(value *yaml.Node)
	// elsewhere is the remedy for a key that people write here and that stands somewhere else.
	elsewhere string
}

// mapping reads the keys of a mapping. what names it in messages: "a guard".
func (r *reader) mapping(n *yaml.Node, what string, fields map[string]field) bool {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "Write \"key: value\" pairs.", "%s must be a mapping, not %s", what, describe(n))
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := fields[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !ok:
			remedy := "The keys are " + strings.Join(keyNames(fields), ", ") + "."
			if near := nearest(key.Value, keyNames(fields)); near != "" {
				remedy = fmt.Sprintf("Did you mean %q?", near)
			}
			r.bad(key, remedy, "%s has no key %q", what, clip(key.Value))
		case f.elsewhere != "":
			r.bad(key, f.elsewhere, "%s has no key %q", what, key.Value)
		default:
			f.read(value)
		}
	}
	return true
}

func keyNames(fields map[string]field) []string {
	var out []string
	for k, f := range fields {
		if f.elsewhere == "" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// items gives the items of a list; a single value is an error, so that "paths: src" is not read as one letter after the other.
func (r *reader) items(n *yaml.Node, what string, limit int) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "Write a list: [\"...\"].", "%s must be a list, not %s", what, describe(n))
		return nil
	}
	if len(n.Content) > limit {
		r.bad(n, "Use fewer, wider entries.", "%s has %d entries, over the limit of %d", what, len(n.Content), limit)
		return nil
	}
	return n.Content
}

func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		remedy := "Write a text."
		if n.Kind == yaml.ScalarNode {
			remedy = "Put it in quotes if it is meant as text."
		}
		r.bad(n, remedy, "%s must be a text, not %s", what, describe(n))
		return "", false
	}
	if n.Value == "" || len(n.Value) > gate.MaxGlob || strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		r.bad(n, "Write a short text on one line.", "%s is empty, too long or has control characters", what)
		return "", false
	}
	return n.Value, true
}

var decimal = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,5})$`)

// number reads a whole number from 0 to limit.
func (r *reader) number(n *yaml.Node, what string, limit int) (int, bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && decimal.MatchString(n.Value) {
		if v, err := strconv.Atoi(n.Value); err == nil && v <= limit {
			return v, true
		}
	}
	r.bad(n, fmt.Sprintf("Write a whole number from 0 to %d.", limit), "%s is %s", what, describe(n))
	return 0, false
}

func (r *reader) boolean(n *yaml.Node, what string) (bool, bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" {
		switch strings.ToLower(n.Value) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	r.bad(n, "Write true or false.", "%s is %s", what, describe(n))
	return false, false
}

// oneOf reads a word out of a list.
func (r *reader) oneOf(n *yaml.Node, what string, words ...string) (string, bool) {
	if n.Kind == yaml.ScalarNode && slices.Contains(words, n.Value) {
		return n.Value, true
	}
	remedy := "Write one of " + strings.Join(words, ", ") + "."
	if near := nearest(n.Value, words); near != "" && n.Kind == yaml.ScalarNode {
		remedy = fmt.Sprintf("Did you mean %q?", near)
	}
	r.bad(n, remedy, "%s is %s", what, describe(n))
	return "", false
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		if n.ShortTag() == "!!null" {
			return "empty"
		}
		return fmt.Sprintf("%q", clip(n.Value))
	}
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// nearest finds the word that somebody meant: at most two edits away, and nearer than half of it.
func nearest(got string, words []string) string {
	best, at := "", 3
	for _, w := range words {
		if len(got) > 40 {
			return ""
		}
		if d := distance(strings.ToLower(got), w); d < at && d*2 < len(w) {
			best, at = w, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
