package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// AlarmAgents lists the agents that have changes since the time, sorted.
func (s *Store) AlarmAgents(ctx context.Context, since time.Time) (out []string, err error) {
	err = each(ctx, s.read, "listing agents", func(scan func(...any) error) error {
		var a string
		err := scan(&a)
		out = append(out, a)
		return err
	}, `SELECT DISTINCT agent FROM outcome_weeks WHERE agent <> '' AND week >= $1 ORDER BY agent`, quality.WeekOf(since))
	return out, err
}

// Observations reads the changes of an agent that the gate judged since the time, the oldest first, for each group of rules (see quality.Groups). Changes of which
// it is not known what judged them are left out, and so are those of a history, which were judged all at once.
func (s *Store) Observations(ctx context.Context, agent string, since time.Time, source quality.Source) (map[quality.Group][]quality.Observation, error) {
	out := map[quality.Group][]quality.Observation{}
	err := each(ctx, s.read, "reading the changes of an agent", func(scan func(...any) error) error {
		var o quality.Observation
		var at int64
		var found int
		if err := scan(&at, &o.RepoID, &o.Change, &o.Rules, &o.Lines, &found); err != nil {
			return err
		}
		o.At = fromMillis(at)
		for i, g := range quality.Groups() {
			one := o
			one.Found = found&(1<<i) != 0
			out[g] = append(out[g], one)
		}
		return nil
	}, `SELECT at, repo_id, change, rules, lines, found FROM outcomes WHERE agent = $1 AND at >= $2 AND source = $3 AND rules <> '' ORDER BY at, repo_id, change`, agent, millis(since), string(source))
	return out, err
}

// An AlarmRow is a stored alarm and what people were told of it.
type AlarmRow struct {
	quality.Alarm
	Told  int // 0: nothing; 1: that it opened; 2: and that it ended
	Tries int
	Next  time.Time // of the next try
}

// SaveAlarms takes in what the test says of an agent and a group now, the whole history. An alarm is known again by the day on which it opened, and is told of
// once; told says of a new one whether people know it already or need not. One that is open and that the test does not say any more is ended: findings
// were taken back, or outcomes were dropped.
func (t *Tx) SaveAlarms(ctx context.Context, agent string, group quality.Group, list []quality.Alarm, now time.Time, told func(*quality.Alarm) bool) error {
	const doing = "writing alarms"
	var open []AlarmRow
	if err := t.each(ctx, doing, func(scan func(...any) error) error {
		r, err := scanAlarm(scan)
		open = append(open, r)
		return err
	}, `SELECT id, told, tries, next, data FROM alarms WHERE agent = $1 AND grp = $2 AND ended = 0 ORDER BY id`, agent, string(group)); err != nil {
		return err
	}
	for i := range list {
		a := &list[i]
		a.Agent, a.Group = agent, group
		data, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		state := 0
		if told(a) {
			state = 2
		}
		// What was told of stays as it was told, but for its end.
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO alarms (agent, grp, opened, ended, told, tries, next, data) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
			ON CONFLICT (agent, grp, opened) DO UPDATE SET ended = excluded.ended, data = excluded.data, tries = 0, next = excluded.next WHERE alarms.ended = 0 AND excluded.ended <> 0`,
			agent, string(group), toMillis(a.Opened), toMillis(a.Ended), state, millis(now), string(data)); err != nil {
			return wrap(err, doing)
		}
	}
	for i := range open {
		r := &open[i]
		if slices.ContainsFunc(list, func(a quality.Alarm) bool { return a.Opened.Equal(r.Opened) }) {
			continue
		}
		r.Ended, r.Why = now.UTC(), "the facts that it rested on are no longer what they were"
		data, err := json.Marshal(&r.Alarm)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE alarms SET ended = $2, data = $3, tries = 0, next = $2 WHERE id = $1`, r.ID, millis(now), string(data)); err != nil {
			return wrap(err, doing)
		}
	}
	return nil
}

func scanAlarm(scan func(...any) error) (r AlarmRow, err error) {
	var next int64
	var data string
	var id int64
	if err := scan(&id, &r.Told, &r.Tries, &next, &data); err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(data), &r.Alarm)
	r.ID, r.Next = id, fromMillis(next)
	return r, err
}

// Alarms lists the newest ones, the open ones first; at most limit. Alarms are of agents, over all repositories: whoever shows them to somebody who may not read
// all of those leaves out Shown, and shows the alarm at all only to whom the operator lets see everything, or with Shown filtered.
func (s *Store) Alarms(ctx context.Context, limit int) (out []quality.Alarm, err error) {
	err = each(ctx, s.read, "reading alarms", func(scan func(...any) error) error {
		r, err := scanAlarm(scan)
		out = append(out, r.Alarm)
		return err
	}, `SELECT id, told, tries, next, data FROM alarms ORDER BY CASE WHEN ended = 0 THEN 0 ELSE 1 END, opened DESC, id LIMIT `+strconv.Itoa(max(limit, 0)))
	return out, err
}

// Alarm reads one; ErrNotFound if there is none of that number.
func (s *Store) Alarm(ctx context.Context, id int64) (quality.Alarm, error) {
	r, err := scanAlarm(s.read.QueryRowContext(ctx, `SELECT id, told, tries, next, data FROM alarms WHERE id = $1`, id).Scan)
	return r.Alarm, wrap(err, "reading an alarm")
}

// AlarmsToTell lists the alarms of whose opening or end people are to be told by now.
func (s *Store) AlarmsToTell(ctx context.Context, now time.Time) (out []AlarmRow, err error) {
	err = each(ctx, s.read, "reading the alarms to tell of", func(scan func(...any) error) error {
		r, err := scanAlarm(scan)
		out = append(out, r)
		return err
	}, `SELECT id, told, tries, next, data FROM alarms WHERE next <= $1 AND (told = 0 OR (told = 1 AND ended <> 0)) ORDER BY id LIMIT 50`, millis(now))
	return out, err
}

// AlarmTold writes down that people know of an alarm, up to told; or, with next, that they do not and when the next try is.
func (s *Store) AlarmTold(ctx context.Context, id int64, told int, tries int, next time.Time) error {
	return wrap(s.exec(ctx, `UPDATE alarms SET told = $2, tries = $3, next = $4 WHERE id = $1`, id, told, tries, millis(next)), "writing that an alarm was told of")
}

// CountAlarms counts the open and the ended ones.
func (s *Store) CountAlarms(ctx context.Context) (open, ended int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN ended = 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN ended = 0 THEN 0 ELSE 1 END), 0) FROM alarms`).Scan(&open, &ended)
	return open, ended, wrap(err, "counting alarms")
}
