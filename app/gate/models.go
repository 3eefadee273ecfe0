package gate

import (
	"slices"
	"strings"
)

// maxModel bounds the name of a model.
const maxModel = 60

// modelKeys are trailers whose value is the name of a model.
var modelKeys = []string{"model", "ai-model", "agent-model"}

// Models lists the names of models that commits and description state, as they spell them, sorted and without doubles: the value of a trailer "Model", what
// stands behind a colon or in brackets in a disclosure ("Assisted-by: Tool:name-4", "Assisted-by: Tool (name-4)"), and the name of a co-author whose address is
// a tool's, if it has a number in it. Nothing is guessed: a change that states none has none.
func Models(f *Facts) []string {
	var out []string
	add := func(name string) {
		name = strings.Join(strings.Fields(name), " ")
		if name != "" && len(name) <= maxModel && strings.ContainsAny(name, "0123456789") && !strings.ContainsAny(name, "<>@\"`|\\") && !strings.Contains(name, "://") && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	read := func(text string) {
		for _, t := range trailers(text) {
			switch {
			case slices.Contains(modelKeys, t.key):
				add(t.value)
			case slices.Contains(disclosures, t.key):
				value, _, _ := strings.Cut(t.value, "<")
				if _, rest, ok := strings.Cut(value, "("); ok {
					value, _, _ = strings.Cut(rest, ")")
					add(value)
				} else if _, model, ok := strings.Cut(value, ":"); ok {
					add(model)
				}
			case t.key == "co-authored-by" && agentEmail(t.email()):
				name, _, _ := strings.Cut(t.value, "<")
				add(name)
			}
		}
	}
	read(f.Body)
	for i := range f.Commits {
		read(f.Commits[i].Message)
	}
	slices.Sort(out)
	return out
}
