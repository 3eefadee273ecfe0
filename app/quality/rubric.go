package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Rubric says what a good change is, in criteria over measured facts. It judges changes; it decides nothing. RubricFile names it in a repository, and in an
// organisation's .github repository.
type Rubric struct {
	Name     string      `json:"name"`
	Source   string      `json:"source,omitempty"` // the file; "": built in
	Criteria []Criterion `json:"criteria"`
}

// RubricFile is where a rubric lies.
const RubricFile = ".github/reviewgate/rubric.yml"

// A Criterion scores a change from 0 to 100: Full and better is 100, None and worse is 0, and in between it falls evenly.
type Criterion struct {
	Name   string  `json:"name"`
	Weight int     `json:"weight"`
	Fact   Fact    `json:"fact"`
	Full   float64 `json:"full"`
	None   float64 `json:"none"`
}

// Bounds of a rubric.
const (
	MaxCriteria = 20
	MaxWeight   = 100
	MaxValue    = 1_000_000
)

// A Fact is something measured of a change.
type Fact string

// The facts.
const (
	FactSecurity    Fact = "security"    // severity of findings of the group, added up: see points
	FactTests       Fact = "tests"       // the same
	FactSupply      Fact = "supply"      // the same
	FactCorrectness Fact = "correctness" // the same
	FactLines       Fact = "lines"
	FactFiles       Fact = "files"
	FactPushes      Fact = "pushes"      // after the first
	FactDescription Fact = "description" // findings that the description is not kept; needs the rules that look at that
	FactReverted    Fact = "reverted"    // 1: reverted within 30 days
	FactFixed       Fact = "fixed"       // fixes within 30 days
)

// A FactInfo explains a fact.
type FactInfo struct {
	Fact Fact
	Doc  string
}

// RubricFacts lists them, for documentation and schema.
func RubricFacts() []FactInfo {
	points := "of the findings of the group %s that the change still has or was merged with: 8 points for a critical one, 4 high, 2 medium, 1 low"
	return []FactInfo{
		{FactSecurity, fmt.Sprintf(points, Security)}, {FactTests, fmt.Sprintf(points, Tests)}, {FactSupply, fmt.Sprintf(points, Supply)}, {FactCorrectness, fmt.Sprintf(points, Correctness)},
		{FactLines, "changed lines"}, {FactFiles, "changed files"}, {FactPushes, "pushes that were judged, after the first"},
		{FactDescription, "findings of rules that compare the description with the change"},
		{FactReverted, "1 if the change was reverted within 30 days; not known before git was looked at that long"}, {FactFixed, "commits that fixed lines of it within 30 days; not known before"},
	}
}

// descriptionRules are those that compare what a change says with what it does.
var descriptionRules = []string{"claim-not-kept"}

// DefaultRubric is what holds where nobody has written one.
func DefaultRubric() *Rubric {
	return &Rubric{Name: "built-in", Criteria: []Criterion{
		{"security", 30, FactSecurity, 0, 8},
		{"honesty of tests", 20, FactTests, 0, 6},
		{"supply chain", 15, FactSupply, 0, 6},
		{"maintainability", 15, FactCorrectness, 0, 10},
		{"size", 10, FactLines, 200, 1500},
		{"description kept", 10, FactDescription, 0, 2},
	}}
}

// A Score is what a change scores by one criterion, with the fact behind it.
type Score struct {
	Criterion string  `json:"criterion"`
	Weight    int     `json:"weight"`
	Score     int     `json:"score"`             // 0 to 100
	Value     float64 `json:"value"`             // of the fact
	Because   string  `json:"because"`           // the facts in words
	Unknown   bool    `json:"unknown,omitempty"` // it cannot be told yet, and counts nothing
}

// A Sheet is what a change scores by a rubric. Total is the weighted mean of what is known; -1: nothing is.
type Sheet struct {
	Rubric string  `json:"rubric"`
	Total  int     `json:"total"`
	Scores []Score `json:"scores"`
}

// points weigh a finding by its severity.
func points(s checks.Severity) float64 {
	switch s {
	case checks.Critical:
		return 8
	case checks.High:
		return 4
	case checks.Medium:
		return 2
	case checks.Low:
		return 1
	case checks.Info:
	}
	return 0
}

// Sheet scores a change.
func (r *Rubric) Sheet(o *Outcome) *Sheet {
	s := &Sheet{Rubric: r.Name, Total: -1}
	sum, weights := 0.0, 0
	for _, c := range r.Criteria {
		value, because, known := o.fact(c.Fact)
		one := Score{Criterion: c.Name, Weight: c.Weight, Value: value, Because: because, Unknown: !known}
		if known {
			one.Score = c.score(value)
			sum += float64(one.Score * c.Weight)
			weights += c.Weight
		}
		s.Scores = append(s.Scores, one)
	}
	if weights > 0 {
		s.Total = int(math.Round(sum / float64(weights)))
	}
	return s
}

func (c *Criterion) score(value float64) int {
	if c.Full == c.None { // the parser refuses it
		return 0
	}
	return int(math.Round(100 * min(max((c.None-value)/(c.None-c.Full), 0), 1)))
}

// fact measures. known is false where it cannot be told yet.
func (o *Outcome) fact(f Fact) (value float64, because string, known bool) {
	judged := len(o.Findings) > 0 || o.Lines > 0 || o.Judged != (JudgedBy{})
	switch f {
	case FactSecurity, FactTests, FactSupply, FactCorrectness:
		value, because = o.points(func(one *Finding) bool { return one.Group == Group(f) })
		return value, because, judged
	case FactDescription:
		n := 0
		for i := range o.Findings {
			if o.Findings[i].left() && slices.Contains(descriptionRules, o.Findings[i].Rule) {
				n++
			}
		}
		return float64(n), plural(n, "finding") + " on what the description says", judged
	case FactLines:
		return float64(o.Lines), plural(o.Lines, "changed line"), judged
	case FactFiles:
		return float64(o.Files), plural(o.Files, "changed file"), judged
	case FactPushes:
		if o.Source == History {
			return 0, "not known of a change from git alone", false
		}
		return float64(o.Pushes), plural(o.Pushes, "push") + " after the first", judged
	case FactReverted, FactFixed:
		if !o.Seen(30) {
			return 0, "not known until 30 days after the merge", false
		}
		if f == FactReverted {
			if o.Within(Reverted, 30) {
				return 1, "reverted within 30 days", true
			}
			return 0, "not reverted within 30 days", true
		}
		n := 0
		for _, a := range o.After {
			if a.Kind == Fix {
				n++
			}
		}
		return float64(n), plural(n, "fix") + " within 30 days", true
	}
	return 0, "", false
}

// left says whether a finding is still there as far as anybody knows, and nobody called it wrong or let it pass.
func (f *Finding) left() bool { return f.Fate == Standing || f.Fate == Ignored || f.Fate == "" }

func (o *Outcome) points(of func(*Finding) bool) (float64, string) {
	sum := 0.0
	n := map[string]int{}
	for i := range o.Findings {
		if f := &o.Findings[i]; f.left() && of(f) && !f.Shadow {
			sum += points(f.Severity)
			n[f.Rule]++
		}
	}
	if len(n) == 0 {
		return 0, "no finding"
	}
	rules := make([]string, 0, len(n))
	for r := range n {
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	var words []string
	for _, r := range rules[:min(len(rules), 3)] {
		word := r
		if n[r] > 1 {
			word = fmt.Sprintf("%d %s", n[r], r)
		}
		words = append(words, word)
	}
	if more := len(rules) - len(words); more > 0 {
		words = append(words, plural(more, "other rule"))
	}
	return sum, strings.Join(words, ", ")
}

func plural(n int, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case strings.HasSuffix(word, "sh") || strings.HasSuffix(word, "x"):
		return fmt.Sprintf("%d %ses", n, word)
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Agreement says how far people and measure agree on sampled changes: of each criterion the mean difference of their scores, and Spearman's rank correlation of
// the totals; fewer than ten changes say nothing.
type Agreement struct {
	Changes     int                `json:"changes"`
	Correlation float64            `json:"correlation"` // of the totals, -1 to 1; 0 with Small
	Difference  map[string]float64 `json:"difference"`  // people minus measure, in points
	Small       bool               `json:"small,omitempty"`
}

// Agree compares the sheets of the changes that people judged with their judgements.
func (r *Rubric) Agree(outcomes []Outcome) Agreement {
	a := Agreement{Difference: map[string]float64{}}
	n := map[string]int{}
	var measured, said []float64
	for i := range outcomes {
		o := &outcomes[i]
		if len(o.Verdicts.Sheet) == 0 {
			continue
		}
		sheet := r.Sheet(o)
		sum, weights := 0.0, 0
		for _, s := range sheet.Scores {
			j, ok := o.Verdicts.Sheet[s.Criterion]
			if !ok || j.People == 0 || s.Unknown {
				continue
			}
			mean := float64(j.Sum) / float64(j.People)
			a.Difference[s.Criterion] += mean - float64(s.Score)
			n[s.Criterion]++
			sum += mean * float64(s.Weight)
			weights += s.Weight
		}
		if weights > 0 {
			a.Changes++
			measured, said = append(measured, float64(sheet.Total)), append(said, sum/float64(weights))
		}
	}
	for c := range a.Difference {
		a.Difference[c] = math.Round(10*a.Difference[c]/float64(n[c])) / 10
	}
	if a.Small = a.Changes < 10; !a.Small {
		a.Correlation = math.Round(100*correlation(ranks(measured), ranks(said))) / 100
	}
	return a
}

// ranks gives each value its place; equal ones share the mean of theirs.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	out := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

func correlation(a, b []float64) float64 {
	mean := func(v []float64) float64 {
		s := 0.0
		for _, x := range v {
			s += x
		}
		return s / float64(len(v))
	}
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
