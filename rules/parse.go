package rules

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
)

// The limits of a rule file. A file comes from a repository, so that it may be made to hurt.
const (
	MaxFileSize = 8 << 20 // bytes
	maxNodes    = 500_000 // YAML values looked at, counted again for every use of an alias
	maxDepth    = 40      // operators inside each other
	maxID       = 200     // bytes
)

// Parse reads one rule file. It returns the rules that can be read, in order, and a Problem for everything that cannot, in order of place. A rule
// with a Problem that stops it is not among the rules. It never panics, whatever the bytes are.
func Parse(src Source) ([]*Rule, []Problem) {
	p := &parser{src: src}
	var rs []*Rule
	root, problem := decode(src)
	if problem != nil {
		p.problems = append(p.problems, *problem)
	} else {
		p.lines = strings.Split(string(src.Data), "\n")
		rs = p.file(root)
	}
	SortProblems(p.problems)
	return rs, p.problems
}

// decode reads the YAML of a rule file: the value of its only document.
func decode(src Source) (root *yaml.Node, problem *Problem) {
	fail := func(line, column int, format string, args ...any) (*yaml.Node, *Problem) {
		return nil, &Problem{File: src.Name, Line: line, Column: column, Kind: Broken, Message: fmt.Sprintf(format, args...)}
	}
	if len(src.Data) > MaxFileSize {
		return fail(0, 0, "the file has %d bytes, over the limit of %d: split it", len(src.Data), MaxFileSize)
	}
	if !utf8.Valid(src.Data) {
		line, column := invalidAt(src.Data)
		return fail(line, column, "invalid UTF-8: save the file as UTF-8")
	}
	// The YAML library answers broken input with errors, but it is not ours to promise that it never panics.
	defer func() {
		if r := recover(); r != nil {
			root, problem = fail(0, 0, "not YAML that can be read: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(src.Data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return fail(0, 0, `the file is empty: write the rules as a list under "rules:"`)
	case err != nil:
		line, text := yamlError(err)
		return fail(line, 1, "not valid YAML: %s", text)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			line, text := yamlError(err)
			return fail(line, 1, "not valid YAML: %s", text)
		}
		return fail(more.Line, more.Column, "a second YAML document: keep one document in a file")
	}
	if len(doc.Content) != 1 {
		return fail(0, 0, `the file is empty: write the rules as a list under "rules:"`)
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// yamlError takes the line out of the library's error text. A syntax error it places one line early at times; the text stays.
func yamlError(err error) (line int, text string) {
	text = err.Error()
	if m := yamlLine.FindStringSubmatch(strings.ReplaceAll(text, "\n", " ")); m != nil {
		line, text = 1, m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return line, text
}

func invalidAt(data []byte) (line, column int) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return line, column
}

type parser struct {
	src      Source
	lines    []string
	problems []Problem
	id       string // of the rule being read
	stopped  bool   // the rule being read has a problem that stops it
	within   int    // metavariable-pattern operators around what is read
	nodes    int
	full     bool // the node limit was hit and told
}

func (p *parser) problem(kind Kind, at *yaml.Node, format string, args ...any) {
	if kind != Advice {
		p.stopped = true
	}
	p.problems = append(p.problems, Problem{File: p.src.Name, Line: at.Line, Column: at.Column, RuleID: p.id, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) broken(at *yaml.Node, format string, args ...any) {
	p.problem(Broken, at, format, args...)
}

// follow answers what an alias stands for. Every value passes here, so that a few bytes of aliases cannot be made into much work.
func (p *parser) follow(n *yaml.Node) *yaml.Node {
	if p.nodes++; p.nodes > maxNodes {
		if !p.full {
			p.full = true
			p.broken(n, "the file has more than %d values (aliases count each time they are used): split it", maxNodes)
		}
		p.stopped = true
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// An entry is one key of a mapping with its value.
type entry struct {
	key        string
	node, from *yaml.Node // the value, aliases followed; the key
}

// mapping reads the entries of a mapping. what names the place for the reader.
func (p *parser) mapping(n *yaml.Node, what string) []entry {
	if n.Kind != yaml.MappingNode {
		p.broken(n, "%s must be a mapping of keys to values, not %s", what, describe(n))
		return nil
	}
	entries := make([]entry, 0, len(n.Content)/2)
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := p.follow(n.Content[i])
		switch {
		case key.Kind != yaml.ScalarNode:
			p.broken(n.Content[i], "a key of %s must be plain text, not %s", what, describe(key))
			continue
		case key.Tag == "!!merge":
			p.broken(n.Content[i], "merge keys (<<) are not read: write the keys out")
			continue
		case seen[key.Value]:
			p.broken(n.Content[i], "key %q stands twice: remove one", key.Value)
			continue
		}
		seen[key.Value] = true
		entries = append(entries, entry{key.Value, p.follow(n.Content[i+1]), n.Content[i]})
	}
	return entries
}

// list reads a list, or one value as a list of one where loose is true.
func (p *parser) list(n *yaml.Node, what string, loose bool) []*yaml.Node {
	if loose && n.Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	if n.Kind != yaml.SequenceNode {
		p.broken(n, "%s must be a list, not %s", what, describe(n))
		return nil
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out[i] = p.follow(c)
	}
	return out
}

// text reads a scalar that must be text. Numbers, booleans and dates are refused: YAML may have read another text than was written.
func (p *parser) text(n *yaml.Node, what string) Text {
	if n.Kind != yaml.ScalarNode {
		p.broken(n, "%s must be text, not %s", what, describe(n))
		return Text{}
	}
	if n.Tag != "!!str" {
		p.broken(n, "%s must be text, not %s: put it in quotes", what, describe(n))
		return Text{}
	}
	if strings.TrimSpace(n.Value) == "" {
		p.broken(n, "%s is empty", what)
	}
	return p.place(n)
}

func (p *parser) texts(n *yaml.Node, what string) []Text {
	var out []Text
	for _, c := range p.list(n, what, true) {
		out = append(out, p.text(c, what))
	}
	return out
}

// place works out where the characters of a scalar stand, which the YAML library tells only for its beginning.
func (p *parser) place(n *yaml.Node) Text {
	t := Text{Value: n.Value, Pos: Pos{n.Line, n.Column}}
	multiline := strings.Contains(strings.TrimRight(n.Value, "\n"), "\n")
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		for i := n.Line; i < len(p.lines); i++ { // lines count from 1: this starts on the line after the indicator
			if body := strings.TrimLeft(p.lines[i], " "); strings.TrimRight(body, "\r") != "" {
				t.indent = len(p.lines[i]) - len(body) + 1
				t.first = Pos{n.Line + 1, t.indent}
				break
			}
		}
	case n.Style&yaml.FoldedStyle != 0 || multiline:
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		t.first = Pos{n.Line, n.Column + 1}
	default:
		t.first = t.Pos
	}
	return t
}

func (p *parser) boolean(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		p.broken(n, "%s must be true or false, not %s", what, describe(n))
		return false
	}
	var v bool
	if err := n.Decode(&v); err != nil {
		p.broken(n, "%s must be true or false", what)
	}
	return v
}

// describe names a value for an error message.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return "the truth value " + clip(n.Value)
	case "!!timestamp":
		return "the date " + clip(n.Value)
	case "!!str":
		return fmt.Sprintf("the text %q", clip(n.Value))
	}
	return fmt.Sprintf("a value of type %s", clip(n.Tag))
}

func clip(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		return string([]rune(s)[:57]) + "..."
	}
	return s
}

// file reads the whole file.
func (p *parser) file(root *yaml.Node) []*Rule {
	root = p.follow(root)
	var rs []*Rule
	found := false
	for _, e := range p.mapping(root, "a rule file") {
		switch e.key {
		case "rules":
			found = true
			for _, n := range p.list(e.node, `"rules"`, false) {
				p.id, p.stopped = "", false
				if r := p.rule(n); r != nil && !p.stopped {
					rs = append(rs, r)
				}
				p.id = ""
			}
		case "missed", "version": // Semgrep's registry writes them; they say nothing about a rule
		default:
			p.broken(e.from, "unknown key %q beside \"rules\"%s", clip(e.key), suggest(e.key, []string{"rules"}))
		}
	}
	if !found && root.Kind == yaml.MappingNode {
		p.broken(root, `no "rules:" at the top level: write the rules as a list under it`)
	}
	return rs
}

var (
	ruleKeys = []string{"id", "message", "severity", "languages", "metadata", "paths", "options", "fix", "fix-regex", "mode", "min-version", "max-version",
		"pattern", "patterns", "pattern-either", "pattern-regex", "match"}
	taintKeys = []string{"pattern-sources", "pattern-sinks", "pattern-sanitizers", "pattern-propagators", "taint"}
	laterKeys = []string{"join", "extract", "steps", "dest-language", "dest-rules", "reduce", "transform", "json", "equivalences", "validators", "dependencies",
		"r2c-internal-project-depends-on", "project-depends-on", "pattern-where-python", "product", "pattern-not", "pattern-inside", "pattern-not-inside", "pattern-not-regex"}
	idForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

func (p *parser) rule(n *yaml.Node) *Rule {
	r := &Rule{File: p.src.Name, Origin: p.src.Origin, Pos: Pos{n.Line, n.Column}}
	p.id = peekID(n)
	entries := p.mapping(n, "a rule")
	if entries == nil {
		if n.Kind == yaml.MappingNode && !p.stopped {
			p.broken(n, "the rule is empty: give it id, message, severity, languages and a pattern")
		}
		return nil
	}
	mode := "search"
	var matches []entry // the keys that say what to find
	var taint []entry
	var options *yaml.Node
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.key] = true
		switch e.key {
		case "id":
			if r.ID = p.text(e.node, "id"); r.ID.Value != "" && !validID(r.ID.Value) {
				p.broken(e.node, "id %q: use letters, digits, dots, underscores and hyphens, at most %d of them", clip(r.ID.Value), maxID)
			}
		case "message":
			r.Message = p.text(e.node, "message")
		case "severity":
			r.Severity = p.text(e.node, "severity")
			if v := r.Severity.Value; v != "" && !slices.Contains(severities, strings.ToLower(v)) {
				p.broken(e.node, "severity %q: use ERROR, WARNING or INFO, or critical, high, medium, low or info", clip(v))
			}
		case "languages":
			r.Languages = p.texts(e.node, "languages")
			if len(r.Languages) == 0 {
				p.broken(e.node, "languages is empty: name at least one, as in [python]")
			}
		case "mode":
			mode = p.mode(e)
		case "metadata":
			r.Metadata = p.metadata(e.node)
		case "paths":
			r.Paths = p.paths(e.node)
		case "options":
			options = e.node
			r.Options = p.options(e.node)
		case "fix":
			if e.node.Kind == yaml.ScalarNode && e.node.Tag == "!!str" { // an empty fix deletes the match
				t := p.place(e.node)
				r.Fix = &t
			} else {
				p.broken(e.node, "fix must be text, not %s", describe(e.node))
			}
		case "fix-regex":
			r.FixRegex = p.fixRegex(e)
		case "min-version", "max-version": // of Semgrep: says nothing about this engine
		case "pattern", "patterns", "pattern-either", "pattern-regex", "match":
			matches = append(matches, e)
		default:
			switch {
			case slices.Contains(taintKeys, e.key):
				taint = append(taint, e)
			case slices.Contains(laterKeys, e.key):
				p.problem(Unsupported, e.from, "cannot run yet: %s at the top of a rule; write the rule with pattern, patterns or pattern-either", e.key)
			default:
				p.broken(e.from, "unknown key %q%s", clip(e.key), suggest(e.key, slices.Concat(ruleKeys, taintKeys)))
			}
		}
	}
	for _, key := range []string{"id", "message", "severity", "languages"} {
		if !seen[key] {
			p.broken(n, "the rule has no %s: add it", key)
		}
	}
	switch {
	case mode == "taint" && len(matches) > 0:
		p.broken(matches[0].from, "%s belongs to mode: search: put it into pattern-sources or pattern-sinks, or remove mode: taint", matches[0].key)
	case mode == "taint" || mode == "search" && slices.ContainsFunc(taint, func(e entry) bool { return e.key == "taint" }):
		p.taint(r, n, taint, options)
	case mode != "search": // told already; the other keys are that mode's
		return nil
	case len(taint) > 0:
		p.broken(taint[0].from, "%s belongs to mode: taint, which this rule does not name: add it", taint[0].key)
	case len(matches) == 0 && !p.stopped:
		p.broken(n, "the rule says nothing to find: add pattern, patterns, pattern-either or pattern-regex")
	case len(matches) > 1:
		p.broken(matches[1].from, "%s stands beside %s: put both under patterns (all must hold) or pattern-either (one must hold)", matches[1].key, matches[0].key)
	case len(matches) == 1 && matches[0].key == "match":
		r.Formula = p.modern(matches[0].node, matches[0].from, false, 0)
	case len(matches) == 1:
		r.Formula = p.operator(matches[0], 0)
	}
	return r
}

func validID(id string) bool { return idForm.MatchString(id) && len(id) <= maxID }

// peekID finds a rule's id before the rule is read, so that every problem of the rule can name it.
func peekID(n *yaml.Node) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" && n.Content[i+1].Tag == "!!str" && validID(n.Content[i+1].Value) {
			return n.Content[i+1].Value
		}
	}
	return ""
}

var severities = []string{"error", "warning", "info", "critical", "high", "medium", "low"}

func (p *parser) mode(e entry) string {
	t := p.text(e.node, "mode")
	switch t.Value {
	case "search", "":
		return "search"
	case "taint":
	case "join", "extract", "steps", "secrets":
		p.problem(Unsupported, e.node, "cannot run yet: mode: %s; only search and taint run, so express the rule with patterns or leave it to another tool", t.Value)
	default:
		p.broken(e.node, "unknown mode %q: use search or taint", clip(t.Value))
	}
	return t.Value
}

var metavariable = regexp.MustCompile(`^\$(?:[A-Z_][A-Z_0-9]*|\.\.\.[A-Z_][A-Z_0-9]*|[0-9]+)$`)

func (p *parser) metavariables(n *yaml.Node, what string) []Text {
	out := p.texts(n, what)
	for _, t := range out {
		if t.Value != "" && !metavariable.MatchString(t.Value) {
			p.broken(&yaml.Node{Line: t.Pos.Line, Column: t.Pos.Column}, "%s: %q is no metavariable: write a dollar sign and capitals, as in $ARG", what, clip(t.Value))
		}
	}
	return out
}

var (
	operatorKeys = []string{"pattern", "patterns", "pattern-either", "pattern-not", "pattern-inside", "pattern-not-inside", "pattern-regex", "pattern-not-regex",
		"metavariable-regex", "focus-metavariable", "metavariable-pattern", "metavariable-comparison", "metavariable-analysis", "metavariable-type"}
	laterOperators = []string{"metavariable-name",
		"pattern-where-python", "all", "any", "not", "inside", "anywhere", "regex", "where", "focus", "comparison", "metavariable", "taint", "match",
		"semgrep-internal-pattern-anywhere", "semgrep-internal-metavariable-name"}
)

// operator reads one operator with its operands.
func (p *parser) operator(e entry, depth int) *Formula {
	f := &Formula{Pos: Pos{e.from.Line, e.from.Column}}
	if depth > maxDepth {
		p.broken(e.from, "operators are nested more than %d deep: flatten the rule", maxDepth)
		return f
	}
	switch e.key {
	case "pattern":
		f.Op, f.Text = Pattern, p.text(e.node, e.key)
	case "pattern-regex", "pattern-not-regex":
		if f.Op = Regex; e.key == "pattern-not-regex" {
			f.Op = NotRegex
		}
		f.Text = p.text(e.node, e.key)
	case "patterns":
		f.Op, f.Children = And, p.operands(e, true, depth)
		if len(f.Children) > 0 && !p.stopped && p.within == 0 && !slices.ContainsFunc(f.Children, func(c *Formula) bool { return c.Op.Positive() }) {
			p.broken(e.from, "patterns holds only conditions and exclusions: add what to find (pattern, pattern-either, pattern-inside or pattern-regex)")
		}
	case "pattern-either":
		f.Op, f.Children = Or, p.operands(e, false, depth)
	case "pattern-not", "pattern-inside", "pattern-not-inside":
		f.Op = map[string]Op{"pattern-not": Not, "pattern-inside": Inside, "pattern-not-inside": NotInside}[e.key]
		f.Children = []*Formula{p.operand(e, depth)}
	case "metavariable-regex":
		f.Op = MetavariableRegex
		p.metavariableRegex(e, f)
	case "focus-metavariable":
		f.Op, f.Metavariables = Focus, p.metavariables(e.node, e.key)
		if len(f.Metavariables) == 0 {
			p.broken(e.node, "focus-metavariable names no metavariable: add one, as in $ARG")
		}
	case "metavariable-pattern", "metavariable-comparison", "metavariable-analysis", "metavariable-type":
		p.condition(e, f, depth)
	}
	return f
}

// operand reads the operand of pattern-not, pattern-inside and pattern-not-inside: a pattern, or a mapping with one operator.
func (p *parser) operand(e entry, depth int) *Formula {
	if e.node.Kind != yaml.MappingNode {
		return &Formula{Op: Pattern, Pos: Pos{e.from.Line, e.from.Column}, Text: p.text(e.node, e.key)}
	}
	return p.single(e.node, e.key, false, depth+1)
}

func (p *parser) operands(e entry, all bool, depth int) []*Formula {
	var out []*Formula
	items := p.list(e.node, e.key, false)
	if len(items) == 0 && e.node.Kind == yaml.SequenceNode {
		p.broken(e.node, "%s is empty: add at least one pattern", e.key)
	}
	for _, n := range items {
		if f := p.single(n, e.key, all, depth+1); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// single reads a mapping that holds one operator. all says that exclusions and conditions may stand here.
func (p *parser) single(n *yaml.Node, under string, all bool, depth int) *Formula {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		p.broken(n, "an entry of %s must name its operator: write \"pattern: %s\"", under, clip(strings.SplitN(n.Value, "\n", 2)[0]))
		return nil
	}
	entries := p.mapping(n, "an entry of "+under)
	if len(entries) == 0 {
		if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			p.broken(n, "an entry of %s is empty: write an operator, as in pattern: f(...)", under)
		}
		return nil
	}
	e := entries[0]
	for _, other := range entries {
		switch {
		case slices.Contains(laterOperators, other.key):
			p.problem(Unsupported, other.from, "cannot run yet: %s; express the condition with %s, or remove the rule", other.key, nearest(other.key))
			return nil
		case !slices.Contains(operatorKeys, other.key):
			p.broken(other.from, "unknown operator %q under %s%s", clip(other.key), under, suggest(other.key, operatorKeys))
			return nil
		}
	}
	if len(entries) > 1 {
		p.broken(entries[1].from, "%s and %s stand in one entry of %s: begin %s with a hyphen of its own", e.key, entries[1].key, under, entries[1].key)
		return nil
	}
	f := p.operator(e, depth)
	if !all && !f.Op.Positive() {
		p.broken(e.from, "%s may stand only under patterns: put a patterns list around it that says what to find", e.key)
		return nil
	}
	return f
}

// nearest names what comes closest to an operator that does not run yet.
func nearest(key string) string {
	if key == "metavariable-name" {
		return "metavariable-regex"
	}
	return "the pattern operators"
}

func (p *parser) paths(n *yaml.Node) Paths {
	var out Paths
	for _, e := range p.mapping(n, "paths") {
		switch e.key {
		case "include":
			out.Include = p.texts(e.node, "paths.include")
		case "exclude":
			out.Exclude = p.texts(e.node, "paths.exclude")
		default:
			p.broken(e.from, "unknown key %q in paths%s", clip(e.key), suggest(e.key, []string{"include", "exclude"}))
		}
	}
	return out
}

var cweForm = regexp.MustCompile(`(?i)\bCWE-(\d{1,5})\b`)

// metadata reads what we know of a rule's metadata. The rest is free, as with Semgrep; only our own part is strict.
func (p *parser) metadata(n *yaml.Node) Metadata {
	var m Metadata
	for _, e := range p.mapping(n, "metadata") {
		switch e.key {
		case "cwe":
			for _, s := range p.free(e.node) {
				if c := cweForm.FindStringSubmatch(s); c != nil {
					m.CWE = append(m.CWE, "CWE-"+c[1])
				}
			}
		case "references":
			m.References = p.free(e.node)
		case "confidence":
			m.Confidence = strings.Join(p.free(e.node), "")
			if c := strings.ToLower(m.Confidence); c != "" && c != "high" && c != "medium" && c != "low" {
				p.broken(e.node, "confidence %q: use HIGH, MEDIUM or LOW", clip(m.Confidence))
			}
		case "category":
			m.Category = strings.Join(p.free(e.node), " ")
		case "tags":
			m.Tags = p.free(e.node)
		case "reviewgate":
			p.own(e.node, &m)
		}
	}
	return m
}

// free reads text or a list of texts and passes over what is neither.
func (p *parser) free(n *yaml.Node) []string {
	var out []string
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag != "!!null" {
			out = append(out, n.Value)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if c = p.follow(c); c.Kind == yaml.ScalarNode && c.Tag != "!!null" {
				out = append(out, c.Value)
			}
		}
	}
	return out
}

func (p *parser) own(n *yaml.Node, m *Metadata) {
	for _, e := range p.mapping(n, "metadata.reviewgate") {
		switch e.key {
		case "title":
			m.Title = p.prose(e.node, e.key)
		case "why":
			m.Why = p.prose(e.node, e.key)
		case "remedy":
			m.Remedy = p.prose(e.node, e.key)
		case "rollout":
			m.Rollout = p.text(e.node, e.key).Value
			if m.Rollout != "" && !slices.Contains([]string{"off", "shadow", "comment", "block"}, m.Rollout) {
				p.broken(e.node, "rollout %q: use off, shadow, comment or block", clip(m.Rollout))
			}
		case "test-files":
			m.TestFiles = p.boolean(e.node, e.key)
		case "pack":
			m.Pack = p.text(e.node, e.key).Value
			if m.Pack != "" && m.Pack != "recommended" && m.Pack != "strict" {
				p.broken(e.node, "pack %q: use recommended or strict", clip(m.Pack))
			}
		case "same":
			m.Same = p.free(e.node)
		case "wrong":
			m.Wrong = p.text(e.node, "metadata.reviewgate.wrong").Value
		case "right":
			m.Right = p.text(e.node, "metadata.reviewgate.right").Value
		default:
			p.broken(e.from, "unknown key %q in metadata.reviewgate%s", clip(e.key), suggest(e.key, []string{"title", "why", "remedy", "rollout", "test-files", "pack", "same", "wrong", "right"}))
		}
	}
}

func (p *parser) prose(n *yaml.Node, what string) string {
	return strings.Join(strings.Fields(p.text(n, "metadata.reviewgate."+what).Value), " ")
}

// suggest proposes the known name that a misspelt one most resembles, or lists them.
func suggest(got string, known []string) string {
	best, distance := "", 1+len(got)/3
	if len(got) <= 60 {
		for _, k := range known {
			if d := editDistance(got, k); d < distance || d == distance && best == "" {
				best, distance = k, d
			}
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	return ": use one of " + strings.Join(known, ", ")
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
