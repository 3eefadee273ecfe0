package githubtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

//go:embed page/pull.html
var pullHTML string

//go:embed page/index.html
var indexHTML string

//go:embed page/style.css
var styleCSS string

var pageFuncs = template.FuncMap{
	"initial": func(login string) string { return strings.ToUpper(login[:1]) },
	"hue":     func(login string) int { return hue(login) },
	"name":    func(login string) string { return strings.TrimSuffix(login, "[bot]") },
	"short":   func(sha string) string { return sha[:min(7, len(sha))] },
	"when":    func(t time.Time) string { return t.Format("2 Jan 2006, 15:04") },
	"iso":     func(t time.Time) string { return t.Format(time.RFC3339) },
	"plural": func(n int, word string) string {
		if n != 1 {
			word += "s"
		}
		return strconv.Itoa(n) + " " + word
	},
}

var pages = template.Must(template.Must(template.New("pull").Funcs(pageFuncs).Parse(pullHTML)).New("index").Parse(indexHTML))

func hue(login string) int {
	n := 0
	for _, c := range []byte(strings.ToLower(login)) {
		n = (n*31 + int(c)) % 12
	}
	return n
}

// What the page shows. Everything in it is a copy made under the lock.
type pullPage struct {
	Nonce         string
	Style         template.CSS
	Repo          string
	Number        int
	Title         string
	State         string // open, draft, merged, closed
	Author        pagePerson
	Into, From    string
	Commits       int
	Body          template.HTML
	Created       time.Time
	Items         []pageItem
	Checks        []pageCheck
	ChecksSummary string
	Merge         pageMerge
	Reviewers     []pageReviewer
	Labels        []string
	Assignees     []pagePerson
	Files         []pageFile
	Added, Gone   int
	Protected     bool
}

type pagePerson struct {
	Login string
	Bot   bool
	Badge string // "Author", "Member", ...
}

type pageItem struct {
	Kind     string // commits, review, comment, event
	ID       int64
	Who      pagePerson
	At       time.Time
	Body     template.HTML
	State    string // of a review
	Icon     string
	Text     string // of an event
	Code     string
	Commits  []pageCommit
	Threads  []pageThread
	Edited   bool
	Outdated bool // a review of an older head
	Commit   string
}

type pageCommit struct {
	SHA, Title string
	Who        pagePerson
	Name       string // where no account has the e-mail
}

type pageThread struct {
	Path     string
	Where    string
	Outdated bool
	Lines    []pageLine
	Comments []pageComment
}

type pageComment struct {
	ID     int64
	Who    pagePerson
	At     time.Time
	Body   template.HTML
	Edited bool
}

type pageLine struct {
	Old, New string
	Kind     string // add, del, same, hunk
	Text     string
}

type pageCheck struct {
	Name, App, Icon, State string
	Title                  string
	Summary, Text          template.HTML
	Annotations            []pageAnnotation
	Required, Open         bool
	Started, Completed     time.Time
}

type pageAnnotation struct {
	Path, Where, Level, Title, Message string
}

type pageMerge struct {
	Kind    string // merged, closed, ready, blocked, draft
	Head    string
	Reasons []string
	Reviews string
	Icon    string // of the reviews
	By      pagePerson
	SHA     string
}

type pageReviewer struct {
	Who   pagePerson
	State string
	Icon  string
}

type pageFile struct {
	Path, OldPath, Status string
	Added, Gone           int
	Lines                 []pageLine
	Note                  string
}

// servePage serves the pages for people: the list of pull requests and each of them.
func (g *GitHub) servePage(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	nonce := randomHex(12)
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; img-src 'self'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	var name string
	var data any
	g.mu.Lock()
	switch {
	case len(parts) == 3 && parts[0] == "avatars":
		g.mu.Unlock()
		h.Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="20" fill="#768390"/></svg>`)
		return
	case len(parts) == 4 && parts[2] == "pull":
		if repo := g.repos[lower(parts[0]+"/"+parts[1])]; repo != nil {
			for _, p := range repo.pulls {
				if strconv.Itoa(p.Number) == parts[3] {
					page, err := p.page()
					if err != nil {
						g.mu.Unlock()
						http.Error(w, err.Error(), http.StatusInternalServerError)
						return
					}
					page.Nonce, page.Style = nonce, template.CSS(styleCSS)
					name, data = "pull", page
				}
			}
		}
	case len(parts) <= 2:
		name, data = "index", g.index(strings.Join(parts, "/"), nonce)
	}
	g.mu.Unlock()
	if name == "" {
		http.NotFound(w, r)
		return
	}
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(b.String())) // a reader who has gone is their own business
}

func (g *GitHub) index(repo, nonce string) any {
	type row struct {
		Repo, Title, State, URL string
		Number                  int
		Author                  pagePerson
	}
	var rows []row
	for _, r := range g.sortedRepos() {
		if repo != "" && lower(r.FullName()) != lower(repo) {
			continue
		}
		for i := len(r.pulls) - 1; i >= 0; i-- {
			p := r.pulls[i]
			rows = append(rows, row{r.FullName(), p.title, p.shownState(), fmt.Sprintf("/%s/pull/%d", r.FullName(), p.Number), p.Number, p.person(p.author)})
		}
	}
	return struct {
		Nonce string
		Style template.CSS
		Rows  []row
	}{nonce, template.CSS(styleCSS), rows}
}

func (p *Pull) shownState() string {
	if p.state == "open" && p.draft {
		return "draft"
	}
	return p.stateNow()
}

func (p *Pull) person(u *User) pagePerson {
	if u == nil {
		return pagePerson{Login: "ghost"}
	}
	who := pagePerson{Login: u.Login, Bot: u.Type == "Bot"}
	switch a := p.repo.association(u); {
	case u == p.author && !who.Bot:
		who.Badge = "Author"
	case !who.Bot && a != "NONE":
		who.Badge = a[:1] + lower(a[1:])
	}
	return who
}

func safe(markdown string) template.HTML {
	return template.HTML(markdownHTML(markdown)) // markdownHTML escapes all that it does not write itself
}

// page gathers what is shown.
func (p *Pull) page() (*pullPage, error) {
	commits, err := p.commits()
	if err != nil {
		return nil, err
	}
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	d := &pullPage{Repo: p.repo.FullName(), Number: p.Number, Title: p.title, State: p.shownState(), Author: p.person(p.author), Into: p.baseRef, From: p.headRef, Commits: len(commits), Created: p.created,
		Labels: p.labelNames(), Protected: p.repo.protections[p.baseRef] != nil}
	if p.headRepo != p.repo {
		d.From = p.headRepo.FullName() + ":" + p.headRef
	}
	if p.body != "" {
		d.Body = safe(p.body)
	}
	for _, u := range p.assignees {
		d.Assignees = append(d.Assignees, p.person(u))
	}
	for _, f := range files {
		d.Added, d.Gone = d.Added+f.Additions, d.Gone+f.Deleted
		pf := pageFile{Path: f.Path, OldPath: f.OldPath, Status: f.Status, Added: f.Additions, Gone: f.Deleted}
		switch {
		case f.Binary:
			pf.Note = "Binary file, not shown."
		case f.Patch == "":
			pf.Note = "No change of content."
		default:
			for i := range f.hunks {
				pf.Lines = append(pf.Lines, f.hunks[i].pageLines(0, 400)...)
			}
		}
		d.Files = append(d.Files, pf)
	}
	if err := p.pageTimeline(d); err != nil {
		return nil, err
	}
	p.pageChecks(d)
	p.pageMerge(d)
	return d, nil
}

func (h *hunk) pageLines(from, limit int) []pageLine {
	num := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	var list []pageLine
	for i, line := range h.lines {
		if i == 0 {
			if from == 0 {
				list = append(list, pageLine{Kind: "hunk", Text: line})
			}
			continue
		}
		if i < from {
			continue
		}
		if len(list) >= limit {
			return append(list, pageLine{Kind: "hunk", Text: "… more lines"})
		}
		kind := map[byte]string{'+': "add", '-': "del", ' ': "same"}[line[0]]
		if kind == "" {
			continue
		}
		list = append(list, pageLine{Old: num(h.oldAt[i]), New: num(h.newAt[i]), Kind: kind, Text: line[1:]})
	}
	return list
}

// shownContext is how many lines stand above a comment.
const shownContext = 5

func (c *ReviewComment) thread(p *Pull) pageThread {
	t := pageThread{Path: c.path, Outdated: c.line == 0 && !c.fileLevel}
	line, start := c.origLine, c.origSta
	if !t.Outdated {
		line, start = c.line, c.start
	}
	switch {
	case c.fileLevel:
		t.Where = "the whole file"
	case start != 0:
		t.Where = fmt.Sprintf("lines %d to %d", start, line)
	default:
		t.Where = fmt.Sprintf("line %d", line)
	}
	if c.side == "LEFT" {
		t.Where += " before the change"
	}
	if hs := parseHunks(c.hunk); len(hs) > 0 {
		h := hs[0]
		above := shownContext
		if c.origSta != 0 {
			above = max(above, c.origLine-c.origSta+2)
		}
		t.Lines = h.pageLines(max(1, len(h.lines)-above), 40)
	}
	return t
}

func (p *Pull) pageTimeline(d *pullPage) error {
	known := map[string]bool{}
	if all, err := p.repo.git.commits("", p.base); err == nil && p.merged.IsZero() {
		for _, c := range all {
			known[c.SHA] = true
		}
	}
	for _, mark := range p.heads {
		list, err := p.repo.git.commits(p.mergeBase(), mark.sha)
		if err != nil {
			return err
		}
		item := pageItem{Kind: "commits", ID: mark.id, At: mark.at, Who: p.person(mark.by)}
		for _, c := range list {
			if known[c.SHA] {
				continue
			}
			known[c.SHA] = true
			title, _, _ := strings.Cut(c.Message, "\n")
			pc := pageCommit{SHA: c.SHA, Title: title, Name: c.AuthorName}
			if u := p.g.userByEmail(c.AuthorEmail); u != nil {
				pc.Who = p.person(u)
			}
			item.Commits = append(item.Commits, pc)
		}
		if len(item.Commits) > 0 {
			d.Items = append(d.Items, item)
		}
	}
	replies := map[int64][]*ReviewComment{}
	for _, c := range p.comments {
		if c.replyTo != 0 && !c.deleted {
			replies[c.replyTo] = append(replies[c.replyTo], c)
		}
	}
	show := func(c *ReviewComment) pageComment {
		return pageComment{ID: c.ID, Who: p.person(c.author), At: c.created, Body: safe(c.body), Edited: c.updated.After(c.created)}
	}
	for _, r := range p.reviews {
		if r.state == "PENDING" {
			continue
		}
		item := pageItem{Kind: "review", ID: r.ID, Who: p.person(r.author), At: r.submitted, State: r.state, Commit: r.commit, Outdated: r.commit != p.head}
		if r.body != "" {
			item.Body = safe(r.body)
		}
		for _, c := range p.comments {
			if c.review != r || c.replyTo != 0 || c.deleted {
				continue
			}
			t := c.thread(p)
			t.Comments = append(t.Comments, show(c))
			for _, reply := range replies[c.ID] {
				t.Comments = append(t.Comments, show(reply))
			}
			item.Threads = append(item.Threads, t)
		}
		if item.Body == "" && len(item.Threads) == 0 && r.state == "COMMENTED" {
			continue // a reply: it stands in its thread
		}
		d.Items = append(d.Items, item)
	}
	for _, c := range p.talk {
		if !c.deleted {
			d.Items = append(d.Items, pageItem{Kind: "comment", ID: c.ID, Who: p.person(c.author), At: c.created, Body: safe(c.body), Edited: c.updated.After(c.created)})
		}
	}
	for _, e := range p.events {
		if item, shown := p.pageEvent(e); shown {
			d.Items = append(d.Items, item)
		}
	}
	sort.SliceStable(d.Items, func(i, j int) bool { return d.Items[i].ID < d.Items[j].ID })
	return nil
}

func (p *Pull) pageEvent(e *event) (pageItem, bool) {
	item := pageItem{Kind: "event", ID: e.id, At: e.at, Who: p.person(e.actor), Icon: "dot"}
	get := func(outer, key string) string {
		o, _ := e.extras[outer].(obj)
		return fmt.Sprint(o[key])
	}
	switch e.kind {
	case "labeled":
		item.Icon, item.Text, item.Code = "tag", "added the label", get("label", "name")
	case "unlabeled":
		item.Icon, item.Text, item.Code = "tag", "removed the label", get("label", "name")
	case "assigned":
		item.Text, item.Code = "assigned", get("assignee", "login")
	case "review_requested":
		item.Icon, item.Text, item.Code = "eye", "requested a review from", get("requested_reviewer", "login")
	case "review_dismissed":
		item.Icon, item.Text = "x", "dismissed a review"
		if m := get("dismissed_review", "dismissal_message"); m != "" {
			item.Text += ": " + m
		}
	case "renamed":
		item.Icon, item.Text, item.Code = "pen", "changed the title to", get("rename", "to")
	case "base_ref_changed":
		item.Icon, item.Text, item.Code = "branch", "changed the base branch, now", p.baseRef
	case "head_ref_force_pushed":
		item.Icon, item.Text, item.Code = "push", "force-pushed the branch to", e.sha[:7]
	case "merged":
		item.Icon, item.Text, item.Code = "merge", "merged this pull request as", e.sha[:7]
	case "closed":
		if !p.merged.IsZero() {
			return item, false // merged says it
		}
		item.Icon, item.Text = "x", "closed this pull request"
	case "reopened":
		item.Icon, item.Text = "branch", "reopened this pull request"
	case "ready_for_review":
		item.Icon, item.Text = "eye", "marked this pull request as ready for review"
	case "convert_to_draft":
		item.Icon, item.Text = "pen", "turned this pull request into a draft"
	default:
		return item, false
	}
	return item, true
}

var checkIcons = map[string]string{"success": "ok", "failure": "bad", "timed_out": "bad", "action_required": "wait", "cancelled": "off", "neutral": "off", "skipped": "off", "stale": "off"}

func (p *Pull) pageChecks(d *pullPage) {
	pr := p.repo.protections[p.baseRef]
	counts := map[string]int{}
	seen := map[string]bool{}
	for _, c := range p.repo.latestRuns(p.head) {
		i := c.info()
		pc := pageCheck{Name: c.name, App: c.suite.app.Name, Title: i.Title, State: strings.ReplaceAll(c.conclusion, "_", " "), Icon: checkIcons[c.conclusion], Started: c.started, Completed: c.completed}
		if c.status != "completed" {
			pc.State, pc.Icon = strings.ReplaceAll(c.status, "_", " "), "run"
		}
		if i.Summary != "" {
			pc.Summary = safe(i.Summary)
		}
		if i.Text != "" {
			pc.Text = safe(i.Text)
		}
		for _, a := range c.annotations {
			start, end := number(a, "start_line"), number(a, "end_line")
			where := strconv.Itoa(start)
			if end != start {
				where += "–" + strconv.Itoa(end)
			}
			str := func(k string) string { s, _ := a[k].(string); return s }
			pc.Annotations = append(pc.Annotations, pageAnnotation{Path: str("path"), Where: where, Level: str("annotation_level"), Title: str("title"), Message: str("message")})
		}
		if pr != nil {
			for _, want := range pr.Checks {
				if want.Context == c.name && (want.App == nil || want.App == c.suite.app) {
					pc.Required = true
					seen[want.Context] = true
				}
			}
		}
		pc.Open = pc.Icon != "ok" && pc.Icon != "off"
		counts[pc.Icon]++
		d.Checks = append(d.Checks, pc)
	}
	latest := map[string]*status{}
	for _, s := range p.repo.statuses {
		if s.sha == p.head {
			latest[s.context] = s
		}
	}
	for _, context := range sortedKeys(latest) {
		s := latest[context]
		icon := map[string]string{"success": "ok", "pending": "run"}[s.state]
		if icon == "" {
			icon = "bad"
		}
		title := ""
		if s.description != nil {
			title = *s.description
		}
		counts[icon]++
		pc := pageCheck{Name: context, App: s.creator.Login, Icon: icon, State: s.state, Title: title}
		if pr != nil {
			for _, want := range pr.Checks {
				if want.Context == context && want.App == nil {
					pc.Required, seen[context] = true, true
				}
			}
		}
		d.Checks = append(d.Checks, pc)
	}
	if pr != nil && p.state == "open" {
		for _, want := range pr.Checks {
			if !seen[want.Context] {
				app := "any source"
				if want.App != nil {
					app = want.App.Name
				}
				counts["run"]++
				d.Checks = append(d.Checks, pageCheck{Name: want.Context, App: app, Icon: "run", State: "expected", Title: "Waiting for status to be reported", Required: true})
			}
		}
	}
	var parts []string
	for _, k := range []struct{ icon, word string }{{"bad", "failing"}, {"wait", "waiting for people"}, {"run", "in progress or expected"}, {"off", "neutral or skipped"}, {"ok", "successful"}} {
		if counts[k.icon] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[k.icon], k.word))
		}
	}
	d.ChecksSummary = strings.Join(parts, ", ")
}

func (p *Pull) pageMerge(d *pullPage) {
	latest := map[int64]*Review{}
	var order []*User
	for _, r := range p.reviews {
		if r.state == "PENDING" || r.author == p.author {
			continue
		}
		if latest[r.author.ID] == nil {
			order = append(order, r.author)
		}
		if r.state != "COMMENTED" || latest[r.author.ID] == nil {
			latest[r.author.ID] = r
		}
	}
	icons := map[string]string{"APPROVED": "ok", "CHANGES_REQUESTED": "bad", "COMMENTED": "talk", "DISMISSED": "off"}
	words := map[string]string{"APPROVED": "approved", "CHANGES_REQUESTED": "asked for changes", "COMMENTED": "commented", "DISMISSED": "dismissed"}
	for _, u := range order {
		d.Reviewers = append(d.Reviewers, pageReviewer{p.person(u), words[latest[u.ID].state], icons[latest[u.ID].state]})
	}
	for _, u := range p.requested {
		if latest[u.ID] == nil {
			d.Reviewers = append(d.Reviewers, pageReviewer{p.person(u), "requested", "run"})
		}
	}
	m := &d.Merge
	pr := p.repo.protections[p.baseRef]
	if pr != nil && pr.Approvals > 0 {
		approvals, changes := p.verdicts(pr)
		m.Reviews, m.Icon = fmt.Sprintf("%d of %d required approvals", approvals, pr.Approvals), "wait"
		if approvals >= pr.Approvals {
			m.Icon = "ok"
		}
		if changes > 0 {
			m.Reviews, m.Icon = "Changes have been requested", "bad"
		}
	}
	switch {
	case !p.merged.IsZero():
		m.Kind, m.Head, m.By, m.SHA = "merged", "Merged", p.person(p.mergedBy), p.mergeSHA
	case p.state == "closed":
		m.Kind, m.Head = "closed", "Closed without a merge"
	case p.draft:
		m.Kind, m.Head, m.Reasons = "draft", "This pull request is still a draft", []string{"Drafts cannot be merged."}
	default:
		m.Reasons = p.blockers(nil)
		if len(m.Reasons) == 0 {
			m.Kind, m.Head = "ready", "Ready to merge"
		} else {
			m.Kind, m.Head = "blocked", "Merging is blocked"
		}
	}
}
