package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of a file. What is larger is refused.
const (
	maxFile   = 16 << 20
	maxDepth  = 30
	maxNodes  = 500_000
	maxEvents = 2_000
)

// Parse reads a pull request. It is usable only if there is no problem.
func Parse(file string, data []byte) (*Pull, []gate.Problem) {
	fail := func(line, column int, message, remedy string) (*Pull, []gate.Problem) {
		return nil, []gate.Problem{{File: file, Line: line, Column: column, Message: message, Remedy: remedy}}
	}
	if len(data) > maxFile {
		return fail(0, 0, fmt.Sprintf("the file has %d bytes, over the limit of %d", len(data), maxFile), "Write down a smaller pull request.")
	}
	if !utf8.Valid(data) {
		return fail(0, 0, "the file is not valid UTF-8", "Save it as UTF-8.")
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := d.Decode(&doc)
	if err == nil {
		if again := d.Decode(&second); again == nil {
			return fail(second.Line, second.Column, "the file holds more than one YAML document", "Keep one document per file.")
		} else if !errors.Is(again, io.EOF) {
			err = again
		}
	}
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return fail(0, 0, "the file is empty", "Begin it with \"version: 1\".")
	}
	if err != nil {
		line, text := config.YAMLError(err, data)
		return fail(line, 1, "this is not valid YAML: "+text, "Correct the YAML.")
	}
	s := &strict{file: file}
	s.walk(doc.Content[0], reflect.TypeFor[Pull](), "the pull request", 0)
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	p := &Pull{}
	if err := doc.Content[0].Decode(p); err != nil {
		var at *placed
		if errors.As(err, &at) {
			return nil, []gate.Problem{at.problem(file)}
		}
		line, text := config.YAMLError(err, data)
		return fail(line, 1, text, "See docs/simulate.md for what the file may say.")
	}
	if events := value(doc.Content[0], "events"); events != nil {
		for _, n := range events.Content {
			p.lines = append(p.lines, n.Line)
		}
	}
	return p, p.check(file)
}

func value(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// strict refuses keys that the types do not have, and what makes a small file large.
type strict struct {
	file     string
	nodes    int
	problems []gate.Problem
}

func (s *strict) bad(n *yaml.Node, message, remedy string) {
	if len(s.problems) < 50 {
		s.problems = append(s.problems, gate.Problem{File: s.file, Line: n.Line, Column: n.Column, Message: message, Remedy: remedy})
	}
}

func (s *strict) walk(n *yaml.Node, t reflect.Type, what string, depth int) {
	if s.nodes++; s.nodes > maxNodes || depth > maxDepth {
		if s.nodes == maxNodes+1 || depth == maxDepth+1 {
			s.bad(n, "the file has too many values or is nested too deeply", "Write down a smaller pull request.")
		}
		return
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		s.bad(n, "anchors and aliases are not supported", "Write the value out.")
		return
	}
	if t.Kind() == reflect.Pointer {
		if t = t.Elem(); n.ShortTag() == "!!null" {
			return
		}
	}
	if want := shape(n, t); want != "" {
		s.bad(n, what+" must be "+want, "See docs/simulate.md for what the file may say.")
		return
	}
	switch {
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		keys := fieldsOf(t)
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			f, ok := keys[key.Value]
			switch {
			case !ok:
				s.bad(key, fmt.Sprintf("%s has no key %q", what, clip(key.Value)), "The keys are "+strings.Join(sortedKeys(keys), ", ")+".")
			case seen[key.Value]:
				s.bad(key, fmt.Sprintf("the key %q is there twice", clip(key.Value)), "Keep one of them.")
			default:
				s.walk(n.Content[i+1], f.Type, key.Value, depth+1)
			}
			seen[key.Value] = true
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(n.Content); i += 2 {
			s.walk(n.Content[i+1], t.Elem(), fmt.Sprintf("%s %q", what, clip(n.Content[i].Value)), depth+1)
		}
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, c := range n.Content {
			s.walk(c, t.Elem(), fmt.Sprintf("%s %d", strings.TrimSuffix(what, "s"), i+1), depth+1)
		}
	}
}

// shorthand lists what the types with an UnmarshalYAML of their own take beside a mapping.
var shorthand = map[reflect.Type]yaml.Kind{
	reflect.TypeFor[Account](): yaml.ScalarNode, reflect.TypeFor[File](): yaml.ScalarNode, reflect.TypeFor[Draft](): yaml.ScalarNode,
	reflect.TypeFor[Team](): yaml.SequenceNode, reflect.TypeFor[time.Time](): yaml.ScalarNode,
}

// shape says what a value should be; empty if it is.
func shape(n *yaml.Node, t reflect.Type) string {
	if kind, ok := shorthand[t]; ok && n.Kind == kind {
		return ""
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		if n.Kind != yaml.MappingNode {
			return "a mapping"
		}
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return "a list"
		}
	case reflect.Bool:
		if n.ShortTag() != "!!bool" {
			return "true or false"
		}
	case reflect.Int:
		if n.ShortTag() != "!!int" {
			return "a whole number"
		}
	default:
		if n.Kind != yaml.ScalarNode {
			return "a text"
		}
	}
	return ""
}

func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for i := range t.NumField() {
		if name, ok := t.Field(i).Tag.Lookup("yaml"); ok {
			out[name] = t.Field(i)
		}
	}
	return out
}

// kinds lists the keys that say what an event is.
func (e *Event) kinds() []string {
	var out []string
	v := reflect.ValueOf(*e)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			out = append(out, v.Type().Field(i).Tag.Get("yaml"))
		}
	}
	return out
}

var shaName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// check judges what the types do not say, and fills in what may be left out.
func (p *Pull) check(file string) []gate.Problem {
	var out []gate.Problem
	bad := func(line int, message, remedy string) {
		out = append(out, gate.Problem{File: file, Line: line, Message: message, Remedy: remedy})
	}
	if p.Version != 1 {
		bad(1, fmt.Sprintf("version is %d", p.Version), "Write \"version: 1\".")
	}
	p.Repo, p.DefaultBranch, p.Branch = or(p.Repo, "acme/shop"), or(p.DefaultBranch, "main"), or(p.Branch, "feature")
	p.Base = or(p.Base, p.DefaultBranch)
	p.Number = max(p.Number, 1)
	if p.Start.IsZero() {
		p.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	p.Start = p.Start.UTC()
	if p.Author == "" {
		bad(1, "the author is missing", "Write \"author: LOGIN\".")
	}
	if len(p.Commits) == 0 {
		bad(1, "there are no commits", "Write at least one commit: {sha: c1, files: {...}}.")
	}
	for _, login := range sortedKeys(p.People) {
		switch gate.Role(p.People[login].Role) {
		case gate.RoleNone, "none", gate.RoleRead, gate.RoleTriage, gate.RoleWrite, gate.RoleMaintain, gate.RoleAdmin:
		default:
			bad(0, fmt.Sprintf("people: %q has the role %q", clip(login), clip(p.People[login].Role)), "Write none, read, triage, write, maintain or admin.")
		}
		if t := p.People[login].Type; t != "" && !slices.Contains([]string{"User", "Bot", "Organization", "Mannequin"}, t) {
			bad(0, fmt.Sprintf("people: %q is of type %q", clip(login), clip(t)), "Write User, Bot, Organization or Mannequin.")
		}
	}
	if len(p.Events) > maxEvents {
		bad(p.lines[maxEvents], fmt.Sprintf("there are %d events, over the limit of %d", len(p.Events), maxEvents), "Write down a shorter story.")
	}
	for i := range p.Events {
		if kinds := p.Events[i].kinds(); len(kinds) != 1 {
			bad(p.lines[i], fmt.Sprintf("event %d says %d things: %s", i+1, len(kinds), or(strings.Join(kinds, ", "), "nothing")), "Give each event one key beside \"after\" and \"lost\".")
		}
	}
	return out
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
