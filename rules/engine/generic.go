package engine

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/generic"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

func compileGeneric(text string, o rules.GenericOptions) (*generic.Pattern, error) {
	return generic.Compile(text, generic.Options{Span: max(o.Span, 0), SameLine: o.Span < 0, Caseless: o.Caseless, Comments: o.Comments})
}

// generic finds a pattern of language generic.
func (e *evaluation) generic(n *node) ([]region, error) {
	from, to := e.bounds()
	text := e.run.source[from:to]
	if err := e.step(1 + int(to-from)/4); err != nil {
		return nil, err
	}
	found, err := n.generic.Find(text)
	if err != nil {
		return nil, err
	}
	out := make([]region, len(found))
	for i, m := range found {
		r := region{start: from + uint32(m.Start), end: from + uint32(m.End)}
		for _, b := range m.Bindings {
			r.env = append(r.env, Binding{Name: b.Name, Start: from + uint32(b.Start), End: from + uint32(b.End), Node: language.None, Text: text[b.Start:b.End]})
		}
		slices.SortFunc(r.env, func(a, b Binding) int { return strings.Compare(a.Name, b.Name) })
		out[i] = r
	}
	return tidy(out)
}
