package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reviewgate-app/reviewgate/app/simulate"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata, and the generated parts of docs/simulate.md")

// play runs a story with the real scan.
func play(t *testing.T, policy, floor, pull []byte) *simulate.Result {
	t.Helper()
	p, problems := simulate.Parse("pull.yml", pull)
	if len(problems) > 0 {
		t.Fatalf("%s\n%s", problemLines(problems), pull)
	}
	r, err := simulate.Run(t.Context(), &simulate.Input{Policy: policy, Floor: floor, Pull: p, File: "pull.yml", Scan: scanTrees})
	if err != nil {
		t.Fatal(err)
	}
	valid(t, r)
	return r
}

// promised reads the conclusions that the comments of a documented story promise, event by event: "# success", "# action_required: why".
var promised = regexp.MustCompile(`(?m)(?:^events:|^  - .*) +# (success|failure|action_required)?`)

// TestSimulateDoc runs the stories of docs/simulate.md, and holds every comment behind an event to what the gate says.
func TestSimulateDoc(t *testing.T) {
	t.Parallel()
	policy := []byte(blocks(t, "docs/simulate.md", "yaml", "version: 1")[0])
	stories := blocks(t, "docs/simulate.md", "yaml", "# story")
	for i, story := range stories {
		p := policy
		if i > 0 {
			p = []byte("version: 1\ndefault: {approvals: 1}\n")
		}
		if strings.Contains(story, "findings:") {
			p = []byte("version: 1\n")
		}
		r := play(t, p, nil, []byte(story))
		lines := promised.FindAllStringSubmatch(story, -1)
		checked := 0
		if !strings.Contains(story, "events:  ") { // nothing is promised of the opening
			lines = append([][]string{{"", ""}}, lines...)
		}
		for n, m := range lines {
			if n < len(r.Steps) && m[1] != "" {
				checked++
				if got := r.Steps[n].Conclusion; got != m[1] {
					t.Errorf("story %d, event %d (%s): %s, the page says %s: %s", i+1, n, r.Steps[n].Story, got, m[1], r.Steps[n].Decision.Title)
				}
			}
		}
		if checked < 2 {
			t.Errorf("story %d promises %d decisions", i+1, checked)
		}
	}
}

// TestDecisionsDoc plays the example of docs/decisions.md, and holds every comment behind an event to what the gate says.
func TestDecisionsDoc(t *testing.T) {
	t.Parallel()
	policy := blocks(t, "docs/decisions.md", "yaml", "version: 1")[0]
	story := blocks(t, "docs/decisions.md", "yaml", "# story")[0]
	r := play(t, []byte(policy), nil, []byte(story))
	lines := promised.FindAllStringSubmatch(story, -1)
	if len(lines) != len(r.Steps) || len(lines) < 5 {
		t.Fatalf("the page promises %d decisions, there are %d", len(lines), len(r.Steps))
	}
	for n, m := range lines {
		if got := r.Steps[n].Conclusion; got != m[1] {
			t.Errorf("event %d (%s): %s, the page says %s: %s", n, r.Steps[n].Story, got, m[1], r.Steps[n].Decision.Title)
		}
	}
}

// valid holds what "policy simulate --format json" writes to its schema.
func valid(t *testing.T, r *simulate.Result) {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := outputSchema().Validate(doc); err != nil {
		t.Errorf("the output is not what its schema says: %v", err)
	}
}

var outputSchema = sync.OnceValue(func() *jsonschema.Schema {
	data, err := simulate.OutputSchema()
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("output.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("output.json")
})

// TestSimulateGenerated: the table of keys and the JSON Schema are made from the types.
func TestSimulateGenerated(t *testing.T) {
	t.Parallel()
	page := doc(t, "docs/simulate.md")
	before, rest, ok := strings.Cut(page, "<!-- keys -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatal("docs/simulate.md has no place for the keys")
	}
	schema, err := simulate.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	output, err := simulate.OutputSchema()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"docs/simulate.output.schema.json": string(output) + "\n",
		"docs/simulate.md":                 before + "<!-- keys -->\n" + simulate.Keys() + "<!-- end -->" + after,
		"docs/simulate.schema.json":        string(schema) + "\n",
	} {
		if *update {
			if err := os.WriteFile(root+name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(doc(t, name), want); diff != "" {
			t.Errorf("%s is stale; run this test with -update: %s", name, diff)
		}
	}
}
