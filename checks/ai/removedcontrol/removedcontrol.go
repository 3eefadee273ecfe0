package removedcontrol

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "security-control-removed"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/removed-control",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A security control was removed",
		Why:        "What the control kept out can now get in. The code that is left looks complete, so a reviewer of the new version alone would not miss it.",
		Remedy:     "Put the control back, or move it to where it still covers this code, and show in a test that it refuses what it refused before.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-693"},
		References: []string{"https://cwe.mitre.org/data/definitions/693.html", "https://owasp.org/Top10/A01_2021-Broken_Access_Control/"},
		Tags:       []string{"security"},
		Languages:  []string{"go", "java", "javascript", "python", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	var files []fileControls
	added := map[string]int{} // controls of head minus controls of base, over the whole change: where one appears, another may have come from
	for _, f := range pass.Change.Files {
		if f.Opaque != "" || f.Class == checks.ClassTest || f.Class == checks.ClassVendored || f.Class == checks.ClassGenerated || f.Class == checks.ClassDocs {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		fc, err := read(pass, f)
		if err != nil {
			return err
		}
		for _, c := range fc.head {
			if added[c.name]++; c.whole {
				added[c.name] += len(fc.base) // as many as it can stand for
			}
		}
		for _, c := range fc.base {
			added[c.name]--
		}
		if fc.baseTree != nil && fc.headTree != nil {
			files = append(files, fc)
		}
	}
	for _, fc := range files {
		report(pass, fc, added)
	}
	return nil
}

// fileControls are the controls of one changed file on both sides.
type fileControls struct {
	file               *checks.File
	baseTree, headTree *language.Tree // nil where the side has none
	base, head         []control
	headFuncs          map[string]language.ID // functions by symbol
}

func read(pass *checks.Pass, f *checks.File) (fileControls, error) {
	fc := fileControls{file: f, headFuncs: map[string]language.ID{"": 0}}
	for _, side := range []checks.Side{checks.Base, checks.Head} {
		name, ok := f.PathOn(side)
		if !ok {
			continue
		}
		tree, err := syntax.Code(pass.Change, side, name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syntax.ErrNoLanguage) {
			continue
		}
		if err != nil {
			pass.Unscanned(checks.Unscanned{Path: name, Side: side, Reason: err.Error()})
			continue
		}
		if side == checks.Base {
			fc.baseTree, fc.base = tree, findControls(tree)
			continue
		}
		fc.headTree, fc.head = tree, findControls(tree)
		for id := range tree.Nodes {
			if tree.Nodes[id].Kind == language.Func {
				if symbol := tree.SymbolAt(bodyStart(tree, language.ID(id))); symbol != "" {
					fc.headFuncs[symbol] = language.ID(id)
				}
			}
		}
	}
	return fc, nil
}

// bodyStart is an offset inside of a function's body, past its decorators and name.
func bodyStart(tree *language.Tree, fn language.ID) uint32 {
	if body := tree.Child(fn, language.SlotBody); body != language.None {
		return tree.Nodes[body].Start
	}
	return tree.Nodes[fn].End - 1
}

func report(pass *checks.Pass, fc fileControls, added map[string]int) {
	for _, symbol := range symbols(fc.base) {
		if _, stays := fc.headFuncs[symbol]; !stays {
			continue // the function is gone, and what it guarded with it
		}
		before, after := in(fc.base, symbol), in(fc.head, symbol)
		// Of several of one name, those on lines that stay are the ones that are left.
		slices.SortStableFunc(before, func(a, b control) int {
			switch gone := fc.removedLine(a); {
			case gone == fc.removedLine(b):
				return 0
			case gone:
				return 1
			}
			return -1
		})
		lost := slices.DeleteFunc(minus(before, after), func(c control) bool { return c.quiet })
		came := slices.DeleteFunc(minus(after, before), func(c control) bool {
			return c.quiet && !slices.ContainsFunc(lost, func(l control) bool { return l.refuses == c.refuses })
		})
		if len(lost) == 0 || len(came) >= len(lost) {
			continue // nothing is gone, or something else came instead
		}
		called := slices.ContainsFunc(came, func(c control) bool { return c.refuses == "" })
		for _, c := range lost {
			if added[c.name] >= 0 || !fc.removedLine(c) {
				continue // as many as before in the whole change: it has moved
			}
			if c.refuses != "" && (called || fc.comparedElsewhere(c)) {
				continue // a call that checks came instead of conditions, or the condition is asked in another place under another name
			}
			if c.refuses == "" && slices.ContainsFunc(came, func(n control) bool { return strings.HasPrefix(n.name, c.name) }) {
				continue // authorizeDocumentCreate came for several calls of authorize
			}
			if c.confidence < checks.Certain && len(c.args) > 4 && timesGiven(fc.headTree, c.args) >= timesGiven(fc.baseTree, c.args) {
				continue // another function is given the same
			}
			if c.refuses != "" && fc.callersAsk(symbol, added) {
				continue
			}
			if c.refuses != "" && slices.ContainsFunc(fc.head, func(n control) bool { return n.refuses == "" && added[n.name] > 0 }) {
				c.confidence = checks.Likely // its callers may ask now
			}
			added[c.name]++ // one report for one removal
			pass.Report(fc.finding(c, symbol))
		}
	}
}

// callersAsk tells whether every function of the file that calls this one has a call that checks, of which the change adds some.
func (fc *fileControls) callersAsk(symbol string, added map[string]int) bool {
	name := symbol[strings.LastIndexByte(symbol, '.')+1:]
	asked := 0
	for i := range fc.headTree.Nodes {
		if fc.headTree.Nodes[i].Kind != language.Call || name == "" || code.Callee(fc.headTree, language.ID(i)) != name {
			continue
		}
		caller := fc.headTree.SymbolAt(fc.headTree.Nodes[i].Start)
		if caller == symbol {
			continue
		}
		if !slices.ContainsFunc(fc.head, func(n control) bool { return n.symbol == caller && n.refuses == "" && added[n.name] > 0 }) {
			return false
		}
		asked++
	}
	return asked > 0
}

// comparedElsewhere tells a refusal whose texts are compared in the file as often as before.
func (fc *fileControls) comparedElsewhere(c control) bool {
	if len(c.literals) == 0 {
		return false
	}
	base, head := compared(fc.baseTree), compared(fc.headTree)
	return !slices.ContainsFunc(c.literals, func(s string) bool { return head[s] < base[s] })
}

// removedLine tells whether the line of a control is one that the change takes away.
func (fc *fileControls) removedLine(c control) bool {
	line, _ := fc.baseTree.Position(c.start)
	if fc.file.Lines == nil {
		return true
	}
	_, kept := fc.file.Lines.HeadLine(line)
	return !kept
}

func (fc *fileControls) finding(c control, symbol string) checks.Finding {
	path, _ := fc.file.PathOn(checks.Base)
	where := "this file"
	if symbol != "" {
		where = "`" + symbol + "`"
	}
	f := checks.Finding{
		RuleID:     ruleID,
		Message:    fmt.Sprintf("%s no longer %s (`%s`), and the change adds it nowhere else. Put it back, or move it to where it still covers this code", where, c.does, c.shown),
		Confidence: c.confidence,
		Location:   location(fc.baseTree, path, checks.Base, c.start, c.end),
		Key:        c.name,
	}
	if c.confidence < checks.Certain {
		f.Severity = checks.Medium
	}
	if fn := fc.headFuncs[symbol]; fn != 0 {
		if name := fc.headTree.Child(fn, language.SlotName); name != language.None {
			n := fc.headTree.Nodes[name]
			f.Related = []checks.Related{{Location: location(fc.headTree, fc.file.Path, checks.Head, n.Start, n.End), Message: "the function without it"}}
		}
	}
	return f
}

func location(tree *language.Tree, path string, side checks.Side, start, end uint32) checks.Location {
	line, column := tree.Position(start)
	endLine, endColumn := tree.Position(end)
	return checks.Location{Path: path, Side: side, StartLine: line, StartColumn: column, EndLine: endLine, EndColumn: endColumn}
}

func symbols(list []control) []string {
	var out []string
	for _, c := range list {
		if !slices.Contains(out, c.symbol) {
			out = append(out, c.symbol)
		}
	}
	return out
}

func in(list []control, symbol string) []control {
	var out []control
	for _, c := range list {
		if c.symbol == symbol {
			out = append(out, c)
		}
	}
	return out
}

// minus lists the controls of a that b has fewer of, by name.
func minus(a, b []control) []control {
	have := map[string]int{}
	for _, c := range b {
		have[c.name]++
	}
	var out []control
	for _, c := range a {
		if have[c.name]--; have[c.name] < 0 {
			out = append(out, c)
		}
	}
	return out
}
