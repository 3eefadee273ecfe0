package match

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// member matches a member of a dictionary. In Terraform, a block is found as well in the blocks that a member holds.
func (m *matcher) member(p *pattern.Node, id language.ID, b Bindings, k next) {
	if p.Kind != language.Call || m.t.Spec.Name != "terraform" || m.t.Nodes[id].Kind != language.Call {
		m.node(p, id, b, k)
		return
	}
	for i := id; i < m.t.Nodes[id].Next && !m.over; i++ {
		if n := &m.t.Nodes[i]; n.Kind == language.Call && (i == id || n.Slot == language.Item && m.t.Type(i) == "block") {
			m.node(p, i, b, k)
		}
	}
}
