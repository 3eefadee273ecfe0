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

// shell matches the arguments of an instruction of a Dockerfile: a command is found wherever it stands in the shell that RUN holds.
func (m *matcher) shell(p *pattern.Node, id language.ID, b Bindings, k next) {
	instruction := m.t.Nodes[id].Parent
	if len(p.Kids) == 1 && m.t.Nodes[instruction].Parent == 0 && (p.Kids[0].Kind == language.Call || p.Kids[0].Kind == language.Binary) {
		for i := id + 1; i < m.t.Nodes[id].Next && !m.over; i++ {
			if kind := m.t.Nodes[i].Kind; kind == p.Kids[0].Kind {
				m.node(p.Kids[0], i, b, k)
			}
		}
		return
	}
	ids := m.kids(id, nil)
	if len(p.Kids) > 0 && p.Kids[0].Kind == language.Slice { // FROM: flags before the image may be left out
		ids = m.kids(id, func(n *language.Node) bool { return n.Kind == language.Slice })
	}
	m.args(p.Kids, ids, b, k)
}
