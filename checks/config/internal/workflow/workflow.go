// Package workflow reads GitHub workflows and composite actions for the checks that judge them.
package workflow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

// A File is one workflow or one composite action.
type File struct {
	Path   string
	Side   checks.Side
	Action bool // action.yml: it has steps, and no jobs or triggers of its own
	Root   *yaml.Node
	Jobs   []*Job // of a composite action: one without a name
}

// A Job of a workflow.
type Job struct {
	ID    string
	Key   *yaml.Node // where the name stands; nil in a composite action
	Node  *yaml.Node
	Steps []*Step
}

// A Step of a job.
type Step struct {
	Job  *Job
	Node *yaml.Node
	Name string
	Uses *yaml.Node // "owner/name@ref"; nil if there is none
	Run  *yaml.Node // the script; nil if there is none
	With *yaml.Node
}

// IsWorkflow tells the paths that GitHub reads workflows from.
func IsWorkflow(name string) bool {
	ext := path.Ext(name)
	return path.Dir(name) == ".github/workflows" && (ext == ".yml" || ext == ".yaml")
}

// IsAction tells the names of actions.
func IsAction(name string) bool {
	base := path.Base(name)
	return base == "action.yml" || base == "action.yaml"
}

type key struct {
	side checks.Side
	path string
}

type result struct {
	file *File
	err  error
}

// Read gives the workflow or action of a path, nil if the file is empty or holds something else.
func Read(c *checks.Change, side checks.Side, name string) (*File, error) {
	r := c.Memo(key{side, name}, func() any {
		data, err := c.Tree(side).Open(name)
		if err != nil {
			return result{err: fmt.Errorf("reading %s: %w", name, err)}
		}
		root, err := document.YAML(data)
		if err != nil {
			return result{err: fmt.Errorf("reading %s: %w", name, err)}
		}
		return result{file: parse(name, side, root)}
	}).(result)
	return r.file, r.err
}

// Each calls use for every changed workflow and action of a side; what cannot be read is told as unscanned.
func Each(ctx context.Context, pass *checks.Pass, side checks.Side, use func(f *checks.File, w *File)) error {
	for _, f := range pass.Change.Files {
		name, ok := f.PathOn(side)
		if !ok || f.Opaque != "" || !IsWorkflow(name) && !IsAction(name) || f.Class == checks.ClassVendored || f.Class == checks.ClassTest {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		w, err := Read(pass.Change, side, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			pass.Unscanned(checks.Unscanned{Path: name, Side: side, Reason: err.Error()})
		case w != nil:
			use(f, w)
		}
	}
	return nil
}

func parse(name string, side checks.Side, root *yaml.Node) *File {
	if root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	f := &File{Path: name, Side: side, Action: IsAction(name), Root: root}
	if f.Action {
		runs := document.Get(root, "runs")
		if document.Text(document.Get(runs, "using")) != "composite" {
			return f
		}
		job := &Job{Node: runs}
		job.steps()
		f.Jobs = append(f.Jobs, job)
		return f
	}
	for k, v := range document.Pairs(document.Get(root, "jobs")) {
		job := &Job{ID: k.Value, Key: k, Node: v}
		job.steps()
		f.Jobs = append(f.Jobs, job)
	}
	return f
}

func (j *Job) steps() {
	for n := range document.Items(document.Get(j.Node, "steps")) {
		s := &Step{Job: j, Node: n, Name: document.Text(document.Get(n, "name")), With: document.Get(n, "with")}
		s.Uses, s.Run = scalar(document.Get(n, "uses")), scalar(document.Get(n, "run"))
		j.Steps = append(j.Steps, s)
	}
}

func scalar(n *yaml.Node) *yaml.Node {
	if n == nil || n.Kind != yaml.ScalarNode {
		return nil
	}
	return n
}

// Action is the name of the action that a step uses, without its version, in lower case: "actions/checkout".
func (s *Step) Action() string {
	name, _, _ := strings.Cut(document.Text(s.Uses), "@")
	return strings.ToLower(strings.TrimSpace(name))
}

// Events lists what starts the workflow, with the node of each name.
func (f *File) Events() map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	on := document.Get(f.Root, "on")
	for n := range document.Items(on) {
		out[document.Text(n)] = n
	}
	for k := range document.Pairs(on) {
		out[k.Value] = k
	}
	return out
}

// At is the place of a node.
func (f *File) At(n *yaml.Node) checks.Location { return document.At(f.Path, f.Side, n) }

// AtLine is the place of a line of a multi-line scalar, and of a text on it: lines of a script count from 0.
func (f *File) AtLine(n *yaml.Node, line int, text string) checks.Location {
	at := f.At(n)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		at.StartLine += line + 1
		at.EndLine, at.StartColumn, at.EndColumn = at.StartLine, 1, 1+len([]rune(text))
	}
	return at
}

var expression = regexp.MustCompile(`(?s)\$\{\{(.*?)\}\}`)

// An Expression is one ${{ }} of a text.
type Expression struct {
	Text string // between the braces
	Line int    // of the text, from 0
}

// Expressions lists the expressions of a text.
func Expressions(text string) []Expression {
	var out []Expression
	for _, m := range expression.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, Expression{Text: strings.TrimSpace(text[m[2]:m[3]]), Line: strings.Count(text[:m[0]], "\n")})
	}
	return out
}

// outside are the values of an event that somebody without any right in the repository can write.
var outside = regexp.MustCompile(`(?i)\bgithub\.(head_ref\b|event\.(` +
	`(issue|pull_request|discussion)\.(title|body)\b|` +
	`(comment|review|review_comment|release)\.body\b|` +
	`pull_request\.head\.(ref|label)\b|pull_request\.head\.repo\.(default_branch|description|homepage)\b|` +
	`pages(\[[^]]*\]|\.\*)?\.(page_name|title)\b|` +
	`(commits(\[[^]]*\]|\.\*)?|head_commit|workflow_run\.head_commit)\.(message\b|(author|committer)\.(email|name)\b)|` +
	`workflow_run\.(head_branch|display_title)\b|workflow_run\.pull_requests(\[[^]]*\]|\.\*)?\.head\.ref\b))`)

var (
	quoted  = regexp.MustCompile(`'(?:[^']|'')*'`)
	yesOrNo = regexp.MustCompile(`(?i)\b(contains|startsWith|endsWith|hashFiles|success|failure|always|cancelled)\s*\([^()]*\)`)
	compare = regexp.MustCompile(`[\w.\[\]*-]+\s*(==|!=|<=?|>=?)\s*('\x00'|[\w.\[\]*-]+)|'\x00'\s*(==|!=)\s*[\w.\[\]*-]+`)
	indexed = regexp.MustCompile(`\[\s*'([\w-]+)'\s*\]`)
)

// Values gives what of an expression can become part of its result: without texts, comparisons and functions that answer yes or no.
func Values(expr string) string {
	expr = indexed.ReplaceAllString(expr, ".$1")
	expr = quoted.ReplaceAllString(expr, "'\x00'")
	for range 4 {
		expr = yesOrNo.ReplaceAllString(expr, "")
	}
	return compare.ReplaceAllString(expr, "")
}

// Untrusted gives the first value of an expression that a stranger can write, or "".
func Untrusted(expr string) string { return outside.FindString(Values(expr)) }

var inputPattern = regexp.MustCompile(`(?i)\b(?:github\.event\.)?inputs\.([\w-]+)`)

// Input gives the first input of free text that an expression holds, or "": booleans, numbers and choices are no text.
func (f *File) Input(expr string) string {
	for _, m := range inputPattern.FindAllStringSubmatch(Values(expr), -1) {
		if slices.ContainsFunc(f.inputTypes(m[1]), func(t string) bool { return t == "" || t == "string" || t == "environment" }) {
			return m[0]
		}
	}
	return ""
}

func (f *File) inputTypes(name string) []string {
	if f.Action {
		return []string{""}
	}
	var out []string
	for _, event := range []string{"workflow_dispatch", "workflow_call"} {
		if in := document.Get(document.Get(document.Get(document.Get(f.Root, "on"), event), "inputs"), name); in != nil {
			out = append(out, document.Text(document.Get(in, "type")))
		}
	}
	return out
}
