package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/checks"
)

// What became of changes. The tables judged, pull_times and followed hold facts, beside decisions, ledger and false positives; outcomes is derived from them, and
// outcome_weeks adds it up. Whoever writes a fact has the outcome derived again in the same transaction.

// Judged reads what is kept of the judgements of one head; nil: there is nothing.
func (t *Tx) Judged(ctx context.Context, k Key, head string) (*quality.Judged, error) {
	var data string
	err := wrap(t.tx.QueryRowContext(ctx, `SELECT data FROM judged WHERE repo_id = $1 AND number = $2 AND head = $3`, k.RepoID, k.Number, head).Scan(&data), "reading what a head came to")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j := new(quality.Judged)
	if err := json.Unmarshal([]byte(data), j); err != nil {
		return nil, fmt.Errorf("reading what a head came to: %w", err)
	}
	return j, nil
}

// SaveJudged keeps what a head came to, notes if something else judges now, and derives the outcome again.
func (t *Tx) SaveJudged(ctx context.Context, k Key, j *quality.Judged, now time.Time) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("writing what a head came to: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO judged (repo_id, number, head, first, data) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repo_id, number, head) DO UPDATE SET data = excluded.data`, k.RepoID, k.Number, j.Head, millis(j.First), string(data)); err != nil {
		return wrap(err, "writing what a head came to")
	}
	if err := t.judgedBy(ctx, k.RepoID, j.By, now); err != nil {
		return err
	}
	return t.RefreshOutcome(ctx, k)
}

func (t *Tx) judgedBy(ctx context.Context, repoID int64, by quality.JudgedBy, at time.Time) error {
	if by == (quality.JudgedBy{}) {
		return nil
	}
	var was quality.JudgedBy
	err := wrap(t.tx.QueryRowContext(ctx, `SELECT tool, rules, policy FROM judged_by WHERE repo_id = $1 AND at <= $2 ORDER BY at DESC LIMIT 1`, repoID, millis(at)).Scan(&was.Tool, &was.Rules, &was.Policy), "reading what judged before")
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil && was == by {
		return nil
	}
	what := ""
	if err == nil {
		what = by.Since(was)
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO judged_by (repo_id, at, what, tool, rules, policy) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repo_id, at) DO UPDATE
		SET what = excluded.what, tool = excluded.tool, rules = excluded.rules, policy = excluded.policy`, repoID, millis(at), what, by.Tool, by.Rules, by.Policy)
	return wrap(err, "writing what judges now")
}

// Times say when a pull request was opened and ended, as of Now; zero: not known. It was ready for review from the beginning if it is no draft when we first
// hear of it, else from when we first see it as none.
type Times struct {
	Opened, Ended time.Time
	Draft         bool
	Now           time.Time
	Merge         string
}

// SaveTimes keeps them and derives the outcome again, if something is new.
func (t *Tx) SaveTimes(ctx context.Context, k Key, at Times) error {
	ready, later := toMillis(at.Opened), toMillis(at.Now)
	if at.Draft {
		ready, later = 0, 0
	}
	res, err := t.tx.ExecContext(ctx, `INSERT INTO pull_times (repo_id, number, opened, ready, ended, merge) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (repo_id, number) DO UPDATE SET ready = CASE WHEN pull_times.ready = 0 THEN $7 ELSE pull_times.ready END, ended = excluded.ended, merge = excluded.merge
		WHERE pull_times.ended <> excluded.ended OR pull_times.merge <> excluded.merge OR (pull_times.ready = 0 AND $7 <> 0)`,
		k.RepoID, k.Number, toMillis(at.Opened), ready, toMillis(at.Ended), at.Merge, later)
	if err != nil {
		return wrap(err, "writing the times of "+k.String())
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return t.RefreshOutcome(ctx, k)
}

// SaveFollowed keeps what came after a merge, as of a time, and derives the outcome again.
func (t *Tx) SaveFollowed(ctx context.Context, k Key, until time.Time, after []quality.After) error {
	if after == nil {
		after = []quality.After{}
	}
	data, err := json.Marshal(after)
	if err != nil {
		return fmt.Errorf("writing what came after a merge: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO followed (repo_id, number, until, data) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repo_id, number) DO UPDATE SET until = excluded.until, data = excluded.data`, k.RepoID, k.Number, millis(until), string(data)); err != nil {
		return wrap(err, "writing what came after a merge")
	}
	return t.RefreshOutcome(ctx, k)
}

// RefreshOutcome derives the outcome of a pull request from what is stored. One that was never judged has none.
func (t *Tx) RefreshOutcome(ctx context.Context, k Key) error {
	f, err := t.qualityFacts(ctx, k)
	if err != nil || len(f.Judged) == 0 {
		return err
	}
	return t.SaveOutcome(ctx, quality.Derive(f))
}

func (t *Tx) qualityFacts(ctx context.Context, k Key) (*quality.Facts, error) {
	doing := "reading the facts of " + k.String()
	f := &quality.Facts{RepoID: k.RepoID, Number: k.Number, Approvals: map[int64]time.Time{}, State: quality.Open}
	if err := t.each(ctx, doing, func(scan func(...any) error) error {
		j, first, data := quality.Judged{}, int64(0), ""
		if err := scan(&first, &data); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(data), &j)
		f.Judged = append(f.Judged, j)
		return err
	}, `SELECT first, data FROM judged WHERE repo_id = $1 AND number = $2 ORDER BY first, head`, k.RepoID, k.Number); err != nil || len(f.Judged) == 0 {
		return f, err
	}
	var owner, name, state string
	var draft bool
	err := t.tx.QueryRowContext(ctx, `SELECT r.owner, r.name, p.state, p.draft, p.base_ref, p.head FROM pulls p JOIN repos r ON r.id = p.repo_id WHERE p.repo_id = $1 AND p.number = $2`, k.RepoID, k.Number).
		Scan(&owner, &name, &state, &draft, &f.Base, &f.Head)
	if err != nil {
		return nil, wrap(err, doing)
	}
	f.Repo = owner + "/" + name
	var opened, ready, ended int64
	err = wrap(t.tx.QueryRowContext(ctx, `SELECT opened, ready, ended, merge FROM pull_times WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number).Scan(&opened, &ready, &ended, &f.Merge), doing)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	f.Opened, f.Ready = fromMillis(opened), fromMillis(ready)
	switch state {
	case PullMerged:
		f.State, f.Merged = quality.Merged, fromMillis(ended)
	case PullClosed, PullGone:
		f.State, f.Closed = quality.Closed, fromMillis(ended)
	}
	if err := t.each(ctx, doing, func(scan func(...any) error) error {
		var made int64
		var state, head string
		err := scan(&state, &made, &head)
		f.Decisions = append(f.Decisions, quality.Step{State: gate.State(state), At: fromMillis(made), Head: head})
		return err
	}, `SELECT state, made, head FROM decisions WHERE repo_id = $1 AND number = $2 ORDER BY id`, k.RepoID, k.Number); err != nil {
		return nil, err
	}
	if err := t.each(ctx, doing, func(scan func(...any) error) error {
		var id, at int64
		err := scan(&id, &at)
		f.Approvals[id] = fromMillis(at)
		return err
	}, `SELECT review_id, received FROM ledger WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number); err != nil {
		return nil, err
	}
	if err := t.each(ctx, doing, func(scan func(...any) error) error {
		var print string
		err := scan(&print)
		f.False = append(f.False, checks.Fingerprint(print))
		return err
	}, `SELECT DISTINCT fingerprint FROM false_positives WHERE repo_id = $1 AND number = $2 ORDER BY fingerprint`, k.RepoID, k.Number); err != nil {
		return nil, err
	}
	var until int64
	var after string
	err = wrap(t.tx.QueryRowContext(ctx, `SELECT until, data FROM followed WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number).Scan(&until, &after), doing)
	switch {
	case errors.Is(err, ErrNotFound):
		return f, nil
	case err != nil:
		return nil, err
	}
	f.Followed = fromMillis(until)
	return f, wrap(json.Unmarshal([]byte(after), &f.After), doing)
}

// each reads rows one by one.
func (t *Tx) each(ctx context.Context, doing string, yield func(scan func(...any) error) error, query string, args ...any) (err error) {
	return each(ctx, t.tx, doing, yield, query, args...)
}

func each(ctx context.Context, s session, doing string, yield func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := s.QueryContext(ctx, query, args...)
	if err != nil {
		return wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := yield(rows.Scan); err != nil {
			return wrap(err, doing)
		}
	}
	return wrap(rows.Err(), doing)
}

// fromMillis is the time of a number; 0 is the zero time.
func fromMillis(n int64) time.Time {
	if n <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// SaveOutcome writes an outcome, in place of the one that was there, and keeps the sums.
func (t *Tx) SaveOutcome(ctx context.Context, o *quality.Outcome) error {
	doing := "writing the outcome of " + o.Repo + o.Change
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	was, err := t.outcome(ctx, o.RepoID, o.Change)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	case was.text == string(data):
		return nil
	default:
		if err := t.sum(ctx, &was.Outcome, -1); err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `DELETE FROM outcome_rules WHERE repo_id = $1 AND change = $2`, o.RepoID, o.Change); err != nil {
			return wrap(err, doing)
		}
	}
	found := int64(0)
	for _, r := range o.RuleTallies() {
		for i, g := range quality.Groups() {
			if r.Rule == "" && r.Group == g && r.Findings > 0 {
				found |= 1 << i
			}
		}
		if r.Rule == "" {
			continue
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO outcome_rules (rule, at, repo_id, change) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, r.Rule, toMillis(o.At()), o.RepoID, o.Change); err != nil {
			return wrap(err, doing)
		}
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO outcomes (repo_id, change, source, week, at, agent, model, language, state, lines, merged, until, rules, found, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (repo_id, change) DO UPDATE SET source = excluded.source, week = excluded.week, at = excluded.at,
			agent = excluded.agent, model = excluded.model, language = excluded.language, state = excluded.state, lines = excluded.lines, merged = excluded.merged, until = excluded.until,
			rules = excluded.rules, found = excluded.found, data = excluded.data`,
		o.RepoID, o.Change, string(o.Source), o.Week(), toMillis(o.At()), o.Agent, o.Model, o.Language(), string(o.State), o.Lines, toMillis(o.Merged), toMillis(o.Followed), o.Judged.Rules, found, string(data)); err != nil {
		return wrap(err, doing)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO outcome_repos (repo_id, name) VALUES ($1, $2) ON CONFLICT (repo_id) DO UPDATE SET name = excluded.name`, o.RepoID, o.Repo); err != nil {
		return wrap(err, doing)
	}
	return t.sum(ctx, o, 1)
}

type storedOutcome struct {
	quality.Outcome
	text string
}

func (t *Tx) outcome(ctx context.Context, repoID int64, change string) (o storedOutcome, err error) {
	err = wrap(t.tx.QueryRowContext(ctx, `SELECT data FROM outcomes WHERE repo_id = $1 AND change = $2`, repoID, change).Scan(&o.text), "reading an outcome")
	if err != nil {
		return o, err
	}
	return o, wrap(json.Unmarshal([]byte(o.text), &o.Outcome), "reading an outcome")
}

// The columns of the sums, in the order of Tally.Ints and RuleTally.Ints.
var (
	weekColumns = []string{"changes", "lines", "asked", "first_pass", "blocked", "pushes", "merged", "seen14", "seen30", "reverted14", "reverted30", "fixed14", "fixed30", "reviewed", "stated"}
	ruleColumns = []string{"changes", "findings", "blocking", "told", "wrong", "waived", "fixed", "ignored", "suppressed"}
	weekInsert  = sumStatement("outcome_weeks", []string{"week", "repo_id", "agent", "model", "language"}, append(weekColumns[:len(weekColumns):len(weekColumns)], "review", "tokens", "compute"))
	ruleInsert  = sumStatement("outcome_rule_weeks", []string{"rule", "grp", "week", "repo_id", "agent", "model", "language"}, ruleColumns)
)

// sumStatement adds a row to the sums.
func sumStatement(table string, keys, columns []string) string {
	var values, sets []string
	for i := range len(keys) + len(columns) {
		values = append(values, "$"+strconv.Itoa(i+1))
	}
	for _, c := range columns {
		sets = append(sets, c+" = "+table+"."+c+" + excluded."+c)
	}
	return "INSERT INTO " + table + " (" + strings.Join(append(keys[:len(keys):len(keys)], columns...), ", ") + ") VALUES (" + strings.Join(values, ", ") + ") ON CONFLICT (" + strings.Join(keys, ", ") +
		") DO UPDATE SET " + strings.Join(sets, ", ")
}

// sum adds an outcome to the sums, or with sign -1 takes it away.
func (t *Tx) sum(ctx context.Context, o *quality.Outcome, sign int) error {
	doing := "adding up outcomes"
	f, tally := o.Facets(), o.Tally()
	args := []any{f.Week, f.RepoID, f.Agent, f.Model, f.Language}
	for _, n := range tally.Ints() {
		args = append(args, sign**n)
	}
	args = append(args, int64(sign)*tally.Review, int64(sign)*tally.Tokens, float64(sign)*tally.Compute)
	if _, err := t.tx.ExecContext(ctx, weekInsert, args...); err != nil {
		return wrap(err, doing)
	}
	for _, r := range o.RuleTallies() {
		args := []any{r.Rule, string(r.Group), f.Week, f.RepoID, f.Agent, f.Model, f.Language}
		for _, n := range r.Ints() {
			args = append(args, sign**n)
		}
		if _, err := t.tx.ExecContext(ctx, ruleInsert, args...); err != nil {
			return wrap(err, doing)
		}
	}
	if sign < 0 {
		for _, q := range []string{
			`DELETE FROM outcome_weeks WHERE week = $1 AND repo_id = $2 AND agent = $3 AND model = $4 AND language = $5 AND changes = 0`,
			`DELETE FROM outcome_rule_weeks WHERE week = $1 AND repo_id = $2 AND agent = $3 AND model = $4 AND language = $5 AND changes = 0 AND suppressed = 0`,
		} {
			if _, err := t.tx.ExecContext(ctx, q, args[:5]...); err != nil {
				return wrap(err, doing)
			}
		}
	}
	return nil
}

// DropOutcomes drops those that count before the time and what they were derived from, and gives their number. Open changes stay.
func (s *Store) DropOutcomes(ctx context.Context, before time.Time) (n int, err error) {
	const most = 500 // in one transaction
	for {
		dropped := 0
		err := s.Tx(ctx, func(tx *Tx) error {
			var list []quality.Outcome
			if err := tx.each(ctx, "looking for old outcomes", func(scan func(...any) error) error {
				var text string
				var o quality.Outcome
				if err := scan(&text); err != nil {
					return err
				}
				err := json.Unmarshal([]byte(text), &o)
				list = append(list, o)
				return err
			}, `SELECT data FROM outcomes WHERE at < $1 AND state <> 'open' ORDER BY at LIMIT $2`, millis(before), most); err != nil {
				return err
			}
			for i := range list {
				if err := tx.dropOutcome(ctx, &list[i]); err != nil {
					return err
				}
			}
			dropped = len(list)
			return nil
		})
		n += dropped
		if err != nil || dropped < most {
			return n, wrap(err, "dropping old outcomes")
		}
	}
}

func (t *Tx) dropOutcome(ctx context.Context, o *quality.Outcome) error {
	if err := t.sum(ctx, o, -1); err != nil {
		return err
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(o.Change, "#")) // 0 for a SHA: there is nothing else of it
	for _, q := range []string{`DELETE FROM outcomes WHERE repo_id = $1 AND change = $2`, `DELETE FROM outcome_rules WHERE repo_id = $1 AND change = $2`} {
		if _, err := t.tx.ExecContext(ctx, q, o.RepoID, o.Change); err != nil {
			return wrap(err, "dropping an outcome")
		}
	}
	for _, q := range []string{`DELETE FROM judged WHERE repo_id = $1 AND number = $2`, `DELETE FROM pull_times WHERE repo_id = $1 AND number = $2`, `DELETE FROM followed WHERE repo_id = $1 AND number = $2`} {
		if _, err := t.tx.ExecContext(ctx, q, o.RepoID, number); err != nil {
			return wrap(err, "dropping an outcome")
		}
	}
	return nil
}

// RebuildOutcomes derives every outcome of pull requests from the stored facts again, and gives their number.
func (s *Store) RebuildOutcomes(ctx context.Context) (n int, err error) {
	var keys []Key
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT repo_id, number FROM judged ORDER BY repo_id, number`)
	if err != nil {
		return 0, wrap(err, "listing the judged pull requests")
	}
	if err := eachKey(rows, func(k Key) { keys = append(keys, k) }); err != nil {
		return 0, wrap(err, "listing the judged pull requests")
	}
	for len(keys) > 0 {
		part := keys[:min(len(keys), 200)]
		keys = keys[len(part):]
		if err := s.Tx(ctx, func(tx *Tx) error {
			for _, k := range part {
				if err := tx.RefreshOutcome(ctx, k); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}
