package model

import (
	"fmt"
	"slices"
	"strings"
)

// Story writes what happened to one pull request as a pull file of `policy simulate`. What such a file has no words for is left out, with a
// comment, and exact is false: the merge queue, and a dismissal of anything but somebody's latest review.
func (w *World) Story(number int) (text string, exact bool) {
	s := &story{w: w, p: w.Pull(number), known: map[string]bool{}, said: map[*Review]bool{}, exact: true}
	if s.p == nil {
		return "", false
	}
	s.line("version: 1")
	s.line("author: %q", s.p.Author.Login)
	var people []string
	for i, u := range Cast {
		people = append(people, fmt.Sprintf("%q: {role: %s, id: %d}", u.Login, u.Role, i+1))
	}
	begin := NewWorld(w.History)
	people = append(people, fmt.Sprintf("%s: {role: admin, id: 99}", narrator))
	s.line("people: {%s}", strings.Join(people, ", "))
	var teams []string
	for _, t := range begin.Teams {
		teams = append(teams, fmt.Sprintf("%s: {id: %d, members: [%s]}", t.Name, t.ID, quoted(begin.logins(t))))
	}
	s.line("teams: {%s}", strings.Join(teams, ", "))
	root := begin.Tip(Default)
	s.root = root.ID
	s.known[root.ID] = true
	s.line("files: {%s}", files(Tree{}, root.Tree))
	s.line("branches: {release/1: {}, play: {}}")
	s.events()
	return s.text.String(), s.exact
}

type story struct {
	w     *World
	p     *Pull
	root  string
	known map[string]bool // commits that the file has told of
	open  bool
	twins map[int]bool
	said  map[*Review]bool
	text  strings.Builder
	exact bool
}

// narrator pushes what was there before the pull request was opened: nobody who takes part in it.
const narrator = "narrator"

func (s *story) line(format string, args ...any) { fmt.Fprintf(&s.text, format+"\n", args...) }

func (s *story) event(h Told, format string, args ...any) {
	lost := ""
	if h.Lost {
		lost = "lost: true, "
	}
	if h.Review != nil && h.Review.Hasty && h.Action == "submitted" {
		lost += "after: 30s, "
	}
	s.line("  - {%s%s}", lost, fmt.Sprintf(format, args...))
}

// files writes what a tree has on top of another.
func files(from, to Tree) string {
	var out []string
	for _, path := range Differ(from, to) {
		switch f, there := to[path]; {
		case !there:
			out = append(out, fmt.Sprintf("%q: null", path))
		default:
			mode := map[uint32]string{Plain: "file", Executable: "executable", Link: "symlink", Submodule: "submodule"}[f.Mode]
			out = append(out, fmt.Sprintf("%q: {mode: %s, content: %q}", path, mode, f.Text))
		}
	}
	return strings.Join(out, ", ")
}

// commits writes those up to a commit that are not told of yet.
func (s *story) commits(to string) string {
	var out []string
	for _, c := range s.w.Between(s.root, to) {
		if s.known[c.ID] {
			continue
		}
		s.known[c.ID] = true
		from := s.w.Commits[c.Parents[0]].Tree
		if len(c.Parents) == 2 {
			if merged, ok := s.w.Merge(c.Parents[0], c.Parents[1]); ok {
				from = merged
			}
		}
		var parents []string
		for _, p := range c.Parents {
			if p == s.root {
				p = Default + "-0"
			} else {
				p = "c" + p
			}
			parents = append(parents, p)
		}
		who := func(u *User) string {
			if u == nil {
				return "-"
			}
			return u.Login
		}
		more := ""
		if c.CoAuthor != nil && !c.Private {
			more = fmt.Sprintf(", co_authors: [%q]", c.CoAuthor.Login)
		}
		if f := files(from, c.Tree); f != "" {
			more += ", files: {" + f + "}"
		}
		flaw := ""
		base := s.w.Commits[s.w.MergeBase(s.w.Branches[s.p.Base], c.ID)].Tree
		for _, path := range Differ(base, c.Tree) {
			if strings.Contains(c.Tree[path].Text, "FLAW") && !strings.Contains(base[path].Text, "FLAW") {
				flaw = fmt.Sprintf("findings: [{rule: flaw, path: %q, line: 1, message: a flaw}]", path)
			}
		}
		out = append(out, fmt.Sprintf("{sha: c%s, parents: [%s], author: %q, committer: %q, message: %q%s, scan: {%s}}", c.ID, strings.Join(parents, ", "), who(c.Author), who(c.Committer), c.Message, more, flaw))
	}
	return strings.Join(out, ", ")
}

// events writes down what happened, from the opening on; what came before it is in the branches then, and is told as pushes.
func (s *story) events() {
	opened := slices.IndexFunc(s.w.Told, func(h Told) bool { return h.Kind == "pull" && h.Number == s.p.Number && h.Action == "opened" })
	s.line("base: %s", Default)
	s.line("draft: true") // what came before it is told first, while nothing is decided
	s.line("commits: [{sha: before, files: {}, scan: {}}]")
	s.line("events:")
	s.twins = map[int]bool{}
	for i, h := range s.w.Told {
		switch {
		case i == opened:
			s.head(h, narrator, h.Head)
			if h.BaseRef != Default {
				s.event(h, "retarget: {by: %s, base: %s}", narrator, h.BaseRef)
			}
			s.event(h, "draft: %v", h.Draft)
			s.open = true
		case h.Kind == "push" && h.Tip != "":
			s.push(h)
		case h.Event != "" && (h.Number == 0 || s.open && h.Number == s.p.Number):
			s.event(h, "%s", h.Event)
		case s.open && (h.Number == s.p.Number || s.twins[h.Number]):
			s.own(h)
		case h.Kind == "group":
			s.exact = false
		}
		if s.open {
			s.share(h)
		}
	}
}

func (s *story) push(h Told) {
	commits := s.commits(h.Tip)
	if commits != "" {
		s.event(h, "push: {by: octocat, to: %s, commits: [%s]}", h.Branch, commits)
		return
	}
	s.event(h, "push: {by: octocat, to: %s, head: c%s}", h.Branch, h.Tip)
}

func (s *story) head(h Told, by, to string) {
	commits := s.commits(to)
	switch {
	case commits != "" && strings.Contains(commits[strings.LastIndex(commits, "{sha: "):], "{sha: c"+to+","):
		s.event(h, "push: {by: %q, commits: [%s]}", by, commits)
	case to == s.root:
		s.event(h, "push: {by: %q, head: %s-0}", by, Default)
	default:
		if commits != "" {
			s.exact = false
		}
		s.event(h, "push: {by: %q, head: c%s}", by, to)
	}
}

// own tells what happened to the pull request itself, or to one that shares its head.
func (s *story) own(h Told) {
	by := "octocat"
	if h.Sender != nil {
		by = h.Sender.Login
	}
	other := h.Number != s.p.Number
	switch h.Kind + " " + h.Action {
	case "review submitted":
		if h.Again {
			return // GitHub says nothing new
		}
		s.said[h.Review] = true
		state := map[string]string{"APPROVED": "approve", "CHANGES_REQUESTED": "request_changes", "COMMENTED": "comment"}[h.Review.Given]
		s.event(h, "review: {by: %q, state: %s, commit: c%s}", by, state, h.Review.At)
	case "review dismissed":
		s.exact = false // perhaps not the latest
		if !s.said[h.Review] {
			return // it was given before the two had the same head
		}
		s.event(h, "dismiss: {by: %q, of: %q}", by, h.Review.By.Login)
	case "pull synchronize":
		if !other {
			s.head(h, by, h.After)
		}
	case "pull edited":
		if !other {
			s.event(h, "retarget: {by: %q, base: %s}", by, h.BaseRef)
		}
	case "pull closed", "pull reopened":
		if !other {
			s.event(h, "%s: {by: %q}", map[string]string{"closed": "close", "reopened": "reopen"}[h.Action], by)
		}
	case "pull converted_to_draft":
		if !other {
			s.event(h, "draft: %v", h.Draft)
		}
	case "pull assigned":
		s.event(h, "assign: {by: %q, agent: %q}", by, agentLogin)
	case "pull auto_merge_enabled":
	}
}

// share tells of pull requests that begin or cease to share head and base.
func (s *story) share(h Told) {
	mine, open := h.Heads[s.p.Number]
	for _, o := range s.w.Pulls {
		shares := open && o != s.p && h.Heads[o.Number] == mine
		if shares == s.twins[o.Number] {
			continue
		}
		s.twins[o.Number] = shares
		s.exact = false // its reviews and pushers came with it
		if shares {
			s.event(h, "other: {number: %d, author: %q}", o.Number, o.Author.Login)
		} else {
			s.event(h, "other: {number: %d, close: true}", o.Number)
		}
	}
}
