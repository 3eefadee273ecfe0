package play

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed assets page.html
var files embed.FS

// Options are what a playground is made of.
type Options struct {
	// Prefix is the path that the handler is mounted at, without a slash at its end; "": the root.
	Prefix string
	// Ask answers a question; it is Ask of this package, in the sandbox that the caller wants.
	Ask func(context.Context, *Question) (*Answer, error)
	// Root is the folder that rules are opened in and saved to; nil: neither is offered, and the page keeps nothing.
	Root *os.Root
	// Home is the address of the pages that the playground belongs to; "": it stands alone.
	Home string
}

// The bounds of what the page sends.
const (
	maxRule   = 1 << 20 // bytes
	maxCode   = 1 << 20
	maxForm   = 3 * (maxRule + maxCode) // escaped
	maxListed = 500                     // rule files that are offered
)

// Handler is the playground: the page, what it asks while somebody types, and what it saves. It asks nobody who they are: whoever mounts it does, and holds
// requests to its own origin.
//
//	GET  /        the page; ?rule=FILE opens a rule below Root, with its fixture
//	POST /run     rule, code, path, line -> what matches, in pieces of HTML
//	POST /save    the same, written below Root
//	GET  /assets/ scripts and styles
func Handler(o Options) (http.Handler, error) {
	page, err := template.New("page.html").Funcs(template.FuncMap{
		"pad": func(depth int) int { return min(depth, 20) },
		"join": func(r engine.Range) string {
			var parts []string
			for _, b := range r.Bindings {
				parts = append(parts, b.Name+" = "+b.Text)
			}
			return strings.Join(parts, ", ")
		},
	}).ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	p := &playground{Options: o, page: page}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+o.Prefix+"/{$}", p.show)
	mux.HandleFunc("POST "+o.Prefix+"/run", p.run)
	mux.HandleFunc("POST "+o.Prefix+"/save", p.save)
	mux.Handle("GET "+o.Prefix+"/assets/", http.StripPrefix(o.Prefix, http.FileServerFS(files)))
	return headers(mux), nil
}

// headers keeps the page to itself: nothing from elsewhere runs in it, frames it, or hears of it.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

type playground struct {
	Options
	page *template.Template
}

// A sheet is what the page holds.
type sheet struct {
	Prefix   string
	Home     string
	Rule     string // the rule's text
	Code     string
	Path     string // the name of the code's file, which says its language
	Line     int    // that the caret stands in
	RuleFile string // below Root
	Opened   string // the hash of the two files as they were opened; "": they are new
	CanSave  bool
	Listed   []string
	Result   *result
	Said     string // by the last save
	Failed   bool
}

// result is what the run of a sheet gave, ready to be shown.
type result struct {
	*Answer
	Marked  []piece // the code, cut where matches begin and end
	Summary string
	Bad     bool // the rule does not run, or a test fails
	Steps   []row
	Passed  int
	Line    int
}

// A piece of the code; Match says that a rule matches it.
type piece struct {
	Text  string
	Match bool
}

// A row is one line of an explanation.
type row struct {
	Depth int
	*engine.Step
}

const (
	sampleRule = `rules:
  - id: my-rule
    languages: [python]
    severity: WARNING
    message: eval of $X runs whatever the text says; parse it instead
    patterns:
      - pattern: eval($X)
      - pattern-not: eval("...")
    metadata:
      cwe: "CWE-95: eval injection"
`
	sampleCode = `def handle(request):
    # ruleid: my-rule
    eval(request.args["q"])
    # ok: my-rule
    eval("1 + 1")
`
)

func (p *playground) show(w http.ResponseWriter, r *http.Request) {
	s := &sheet{Rule: sampleRule, Code: sampleCode, Path: "testdata/my-rule.py", RuleFile: "my-rule.yaml", Line: 3}
	if name := r.URL.Query().Get("rule"); name != "" && p.Root != nil {
		opened, err := p.open(name)
		if err != nil {
			s.Said, s.Failed = err.Error(), true
		} else {
			s = opened
		}
	}
	s.Prefix, s.Home, s.CanSave, s.Listed = p.Prefix, p.Home, p.Root != nil, p.list()
	p.evaluate(r.Context(), s)
	p.write(w, "page.html", s)
}

func (p *playground) run(w http.ResponseWriter, r *http.Request) {
	s, ok := p.read(w, r)
	if !ok {
		return
	}
	p.evaluate(r.Context(), s)
	p.write(w, "result", s)
}

func (p *playground) save(w http.ResponseWriter, r *http.Request) {
	s, ok := p.read(w, r)
	if !ok {
		return
	}
	if p.Root == nil {
		http.Error(w, "this playground keeps nothing", http.StatusForbidden)
		return
	}
	if err := p.keep(s); err != nil {
		s.Said, s.Failed = "not saved: "+err.Error(), true
	} else {
		s.Said, s.Opened = "saved "+s.RuleFile+" and "+s.Path, hash(s.Rule, s.Code)
		s.Listed = p.list()
	}
	p.write(w, "saved", s)
}

// read takes over what the page sends.
func (p *playground) read(w http.ResponseWriter, r *http.Request) (*sheet, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return nil, false
	}
	lines := func(name string) string { return strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n") } // forms have lines end so
	s := &sheet{Prefix: p.Prefix, CanSave: p.Root != nil, Rule: lines("rule"), Code: lines("code"), Path: r.PostForm.Get("path"), RuleFile: r.PostForm.Get("file"),
		Opened: r.PostForm.Get("opened")}
	s.Line, _ = strconv.Atoi(r.PostForm.Get("line")) // 0: nothing is explained
	if len(s.Rule) > maxRule || len(s.Code) > maxCode {
		http.Error(w, fmt.Sprintf("the rule and the code may have %d MB each", maxRule>>20), http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return s, true
}

// write renders a part of the page.
func (p *playground) write(w http.ResponseWriter, name string, s *sheet) {
	var buf bytes.Buffer
	if err := p.page.ExecuteTemplate(&buf, name, s); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(buf.Bytes()) // whoever asked is gone then
}

// evaluate fills in the result.
func (p *playground) evaluate(ctx context.Context, s *sheet) {
	out := &result{Line: s.Line}
	s.Result = out
	lines := strings.Count(s.Code, "\n") + 1
	q := &Question{Path: path.Clean("/" + s.Path)[1:], Code: []byte(s.Code), Tree: true, Lint: true, Marks: true,
		Sources: []rules.Source{{Name: "rule", Origin: rules.OriginFlag, Data: []byte(s.Rule)}}}
	if s.Line > 0 && s.Line <= lines {
		q.From, q.To = s.Line, s.Line
	}
	answer, err := p.Ask(ctx, q)
	if err != nil {
		out.Answer, out.Bad, out.Summary = &Answer{}, true, err.Error()
		out.Marked = []piece{{Text: s.Code}}
		return
	}
	out.Answer = answer
	out.Marked = cut(s.Code, answer.Matches)
	for _, x := range answer.Explanations {
		flatten(&out.Steps, x.Steps, 0)
	}
	failed := 0
	for _, t := range answer.Tests {
		if len(t.Missed)+len(t.Noise) > 0 {
			failed++
		} else {
			out.Passed++
		}
	}
	stops := slices.ContainsFunc(answer.Problems, rules.Problem.Stops)
	switch {
	case stops || len(answer.Rules) == 0:
		out.Bad, out.Summary = true, "the rule does not run"
	case answer.Language == "" && len(answer.Matches) == 0:
		out.Summary = "no matches: no language is known for " + cmp.Or(path.Base(s.Path), "a file without a name")
	default:
		out.Summary = plural(len(answer.Matches), "match", "matches")
	}
	if failed > 0 {
		out.Bad = true
		out.Summary += "; the test fails"
	} else if out.Passed > 0 {
		out.Summary += "; the test passes"
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// cut cuts code where matches begin and end.
func cut(code string, matches []Match) []piece {
	covered := make([]bool, len(code))
	for _, m := range matches {
		for i := max(m.Start, 0); i < min(m.End, len(code)); i++ {
			covered[i] = true
		}
	}
	var out []piece
	for i := 0; i < len(code); {
		j := i
		for j < len(code) && covered[j] == covered[i] {
			j++
		}
		out = append(out, piece{code[i:j], covered[i]})
		i = j
	}
	return out
}

func flatten(rows *[]row, steps []*engine.Step, depth int) {
	for _, s := range steps {
		*rows = append(*rows, row{Depth: depth, Step: s})
		flatten(rows, s.Steps, depth+1)
	}
}

func hash(rule, code string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + code))
	return hex.EncodeToString(sum[:])
}

// list gives the rule files below Root, the first few.
func (p *playground) list() []string {
	if p.Root == nil {
		return nil
	}
	var out []string
	_ = fs.WalkDir(p.Root.FS(), ".", func(name string, d fs.DirEntry, err error) error { // what cannot be read is not offered
		switch {
		case err != nil || len(out) == maxListed:
			return fs.SkipDir
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.Type().IsRegular() && isRuleFile(name) && !strings.Contains(d.Name(), ".test."):
			out = append(out, name)
		}
		return nil
	})
	return out
}

func isRuleFile(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yaml" || ext == ".yml"
}

// allowed says what is wrong with the name of a file below Root; "": nothing.
func allowed(name string) string {
	switch {
	case name == "" || !fs.ValidPath(name) || name == ".":
		return fmt.Sprintf("%q is no path below the folder of the rules", name)
	case slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") }):
		return fmt.Sprintf("%q has a hidden part", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == ':' }):
		return fmt.Sprintf("%q has characters that do not belong into a name", name)
	}
	return ""
}

// open reads a rule file and the fixture beside it, if it has one.
func (p *playground) open(name string) (*sheet, error) {
	if why := allowed(name); why != "" {
		return nil, errors.New(why)
	}
	rule, err := p.text(name)
	if err != nil {
		return nil, err
	}
	s := &sheet{RuleFile: name, Rule: rule, Line: 1}
	rs, _ := rules.Parse(rules.Source{Name: name, Origin: rules.OriginFlag, Data: []byte(rule)})
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	bases := []string{base}
	ext := ".txt"
	for i, r := range rs {
		bases = append(bases, r.ID.Value)
		if len(r.Languages) > 0 && i == 0 {
			if spec := language.ForName(r.Languages[0].Value); spec != nil && len(spec.Extensions) > 0 {
				ext = spec.Extensions[0]
			}
		}
	}
	for _, dir := range []string{path.Dir(name), path.Join(path.Dir(name), "testdata")} {
		entries, err := fs.ReadDir(p.Root.FS(), dir)
		if err != nil {
			continue // there need not be any
		}
		for _, e := range entries {
			stem := strings.TrimSuffix(strings.TrimSuffix(e.Name(), path.Ext(e.Name())), ".test")
			if e.Type().IsRegular() && slices.Contains(bases, stem) && (!isRuleFile(e.Name()) || strings.Contains(e.Name(), ".test.")) {
				if s.Code, err = p.text(path.Join(dir, e.Name())); err != nil {
					return nil, err
				}
				s.Path, s.Opened = path.Join(dir, e.Name()), hash(s.Rule, s.Code)
				return s, nil
			}
		}
	}
	s.Path, s.Opened = path.Join(path.Dir(name), "testdata", base+ext), hash(s.Rule, "")
	return s, nil
}

// text reads a file below Root; "" and fs.ErrNotExist if it is not there.
func (p *playground) text(name string) (string, error) {
	f, err := p.Root.Open(name)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", name, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRule+1))
	if err != nil || len(data) > maxRule {
		return "", fmt.Errorf("%s cannot be read: %w", name, cmp.Or(reason(err), fmt.Errorf("it has more than %d MB", maxRule>>20)))
	}
	return string(data), nil
}

func reason(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// keep writes the rule and the code. Files that are there already are written over only if they are what was opened.
func (p *playground) keep(s *sheet) error {
	for _, name := range []string{s.RuleFile, s.Path} {
		if why := allowed(name); why != "" {
			return errors.New(why)
		}
	}
	switch {
	case !isRuleFile(s.RuleFile):
		return fmt.Errorf("the rule's file %q does not end in .yaml", s.RuleFile)
	case s.RuleFile == s.Path || isRuleFile(s.Path) && !strings.Contains(path.Base(s.Path), ".test."):
		return fmt.Errorf("%q would be taken for a rule file: end it in .test.yaml", s.Path)
	}
	rule, err := p.text(s.RuleFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	code, err2 := p.text(s.Path)
	if err2 != nil && !errors.Is(err2, fs.ErrNotExist) {
		return err2
	}
	if (err == nil || err2 == nil) && hash(rule, code) != s.Opened {
		return errors.New("a file of that name is there, and is not what was opened here: open it, or take another name")
	}
	for _, f := range []struct{ name, text string }{{s.RuleFile, s.Rule}, {s.Path, s.Code}} {
		if err := p.Root.MkdirAll(path.Dir(f.name), 0o777); err != nil {
			return fmt.Errorf("%s: %w", path.Dir(f.name), reason(err))
		}
		if err := p.Root.WriteFile(f.name, []byte(f.text), 0o666); err != nil {
			return fmt.Errorf("%s: %w", f.name, reason(err))
		}
	}
	return nil
}
