package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// sittings are sessions in memory.
type sittings struct {
	mu  sync.Mutex
	all map[string]Session
}

func (s *sittings) Session(_ context.Context, hash string) (Session, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.all[hash]
	return one, ok, nil
}

func (s *sittings) SaveSession(_ context.Context, one Session, _ bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[one.Hash] = one
	return nil
}

func (s *sittings) DropSession(_ context.Context, hash string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, hash)
	return nil
}

// readers is GitHub, which says what a person may read.
type readers struct {
	GitHub
	id    int64
	login string
	repos []int64
}

func (r *readers) Visible(context.Context, string) (github.Visible, error) {
	return github.Visible{ID: r.id, Login: r.login, Repos: r.repos}, nil
}

// fewRecords are records of two repositories.
type fewRecords struct{ list []Record }

func (f *fewRecords) Records(_ context.Context, repos []int64, before int64, limit int) (out []Record, err error) {
	for _, r := range f.list {
		if (repos == nil || slices.Contains(repos, r.RepoID)) && (before == 0 || r.ID < before) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (f *fewRecords) RecordFile(_ context.Context, id int64) (int64, []byte, error) {
	for _, r := range f.list {
		if r.ID == id {
			return r.RepoID, []byte(`{"payload":"of ` + r.Repo + `"}`), nil
		}
	}
	return 0, nil, ErrNotFound
}

func (f *fewRecords) Signing(context.Context) (Signing, error) {
	return Signing{Key: "abc", Algorithm: "Ed25519", Chains: []RecordChain{{Installation: 3, Sequence: 77777, Digest: "digest-of-all"}}}, nil
}

// marked is a store in which every repository was judged by something else from the middle on.
type marked struct {
	*store.Store
	keep []int64
}

func (m marked) QualityMarks(_ context.Context, f quality.Filter) (out []quality.Mark, err error) {
	for id := range int64(storetest.OutcomeRepos) {
		o := quality.Outcome{RepoID: id + 1}
		if (m.keep == nil || slices.Contains(m.keep, o.RepoID)) && (f.Repos == nil || slices.Contains(f.Repos, o.RepoID)) && (f.Repo == 0 || f.Repo == o.RepoID) {
			out = append(out, quality.Mark{RepoID: o.RepoID, Repo: fmt.Sprintf("acme/repo-%02d", o.RepoID), At: storetest.OutcomesFrom.AddDate(1, 0, 0), What: "reviewgate 1.1.0 (was 1.0.0), rules changed"})
		}
	}
	return out, nil
}

// sheets is a store as the page of the rubric sees it.
type sheets struct{ *store.Store }

func (s sheets) Newest(ctx context.Context, f quality.Filter, limit int) ([]quality.Outcome, error) {
	return s.Outcomes(ctx, f, store.Page{Limit: limit})
}

func (s sheets) Outcome(ctx context.Context, repo int64, change string) (quality.Outcome, error) {
	o, err := s.Store.Outcome(ctx, repo, change)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNotFound
	}
	return o, err
}

func (s sheets) Sheets(ctx context.Context, repos []int64, user int64, limit int) (out []Sheet, err error) {
	list, err := s.Store.Sheets(ctx, repos, user, limit)
	for _, one := range list {
		out = append(out, Sheet(one))
	}
	return out, err
}

// byLines is a measure: small changes are good.
func byLines(o *quality.Outcome) (map[string]int, int) {
	score := max(0, 100-o.Lines/2)
	return map[string]int{"size": score}, score
}

// A place is a dashboard over a database in which somebody is signed in.
type place struct {
	*Dashboard
	hub    *readers
	cookie string
	now    time.Time
}

// changes keeps those of the repositories; nil: of all.
func newPlace(t testing.TB, kind string, n int, keep []int64) (*place, *store.Store) {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.Name(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	var part []*quality.Outcome
	save := func() {
		err := st.Tx(t.Context(), func(tx *store.Tx) error {
			for _, o := range part {
				if err := tx.SaveOutcome(t.Context(), o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		part = part[:0]
	}
	err = storetest.Outcomes(n, func(o *quality.Outcome) error {
		if o.RepoID == 7 { // an agent that only one repository knows
			if o.Agent != "" {
				o.Agent, o.Model, o.Languages = "Secret Agent", "secret-model", []string{"cobol"}
				for i := range o.Findings {
					o.Findings[i].Rule = "secret-rule-" + string(o.Findings[i].Group)
				}
			}
		}
		if keep != nil && !slices.Contains(keep, o.RepoID) {
			return nil
		}
		if part = append(part, o); len(part) == 2000 {
			save()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	save()
	records := &fewRecords{}
	for id := int64(60); id > 0; id-- {
		r := Record{ID: id, Sequence: id, RepoID: 1 + id%9, Repo: fmt.Sprintf("acme/repo-%02d", 1+id%9), Number: int(id), Kind: "merge", State: "pass", Head: strings.Repeat("a", 40), Made: storetest.OutcomesFrom}
		if keep == nil || slices.Contains(keep, r.RepoID) {
			records.list = append(records.list, r)
		}
	}
	p := &place{hub: &readers{id: 5}, now: storetest.OutcomesFrom.AddDate(2, 0, 0)}
	sessions := &sittings{all: map[string]Session{}}
	p.Dashboard, err = New(Options{PublicURL: "https://gate.example.com", GitHubURL: "https://github.com", SignIn: p.hub, Secret: func() []byte { return []byte("0123456789abcdef0123") }, Admins: []string{"root"}, Sessions: sessions,
		Facts: &fixed{}, Quality: marked{st, keep}, Records: records, Rubric: &Rubric{Criteria: []string{"size", "care"}, Measure: byLines, Sheets: sheets{st}}, Version: "test", Now: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	p.cookie = newID()
	p.session(sessions, "alice")
	return p, st
}

func (p *place) session(s *sittings, login string) {
	p.hub.login = login
	hash := hashOf(p.cookie)
	s.all[hash] = Session{Hash: hash, UserID: p.hub.id, Login: login, Created: p.now, Seen: p.now, Ends: p.now.Add(sessionLife), Token: p.seal("token", hash, p.hub.id)}
}

// get asks for a page. What the person may read is asked anew each time, because time goes by.
func (p *place) get(path string) (int, string) {
	p.now = p.now.Add(time.Second)
	r := httptest.NewRequest(http.MethodGet, "https://gate.example.com"+path, nil)
	if p.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-reviewgate-session", Value: p.cookie})
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// post sends a form of a page.
func (p *place) post(path string, form url.Values) (int, string) {
	form.Set("token", formToken(p.cookie))
	r := httptest.NewRequest(http.MethodPost, "https://gate.example.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://gate.example.com")
	r.AddCookie(&http.Cookie{Name: "__Host-reviewgate-session", Value: p.cookie})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// reads sets what the person may read, and lets so much time go by that it is asked.
func (p *place) reads(repos ...int64) {
	p.hub.repos = repos
	p.now = p.now.Add(askEvery)
	for _, s := range p.opt.Sessions.(*sittings).all {
		s.Seen = p.now
		p.opt.Sessions.(*sittings).all[s.Hash] = s
	}
}

var qualityPaths = func() (out []string) {
	for _, page := range []string{"/quality", "/agents", "/rules", "/alarms", "/rubric", "/cost", "/api/v1/quality/all", "/api/v1/quality/agent", "/api/v1/quality/model", "/api/v1/quality/repo", "/api/v1/quality/language", "/api/v1/quality/week", "/api/v1/quality/rule"} {
		for _, query := range []string{"", "?since=all", "?since=52&agent=*&metric=review", "?since=all&group=security", "?since=all&agent=Secret+Agent", "?since=all&model=secret-model", "?since=all&language=cobol", "?repo=2&since=all", "?repo=7", "?repo=7&agent=Codex", "?format=csv"} {
			out = append(out, page+query)
		}
	}
	return append(out, "/records", "/rubric?judge=1", "/records?after=30", "/records?repo=2", "/records?repo=7", "/api/v1/records/1", "/api/v1/records/6", "/api/v1/records/15", "/api/v1/records/999")
}()

// TestQualityAccess: for a person who may read some repositories, every page and every download is, to the byte, what it would be if there were no others.
func TestQualityAccess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		mine := []int64{1, 2, 3}
		whole, _ := newPlace(t, kind, 3000, nil)
		part, _ := newPlace(t, kind, 3000, mine)
		whole.cookie, part.cookie = "one cookie for both, so that the forms' tokens are equal", "one cookie for both, so that the forms' tokens are equal"
		for _, p := range []*place{whole, part} {
			p.session(p.opt.Sessions.(*sittings), "alice")
		}
		compare := func(when string) (pages int) {
			for _, path := range qualityPaths {
				code, body := whole.get(path)
				wantCode, want := part.get(path)
				if code != wantCode || body != want {
					t.Errorf("%s: %s differs: %d and %d bytes, without the others %d and %d bytes", when, path, code, len(body), wantCode, len(want))
				}
				for _, secret := range []string{"ecret", "cobol", "repo-07", "digest-of-all"} {
					if !strings.Contains(path, secret) && strings.Contains(body, secret) {
						t.Errorf("%s: %s says %q", when, path, secret)
					}
				}
				if code == http.StatusOK {
					pages++
				}
			}
			return pages
		}
		whole.reads(mine...)
		part.reads(mine...)
		if n := compare("three repositories"); n < 60 {
			t.Errorf("only %d answers had something in them", n)
		}
		// The person loses one of them: from the next question on it is as if it had never been there.
		left, _ := newPlace(t, kind, 3000, []int64{1, 3})
		left.cookie, left.now = whole.cookie, whole.now
		left.session(left.opt.Sessions.(*sittings), "alice")
		part = left
		whole.reads(1, 3)
		part.reads(1, 3)
		compare("two are left")
		if code, _ := whole.get("/quality?repo=2"); code != http.StatusNotFound {
			t.Errorf("the lost repository answers %d", code)
		}
		// Nothing at all is no error, and nothing is said.
		whole.reads()
		for _, path := range []string{"/quality", "/agents", "/rules", "/cost", "/records", "/alarms", "/rubric"} {
			if code, body := whole.get(path); code != http.StatusOK || strings.Contains(body, "acme/") || strings.Contains(body, "Codex") || !strings.Contains(body, "that you can read") && path != "/records" && path != "/alarms" {
				t.Errorf("%s for somebody who reads nothing: %d", path, code)
			}
		}
		// An administrator sees all of it.
		whole.session(whole.opt.Sessions.(*sittings), "root")
		if _, body := whole.get("/agents?since=all"); !strings.Contains(body, "Secret Agent") {
			t.Error("an administrator does not see every agent")
		}
		if code, body := whole.get("/records"); code != http.StatusOK || !strings.Contains(body, "digest-of-all") || !strings.Contains(body, `rel="next"`) {
			t.Errorf("an administrator's records: %d", code)
		}
		// Somebody who is not signed in gets nothing, and data is not answered with a page.
		whole.cookie = ""
		for _, path := range qualityPaths {
			want := http.StatusSeeOther
			if strings.HasPrefix(path, "/api/") {
				want = http.StatusUnauthorized
			}
			if code, body := whole.get(path); code != want || strings.Contains(body, "acme") {
				t.Errorf("%s without sign-in: %d", path, code)
			}
		}
	})
}

// TestQualityNumbers: tables, charts and downloads say the same.
func TestQualityNumbers(t *testing.T) {
	t.Parallel()
	p, st := newPlace(t, "sqlite", 3000, nil)
	p.session(p.opt.Sessions.(*sittings), "root")
	groups, err := st.Quality(t.Context(), quality.Filter{}, quality.ByAgent)
	if err != nil {
		t.Fatal(err)
	}
	_, page := p.get("/agents?since=all")
	var data struct{ Groups []quality.GroupRates }
	_, text := p.get("/api/v1/quality/agent?since=all")
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Groups) != len(groups) {
		t.Fatalf("%d groups, want %d", len(data.Groups), len(groups))
	}
	_, csv := p.get("/api/v1/quality/agent?since=all&format=csv")
	lines := strings.Split(strings.TrimSpace(csv), "\n")
	if len(lines) != len(groups)+1 {
		t.Errorf("%d lines", len(lines))
	}
	for i, g := range groups {
		if data.Groups[i].Changes != g.Changes || data.Groups[i].Rates.Findings != g.Rates.Findings {
			t.Errorf("%s: %+v", g.Name, data.Groups[i])
		}
		for _, want := range []string{percent(g.Rates.Blocked.Value), percent(g.Rates.FirstPass.Low) + " to " + percent(g.Rates.FirstPass.High), fmt.Sprintf("<span class=\"n\">%d</span>", g.Changes)} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page does not say %s", g.Name, want)
			}
		}
	}
	_, start, _ := strings.Cut(page, `<script type="application/json">`)
	drawn, _, _ := strings.Cut(start, "</script>")
	var c chart
	if err := json.Unmarshal([]byte(drawn), &c); err != nil {
		t.Fatalf("%v: %.300s", err, drawn)
	}
	if len(c.Series) != min(len(groups), maxLines) || len(c.X) < 25 || len(c.X) != len(c.Series[0].Values) || len(c.Marks) == 0 {
		t.Errorf("chart: %d lines, %d weeks, %d marks", len(c.Series), len(c.X), len(c.Marks))
	}
	for path, want := range map[string]string{"/quality?metric=nothing": "no such number", "/quality?since=3": "no such span", "/quality?group=x": "no such group", "/api/v1/quality/rule?format=xml": "json or csv"} {
		if code, body := p.get(path); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, _ := p.get("/api/v1/quality/person"); code != http.StatusNotFound {
		t.Errorf("by person: %d", code)
	}
}

// TestRubric: three people judge changes. Each is offered what the others judged, nobody sees who said what, and what is said of repositories that a person cannot
// read counts nothing for them.
func TestRubric(t *testing.T) {
	t.Parallel()
	p, st := newPlace(t, "sqlite", 3000, nil)
	field := regexp.MustCompile(`name="(repo|change)" value="([^"]*)"`)
	first := ""
	for user, name := range []string{"alice", "bob", "carol"} {
		p.hub.id = int64(user + 5)
		p.session(p.opt.Sessions.(*sittings), name)
		p.reads(1, 2, 3)
		for i := range 8 {
			_, page := p.get("/rubric?judge=1&since=all")
			found := field.FindAllStringSubmatch(page, -1)
			if len(found) != 2 {
				t.Fatalf("%s is offered nothing: %v", name, found)
			}
			if offered := found[0][2] + html.UnescapeString(found[1][2]); i == 0 && first == "" {
				first = offered
			} else if i == 0 && offered != first {
				t.Errorf("%s begins with %s, and others with %s", name, offered, first)
			}
			repo, _ := strconv.ParseInt(found[0][2], 10, 64)
			o, err := st.Outcome(t.Context(), repo, html.UnescapeString(found[1][2]))
			if err != nil {
				t.Fatal(err)
			}
			score, _ := byLines(&o)
			if code, body := p.post("/rubric", url.Values{"repo": {found[0][2]}, "change": {o.Change}, "score-0": {strconv.Itoa((score["size"] + 12) / 25 * 25)}, "score-1": {""}}); code != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", name, code, body)
			}
		}
	}
	_, page := p.get("/rubric?since=all")
	if !strings.Contains(page, "from 24 sheets") || !strings.Contains(page, "What you said") || strings.Contains(page, "alice") || strings.Contains(page, "bob") || !strings.Contains(page, "1.00 to 1.00") {
		t.Errorf("what is said of the sheets: %s", page)
	}
	for what, form := range map[string]url.Values{"another's repository": {"repo": {"9"}, "change": {"#1"}, "score-0": {"50"}}, "no change": {"repo": {"1"}, "change": {"#0"}, "score-0": {"50"}}} {
		if code, _ := p.post("/rubric", form); code != http.StatusNotFound {
			t.Errorf("%s: %d", what, code)
		}
	}
	if code, body := p.post("/rubric", url.Values{"repo": {strings.SplitN(first, "#", 2)[0]}, "change": {"#" + strings.SplitN(first, "#", 2)[1]}, "score-0": {"51"}}); code != http.StatusBadRequest || !strings.Contains(body, "no such score") {
		t.Errorf("a score that is none: %d", code)
	}
	p.reads(3)
	if _, page := p.get("/rubric?since=all"); strings.Contains(page, "from 24 sheets") || strings.Contains(page, "repo-01") {
		t.Error("what is said of other repositories is counted")
	}
}

// TestProposal: what the page of rules says is to be committed is a policy, and says what was proposed.
func TestProposal(t *testing.T) {
	t.Parallel()
	p, _ := newPlace(t, "sqlite", 6000, nil)
	p.session(p.opt.Sessions.(*sittings), "root")
	_, page := p.get("/rules?since=all")
	if !strings.Contains(page, "Take over") || strings.Contains(page, "Text to commit") {
		t.Fatal("nothing is proposed")
	}
	var data struct{ Proposals []quality.Proposal }
	_, text := p.get("/api/v1/quality/rule?since=all")
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	first := data.Proposals[0]
	_, page = p.get("/rules?since=all&accept=nothing," + first.Rule)
	_, text, _ = strings.Cut(page, `spellcheck="false">`)
	text, _, _ = strings.Cut(text, "</textarea>")
	layer := config.NewLayer("acme/shop", "", map[string][]byte{".github/reviewgate.yml": []byte("version: 1\n" + html.UnescapeString(text))})
	policy := config.Load(config.Input{Repo: layer}).Policy
	if len(policy.Broken) > 0 || policy.Checks.Rollouts[first.Rule] != first.To || first.To == "" || len(policy.Checks.Rollouts) != 1 {
		t.Errorf("%v, %v, of:\n%s", policy.Broken, policy.Checks.Rollouts, text)
	}
}

func TestCSVNames(t *testing.T) {
	t.Parallel()
	f, err := groupCSV("agent", []quality.GroupRates{{Key: "=1+1", Name: `a,"b"`}})
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(string(f.data), "\n")[1]; !strings.HasPrefix(line, `'=1+1,"a,""b""",0,`) {
		t.Error(line)
	}
}

// BenchmarkQualityPages opens every page over 100,000 changes.
func BenchmarkQualityPages(b *testing.B) {
	for _, kind := range storetest.Kinds {
		n := 100_000
		if *chartDatabase != "" { // it was filled before
			n = 0
		}
		p, _ := newPlace(b, kind, n, nil)
		if n == 0 {
			st, err := store.OpenRead(b.Context(), *chartDatabase)
			if err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			p.opt.Quality, p.opt.Rubric.Sheets = st, sheets{st}
		}
		var most []int64
		for id := range int64(storetest.OutcomeRepos - 1) {
			most = append(most, id+1)
		}
		for _, who := range []string{"administrator", "reader"} {
			login := "root"
			if who == "reader" {
				login = "alice"
			}
			p.session(p.opt.Sessions.(*sittings), login)
			p.reads(most...)
			for _, path := range []string{"/quality", "/quality?since=all", "/agents?since=all", "/rules?since=all", "/cost?since=all", "/records", "/alarms", "/rubric?since=all", "/quality?since=all&agent=Codex&metric=first", "/api/v1/quality/week?since=all", "/api/v1/quality/rule?since=all&format=csv"} {
				b.Run(kind+"/"+who+path, func(b *testing.B) {
					for b.Loop() {
						p.reads(most...)
						if code, _ := p.get(path); code != http.StatusOK {
							b.Fatal(code)
						}
					}
				})
			}
		}
	}
}
