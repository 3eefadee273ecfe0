package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

func TestMain(m *testing.M) {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(func(in io.Reader, out io.Writer) error { return Worker(in, out, fakes) }))
	}
	os.Exit(m.Run())
}

// The fake checks. "marks" reports every @word of a file whose word is one of its rules; "gone" reports every removed line that says
// guard; "moods" does what the pull request's title says.
func fakes(rs []*rules.Rule) ([]*checks.Check, error) {
	rule := func(id string, s checks.Severity, c checks.Confidence) checks.RuleInfo {
		return checks.RuleInfo{ID: id, Title: id, Severity: s, Confidence: c, Origin: "fake", Rollout: checks.RolloutBlock} // built-in ones are left out by NoBuiltin
	}
	of := func(r checks.RuleInfo, change func(*checks.RuleInfo)) checks.RuleInfo { change(&r); return r }
	marks := &checks.Check{Name: "fake/marks", Scope: checks.PerSide, Run: runMarks, Rules: []checks.RuleInfo{
		rule("critical", checks.Critical, checks.Certain), rule("high", checks.High, checks.Certain), rule("medium", checks.Medium, checks.Certain),
		rule("low", checks.Low, checks.Certain), rule("info", checks.Info, checks.Certain), rule("unsure", checks.High, checks.Likely),
		of(rule("sql", checks.High, checks.Certain), func(r *checks.RuleInfo) { r.CWE = []string{"CWE-89"} }),
		of(rule("query", checks.Medium, checks.Certain), func(r *checks.RuleInfo) { r.CWE = []string{"CWE-89"}; r.Tags = []string{"injection"} }),
		of(rule("shadow", checks.High, checks.Certain), func(r *checks.RuleInfo) { r.Rollout = checks.RolloutShadow }),
		of(rule("theirs", checks.High, checks.Certain), func(r *checks.RuleInfo) { r.Origin, r.Rollout = ".github/reviewgate/rules/theirs.yaml", "" }),
		of(rule("strict", checks.High, checks.Certain), func(r *checks.RuleInfo) {
			r.Origin, r.Rollout = ".github/reviewgate/rules/theirs.yaml", checks.RolloutBlock
		}),
	}}
	gone := &checks.Check{Name: "fake/gone", Scope: checks.Difference, Run: runGone, Rules: []checks.RuleInfo{rule("gone", checks.High, checks.Certain)}}
	moods := &checks.Check{Name: "fake/moods", Scope: checks.Difference, Run: runMoods, Rules: []checks.RuleInfo{rule("mood", checks.Medium, checks.Certain)},
		Reads: readsPackages, Asks: asksPackages, Wants: seeks}
	list := []*checks.Check{moods, marks, gone}
	if len(rs) > 0 {
		c := &checks.Check{Name: "rules", Scope: checks.PerSide, Run: func(ctx context.Context, p *checks.Pass) error { return runMarks(ctx, p) }}
		for _, r := range rs {
			i := rule(r.ID.Value, checks.High, checks.Certain)
			i.CWE, i.Origin, i.Rollout = r.Metadata.CWE, r.File, checks.Rollout(r.Metadata.Rollout)
			c.Rules = append(c.Rules, i)
		}
		list[1].Rules = append(list[1].Rules, c.Rules...) // marks reports them all
	}
	return list, nil
}

func readsPackages(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !strings.HasSuffix(p, "packages.txt") })
}

// asksPackages asks for what changed files of packages name, and fails or panics as the title says.
func asksPackages(_ context.Context, p *checks.Pass) (asked []checks.Package, err error) {
	if p.Change.Text.Title == "cannot ask" {
		return nil, errors.New("it cannot ask")
	}
	for _, f := range p.Change.Files {
		data, err := p.Change.Head.Open(f.Path)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			asked = append(asked, checks.Package{Ecosystem: "npm", Name: strings.TrimSpace(line)})
		}
	}
	return asked, nil
}

// seeks wants the files with the word slugify where the title says so; runMoods then tells what it got.
func seeks(_ context.Context, p *checks.Pass) ([]checks.Want, error) {
	switch p.Change.Text.Title {
	case "seek":
		return []checks.Want{{Endings: []string{".go"}, Words: []string{"slugify"}}}, nil
	case "cannot seek":
		return nil, errors.New("it cannot seek")
	}
	return nil, nil
}

func sought(p *checks.Pass) error {
	if p.Change.Found == nil {
		return fmt.Errorf("nobody looked: %w", checks.ErrSkipped)
	}
	var b strings.Builder
	for _, path := range p.Change.Found.Paths {
		data, err := p.Change.Head.Open(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s=%q ", strings.Trim(strconv.Quote(path), `"`), data)
	}
	return fmt.Errorf("%s%s: %w", b.String(), p.Change.Found.Lacks, checks.ErrSkipped)
}

var mark = regexp.MustCompile(`@([a-z-]+)(\([^)]*\))?`)

func runMarks(_ context.Context, p *checks.Pass) error {
	known := map[string]bool{}
	list, _ := fakes(nil)
	for _, r := range list[1].Rules {
		known[r.ID] = true
	}
	known["pattern"], known["secure-pattern"] = strings.Contains(p.Change.Text.Body, "patterns"), strings.Contains(p.Change.Text.Body, "patterns")
	for _, f := range p.Change.Files {
		path, ok := f.PathOn(p.Side)
		if !ok || f.Opaque != "" {
			continue
		}
		data, err := p.Change.Tree(p.Side).Open(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			at, column := 0, 1
			for _, m := range mark.FindAllStringSubmatchIndex(line, -1) {
				column += utf8.RuneCountInString(line[at:m[0]])
				at = m[0]
				if id := line[m[2]:m[3]]; known[id] {
					p.Report(checks.Finding{RuleID: id, Message: "found " + id, Location: checks.Location{
						Path: path, Side: p.Side, StartLine: i + 1, EndLine: i + 1,
						StartColumn: column, EndColumn: column + utf8.RuneCountInString(line[m[0]:m[1]]),
					}})
				}
			}
		}
	}
	return nil
}

func runGone(_ context.Context, p *checks.Pass) error {
	for _, f := range p.Change.Files {
		path, ok := f.PathOn(checks.Base)
		if !ok || f.Opaque != "" {
			continue
		}
		data, err := p.Change.Base.Open(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if _, kept := f.Lines.HeadLine(i + 1); !kept && strings.Contains(line, "guard") {
				p.Report(checks.Finding{RuleID: "gone", Message: "a guard is gone", Key: line, Location: checks.Location{Path: path, Side: checks.Base, StartLine: i + 1, EndLine: i + 1, StartColumn: 1, EndColumn: 2}})
			}
		}
	}
	return nil
}

func runMoods(ctx context.Context, p *checks.Pass) error {
	switch p.Change.Text.Title {
	case "panic":
		var list []int
		_ = list[len(p.Change.Files)]
	case "crash":
		done := make(chan struct{})
		go func() { panic("a goroutine of a check") }()
		<-done
	case "error":
		return errors.New("no such thing \xff")
	case "skip":
		return fmt.Errorf("no registry is configured: %w", checks.ErrSkipped)
	case "seek":
		return sought(p)
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	case "stranger":
		p.Report(checks.Finding{RuleID: "nobody-knows"})
	case "flood":
		for range maxFindings + 1 {
			p.Report(checks.Finding{RuleID: "mood", Location: checks.Location{Path: "a.txt"}})
		}
	case "odd":
		p.Report(checks.Finding{RuleID: "mood", Message: "bytes \xff\xfe " + strings.Repeat("x", 2*maxMessage), Location: checks.Location{Path: p.Change.Files[0].Path, StartLine: -5, EndLine: 1 << 30, StartColumn: 99, EndColumn: -1},
			Related: []checks.Related{{Message: "\xff", Location: checks.Location{Path: p.Change.Files[0].Path, StartLine: 1 << 40}}}, Fix: &checks.Fix{Text: "\xff", Location: checks.Location{Path: p.Change.Files[0].Path}}})
	case "environment":
		return fmt.Errorf("environment: %v", os.Environ())
	case "passwd":
		_, err := os.ReadFile("/etc/passwd")
		return fmt.Errorf("reading: %w", err)
	}
	return nil
}

// scenario reads a change from a txtar file; see the files in testdata.
func scenario(t testing.TB, archive *txtar.Archive) *Input {
	t.Helper()
	in := &Input{Base: strings.Repeat("b", 40), Head: strings.Repeat("a", 40), NoBuiltin: true}
	trees := map[string]map[string][]byte{"base": {}, "head": {}}
	for _, f := range archive.Files {
		side, path, ok := strings.Cut(f.Name, "/")
		if f.Name == "want" {
			continue
		}
		if side == "import" || side == "import-base" {
			in.Imports = append(in.Imports, Import{Name: path, Base: side == "import-base", Data: f.Data})
			continue
		}
		if !ok || trees[side] == nil {
			t.Fatalf("section %q is neither base/PATH, head/PATH nor want", f.Name)
		}
		trees[side][path] = bytes.ReplaceAll(f.Data, []byte("\\xff"), []byte("\xff"))
	}
	renamed := map[string]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "rename":
			from, to, _ := strings.Cut(value, " ")
			renamed[to] = from
		case "fail-on":
			s, err := checks.ParseSeverity(value)
			if err != nil {
				t.Fatal(err)
			}
			in.Config.FailOn, in.Config.FailOnCountsRules = s, true
		case "block-on":
			in.Config.BlockOn = strings.Fields(value)
		case "comments":
			if _, err := fmt.Sscan(value, &in.Config.MaxComments); err != nil {
				t.Fatal(err)
			}
		case "rollout":
			id, rollout, _ := strings.Cut(value, " ")
			if in.Config.Rollouts == nil {
				in.Config.Rollouts = map[string]checks.Rollout{}
			}
			in.Config.Rollouts[id] = checks.Rollout(rollout)
		case "override":
			id, confidence, _ := strings.Cut(value, " ")
			c, err := checks.ParseConfidence(confidence)
			if err != nil {
				t.Fatal(err)
			}
			in.Config.Overrides = map[string]checks.Override{id: {Confidence: c}}
		case "imports":
			in.Config.Imports = checks.Rollout(value)
		case "root":
			in.ImportRoots = append(in.ImportRoots, value)
		case "same": // files that the change does not touch
			in.HeadPaths = strings.Fields(value)
		case "all":
			in.All, in.Base = true, ""
		case "patterns":
			in.Text.Body = "patterns"
			in.Rules = append(in.Rules, rules.Source{Name: "patterns.yaml", Origin: rules.OriginBuiltin, Data: []byte(patternRules)})
		}
	}
	if in.HeadPaths != nil {
		in.HeadPaths = append(in.HeadPaths, slices.Sorted(maps.Keys(trees["head"]))...)
	}
	for path, data := range trees["head"] {
		f := &checks.File{Path: path, Status: checks.Added, Mode: checks.ModeFile}
		old, had := trees["base"][path]
		if from, ok := renamed[path]; ok {
			f.Status, f.OldPath = checks.Renamed, from
			in.Contents = append(in.Contents, Content{checks.Base, from, trees["base"][from]})
			delete(trees["base"], from)
		} else if had {
			f.Status = checks.Modified
			in.Contents = append(in.Contents, Content{checks.Base, path, old})
			delete(trees["base"], path)
		}
		in.Files = append(in.Files, f)
		in.Contents = append(in.Contents, Content{checks.Head, path, data})
	}
	for path, data := range trees["base"] {
		in.Files = append(in.Files, &checks.File{Path: path, Status: checks.Deleted, OldMode: checks.ModeFile})
		in.Contents = append(in.Contents, Content{checks.Base, path, data})
	}
	slices.SortFunc(in.Files, func(a, b *checks.File) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(in.Contents, func(a, b Content) int { return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.Path, b.Path)) })
	return in
}

const patternRules = `rules:
  - id: pattern
    languages: [python]
    severity: ERROR
    message: m
    pattern: f()
  - id: secure-pattern
    languages: [python]
    severity: ERROR
    message: m
    metadata: {cwe: "CWE-78: x"}
    pattern: f()
`
