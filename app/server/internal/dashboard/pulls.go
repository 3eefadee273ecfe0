package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// perPage is how many rows of a list are shown at a time.
const perPage = 50

// A choice is one of the values of a filter.
type choice struct {
	Value, Title string
	Chosen       bool
}

func choices(chosen string, pairs ...string) (out []choice) {
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, choice{pairs[i], pairs[i+1], pairs[i] == chosen})
	}
	return out
}

// parts cuts a list to a page: there is one row more than is shown if the list goes on.
func parts[T any](list []T) (shown []T, more bool) {
	if len(list) > perPage {
		return list[:perPage], true
	}
	return list, false
}

type pullsData struct {
	Pulls             []PullRow
	States, Decisions []choice
	Words             string
	Repo              *RepoRow // that the list is of; nil: all
	Filtered          bool
}

func (d *Dashboard) loadPulls(r *Request) (any, error) {
	f := PullFilter{State: "open", Limit: perPage + 1}
	f.Repos, f.All = r.Viewer.Repos()
	data := &pullsData{Words: r.Get("q")}
	if r.URL.Query().Has("state") {
		f.State = r.Get("state")
	}
	data.States = choices(f.State, "open", "open", "merged", "merged", "closed", "closed", "any", "any")
	if f.State == "any" {
		f.State = ""
	}
	f.Decision = r.Get("decision")
	data.Decisions = choices(f.Decision, "", "any", "block", "blocked", "pending", "waiting for people", "error", "cannot tell", "pass", "passes", "none", "none yet")
	if n, err := strconv.Atoi(strings.TrimPrefix(data.Words, "#")); err == nil && n > 0 {
		f.Number = n
	} else {
		f.Words = data.Words
	}
	if text := r.Get("repo"); text != "" {
		repo, err := d.repo(r, text)
		if err != nil {
			return nil, err
		}
		data.Repo, f.Repo = &repo.RepoRow, repo.ID
		r.Title, r.Crumbs = "Pull requests of "+repo.Name, []Crumb{{"Repositories", "/repositories"}, {repo.Name, fmt.Sprintf("/repositories/%d", repo.ID)}}
	}
	if _, err := fmt.Sscanf(r.Get("after"), "%d-%d-%d", &f.After.At, &f.After.Repo, &f.After.N); err != nil && r.Get("after") != "" {
		return nil, ErrNotFound
	}
	list, err := d.opt.Facts.Pulls(r.Context(), f)
	if err != nil {
		return nil, err
	}
	var more bool
	if data.Pulls, more = parts(list); more {
		last := data.Pulls[len(data.Pulls)-1].Place
		r.Next = r.With("after", fmt.Sprintf("%d-%d-%d", last.At, last.Repo, last.N))
	}
	data.Filtered = f.State != "open" || f.Decision != "" || data.Words != ""
	return data, nil
}

// repo reads a repository that the viewer may see. One that is not there takes as long as one that they may not see.
func (d *Dashboard) repo(r *Request, id string) (*Repo, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return nil, ErrNotFound
	}
	if !r.Viewer.Sees(n) {
		return nil, ErrNotFound
	}
	return d.opt.Facts.Repo(r.Context(), n)
}

type reposData struct {
	Repos []RepoRow
	Words string
}

func (d *Dashboard) loadRepos(r *Request) (any, error) {
	f := RepoFilter{Words: r.Get("q"), After: r.Get("after"), Limit: perPage + 1}
	f.Repos, f.All = r.Viewer.Repos()
	list, err := d.opt.Facts.Repos(r.Context(), f)
	if err != nil {
		return nil, err
	}
	data := &reposData{Words: f.Words}
	var more bool
	if data.Repos, more = parts(list); more {
		r.Next = r.With("after", data.Repos[len(data.Repos)-1].Name)
	}
	return data, nil
}

type repoData struct {
	*Repo
	GitHub string // its address there
	Guards []guardWords
}

// guardWords is a guard of a policy as people read it.
type guardWords struct {
	Name, Origin string
	Paths        []string
	Needs        string
}

func (d *Dashboard) loadRepo(r *Request) (any, error) {
	repo, err := d.repo(r, r.PathValue("repo"))
	if err != nil {
		return nil, err
	}
	r.Title, r.Crumbs = repo.Name, []Crumb{{"Repositories", "/repositories"}}
	data := &repoData{Repo: repo, GitHub: d.onGitHub(repo.Name)}
	if p := repo.Policy; p != nil {
		for i := range p.Guards {
			g := &p.Guards[i]
			data.Guards = append(data.Guards, guardWords{g.Name, g.Origin, g.Paths, needWords(&g.Need)})
		}
		if p.FloorDefault != nil {
			data.Guards = append(data.Guards, guardWords{Name: "everything else", Origin: "floor", Needs: needWords(p.FloorDefault)})
		}
		if p.Default != nil {
			data.Guards = append(data.Guards, guardWords{Name: "everything else", Origin: "repository", Needs: needWords(p.Default)})
		}
	}
	return data, nil
}

func (d *Dashboard) onGitHub(name string, more ...string) string {
	u, err := url.JoinPath(d.opt.GitHubURL, append(strings.Split(name, "/"), more...)...)
	if err != nil {
		return ""
	}
	return u
}

type pullData struct {
	*Pull
	GitHub   string
	Findings []finding
	Silent   int // findings that were suppressed
	Steps    []step
	Failures []string
	Reviews  []gate.ReviewAnswer // that decide something
}

// A finding as the page shows it.
type finding struct {
	Severity, Confidence, Rule, Message, Path, Link string
	Line                                            int
	Blocks                                          bool
}

// A step is one decision of the history, with what was different before and what came of it.
type step struct {
	Decided
	Changes    []string
	Deliveries []Delivery // that led to it
	Deeds      []Deed     // that told it
	Last       bool
}

const maxFindings = 200

func (d *Dashboard) loadPull(r *Request) (any, error) {
	repo, err := strconv.ParseInt(r.PathValue("repo"), 10, 64)
	number, err2 := strconv.Atoi(r.PathValue("number"))
	if err != nil || err2 != nil || repo <= 0 || number <= 0 || !r.Viewer.Sees(repo) {
		return nil, ErrNotFound
	}
	p, err := d.opt.Facts.Pull(r.Context(), repo, number)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s#%d", p.Repo, p.Number)
	r.Title, r.Crumbs = name, []Crumb{{"Repositories", "/repositories"}, {p.Repo, fmt.Sprintf("/repositories/%d", p.RepoID)}, {"Pull requests", fmt.Sprintf("/pulls?repo=%d", p.RepoID)}}
	r.Step = "#" + strconv.Itoa(p.Number)
	if p.Title != "" {
		r.Title = p.Title + " · " + name
	}
	for i := range p.Deeds {
		p.Deeds[i].LastError = github.Redact(clip(p.Deeds[i].LastError, 1000))
	}
	data := &pullData{Pull: p, GitHub: d.onGitHub(p.Repo, "pull", strconv.Itoa(p.Number)), Steps: steps(p)}
	if p.Last != nil {
		for _, a := range p.Last.Reviews {
			if a.State != commented {
				data.Reviews = append(data.Reviews, a)
			}
		}
	}
	if p.Facts != nil {
		data.findings(d, p)
		data.Failures = p.Facts.Scan.Failures
	}
	return data, nil
}

func (data *pullData) findings(d *Dashboard, p *Pull) {
	for i := range p.Facts.Scan.Findings {
		f := &p.Facts.Scan.Findings[i]
		switch {
		case !f.Introduced || f.Shadow:
			continue
		case f.Suppressed():
			data.Silent++
			continue
		}
		at, commit := f.Location, p.Facts.Head
		if at.Side.String() == "base" {
			commit = p.Facts.MergeBase
		}
		out := finding{Severity: f.Severity.String(), Confidence: f.Confidence.String(), Rule: f.RuleID, Message: f.Message, Path: at.Path, Line: at.StartLine, Blocks: slices.Contains(p.Last.Blocking, string(f.Fingerprint))}
		if commit != "" && at.Path != "" {
			out.Link = d.onGitHub(p.Repo, append([]string{"blob", commit}, strings.Split(at.Path, "/")...)...)
			if at.StartLine > 0 && out.Link != "" {
				out.Link += "#L" + strconv.Itoa(at.StartLine)
			}
		}
		data.Findings = append(data.Findings, out)
	}
}

// More counts the findings that are not shown.
func (data *pullData) More() int { return max(0, len(data.Findings)-maxFindings) }

// Shown are the findings that are.
func (data *pullData) Shown() []finding { return data.Findings[:min(len(data.Findings), maxFindings)] }
