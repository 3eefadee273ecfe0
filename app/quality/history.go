package quality

import (
	"cmp"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A Replayed change is one of a history, as rules and a policy judged it long after it was merged.
type Replayed struct {
	SHA       string
	At        time.Time // when it came onto the branch
	Files     int
	Lines     int
	Languages []string
	Findings  []Finding // with Told, Blocks and Suppressed filled in
	More      int
	Seconds   float64
}

// OfHistory makes the outcome of a change that was merged before anybody judged it. message and inner are the commits' own words: who made it is read there.
func OfHistory(repo, branch string, r *Replayed, commits []gate.Commit, by JudgedBy, costs []CostPattern) *Outcome {
	o := &Outcome{RepoID: HistoryRepo(repo), Repo: repo, Change: r.SHA, Source: History, State: Merged, Base: branch, Merge: r.SHA, Opened: r.At.UTC(), Merged: r.At.UTC(),
		Files: r.Files, Lines: r.Lines, Languages: r.Languages, More: r.More, Judged: by}
	facts := gate.FromGit(commits, nil, nil)
	var agents []string
	o.Author, agents = Marked(&gate.Policy{}, facts)
	o.Agent, o.Model = only(agents, SeveralAgents), only(gate.Models(facts), "")
	o.Cost = Stated(costs, facts)
	o.Cost.Compute = r.Seconds
	for _, f := range r.Findings {
		if len(o.Findings) == MaxFindings {
			o.More++
			continue
		}
		f.First = true
		if f.Fate != Suppressed {
			f.Fate = Ignored // it was merged with it; nobody had been told
			o.Blocked = o.Blocked || f.Blocks
		}
		f.Told = false
		o.Findings = append(o.Findings, f)
	}
	return o
}

// languages by the ends of names, for changes of a history, of which nothing else is kept. It has what outcomes are told apart by, and not every language there is.
var languages = map[string]string{
	".go": "go", ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript", ".tsx": "typescript", ".mts": "typescript", ".vue": "vue", ".svelte": "svelte",
	".py": "python", ".pyi": "python", ".java": "java", ".kt": "kotlin", ".scala": "scala", ".rb": "ruby", ".php": "php", ".cs": "csharp", ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".rs": "rust", ".swift": "swift",
	".sh": "bash", ".tf": "terraform", ".html": "html", ".css": "css", ".scss": "css", ".sql": "sql", ".md": "markdown", ".yml": "yaml", ".yaml": "yaml", ".json": "json",
}

// prose are those that stand behind the others, however many files there are: nobody would say that a change of code with its lockfile is one in JSON.
var prose = []string{"markdown", "yaml", "json", "html", "css"}

// LanguagesOf lists the languages of files, that with the most files first.
func LanguagesOf(paths []string) []string {
	n := map[string]int{}
	for _, p := range paths {
		if l := languages[ext(p)]; l != "" {
			n[l]++
		}
	}
	out := make([]string, 0, len(n))
	for l := range n {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b string) int {
		if pa, pb := slices.Contains(prose, a), slices.Contains(prose, b); pa != pb {
			if pa {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b))
	})
	return out
}

func ext(name string) string {
	for i := len(name) - 1; i >= 0 && name[i] != '/'; i-- {
		if name[i] == '.' {
			return name[i:]
		}
	}
	return ""
}
