package gate_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// TestScenarios runs every testdata/*.txtar: policy.yml, floor.yml, CODEOWNERS, head/* (the change's own version) and facts.yml go in,
// the section "want" is what users are told. A file named B09_... covers that entry of the bypass catalogue.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			policy, facts := scenario(t, ar)
			got := render(gate.Decide(policy, facts))
			checkWords(t, gate.Decide(policy, facts))
			for i, f := range ar.Files {
				if f.Name != "want" {
					continue
				}
				if *update {
					ar.Files[i].Data = []byte(got)
					if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				if diff := cmp.Diff(string(f.Data), got); diff != "" {
					t.Errorf("%s(-want +got)\n%s", ar.Comment, diff)
				}
				return
			}
			t.Fatal("no section want")
		})
	}
}

// checkWords holds every decision to what its readers were promised.
func checkWords(t *testing.T, d *gate.Decision) {
	t.Helper()
	if n := utf8.RuneCountInString(d.Title); n == 0 || n > 80 {
		t.Errorf("title of %d characters: %q", n, d.Title)
	}
	for _, s := range d.Next {
		if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
			t.Errorf("not a sentence: %q", s)
		}
	}
	for _, g := range d.Guards {
		if g.Because == "" || g.Name == "" || g.Origin == "" || len(g.Files) == 0 {
			t.Errorf("guard without an explanation: %+v", g)
		}
	}
	for _, r := range d.Reviews {
		if r.Because == "" {
			t.Errorf("review without an explanation: %+v", r)
		}
	}
	for _, q := range d.Disqualified {
		if len(q.Because) == 0 {
			t.Errorf("disqualified without a reason: %+v", q)
		}
	}
	if d.State != gate.Pass && len(d.Next) == 0 && d.Title != "Waiting for the scan" && !strings.Contains(d.Title, "losed") && !d.Ungoverned {
		t.Errorf("%s without a next step: %q", d.State, d.Title)
	}
}

// The cast. Everybody has write access unless a scenario says otherwise.
var cast = map[string]gate.Person{
	"alice": {ID: 1, Login: "alice", Type: "User"}, "bob": {ID: 2, Login: "bob", Type: "User"}, "carol": {ID: 3, Login: "carol", Type: "User"},
	"dave": {ID: 4, Login: "dave", Type: "User"}, "erin": {ID: 5, Login: "erin", Type: "User"}, "rita": {ID: 6, Login: "rita", Type: "User"},
	"mona": {ID: 7, Login: "mona", Type: "User"}, "adam": {ID: 8, Login: "adam", Type: "User"}, "ci-writer": {ID: 9, Login: "ci-writer", Type: "User"},
	"mallory": {ID: 10, Login: "mallory", Type: "User"}, "acme": {ID: 11, Login: "acme", Type: "Organization"}, "manny": {ID: 12, Login: "manny", Type: "Mannequin"},
	"ghost":                   {},
	"copilot-swe-agent[bot]":  {ID: 100, Login: "copilot-swe-agent[bot]", Type: "Bot"},
	"claude[bot]":             {ID: 101, Login: "claude[bot]", Type: "Bot"},
	"github-actions[bot]":     {ID: 102, Login: "github-actions[bot]", Type: "Bot"},
	"acme-release[bot]":       {ID: 103, Login: "acme-release[bot]", Type: "Bot"},
	"dependabot[bot]":         {ID: 49699333, Login: "dependabot[bot]", Type: "Bot"},
	"web-flow":                {ID: 19864447, Login: "web-flow", Type: "User"},
	"bob-renamed":             {ID: 2, Login: "bob-renamed", Type: "User"},
	"bob-reregistered-as-bob": {ID: 99, Login: "bob", Type: "User"},
}

var castRoles = map[string]gate.Role{"rita": gate.RoleRead, "mona": gate.RoleMaintain, "adam": gate.RoleAdmin}

// factsFile is the short form in which scenarios describe a pull request.
type factsFile struct {
	State, Author, Base, Branch, Title, Body string
	ViaApp                                   string `yaml:"via_app"`
	Draft                                    bool
	Labels                                   []string
	Head                                     string
	BaseSHA                                  string            `yaml:"base_sha"`
	MergeBase                                string            `yaml:"merge_base"`
	Files                                    map[string]string // "base -> head [mode]", each a blob or "-"
	Renames                                  []struct{ From, To, Blobs string }
	Commits                                  *[]struct {
		SHA            string
		Author         string // "-": no account
		Committer      string
		Email          string
		CommitterEmail string `yaml:"committer_email"`
		Message        string
		CoAuthors      []string `yaml:"co_authors"`
		Parents        int
		Clean          bool
	}
	Pushers, Requested []string
	Siblings           []struct {
		Number    int
		Author    string
		Pushers   []string
		Requested []string
	}
	Reviews []struct {
		By, State, Head, Base string
		MergeBase             string            `yaml:"merge_base"`
		Saw                   map[string]string // empty: what is there now
		SawNothing            bool              `yaml:"saw_nothing"`
		Ledger                string            // "none", "incomplete", or the login that it belongs to
		ViaApp                string            `yaml:"via_app"`
		DismissedBy           string            `yaml:"dismissed_by"`
		Was                   string
		Moved                 []string
	}
	Users   map[string]string // login -> cast member; "-": no such account
	Teams   map[string][]string
	TeamIDs map[string]int64 `yaml:"team_ids"`
	Roles   map[string]string
	Unknown []string // "what: why"
	Clashes [][2]string
	Scan    struct {
		Pending    bool
		Failures   []string
		Findings   []struct{ Rule, Path, Blocking string }
		Unscanned  []string
		NeedsHuman []string `yaml:"needs_human"`
	}
}

func scenario(t *testing.T, ar *txtar.Archive) (*gate.Policy, *gate.Facts) {
	t.Helper()
	base, floor, head := map[string][]byte{}, map[string][]byte{}, map[string][]byte{}
	var in factsFile
	touched := false
	for _, f := range ar.Files {
		switch name, own := strings.CutPrefix(f.Name, "head/"); {
		case own:
			head[layerPath(name)] = f.Data
			touched = true
		case f.Name == "head-deletes-policy":
			touched = true
		case f.Name == "policy.yml" || f.Name == "CODEOWNERS":
			base[layerPath(f.Name)] = f.Data
		case f.Name == "floor.yml":
			floor["reviewgate-floor.yml"] = f.Data
		case f.Name == "facts.yml":
			d := yaml.NewDecoder(bytes.NewReader(f.Data))
			d.KnownFields(true)
			if err := d.Decode(&in); err != nil {
				t.Fatalf("facts.yml: %v", err)
			}
		case f.Name != "want":
			t.Fatalf("unknown section %s", f.Name)
		}
	}
	load := config.Input{Repo: config.NewLayer("acme/widgets", "aaaaaaaaaaaa", base)}
	if len(floor) > 0 {
		load.Floor = config.NewFloor("acme/.github", "ffffffffffff", floor)
	}
	if touched {
		load.Head = config.NewLayer("acme/widgets", "hhhhhhhhhhhh", head)
	}
	e := config.Load(load)
	f := facts(t, &in)
	f.Codeowners = e.Codeowners
	return e.Policy, f
}

func layerPath(name string) string {
	if name == "policy.yml" {
		return ".github/reviewgate.yml"
	}
	return name
}

func facts(t *testing.T, in *factsFile) *gate.Facts {
	person := func(login string) gate.Person {
		who, ok := cast[login]
		if !ok {
			t.Fatalf("nobody is called %q", login)
		}
		return who
	}
	people := func(logins []string) (out []gate.Person) {
		for _, l := range logins {
			out = append(out, person(l))
		}
		return out
	}
	or := func(s, fallback string) string {
		if s == "" {
			return fallback
		}
		return s
	}
	f := &gate.Facts{
		Repo: "acme/widgets", Number: 7, State: or(in.State, "open"), Draft: in.Draft, Default: "main", BaseRef: or(in.Base, "main"),
		Head: or(in.Head, "headhead1"), MergeBase: or(in.MergeBase, "basebase1"), Title: in.Title, Body: in.Body, HeadRef: in.Branch, Labels: in.Labels,
		Author: person(or(in.Author, "alice")), ViaApp: in.ViaApp, Pushers: people(in.Pushers), Requested: people(in.Requested),
		People: gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{}},
		Scan:   gate.ScanFacts{Done: !in.Scan.Pending, Failures: in.Scan.Failures, NeedsHuman: in.Scan.NeedsHuman},
	}
	f.Base = or(in.BaseSHA, f.MergeBase)
	f.Files = fileChanges(t, in.Files)
	for _, r := range in.Renames {
		c := fileChange(t, r.To, r.Blobs)
		c.OldPath = r.From
		f.Files = append(f.Files, c)
	}
	for _, s := range in.Siblings {
		f.Siblings = append(f.Siblings, gate.Sibling{Number: s.Number, Author: person(s.Author), Pushers: people(s.Pushers), Requested: people(s.Requested)})
	}
	if in.Commits == nil {
		f.Commits = []gate.Commit{{SHA: "1c0ffee0", Parents: []string{"p"}, Author: &f.Author, Committer: &f.Author, Message: "change"}}
	} else {
		for i, c := range *in.Commits {
			commit := gate.Commit{SHA: or(c.SHA, fmt.Sprintf("%dc0ffee0", i+1)), Message: or(c.Message, "change"), AuthorEmail: c.Email, CommitterEmail: c.CommitterEmail, CleanMerge: c.Clean, CoAuthors: people(c.CoAuthors)}
			for n := range max(c.Parents, 1) {
				commit.Parents = append(commit.Parents, fmt.Sprint("p", n))
			}
			author, committer := or(c.Author, or(in.Author, "alice")), or(c.Committer, or(c.Author, or(in.Author, "alice")))
			if author != "-" {
				who := person(author)
				commit.Author = &who
			}
			if committer != "-" {
				who := person(committer)
				commit.Committer = &who
			}
			f.Commits = append(f.Commits, commit)
		}
	}
	for i, r := range in.Reviews {
		id := int64(1001 + i)
		review := gate.Review{ID: id, Reviewer: person(r.By), State: or(r.State, "APPROVED"), CommitID: f.Head, ViaApp: r.ViaApp}
		if r.DismissedBy != "" {
			review.Dismissal = &gate.Dismissal{By: person(r.DismissedBy), Was: r.Was}
		}
		f.Reviews = append(f.Reviews, review)
		if r.Ledger == "none" {
			continue
		}
		e := gate.Capture(id, person(r.By), or(r.Head, f.Head), f.Head, or(r.Base, f.BaseRef), f.Base)
		e.MergeBase = or(r.MergeBase, f.MergeBase)
		e.JustMoved = r.Moved
		if _, other := cast[r.Ledger]; other {
			e.Reviewer = person(r.Ledger).ID
		}
		if r.Ledger != "incomplete" {
			saw := f.Files
			if r.Saw != nil || r.SawNothing {
				saw = fileChanges(t, r.Saw)
			}
			e = gate.Complete(e, saw)
		}
		f.Ledger = append(f.Ledger, e)
	}
	for login, who := range cast {
		if who.ID == 0 || login != who.Login {
			continue // an alias, for scenarios that ask for it
		}
		f.People.Users[strings.ToLower(login)] = who
		if f.People.Roles[who.ID] = gate.RoleWrite; castRoles[login] != "" {
			f.People.Roles[who.ID] = castRoles[login]
		}
	}
	f.People.Roles[cast["mallory"].ID] = gate.RoleNone
	f.People.Roles[cast["bob-reregistered-as-bob"].ID] = gate.RoleWrite
	for login, role := range in.Roles {
		f.People.Roles[person(login).ID] = gate.Role(role)
	}
	for login, who := range in.Users {
		delete(f.People.Users, login)
		if who != "-" {
			f.People.Users[login] = person(who)
		}
	}
	for team, members := range in.Teams {
		f.People.Teams[team] = gate.Team{ID: max(in.TeamIDs[team], 4400), Members: people(members)}
	}
	for _, u := range in.Unknown {
		what, why, _ := strings.Cut(u, ": ")
		f.Unknown = append(f.Unknown, gate.Unknown{What: what, Reason: why})
	}
	for _, c := range in.Clashes {
		f.Clashes = append(f.Clashes, gate.Clash{Path: c[0], Other: c[1]})
	}
	for i, finding := range in.Scan.Findings {
		f.Scan.Findings = append(f.Scan.Findings, checks.Finding{RuleID: finding.Rule, Location: checks.Location{Path: finding.Path}, Introduced: true,
			Blocking: finding.Blocking != "no", Fingerprint: checks.Fingerprint(fmt.Sprintf("f%03d", i+1))})
	}
	for _, path := range in.Scan.Unscanned {
		f.Scan.Unscanned = append(f.Scan.Unscanned, checks.Unscanned{Path: path, Reason: "too large"})
	}
	return f
}

func fileChanges(t *testing.T, in map[string]string) []gate.FileChange {
	out := []gate.FileChange{}
	for _, path := range slices.Sorted(maps.Keys(in)) {
		out = append(out, fileChange(t, path, in[path]))
	}
	return out
}

func fileChange(t *testing.T, path, blobs string) gate.FileChange {
	t.Helper()
	c := gate.FileChange{Path: path, OldMode: checks.ModeFile, Mode: checks.ModeFile}
	words := strings.Fields(blobs)
	if len(words) < 3 || words[1] != "->" {
		t.Fatalf("%s: %q is not \"base -> head\"", path, blobs)
	}
	if c.OldBlob = words[0]; words[0] == "-" {
		c.OldBlob, c.OldMode = "", 0
	}
	if c.Blob = words[2]; words[2] == "-" {
		c.Blob, c.Mode = "", 0
	}
	for _, word := range words[3:] {
		switch word {
		case "link":
			c.Mode = checks.ModeSymlink
		case "was-link":
			c.OldMode = checks.ModeSymlink
		case "submodule":
			c.Mode = checks.ModeSubmodule
		case "exec":
			c.Mode = checks.ModeExecutable
		}
	}
	return c
}

// render is what a decision says, line by line.
func render(d *gate.Decision) string {
	var b strings.Builder
	conclusion := d.Conclusion()
	if conclusion == "" {
		conclusion = "no check run"
	}
	fmt.Fprintf(&b, "%s (%s): %s\n", d.State, conclusion, d.Title)
	for _, g := range d.Guards {
		mark := "-"
		if g.Holds {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s guard %s (%s): %s\n", mark, g.Name, g.Origin, g.Because)
		fmt.Fprintf(&b, "    files %q", g.Files)
		if len(g.Approved) > 0 {
			fmt.Fprintf(&b, " approved %s", strings.Join(g.Approved, ", "))
		}
		if len(g.May) > 0 {
			fmt.Fprintf(&b, " may %s", strings.Join(g.May, ", "))
		}
		b.WriteString("\n")
	}
	for _, r := range d.Reviews {
		mark := "-"
		if r.Counts {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s review by %s, %s: %s\n", mark, r.Reviewer.Login, r.State, r.Because)
	}
	for _, q := range d.Disqualified {
		fmt.Fprintf(&b, "cannot approve: %s: %s\n", q.Person.Login, strings.Join(q.Because, "; "))
	}
	for _, m := range d.Agents {
		fmt.Fprintf(&b, "agent %s: %s\n", m.Agent, m.Evidence)
	}
	for _, p := range d.Problems {
		fmt.Fprintf(&b, "problem %v: %s\n", p.Warning, p)
	}
	for _, f := range d.Blocking {
		fmt.Fprintf(&b, "blocking: %s\n", f)
	}
	for _, s := range d.Next {
		fmt.Fprintf(&b, "next: %s\n", s)
	}
	return b.String()
}
