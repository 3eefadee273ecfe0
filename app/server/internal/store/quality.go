package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// Reading outcomes, and what they add up to. A filter with a list of repositories lets nothing through that is not in it.

// where makes the conditions of a filter, but for rule and group. Times are compared as weeks.
func where(f *quality.Filter) (string, []any) {
	conditions := []string{"1 = 1"}
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if f.Repos != nil {
		ids := []string{"0"} // no repository has it
		for _, id := range f.Repos {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
		conditions = append(conditions, "repo_id IN ("+strings.Join(ids, ", ")+")")
	}
	if f.Repo != 0 {
		add("repo_id = ?", f.Repo)
	}
	switch f.Agent {
	case "":
	case quality.AnyAgent:
		conditions = append(conditions, "agent <> ''")
	case quality.NoAgent:
		conditions = append(conditions, "agent = ''")
	default:
		add("agent = ?", f.Agent)
	}
	if f.Model != "" {
		add("model = ?", f.Model)
	}
	if f.Language != "" {
		add("language = ?", f.Language)
	}
	if !f.Since.IsZero() {
		add("week >= ?", quality.WeekOf(f.Since))
	}
	if !f.Until.IsZero() {
		add("week < ?", quality.WeekOf(f.Until))
	}
	return strings.Join(conditions, " AND "), args
}

// groupColumns gives the columns that a grouping goes by.
func groupColumns(by quality.By) ([]string, error) {
	switch by {
	case quality.ByAll:
		return nil, nil
	case quality.ByAgent:
		return []string{"agent"}, nil
	case quality.ByModel:
		return []string{"agent", "model"}, nil
	case quality.ByRepo:
		return []string{"repo_id"}, nil
	case quality.ByLanguage:
		return []string{"language"}, nil
	case quality.ByWeek:
		return []string{"week"}, nil
	}
	return nil, fmt.Errorf("outcomes are not grouped by %q", by)
}

// Quality adds up the changes that the filter lets through, as quality.Grouped does.
func (s *Store) Quality(ctx context.Context, f quality.Filter, by quality.By) ([]quality.GroupRates, error) {
	const doing = "adding up outcomes"
	columns, err := groupColumns(by)
	if err != nil {
		return nil, err
	}
	groups := map[string]*quality.GroupRates{}
	var order []string
	read := func(scan func(...any) error, into func(g *quality.GroupRates) []any) error {
		keys := make([]string, len(columns))
		var id int64
		var to []any
		for i := range keys {
			if columns[i] == "repo_id" {
				to = append(to, &id)
			} else {
				to = append(to, &keys[i])
			}
		}
		one := new(quality.GroupRates)
		if err := scan(append(to, into(one)...)...); err != nil {
			return err
		}
		key := strings.Join(keys, " / ")
		if by == quality.ByRepo {
			key = strconv.FormatInt(id, 10)
		}
		if groups[key] == nil {
			groups[key] = &quality.GroupRates{Key: key, Name: quality.NameOf(by, key)}
			order = append(order, key)
		}
		groups[key].Add(&one.Tally)
		return nil
	}
	list := strings.Join(columns, ", ")
	group := ""
	if list != "" {
		group = " GROUP BY " + list
		list += ", "
	}
	condition, args := where(&f)
	var sums []string
	for _, c := range append(weekColumns[:len(weekColumns):len(weekColumns)], "review", "tokens", "compute") {
		kind := "BIGINT"
		if c == "compute" {
			kind = "DOUBLE PRECISION"
		}
		sums = append(sums, "CAST(COALESCE(SUM("+c+"), 0) AS "+kind+")")
	}
	if err := each(ctx, s.read, doing, func(scan func(...any) error) error {
		return read(scan, func(g *quality.GroupRates) []any {
			var out []any
			for _, n := range g.Ints() {
				out = append(out, n)
			}
			return append(out, &g.Review, &g.Tokens, &g.Compute)
		})
	}, `SELECT `+list+strings.Join(sums, ", ")+` FROM outcome_weeks WHERE `+condition+group, args...); err != nil {
		return nil, err
	}
	if f.Rule != "" {
		args = append(args, f.Rule)
		condition += " AND rule = $" + strconv.Itoa(len(args))
	} else {
		args = append(args, string(f.Group))
		condition += " AND rule = '' AND grp = $" + strconv.Itoa(len(args))
	}
	if err := each(ctx, s.read, doing, func(scan func(...any) error) error {
		var r quality.RuleTally // what no rate asks for
		return read(scan, func(g *quality.GroupRates) []any {
			return []any{&g.With, &g.Findings, &r.Blocking, &g.Told, &g.False, &g.Waived, &g.Fixed, &g.Ignored, &r.Suppressed}
		})
	}, `SELECT `+list+ruleSums+` FROM outcome_rule_weeks WHERE `+condition+group, args...); err != nil {
		return nil, err
	}
	var out []quality.GroupRates
	for _, key := range order {
		if g := groups[key]; g.Changes > 0 {
			out = append(out, *g)
		}
	}
	if by == quality.ByRepo {
		names, err := s.OutcomeRepos(ctx)
		if err != nil {
			return nil, err
		}
		for i := range out {
			id, _ := strconv.ParseInt(out[i].Key, 10, 64)
			out[i].Name = cmp.Or(names[id], out[i].Key)
		}
	}
	return quality.Finish(out, by), nil
}

var ruleSums = func() string {
	var sums []string
	for _, c := range ruleColumns {
		sums = append(sums, "CAST(COALESCE(SUM("+c+"), 0) AS BIGINT)")
	}
	return strings.Join(sums, ", ")
}()

// RuleTallies adds up what the findings of each rule came to, sorted by rule.
func (s *Store) RuleTallies(ctx context.Context, f quality.Filter) (out []quality.RuleTally, err error) {
	condition, args := where(&f)
	if f.Rule != "" {
		args = append(args, f.Rule)
		condition += " AND rule = $" + strconv.Itoa(len(args))
	}
	if f.Group != "" {
		args = append(args, string(f.Group))
		condition += " AND grp = $" + strconv.Itoa(len(args))
	}
	err = each(ctx, s.read, "adding up findings", func(scan func(...any) error) error {
		var r quality.RuleTally
		to := []any{&r.Rule, &r.Group}
		for _, n := range r.Ints() {
			to = append(to, n)
		}
		err := scan(to...)
		out = append(out, r)
		return err
	}, `SELECT rule, grp, `+ruleSums+` FROM outcome_rule_weeks WHERE rule <> '' AND `+condition+` GROUP BY rule, grp ORDER BY rule, grp`, args...)
	return out, err
}

// OutcomeRepos gives the names of the repositories that have outcomes.
func (s *Store) OutcomeRepos(ctx context.Context) (map[int64]string, error) {
	out := map[int64]string{}
	err := each(ctx, s.read, "reading the names of repositories", func(scan func(...any) error) error {
		var id int64
		var name string
		err := scan(&id, &name)
		out[id] = name
		return err
	}, `SELECT repo_id, name FROM outcome_repos`)
	return out, err
}

// OutcomeFacets lists what outcomes can be filtered by, sorted: for the fields of pages.
func (s *Store) OutcomeFacets(ctx context.Context, f quality.Filter) (agents, models, languages []string, err error) {
	condition, args := where(&quality.Filter{Repos: f.Repos})
	seen := [3]map[string]bool{{}, {}, {}}
	if err := each(ctx, s.read, "listing what outcomes can be filtered by", func(scan func(...any) error) error {
		var v [3]string
		err := scan(&v[0], &v[1], &v[2])
		for i := range v {
			if v[i] != "" {
				seen[i][v[i]] = true
			}
		}
		return err
	}, `SELECT DISTINCT agent, model, language FROM outcome_weeks WHERE `+condition, args...); err != nil {
		return nil, nil, nil, err
	}
	sorted := func(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }
	return sorted(seen[0]), sorted(seen[1]), sorted(seen[2]), nil
}

// A Page says which outcomes of a list are wanted: the newest first, those after the one that is named.
type Page struct {
	Limit        int       // 0: 50; at most 1000
	Before       time.Time // At of the last one of the page before; zero: from the newest
	BeforeRepo   int64
	BeforeChange string
}

// fewRepos is up to how many repositories a list is made of their own newest changes.
const fewRepos = 3

// Outcomes lists those that the filter lets through, the newest first. With a rule, those in which it found something.
func (s *Store) Outcomes(ctx context.Context, f quality.Filter, p Page) (out []quality.Outcome, err error) {
	limit := min(cmp.Or(p.Limit, 50), 1000)
	condition, args := where(&f)
	if len(f.Repos) > fewRepos {
		// The newest are looked for by time: with so many repositories, some of them are among those. The index by repository would have all of them sorted.
		condition = strings.Replace(condition, "repo_id IN", "+repo_id IN", 1)
	}
	add := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if f.Rule != "" {
		condition += ` AND EXISTS (SELECT 1 FROM outcome_rules r WHERE r.rule = ` + add(f.Rule) + ` AND r.at = outcomes.at AND r.repo_id = outcomes.repo_id AND r.change = outcomes.change)`
	}
	if i := slices.Index(quality.Groups(), f.Group); i >= 0 {
		condition += ` AND (found & ` + strconv.Itoa(1<<i) + `) <> 0`
	}
	if !p.Before.IsZero() {
		at := add(millis(p.Before))
		condition += ` AND (at, repo_id, change) < (` + at + `, ` + add(p.BeforeRepo) + `, ` + add(p.BeforeChange) + `)`
	}
	err = each(ctx, s.read, "listing outcomes", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var o quality.Outcome
		err := json.Unmarshal([]byte(text), &o)
		out = append(out, o)
		return err
	}, `SELECT data FROM outcomes WHERE `+condition+` ORDER BY at DESC, repo_id DESC, change DESC LIMIT `+strconv.Itoa(limit), args...)
	return out, err
}

// EachOutcome reads every outcome that the filter lets through, the oldest first, without holding them all.
func (s *Store) EachOutcome(ctx context.Context, f quality.Filter, yield func(*quality.Outcome) error) error {
	condition, args := where(&f)
	return each(ctx, s.read, "reading outcomes", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		o := new(quality.Outcome)
		if err := json.Unmarshal([]byte(text), o); err != nil {
			return err
		}
		return yield(o)
	}, `SELECT data FROM outcomes WHERE `+condition+` ORDER BY at, repo_id, change`, args...)
}

// Outcome reads one; ErrNotFound if there is none.
func (s *Store) Outcome(ctx context.Context, repoID int64, change string) (o quality.Outcome, err error) {
	var text string
	if err := s.read.QueryRowContext(ctx, `SELECT data FROM outcomes WHERE repo_id = $1 AND change = $2`, repoID, change).Scan(&text); err != nil {
		return o, wrap(err, "reading an outcome")
	}
	return o, wrap(json.Unmarshal([]byte(text), &o), "reading an outcome")
}

// QualityMarks lists when something else began to judge the changes of the repositories, oldest first; at most 200, the newest.
func (s *Store) QualityMarks(ctx context.Context, f quality.Filter) (out []quality.Mark, err error) {
	condition, args := where(&quality.Filter{Repos: f.Repos, Repo: f.Repo})
	if !f.Since.IsZero() {
		args = append(args, millis(f.Since))
		condition += " AND at >= $" + strconv.Itoa(len(args))
	}
	names, err := s.OutcomeRepos(ctx)
	if err != nil {
		return nil, err
	}
	err = each(ctx, s.read, "reading the marks of time lines", func(scan func(...any) error) error {
		var m quality.Mark
		var at int64
		err := scan(&m.RepoID, &at, &m.What)
		m.At, m.Repo = fromMillis(at), names[m.RepoID]
		out = append(out, m)
		return err
	}, `SELECT repo_id, at, what FROM judged_by WHERE what <> '' AND `+condition+` ORDER BY at DESC, repo_id LIMIT 200`, args...)
	slices.Reverse(out)
	return out, err
}
