package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// TestProblems runs testdata/problems.txt: pairs of a policy and what its owner is told, line for line.
func TestProblems(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/problems.txt", func(name string, data []byte) string {
		_, problems := parse(".github/reviewgate.yml", strings.HasPrefix(name, "floor"), data)
		var b strings.Builder
		for _, p := range problems {
			kind := "error"
			if p.Warning {
				kind = "warning"
			}
			fmt.Fprintf(&b, "%s %s\n", kind, p)
			if p.Message == "" || p.Remedy == "" {
				t.Errorf("%s: problem without message or remedy: %+v", name, p)
			}
		}
		return b.String()
	})
}

// TestJoin runs testdata/join.txt: a floor and a repository's policy, divided by a line "---", and what applies.
func TestJoin(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/join.txt", func(name string, data []byte) string {
		floor, repo, both := strings.Cut(string(data), "---\n")
		in := Input{Repo: NewLayer("acme/widgets", "1234567890", map[string][]byte{".github/reviewgate.yml": []byte(repo)})}
		if !both {
			in.Repo = NewLayer("acme/widgets", "1234567890", map[string][]byte{".github/reviewgate.yml": data})
		} else {
			in.Floor = NewFloor("acme/.github", "abcdef1234", map[string][]byte{"reviewgate-floor.yml": []byte(floor)})
		}
		e := Load(in)
		p := e.Policy
		var b strings.Builder
		fmt.Fprintf(&b, "mode %s, stale %s, governed %v, from %v\n", p.Mode, p.Stale, p.Governed, p.Sources)
		for _, g := range p.Guards {
			fmt.Fprintf(&b, "guard %s (%s) %v tier %q: %s\n", g.Name, g.Origin, g.Paths, g.Tier, need(&g.Need))
			if g.When != nil || g.Unwaivable || len(g.Checklists) > 0 {
				fmt.Fprintf(&b, "    when %q unwaivable %v checklists %d\n", g.When, g.Unwaivable, len(g.Checklists))
			}
		}
		for _, w := range []*gate.Waivers{p.Waivers, p.RepoWaivers} {
			if w != nil {
				fmt.Fprintf(&b, "waivers %+v of the repository %v, unattributed blocks %v\n", *w, w == p.RepoWaivers, p.Agents.BlockUnattributed)
			}
		}
		fmt.Fprintf(&b, "default %s, of the floor %s\n", need(p.Default), need(p.FloorDefault))
		fmt.Fprintf(&b, "agents %v extra %d sponsors %v of the repository %v\n", p.Agents.Accounts, p.Agents.ExtraApprovals, p.Agents.Sponsors, p.Agents.RepoSponsors)
		fmt.Fprintf(&b, "checks severity %q block on %v pack %q\n", p.Checks.Severity, p.Checks.BlockOn, p.Checks.Pack)
		fmt.Fprintf(&b, "rollouts %v, comments %d, disclosure %v, audit %+v, private %v\n", p.Checks.Rollouts, e.Scan.MaxComments, p.Agents.Disclosure, p.Audit, e.Private)
		for _, rule := range slices.Sorted(maps.Keys(e.Scan.Overrides)) {
			data, err := json.Marshal(e.Scan.Overrides[rule])
			fmt.Fprintf(&b, "override %s %s %v\n", rule, data, err)
		}
		if e.Scan.FailOn != p.Checks.Severity || e.Scan.Pack != p.Checks.Pack || !cmp.Equal(e.Scan.BlockOn, p.Checks.BlockOn) || !cmp.Equal(e.Scan.Rollouts, p.Checks.Rollouts) {
			t.Errorf("%s: the scan is told something else: %+v", name, e.Scan)
		}
		for _, w := range e.Warnings {
			fmt.Fprintf(&b, "warning %s\n", w)
		}
		for _, w := range append(p.Broken, p.FloorBroken...) {
			fmt.Fprintf(&b, "broken %s\n", w)
		}
		return b.String()
	})
}

func need(n *gate.Need) string {
	if n == nil {
		return "none"
	}
	s := fmt.Sprintf("%d from %v", n.Approvals, n.From)
	if n.UpToDate {
		s += " up to date"
	}
	if n.AllowReaders || n.MinReview > 0 {
		s += fmt.Sprintf(" readers %v after %d s", n.AllowReaders, n.MinReview)
	}
	return s
}

// golden compares every second file of an archive with what f makes of the one before it.
func golden(t *testing.T, path string, f func(name string, data []byte) string) {
	t.Helper()
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(ar.Files); i += 2 {
		in, want := ar.Files[i], &ar.Files[i+1]
		got := f(in.Name, in.Data)
		if *update {
			want.Data = []byte(got)
			continue
		}
		if diff := cmp.Diff(string(want.Data), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBounds: what a stranger could blow up is refused with a message.
func TestBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"size":      {"version: 1 #" + strings.Repeat("x", maxFile), "over the limit of 262144"},
		"depth":     {"version: 1\nguard: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "deeper than 20 levels"},
		"very deep": {"version: 1\nguard: " + strings.Repeat("[", 100000), "not valid YAML"},
		"values":    {"version: 1\nguard: [" + strings.Repeat("1,", 30000) + "]", "more than 20000 values"},
		"bomb":      {"a: &a [x,x]\nb: &b [*a,*a]\nversion: 1\n", "anchors and aliases are not supported"},
		"merge":     {"<<: {version: 1}\n", `no key "<<"`},
		"tag":       {"version: !!int 1\n", "the tag !!int is not supported"},
		"documents": {"version: 1\n---\nversion: 1\n", "more than one YAML document"},
		"bytes":     {"version: 1\n# \xff\n", "not valid UTF-8"},
		"paths":     {"version: 1\nguard: [{approvals: 1, paths: [" + strings.Repeat("a,", 300) + "]}]", "over the limit of 200"},
	} {
		_, problems := parse("p.yml", false, []byte(c.file))
		if len(problems) == 0 || !strings.Contains(problems[0].Message, c.want) || problems[0].Warning {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for _, path := range []string{".github/reviewgate.yml", ".github/reviewgate.yaml", "CODEOWNERS", "docs/CODEOWNERS", ".github/reviewgate/rules/b/x.yaml", ".github/reviewgate/rules/a.yml",
		".github/reviewgate/rules/testdata/a.yml", ".github/reviewgate/rules/b/testdata/a.yaml", ".github/reviewgate/rules/README.md", "reviewgate-floor.yml", "src/CODEOWNERS", "reviewgate-rules/c.yml"} {
		files[path] = []byte(path)
	}
	l := NewLayer("acme/widgets", "sha", files)
	want := &Layer{Name: "acme/widgets", SHA: "sha", Policy: []byte(".github/reviewgate.yml"), PolicyPath: ".github/reviewgate.yml", Codeowners: []byte("CODEOWNERS"), CodeownersPath: "CODEOWNERS",
		Rules:  []rules.Source{{Name: ".github/reviewgate/rules/a.yml", Origin: rules.OriginRepository, Data: []byte(".github/reviewgate/rules/a.yml")}, {Name: ".github/reviewgate/rules/b/x.yaml", Origin: rules.OriginRepository, Data: []byte(".github/reviewgate/rules/b/x.yaml")}},
		Unused: []string{".github/reviewgate.yaml", "docs/CODEOWNERS"}}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Error(diff)
	}
	for path := range files {
		used := path == l.PolicyPath || path == l.CodeownersPath || strings.HasPrefix(path, rulesFolder) && !strings.Contains(path, "testdata") && !strings.HasSuffix(path, ".md")
		for _, u := range l.Unused {
			used = used || u == path
		}
		if Paths(path) != used {
			t.Errorf("Paths(%s) is %v", path, Paths(path))
		}
		if FloorPaths(path) != (path == "reviewgate-floor.yml" || path == "reviewgate-rules/c.yml") {
			t.Errorf("FloorPaths(%s) is %v", path, FloorPaths(path))
		}
	}
	e := Load(Input{Repo: NewLayer("acme/widgets", "sha", map[string][]byte{".github/reviewgate.yml": []byte("version: 1\n"), ".github/reviewgate.yaml": []byte("version: 1\n")})})
	if len(e.Warnings) != 1 || e.Warnings[0].String() != ".github/reviewgate.yaml: the file does not apply, because .github/reviewgate.yml does. Delete one of them." {
		t.Errorf("%v", e.Warnings)
	}
}

func TestDayOne(t *testing.T) {
	t.Parallel()
	for _, in := range []Input{{}, {Repo: NewLayer("acme/widgets", "sha", nil)}, {Repo: NewLayer("a/b", "s", nil), Floor: NewFloor("a/.github", "s", nil)}} {
		if p := Load(in).Policy; p.Mode != gate.Advisory || len(p.Sources) != 0 || len(p.Guards) != 0 {
			t.Errorf("%+v", p)
		}
	}
	p := Load(Input{FloorMissing: "GitHub answered 502"}).Policy
	if p.Mode != gate.Enforce || len(p.FloorBroken) != 1 {
		t.Errorf("unreadable is not absent: %+v", p)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	good := "rules:\n  - id: a\n    message: m\n    severity: ERROR\n    languages: [python]\n    pattern: f()\n"
	bad := "rules:\n  - id: b\n    message: m\n    severity: ERROR\n    languages: [python]\n    patern: f()\n"
	blocking := strings.ReplaceAll(bad, "id: b", "id: c\n    metadata: {reviewgate: {rollout: block}}")
	load := func(file string, head bool) *Effective {
		l := NewLayer("acme/widgets", "sha", map[string][]byte{".github/reviewgate/rules/x.yml": []byte(file)})
		if head {
			return Load(Input{Repo: NewLayer("acme/widgets", "sha", nil), Head: l})
		}
		return Load(Input{Repo: l})
	}
	if e := load(good, false); len(e.Rules) != 1 || len(e.Policy.Broken) != 0 || len(e.Warnings) != 0 {
		t.Errorf("good: %v %v", e.Policy.Broken, e.Warnings)
	}
	if e := load(bad, false); len(e.Policy.Broken) != 0 || len(e.Warnings) == 0 || e.Warnings[0].Line == 0 {
		t.Errorf("bad: %v %v", e.Policy.Broken, e.Warnings)
	}
	if e := load(blocking, false); len(e.Policy.Broken) == 0 || e.Policy.Mode != gate.Enforce {
		t.Errorf("blocking: %v %v", e.Policy.Broken, e.Warnings)
	}
	if e := load(bad, true); len(e.Policy.HeadBroken) == 0 || !e.Policy.HeadBroken[0].Warning || !e.Policy.HeadChecked || len(e.Rules) != 0 {
		t.Errorf("head: %+v", e.Policy)
	}
	floor := Load(Input{Floor: NewFloor("acme/.github", "sha", map[string][]byte{"reviewgate-rules/x.yml": []byte(good)})})
	if len(floor.Rules) != 1 || floor.Rules[0].Origin != rules.OriginFloor {
		t.Errorf("floor: %+v", floor.Rules)
	}
}

func TestUnmatchedGlobs(t *testing.T) {
	t.Parallel()
	policy := "version: 1\nguard:\n  - {paths: [\"src/**\", \"lib\", \"gone/**\", \"!src/x/**\", \"re:^src/a\"], approvals: 1}\n"
	e := Load(Input{Repo: NewLayer("acme/widgets", "sha", map[string][]byte{".github/reviewgate.yml": []byte(policy)}), Tree: []string{"src/a.go", "lib/b.go"}})
	want := []string{
		`.github/reviewgate.yml:3:24: the path "lib" matches no file. It names a folder: write "lib/**".`,
		`.github/reviewgate.yml:3:31: the path "gone/**" matches no file. Correct the pattern if a file was meant.`,
		`.github/reviewgate.yml:3:42: the path "!src/x/**" matches no file. Correct the pattern if a file was meant.`,
		`.github/reviewgate.yml:3:55: the path "re:^src/a" matches no file. A regular expression must match the whole path: end it with ".*" if the rest may be anything.`,
	}
	var got []string
	for _, w := range e.Warnings {
		got = append(got, w.String())
	}
	if diff := cmp.Diff(want, got); diff != "" || len(e.Policy.Broken) > 0 {
		t.Error(diff, e.Policy.Broken)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	base := NewLayer("acme/widgets", "sha", map[string][]byte{".github/reviewgate.yml": []byte("version: 1\n")})
	head := func(files map[string]string) *gate.Policy {
		data := map[string][]byte{}
		for path, s := range files {
			data[path] = []byte(s)
		}
		return Load(Input{Repo: base, Head: NewLayer("acme/widgets", "head", data)}).Policy
	}
	broken := "* bob\n"
	if p := head(map[string]string{"CODEOWNERS": broken}); len(p.HeadBroken) != 1 || !p.HeadBroken[0].Warning {
		t.Errorf("nobody uses CODEOWNERS: %+v", p.HeadBroken)
	}
	if p := head(map[string]string{"CODEOWNERS": broken, ".github/reviewgate.yml": "version: 1\ndefault: {approvals: 1, from: [codeowners]}\n"}); len(p.HeadBroken) != 1 || p.HeadBroken[0].Warning {
		t.Errorf("the head's policy uses CODEOWNERS: %+v", p.HeadBroken)
	}
	if p := head(map[string]string{".github/reviewgate.yml": "version: 1\nguard: [{paths: [\"**\"], approvals: 9}]\n"}); len(p.Guards) != 0 || !p.HeadChecked {
		t.Errorf("the head's policy applied: %+v", p)
	}
	if p := head(map[string]string{"CODEOWNERS": "* @bob a@example.com\n"}); len(p.HeadBroken) != 1 || !p.HeadBroken[0].Warning || p.HeadBroken[0].Line != 1 {
		t.Errorf("an owner without an account: %+v", p.HeadBroken)
	}
	if p := head(nil); len(p.HeadBroken) != 0 || !p.HeadChecked {
		t.Errorf("a deleted policy is no error: %+v", p)
	}
}

// FuzzParse: whatever the file, there is a policy or a problem that explains itself, and the policy holds what it promises.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"testdata/problems.txt", "testdata/join.txt"} {
		ar, err := txtar.ParseFile(filepath.FromSlash(path))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range ar.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, floor := range []bool{false, true} {
			d, problems := parse("p.yml", floor, data)
			failed := false
			for _, p := range problems {
				failed = failed || !p.Warning
				if p.Message == "" || p.Remedy == "" || p.File == "" || p.Line < 0 {
					t.Errorf("%+v", p)
				}
			}
			if failed {
				continue
			}
			for _, g := range d.guards {
				if g.Name == "" || len(g.Paths) == 0 || g.Need.Approvals > maxApprovals || len(g.paths) != len(g.Paths) {
					t.Errorf("guard %+v", g)
				}
				for _, p := range g.Paths {
					if gate.ValidGlob(p) != nil {
						t.Errorf("path %q", p)
					}
				}
			}
			if d.checks.Severity > checks.Critical {
				t.Errorf("severity %v", d.checks.Severity)
			}
		}
	})
}

// TestNoSink: what a caller does not act on is told, with its place.
func TestNoSink(t *testing.T) {
	t.Parallel()
	in := Input{Repo: NewLayer("acme/shop", "", map[string][]byte{".github/reviewgate.yml": []byte("version: 1\naudit: {bypass_alert: issue, sink: webhook}\n")}), NoSink: true}
	if e := Load(in); len(e.Warnings) != 1 || e.Warnings[0].Line != 2 || !e.Policy.Audit.Webhook {
		t.Errorf("%v", e.Warnings)
	}
	if in.NoSink = false; len(Load(in).Warnings) != 0 {
		t.Error("told where it is acted on")
	}
}
