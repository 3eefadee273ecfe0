package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/simulate"
)

// marked is a part of a page of docs/played that the test writes: `<!-- step 3 -->` what to do after event 3, `<!-- check 3 -->` its whole
// summary, `<!-- file policy.yml -->` a file of the folder.
var marked = regexp.MustCompile(`(?s)((?:<!-- (?:step|check|file) \S+ -->\n)+).*?<!-- end -->`)

var mark = regexp.MustCompile(`<!-- (step|check|file) (\S+) -->`)

// TestPlayed plays the pull requests of docs/played, and holds the pages to what the gate says.
func TestPlayed(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(root + "docs/played/*/README.md")
	if err != nil || len(pages) != 3 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		dir := filepath.Dir(page)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			read := func(name string) []byte {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				return data
			}
			r := play(t, read("policy.yml"), read("floor.yml"), read("pull.yml"))
			if last := r.Steps[len(r.Steps)-1]; last.What != "merge" || last.Conclusion != "success" || last.Audit != "" {
				t.Errorf("it does not end with a merge on green: %s %s %s", last.What, last.Conclusion, last.Audit)
			}
			shown := map[string]bool{}
			text := string(read("README.md"))
			got := marked.ReplaceAllStringFunc(text, func(part string) string {
				var b strings.Builder
				for _, m := range mark.FindAllStringSubmatch(part, -1) {
					b.WriteString(m[0] + "\n")
				}
				for _, m := range mark.FindAllStringSubmatch(part, -1) {
					if m[1] == "file" {
						fmt.Fprintf(&b, "```yaml\n%s```\n", read(m[2]))
						continue
					}
					shown[m[2]] = true
					for i := range r.Steps {
						if fmt.Sprint(i) == m[2] {
							b.WriteString(quoted(&r.Steps[i], m[1] == "check"))
						}
					}
				}
				return b.String() + "<!-- end -->"
			})
			for i, s := range r.Steps {
				if !shown[fmt.Sprint(i)] && s.What != "merge" {
					t.Errorf("step %d is not on the page", i)
				}
			}
			if *update {
				if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(text, got); diff != "" {
				t.Errorf("the page is stale: go test ./cmd/reviewgate -run TestPlayed -update (-page +gate)\n%s", diff)
			}
		})
	}
}

// quoted is the check run after a step as a quotation: whole, or without its tables.
func quoted(s *simulate.Step, whole bool) string {
	run := report.RenderCheckRun(&report.Input{Scan: s.Scan, Decision: s.Decision}, s.Check)
	var b strings.Builder
	fmt.Fprintf(&b, "\n> *%s*: `%s`\n>\n> **%s**\n", s.Story, s.Conclusion, run.Title)
	_, summary, _ := strings.Cut(run.Summary, "\n\n")     // the title stands above
	summary = strings.ReplaceAll(summary, "<!-- -->", "") // keeps GitHub from mentioning people, and nothing is mentioned here
	if !whole {
		var parts []string
		if _, todo, ok := strings.Cut(summary, "**What to do now**\n"); ok {
			todo, _, _ = strings.Cut(strings.TrimSpace(todo), "\n\n")
			parts = append(parts, todo)
		}
		for _, v := range s.Decision.Reviews {
			counts := "does not count"
			if v.Counts {
				counts = "counts"
			}
			parts = append(parts, fmt.Sprintf("- `%s` %s: %s", v.Reviewer.Login, counts, v.Because))
		}
		summary = strings.Join(parts, "\n")
	}
	for _, line := range append([]string{""}, strings.Split(strings.TrimSpace(summary), "\n")...) {
		b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return b.String() + "\n"
}
