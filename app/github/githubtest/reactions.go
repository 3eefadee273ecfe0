package githubtest

// A reaction to a comment on the conversation. The same one by the same account is made once.
type reaction struct {
	id      int64
	by      *User
	content string
}

func createReaction(c *call) (*answer, *apiError) {
	k, e := c.comment()
	if e != nil {
		return nil, e
	}
	by, content := c.actor.user(), c.str("content")
	for _, r := range k.reactions {
		if r.by == by && r.content == content {
			return ok(r.json(c.repo.g)), nil
		}
	}
	r := reaction{id: c.repo.g.id(), by: by, content: content}
	k.reactions = append(k.reactions, r)
	return created(r.json(c.repo.g)), nil
}

func (r reaction) json(g *GitHub) obj {
	return obj{"id": r.id, "node_id": nodeID("Reaction", r.id), "user": g.userJSON(r.by), "content": r.content, "created_at": stamp(g.now())}
}

// Reactions lists the reactions to a comment on the conversation, each as "login content".
func (p *Pull) Reactions(comment int64) []string {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var out []string
	for _, c := range p.talk {
		if c.ID != comment {
			continue
		}
		for _, r := range c.reactions {
			out = append(out, r.by.Login+" "+r.content)
		}
	}
	return out
}
