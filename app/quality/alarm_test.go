package quality_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

var update = flag.Bool("update", false, "write the tables of docs/alarms.md anew")

// A stream makes changes of one agent up: so many a week, in three repositories with risks of their own, of all sizes; larger changes have more findings.
type stream struct {
	r      *rand.Rand
	weekly int
	risk   float64
}

func (s *stream) year(from, weeks int, factor float64, rules string) []quality.Observation {
	var out []quality.Observation
	for week := from; week < from+weeks; week++ {
		for i := range s.weekly {
			at := day0.AddDate(0, 0, 7*week).Add(time.Duration(i) * 7 * 24 * time.Hour / time.Duration(s.weekly))
			repo := int64(1 + s.r.IntN(3))
			lines := 1 + int(s.r.ExpFloat64()*120)
			risk := s.risk * factor * (0.5 + 0.25*float64(repo))
			if lines > 100 {
				risk *= 1.6
			}
			out = append(out, quality.Observation{At: at, RepoID: repo, Change: fmt.Sprint("#", len(out)+1), Rules: rules, Lines: lines, Found: s.r.Float64() < min(risk, 0.95)})
		}
	}
	return out
}

const (
	tableFrom = "<!-- simulated: go test ./app/quality -run TestSimulation -update -->\n"
	tableTo   = "<!-- end -->"
)

// TestSimulation measures the test on made-up streams and holds docs/alarms.md to it. In a plain run fewer streams are made, and only the bounds are looked at.
func TestSimulation(t *testing.T) {
	t.Parallel()
	runs := 16
	if *update {
		runs = 120
	}
	var b strings.Builder
	b.WriteString("| changes a week | risk of a change | false alarms a year | 25 % worse: seen within a year | median delay | 100 % worse: seen within a year | median delay | over: seen within a year after it is well again |\n|---|---|---|---|---|---|---|---|\n")
	for _, risk := range []float64{0.05, 0.2} {
		for _, weekly := range []int{10, 50, 200} {
			false1, over, ended := 0, 0, 0
			delays := map[float64][]int{}
			n := runs
			if weekly == 200 {
				n = max(runs/4, 6)
			}
			for run := range n {
				s := &stream{rand.New(rand.NewPCG(uint64(run), uint64(weekly)*1000+uint64(risk*1000))), weekly, risk}
				// Half a year of reference, a year at constant quality.
				false1 += len(quality.Watch(s.year(0, 78, 1, "a"), quality.DefaultTest))
				for _, factor := range []float64{1.25, 2} {
					obs := s.year(0, 26, 1, "a")
					from := day0.AddDate(0, 0, 7*26)
					for _, a := range quality.Watch(append(obs, s.year(26, 52, factor, "a")...), quality.DefaultTest) {
						if a.Opened.After(from) {
							delays[factor] = append(delays[factor], int(a.Opened.Sub(from).Hours()/24))
							break
						}
					}
				}
				if run >= n/4 {
					continue
				}
				obs := append(append(s.year(0, 26, 1, "a"), s.year(26, 20, 2.5, "a")...), s.year(46, 52, 1, "a")...)
				for _, a := range quality.Watch(obs, quality.DefaultTest) {
					if a.Opened.After(day0.AddDate(0, 0, 7*26)) && a.Opened.Before(day0.AddDate(0, 0, 7*46)) {
						if over++; !a.Ended.IsZero() {
							ended++
						}
						break
					}
				}
			}
			rate := float64(false1) / float64(n) / 1.5
			cell := func(factor float64) string {
				d := delays[factor]
				slices.Sort(d)
				if 2*len(d) <= n {
					return fmt.Sprintf("%d %% | more than a year", 100*len(d)/n)
				}
				return fmt.Sprintf("%d %% | %d days, %d changes", 100*len(d)/n, d[n/2], d[n/2]*weekly/7)
			}
			fmt.Fprintf(&b, "| %d | %.0f %% | %.3f | %s | %s | %d of %d |\n", weekly, 100*risk, rate, cell(1.25), cell(2), ended, over)
			if rate > 0.15 {
				t.Errorf("%d a week, risk %.2f: %.3f false alarms a year", weekly, risk, rate)
			}
			if d := delays[2.0]; weekly >= 50 && risk > 0.1 && len(d) < n {
				t.Errorf("%d a week, risk %.2f: a doubled risk was seen in %d of %d", weekly, risk, len(d), n)
			}
			if over > 0 && weekly >= 50 && ended*10 < over*8 {
				t.Errorf("%d a week, risk %.2f: only %d of %d alarms ended", weekly, risk, ended, over)
			}
		}
	}
	t.Log("\n" + b.String())
	if !*update {
		return
	}
	const file = "../../docs/alarms.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(text, []byte(tableFrom))
	_, tail, ok2 := bytes.Cut(rest, []byte(tableTo))
	if !ok || !ok2 {
		t.Fatal("docs/alarms.md has no place for the table")
	}
	if err := os.WriteFile(file, slices.Concat(head, []byte(tableFrom+"\n"+b.String()+"\n"+tableTo), tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestNewRuleIsNoWorseAgent: from one day on a new rule finds something in every other change. Nothing can be told of the agent, and nothing is.
func TestNewRuleIsNoWorseAgent(t *testing.T) {
	t.Parallel()
	s := &stream{rand.New(rand.NewPCG(7, 7)), 50, 0.1}
	obs := append(s.year(0, 30, 1, "old"), s.year(30, 30, 5, "new")...)
	if got := quality.Watch(obs, quality.DefaultTest); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	// Judged by the same rules, the same changes are an alarm, which says since when.
	for i := range obs {
		obs[i].Rules = "old"
	}
	got := quality.Watch(obs, quality.DefaultTest)
	if len(got) != 1 {
		t.Fatalf("%d alarms, want one", len(got))
	}
	a := got[0]
	if off := a.Since.Sub(day0.AddDate(0, 0, 7*30)).Abs(); off > 4*24*time.Hour || a.Low < 1.5 || a.High < 5 || a.Low > a.Ratio || len(a.Shown) == 0 || !a.Ended.IsZero() {
		t.Errorf("%s, off by %s; %+v", a.String(), off, a)
	}
}

// TestOtherRepositoriesAreNoWorseAgent: an agent that is set to work in a repository with a higher risk has not become worse, and neither has one that writes
// larger changes.
func TestOtherRepositoriesAreNoWorseAgent(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var obs []quality.Observation
	for i := range 3000 {
		o := quality.Observation{At: day0.Add(time.Duration(i) * time.Hour), RepoID: 1, Lines: 10}
		risk := 0.05
		if i > 1500 && r.IntN(4) > 0 || r.IntN(10) == 0 {
			o.RepoID, risk = 2, 0.3
		}
		if i > 1500 && r.IntN(2) == 0 {
			o.Lines, risk = 300, risk*2
		}
		o.Found = r.Float64() < risk
		obs = append(obs, o)
	}
	if got := quality.Watch(obs, quality.DefaultTest); len(got) != 0 {
		t.Errorf("%s", got[0].String())
	}
}
