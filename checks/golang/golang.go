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

// shared is what both sides of a change use: the packages of the standard library grow while they are used, so that one side waits for the other.
type shared struct {
	mu       sync.Mutex
	importer *stdlib.Importer
}

type sharedKey struct{}

func run(ctx context.Context, pass *checks.Pass) error {
	list, err := units(ctx, pass)
	if err != nil || len(list) == 0 {
		return err
	}
	s := pass.Change.Memo(sharedKey{}, func() any { return &shared{importer: stdlib.New()} }).(*shared)
	s.mu.Lock()
	defer s.mu.Unlock()
	analyzers, ruleOf := listed()
	for _, u := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(u.files) == 0 {
			continue
		}
		if err := u.check(s.importer); err != nil {
			return err
		}
		current := u.platform == "linux" && !u.ahead(pass.Change.Tree(pass.Side))
		said := map[finding]bool{} // by another analyzer of the same rule
		err := u.analyze(analyzers, func(a *analysis.Analyzer, d analysis.Diagnostic) {
			use, ok := ruleOf[a]
			if !ok || use.complete && !current {
				return
			}
			at, text := u.location(d, pass.Side)
			f := finding{use.rule, at}
			if at.Path == "" || said[f] || use.spared != nil && use.spared.MatchString(text) {
				return
			}
			said[f] = true
			pass.Report(checks.Finding{RuleID: f.rule, Location: f.at, Message: use.message(d.Message)})
		})
		if err != nil {
			return err
		}
	}
	return nil
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
