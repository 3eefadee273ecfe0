package dashboard

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// A Rubric is by what changes are scored, with what people say of them.
type Rubric struct {
	Criteria []string
	// Measure scores a change: 0 to 100 by criterion, without those that cannot be told, and the weighted mean; -1: nothing can be told.
	Measure func(*quality.Outcome) (scores map[string]int, total int)
	Sheets  Sheets
}

// Sheets are what people say of changes.
type Sheets interface {
	// Newest lists the newest changes that the filter lets through.
	Newest(ctx context.Context, f quality.Filter, limit int) ([]quality.Outcome, error)
	Outcome(ctx context.Context, repoID int64, change string) (quality.Outcome, error)
	// Sheets lists those about changes of the repositories (nil: of all), the newest first. user is who asks.
	Sheets(ctx context.Context, repos []int64, user int64, limit int) ([]Sheet, error)
	SaveSheet(ctx context.Context, repoID int64, change string, user int64, scores map[string]int, now time.Time) error
}

// A Sheet is what one person said of one change. Who it was is not told.
type Sheet struct {
	RepoID int64
	Change string
	Mine   bool
	Scores map[string]int
}

// Bounds of the page.
const (
	rubricChanges = 1000 // that are measured
	rubricSheets  = 2000 // what people said that is counted, the newest
	rubricReads   = 300  // older changes that are read for it
	sampledDays   = 90   // changes that are offered were merged within so many days
	ownSheets     = 20   // that are shown
)

// rubricSteps are the scores that people give.
var rubricSteps = []int{0, 25, 50, 75, 100}

func (d *Dashboard) rubricPages() []Page {
	if d.opt.Rubric == nil || d.opt.Quality == nil {
		return nil
	}
	return []Page{{Path: "/rubric", Title: "Rubric", Nav: "Rubric", Template: "rubric.html", Load: d.loadRubric, Act: d.actRubric}}
}

type rubricView struct {
	Form     *qualityForm
	Criteria []string
	Agents   []row // the measure, by agent
	Chart    *chart
	Changes  int
	Agrees   []row
	Judged   int // sheets
	Offer    *quality.Outcome
	Link     string
	Steps    []int
	Mine     []row
	Asked    bool
	Judge    string
}

func changeKey(repo int64, change string) string { return strconv.FormatInt(repo, 10) + "/" + change }

func (d *Dashboard) loadRubric(r *Request) (any, error) {
	f, err := d.form(r)
	if err != nil {
		return nil, err
	}
	f.Metrics, f.Groups = nil, nil
	f.filter.Group = ""
	ctx := r.Context()
	changes, err := d.opt.Rubric.Sheets.Newest(ctx, f.filter, rubricChanges)
	if err != nil {
		return nil, err
	}
	sheets, err := d.opt.Rubric.Sheets.Sheets(ctx, readable(r.Viewer), r.Viewer.ID, rubricSheets)
	if err != nil {
		return nil, err
	}
	v := &rubricView{Form: f, Criteria: d.opt.Rubric.Criteria, Changes: len(changes), Judged: len(sheets), Steps: rubricSteps, Asked: r.Get("judge") != "", Judge: r.With("judge", "1")}
	d.measured(v, changes)
	if err := d.judged(ctx, v, sheets, changes); err != nil {
		return nil, err
	}
	if v.Asked {
		v.Offer = d.offer(changes, sheets)
		if v.Offer != nil && strings.HasPrefix(v.Offer.Change, "#") {
			v.Link = fmt.Sprintf("%s/%s/pull/%s", d.opt.GitHubURL, v.Offer.Repo, v.Offer.Change[1:])
		}
	}
	return v, nil
}

// A sum adds scores up.
type sum struct{ n, of int }

func (s *sum) add(score int) { s.n, s.of = s.n+1, s.of+score }

func (s *sum) cell() cell {
	if s.n == 0 {
		return cell{None: true, Value: "–"}
	}
	return cell{Value: strconv.Itoa((s.of + s.n/2) / s.n), Of: "mean of " + plural(s.n, "change", "changes"), Few: s.n < quality.SmallShare}
}

// measured lists the mean scores by agent, and draws the totals by four weeks.
func (d *Dashboard) measured(v *rubricView, changes []quality.Outcome) {
	type agent struct {
		name  string
		by    map[string]*sum
		weeks map[string]*sum
		total sum
	}
	agents := map[string]*agent{}
	for i := range changes {
		o := &changes[i]
		scores, total := d.opt.Rubric.Measure(o)
		if total < 0 {
			continue
		}
		a := agents[o.Agent]
		if a == nil {
			a = &agent{name: quality.NameOf(quality.ByAgent, o.Agent), by: map[string]*sum{}, weeks: map[string]*sum{}}
			agents[o.Agent] = a
		}
		a.total.add(total)
		week := joined([]quality.GroupRates{{Key: o.Week()}}, 4)[0].Key
		if a.weeks[week] == nil {
			a.weeks[week] = &sum{}
		}
		a.weeks[week].add(total)
		for c, score := range scores {
			if a.by[c] == nil {
				a.by[c] = &sum{}
			}
			a.by[c].add(score)
		}
	}
	list := slices.SortedFunc(maps.Values(agents), func(a, b *agent) int { return cmp.Or(cmp.Compare(b.total.n, a.total.n), cmp.Compare(a.name, b.name)) })
	c := &chart{Title: "Total by the rubric", X: []int64{}, Series: []chartLine{}, Marks: []chartMoment{}}
	weeks := map[string]bool{}
	for _, a := range list {
		one := row{Name: a.name, Cells: []cell{{Value: strconv.Itoa(a.total.n)}, a.total.cell()}}
		for _, criterion := range v.Criteria {
			s := a.by[criterion]
			if s == nil {
				s = &sum{}
			}
			one.Cells = append(one.Cells, s.cell())
		}
		v.Agents = append(v.Agents, one)
		for w := range a.weeks {
			weeks[w] = true
		}
	}
	order := slices.Sorted(maps.Keys(weeks))
	for _, w := range order {
		at, err := time.Parse(time.DateOnly, w)
		if err != nil {
			continue
		}
		c.X = append(c.X, at.Unix())
	}
	for _, a := range list[:min(len(list), maxLines)] {
		l := chartLine{Name: a.name, Values: make([]*float64, len(order)), Small: make([]bool, len(order))}
		for i, w := range order {
			if s := a.weeks[w]; s != nil {
				mean := float64(s.of) / float64(s.n)
				l.Values[i], l.Small[i] = &mean, s.n < quality.SmallShare
			}
		}
		c.Series = append(c.Series, l)
	}
	if len(order) > 1 {
		v.Chart = c
	}
}

// judged says how far people agree among each other and with the measure, and what the viewer said.
func (d *Dashboard) judged(ctx context.Context, v *rubricView, sheets []Sheet, changes []quality.Outcome) error {
	known := map[string]*quality.Outcome{}
	for i := range changes {
		known[changeKey(changes[i].RepoID, changes[i].Change)] = &changes[i]
	}
	pairs := map[string]map[string]*quality.Pair{} // by criterion and change
	read := 0
	for _, s := range sheets {
		key := changeKey(s.RepoID, s.Change)
		o := known[key]
		if o == nil {
			if read++; read > rubricReads {
				continue
			}
			one, err := d.opt.Rubric.Sheets.Outcome(ctx, s.RepoID, s.Change)
			switch {
			case errors.Is(err, ErrNotFound): // it was dropped
				continue
			case err != nil:
				return err
			}
			o = &one
			known[key] = o
		}
		scores, _ := d.opt.Rubric.Measure(o)
		if s.Mine && len(v.Mine) < ownSheets {
			one := row{Name: o.Repo + " " + o.Change}
			for _, c := range v.Criteria {
				said, ok := s.Scores[c]
				measure, told := scores[c]
				text := cell{Value: "–", None: true}
				if ok {
					text = cell{Value: strconv.Itoa(said)}
				}
				if told {
					text.Range = "measured " + strconv.Itoa(measure)
				}
				one.Cells = append(one.Cells, text)
			}
			v.Mine = append(v.Mine, one)
		}
		for c, said := range s.Scores {
			measure, told := scores[c]
			if !told {
				continue
			}
			if pairs[c] == nil {
				pairs[c] = map[string]*quality.Pair{}
			}
			p := pairs[c][key]
			if p == nil {
				p = &quality.Pair{Measure: float64(measure)}
				pairs[c][key] = p
			}
			p.People = append(p.People, float64(said))
		}
	}
	for _, c := range v.Criteria {
		var list []quality.Pair
		for _, key := range slices.Sorted(maps.Keys(pairs[c])) {
			list = append(list, *pairs[c][key])
		}
		v.Agrees = append(v.Agrees, row{Name: c, Cells: []cell{reliable(quality.PeopleReliability(list)), reliable(quality.MeasureReliability(list))}})
	}
	return nil
}

func reliable(a quality.Reliability) cell {
	of := plural(a.Changes, "change", "changes")
	if !a.Known {
		return cell{None: true, Value: "cannot tell yet", Of: of, Range: of}
	}
	return cell{Value: strconv.FormatFloat(a.Alpha, 'f', 2, 64), Range: strconv.FormatFloat(a.Low, 'f', 2, 64) + " to " + strconv.FormatFloat(a.High, 'f', 2, 64) + ", " + of, Few: a.Small}
}

// offer picks a merged change that the viewer has not judged. Everybody is offered changes in the same order, which has nothing to do with how they scored; those that
// one other person has judged come first, because only where two judged can it be said how far people agree.
func (d *Dashboard) offer(changes []quality.Outcome, sheets []Sheet) *quality.Outcome {
	mine, others := map[string]bool{}, map[string]int{}
	for _, s := range sheets {
		key := changeKey(s.RepoID, s.Change)
		mine[key] = mine[key] || s.Mine
		others[key]++
	}
	var best *quality.Outcome
	var at string
	for i := range changes {
		o := &changes[i]
		key := changeKey(o.RepoID, o.Change)
		if o.State != quality.Merged || o.Source != quality.Gate || d.opt.Now().Sub(o.Merged) > sampledDays*24*time.Hour || mine[key] {
			continue
		}
		rank := "1"
		if others[key] == 1 {
			rank = "0"
		}
		place := fmt.Sprintf("%s%x", rank, sha256.Sum256([]byte(key)))
		if best == nil || place < at {
			best, at = o, place
		}
	}
	return best
}

// actRubric writes a sheet.
func (d *Dashboard) actRubric(r *Request) (string, error) {
	repo, err := strconv.ParseInt(r.PostForm.Get("repo"), 10, 64)
	if err != nil || !r.Viewer.Sees(repo) {
		return "", ErrNotFound
	}
	o, err := d.opt.Rubric.Sheets.Outcome(r.Context(), repo, clip(r.PostForm.Get("change"), 100))
	if err != nil {
		return "", err
	}
	if o.State != quality.Merged {
		return "", &Refusal{"Only merged changes are judged."}
	}
	scores := map[string]int{}
	for i, c := range d.opt.Rubric.Criteria {
		text := r.PostForm.Get("score-" + strconv.Itoa(i))
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || !slices.Contains(rubricSteps, n) {
			return "", &Refusal{"There is no such score."}
		}
		scores[c] = n
	}
	if len(scores) == 0 {
		return "", &Refusal{"Nothing was judged. Choose a score for at least one criterion."}
	}
	if err := d.opt.Rubric.Sheets.SaveSheet(r.Context(), repo, o.Change, r.Viewer.ID, scores, d.opt.Now()); err != nil {
		return "", err
	}
	return "/rubric?judge=1", nil
}
