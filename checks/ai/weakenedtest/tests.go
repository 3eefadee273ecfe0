package weakenedtest

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A test is one test function or test call of one side.
type test struct {
	tree               *language.Tree
	path               string
	side               checks.Side
	name               string // with what surrounds it
	short              string // as a reader calls it
	nameStart, nameEnd uint32
	body               string   // white space folded
	lines              []string // of the body, trimmed
	assertions         []assertion
	calls              map[string]bool // last names of everything called that is no assertion
	skip, focus        *mark
}

// A mark switches tests off or on.
type mark struct {
	offset, end uint32
	explained   bool // by a reference to an issue
}

// An assertion of a test.
type assertion struct {
	text           string // white space folded
	subjects       []string
	equality, weak bool
	presence       bool // it only says that its subject is there
	offset, end    uint32
}

// about tells whether the assertion is about one of the subjects.
func (a assertion) about(subjects []string) bool {
	return slices.ContainsFunc(a.subjects, func(s string) bool { return slices.Contains(subjects, s) })
}

// owns tells whether the assertion is about what one of the subjects is a part of: the answer, where they ask for its status.
func (a assertion) owns(subjects []string) bool {
	return slices.ContainsFunc(a.subjects, func(s string) bool {
		return slices.ContainsFunc(subjects, func(of string) bool { return strings.HasPrefix(of, s+".") })
	})
}

// takesApart tells whether the test goes on to use a part of a subject, which fails where there is none.
func (t *test) takesApart(subjects []string) bool {
	return slices.ContainsFunc(subjects, func(s string) bool {
		return strings.Contains(t.body, s+".") || strings.Contains(t.body, s+"[") || strings.Contains(t.body, s+"!.")
	})
}

// callsOnly tells whether the test still calls what the assertion called and said to give None, as what has nothing to give does.
func (t *test) callsOnly(a assertion) bool {
	call, ok := strings.CutSuffix(strings.TrimPrefix(a.text, "assert "), " is None")
	return ok && t.tree.Spec.Name == "python" && strings.HasSuffix(call, ")") && strings.Contains(t.body, call)
}

// getsNo tells whether an assertion was about the error of a call that gives none any more (x, err := f() is x := f() now), or that the test no longer
// makes, and that is not what it tests.
func (t *test) getsNo(a assertion, base *test) bool {
	if t.tree.Spec.Name != "go" || len(a.subjects) != 1 || a.offset < base.nameEnd {
		return false
	}
	call, with := "", ""
	for _, m := range gives.FindAllStringSubmatch(base.tree.Source[base.nameEnd:a.offset], -1) {
		if m[2] == a.subjects[0] {
			call, with = m[3], m[1]
		}
	}
	if call == "" {
		return false
	}
	if !strings.Contains(t.body, call+"(") {
		return !base.namedAfter(map[string]bool{call[strings.LastIndexByte(call, '.')+1:]: true}, 1, 4)
	}
	return with != "" && (strings.Contains(t.body, with+" := "+call+"(") || strings.Contains(t.body, with+" = "+call+"("))
}

// gives is a call of Go and what takes its last result.
var gives = regexp.MustCompile(`(?:(\w+), )?(\w+) :?= ([\w.]+)\(`)

var wordPattern = regexp.MustCompile(`[A-Za-z_]\w*`)

func (a assertion) mentions(names map[string]bool) bool {
	return slices.ContainsFunc(wordPattern.FindAllString(a.text, -1), func(w string) bool { return names[w] })
}

// about tells whether the test calls, or is named after, something of names.
func (t *test) about(names map[string]bool) bool {
	for call := range t.calls {
		if names[call] {
			return true
		}
	}
	return slices.ContainsFunc(wordPattern.FindAllString(t.body, -1), func(w string) bool { return names[w] }) || t.namedAfter(names, 1, 8)
}

// reached are the names of all that the test calls, also in what it asserts.
func (t *test) reached() map[string]bool {
	names := maps.Clone(t.calls)
	for _, a := range t.assertions {
		for _, s := range a.subjects {
			for _, m := range callName.FindAllStringSubmatch(s, -1) {
				names[m[1]] = true
			}
		}
	}
	return names
}

// does are first words of names that say what is done, and not with what: resolve_sales_tax and getSalesTax are about the sales tax.
var does = []string{"test", "resolve", "get", "set", "handle", "on", "do", "perform", "create", "make", "build", "run", "fetch", "load", "is", "has", "validate", "render", "use"}

// namedAfter tells whether the test's name, or its file's, holds all words of something of names in their order: a test reaches a handler by the text of
// a request, and a resolver by a field. What has fewer words, or one that has fewer letters, names too much.
func (t *test) namedAfter(names map[string]bool, fewest, letters int) bool {
	own := [][]string{code.Words(t.name), code.Words(strings.ReplaceAll(t.short, " ", "_")), code.Words(strings.TrimSuffix(path.Base(t.path), path.Ext(t.path)))}
	for name := range names {
		words := code.Words(name)
		if len(words) > 2 && slices.Contains(does, words[0]) {
			words = words[1:]
		}
		if len(words) < fewest || len(words) == 1 && len(words[0]) < letters {
			continue
		}
		if slices.ContainsFunc(own, func(list []string) bool { return runs(list, words) }) {
			return true
		}
	}
	return false
}

// runs tells whether the words stand in the list, one after the other.
func runs(list, words []string) bool {
	for i := 0; i+len(words) <= len(list); i++ {
		if slices.Equal(list[i:i+len(words)], words) {
			return true
		}
	}
	return false
}

func (t *test) at(start, end uint32) checks.Location {
	line, column := t.tree.Position(start)
	endLine, endColumn := t.tree.Position(end)
	return checks.Location{Path: t.path, Side: t.side, StartLine: line, StartColumn: column, EndLine: endLine, EndColumn: endColumn}
}

// findTests lists the tests of a file by the conventions of its language.
func findTests(tree *language.Tree, path string, side checks.Side) []*test {
	var out []*test
	for id := range tree.Nodes {
		id := language.ID(id)
		var t *test
		switch tree.Spec.Name {
		case "python", "go", "java":
			t = testFunction(tree, id)
		case "javascript", "typescript":
			t = testCall(tree, id)
		}
		if t == nil {
			continue
		}
		t.tree, t.path, t.side = tree, path, side
		out = append(out, t)
	}
	return out
}

// goTest are the names of what go test runs and what can fail: a benchmark proves nothing.
var goTest = regexp.MustCompile(`^(Test|Fuzz)([^a-z]|$)`)

// testFunction reads a function that its language's runner takes for a test.
func testFunction(tree *language.Tree, id language.ID) *test {
	n := &tree.Nodes[id]
	if n.Kind != language.Func {
		return nil
	}
	name := tree.Child(id, language.SlotName)
	body := tree.Child(id, language.SlotBody)
	if name == language.None || body == language.None {
		return nil
	}
	decorators := decoratorsOf(tree, id)
	short := tree.Nodes[name].Value
	switch tree.Spec.Name {
	case "python":
		if !strings.HasPrefix(short, "test") {
			return nil
		}
	case "go":
		// As go test takes them: TestX, but not Testify.
		if !goTest.MatchString(short) || !strings.Contains(tree.Text(id), "testing.") {
			return nil
		}
	case "java":
		named := strings.HasPrefix(short, "test") && strings.Contains(tree.Source, "TestCase") // JUnit 3
		if !named && !slices.ContainsFunc(decorators, func(d decorator) bool {
			return slices.Contains([]string{"Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "Property"}, d.last)
		}) {
			return nil
		}
	}
	t := &test{name: tree.SymbolAt(tree.Nodes[name].Start), short: short, nameStart: tree.Nodes[name].Start, nameEnd: tree.Nodes[name].End}
	readBody(tree, body, t)
	for _, d := range decorators {
		skips := d.last == "skip" || d.last == "xfail" || d.last == "Disabled" || d.last == "Ignore" || d.last == "expectedFailure"
		if skips && !strings.Contains(d.text, "condition") && !conditional(d) {
			t.skip = &mark{offset: d.offset, end: d.end, explained: explained(d.text)}
		}
	}
	if s := skipCall(tree, body); s != nil && t.skip == nil {
		t.skip = s
	}
	return t
}

// conditional tells a decorator whose first argument is a condition: xfail(sys.platform == ...).
func conditional(d decorator) bool {
	return d.last == "xfail" && d.positional
}

type decorator struct {
	last, text  string
	offset, end uint32
	positional  bool // has a positional argument that is no text
}

func decoratorsOf(tree *language.Tree, id language.ID) []decorator {
	var out []decorator
	for c := range tree.Children(id) {
		if tree.Nodes[c].Kind != language.Decorator {
			continue
		}
		operand := tree.Child(c, language.SlotOperand)
		if operand == language.None {
			continue
		}
		d := decorator{text: tree.Text(c), offset: tree.Nodes[c].Start, end: tree.Nodes[c].End}
		callee := operand
		if tree.Nodes[operand].Kind == language.Call {
			callee = tree.Child(operand, language.SlotCallee)
			for a := range arguments(tree, operand) {
				if k := tree.Nodes[a].Kind; k != language.KeyArg && k != language.Str && k != language.Template {
					d.positional = true
				}
			}
		}
		d.last = lastName(tree, callee)
		out = append(out, d)
	}
	return out
}

// skipCall finds a call that skips the whole test: a statement of the body itself, not one under a condition.
func skipCall(tree *language.Tree, body language.ID) *mark {
	for stmt := range tree.Children(body) {
		call := stmt
		if tree.Nodes[stmt].Kind == language.ExprStmt {
			call = tree.Child(stmt, language.SlotOperand)
		}
		if call == language.None || tree.Nodes[call].Kind != language.Call {
			continue
		}
		switch lastName(tree, tree.Child(call, language.SlotCallee)) {
		case "Skip", "Skipf", "SkipNow", "skipTest", "skip", "xfail":
			text := tree.Text(call)
			if strings.HasPrefix(text, "test.") || strings.HasPrefix(text, "it.") {
				continue
			}
			return &mark{offset: tree.Nodes[call].Start, end: tree.Nodes[call].End, explained: explained(text)}
		}
	}
	return nil
}

var issuePattern = regexp.MustCompile(`#\d+|https?://|\b[A-Z][A-Z0-9]+-\d+\b|\b(issue|bug|ticket)s?[ /:]*\d+`)

func explained(text string) bool { return issuePattern.MatchString(text) }

// testCall reads it("name", fn) and its kin.
func testCall(tree *language.Tree, id language.ID) *test {
	if tree.Nodes[id].Kind != language.Call {
		return nil
	}
	callee := tree.Child(id, language.SlotCallee)
	if callee == language.None {
		return nil
	}
	words := strings.Split(tree.Text(callee), ".")
	if tree.Nodes[callee].Kind == language.Call { // it.each([...])("title", fn)
		table := tree.Child(callee, language.SlotCallee)
		if table == language.None {
			return nil
		}
		words = strings.Split(tree.Text(table), ".")
		switch words[len(words)-1] {
		case "each", "skipIf", "runIf", "todoIf": // of a condition: skipped elsewhere, and the same test
		default:
			return nil
		}
		words = words[:len(words)-1]
	}
	if len(words) == 2 && words[1] == "test" && words[0] != "" && !strings.ContainsAny(words[0], "() ") {
		words = words[1:] // t.test("part", fn) of node's runner
	}
	var skips, focus bool
	switch words[0] {
	case "it", "test", "specify":
	case "xit", "xtest", "xspecify":
		skips = true
	case "fit", "ftest":
		focus = true
	case "describe", "context", "suite", "fdescribe", "xdescribe":
		return suiteMark(tree, id, callee, words)
	default:
		return nil
	}
	for _, w := range words[1:] {
		switch w {
		case "skip", "todo", "fails", "failing":
			skips = true
		case "only":
			focus = true
		case "concurrent", "sequential":
		default:
			return nil // the table of it.each: the title is in the call around it
		}
	}
	var title, body = language.None, language.None
	for a := range arguments(tree, id) {
		switch tree.Nodes[a].Kind {
		case language.Str, language.Template:
			if title == language.None {
				title = a
			}
		case language.Func:
			body = tree.Child(a, language.SlotBody)
		}
	}
	if title == language.None || body == language.None {
		return nil
	}
	t := &test{short: titleOf(tree, title), nameStart: tree.Nodes[title].Start, nameEnd: tree.Nodes[title].End}
	t.name = t.short
	for p := tree.Nodes[id].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind == language.Call && slices.Contains([]string{"describe", "context", "suite", "xdescribe", "fdescribe"}, firstWord(tree, p)) {
			for a := range arguments(tree, p) {
				if k := tree.Nodes[a].Kind; k == language.Str || k == language.Template {
					t.name = titleOf(tree, a) + " > " + t.name
				}
				break
			}
		}
	}
	readBody(tree, body, t)
	start, end := tree.Nodes[callee].Start, tree.Nodes[callee].End
	if skips {
		line := tree.Text(id)
		t.skip = &mark{offset: start, end: end, explained: explained(line[:min(len(line), 200)]) || explained(commentBefore(tree, tree.Nodes[id].Start))}
	}
	if focus {
		t.focus = &mark{offset: start, end: end}
	}
	if s := skipCall(tree, body); s != nil && t.skip == nil {
		t.skip = s
	}
	return t
}

// suiteMark makes a pseudo test of a suite that is focused or skipped, so that the mark is compared and reported.
func suiteMark(tree *language.Tree, id, callee language.ID, words []string) *test {
	focus := words[0] == "fdescribe" || slices.Contains(words[1:], "only")
	if !focus {
		return nil
	}
	for a := range arguments(tree, id) {
		if k := tree.Nodes[a].Kind; k == language.Str || k == language.Template {
			name := titleOf(tree, a)
			return &test{
				short: name, name: "suite " + name, nameStart: tree.Nodes[a].Start, nameEnd: tree.Nodes[a].End, calls: map[string]bool{},
				focus: &mark{offset: tree.Nodes[callee].Start, end: tree.Nodes[callee].End},
			}
		}
	}
	return nil
}

func firstWord(tree *language.Tree, call language.ID) string {
	callee := tree.Child(call, language.SlotCallee)
	if callee == language.None {
		return ""
	}
	word, _, _ := strings.Cut(tree.Text(callee), ".")
	return word
}

func titleOf(tree *language.Tree, id language.ID) string {
	title := strings.Trim(tree.Text(id), "`\"'")
	if tree.Nodes[id].Kind == language.Str {
		title = tree.Nodes[id].Value
	}
	return strings.ReplaceAll(title, "`", "'") // messages quote it in backticks
}

func commentBefore(tree *language.Tree, offset uint32) string {
	for i := len(tree.Comments) - 1; i >= 0; i-- {
		if c := tree.Comments[i]; c.End <= offset {
			if strings.TrimSpace(tree.Source[c.End:offset]) == "" {
				return tree.Source[c.Start:c.End]
			}
			return ""
		}
	}
	return ""
}

func arguments(tree *language.Tree, call language.ID) func(func(language.ID) bool) {
	args := tree.Child(call, language.SlotArgs)
	if args == language.None {
		return func(func(language.ID) bool) {}
	}
	return tree.Children(args)
}

// lastName is the last part of a name or member access: "c" of a.b.c.
func lastName(tree *language.Tree, id language.ID) string {
	if id == language.None {
		return ""
	}
	switch tree.Nodes[id].Kind {
	case language.Name:
		return tree.Nodes[id].Value
	case language.Dot:
		if name := tree.Child(id, language.SlotName); name != language.None {
			return tree.Nodes[name].Value
		}
	case language.Call:
		return lastName(tree, tree.Child(id, language.SlotCallee))
	}
	return ""
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

// readBody collects what a test's body asserts and calls.
func readBody(tree *language.Tree, body language.ID, t *test) {
	t.body = fold(tree.Text(body))
	for line := range strings.Lines(tree.Text(body)) {
		if line = strings.TrimSpace(line); len(line) > 1 {
			t.lines = append(t.lines, line)
		}
	}
	t.calls = map[string]bool{}
	for id := body; id < tree.Nodes[body].Next; {
		if a, ok := asAssertion(tree, id); ok {
			t.assertions = append(t.assertions, a)
			id = tree.Nodes[id].Next
			continue
		}
		if tree.Nodes[id].Kind == language.Call {
			if name := lastName(tree, tree.Child(id, language.SlotCallee)); name != "" && !slices.Contains(prints, name) {
				t.calls[name] = true
			}
		}
		id++
	}
}

// prints only show something: they are no helper that may assert.
var prints = []string{"print", "pprint", "println", "printf", "log", "info", "debug", "warn", "Println", "Printf", "Log", "Logf"}

// definedNames adds the names of the functions and classes of a file.
func definedNames(tree *language.Tree, into map[string]bool) {
	for id := range tree.Nodes {
		switch tree.Nodes[id].Kind {
		case language.Func, language.Class:
			if name := tree.Child(language.ID(id), language.SlotName); name != language.None {
				into[tree.Nodes[name].Value] = true
			}
		case language.Assign:
			value := tree.Child(language.ID(id), language.SlotValue)
			target := tree.Child(language.ID(id), language.SlotTarget)
			if value != language.None && target != language.None && tree.Nodes[value].Kind == language.Func && tree.Nodes[target].Kind == language.Name {
				into[tree.Nodes[target].Value] = true
			}
		}
	}
}
