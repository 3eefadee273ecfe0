package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// The test for regressions is the change-point model of Hawkins, Qiu and Kang (2003), in the form that Ross, Tasoulis and Adams (2013) gave it for Bernoulli
// sequences whose rate before the change is not known: at the end of each day every moment of the past is tried as the one at which the risk changed, and the
// likelihood ratio of the best one is compared with a threshold. There is no learning phase whose errors would turn into false alarms.
//
// What is observed of a change is whether a group of rules found something in it. Changes are compared within strata, as Mantel and Haenszel (1959) do: the same
// repository, judged by the same rules, of about the same size. So a new rule, a new repository or larger changes are not read as a worse agent: a stratum that
// lies on one side of the moment alone says nothing about it. docs/alarms.md has the rates of false alarms and the delays, by simulation.

// An Observation is one change of an agent, as the test sees it.
type Observation struct {
	At     time.Time `json:"at"`
	RepoID int64     `json:"repo_id"`
	Change string    `json:"change"`
	Rules  string    `json:"-"` // digest of what it was judged by
	Lines  int       `json:"lines"`
	Found  bool      `json:"found"`
}

// A Test has the parameters of the test.
type Test struct {
	// Threshold is that of the log likelihood ratio above which the risk is taken to have risen; on it comes the logarithm of the number of changes a
	// year (200 at least), because every change is one more chance of a false alarm.
	Threshold float64
	Over      float64 // the same, for its having fallen again
	Before    int     // changes that must lie before the moment, and
	After     int     // after it
}

// DefaultTest is what docs/alarms.md is measured with.
var DefaultTest = Test{Threshold: 2, Over: 3, Before: 60, After: 20}

// An Alarm says that the output of an agent has become worse.
type Alarm struct {
	ID    int64  `json:"id"`
	Agent string `json:"agent"`
	Group Group  `json:"group"`
	// Opened is the day at whose end the test saw it, Since when it began as far as can be told, Ended the day at whose end it was over; zero: it is not.
	Opened time.Time `json:"opened"`
	Since  time.Time `json:"since"`
	Ended  time.Time `json:"ended,omitzero"`
	Why    string    `json:"why,omitempty"` // it ended
	// Before and After are the shares of changes with a finding, and Ratio how much more often that is now, with its 95 % interval: adjusted for repository, rules
	// and size, as of the day on which it was seen.
	Before   Rate    `json:"before"`
	After    Rate    `json:"after"`
	Ratio    float64 `json:"ratio"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Strength float64 `json:"strength"` // log likelihood ratio
	// Shown are the changes since then that show it: those with a finding, the newest first; at most ten.
	Shown []Observation `json:"shown"`
}

// String says it in one sentence.
func (a *Alarm) String() string {
	return fmt.Sprintf("%s: since %s, %.1f times as many changes have findings of the group %s (between %.1f and %.1f times): %d of %d, before %d of %d", NameOf(ByAgent, a.Agent), a.Since.Format(time.DateOnly), a.Ratio, a.Group, a.Low, a.High,
		a.After.Count, int(a.After.Of), a.Before.Count, int(a.Before.Of))
}

// sizes are the upper ends of the classes of size, in lines.
var sizes = []int{20, 100, 400}

type stratum struct {
	repo  int64
	rules string
	size  int
}

// A watcher goes through observations day by day. What lies between the beginning and the end of an alarm is no reference for later ones.
type watcher struct {
	test   Test
	obs    []Observation
	of     []int // stratum of each
	strata map[stratum]int
	kept   []int // the observations that count now, oldest first
	open   *Alarm
	opened int // in kept: the first one of the alarm
	sums   []sum
	alarms []Alarm
}

// A sum counts the changes of a stratum.
type sum struct{ n, found, after, foundAfter int }

// Watch replays observations, the oldest first, and gives every alarm that there was. The last one may be open.
func Watch(obs []Observation, test Test) []Alarm {
	w := &watcher{test: test, obs: obs, strata: map[stratum]int{}}
	for i := range obs {
		o := &obs[i]
		s := stratum{o.RepoID, o.Rules, 0}
		for s.size < len(sizes) && o.Lines > sizes[s.size] {
			s.size++
		}
		id, ok := w.strata[s]
		if !ok {
			id = len(w.strata)
			w.strata[s] = id
		}
		w.of = append(w.of, id)
	}
	w.sums = make([]sum, len(w.strata))
	for i := range obs {
		w.kept = append(w.kept, i)
		if i+1 < len(obs) && dayOf(obs[i].At).Equal(dayOf(obs[i+1].At)) {
			continue
		}
		if w.open == nil {
			w.look(dayOf(obs[i].At))
		} else {
			w.lookOver(dayOf(obs[i].At))
		}
	}
	if w.open != nil {
		w.alarms = append(w.alarms, *w.open)
	}
	return w.alarms
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// count fills in the sums of some observations.
func (w *watcher) count(list []int) {
	clear(w.sums)
	for _, i := range list {
		s := &w.sums[w.of[i]]
		s.n++
		if w.obs[i].Found {
			s.found++
		}
	}
}

// scan tries every moment of a list, and gives the strongest: at is the first observation after it. With up, the risk is to have risen, else fallen.
func (w *watcher) scan(list []int, before, after int, up bool) (best float64, at int) {
	w.count(list)
	var found, foundAfter, expected float64 // of the strata that lie on both sides
	sides := 0                              // observations before, of those strata
	for k := len(list) - 1; k >= before; k-- {
		s := &w.sums[w.of[list[k]]]
		if s.after > 0 {
			found -= float64(s.found)
			foundAfter -= float64(s.foundAfter)
			expected -= float64(s.found) * float64(s.after) / float64(s.n)
			sides -= s.n - s.after
		}
		s.after++
		if w.obs[list[k]].Found {
			s.foundAfter++
		}
		if s.after < s.n {
			found += float64(s.found)
			foundAfter += float64(s.foundAfter)
			expected += float64(s.found) * float64(s.after) / float64(s.n)
			sides += s.n - s.after
		} else {
			s.after = 0 // it lies on one side, and is not met again
		}
		if len(list)-k < after || sides < before || expected <= 1e-9 || (foundAfter > expected) != up {
			continue
		}
		d := foundAfter - expected
		if rest := found - expected; rest <= 1e-9 || d*d*found/(expected*rest) <= best {
			continue // the likelihood ratio is never above that
		}
		if l := ratio(foundAfter, expected, found); l > best {
			best, at = l, k
		}
	}
	return best, at
}

// ratio is the log likelihood ratio of b of n events having come where e of them were expected.
func ratio(b, e, n float64) float64 {
	l := 0.0
	if b > 0 {
		l += b * math.Log(b/e)
	}
	if n > b {
		l += (n - b) * math.Log((n-b)/(n-e))
	}
	return l
}

func (w *watcher) look(day time.Time) {
	best, at := w.scan(w.kept, w.test.Before, w.test.After, true)
	if best < w.test.Threshold+math.Log(w.yearly(day)) {
		return
	}
	a := Alarm{Opened: day, Since: w.obs[w.kept[at]].At.UTC(), Strength: best}
	a.Before, a.After = w.share(w.kept[:at]), w.share(w.kept[at:])
	a.Ratio, a.Low, a.High = w.ratio(w.kept, at)
	for _, i := range slices.Backward(w.kept[at:]) {
		if w.obs[i].Found && len(a.Shown) < 10 {
			a.Shown = append(a.Shown, w.obs[i])
		}
	}
	w.open, w.opened = &a, at
}

// yearly is how many changes there were in the year before a day; of a shorter time, as many as a year of it would have.
func (w *watcher) yearly(day time.Time) float64 {
	const year = 365 * 24 * time.Hour
	n, first := 0, day
	for _, i := range slices.Backward(w.kept) {
		if day.Sub(w.obs[i].At) > year {
			break
		}
		n, first = n+1, w.obs[i].At
	}
	span := max(day.Add(24*time.Hour).Sub(first), 28*24*time.Hour)
	return max(float64(n)*float64(year)/float64(min(span, year)), 200)
}

func (w *watcher) share(list []int) Rate {
	k := 0
	for _, i := range list {
		if w.obs[i].Found {
			k++
		}
	}
	return Share(k, len(list))
}

// ratio gives the ratio of the risks after and before, by Mantel and Haenszel, with the interval of Greenland and Robins (1985).
func (w *watcher) ratio(list []int, at int) (value, low, high float64) {
	w.count(list)
	for _, i := range list[at:] {
		s := &w.sums[w.of[i]]
		s.after++
		if w.obs[i].Found {
			s.foundAfter++
		}
	}
	var up, down, v float64
	for _, s := range w.sums {
		if s.after == 0 || s.after == s.n {
			continue
		}
		n, n1, b, a := float64(s.n), float64(s.after), float64(s.foundAfter), float64(s.found-s.foundAfter)
		up += b * (n - n1) / n
		down += a * n1 / n
		v += (n1*(n-n1)*(a+b) - a*b*n) / (n * n)
	}
	if up == 0 || down == 0 {
		return 0, 0, -1 // there was none before: any multiple fits
	}
	value = up / down
	half := 1.959964 * math.Sqrt(v/(up*down))
	return value, value * math.Exp(-half), value * math.Exp(half)
}

// fits bounds how much the newest stretch may lie above the time before an alarm for the alarm to be over.
const fits = 1.35 // log likelihood ratio: 90 %, one side

// lookOver says whether an open alarm is over: the risk has fallen since, and is not above what it was before.
func (w *watcher) lookOver(day time.Time) {
	end := func(why string, from int) {
		w.open.Ended, w.open.Why = day, why
		w.alarms = append(w.alarms, *w.open)
		w.kept = slices.Concat(w.kept[:w.opened], w.kept[from:])
		w.open = nil
	}
	stretch := w.kept[w.opened:]
	best, at := w.scan(stretch, 5, w.test.After, false)
	if best >= w.test.Over {
		from := w.opened + at
		list := slices.Concat(w.kept[:w.opened], w.kept[from:])
		b, e, n := w.against(list, w.opened)
		if e > 0 && (b <= e || ratio(b, e, n) < fits) {
			end("findings are as rare again as before", from)
			return
		}
	}
	// What the newest changes were judged by may be nothing that any was judged by before: then it cannot be told any more.
	const newest = 50
	if len(stretch) > newest {
		from := len(w.kept) - newest
		if _, e, _ := w.against(slices.Concat(w.kept[:w.opened], w.kept[from:]), w.opened); e == 0 {
			end("rules or repositories changed: it cannot be told any more", from)
		}
	}
}

// against counts what was found from a place of a list on, and how much of it was expected there, in the strata that lie on both sides.
func (w *watcher) against(list []int, at int) (b, e, n float64) {
	w.count(list)
	for _, i := range list[min(at, len(list)):] {
		s := &w.sums[w.of[i]]
		s.after++
		if w.obs[i].Found {
			s.foundAfter++
		}
	}
	for _, s := range w.sums {
		if s.after > 0 && s.after < s.n {
			b += float64(s.foundAfter)
			e += float64(s.found) * float64(s.after) / float64(s.n)
			n += float64(s.found)
		}
	}
	return b, e, n
}

// Newest sorts alarms: the open ones first, then the newest.
func Newest(alarms []Alarm) {
	slices.SortStableFunc(alarms, func(a, b Alarm) int {
		if open := a.Ended.IsZero(); open != b.Ended.IsZero() {
			if open {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Group, b.Group))
	})
}
