package quality

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Filter says which changes count. What is empty lets everything through.
type Filter struct {
	Repos    []int64 // those that the reader may read: nil lets everything through, an empty list nothing
	Repo     int64   // one of them; 0: all
	Agent    string  // AnyAgent: all that have one; NoAgent: those that have none
	Model    string
	Language string
	Rule     string    // only findings of this rule are counted; changes are counted all the same
	Group    Group     // only findings of this group
	Since    time.Time // of Outcome.At, to whole weeks where weeks are added up
	Until    time.Time // before it
}

// Agents of a Filter that are no names.
const (
	AnyAgent = "*"
	NoAgent  = "-"
)

// Lets says whether a change counts.
func (f *Filter) Lets(o *Outcome) bool {
	switch {
	case f.Repos != nil && !slices.Contains(f.Repos, o.RepoID), f.Repo != 0 && f.Repo != o.RepoID:
		return false
	case f.Agent == AnyAgent && o.Agent == "", f.Agent == NoAgent && o.Agent != "", f.Agent != "" && f.Agent != AnyAgent && f.Agent != NoAgent && f.Agent != o.Agent:
		return false
	case f.Model != "" && f.Model != o.Model, f.Language != "" && f.Language != o.Language():
		return false
	}
	week := o.Week()
	return (f.Since.IsZero() || week >= WeekOf(f.Since)) && (f.Until.IsZero() || week < WeekOf(f.Until))
}

// A By says by what changes are grouped.
type By string

// What changes can be grouped by. A change counts for its main language. ByWeek gives time lines. For rules see RuleTally.
const (
	ByAll      By = ""
	ByAgent    By = "agent"
	ByModel    By = "model" // "agent / model"
	ByRepo     By = "repo"
	ByLanguage By = "language"
	ByWeek     By = "week"
)

// Bys lists them.
func Bys() []By { return []By{ByAll, ByAgent, ByModel, ByRepo, ByLanguage, ByWeek} }

// A Tally adds changes up. Tallies can be added, and what was added can be taken away.
type Tally struct {
	Changes  int `json:"changes"`
	Lines    int `json:"lines"`
	Findings int `json:"findings"` // of the Filter's rule or group, where it has one
	With     int `json:"with"`     // changes with one of them

	Asked     int `json:"first_pass_known"` // changes of which it is known whether their first head passed
	FirstPass int `json:"first_pass"`
	Blocked   int `json:"blocked"`
	Pushes    int `json:"pushes"`

	Merged     int `json:"merged"`
	Seen14     int `json:"seen_14"` // merged, and git was looked at until 14 days after
	Seen30     int `json:"seen_30"`
	Reverted14 int `json:"reverted_14"`
	Reverted30 int `json:"reverted_30"`
	Fixed14    int `json:"fixed_14"`
	Fixed30    int `json:"fixed_30"`

	Told    int `json:"told"` // findings that somebody was told of
	False   int `json:"false_positives"`
	Waived  int `json:"waived"`
	Fixed   int `json:"fixed"`
	Ignored int `json:"ignored"`

	Reviewed int     `json:"reviewed"`       // changes with a time from ready to approval
	Review   int64   `json:"review_seconds"` // the sum of those
	Compute  float64 `json:"compute_seconds"`
	Stated   int     `json:"stated"` // changes that state their tokens
	Tokens   int64   `json:"tokens"`
}

// Facets are what a change is grouped by.
type Facets struct {
	Week     string
	RepoID   int64
	Agent    string
	Model    string
	Language string
}

// Facets gives those of a change.
func (o *Outcome) Facets() Facets {
	return Facets{Week: o.Week(), RepoID: o.RepoID, Agent: o.Agent, Model: o.Model, Language: o.Language()}
}

// A RuleTally adds up what the findings of one rule came to. Those without a Rule add up a group of rules, and the one without either all of them.
type RuleTally struct {
	Rule       string `json:"rule"`
	Group      Group  `json:"group"`
	Changes    int    `json:"changes"` // with a finding that counts
	Findings   int    `json:"findings"`
	Blocking   int    `json:"blocking"`
	Told       int    `json:"told"`
	False      int    `json:"false_positives"` // of Told, as are the next three
	Waived     int    `json:"waived"`
	Fixed      int    `json:"fixed"`
	Ignored    int    `json:"ignored"`
	Suppressed int    `json:"suppressed"` // counted in no other number
}

// Tally counts one change, without what concerns its findings: that is in RuleTallies.
func (o *Outcome) Tally() Tally {
	t := Tally{Changes: 1, Lines: o.Lines, Pushes: o.Pushes, Compute: o.Cost.Compute, Tokens: o.Cost.Tokens}
	count(&t.Asked, o.FirstPass != nil)
	count(&t.FirstPass, o.FirstPass != nil && *o.FirstPass)
	count(&t.Blocked, o.Blocked)
	count(&t.Stated, o.Cost.Tokens > 0)
	if o.State == Merged {
		t.Merged = 1
		if o.Seen(14) {
			t.Seen14 = 1
			count(&t.Reverted14, o.Within(Reverted, 14))
			count(&t.Fixed14, o.Within(Fix, 14))
		}
		if o.Seen(30) {
			t.Seen30 = 1
			count(&t.Reverted30, o.Within(Reverted, 30))
			count(&t.Fixed30, o.Within(Fix, 30))
		}
	}
	if r := o.Review(); r > 0 {
		t.Reviewed, t.Review = 1, int64(r.Seconds())
	}
	return t
}

func count(into *int, is bool) {
	if is {
		*into++
	}
}

// RuleTallies counts the findings of one change: for each rule, for each group of rules, and for all, sorted by rule and group.
func (o *Outcome) RuleTallies() []RuleTally {
	type name struct {
		rule  string
		group Group
	}
	sums := map[name]*RuleTally{}
	for i := range o.Findings {
		f := &o.Findings[i]
		for _, n := range []name{{f.Rule, f.Group}, {"", f.Group}, {"", ""}} {
			r := sums[n]
			if r == nil {
				r = &RuleTally{Rule: n.rule, Group: n.group}
				sums[n] = r
			}
			r.count(f)
		}
	}
	out := make([]RuleTally, 0, len(sums))
	for _, r := range sums {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b RuleTally) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(string(a.Group), string(b.Group)))
	})
	return out
}

func (r *RuleTally) count(f *Finding) {
	if !f.Counts() {
		r.Suppressed++
		return
	}
	r.Changes = 1
	r.Findings++
	count(&r.Blocking, f.Blocks)
	if !f.Told {
		return
	}
	r.Told++
	switch f.Fate {
	case False:
		r.False++
	case Waived:
		r.Waived++
	case Fixed:
		r.Fixed++
	case Ignored:
		r.Ignored++
	case Suppressed, Standing:
	}
}

// Add adds another RuleTally of the same rule.
func (r *RuleTally) Add(o *RuleTally) {
	into, from := r.Ints(), o.Ints()
	for i := range into {
		*into[i] += *from[i]
	}
}

// Ints lists the numbers, for those who store and add them.
func (r *RuleTally) Ints() []*int {
	return []*int{&r.Changes, &r.Findings, &r.Blocking, &r.Told, &r.False, &r.Waived, &r.Fixed, &r.Ignored, &r.Suppressed}
}

// Wants says whether a RuleTally is the one that holds what the filter asks for.
func (f *Filter) Wants(r *RuleTally) bool {
	if f.Rule != "" {
		return r.Rule == f.Rule
	}
	return r.Rule == "" && r.Group == f.Group
}

// AddFindings takes the numbers of findings over.
func (t *Tally) AddFindings(r *RuleTally) {
	t.With += r.Changes
	t.Findings += r.Findings
	t.Told += r.Told
	t.False += r.False
	t.Waived += r.Waived
	t.Fixed += r.Fixed
	t.Ignored += r.Ignored
}

// Add adds another Tally.
func (t *Tally) Add(o *Tally) {
	t.With += o.With
	t.Findings += o.Findings
	t.Told += o.Told
	t.False += o.False
	t.Waived += o.Waived
	t.Fixed += o.Fixed
	t.Ignored += o.Ignored
	into, from := t.Ints(), o.Ints()
	for i := range into {
		*into[i] += *from[i]
	}
	t.Review += o.Review
	t.Compute += o.Compute
	t.Tokens += o.Tokens
}

// Ints lists the numbers of changes, for those who store and add them. Sums of seconds and tokens, and what concerns findings, are not among them.
func (t *Tally) Ints() []*int {
	return []*int{&t.Changes, &t.Lines, &t.Asked, &t.FirstPass, &t.Blocked, &t.Pushes, &t.Merged, &t.Seen14, &t.Seen30, &t.Reverted14, &t.Reverted30, &t.Fixed14, &t.Fixed30, &t.Reviewed, &t.Stated}
}

// A Rate is a number with its interval: of a share, from 0 to 1; else events for each unit of Of.
type Rate struct {
	Of    float64 `json:"of"`    // the denominator: changes, findings, or thousands of lines
	Count int     `json:"count"` // the numerator
	Value float64 `json:"value"` // Count / Of; 0 where Of is 0
	Low   float64 `json:"low"`   // of the 95 % interval
	High  float64 `json:"high"`  // of a rate without a denominator +Inf, written as -1
	// Small says that the number is too small to say something by itself: see the constants.
	Small bool `json:"small,omitempty"`
}

// A share of fewer than SmallShare, and a rate over fewer than SmallEvents events or fewer than SmallLines thousand lines, is shown as small.
const (
	SmallShare  = 20
	SmallEvents = 5
	SmallLines  = 1.0
)

// Share puts Wilson's interval around k of n.
func Share(k, n int) Rate {
	low, high := checks.Interval(k, n)
	r := Rate{Of: float64(n), Count: k, Low: low, High: high, Small: n < SmallShare}
	if n > 0 {
		r.Value = float64(k) / float64(n)
	}
	return r
}

// PerThousand gives k events for each thousand of n lines, with Garwood's exact interval for a Poisson count.
func PerThousand(k, n int) Rate {
	of := float64(n) / 1000
	low, high := Poisson(k)
	r := Rate{Of: of, Count: k, Small: k < SmallEvents || of < SmallLines, High: -1}
	if n > 0 {
		r.Value, r.Low, r.High = float64(k)/of, low/of, high/of
	}
	return r
}

// Rates are what a Tally says.
type Rates struct {
	Findings  Rate `json:"findings_per_1000_lines"`
	FirstPass Rate `json:"first_pass"`
	Blocked   Rate `json:"blocked"`
	Revert14  Rate `json:"revert_14"`
	Revert30  Rate `json:"revert_30"`
	Fix14     Rate `json:"fix_14"`
	Fix30     Rate `json:"fix_30"`
	False     Rate `json:"false_positive"` // of the findings that were told
	// Means, of the changes that have one; -1: none has.
	Review  float64 `json:"review_seconds"`
	Pushes  float64 `json:"pushes"`
	Compute float64 `json:"compute_seconds"`
	Tokens  float64 `json:"tokens"`
}

// Rates makes rates of the sums.
func (t *Tally) Rates() Rates {
	mean := func(sum float64, n int) float64 {
		if n == 0 {
			return -1
		}
		return math.Round(sum/float64(n)*100) / 100
	}
	return Rates{
		Findings: PerThousand(t.Findings, t.Lines), FirstPass: Share(t.FirstPass, t.Asked), Blocked: Share(t.Blocked, t.Changes),
		Revert14: Share(t.Reverted14, t.Seen14), Revert30: Share(t.Reverted30, t.Seen30), Fix14: Share(t.Fixed14, t.Seen14), Fix30: Share(t.Fixed30, t.Seen30),
		False:  Share(t.False, t.Told),
		Review: mean(float64(t.Review), t.Reviewed), Pushes: mean(float64(t.Pushes), t.Changes), Compute: mean(t.Compute, t.Changes), Tokens: mean(float64(t.Tokens), t.Stated),
	}
}

// A GroupRates has the sums and the rates of one group. Key is the name of an agent ("": no mark), of a model, the number of a repository, a language or a week;
// Name is what a reader is shown.
type GroupRates struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Tally
	Rates Rates `json:"rates"`
}

// Grouped adds up the changes that the filter lets through. The largest group comes first; weeks are in order, and those without a change are left out.
func Grouped(outcomes []Outcome, f Filter, by By) []GroupRates {
	sums := map[string]*GroupRates{}
	for i := range outcomes {
		o := &outcomes[i]
		if !f.Lets(o) {
			continue
		}
		key := o.key(by)
		g := sums[key]
		if g == nil {
			g = &GroupRates{Key: key, Name: NameOf(by, key)}
			if by == ByRepo {
				g.Name = o.Repo
			}
			sums[key] = g
		}
		t := o.Tally()
		for _, r := range o.RuleTallies() {
			if f.Wants(&r) {
				t.AddFindings(&r)
			}
		}
		g.Add(&t)
	}
	out := make([]GroupRates, 0, len(sums))
	for _, g := range sums {
		out = append(out, *g)
	}
	return Finish(out, by)
}

// Finish works out the rates of groups, and sorts them.
func Finish(groups []GroupRates, by By) []GroupRates {
	for i := range groups {
		groups[i].Rates = groups[i].Tally.Rates()
	}
	slices.SortFunc(groups, func(a, b GroupRates) int {
		if by == ByWeek {
			return strings.Compare(a.Key, b.Key)
		}
		return cmp.Or(cmp.Compare(b.Changes, a.Changes), strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
	})
	return groups
}

func (o *Outcome) key(by By) string {
	switch by {
	case ByAgent:
		return o.Agent
	case ByModel:
		return ModelKey(o.Agent, o.Model)
	case ByRepo:
		return strconv.FormatInt(o.RepoID, 10)
	case ByLanguage:
		return o.Language()
	case ByWeek:
		return o.Week()
	case ByAll:
	}
	return ""
}

// ModelKey is the Key of a model: the same model in two tools is two things.
func ModelKey(agent, model string) string { return agent + " / " + model }

// NameOf gives what a reader is shown for a key.
func NameOf(by By, key string) string {
	switch {
	case by == ByAgent && key == "":
		return "no mark of an agent"
	case by == ByLanguage && key == "":
		return "no language of ours"
	case by == ByModel:
		agent, model, _ := strings.Cut(key, " / ")
		return NameOf(ByAgent, agent) + " / " + cmp.Or(model, "model not stated")
	case by == ByAll:
		return "all"
	}
	return key
}

// A Mark is a moment at which something else began to judge the changes of a repository. Time lines show it.
type Mark struct {
	RepoID int64     `json:"repo_id"`
	Repo   string    `json:"repo"`
	At     time.Time `json:"at"`
	What   string    `json:"what"` // "reviewgate 1.4.0 (was 1.3.2)", "rules changed", "policy changed"
}

// Since says what is new against another.
func (j JudgedBy) Since(was JudgedBy) string {
	switch {
	case j.Tool != was.Tool:
		return "reviewgate " + cmp.Or(j.Tool, "unknown") + " (was " + cmp.Or(was.Tool, "unknown") + ")"
	case j.Rules != was.Rules && j.Policy != was.Policy:
		return "rules and policy changed"
	case j.Rules != was.Rules:
		return "rules changed"
	}
	return "policy changed"
}
