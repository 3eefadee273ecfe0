package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// The examples of the documentation are run: what a reader copies works.

const root = "../../"

func doc(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var fence = regexp.MustCompile("(?ms)^ *```([a-z]+)\n(.*?)^ *```")

// blocks gives the code blocks of a language that begin with a word.
func blocks(t *testing.T, name, language, start string) []string {
	t.Helper()
	var out []string
	for _, m := range fence.FindAllStringSubmatch(doc(t, name), -1) {
		if m[1] == language && strings.HasPrefix(m[2], start) {
			out = append(out, m[2])
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no %s block that starts with %q", name, language, start)
	}
	return out
}

func TestPolicyExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/policy.md", "docs/team.md", "docs/rules.md"} {
		for _, policy := range blocks(t, name, "yaml", "version: 1") {
			layer := config.NewLayer("acme/shop", "", map[string][]byte{".github/reviewgate.yml": []byte(policy), "CODEOWNERS": []byte("* @alice\n")})
			eff := config.Load(config.Input{Repo: layer})
			if len(eff.Policy.Broken) > 0 || len(eff.Policy.Guards) == 0 && len(eff.Scan.Overrides) == 0 {
				t.Errorf("%s: %v\n%s", name, eff.Policy.Broken, policy)
			}
		}
	}
}

// TestRuleExample writes the rule and the fixture of the page where it says, and tests them.
func TestRuleExample(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rule := blocks(t, "docs/rules.md", "yaml", "rules:")[0]
	fixture := blocks(t, "docs/rules.md", "python", "# ruleid: no-eval")[0]
	for name, text := range map[string]string{"no-eval.yaml": rule, "no-eval.py": fixture} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := ruletest.Run(t.Context(), []string{dir})
	if err != nil || rep.Totals.Passed != 1 || rep.Totals.Failed != 0 {
		t.Errorf("%v %+v", err, rep)
	}
}

// TestOperatorSettings: the table names every variable that the server reads, and the examples are enough to start with.
func TestOperatorSettings(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`REVIEWGATE_[A-Z_]+[A-Z]`)
	source := doc(t, "app/server/config.go")
	page := doc(t, "docs/operator.md")
	known := variable.FindAllString(source, -1)
	for _, name := range known {
		if !strings.Contains(page, name) {
			t.Errorf("docs/operator.md does not name %s", name)
		}
	}
	for _, name := range variable.FindAllString(page+doc(t, "Dockerfile"), -1) {
		if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
			t.Errorf("the documentation names %s, which the server does not read", name)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"settings.yml": blocks(t, "docs/operator.md", "yaml", "app:")[0], "webhook-secret": strings.Repeat("s", 32),
		"app.pem": "-----BEGIN RSA PRIVATE KEY-----\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := server.LoadConfig(filepath.Join(dir, "settings.yml"), nil)
	if err != nil || cfg.AppID != 12345 || cfg.Database != filepath.Join(dir, "reviewgate.db") {
		t.Errorf("the example file: %v %+v", err, cfg.Database)
	}
}

// TestScanPage: the page names every format, and no flag that there is not.
func TestScanPage(t *testing.T) {
	t.Parallel()
	page := doc(t, "docs/scan.md")
	flags := scanCommand().Flags()
	for _, name := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(page, -1) {
		if flags.Lookup(name[1]) == nil && name[1] != "unshallow" {
			t.Errorf("the page names --%s, which there is not", name[1])
		}
	}
	for _, f := range report.Formats() {
		if !strings.Contains(page, "| `"+f.Name+"` |") {
			t.Errorf("the page does not name the format %s", f.Name)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(blocks(t, "docs/scan.md", "json", "{\"reviewgate\"")[0]), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// TestLinks: what a page of ours points to is there.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	pages, err := filepath.Glob(root + "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, root+"README.md", root+"CONTRIBUTING.md", root+"SECURITY.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestCommands: every command of ours that a page shows is one that there is, with flags that it has and as many arguments as it takes.
func TestCommands(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(root + "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	assignment := regexp.MustCompile(`^[A-Z_]+=(?:\$\([^)]*\)|\S*) `)
	n := 0
	for _, page := range append(pages, root+"README.md", root+"SECURITY.md", root+"CONTRIBUTING.md") {
		text := doc(t, strings.TrimPrefix(page, root))
		for _, m := range regexp.MustCompile("(?ms)^ *```(?:sh)?\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
			for line := range strings.SplitSeq(strings.ReplaceAll(m[1], "\\\n", " "), "\n") {
				line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
				for assignment.MatchString(line) {
					line = line[len(assignment.FindString(line)):]
				}
				line, _, _ = strings.Cut(line, " | ")
				line, _, _ = strings.Cut(line, " >")
				words, ok := shellWords(strings.TrimSpace(line))
				if !ok || len(words) == 0 || words[0] != "reviewgate" {
					continue
				}
				n++
				if err := understood(words[1:]); err != nil {
					t.Errorf("%s: %s: %v", filepath.Base(page), line, err)
				}
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d commands were found in the pages", n)
	}
}

// understood says whether a command line is one of ours, without running it.
func understood(args []string) error {
	cmd, rest, err := rootCommand().Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if !cmd.Runnable() {
		return fmt.Errorf("%s does nothing by itself", cmd.CommandPath())
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// shellWords splits a line as a shell does, as far as our pages go: quotes, and $(...) as a part of a word.
func shellWords(line string) (words []string, ok bool) {
	var word strings.Builder
	in, depth := rune(0), 0
	open := false
	for _, r := range line {
		switch {
		case in == 0 && depth == 0 && r == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
			continue
		case r == in:
			in = 0
		case in == 0 && (r == '"' || r == '\''):
			in = r
		case r == '(':
			depth++
			word.WriteRune(r)
		case r == ')':
			depth--
			word.WriteRune(r)
		default:
			word.WriteRune(r)
		}
		open = true
	}
	if open {
		words = append(words, word.String())
	}
	return words, in == 0 && depth == 0
}

// TestComparison: the page has a date, every number in it has its source, and every source is used.
func TestComparison(t *testing.T) {
	t.Parallel()
	page := doc(t, "docs/comparison.md")
	text, sources, ok := strings.Cut(page, "## Where this was looked up")
	if !ok || !regexp.MustCompile(`As of [A-Z][a-z]+ 20\d\d`).MatchString(text) {
		t.Fatal("the page has no date, or no sources")
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\[(\d+)\]`).FindAllStringSubmatch(text, -1) {
		used[m[1]] = true
	}
	listed := regexp.MustCompile(`(?m)^(\d+)\. <https://`).FindAllStringSubmatch(sources, -1)
	for _, m := range listed {
		if !used[m[1]] {
			t.Errorf("source %s is not used", m[1])
		}
		delete(used, m[1])
	}
	if len(listed) < 10 || len(used) > 0 {
		t.Errorf("%d sources; without a source: %v", len(listed), used)
	}
	for part := range strings.SplitSeq(text, "\n## ") {
		if name, body, _ := strings.Cut(part, "\n"); !strings.HasPrefix(part, "#") && !strings.Contains(body, "[") {
			t.Errorf("nothing in the part %q can be checked", name)
		}
	}
}
