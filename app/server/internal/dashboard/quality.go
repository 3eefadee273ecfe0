package dashboard

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Outcomes are what the pages about quality show. A *store.Store fits. Every method counts the changes that the filter lets through and no others, and
// Filter.Repos is always set to what the viewer may read, so that no number holds anything of another repository.
type Outcomes interface {
	Quality(ctx context.Context, f quality.Filter, by quality.By) ([]quality.GroupRates, error)
	RuleTallies(ctx context.Context, f quality.Filter) ([]quality.RuleTally, error)
	QualityMarks(ctx context.Context, f quality.Filter) ([]quality.Mark, error)
	OutcomeFacets(ctx context.Context, f quality.Filter) (agents, models, languages []string, err error)
	Alarms(ctx context.Context, limit int) ([]quality.Alarm, error)
	// OutcomeRepos names all repositories, also those that the viewer may not see.
	OutcomeRepos(ctx context.Context) (map[int64]string, error)
}

// Bounds of the pages.
const (
	maxLines  = 6   // in one chart
	maxMarks  = 40  // beside it, the newest
	maxChoice = 500 // of a filter
	maxRows   = 100 // of a table
)

func (d *Dashboard) qualityPages() []Page {
	if d.opt.Quality == nil {
		return nil
	}
	return []Page{
		{Path: "/quality", Title: "Quality", Nav: "Quality", Template: "quality.html", Load: d.loadQuality},
		{Path: "/agents", Title: "Agents", Nav: "Agents", Template: "agents.html", Load: d.loadAgents},
		{Path: "/alarms", Title: "Alarms", Nav: "Alarms", Template: "alarms.html", Load: d.loadAlarms},
		{Path: "/rules", Title: "Rules", Nav: "Rules", Template: "rules.html", Load: d.loadRules},
		{Path: "/cost", Title: "Cost", Nav: "Cost", Template: "cost.html", Load: d.loadCost},
	}
}

// A metric is one number about changes.
type metric struct {
	Key, Title string
	Head       string // of a column
	Unit       string // "%", "h", or what stands behind the number
	rate       func(*quality.Rates) quality.Rate
	mean       func(*quality.Rates) float64 // where there is no interval; below 0: none
	of         func(*quality.Tally) int     // how many changes a mean is made of
	what       string                       // the denominator in words
}

var metrics = []metric{
	{Key: "findings", Title: "Findings per 1,000 changed lines", Head: "findings per 1,000 lines", rate: func(r *quality.Rates) quality.Rate { return r.Findings }, what: "thousand lines"},
	{Key: "first", Title: "First pass: the first push passes", Head: "first pass", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.FirstPass }, what: "changes"},
	{Key: "blocked", Title: "Blocked by a finding", Head: "blocked", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.Blocked }, what: "changes"},
	{Key: "revert14", Title: "Reverted within 14 days", Head: "reverted in 14 days", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.Revert14 }, what: "merged changes"},
	{Key: "revert30", Title: "Reverted within 30 days", Head: "reverted in 30 days", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.Revert30 }, what: "merged changes"},
	{Key: "fix14", Title: "Fixed within 14 days", Head: "fixed in 14 days", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.Fix14 }, what: "merged changes"},
	{Key: "fix30", Title: "Fixed within 30 days", Head: "fixed in 30 days", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.Fix30 }, what: "merged changes"},
	{Key: "false", Title: "Findings called wrong", Head: "called wrong", Unit: "%", rate: func(r *quality.Rates) quality.Rate { return r.False }, what: "findings that were told"},
	{Key: "review", Title: "Hours from ready to approval", Head: "hours to approval", Unit: "h", mean: func(r *quality.Rates) float64 { return hours(r.Review) }, of: func(t *quality.Tally) int { return t.Reviewed }, what: "approved changes"},
	{Key: "pushes", Title: "Pushes after the first", Head: "pushes after the first", mean: func(r *quality.Rates) float64 { return r.Pushes }, of: func(t *quality.Tally) int { return t.Changes }, what: "changes"},
	{Key: "compute", Title: "Seconds of the gate's own scans", Head: "seconds of scans", Unit: "s", mean: func(r *quality.Rates) float64 { return r.Compute }, of: func(t *quality.Tally) int { return t.Changes }, what: "changes"},
	{Key: "tokens", Title: "Tokens, where the change states them", Head: "tokens stated", mean: func(r *quality.Rates) float64 { return r.Tokens }, of: func(t *quality.Tally) int { return t.Stated }, what: "changes that state them"},
}

func hours(seconds float64) float64 {
	if seconds < 0 {
		return -1
	}
	return seconds / 3600
}

// A cell is a number as tables show it.
type cell struct {
	Value, Range, Of string
	Few              bool // it rests on too little to say something by itself
	None             bool // there is nothing to count
}

func (m *metric) cell(g *quality.GroupRates) cell {
	if m.rate == nil {
		v, n := m.mean(&g.Rates), m.of(&g.Tally)
		if v < 0 || n == 0 {
			return cell{None: true, Value: "–"}
		}
		return cell{Value: mean(v), Of: "mean of " + strconv.Itoa(n) + " " + m.what, Few: n < quality.SmallShare}
	}
	return rateCell(m.rate(&g.Rates), m.Unit == "%", m.what)
}

func rateCell(r quality.Rate, share bool, what string) cell {
	switch {
	case r.Of <= 0:
		return cell{None: true, Value: "–"}
	case share:
		return cell{Value: percent(r.Value), Range: percent(r.Low) + " to " + percent(r.High), Of: strconv.Itoa(r.Count) + " of " + number(r.Of) + " " + what, Few: r.Small}
	}
	return cell{Value: number(r.Value), Range: number(r.Low) + " to " + number(r.High), Of: strconv.Itoa(r.Count) + " in " + number(r.Of) + " " + what, Few: r.Small}
}

func mean(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func percent(v float64) string { return strconv.FormatFloat(v*100, 'f', 1, 64) + " %" }

// number writes whole numbers as such, and others with two digits behind the point.
func number(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.FormatInt(int64(v), 10)
	case math.Abs(v) >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// A chart is what charts.js draws.
type chart struct {
	Title  string        `json:"-"`
	Unit   string        `json:"unit"`
	X      []int64       `json:"x"` // seconds
	Series []chartLine   `json:"series"`
	Marks  []chartMoment `json:"marks"`
}

type chartLine struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"` // nil: nothing was counted then
	Low    []*float64 `json:"low,omitempty"`
	High   []*float64 `json:"high,omitempty"`
	Small  []bool     `json:"small"`
}

type chartMoment struct {
	At   int64  `json:"at"`
	Text string `json:"text"`
}

// draw makes a chart of groups by week, one line for each name.
func (m *metric) draw(names []string, step int, weeks [][]quality.GroupRates, marks []moment) chart {
	c := chart{Title: m.Title, Unit: m.Unit, X: []int64{}, Series: []chartLine{}, Marks: []chartMoment{}}
	var first, last string
	for _, list := range weeks {
		for i := range list {
			if w := list[i].Key; first == "" || w < first {
				first = w
			}
			last = max(last, list[i].Key)
		}
	}
	index := map[string]int{}
	at, err := time.Parse(time.DateOnly, first)
	for ; err == nil && at.Format(time.DateOnly) <= last; at = at.AddDate(0, 0, 7*step) {
		index[at.Format(time.DateOnly)] = len(c.X)
		c.X = append(c.X, at.Unix())
	}
	for i, list := range weeks {
		l := chartLine{Name: names[i], Values: make([]*float64, len(c.X)), Small: make([]bool, len(c.X))}
		if m.rate != nil {
			l.Low, l.High = make([]*float64, len(c.X)), make([]*float64, len(c.X))
		}
		for j := range list {
			g := &list[j]
			k, known := index[g.Key]
			switch {
			case !known:
			case m.rate == nil:
				if v, n := m.mean(&g.Rates), m.of(&g.Tally); v >= 0 && n > 0 {
					l.Values[k], l.Small[k] = &v, n < quality.SmallShare
				}
			default:
				if r := m.rate(&g.Rates); r.Of > 0 {
					l.Values[k], l.Low[k], l.High[k], l.Small[k] = &r.Value, &r.Low, &r.High, r.Small
				}
			}
		}
		c.Series = append(c.Series, l)
	}
	for _, mark := range marks {
		c.Marks = append(c.Marks, chartMoment{mark.At.Unix(), mark.What})
	}
	return c
}

// joined adds so many weeks up to one group, counted from a Monday long ago, so that the same weeks are joined whatever the filter.
func joined(weeks []quality.GroupRates, step int) []quality.GroupRates {
	if step == 1 {
		return weeks
	}
	var out []quality.GroupRates
	for i := range weeks {
		at, err := time.Parse(time.DateOnly, weeks[i].Key)
		if err != nil {
			continue
		}
		days := int(at.Sub(firstMonday).Hours() / 24)
		key := at.AddDate(0, 0, -(days % (7 * step))).Format(time.DateOnly)
		if n := len(out); n == 0 || out[n-1].Key != key {
			out = append(out, quality.GroupRates{Key: key, Name: key})
		}
		out[len(out)-1].Add(&weeks[i].Tally)
	}
	return quality.Finish(out, quality.ByWeek)
}

var firstMonday = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// A qualityForm is the filter of a page, as it was chosen.
type qualityForm struct {
	Repos, Agents, Models, Languages, Groups, Since, Metrics []choice
	Query                                                    string // of the address, for downloads
	Filtered                                                 bool

	filter quality.Filter
	metric *metric
	step   int // weeks that are added up to one point of a chart
}

var spans = []struct {
	key, name string
	weeks     int
}{{"4", "4 weeks", 4}, {"13", "13 weeks", 13}, {"26", "26 weeks", 26}, {"52", "52 weeks", 52}, {"all", "from the beginning", 0}}

// readable lists what a viewer may read, for filters: nil is everything, and an empty list nothing.
func readable(v Viewer) []int64 {
	ids, all := v.Repos()
	if all {
		return nil
	}
	return append([]int64{}, ids...)
}

// form reads the filter of the address. What is chosen from are the names that occur in what the viewer may read.
func (d *Dashboard) form(r *Request) (*qualityForm, error) {
	f := &qualityForm{filter: quality.Filter{Repos: readable(r.Viewer)}, metric: &metrics[0], Query: r.URL.RawQuery, Filtered: len(r.URL.Query()) > 0}
	span := cmp.Or(r.Get("since"), "26")
	known := false
	for _, s := range spans {
		f.Since = append(f.Since, choice{s.key, s.name, s.key == span})
		if s.key != span {
			continue
		}
		known = true
		if f.step = 1; s.weeks == 0 || s.weeks > 26 {
			f.step = 4
		}
		if s.weeks > 0 {
			f.filter.Since = d.opt.Now().AddDate(0, 0, -7*s.weeks)
		}
	}
	if !known {
		return nil, &Refusal{"There is no such span of time."}
	}
	if key := r.Get("metric"); key != "" {
		i := slices.IndexFunc(metrics, func(m metric) bool { return m.Key == key })
		if i < 0 {
			return nil, &Refusal{"There is no such number."}
		}
		f.metric = &metrics[i]
	}
	for i := range metrics {
		f.Metrics = append(f.Metrics, choice{metrics[i].Key, metrics[i].Title, &metrics[i] == f.metric})
	}
	if repo := r.Get("repo"); repo != "" {
		id, err := strconv.ParseInt(repo, 10, 64)
		if err != nil || !r.Viewer.Sees(id) {
			return nil, ErrNotFound
		}
		f.filter.Repo = id
	}
	f.filter.Agent, f.filter.Model, f.filter.Language = r.Get("agent"), r.Get("model"), r.Get("language")
	group := quality.Group(r.Get("group"))
	if group != "" && !slices.Contains(quality.Groups(), group) {
		return nil, &Refusal{"There is no such group of rules."}
	}
	f.filter.Group = group
	for _, g := range quality.Groups() {
		f.Groups = append(f.Groups, choice{string(g), string(g), g == group})
	}
	var agents, models, languages []string
	var names map[int64]string
	reading, ctx := errgroup.WithContext(r.Context())
	reading.Go(func() (err error) {
		agents, models, languages, err = d.opt.Quality.OutcomeFacets(ctx, quality.Filter{Repos: f.filter.Repos})
		return err
	})
	reading.Go(func() (err error) {
		names, err = d.opt.Quality.OutcomeRepos(ctx)
		return err
	})
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	for id, name := range names {
		if r.Viewer.Sees(id) {
			f.Repos = append(f.Repos, choice{strconv.FormatInt(id, 10), name, id == f.filter.Repo})
		}
	}
	slices.SortFunc(f.Repos, func(a, b choice) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Value, b.Value)) })
	f.Repos = f.Repos[:min(len(f.Repos), maxChoice)]
	f.Agents = []choice{{quality.AnyAgent, "any agent", f.filter.Agent == quality.AnyAgent}, {quality.NoAgent, "no mark of an agent", f.filter.Agent == quality.NoAgent}}
	add := func(into *[]choice, list []string, chosen string) {
		for _, k := range list[:min(len(list), maxChoice)] {
			if k != "" {
				*into = append(*into, choice{k, k, k == chosen})
			}
		}
	}
	add(&f.Agents, agents, f.filter.Agent)
	add(&f.Models, models, f.filter.Model)
	add(&f.Languages, languages, f.filter.Language)
	return f, nil
}

// qualityView is what the pages with a chart and tables show.
type qualityView struct {
	Form    *qualityForm
	Total   *quality.GroupRates
	Figures []figure
	Chart   *chart
	Lines   []string // names of the chart's lines
	Weeks   []row    // the chart's numbers
	Marks   []moment
	More    int // marks that are not shown
	Tables  []table
	Left    int // agents without a line
	Step    int // weeks in one point
	Band    bool
}

type figure struct {
	Title string
	cell
}

type row struct {
	Name  string
	Link  string
	Cells []cell
}

type table struct {
	Title, What string
	Heads       []string
	Rows        []row
	Download    string // path of the same numbers
	More        int    // rows that only the download has
}

func tableOf(title, what, download string, groups []quality.GroupRates, cols []*metric, link func(key string) string) table {
	t := table{Title: title, What: what, Download: download, Heads: []string{"changes", "changed lines"}}
	for _, m := range cols {
		t.Heads = append(t.Heads, m.Head)
	}
	for i := range groups {
		if i == maxRows {
			t.More = len(groups) - i
			break
		}
		g := &groups[i]
		one := row{Name: g.Name, Cells: []cell{{Value: strconv.Itoa(g.Changes)}, {Value: strconv.Itoa(g.Lines)}}}
		if link != nil {
			one.Link = link(g.Key)
		}
		for _, m := range cols {
			one.Cells = append(one.Cells, m.cell(g))
		}
		t.Rows = append(t.Rows, one)
	}
	return t
}

func pick(keys ...string) (out []*metric) {
	for _, k := range keys {
		for i := range metrics {
			if metrics[i].Key == k {
				out = append(out, &metrics[i])
			}
		}
	}
	return out
}

// plot draws the chart of weeks, a line for each list, and lists its numbers.
func (v *qualityView) plot(f *qualityForm, weeks ...[]quality.GroupRates) {
	for i := range weeks {
		weeks[i] = joined(weeks[i], f.step)
	}
	c := f.metric.draw(v.Lines, f.step, weeks, v.Marks)
	v.Chart, v.Step, v.Band = &c, f.step, f.metric.rate != nil && len(weeks) == 1
	v.weeksOf(f.metric, weeks)
}

// weeksOf lists the chart's numbers, the newest week first.
func (v *qualityView) weeksOf(m *metric, weeks [][]quality.GroupRates) {
	by := map[string]*row{}
	var order []string
	for i, list := range weeks {
		for j := range list {
			g := &list[j]
			r := by[g.Key]
			if r == nil {
				r = &row{Name: g.Key, Cells: make([]cell, len(weeks))}
				for k := range r.Cells {
					r.Cells[k] = cell{None: true, Value: "–"}
				}
				by[g.Key] = r
				order = append(order, g.Key)
			}
			r.Cells[i] = m.cell(g)
		}
	}
	slices.Sort(order)
	slices.Reverse(order)
	for _, w := range order {
		v.Weeks = append(v.Weeks, *by[w])
	}
}

// A moment is a day on which something else began to judge.
type moment struct {
	At    time.Time
	What  string
	Repos []string
	More  int // repositories that are not named
}

// mark joins marks of one day that say the same, oldest first.
func (v *qualityView) mark(marks []quality.Mark, since time.Time) {
	marks = slices.DeleteFunc(marks, func(m quality.Mark) bool { return m.At.Before(since) })
	slices.SortStableFunc(marks, func(a, b quality.Mark) int { return a.At.Compare(b.At) })
	for _, m := range marks {
		day := m.At.UTC().Truncate(24 * time.Hour)
		i := slices.IndexFunc(v.Marks, func(o moment) bool { return o.What == m.What && o.At.UTC().Truncate(24*time.Hour).Equal(day) })
		switch {
		case i < 0:
			v.Marks = append(v.Marks, moment{At: m.At, What: m.What, Repos: []string{m.Repo}})
		case len(v.Marks[i].Repos) < 3:
			v.Marks[i].Repos = append(v.Marks[i].Repos, m.Repo)
		default:
			v.Marks[i].More++
		}
	}
	if n := len(v.Marks) - maxMarks; n > 0 {
		v.Marks, v.More = v.Marks[n:], n
	}
}

func (d *Dashboard) loadQuality(r *Request) (any, error) {
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	v := &qualityView{Form: f, Lines: []string{"all"}}
	var total, weeks, repos, languages []quality.GroupRates
	var marks []quality.Mark
	q, all, ctx := d.opt.Quality, new(errgroup.Group), r.Context()
	for _, l := range []struct {
		into *[]quality.GroupRates
		by   quality.By
	}{{&total, quality.ByAll}, {&weeks, quality.ByWeek}, {&repos, quality.ByRepo}, {&languages, quality.ByLanguage}} {
		all.Go(func() (err error) {
			*l.into, err = q.Quality(ctx, f.filter, l.by)
			return err
		})
	}
	all.Go(func() (err error) {
		marks, err = q.QualityMarks(ctx, f.filter)
		return err
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	if len(total) == 0 {
		return v, nil
	}
	v.Total = &total[0]
	for _, m := range pick("findings", "first", "blocked", "revert30", "fix30", "false") {
		v.Figures = append(v.Figures, figure{m.Title, m.cell(v.Total)})
	}
	v.mark(marks, f.filter.Since)
	v.plot(f, weeks)
	cols := pick("findings", "first", "blocked", "revert30", "fix30", "false")
	v.Tables = []table{
		tableOf("By repository", "repository", "/api/v1/quality/repo", repos, cols, func(key string) string { return r.With("repo", key) }),
		tableOf("By language", "language", "/api/v1/quality/language", languages, cols, func(key string) string { return r.With("language", key) }),
	}
	return v, nil
}

func (d *Dashboard) loadAgents(r *Request) (any, error) {
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	v := &qualityView{Form: f}
	q, ctx := d.opt.Quality, r.Context()
	var agents, models []quality.GroupRates
	var marks []quality.Mark
	all := new(errgroup.Group)
	all.Go(func() (err error) { agents, err = q.Quality(ctx, f.filter, quality.ByAgent); return err })
	all.Go(func() (err error) { models, err = q.Quality(ctx, f.filter, quality.ByModel); return err })
	all.Go(func() (err error) { marks, err = q.QualityMarks(ctx, f.filter); return err })
	if err := all.Wait(); err != nil || len(agents) == 0 {
		return v, err
	}
	v.Total = &agents[0]
	v.mark(marks, f.filter.Since)
	shown := agents[:min(len(agents), maxLines)]
	v.Left = len(agents) - len(shown)
	weeks := make([][]quality.GroupRates, len(shown))
	all = new(errgroup.Group)
	for i := range shown {
		v.Lines = append(v.Lines, shown[i].Name)
		one := f.filter
		if one.Agent = shown[i].Key; one.Agent == "" {
			one.Agent = quality.NoAgent
		}
		all.Go(func() (err error) { weeks[i], err = q.Quality(ctx, one, quality.ByWeek); return err })
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	v.plot(f, weeks...)
	cols := pick("findings", "first", "blocked", "revert30", "fix30", "false", "pushes")
	v.Tables = []table{
		tableOf("By agent", "agent", "/api/v1/quality/agent", agents, cols, func(key string) string { return r.With("agent", cmp.Or(key, quality.NoAgent)) }),
		tableOf("By model", "agent and model", "/api/v1/quality/model", models, cols, func(key string) string { return r.With("model", modelOf(key)) }),
	}
	return v, nil
}

func (d *Dashboard) loadCost(r *Request) (any, error) {
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	if f.metric.mean == nil {
		f.metric = pick("review")[0]
	}
	f.Metrics = nil
	for _, m := range pick("review", "pushes", "compute", "tokens") {
		f.Metrics = append(f.Metrics, choice{m.Key, m.Title, m == f.metric})
	}
	v := &qualityView{Form: f, Lines: []string{"all"}}
	q, ctx := d.opt.Quality, r.Context()
	var total, weeks, agents, repos []quality.GroupRates
	var marks []quality.Mark
	all := new(errgroup.Group)
	for _, l := range []struct {
		into *[]quality.GroupRates
		by   quality.By
	}{{&total, quality.ByAll}, {&weeks, quality.ByWeek}, {&agents, quality.ByAgent}, {&repos, quality.ByRepo}} {
		all.Go(func() (err error) { *l.into, err = q.Quality(ctx, f.filter, l.by); return err })
	}
	all.Go(func() (err error) { marks, err = q.QualityMarks(ctx, f.filter); return err })
	if err := all.Wait(); err != nil || len(total) == 0 {
		return v, err
	}
	v.Total = &total[0]
	cols := pick("review", "pushes", "compute", "tokens")
	for _, m := range cols {
		v.Figures = append(v.Figures, figure{m.Title, m.cell(v.Total)})
	}
	v.mark(marks, f.filter.Since)
	v.plot(f, weeks)
	v.Tables = []table{
		tableOf("By agent", "agent", "/api/v1/quality/agent", agents, cols, func(key string) string { return r.With("agent", cmp.Or(key, quality.NoAgent)) }),
		tableOf("By repository", "repository", "/api/v1/quality/repo", repos, cols, func(key string) string { return r.With("repo", key) }),
	}
	return v, nil
}

// rulesView is what the page of rules shows.
type rulesView struct {
	Form     *qualityForm
	Rules    []ruleRow
	Proposed int
	Accepted []string // rules whose proposals are taken over
	Policy   string   // the text to commit
	None     string   // the address with nothing taken over
}

type ruleRow struct {
	quality.Precision
	Now         checks.Rollout // how far the rule goes, as its findings show it
	Right, Kept cell
	Proposal    *quality.Proposal
	Accept      string // the address with this proposal taken over; "": it is
}

func (d *Dashboard) loadRules(r *Request) (any, error) {
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	f.Metrics, f.Models = nil, nil
	list, err := d.opt.Quality.RuleTallies(r.Context(), f.filter)
	if err != nil {
		return nil, err
	}
	v := &rulesView{Form: f, None: r.With("accept", "")}
	now := rolloutsOf(list)
	proposals := map[string]*quality.Proposal{}
	for _, p := range quality.Proposals(list, now, quality.DefaultBounds) {
		proposals[p.Rule] = &p
	}
	accept := strings.Split(r.URL.Query().Get("accept"), ",")
	var policy []byte
	for _, t := range list {
		p := quality.PrecisionOf(t)
		one := ruleRow{Precision: p, Now: now[t.Rule], Right: rateCell(p.Right, true, "that were judged"), Kept: rateCell(p.Acted, true, "that are settled"), Proposal: proposals[t.Rule]}
		if one.Proposal != nil {
			v.Proposed++
			if slices.Contains(accept, t.Rule) {
				if policy, err = quality.SetRollout(policy, t.Rule, one.Proposal.To); err != nil {
					return nil, &Refusal{"The text cannot be made: " + err.Error() + "."}
				}
				v.Accepted = append(v.Accepted, t.Rule)
			}
		}
		v.Rules = append(v.Rules, one)
	}
	for i := range v.Rules {
		if one := &v.Rules[i]; one.Proposal != nil && !slices.Contains(v.Accepted, one.Rule) {
			one.Accept = r.With("accept", strings.Join(append(slices.Clone(v.Accepted), one.Rule), ","))
		}
	}
	slices.SortStableFunc(v.Rules, func(a, b ruleRow) int {
		switch {
		case (a.Proposal == nil) == (b.Proposal == nil):
			return cmp.Compare(b.Told, a.Told)
		case a.Proposal != nil:
			return -1
		}
		return 1
	})
	v.Policy = string(policy)
	return v, nil
}

// rolloutsOf says how far rules go, as far as their findings show it.
func rolloutsOf(list []quality.RuleTally) map[string]checks.Rollout {
	out := map[string]checks.Rollout{}
	for _, t := range list {
		switch {
		case t.Blocking > 0:
			out[t.Rule] = checks.RolloutBlock
		case t.Told > 0:
			out[t.Rule] = checks.RolloutComment
		default:
			out[t.Rule] = checks.RolloutShadow
		}
	}
	return out
}

// modelOf takes the model out of the key of a group of ByModel.
func modelOf(key string) string {
	_, model, _ := strings.Cut(key, " / ")
	return model
}
