package github

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// payloads are real deliveries, shared by the whole repository.
const payloads = "../../testdata/webhooks"

// TestParseEventGolden reads every real payload: what it says is in testdata/events.golden, one paragraph per file, empty fields left out.
func TestParseEventGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(payloads, "*.json"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d payloads: %v", len(files), err)
	}
	var out strings.Builder
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		e, err := ParseEvent(name, body)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		fmt.Fprintf(&out, "# %s\n%s\n", filepath.Base(file), brief(t, e))
	}
	golden(t, "testdata/events.golden", out.String())
}

// brief is a value as indented JSON without empty fields.
func brief(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(thin(tree)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func thin(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if x = thin(x); x != nil {
				out[k] = x
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, x := range v {
			if x = thin(x); x != nil {
				out = append(out, x)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case string:
		if v == "" {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

const repo = `"installation":{"id":5},"repository":{"id":7,"name":"shop","full_name":"acme/shop","default_branch":"main","owner":{"id":2,"login":"acme","type":"Organization"}},"sender":{"id":3,"login":"alice","type":"User"}`

func TestParseEvent(t *testing.T) {
	t.Parallel()
	const a, b = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	pull := `"number":9,"pull_request":{"number":9,"state":"open","head":{"sha":"` + a + `","ref":"work"},"base":{"sha":"` + b + `","ref":"main"}}`
	for _, tt := range []struct {
		name, event, body string
		check             func(e Event) bool
		err               string // part of the error
	}{
		{"a retarget names the old base", "pull_request", `{"action":"edited","changes":{"base":{"ref":{"from":"evil"},"sha":{"from":"x"}}},` + pull + `,` + repo + `}`,
			func(e Event) bool {
				return e.OldBaseRef == "evil" && e.BaseRef == "main" && !e.TextEdited && !e.Ignored
			}, ""},
		{"an edited title", "pull_request", `{"action":"edited","changes":{"title":{"from":"x"}},` + pull + `,` + repo + `}`, func(e Event) bool { return e.TextEdited }, ""},
		{"a push by a deleted account", "pull_request", `{"action":"synchronize","before":"` + b + `","after":"` + a + `",` + pull + `,` + strings.Replace(repo, `"sender":{"id":3,"login":"alice","type":"User"}`, `"sender":null`, 1) + `}`,
			func(e Event) bool { return e.Sender.ID == 0 && e.Before == b && e.After == a }, ""},
		{"review by a deleted account", "pull_request_review", `{"action":"submitted","review":{"id":4,"user":null,"state":"approved","commit_id":"` + a + `"},` + pull + `,` + repo + `}`,
			func(e Event) bool {
				return e.Review.ID == 4 && e.Review.Reviewer.ID == 0 && e.Review.State == "APPROVED"
			}, ""},
		{"an action of tomorrow", "pull_request", `{"action":"teleported",` + repo + `}`, func(e Event) bool { return e.Ignored && e.Action == "teleported" }, ""},
		{"an event of tomorrow is not even read", "quantum_entangled", `{"action":`, func(e Event) bool { return e.Ignored && e.Kind == "quantum_entangled" }, ""},
		{"merge group", "merge_group", `{"action":"checks_requested","merge_group":{"head_sha":"` + a + `","head_ref":"refs/heads/gh-readonly-queue/main/pr-9-x","base_sha":"` + b + `","base_ref":"refs/heads/main"},` + repo + `}`,
			func(e Event) bool { return e.BaseRef == "main" && e.HeadSHA == a }, ""},
		{"a tag", "push", `{"ref":"refs/tags/v1","before":"` + a + `","after":"` + b + `",` + repo + `}`, func(e Event) bool { return e.Ignored && e.Why == "it is a push to a tag" }, ""},
		{"a branch with a slash", "push", `{"ref":"refs/heads/release/1","before":"` + a + `","after":"` + b + `",` + repo + `}`, func(e Event) bool { return e.Branch == "release/1" && !e.Ignored }, ""},
		{"an installation's repositories by full name", "installation_repositories", `{"action":"added","installation":{"id":5,"account":{"login":"acme"}},"repositories_added":[{"id":7,"name":"","full_name":"acme/shop"}]}`,
			func(e Event) bool { return len(e.Added) == 1 && e.Added[0] == EventRepo{7, "acme", "shop"} }, ""},
		{"a deleted installation", "installation", `{"action":"deleted","installation":{"id":5,"account":{"login":"acme"}},"repositories":[{"id":7,"full_name":"acme/shop"}]}`,
			func(e Event) bool { return len(e.Removed) == 1 && e.Added == nil }, ""},
		{"our own check run", "check_run", `{"action":"rerequested","check_run":{"id":1,"name":"reviewgate","head_sha":"` + a + `","external_id":"check/7/9~00ff","app":{"id":77},"pull_requests":[{"number":9},{"number":9},{"number":0}]},` + repo + `}`,
			func(e Event) bool {
				return e.CheckRun.AppID == 77 && e.CheckRun.Key == "check/7/9" && len(e.Numbers) == 1 && e.Numbers[0] == 9
			}, ""},

		{"not JSON", "pull_request", `<html>`, nil, "reading a pull_request event"},
		{"nothing", "push", ``, nil, "unexpected end"},
		{"no pull request", "pull_request", `{"action":"opened",` + repo + `}`, nil, "no pull_request"},
		{"two numbers", "pull_request", strings.Replace(`{"action":"opened",`+pull+`,`+repo+`}`, `"number":9,"state"`, `"number":8,"state"`, 1), nil, "the number 9 and 8"},
		{"a SHA that is an option", "pull_request", strings.Replace(`{"action":"opened",`+pull+`,`+repo+`}`, a, "--upload-pack=x", 1), nil, "is not a SHA"},
		{"a path in a name", "pull_request", strings.Replace(`{"action":"opened",`+pull+`,`+repo+`}`, `"login":"acme"`, `"login":"../acme"`, 1), nil, "is not the name"},
		{"dots for a name", "pull_request", strings.Replace(`{"action":"opened",`+pull+`,`+repo+`}`, `"name":"shop"`, `"name":".."`, 1), nil, "is not the name"},
		{"no repository", "push", `{"ref":"refs/heads/main","before":"` + a + `","after":"` + b + `","installation":{"id":5}}`, nil, "no repository"},
		{"no review", "pull_request_review", `{"action":"submitted",` + pull + `,` + repo + `}`, nil, "no review"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := ParseEvent(tt.event, []byte(tt.body))
			switch {
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want %q", err, tt.err)
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err == "" && !tt.check(e):
				t.Errorf("%s", brief(t, e))
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(payloads, "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		f.Add(name, body)
	}
	f.Add("merge_group", []byte(`{"action":"checks_requested","merge_group":{}}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		e, err := ParseEvent(name, body)
		if err != nil {
			return
		}
		for _, sha := range []string{e.HeadSHA, e.BaseSHA, e.Before, e.After, e.Review.CommitID} {
			if sha != "" && !e.Ignored && !shaForm.MatchString(sha) {
				t.Errorf("%q passed for a SHA", sha)
			}
		}
		if e.Owner != "" && checkRepo(e.Owner, e.Repo) != nil {
			t.Errorf("%q/%q passed for a repository", e.Owner, e.Repo)
		}
		if !e.Ignored && (e.Installation <= 0 || e.Number < 0) {
			t.Errorf("installation %d, number %d", e.Installation, e.Number)
		}
		if again, err := ParseEvent(name, body); err != nil || brief(t, again) != brief(t, e) {
			t.Error("not the same twice")
		}
	})
}
