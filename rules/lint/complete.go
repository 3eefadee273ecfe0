package lint

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// untested tells the languages of rules that no fixture is there for.
func untested(src rules.Source) ([]rules.Problem, error) {
	var problems []rules.Problem
	rs, _ := rules.Parse(src)
	for _, r := range rs {
		fixtures, err := ruletest.Fixtures(src.Name, []string{r.ID.Value})
		if err != nil {
			return nil, err
		}
		for _, l := range r.Languages {
			spec := language.ForName(l.Value)
			if spec == nil {
				continue
			}
			ext := ".txt"
			if !spec.AnyFile {
				ext = spec.Extensions[0]
			}
			if !slices.ContainsFunc(fixtures, func(f string) bool { return spec.AnyFile || language.ForPath(f) == spec }) {
				problems = append(problems, advice(r, NoFixture, l.Pos, "no fixture for %s: add %s with ruleid: and ok: comments, in testdata beside the rule", l.Value, r.ID.Value+ext))
			}
		}
	}
	return problems, nil
}

// incomplete tells what a rule does not say of itself and a reader of its findings will ask. Rules about something else than security need no CWE.
func incomplete(r *rules.Rule) []rules.Problem {
	m := r.Metadata
	if r.Origin != rules.OriginBuiltin {
		if len(m.CWE) == 0 && (m.Category == "" || strings.EqualFold(m.Category, "security")) {
			return []rules.Problem{advice(r, NoCWE, r.Pos, `the rule names no CWE: add metadata.cwe, as in "CWE-89: SQL injection", or a metadata.category other than security`)}
		}
		return nil
	}
	var problems []rules.Problem
	for _, part := range []struct {
		missing bool
		name    string
	}{
		{len(m.CWE) == 0, "metadata.cwe"},
		{len(m.References) == 0, "metadata.references"},
		{m.Confidence == "", "metadata.confidence"},
		{m.Category == "", "metadata.category"},
		{m.Title == "", "metadata.reviewgate.title"},
		{m.Why == "", "metadata.reviewgate.why"},
		{m.Remedy == "", "metadata.reviewgate.remedy"},
	} {
		if part.missing {
			problems = append(problems, advice(r, CatalogueEntry, r.Pos, "a built-in rule needs %s: add it", part.name))
		}
	}
	return problems
}
