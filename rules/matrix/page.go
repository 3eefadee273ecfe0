package matrix

import (
	"fmt"
	"strings"
)

const intro = `# Languages of rules

What a rule can rely on in a language. Each ✓ is a rule and code that a test runs: ` + "`rules/matrix/languages/<language>.txtar`" + `. A dash says that the
feature makes no sense in the language; the reasons stand below the tables. An empty cell is not tested, and nothing is claimed. The page is written by
` + "`go test ./rules/matrix -run TestPage -update`; `reviewgate rules languages`" + ` prints what your binary has.

The level is computed. **ga**: every feature that applies is tested. **beta**: every basic feature that applies is (those in bold below). **experimental**: some basic
feature is missing.

`

// Page writes docs/languages.md.
func Page(rows []*Row) string {
	var b strings.Builder
	b.WriteString(intro)
	b.WriteString("| language | rules say | level | tested | of | build |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		build := "every"
		if r.Tag != "" {
			build = "with the tag `" + r.Tag + "`, as releases are built"
		}
		tested, applicable := r.Count()
		fmt.Fprintf(&b, "| %s | `%s` | %s | %d | %d | %s |\n", r.Title, r.Name, r.Level(), tested, applicable, build)
	}
	for _, group := range Groups {
		fmt.Fprintf(&b, "\n## %s\n\n| |", group)
		line := "|---|"
		for _, f := range Features {
			if f.Group == group {
				fmt.Fprintf(&b, " %s |", heading(f))
				line += "---|"
			}
		}
		b.WriteString("\n" + line + "\n")
		for _, r := range rows {
			fmt.Fprintf(&b, "| %s |", r.Title)
			for _, f := range Features {
				if f.Group == group {
					b.WriteString(" " + sign(r.Cells[f.Key]) + " |")
				}
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
		for _, f := range Features {
			if f.Group == group {
				fmt.Fprintf(&b, "- %s: %s\n", heading(f), f.Means)
			}
		}
	}
	b.WriteString("\n## What does not apply\n\n")
	for _, r := range rows {
		for _, reason := range reasons(r) {
			fmt.Fprintf(&b, "- %s, %s\n", r.Title, reason)
		}
	}
	return b.String()
}

func heading(f Feature) string {
	if f.Basic {
		return "**" + f.Key + "**"
	}
	return f.Key
}

func sign(c Cell) string {
	switch {
	case c.Tested():
		return "✓"
	case c.None != "":
		return "–"
	}
	return " "
}

// reasons gives each reason once, with its features: "a, b: no types".
func reasons(r *Row) []string {
	var order []string
	features := map[string][]string{}
	for _, f := range Features {
		reason := r.Cells[f.Key].None
		if reason == "" {
			continue
		}
		if features[reason] == nil {
			order = append(order, reason)
		}
		features[reason] = append(features[reason], f.Key)
	}
	for i, reason := range order {
		order[i] = strings.Join(features[reason], ", ") + ": " + reason
	}
	return order
}
