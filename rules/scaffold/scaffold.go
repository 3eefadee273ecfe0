// Package scaffold writes the beginning of a new rule: a rule and a fixture that pass the tests and the lint as they are, to be changed from there.
package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// The modes of a rule.
const (
	Search = "search"
	Taint  = "taint"
)

// A Rule is what to write.
type Rule struct {
	ID       string
	Language string // as rules name it
	Mode     string // Search or Taint
}

// A File is a path below the folder of the rules, with slashes, and what stands in it.
type File struct {
	Path string
	Data string
}

// sample is what a rule of a language looks for, with lines of code that it reports and does not report.
type sample struct {
	pattern, not     string   // the exclusion may be empty
	hit, miss        string   // a line each
	before, after    []string // the lines around them
	indent           string
	comment, closing string
	ext              string // of the fixture, where it is not the language's first
	sources          bool   // has functions with values that a taint rule can follow; end is what a call ends in
	end              string
}

func call(indent, comment, end string, before, after []string) sample {
	return sample{pattern: "run_unchecked($X)", not: `run_unchecked("...")`, hit: "run_unchecked(name)" + end, miss: `run_unchecked("fixed")` + end,
		before: before, after: after, indent: indent, comment: comment, sources: true, end: end}
}

// samples are by the name of language.Spec.
func samples() map[string]sample {
	slashes := func(indent, end string, lines ...string) sample {
		return call(indent, "//", end, lines[:len(lines)-1], lines[len(lines)-1:])
	}
	out := map[string]sample{
		"c":          slashes("    ", ";", "void handle(char *name) {", "}"),
		"cpp":        slashes("    ", ";", "void handle(char *name) {", "}"),
		"csharp":     call("        ", "//", ";", []string{"class Sample {", "    void Handle(string name) {"}, []string{"    }", "}"}),
		"go":         slashes("\t", "", "package sample", "", "func handle(name string) {", "}"),
		"java":       call("        ", "//", ";", []string{"class Sample {", "    void handle(String name) {"}, []string{"    }", "}"}),
		"javascript": slashes("  ", ";", "function handle(name) {", "}"),
		"kotlin":     slashes("    ", "", "fun handle(name: String) {", "}"),
		"php":        slashes("    ", ";", "<?php", "function handle($name) {", "}"),
		"python":     call("    ", "#", "", []string{"def handle(name):"}, nil),
		"ruby":       call("  ", "#", "", []string{"def handle(name)"}, []string{"end"}),
		"rust":       slashes("    ", ";", "fn handle(name: &str) {", "}"),
		"scala":      slashes("  ", "", "object Sample {", "}"),
		"solidity":   call("        ", "//", ";", []string{"contract Sample {", "    function handle(string memory name) public {"}, []string{"    }", "}"}),
		"swift":      slashes("    ", "", "func handle(name: String) {", "}"),
		"typescript": slashes("  ", ";", "function handle(name: string) {", "}"),

		"bash":       {pattern: "run_unchecked ...", hit: `run_unchecked "$name"`, miss: `run_checked "$name"`, comment: "#"},
		"dockerfile": {pattern: "USER root", hit: "USER root", miss: "USER app", before: []string{"FROM scratch"}, comment: "#", ext: ".dockerfile"},
		"terraform":  {pattern: "open_to_all = true", hit: "open_to_all = true", miss: "open_to_all = false", comment: "#"},
		"html":       {pattern: "<marquee>...</marquee>", hit: "<marquee>news</marquee>", miss: "<p>news</p>", comment: "<!--", closing: " -->"},
		"json":       {pattern: `"debug": true`, hit: `"debug": true,`, miss: `"verbose": true`, before: []string{"{"}, after: []string{"}"}, indent: "  ", comment: "//"},
		"yaml":       {pattern: "privileged: true", hit: "privileged: true", miss: "read_only: true", comment: "#", ext: ".test.yaml"},
		"generic":    {pattern: "run_unchecked $X", hit: "run_unchecked name", miss: "run_checked name", comment: "#", ext: ".txt"},
		"regex":      {pattern: `run_unchecked\s+\w+`, hit: "run_unchecked name", miss: "run_checked name", comment: "#", ext: ".txt"},
	}
	php := out["php"]
	php.hit = "run_unchecked($name);"
	out["php"] = php
	return out
}

// Files gives the rule's file and its fixture. The error says what is wrong with the id, the language or the mode.
func (r Rule) Files() ([]File, error) {
	spec := language.ForName(r.Language)
	if spec == nil {
		if language.Absent(r.Language) {
			return nil, fmt.Errorf("language %q is %s", r.Language, language.NotBuilt)
		}
		return nil, fmt.Errorf("there is no language %q: use one of %s", r.Language, strings.Join(Languages(), ", "))
	}
	s, ok := samples()[spec.Name]
	if !ok {
		return nil, fmt.Errorf("there is no sample for %s", spec.Name)
	}
	switch {
	case r.Mode != Search && r.Mode != Taint:
		return nil, fmt.Errorf("unknown mode %q: use %s or %s", r.Mode, Search, Taint)
	case r.Mode == Taint && !s.sources:
		return nil, fmt.Errorf("a taint rule follows data through functions, and %s has none to follow it through: leave out --mode taint", spec.Name)
	}
	if s.ext == "" {
		s.ext = spec.Extensions[0]
	}
	text := r.text(s)
	_, problems := rules.Parse(rules.Source{Name: r.ID + ".yaml", Origin: rules.OriginFlag, Data: []byte(text)})
	for _, p := range problems {
		return nil, errors.New(p.Message)
	}
	return []File{{r.ID + ".yaml", text}, {"testdata/" + r.ID + s.ext, r.fixture(s)}}, nil
}

// Languages are those that there is a sample for, sorted.
func Languages() []string {
	var out []string
	for name := range samples() {
		if language.ForName(name) != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (r Rule) text(s sample) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("rules:")
	line("  - id: %s", quoted(r.ID))
	if r.Mode == Taint {
		line("    mode: taint")
	}
	line("    languages: [%s]", r.Language)
	line("    severity: WARNING # ERROR blocks, once rollout is block and confidence is HIGH")
	if r.Mode == Taint {
		line("    message: what comes from outside is run here as it came; check it first")
		line("    pattern-sources:")
		line("      - pattern: read_input(...)")
		line("    pattern-sinks:")
		line("      - pattern: run_unchecked(...)")
		line("    pattern-sanitizers:")
		line("      - pattern: checked(...)")
	} else {
		text := "this is run without a check; check it first"
		if strings.Contains(s.pattern, "$X") {
			text = "$X is run without a check; check it first"
		}
		line("    message: %s", text)
		if s.not != "" {
			line("    patterns:")
			line("      - pattern: %s", s.pattern)
			line("      - pattern-not: %s", s.not)
		} else {
			line("    pattern: %s", quoted(s.pattern))
		}
	}
	line("    metadata:")
	line(`      cwe: "CWE-20: Improper Input Validation"`)
	line("      category: security")
	line("      confidence: MEDIUM # HIGH: what it reports is wrong, nearly always")
	line("      reviewgate:")
	line("        title: Input that nobody checked")
	line("        why: Whoever sends the input decides what happens.")
	line("        remedy: Check the input before it is used.")
	line("        rollout: comment # off, shadow, comment, block")
	return b.String()
}

// quoted is a text as a YAML value.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (r Rule) fixture(s sample) string {
	hit, miss := s.hit, s.miss
	if r.Mode == Taint {
		hit, miss = "run_unchecked(read_input())"+s.end, "run_unchecked(checked(read_input()))"+s.end
	}
	mark := func(word string) string { return s.indent + s.comment + " " + word + ": " + r.ID + s.closing }
	lines := slices.Concat(s.before, []string{mark("ruleid"), s.indent + hit, mark("ok"), s.indent + miss}, s.after)
	return strings.Join(lines, "\n") + "\n"
}

// Write puts files below a folder, which is made if it is not there. None is ever overwritten: where one is there already, none is written and
// the error is fs.ErrExist.
func Write(dir string, files []File) (err error) {
	var written []string
	defer func() {
		if err != nil {
			for _, path := range written {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already: %w", path, fs.ErrExist)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		written = append(written, path)
		_, err = out.WriteString(f.Data)
		if err = errors.Join(err, out.Close()); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}
