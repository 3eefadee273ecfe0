package all

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// Does says what becomes of a finding of the rule in the recommended pack, under a policy that says nothing else.
func (e *Entry) Does() string {
	switch {
	case e.InPack() != checks.PackRecommended:
		return "off"
	case e.Blocks():
		return "blocks"
	case e.Severity >= checks.Medium:
		return "comments"
	}
	return "is listed"
}

// does is Does in a sentence.
func (e *Entry) does() string {
	var s string
	switch e.Does() {
	case "off":
		s = "Runs in the strict pack only."
	case "blocks":
		s = "Blocks the merge by default."
	case "comments":
		s = "Comments on the line, and does not block by default."
	default:
		s = "Stands in the list of findings, without a comment, and does not block by default."
	}
	if e.NeedsHuman {
		s += " One approval by somebody entitled clears it."
	}
	return s
}

// Page is the rule's page of the catalogue, in Markdown.
func (e *Entry) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s`: %s severity, %s confidence. %s\n", e.Title, e.ID, e.Severity, e.Confidence, e.does())
	if e.Message != "" {
		fmt.Fprintf(&b, "\n> %s\n", e.Message)
	}
	fmt.Fprintf(&b, "\n## Why it matters\n\n%s\n", e.Why)
	fmt.Fprintf(&b, "\n## Wrong\n\n%s", e.Wrong.markdown())
	fmt.Fprintf(&b, "\n## Right\n\n%s", e.Right.markdown())
	fmt.Fprintf(&b, "\n## What to do\n\n%s\n", e.Remedy)
	fmt.Fprintf(&b, "\n## If it is meant\n\n%s", e.silence())
	if e.About != "" {
		fmt.Fprintf(&b, "\n## What is looked at\n\n%s\n", paragraphs(e.About))
	}
	fmt.Fprintf(&b, "\n## Facts\n\n| | |\n|---|---|\n")
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", name, value)
		}
	}
	fact("group", e.Group())
	fact("languages", strings.Join(e.Languages, ", "))
	fact("pack", string(e.InPack()))
	fact("check", "`"+e.Check+"`")
	fact("weakness", links(e.CWE, func(s string) string {
		return "https://cwe.mitre.org/data/definitions/" + strings.TrimPrefix(s, "CWE-") + ".html"
	}))
	fact("tags", strings.Join(e.Tags, ", "))
	fact("measured", e.measured())
	b.WriteString("\n## Read more\n\n")
	for _, r := range e.References {
		fmt.Fprintf(&b, "- <%s>\n", r)
	}
	b.WriteString("\n[All rules](README.md) · [Rules of your own](../rules.md) · [Which findings block](../policy.md)\n")
	return b.String()
}

func links(names []string, address func(string) string) string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf("[%s](%s)", n, address(n)))
	}
	return strings.Join(out, ", ")
}

func (e *Entry) measured() string {
	m := e.Measured
	if m == nil {
		return "not yet measured"
	}
	where := fmt.Sprintf("%d changes", m.Changes)
	if m.Changes == 0 {
		where = fmt.Sprintf("%d lines", m.Lines)
	}
	s := fmt.Sprintf("%s in %s (%s, %s)", count(m.Hits, "finding"), where, m.Corpus, m.On)
	if m.Read > 0 {
		s += fmt.Sprintf("; %d read, %d right", m.Read, m.Right)
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// silence says how one finding is silenced.
func (e *Entry) silence() string {
	ignore := "reviewgate:ignore " + e.ID + " say here why it is fine"
	name := "app.txt"
	for _, f := range slices.Backward(e.Wrong) { // the first that the change touches
		if f.Base != f.Head {
			name = f.Path
		}
	}
	mark := "# " + ignore
	switch path.Ext(name) {
	case ".json":
		return "The file has no comments. Somebody who may waive findings waives it, or the rule's rollout is set, both in the [policy](../policy.md).\n"
	case ".md", ".mdc":
		mark = "<!-- " + ignore + " -->"
	case ".go", ".java", ".js", ".ts":
		mark = "// " + ignore
	}
	return "On the line, or alone on the line before it:\n\n```" + fence(name) + "\n" + mark + "\n```\n" + e.added()
}

func (e *Entry) added() string {
	if e.Blocks() {
		return "\nThe reason is required. A comment that the change itself adds does not silence this rule: then a person has to waive the finding.\n"
	}
	return "\nThe reason is required, and what is silenced is counted.\n"
}

// fence names the language of a file for Markdown.
func fence(name string) string {
	names := map[string]string{".go": "go", ".java": "java", ".js": "javascript", ".json": "json", ".md": "markdown", ".mdc": "markdown", ".py": "python", ".toml": "toml",
		".ts": "typescript", ".yaml": "yaml", ".yml": "yaml"}
	if path.Base(name) == "Dockerfile" {
		return "dockerfile"
	}
	return cmp.Or(names[path.Ext(name)], "text")
}

// markdown shows an example: new files as they are, changed ones as a diff.
func (x Example) markdown() string {
	var b strings.Builder
	for i, f := range x {
		if i > 0 {
			b.WriteString("\n")
		}
		if len(x) > 1 || f.Base != "" || !strings.HasPrefix(strings.ToLower(f.Path), "app.") {
			fmt.Fprintf(&b, "`%s`\n\n", f.Path)
		}
		if f.Base == "" || f.Base == f.Head {
			fmt.Fprintf(&b, "```%s\n%s\n```\n", fence(f.Path), strings.TrimRight(f.Head, "\n"))
		} else {
			fmt.Fprintf(&b, "```diff\n%s```\n", change(f.Base, f.Head))
		}
	}
	return b.String()
}

// change writes a whole small file as a diff.
func change(base, head string) string {
	old, now := strings.SplitAfter(base, "\n"), strings.SplitAfter(head, "\n")
	var b strings.Builder
	write := func(mark string, lines []string) {
		for _, l := range lines {
			if l != "" {
				b.WriteString(strings.TrimRight(mark+l, " \n") + "\n")
			}
		}
	}
	at := 0 // lines of head that are written
	for _, h := range diff.Lines([]byte(base), []byte(head)).Hunks {
		start, from := h.HeadStart-1, h.BaseStart-1
		write(" ", now[at:start])
		write("-", old[from:from+h.BaseCount])
		write("+", now[start:start+h.HeadCount])
		at = start + h.HeadCount
	}
	write(" ", now[at:])
	return b.String()
}

// paragraphs makes Markdown of a Go doc comment: what is indented is code.
func paragraphs(doc string) string {
	var b strings.Builder
	code := false
	lines := strings.Split(doc, "\n")
	for i, line := range lines {
		text, indented := strings.CutPrefix(line, "\t")
		if !code && indented {
			b.WriteString("```text\n")
			code = true
		}
		if code && !indented && (line != "" || i+1 < len(lines) && !strings.HasPrefix(lines[i+1], "\t")) {
			b.WriteString("```\n")
			code = false
		}
		b.WriteString(text + "\n")
	}
	if code {
		b.WriteString("```\n")
	}
	return strings.TrimSpace(b.String())
}

// groups are the sections of the catalogue, by the room of the check.
var groups = []struct{ room, title, about string }{
	{"ai", "What coding agents do to a change", "Comparisons of base and head: controls that went, tests that prove less, code that only looks done."},
	{"secrets", "Credentials", "Keys, tokens and passwords in any file."},
	{"supply", "Supply chain", "What a change brings in from elsewhere."},
	{"supply", "Supply chain", "What a change brings in from elsewhere."},
	{"config", "Builds, images and agents' settings", "Files that decide what runs on other people's machines and in the build."},
	{"rules", "Security of code", "Rules written as patterns, most of which follow data from the request to where it does harm."},
	{"golang", "Go, with types", "Checks that know the types of a program."},
	{"quality", "Quality", "What makes the next change harder."},
}

// Group is the section of the catalogue that the rule stands in.
func (e *Entry) Group() string {
	room, _, _ := strings.Cut(e.Check, "/")
	for _, g := range groups {
		if g.room == room {
			return g.title
		}
	}
	return room
}

// Index is the catalogue's first page, in Markdown.
func Index(entries []Entry) string {
	var b strings.Builder
	does := map[string]int{}
	for _, e := range entries {
		does[e.Does()]++
	}
	fmt.Fprintf(&b, "# The rules\n\n%d rules are built in: %d block by default, %d comment, %d are listed", len(entries), does["blocks"], does["comments"], does["is listed"])
	if does["off"] > 0 {
		fmt.Fprintf(&b, ", %d run in the strict pack only", does["off"])
	}
	b.WriteString(". Each has a page with a wrong and a right example, which are tested.\n\n" +
		"A rule blocks with high severity and high confidence. What a team makes of that, `checks` in the [policy](../policy.md) says: a pack, the lowest severity that blocks, and how far a single rule goes. " +
		"[Rules of your own](../rules.md) stand beside these. On the command line: `reviewgate rules list`, `reviewgate rules show RULE`.\n\n" +
		packsTable)
	seen := map[string]bool{}
	for _, g := range groups {
		var list []Entry
		for _, e := range entries {
			if e.Group() == g.title {
				list = append(list, e)
			}
		}
		if len(list) == 0 || seen[g.title] {
			continue
		}
		seen[g.title] = true
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", g.title, g.about)
		if g.room != "rules" {
			table(&b, list)
			continue
		}
		var languages []string
		by := map[string][]Entry{}
		for _, e := range list {
			name := strings.Join(e.Languages, " and ")
			if slices.Equal(slices.Sorted(slices.Values(e.Languages)), []string{"javascript", "typescript"}) {
				name = "javascript and typescript"
			}
			if by[name] = append(by[name], e); len(by[name]) == 1 {
				languages = append(languages, name)
			}
		}
		slices.Sort(languages)
		for _, l := range languages {
			fmt.Fprintf(&b, "\n### %s\n", strings.NewReplacer("javascript", "JavaScript", "typescript", "TypeScript", "python", "Python", "java", "Java", "go", "Go").Replace(l))
			table(&b, by[l])
		}
	}
	b.WriteString(leftOut)
	return b.String()
}

const packsTable = `| pack | what it does |
|---|---|
| ` + "`recommended`" + ` | the default: the rules that earn their place |
| ` + "`strict`" + ` | also the rules that are right less often or matter less; and what is sure blocks from medium severity on |
| ` + "`advisory`" + ` | the rules of recommended; everything comments, nothing blocks |
`

// table lists rules, the most severe first.
func table(b *strings.Builder, list []Entry) {
	slices.SortStableFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.ID, b.ID))
	})
	b.WriteString("\n| rule | | severity | confidence | by default |\n|---|---|---|---|---|\n")
	for _, e := range list {
		fmt.Fprintf(b, "| [`%s`](%s.md) | %s | %s | %s | %s |\n", e.ID, e.ID, e.Title, e.Severity, e.Confidence, e.Does())
	}
}

// leftOut says what no rule looks for, and why.
const leftOut = `
## What is not looked for

These were weighed and left out, because they would be right less than nine times in ten, or be read by nobody.

| what | why not |
|---|---|
| a function that grows too complex | reviewers see it, and take most of them: the number does not say which one to split |
| looser types: ` + "`" + `any` + "`" + `, raw types | most stand in tests and at borders where nothing better is known; the compiler's own strict mode asks better |
| many comments | says nothing about what the code does |
| new code without tests | whether tests elsewhere cover it cannot be told from the change; a claim that tests were added is [held to it](claim-not-kept.md) |
| large pull requests, unrelated folders | the author knows, and the page shows it |
| check first, then act, on files and rows | what another process may do in between is not in the code; the known unsafe calls have rules of their own |
`
