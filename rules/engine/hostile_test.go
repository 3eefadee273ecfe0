package engine_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// hostileScale divides the sizes of the hostile set: the whole of it takes minutes, and is what `make hostile` runs.
func hostileScale() int {
	if os.Getenv("REVIEWGATE_HOSTILE") != "" {
		return 1
	}
	return 200
}

// hostileTime bounds one case of the whole set, all its rules together. It is far above what a quiet machine takes.
const hostileTime = 3 * time.Minute

// hostileRules look exponential on what hostileFiles gives. Each is a rule of its own, so that one that is given up leaves the others.
var hostileRules = map[string]string{
	"ellipses":   "    pattern: f(..., $A, ..., $B, ..., $C, ..., $A, ..., $B, ..., $C, ..., never)\n",
	"deep":       "    pattern: f(<... <... <... <... $X ...> ...> ...> ...>)\n",
	"same":       "    pattern: f($X, ..., $X, ..., $X)\n",
	"anything":   "    patterns:\n    - pattern: $X\n    - pattern-not: never\n    - pattern-not-inside: never($X)\n",
	"regex":      "    patterns:\n    - pattern: $X\n    - metavariable-regex: {metavariable: $X, regex: '(?=(a+)+$)(a|a)*never'}\n",
	"linear":     "    patterns:\n    - pattern: $X\n    - metavariable-regex: {metavariable: $X, regex: '.*(a|b|ab)*.*never$'}\n",
	"captures":   "    patterns:\n    - pattern: f(...)\n    - pattern-regex: '(?<Y>(?:a|\\(|,)+)'\n    - focus-metavariable: $Y\n",
	"behind":     "    pattern-regex: '(?<=a)((a|,)*)*never'\n",
	"comparison": "    patterns:\n    - pattern: $X\n    - metavariable-comparison: {comparison: 'str($X) == \"never\" or int($X) > 1 or re.match(\"(a|a)*b\", $X)'}\n",
	"analysis":   "    patterns:\n    - pattern: $X\n    - metavariable-analysis: {metavariable: $X, analyzer: entropy}\n    - metavariable-analysis: {metavariable: $X, analyzer: redos}\n",
	"generic":    "    patterns:\n    - pattern: f(...)\n    - metavariable-pattern: {metavariable: $X, language: generic, pattern: 'a ... a ... a ... a ... never'}\n    - pattern: f($X, ...)\n",
	"nested":     "    patterns:\n    - pattern: $X\n    - metavariable-pattern: {metavariable: $X, patterns: [{pattern: $Y}, {metavariable-pattern: {metavariable: $Y, pattern: $Z}}]}\n",
	"either":     "    pattern-either:\n" + strings.Repeat("    - pattern: f(..., $X, ..., a)\n", 500),
	"message":    "    pattern: $X\n    fix: $X$X$X$X\n",
}

// clocked are those of the rules that end by the clock, whatever the language. The ordinary run waits for them in one language only.
var clocked = map[string]bool{"regex": true, "behind": true}

// hostileTaint has a source, a sink and a propagator everywhere.
const hostileTaint = "    mode: taint\n    pattern-sources: [{pattern: a}]\n    pattern-sinks: [{pattern: 'f($X, ...)'}]\n" +
	"    pattern-propagators: [{pattern: 'f($X, $Y)', from: $X, to: $Y}]\n    pattern-sanitizers: [{pattern: never(...)}]\n"

// hostileFiles gives what no person writes. Every text is read as each language, of which it need not be code.
func hostileFiles(scale int) []struct{ name, text string } {
	n := func(most int) int { return most / scale }
	type file = struct{ name, text string }
	return []file{
		{"deep parentheses", "x = f(" + strings.Repeat("(", n(200_000)) + "a" + strings.Repeat(")", n(200_000)) + ");\n"},
		{"deep brackets, open", "f(" + strings.Repeat("[", n(400_000))},
		{"deep calls", strings.Repeat("f(", n(9_000)) + "a" + strings.Repeat(", a)", n(9_000)) + ";\n"},
		{"deep blocks", strings.Repeat("{ if (a) ", n(100_000)) + strings.Repeat("}", n(100_000))},
		{"deep indentation", func() string {
			var b strings.Builder
			for i := range n(2_000) {
				b.WriteString(strings.Repeat(" ", i) + "if a:\n")
			}
			return b.String()
		}()},
		{"long sum", "x = a" + strings.Repeat(" + a", n(9_000)) + ";\n"},
		{"long chain", "a" + strings.Repeat(".f(a)", n(9_000)) + ";\n"},
		{"one line of 10 MB", "x = \"" + strings.Repeat("a", n(10<<20)) + "\";\n"},
		{"one line below the limit", "x = \"" + strings.Repeat("a", n(4<<20-100)) + "\"; f(x);\n"},
		{"arguments", "f(" + strings.Repeat("a,", n(1_000_000)) + "a);\n"},
		{"statements", strings.Repeat("a;\n", n(1_000_000))},
		{"calls", strings.Repeat("f(a, a);\n", n(200_000))},
		{"assignments", func() string {
			var b strings.Builder
			for i := range n(40_000) {
				fmt.Fprintf(&b, "v%d = v%d + a;\n", i+1, i)
			}
			return b.String()
		}()},
		{"members", "x = {" + strings.Repeat("\"a\": a, ", n(200_000)) + "};\n"},
		{"huge number", "f(1" + strings.Repeat("0", n(2<<20)) + ");\n"},
		{"backslashes", "f(\"" + strings.Repeat("\\", n(2<<20)) + "\");\n"},
		{"quotes", strings.Repeat("\"'`", n(1_000_000))},
		{"not UTF-8", "f(\"" + strings.Repeat("\xff\xfe\xc3(\xed\xa0\x80", n(200_000)) + "\");\n"},
		{"UTF-16", "\xff\xfe" + strings.Repeat("f\x00(\x00a\x00)\x00;\x00\n\x00", n(100_000))},
		{"NUL", strings.Repeat("f(\x00a\x00);\x00\n", n(200_000))},
		{"white space", strings.Repeat(" \t\r\n\v\f", n(300_000)) + "f(a)"},
	}
}

// TestHostile runs every rule of the hostile set on every file of it, in each language: each case ends, and what was given up is told.
func TestHostile(t *testing.T) {
	scale := hostileScale()
	only := os.Getenv("REVIEWGATE_HOSTILE_LANGUAGE")
	for _, spec := range language.All() {
		if only != "" && spec.Name != only || len(spec.Extensions) == 0 {
			continue
		}
		t.Run(spec.Name, func(t *testing.T) {
			if scale > 1 {
				t.Parallel() // nobody reads its times and peaks
			}
			set := hostileSet(t, spec.Name, scale == 1 || spec.Name == "python")
			for _, f := range hostileFiles(scale) {
				hostileCase(t, set, f.name, engine.File{Path: "a" + spec.Extensions[0], Source: []byte(f.text)}, scale == 1)
			}
		})
	}
}

// hostileSet compiles the rules that can be read in a language; the main ones read all.
func hostileSet(t *testing.T, lang string, wait bool) *engine.Set {
	t.Helper()
	text := "rules:\n"
	head := func(name string) string {
		return "  - id: " + name + "\n    message: $X $X $X\n    severity: INFO\n    languages: [" + lang + "]\n"
	}
	for name, body := range hostileRules {
		if wait || !clocked[name] {
			text += head(name) + body
		}
	}
	rs, problems := rules.Parse(rules.Source{Name: "hostile.yaml", Data: []byte(text + head("taint") + hostileTaint)})
	set, more := engine.Compile(rs)
	switch lang {
	case "go", "java", "javascript", "python", "typescript":
		if len(problems)+len(more) > 0 {
			t.Fatal(problems, more)
		}
	}
	return set
}

func hostileCase(t *testing.T, set *engine.Set, name string, f engine.File, bounded bool) {
	t.Helper()
	resetPeak()
	start := time.Now()
	res := set.Run(context.Background(), f)
	took := time.Since(start)
	if bounded && took > hostileTime {
		t.Errorf("%s: took %s", name, took)
	}
	for _, m := range res.Matches {
		if m.Start > m.End || int(m.End) > len(f.Source) {
			t.Fatalf("%s: %s matches bytes %d to %d of %d", name, m.Rule.ID.Value, m.Start, m.End, len(f.Source))
		}
	}
	if len(f.Source) > language.MaxSource && len(res.Overruns) == 0 {
		t.Errorf("%s: over the limit of a file, and nothing is told", name)
	}
	told := ""
	for _, o := range res.Overruns {
		if o.Reason == "" || o.Path != f.Path {
			t.Errorf("%s: an overrun that says nothing: %+v", name, o)
		}
		told += " " + o.RuleID
		if o.RuleID == "" {
			told += o.Reason
		}
	}
	t.Logf("%-26s %8d bytes %8.0f ms %6s MB %7d matches; given up:%s", name, len(f.Source), float64(took.Microseconds())/1000, peak(), len(res.Matches), told)
}

// TestHostileRules reads rule files that a stranger may send: each is refused with a problem, or runs within its bounds.
func TestHostileRules(t *testing.T) {
	scale := hostileScale()
	n := func(most int) int { return most / scale }
	const head = "rules:\n  - id: x\n    message: m\n    severity: INFO\n    languages: [python]\n"
	source := []byte("x = f(" + strings.Repeat("a, ", 2_000) + "a)\n" + strings.Repeat("f(a)\n", 500))
	for _, c := range []struct{ name, text string }{
		{"either of many", head + "    pattern-either:\n" + strings.Repeat("    - pattern: f($X)\n", n(20_000))},
		{"either of many, none the same", head + "    pattern-either:\n" + numbered("    - pattern: f%d(..., $X, ...)\n", n(10_000))},
		{"deep operators", head + "    patterns: " + strings.Repeat("[{patterns: ", n(20_000)) + "[{pattern: a}]" + strings.Repeat("}]", n(20_000)) + "\n"},
		{"deep YAML", strings.Repeat("[", n(1_000_000))},
		{"aliases", "a: &a [x,x,x,x,x,x,x,x,x]\n" + aliases(9) + "rules: *a9\n"},
		{"a long pattern", head + "    pattern: f(" + strings.Repeat("a, ", n(400_000)) + "a)\n"},
		{"a deep pattern", head + "    pattern: " + strings.Repeat("f(", n(10_000)) + strings.Repeat(")", n(10_000)) + "\n"},
		{"many ellipses", head + "    pattern: f(" + strings.Repeat("..., $X, ", n(20_000)) + "...)\n"},
		{"ellipses that fit", head + "    pattern: f(" + strings.Repeat("..., $X, ", 12) + "never)\n"},
		{"deep expressions", head + "    pattern: f(" + strings.Repeat("<... ", n(4_000)) + "$X" + strings.Repeat(" ...>", n(4_000)) + ")\n"},
		{"ellipses in statements", head + "    pattern: |\n      $A($X)\n" + strings.Repeat("      ...\n      $B($Y)\n", 10) + "      ...\n      never()\n"},
		{"a pattern that cannot be read", head + "    pattern: " + strings.Repeat("... $X ) ", n(4_000)) + "\n"},
		{"an expression that repeats", head + "    pattern-regex: '" + strings.Repeat("(", 400) + "a" + strings.Repeat("{1,100})", 400) + "'\n"},
		{"a deep expression", head + "    pattern-regex: '" + strings.Repeat("(", n(100_000)) + "a" + strings.Repeat(")", n(100_000)) + "'\n"},
		{"a long expression", head + "    pattern-regex: '" + strings.Repeat("a|b", n(300_000)) + "'\n"},
		{"an expression that looks back", head + "    pattern-regex: '(?<!b)(a|a|,| )*(\\1)*never'\n"},
		{"a deep comparison", head + "    patterns:\n    - pattern: f($X)\n    - metavariable-comparison: {comparison: '" + strings.Repeat("(", n(200_000)) + "$X" + strings.Repeat(")", n(200_000)) + " > 1'}\n"},
		{"a long comparison", head + "    patterns:\n    - pattern: f($X)\n    - metavariable-comparison: {comparison: '$X > 1" + strings.Repeat(" or $X > 1", n(100_000)) + "'}\n"},
		{"many metavariables", head + "    pattern: |\n      f(" + numbered("$X%d, ", n(4_000)) + "...)\n"},
		{"generic ellipses", strings.Replace(head, "python", "generic", 1) + "    pattern: a " + strings.Repeat("... a ", n(2_000)) + "never\n"},
		{"globs", head + "    pattern: f(...)\n    paths: {include: ['" + strings.Repeat("{a,*}", n(2_000)) + "', '" + strings.Repeat("**/", n(10_000)) + "a']}\n"},
		{"many rules", "rules:\n" + numbered("  - {id: r%d, message: m, severity: INFO, languages: [python], pattern: f($X)}\n", n(20_000))},
	} {
		resetPeak()
		start := time.Now()
		rs, problems := rules.ParseAll([]rules.Source{{Name: "hostile.yaml", Data: []byte(c.text)}})
		set, more := engine.Compile(rs)
		ready := time.Since(start)
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: source})
		took := time.Since(start)
		if took > hostileTime {
			t.Errorf("%s: took %s", c.name, took)
		}
		if len(set.Rules()) == 0 && len(problems)+len(more) == 0 {
			t.Errorf("%s: no rule, and no problem", c.name)
		}
		told := ""
		for _, p := range append(problems, more...) {
			told = " " + p.Message
		}
		for _, o := range res.Overruns {
			told = " " + o.Reason
		}
		t.Logf("%-30s %8d bytes %8.0f ms to read %8.0f ms to run %6s MB %6d matches;%.100s", c.name, len(c.text),
			float64(ready.Microseconds())/1000, float64((took-ready).Microseconds())/1000, peak(), len(res.Matches), told)
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// aliases are n lists, each nine times the one before.
func aliases(n int) string {
	text, last := "", "a"
	for i := 1; i <= n; i++ {
		name := "a" + strconv.Itoa(i)
		text += name + ": &" + name + " [" + strings.Repeat("*"+last+",", 9) + "]\n"
		last = name
	}
	return text
}

// resetPeak has the system count the peak of this process's memory anew, where it can.
func resetPeak() {
	runtime.GC()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // elsewhere than on Linux there is none
}

var peakLine = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// peak is the most memory of the process since resetPeak, in MB; "-" where the system does not say.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	if m := peakLine.FindSubmatch(status); err == nil && m != nil {
		kb, _ := strconv.Atoi(string(m[1])) // the expression takes digits only
		return strconv.Itoa(kb >> 10)
	}
	return "-"
}
