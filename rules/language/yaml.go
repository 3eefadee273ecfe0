package language

import (
	"strings"

	grammaryaml "github.com/tree-sitter-grammars/tree-sitter-yaml/bindings/go"
)

func yaml() *Spec {
	g := newGrammar(grammaryaml.Language(), yamlRules())
	return &Spec{
		Name:       "yaml",
		Aliases:    []string{"yml"},
		Extensions: []string{".yaml", ".yml"},
		Metavar:    "$", // plain scalars may begin with it
		Wrappers:   []Wrapper{{}},
		grammar:    func(string) *grammar { return g },
		patterns:   func() *grammar { return g },
	}
}

// yamlRules bring mappings to dictionaries and scalars to what the core schema takes them for. Scalars in quotes are strings, and so are
// block scalars. An alias stays one: what it stands for is not repeated.
func yamlRules() map[string]lowerFunc {
	entry := func(l *lowerer, r int32, slot Slot) {
		id := l.open(Pair, slot, r)
		l.lower(l.field(r, fKey), SlotKey)
		if v := l.field(r, fValue); v >= 0 {
			l.lower(v, SlotOperand)
		} else {
			id := l.leaf(Null, SlotOperand, r, "null")
			l.nodes[id].Start = l.nodes[id].End // nothing is written
		}
		l.close(id)
	}
	return map[string]lowerFunc{
		"document":            through,
		"block_node":          yamlNode,
		"flow_node":           yamlNode,
		"block_mapping":       one(Dict, Item),
		"flow_mapping":        one(Dict, Item),
		"block_mapping_pair":  entry,
		"flow_pair":           entry,
		"block_sequence":      one(List, Item),
		"flow_sequence":       one(List, Item),
		"block_sequence_item": through,
		"plain_scalar":        yamlPlain,
		"double_quote_scalar": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Str, slot, r, unescape(yamlFold(yamlQuoted(l.text(r))), true))
		},
		"single_quote_scalar": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Str, slot, r, strings.ReplaceAll(yamlFold(yamlQuoted(l.text(r))), "''", "'"))
		},
		"block_scalar":       yamlBlock,
		"yaml_directive":     nothing,
		"tag_directive":      nothing,
		"reserved_directive": nothing,
	}
}

func nothing(*lowerer, int32, Slot) {}

// yamlNode leaves out the tag and the anchor of a node.
func yamlNode(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && !l.is(c, "anchor") && !l.is(c, "tag") {
			l.lower(c, slot)
		}
	}
}

func yamlPlain(l *lowerer, r int32, slot Slot) {
	text := l.text(r)
	kind, value := Str, yamlFold(text)
	switch c := l.child(r, 0); {
	case l.is(c, "integer_scalar"), l.is(c, "float_scalar"):
		kind = Num
	case l.is(c, "boolean_scalar"):
		kind, value = Bool, strings.ToLower(text)
	case l.is(c, "null_scalar"):
		kind, value = Null, "null"
	default: // what YAML 1.1 took for truth, and Kubernetes and others still do
		switch strings.ToLower(text) {
		case "yes", "on", "y":
			kind, value = Bool, "true"
		case "no", "off", "n":
			kind, value = Bool, "false"
		}
	}
	if kind == Bool && slot == SlotKey && value != strings.ToLower(text) {
		kind, value = Str, text // the `on:` of workflows
	}
	l.leaf(kind, slot, r, value)
}

func yamlQuoted(text string) string {
	if len(text) < 2 {
		return ""
	}
	return text[1 : len(text)-1]
}

// yamlFold puts a scalar that goes over several lines on one.
func yamlFold(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	empty := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r")
		switch {
		case i == 0:
		case line == "":
			empty++
			continue
		case empty > 0:
			b.WriteString(strings.Repeat("\n", empty))
			empty = 0
		default:
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

// yamlBlock writes the content of `|` and `>` without its indentation.
func yamlBlock(l *lowerer, r int32, slot Slot) {
	head, body, _ := strings.Cut(l.text(r), "\n")
	lines := strings.Split(strings.TrimRight(body, "\n"), "\n")
	indent := -1
	for _, line := range lines {
		if text := strings.TrimLeft(line, " "); strings.TrimSpace(text) != "" && (indent < 0 || len(line)-len(text) < indent) {
			indent = len(line) - len(text)
		}
	}
	for i, line := range lines {
		lines[i] = line[min(max(indent, 0), len(line)):]
	}
	value := strings.Join(lines, "\n")
	if strings.HasPrefix(head, ">") {
		value = yamlFold(value)
	}
	if !strings.Contains(head, "-") {
		value += "\n"
	}
	l.leaf(Str, slot, r, value)
}
