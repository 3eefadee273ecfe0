package golang

import (
	"context"
	_ "embed"
	"go/token"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/golang/stdlib"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// Check is the check.
var Check = &checks.Check{
	Name:     "golang/analyzers",
	Doc:      doc,
	Scope:    checks.PerSide,
	Rules:    infos(),
	Examples: examples,
	Reads: func(paths []string) []string {
		return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return path.Base(p) != "go.mod" })
	},
	Run: run,
}

// shared is what both sides of a change use. The packages of the standard library grow while they are used, so that one side waits for the other.
type shared struct {
	mu       sync.Mutex
	importer *stdlib.Importer
	head     *said // nil: nobody has looked yet
}

// said is what was found on one side.
type said struct {
	findings  []checks.Finding
	unscanned []checks.Unscanned
}

type sharedKey struct{}

// run looks at head for both sides. What base has only tells which of head's findings are old, so that a folder where head has none is not looked at.
func run(ctx context.Context, pass *checks.Pass) error {
	s := pass.Change.Memo(sharedKey{}, func() any { return &shared{importer: stdlib.New()} }).(*shared)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == nil {
		head, err := look(ctx, s.importer, pass.Change, checks.Head, nil)
		if err != nil {
			return err
		}
		s.head = head
	}
	result := s.head
	if pass.Side == checks.Base {
		folders := foldersOf(pass.Change, result.findings)
		if len(folders) == 0 {
			return nil
		}
		base, err := look(ctx, s.importer, pass.Change, checks.Base, folders)
		if err != nil {
			return err
		}
		result = base
	}
	for _, f := range result.findings {
		pass.Report(f)
	}
	for _, u := range result.unscanned {
		pass.Unscanned(u)
	}
	return nil
}

// foldersOf gives the folders on base of the files in which something was found on head.
func foldersOf(change *checks.Change, findings []checks.Finding) map[string]bool {
	found := map[string]bool{}
	for _, f := range findings {
		found[f.Location.Path] = true
	}
	folders := map[string]bool{}
	for _, f := range change.Files {
		head, there := f.PathOn(checks.Head)
		if base, was := f.PathOn(checks.Base); there && was && found[head] {
			folders[path.Dir(base)] = true
		}
	}
	return folders
}

// look runs the analyzers on the folders of a side; nil: on all of them.
func look(ctx context.Context, importer *stdlib.Importer, change *checks.Change, side checks.Side, folders map[string]bool) (*said, error) {
	out := &said{}
	pass := &checks.Pass{
		Change: change, Side: side,
		Report:    func(f checks.Finding) { out.findings = append(out.findings, f) },
		Unscanned: func(u checks.Unscanned) { out.unscanned = append(out.unscanned, u) },
	}
	list, err := units(ctx, pass, folders)
	if err != nil {
		return nil, err
	}
	analyzers, ruleOf := listed()
	for _, u := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(u.files) == 0 {
			continue
		}
		if err := u.check(importer); err != nil {
			return nil, err
		}
		current := u.platform == "linux" && !u.ahead(change.Tree(side))
		said := map[finding]bool{} // by another analyzer of the same rule
		err := u.analyze(analyzers, func(a *analysis.Analyzer, d analysis.Diagnostic) {
			use, ok := ruleOf[a]
			if !ok || use.complete && !current {
				return
			}
			at, text := u.location(d, side)
			f := finding{use.rule, at}
			if at.Path == "" || said[f] || use.spared != nil && use.spared.MatchString(text) {
				return
			}
			said[f] = true
			pass.Report(checks.Finding{RuleID: f.rule, Location: f.at, Message: use.message(d.Message)})
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type finding struct {
	rule string
	at   checks.Location
}

// location is the first line of what a diagnostic is about, and its text. The path is empty if that is not in a file of the unit.
func (u *unit) location(d analysis.Diagnostic, side checks.Side) (checks.Location, string) {
	file := u.fset.File(d.Pos)
	if file == nil {
		return checks.Location{}, ""
	}
	for _, f := range u.files {
		if f.ast.FileStart != token.Pos(file.Base()) {
			continue
		}
		start := min(file.Offset(d.Pos), len(f.text))
		first := start - len(lastLine(f.text[:start]))
		end := len(f.text)
		if i := strings.IndexByte(string(f.text[start:min(end, start+4096)]), '\n'); i >= 0 {
			end = start + i
		}
		if d.End > d.Pos {
			end = min(end, file.Offset(d.End))
		}
		line := file.PositionFor(d.Pos, false).Line // a //line comment does not move anything
		text := strings.TrimRight(string(f.text[start:end]), " \t\r")
		column := utf8.RuneCount(f.text[first:start]) + 1
		return checks.Location{Path: f.name, Side: side, StartLine: line, EndLine: line, StartColumn: column, EndColumn: column + utf8.RuneCountInString(text)}, text
	}
	return checks.Location{}, ""
}

func lastLine(text []byte) []byte {
	for i := len(text); i > 0; i-- {
		if text[i-1] == '\n' {
			return text[i:]
		}
	}
	return text
}
