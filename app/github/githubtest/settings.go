package githubtest

import (
	"errors"
	"fmt"
	"strings"
)

// A RulesetLook is how a protection looks, and whom it binds, where it is shown as a ruleset.
type RulesetLook struct {
	Name        string   // empty: "protect BRANCH"
	Enforcement string   // empty: "active"; "evaluate" and "disabled" hold nothing
	Include     []string // refs that it is written for, shown only; empty: the branch by its name
	Bypass      []BypassActor
	Queue       string // grouping strategy of a merge queue that is shown; empty: none
	NoPulls     bool   // shown without the rules that want pull requests, and against force pushes and deletions
}

// A BypassActor is somebody whom a ruleset does not bind.
type BypassActor struct {
	Type string // "OrganizationAdmin", "RepositoryRole", "Team", "User", "Integration", "DeployKey"
	ID   int64  // of role (5: admin, 2: maintain, 4: write), team, user or App
	Mode string // "always", "pull_request", "exempt"
}

// protection is what binds a branch now; nil: nothing.
func (r *Repo) protection(branch string) *Protection {
	p := r.protections[branch]
	if p != nil && p.ViaRuleset && p.Ruleset.Enforcement != "" && p.Ruleset.Enforcement != "active" {
		return nil
	}
	return p
}

// spares says whether a protection does not bind somebody. push: on a push, where "pull_request" does not help.
func (r *Repo) spares(p *Protection, u *User, push bool) bool {
	if u == nil {
		return false
	}
	if !p.EnforceAdmins && r.role(u) == "admin" {
		return true
	}
	if !p.ViaRuleset {
		return false
	}
	for _, b := range p.Ruleset.Bypass {
		if push && b.Mode == "pull_request" {
			continue
		}
		switch b.Type {
		case "OrganizationAdmin":
			if o, ok := r.owner.(*Org); ok && o.members[u.ID] != nil && o.members[u.ID].role == "admin" {
				return true
			}
		case "RepositoryRole":
			if role := map[int64]string{5: "admin", 2: "maintain", 4: "write"}[b.ID]; role != "" && r.can(u, role) {
				return true
			}
		case "User":
			if u.ID == b.ID {
				return true
			}
		case "Integration":
			if u.app != nil && u.app.ID == b.ID {
				return true
			}
		case "Team":
			if r.inTeam(u, b.ID) {
				return true
			}
		}
	}
	return false
}

func (r *Repo) inTeam(u *User, id int64) bool {
	o, ok := r.owner.(*Org)
	if !ok {
		return false
	}
	for _, slug := range sortedKeys(o.teams) {
		if t := o.teams[slug]; t.ID == id {
			for _, m := range t.all() {
				if m.user == u && m.state == "active" {
					return true
				}
			}
		}
	}
	return false
}

// bypassJSON lists whom a ruleset does not bind.
func (p *Protection) bypassJSON() []any {
	actors := []any{}
	if !p.EnforceAdmins {
		actors = append(actors, obj{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}) // the role admin
	}
	for _, b := range p.Ruleset.Bypass {
		var id any = b.ID
		if b.Type == "DeployKey" {
			id = nil
		}
		actors = append(actors, obj{"actor_id": id, "actor_type": b.Type, "bypass_mode": b.Mode})
	}
	return actors
}

func (p *Protection) targetsJSON(branch string) []any {
	if len(p.Ruleset.Include) == 0 {
		return []any{"refs/heads/" + branch}
	}
	refs := []any{}
	for _, ref := range p.Ruleset.Include {
		refs = append(refs, ref)
	}
	return refs
}

func queueRule(grouping string) obj {
	return obj{"type": "merge_queue", "parameters": obj{"check_response_timeout_minutes": 60, "grouping_strategy": grouping, "max_entries_to_build": 5, "max_entries_to_merge": 5,
		"merge_method": "MERGE", "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5}}
}

// ArmAutoMerge is the button "Enable auto-merge": it is merged as soon as a check, a status or a review makes it possible.
func (p *Pull) ArmAutoMerge(by *User) error {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	switch {
	case p.state != "open":
		return errors.New("enable auto-merge: the pull request is closed")
	case !p.repo.can(by, "write"):
		return errors.New("enable auto-merge: write access is needed")
	}
	p.armed = by
	p.emit("auto_merge_enabled", by, nil)
	return nil
}

func (p *Pull) autoMergeJSON() any {
	if p.armed == nil || p.state != "open" {
		return nil
	}
	return obj{"enabled_by": p.g.userJSON(p.armed), "merge_method": "merge", "commit_title": p.title, "commit_message": ""}
}

// SetStatus sets a commit status, as a person with a token does.
func (r *Repo) SetStatus(by *User, rev, context, state string) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	sha := r.git.resolve(rev)
	if sha == "" || !r.can(by, "write") || !strings.Contains(" success pending failure error ", " "+state+" ") {
		return fmt.Errorf("set the status %s of %s to %s: no such commit, no write access, or no such state", context, rev, state)
	}
	r.addStatus(&status{ID: r.g.id(), sha: sha, context: context, state: state, creator: by, created: r.g.now()})
	return nil
}
