package backtest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// sampled is a report with many findings of one rule and repository, and few of others.
func sampled() *Report {
	r := &Report{Tool: "t", Limit: 9, Repositories: []Repository{{Name: "acme/a"}, {Name: "acme/b"}}, ByRule: []RuleTotals{{Rule: "few", Findings: 2}, {Rule: "many", Findings: 60}, {Rule: "silent"}}}
	add := func(repo, rule string, n int) {
		c := Change{Repository: repo, Commit: fmt.Sprintf("%s%s%d", repo, rule, n), At: time.Unix(1_700_000_000, 0)}
		for i := range n {
			c.Findings = append(c.Findings, Finding{Rule: rule, Path: "x.py", Line: i + 1, Message: "m", Fingerprint: checks.Fingerprint(fmt.Sprint(i))})
		}
		r.Changes = append(r.Changes, c)
	}
	add("acme/a", "many", 50)
	add("acme/b", "many", 10)
	add("acme/b", "few", 2)
	r.Changes[0].Findings[7].Suppressed = true
	r.Total.Changes = 3
	return r
}

// TestSample: the same report gives the same sample, in which rules and repositories take turns.
func TestSample(t *testing.T) {
	t.Parallel()
	j := Sample(sampled(), 8)
	if again := Sample(sampled(), 8); !reflect.DeepEqual(j, again) {
		t.Error("two samples of one report differ")
	}
	n := map[string]int{}
	for _, f := range j.Findings {
		n[f.Rule+" "+f.Repository]++
		if f.Place == "x.py:8" && f.Repository == "acme/a" {
			t.Error("a suppressed finding is to be judged")
		}
	}
	if want := map[string]int{"few acme/b": 2, "many acme/a": 3, "many acme/b": 3}; !reflect.DeepEqual(n, want) {
		t.Errorf("%v, want %v", n, want)
	}
	if all := Sample(sampled(), 1000); len(all.Findings) != 61 {
		t.Errorf("%d of 61 findings", len(all.Findings))
	}
	if j.Corpus != "the newest 9 changes of acme/a, acme/b" || j.On != "2023-11-14" || j.Rules["silent"] != 0 || j.Rules["many"] != 60 {
		t.Errorf("%+v", j)
	}
}

// TestJudge: verdicts go through the file, survive a new sample, and end as figures beside the rules.
func TestJudge(t *testing.T) {
	t.Parallel()
	j := Sample(sampled(), 6)
	j.Findings[0].Excerpt = "a\x1b[2Jb: \"c\"\n\td\u202e\n"
	for i, v := range []Verdict{"Right", Wrong, Right, Arguable} {
		j.Findings[i].Verdict = v
	}
	data, err := j.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(data, "\x1b\u202e") {
		t.Errorf("what a terminal obeys is in the file:\n%s", data)
	}
	back, err := ReadJudging(data)
	if err != nil {
		t.Fatal(err)
	}
	few, many := back.ByRule()["few"], back.ByRule()["many"]
	if few.String() != "1 of 2 (9-91 %)" || many.String() != "1 of 2 (9-91 %), 1 arguable" {
		t.Errorf("%s; %s", few, many)
	}
	next := Sample(sampled(), 20)
	if n := next.Take(back); n != 4 || len(next.Findings) != 20 {
		t.Errorf("%d verdicts of %d findings", n, len(next.Findings))
	}
	run, err := back.Run([]string{"many", "silent", "another"})
	if err != nil {
		t.Fatal(err)
	}
	file, err := AddRun(nil, run)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), "many: [60, 2, 1]") || !strings.Contains(string(file), "- silent") || strings.Contains(string(file), "few") {
		t.Errorf("%s", file)
	}
	// Another day is another run; the same one again takes its own place; comments stay.
	file = append([]byte("# ours\n"), file...)
	run.On = "2026-01-02"
	run.Found["many"] = []int{61, 3, 3}
	for range 2 {
		if file, err = AddRun(file, run); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ReadMeasured(file)
	if err != nil || len(m.Runs) != 2 || !strings.HasPrefix(string(file), "# ours\n") {
		t.Fatalf("%v\n%s", err, file)
	}
	if of, n := m.Of("many"); of.On != "2026-01-02" || !reflect.DeepEqual(n, []int{61, 3, 3}) {
		t.Errorf("%+v %v", of, n)
	}
	if of, n := m.Of("silent"); of == nil || n[0] != 0 {
		t.Errorf("%+v %v", of, n)
	}
	if of, _ := m.Of("another"); of != nil {
		t.Errorf("%+v", of)
	}
	if _, err := back.Run([]string{"another"}); err == nil {
		t.Error("a run without a verdict")
	}
}

func TestReadJudgingRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "EOF",
		"version: 2":              "version 2 is not known",
		"version: 1\nfindngs: []": "findngs",
		"version: 1\nrules: {a: 1}\nfindings: [{rule: a, place: x, verdict: maybe}]": `the verdict "maybe" is not one of`,
		"version: 1\nfindings: [{verdict: right}]":                                   "has no rule",
		"version: 1\nrules: {a: 1}\nfindings: [{rule: a}, {rule: a}]":                "more findings to judge than it found",
	} {
		if _, err := ReadJudging([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"runs: [{found: {a: [1, 2, 3]}}]", "runs: [{found: {a: [1]}}]", "x: 1", "runs: 7"} {
		if _, err := ReadMeasured([]byte(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func FuzzJudging(f *testing.F) {
	data, err := Sample(sampled(), 3).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("runs: [{on: x, found: {a: [3, 2, 1]}, silent: [b]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if j, err := ReadJudging(data); err == nil {
			again, err := j.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ReadJudging(again); err != nil {
				t.Errorf("what was written cannot be read: %v\n%s", err, again)
			}
		}
		run := &MeasuredRun{On: "2026-01-02", Corpus: "c", Changes: 3, Found: map[string][]int{"r": {3, 2, 1}}}
		if file, err := AddRun(data, run); err == nil {
			m, err := ReadMeasured(file)
			if err != nil {
				t.Fatalf("what was written cannot be read: %v\n%s", err, file)
			}
			if of, n := m.Of("r"); of == nil || n[0] != 3 {
				t.Errorf("the run is lost:\n%s", file)
			}
		}
	})
}
