package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/quality"
)

// maxRubricName bounds the names of a rubric and its criteria.
const maxRubricName = 60

// Rubric reads a rubric file, as strictly as a policy and with the same words. The rubric is nil if there is a problem.
func Rubric(file string, data []byte) (*quality.Rubric, []gate.Problem) {
	r := &reader{file: file}
	root := r.root(data)
	if root == nil {
		return nil, r.problems
	}
	out := &quality.Rubric{Source: file}
	versioned, listed := false, false
	ok := r.mapping(root, "the rubric", map[string]field{
		"version": {read: func(n *yaml.Node) {
			versioned = true
			if n.Kind != yaml.ScalarNode || n.Value != "1" {
				r.bad(n, "Write \"version: 1\".", "version is %s", describe(n))
			}
		}},
		"name": {read: func(n *yaml.Node) { out.Name = r.rubricName(n, "the name of the rubric") }},
		"criteria": {read: func(n *yaml.Node) {
			listed = true
			for _, item := range r.items(n, "criteria", quality.MaxCriteria) {
				if c := r.criterion(item); c != nil {
					if slices.ContainsFunc(out.Criteria, func(other quality.Criterion) bool { return other.Name == c.Name }) {
						r.bad(item, "Give each criterion a name of its own.", "there are two criteria %q", clip(c.Name))
						continue
					}
					out.Criteria = append(out.Criteria, *c)
				}
			}
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.bad(n, "Write at least one criterion, or delete the file.", "the rubric has no criterion")
			}
		}},
	})
	if ok && !versioned {
		r.bad(root, "Begin the file with \"version: 1\".", "the version is missing")
	}
	if ok && !listed {
		r.bad(root, "Add \"criteria\".", "the rubric has no criterion")
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	if out.Name == "" {
		out.Name = file
	}
	return out, nil
}

func (r *reader) rubricName(n *yaml.Node, what string) string {
	s, ok := r.text(n, what)
	if ok && len(s) > maxRubricName {
		r.bad(n, "Write a few words.", "%s has %d bytes, over the limit of %d", what, len(s), maxRubricName)
		return ""
	}
	return s
}

func (r *reader) criterion(n *yaml.Node) *quality.Criterion {
	c := &quality.Criterion{}
	before := len(r.problems)
	seen := map[string]bool{}
	read := func(name string, f func(n *yaml.Node)) field {
		return field{read: func(n *yaml.Node) { seen[name] = true; f(n) }}
	}
	var facts []string
	for _, f := range quality.RubricFacts() {
		facts = append(facts, string(f.Fact))
	}
	if !r.mapping(n, "a criterion", map[string]field{
		"name": read("name", func(n *yaml.Node) { c.Name = r.rubricName(n, "the name of the criterion") }),
		"weight": read("weight", func(n *yaml.Node) {
			var ok bool
			if c.Weight, ok = r.number(n, "weight", quality.MaxWeight); ok && c.Weight == 0 {
				r.bad(n, "Write a number from 1 to 100, or take the criterion out.", "weight is 0")
			}
		}),
		"fact": read("fact", func(n *yaml.Node) {
			s, _ := r.oneOf(n, "fact", facts...)
			c.Fact = quality.Fact(s)
		}),
		"full": read("full", func(n *yaml.Node) { c.Full = r.value(n, "full") }),
		"none": read("none", func(n *yaml.Node) { c.None = r.value(n, "none") }),
	}) {
		return nil
	}
	for _, name := range []string{"name", "weight", "fact", "full", "none"} {
		if !seen[name] {
			r.bad(n, "Add it; every criterion has name, weight, fact, full and none.", "the criterion has no %q", name)
		}
	}
	if len(r.problems) == before && c.Full == c.None {
		r.bad(n, "Say at which value of the fact a change scores 100 (full), and at which 0 (none).", "full and none are the same")
	}
	if len(r.problems) > before {
		return nil
	}
	return c
}

var rubricValue = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?$`)

func (r *reader) value(n *yaml.Node, what string) float64 {
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!int" || n.ShortTag() == "!!float") && rubricValue.MatchString(n.Value) {
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil && v <= quality.MaxValue {
			return v
		}
	}
	r.bad(n, "Write a number from 0 to 1000000.", "%s is %s", what, describe(n))
	return 0
}

// RubricSchema describes a rubric file to editors.
func RubricSchema() ([]byte, error) {
	var facts []any
	for _, f := range quality.RubricFacts() {
		facts = append(facts, map[string]any{"const": string(f.Fact), "description": f.Doc})
	}
	text := map[string]any{"type": "string", "minLength": 1, "maxLength": maxRubricName}
	value := map[string]any{"type": "number", "minimum": 0, "maximum": quality.MaxValue}
	criterion := objectOf([]string{"name", "weight", "fact", "full", "none"}, map[string]any{
		"name": text, "weight": numberFrom(1, quality.MaxWeight), "fact": map[string]any{"oneOf": facts}, "full": value, "none": value,
	})
	root := objectOf([]string{"version", "criteria"}, map[string]any{
		"version": map[string]any{"const": 1}, "name": text, "criteria": map[string]any{"type": "array", "minItems": 1, "maxItems": quality.MaxCriteria, "items": criterion},
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "reviewgate: a rubric, " + quality.RubricFile
	return json.MarshalIndent(root, "", "  ")
}
