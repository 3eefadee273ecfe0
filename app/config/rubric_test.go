package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

const goodRubric = `version: 1
name: ours
criteria:
  - {name: security, weight: 3, fact: security, full: 0, none: 8}
  - {name: size, weight: 1, fact: lines, full: 100, none: 1000.5}
`

func TestRubric(t *testing.T) {
	t.Parallel()
	got, problems := Rubric("rubric.yml", []byte(goodRubric))
	want := &quality.Rubric{Name: "ours", Source: "rubric.yml", Criteria: []quality.Criterion{{Name: "security", Weight: 3, Fact: quality.FactSecurity, None: 8}, {Name: "size", Weight: 1, Fact: quality.FactLines, Full: 100, None: 1000.5}}}
	if d := cmp.Diff(want, got); d != "" || len(problems) > 0 {
		t.Error(d, problems)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "0:0 the file is empty"},
		"no version":       {"criteria:\n  - {name: a, weight: 1, fact: lines, full: 0, none: 1}\n", "1:1 the version is missing"},
		"no criteria":      {"version: 1\n", "1:1 the rubric has no criterion"},
		"an empty list":    {"version: 1\ncriteria: []\n", "2:11 the rubric has no criterion"},
		"a wrong key":      {"version: 1\ncriteriums: []\n", "2:1 the rubric has no key \"criteriums\"\n1:1 the rubric has no criterion"},
		"a wrong fact":     {"version: 1\ncriteria:\n  - {name: a, weight: 1, fact: line, full: 0, none: 1}\n", "3:32 fact is \"line\""},
		"no weight":        {"version: 1\ncriteria:\n  - {name: a, fact: lines, full: 0, none: 1}\n", "3:5 the criterion has no \"weight\""},
		"weight 0":         {"version: 1\ncriteria:\n  - {name: a, weight: 0, fact: lines, full: 0, none: 1}\n", "3:23 weight is 0"},
		"no distance":      {"version: 1\ncriteria:\n  - {name: a, weight: 1, fact: lines, full: 2, none: 2}\n", "3:5 full and none are the same"},
		"a number too odd": {"version: 1\ncriteria:\n  - {name: a, weight: 1, fact: lines, full: 1e3, none: 2}\n", "3:45 full is \"1e3\""},
		"a name twice":     {strings.Replace(goodRubric, "name: size", "name: security", 1), "5:5 there are two criteria \"security\""},
	} {
		r, problems := Rubric("rubric.yml", []byte(c.text))
		var lines []string
		for _, p := range problems {
			lines = append(lines, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Message))
			if p.Remedy == "" {
				t.Errorf("%s: no remedy", name)
			}
		}
		if got := strings.Join(lines, "\n"); got != c.want || r != nil {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRubricSchema holds docs/rubric.schema.json to the parser: it is made from the same facts, and takes what the parser takes.
func TestRubricSchema(t *testing.T) {
	t.Parallel()
	schema, err := RubricSchema()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../docs/rubric.schema.json"
	if *update {
		if err := os.WriteFile(file, append(schema, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(bytes.TrimSpace(have), schema) {
		t.Errorf("%s is not what RubricSchema makes (go test ./app/config -run TestRubricSchema -update): %v", file, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rubric.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rubric.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{goodRubric: true, "version: 1\ncriteria: []\n": false, "version: 1\ncriteria:\n  - {name: a, weight: 1, fact: line, full: 0, none: 1}\n": false} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzRubric: every file is a rubric that scores between 0 and 100, or has problems with places in it.
func FuzzRubric(f *testing.F) {
	f.Add([]byte(goodRubric))
	f.Add([]byte("version: 1\ncriteria: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, problems := Rubric("rubric.yml", data)
		if (r == nil) == (len(problems) == 0) {
			t.Fatalf("%v, %v", r, problems)
		}
		for _, p := range problems {
			if p.Message == "" || p.Line < 0 || p.Line > bytes.Count(data, []byte("\n"))+2 {
				t.Errorf("%+v", p)
			}
		}
		if r == nil {
			return
		}
		s := r.Sheet(&quality.Outcome{Lines: 300, State: quality.Merged, Findings: []quality.Finding{{Rule: "a", Group: quality.Security, Severity: 4, Fate: quality.Ignored}}})
		for _, one := range s.Scores {
			if one.Score < 0 || one.Score > 100 {
				t.Errorf("%+v", one)
			}
		}
		if s.Total < -1 || s.Total > 100 {
			t.Error(s.Total)
		}
	})
}
