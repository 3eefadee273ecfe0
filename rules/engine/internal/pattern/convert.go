package pattern

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// convert cuts the pattern out of its wrapper and turns stand-ins into what they stand for.
func (p *prepared) convert(r *reading) (*Pattern, error) {
	t := r.tree
	grown := strings.HasPrefix(r.wrap.After, " {}") || strings.HasPrefix(r.wrap.After, "\n  pass") || strings.HasPrefix(r.wrap.After, "\nend") || strings.HasPrefix(r.wrap.After, " finally") // the wrapper adds a body
	lo, hi := r.lo, r.hi
	if strings.HasPrefix(r.wrap.After, ";") {
		hi++ // a declaration holds the semicolon that the wrapper adds
	}
	for lo < hi && strings.IndexByte(" \t\r\n", t.Source[lo]) >= 0 {
		lo++
	}
	if r.wrap.Before == "(" {
		lo, hi = lo-1, hi+1 // an expression in parentheses reaches from the one to the other
	}
	var tops []language.ID
	for id := language.ID(1); int(id) < len(t.Nodes); {
		n := &t.Nodes[id]
		if n.Start >= lo && n.Start < hi && n.Start < n.End && (n.End <= hi || grown) {
			tops = append(tops, id)
			id = n.Next
			continue
		}
		id++
	}
	if len(tops) == 0 {
		return nil, &Error{1, 1, "the pattern holds no code"}
	}
	c := &converter{prepared: p, tree: t}
	out := &Pattern{Spec: p.spec}
	parent := t.Nodes[tops[0]].Parent
	for _, id := range tops {
		if t.Nodes[id].Parent != parent {
			return nil, &Error{1, 1, "the pattern is neither one piece of code nor a list of statements"}
		}
		n := c.node(id, 0)
		if c.err != nil {
			return nil, c.err
		}
		if grown {
			n.Kids = without(n.Kids, grownSlots(n.Kind)...)
		}
		out.Roots = append(out.Roots, n)
	}
	list := t.Nodes[parent].Kind == language.File || t.Nodes[parent].Kind == language.Block
	if len(out.Roots) > 1 && !list {
		return nil, &Error{1, 1, "the pattern is neither one piece of code nor a list of statements"}
	}
	if len(out.Roots) == 1 {
		out.Roots[0] = c.member(out.Roots[0])
		root := out.Roots[0]
		switch root.Kind {
		case language.Func:
			if p.lang("php") {
				root.Kids = without(root.Kids, language.SlotDecorator) // any function: Semgrep passes over the modifiers of one that stands alone
			}
			out.Header = root.Child(language.SlotBody) == nil && root.Flags&language.Lambda == 0 && !strings.HasSuffix(p.source, ";")
		case language.Try:
			out.Header = p.spec.Semicolon && root.Child(language.SlotCatch) == nil && root.Child(language.SlotFinally) == nil
		default:
			out.Header = grown && root.Child(language.SlotBody) == nil && root.Child(language.SlotThen) == nil
		}
		closed := p.spec.Semicolon && strings.HasSuffix(p.source, ";")
		if root.Kind == language.ExprStmt && !closed && len(root.Kids) == 1 && !root.Kids[0].IsEllipsis() {
			root = root.Kids[0]
			root.Slot = language.Item
			out.Roots[0] = root
		}
		out.Sequence = root.IsEllipsis() || root.Kind == language.ExprStmt || closed && root.Kind == language.Assign && root.Flags&language.Declares == 0
	} else {
		out.Sequence = true
	}
	return out, nil
}

// grownSlots are the parts that a wrapper adds to a pattern.
func grownSlots(k language.Kind) []language.Slot {
	if k == language.Try {
		return []language.Slot{language.SlotFinally}
	}
	return []language.Slot{language.SlotBody, language.SlotThen}
}

func without(list []*Node, slots ...language.Slot) []*Node {
	var out []*Node
	for _, n := range list {
		drop := false
		for _, s := range slots {
			drop = drop || n.Slot == s
		}
		if !drop {
			out = append(out, n)
		}
	}
	return out
}

type converter struct {
	*prepared
	tree *language.Tree
	err  *Error
}

// stand tells what an identifier of the parsed text stands for; ok is false if it is itself.
func (c *converter) stand(value string) (n *Node, ok bool) {
	word, found := strings.CutPrefix(value, c.spec.Metavar)
	for _, prefix := range c.spec.Others {
		if !found {
			word, found = strings.CutPrefix(value, prefix)
		}
	}
	if !found || c.own(word) {
		return nil, false
	}
	if c.lang("html") {
		word = strings.ReplaceAll(word, ":", "_") // see htmlName
	}
	switch {
	case word == ellipsisWord:
		return &Node{Kind: language.Ellipsis}, true
	case strings.HasPrefix(word, metaEllipsisWord):
		return &Node{Kind: language.MetaEllipsis, Value: "$..." + word[len(metaEllipsisWord):]}, true
	case strings.HasPrefix(word, typedWord):
		i, err := strconv.Atoi(word[len(typedWord):])
		if err != nil || i >= len(c.typed) {
			return nil, false
		}
		return &Node{Kind: language.TypedMetavar, Value: c.typed[i].name, Type: squeeze(c.typed[i].typ)}, true
	case word != "" && metavar(word) == len(word):
		return &Node{Kind: language.Metavar, Value: "$" + word}, true
	}
	return nil, false
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

var wholeMetavar = regexp.MustCompile(`^\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*$`)

func (c *converter) node(id language.ID, depth int) *Node {
	from := &c.tree.Nodes[id]
	if depth > MaxDepth {
		if c.err == nil {
			c.err = &Error{1, 1, "the pattern is nested deeper than " + strconv.Itoa(MaxDepth) + " levels"}
		}
		return &Node{}
	}
	n := &Node{Kind: from.Kind, Slot: from.Slot, Flags: from.Flags, Value: from.Value, Type: c.tree.Type(id)}
	if n.Kind == language.Name || n.Kind == language.Str && (language.ElementText(n.Type) || from.Slot == language.SlotModule) || c.standIn(n) || n.Kind == language.Other && from.Next == id+1 {
		if language.ElementText(n.Type) {
			n.Value = strings.TrimSuffix(n.Value, ";") // of an ellipsis that was taken for a statement
		}
		if s, ok := c.stand(n.Value); ok {
			s.Slot, s.Flags = n.Slot, n.Flags&language.Implements
			if language.ElementText(n.Type) {
				s.Type = n.Type
			}
			return s
		}
	}
	if n.Type == "simple_symbol" && wholeMetavar.MatchString(strings.TrimPrefix(n.Value, ":")) {
		n.Kids = []*Node{{Kind: language.Metavar, Value: n.Value[1:]}} // :$X
		return n
	}
	if n.Kind == language.Regex && wholeMetavar.MatchString(n.Value) {
		n.Kids = []*Node{{Kind: language.Metavar, Value: n.Value}}
		return n
	}
	if n.Kind == language.Str {
		c.str(id, n)
		return n
	}
	n.Single = from.Kind == language.Block && from.Next > id+1 && c.tree.Nodes[id+1].Next == from.Next &&
		(c.spec.KeyArgs || c.tree.Nodes[id+1].Start == from.Start && c.tree.Nodes[id+1].Symbol == from.Symbol)
	for k := range c.tree.Children(id) {
		kid := c.node(k, depth+1)
		if kid.Kind == language.Block && len(kid.Kids) == 0 && c.lang("python") {
			continue // a header whose body was left out; the grammar lets it pass
		}
		switch {
		case n.Kind == language.Template && kid.Kind == language.Str && len(kid.Kids) == 1 && strings.HasPrefix(kid.Kids[0].Value, "$..."):
			kid = &Node{Kind: language.MetaEllipsis, Value: kid.Kids[0].Value, Slot: kid.Slot}
		case n.Kind == language.Template && kid.AnyString && c.lang("ruby") && kid.Type == "string": // #{"..."}
		case n.Kind == language.Template && kid.AnyString:
			kid = &Node{Kind: language.Ellipsis, Slot: kid.Slot}
		case n.Kind == language.Template && kid.Kind == language.Ellipsis && !c.lang("bash"):
			kid = &Node{Kind: language.Metavar, Value: "$_", Slot: kid.Slot} // {...} is one expression
		}
		n.Kids = append(n.Kids, kid)
	}
	return c.collapse(n)
}

// str reads the forms that a string of a pattern may have.
func (c *converter) str(id language.ID, n *Node) {
	text := c.tree.Text(id)
	if n.Flags&language.Parenthesised != 0 {
		text = strings.Trim(text, "() \t\r\n")
	}
	if n.Type == "concatenated_string" && strings.Trim(n.Value, ".") == "" && strings.Contains(text, "...") {
		n.AnyString = true
		return
	}
	if quote := strings.IndexAny(text, "\"'"); c.spec.KeyArgs && quote > 0 {
		n.Prefix = strings.Trim(strings.ToLower(text[:quote]), "fut")
	}
	if n.Value == "..." {
		n.AnyString = true
		n.Interpolated = strings.HasPrefix(text, "`") || text[0] == 'f' || text[0] == 'F'
	}
	if wholeMetavar.MatchString(n.Value) {
		n.Kids = []*Node{{Kind: language.Metavar, Value: n.Value}}
		return
	}
	if text = inner(text); c.lang("yaml") || c.lang("json") {
		text = n.Value
	}
	if !strings.HasPrefix(text, "=~/") {
		return
	}
	end := strings.LastIndexByte(text, '/')
	if end < 3 {
		return
	}
	expr, flags := text[3:end], text[end+1:]
	if strings.Contains(flags, "i") {
		expr = "(?i)" + expr
	}
	if strings.Contains(flags, "m") {
		expr = "(?m)" + expr
	}
	if strings.Contains(flags, "s") {
		expr = "(?s)" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		c.err = &Error{1, 1, "the regular expression of a string cannot be used: " + err.Error()}
		return
	}
	n.Regexp = re
}

func inner(s string) string {
	s = strings.TrimLeft(s, "rRbBuUfF")
	return strings.Trim(s, "\"'`")
}

// collapse turns a node that exists only to hold a stand-in into the stand-in.
func (c *converter) collapse(n *Node) *Node {
	as := func(s *Node) *Node { s.Slot = n.Slot; return s }
	switch n.Kind {
	case language.Template:
		if c.lang("php") && len(n.Kids) == 1 && n.Kids[0].Kind == language.Metavar { // "$X"
			n.Kids[0].Slot = language.Item
			return as(&Node{Kind: language.Str, Value: n.Kids[0].Value, Kids: n.Kids})
		}
	case language.Call:
		// `...();` and `. ...();` are spellings of an ellipsis.
		if callee, args := n.Child(language.SlotCallee), n.Child(language.SlotArgs); callee != nil && args != nil && len(args.Kids) == 0 && !c.first5() {
			if name := callee.Child(language.SlotName); callee.IsEllipsis() || callee.Kind == language.Dot && name != nil && name.IsEllipsis() {
				return as(callee)
			}
		}
		if callee := n.Child(language.SlotCallee); callee != nil && callee.Kind == language.Name && callee.Value == c.spec.Metavar+deepWord {
			args := n.Child(language.SlotArgs)
			if args == nil || len(args.Kids) != 1 {
				if c.err == nil {
					c.err = &Error{1, 1, "`<... ...>` holds one expression"}
				}
				return n
			}
			args.Kids[0].Slot = language.SlotOperand
			return as(&Node{Kind: language.DeepEllipsis, Kids: args.Kids})
		}
		// A command that is an ellipsis is any, and so is an instruction.
		if args := n.Child(language.SlotArgs); args != nil && (c.lang("bash") || c.lang("dockerfile")) {
			callee := n.Child(language.SlotCallee)
			if callee == nil && len(args.Kids) == 1 && (args.Kids[0].IsEllipsis() || args.Kids[0].Kind == language.Unary && n.Slot == language.Item) {
				return as(args.Kids[0])
			}
			if callee != nil && len(args.Kids) == 0 && (callee.IsEllipsis() || callee.Kind == language.Metavar) {
				return as(callee)
			}
		}
	case language.ExprStmt:
		if len(n.Kids) == 1 && n.Kids[0].IsEllipsis() {
			return as(n.Kids[0])
		}
	case language.Param, language.Pair, language.KeyArg, language.ImportName, language.Assign, language.Case, language.Import, language.Decorator:
		// All named parts are the same stand-in: `E E`, `E: E`, `E E;`, `case E:`.
		if len(n.Kids) == 0 {
			break
		}
		first := n.Kids[0]
		for _, k := range n.Kids {
			if k.Kind == language.Block && len(k.Kids) == 0 {
				continue
			}
			if !k.IsEllipsis() || k.Value != first.Value {
				first = nil
				break
			}
		}
		if first == nil || n.Kind == language.Assign && len(n.Kids) == 2 && n.Child(language.SlotValue) != nil {
			break
		}
		return as(first)
	case language.Dict:
		if n.Type == "block_mapping" && len(n.Kids) == 1 && n.Kids[0].IsEllipsis() {
			return as(n.Kids[0]) // `key:` with an ellipsis below has any value
		}
	case language.Func:
		if n.Value == "constructor" && c.lang("java") {
			n.Value = "" // `f(...) {...}` leaves out what a method returns
		}
		if body := n.Child(language.SlotBody); c.lang("scala") && n.Type == "block" && body != nil && len(body.Kids) > 0 && body.Kids[0].IsEllipsis() {
			n.Kids = without(n.Kids, language.SlotParams) // f {...} may be a function of anything
			n.Anything = true
		}
	case language.Unary:
		if e := c.deepWord(n); e != nil {
			return as(&Node{Kind: language.DeepEllipsis, Kids: []*Node{e}})
		}
		if len(n.Kids) == 1 && n.Value == "-" && n.Kids[0].Kind == language.Num {
			return as(&Node{Kind: language.Num, Value: "-" + n.Kids[0].Value})
		}
	case language.Dot:
		n.Path = path(n)
	case language.Name:
		n.Path = path(n)
		if n.Slot == language.SlotModule {
			n.Path = []string{n.Value}
		}
		if n.Slot == language.SlotModule && strings.Contains(n.Value, "."+c.spec.Metavar) {
			c.module(n)
		}
	}
	return n
}

// deepWord is what <... e ...> of a shell holds, which is written as <(deep e); nil if the node is none.
func (c *converter) deepWord(n *Node) *Node {
	if n.Value != "<" || len(n.Kids) != 1 || len(n.Kids[0].Kids) != 1 {
		return nil
	}
	args := n.Kids[0].Kids[0].Child(language.SlotArgs)
	if args == nil || len(args.Kids) != 2 || args.Kids[0].Value != c.spec.Metavar+deepWord {
		return nil
	}
	args.Kids[1].Slot = language.SlotOperand
	return args.Kids[1]
}

// module reads the name of a module with metavariables in it, import a.$X: Value is what stands before them, Path all parts.
func (c *converter) module(n *Node) {
	n.Path = strings.Split(n.Value, ".")
	first := len(n.Path)
	for i, part := range n.Path {
		if s, ok := c.stand(part); ok && s.Kind == language.Metavar {
			n.Path[i] = s.Value
			first = min(first, i)
		}
	}
	n.Value = strings.Join(n.Path[:first], ".")
}

// path is the qualified name of nested member accesses between plain names, or nil.
func path(n *Node) []string {
	switch n.Kind {
	case language.Name:
		return strings.Split(n.Value, `\`) // a\b of PHP
	case language.Dot:
		operand, name := n.Child(language.SlotOperand), n.Child(language.SlotName)
		if operand == nil || name == nil || name.Kind != language.Name {
			return nil
		}
		if p := path(operand); p != nil {
			return append(p[:len(p):len(p)], name.Value)
		}
	}
	return nil
}
