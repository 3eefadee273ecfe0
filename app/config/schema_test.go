package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"
)

const root = "../../"

// TestGenerated: the schemas and the tables of docs/policy.md are made from the keys.
func TestGenerated(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(root + "docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for name, table := range map[string]string{"keys": Keys(), "join": JoinTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end "+name+" -->"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("docs/policy.md has no place for %s", name)
		}
		text = before + begin + table + end + after
	}
	files := map[string]string{"docs/policy.md": text}
	for name, floor := range map[string]bool{"docs/policy.schema.json": false, "docs/floor.schema.json": true} {
		schema, err := JSONSchema(floor)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(schema) + "\n"
	}
	for name, want := range files {
		if *update {
			if err := os.WriteFile(root+name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(root + name)
		if diff := cmp.Diff(string(have), want); diff != "" {
			t.Errorf("%s is stale; run this test with -update: %v %s", name, err, diff)
		}
	}
}

// TestKeysAreRead holds the reader to the documented keys: put a key that there is not into every mapping, and the error lists what there is.
func TestKeysAreRead(t *testing.T) {
	t.Parallel()
	at := map[string]string{ // where each mapping stands
		"": "%s", "guard[]": "guard: [{%s}]", "guard[].when": "guard: [{when: {%s}}]", "default": "default: {%s}", "tier.*": "tier: {sensitive: {%s}}", "agents": "agents: {%s}",
		"checks": "checks: {%s}", "checks.override.*": "checks: {override: {a: {%s}}}", "checks.override.*.paths": "checks: {override: {a: {paths: {%s}}}}", "waivers": "waivers: {%s}", "exempt[]": "exempt: [{%s}]", "exempt[].when": "exempt: [{when: {%s}}]", "audit": "audit: {%s}",
	}
	names := map[string][]string{}
	walkKeys(func(path string, k key) {
		if k.doc == "" {
			t.Errorf("%s is not explained", path)
		}
		of := strings.TrimSuffix(strings.TrimSuffix(path, k.name), ".")
		names[of] = append(names[of], k.name)
	})
	listed := regexp.MustCompile(`The keys are ([a-z_, ]+)\.`)
	for of, want := range names {
		slices.Sort(want)
		_, problems := parse("p.yml", true, fmt.Appendf(nil, "version: 1\n"+at[of]+"\n", "qqqqqqqqqqqq: 1"))
		var got []string
		for _, p := range problems {
			if m := listed.FindStringSubmatch(p.Remedy); m != nil {
				got = strings.Split(m[1], ", ")
			}
		}
		if diff := cmp.Diff(want, got); at[of] == "" || diff != "" {
			t.Errorf("%q (documented -, read +)\n%s", of, diff)
		}
	}
	if len(at) != len(names) {
		t.Errorf("%d places for %d mappings", len(at), len(names))
	}
}

// TestJoinIsSaid: every value has an operator, by itself or by the mapping that it stands in.
func TestJoinIsSaid(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	walkKeys(func(path string, k key) {
		whole := false
		for p := range said {
			whole = whole || strings.HasPrefix(path, p)
		}
		if k.join != "" {
			said[path] = true
		} else if !whole && inner(k.t) == nil {
			t.Errorf("%s does not say how floor and repository are put together", path)
		}
	})
}

func compiled(t *testing.T, floor bool) *jsonschema.Schema {
	t.Helper()
	data, err := JSONSchema(floor)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, policy []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(policy, &v); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err // keys that are no texts
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// beyondSchema lists the wrong policies of testdata/problems.txt that a schema cannot see. Everything else that is wrong an editor shows.
var beyondSchema = []string{"duplicate names", "many expressions"}

// TestSchema: what the reader takes the schema takes, in every policy that lies in a test of ours or stands in the documentation, and what is wrong
// it refuses.
func TestSchema(t *testing.T) {
	t.Parallel()
	schemas := map[bool]*jsonschema.Schema{false: compiled(t, false), true: compiled(t, true)}
	good := 0
	judge := func(where string, floor bool, policy []byte) (wrong bool) {
		_, problems := parse("p.yml", floor, policy)
		errs, _ := split(problems)
		err := validate(t, schemas[floor], policy)
		if len(errs) == 0 {
			good++
			if err != nil {
				t.Errorf("%s: the reader takes it, the schema says %v\n%s", where, err, policy)
			}
		}
		return err != nil
	}
	ar, err := txtar.ParseFile("testdata/problems.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(ar.Files); i += 2 {
		f := ar.Files[i]
		bad := len(bytes.TrimSpace(ar.Files[i+1].Data)) > 0
		if seen := judge(f.Name, strings.HasPrefix(f.Name, "floor"), f.Data); bad && seen == slices.Contains(beyondSchema, f.Name) {
			t.Errorf("%s: refused by the schema: %v, expected the opposite", f.Name, seen)
		}
	}
	for _, pattern := range []string{"testdata/join.txt", root + "app/gate/testdata/*.txtar", root + "cmd/reviewgate/testdata/*/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range files {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range ar.Files {
				where := path + ": " + f.Name
				switch {
				case f.Name == "policy.yml" || f.Name == "floor.yml":
					judge(where, f.Name == "floor.yml", f.Data)
				case strings.HasSuffix(pattern, "join.txt") && f.Name != "want":
					floor, repo, both := bytes.Cut(f.Data, []byte("---\n"))
					if !both {
						floor, repo = []byte("version: 1\n"), f.Data
					}
					judge(where, true, floor)
					judge(where, false, repo)
				}
			}
		}
	}
	if good < 150 {
		t.Errorf("only %d policies were judged", good)
	}
}

// TestWrongOnes: mistakes that people make, one at a time; an editor with the schema and "policy check" both see each.
func TestWrongOnes(t *testing.T) {
	t.Parallel()
	schema := compiled(t, false)
	for _, policy := range []string{
		"guard: []", "version: 2", "version: 1\nmode: block", "version: 1\nguards: []", "version: 1\nguard: {paths: [a], approvals: 1}", "version: 1\nguard: [{paths: [a]}]",
		"version: 1\nguard: [{approvals: 1}]", "version: 1\nguard: [{paths: [a], approvals: 1, tier: normal}]", "version: 1\nguard: [{paths: a, approvals: 1}]", "version: 1\nguard: [{paths: [/a], approvals: 1}]",
		"version: 1\nguard: [{paths: [a/], approvals: 1}]", "version: 1\nguard: [{paths: [a], approvals: 11}]", "version: 1\nguard: [{paths: [a], approvals: -1}]", "version: 1\nguard: [{paths: [a], approvals: two}]",
		"version: 1\nguard: [{paths: [a], tier: high}]", "version: 1\nguard: [{paths: [a], approvals: 1, from: [alice]}]", "version: 1\nguard: [{paths: [a], approvals: 1, from: []}]", "version: 1\nguard: [{paths: [a], approvals: 1, from: [\"role:read\"]}]",
		"version: 1\nguard: [{paths: [a], approvals: 1, from: {any_of: [[codeowners]]}}]", "version: 1\nguard: [{paths: [a], approvals: 1, any_of: []}]", "version: 1\nguard: [{paths: [a], approvals: 1, when: {label: x}}]",
		"version: 1\nguard: [{paths: [a], approvals: 1, when: {fork: false}}]", "version: 1\nguard: [{paths: [a], approvals: 1, min_review_seconds: 2m}]", "version: 1\nguard: [{paths: [a], approvals: 1, allow_readers: yes please}]",
		"version: 1\ndefault: {approvals: 1, paths: [a]}", "version: 1\ndefault: {from: [\"@a\"]}", "version: 1\ntier: {high: {approvals: 3}}", "version: 1\nstale: never", "version: 1\nagents: {unattributed: allow}", "version: 1\nagents: {disclosure: true}",
		"version: 1\nagents: {sponsors: [alice]}", "version: 1\nchecks: {severity: error}", "version: 1\nchecks: {rollout: {x: warn}}", "version: 1\nchecks: {max_comments: -1}", "version: 1\nwaivers: {expires: 24h}", "version: 1\nwaivers: {by: [\"@a\"], expires: 1w}",
		"version: 1\nexempt: forbid", "version: 1\nexempt: [{paths: [a], max_files: 1}]", "version: 1\nexempt: [{app: x, paths: [\"!a\"], max_files: 1}]", "version: 1\nexempt: [{app: x, paths: [a]}]", "version: 1\nexempt: [{app: x, paths: [a], max_files: 1, labels: [a]}]",
		"version: 1\nexempt: [{when: {author: agent}, paths: [a], max_files: 1}]", "version: 1\naudit: {bypass_alert: slack}", "version: 1\naudit: {sink: \"https://example.com\"}", "version: 1\nfloor: true", "version: 1\ngoverned_branches: main", "version: 1\nchecklist: [a]",
	} {
		_, problems := parse("p.yml", false, []byte(policy))
		if errs, _ := split(problems); len(errs) == 0 || validate(t, schema, []byte(policy)) == nil {
			t.Errorf("not refused (reader %v):\n%s", errs, policy)
		}
	}
}
