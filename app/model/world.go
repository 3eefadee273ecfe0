package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Modes of files, as git writes them.
const (
	Plain      uint32 = 0o100644
	Executable uint32 = 0o100755
	Link       uint32 = 0o120000
	Submodule  uint32 = 0o160000
)

// A File of a tree. The text is its identity, too.
type File struct {
	Mode uint32
	Text string
}

// A Tree holds the files of one commit by path.
type Tree map[string]File

// A User is an account.
type User struct {
	ID    int64
	Login string
	Type  string // "User", "Bot"
	Role  string // "none", "read", "triage", "write", "maintain", "admin"
	Gone  bool   // it was deleted: nothing on GitHub says any more who it was
}

// A Team and its members.
type Team struct {
	ID      int64
	Name    string // "acme/core"
	Members map[int64]bool
	Gone    bool
}

// A Commit knows who really made it. Author and Committer are nil where the e-mail address belongs to nobody.
type Commit struct {
	ID        string
	N         int // in the order of making: after its parents
	Parents   []string
	Tree      Tree
	Author    *User
	Committer *User
	CoAuthor  *User // by a trailer
	Private   bool  // the trailer has GitHub's private address, which names the account
	Message   string
}

// A Review of a pull request. Shows is what GitHub says it was given for, Saw what the reviewer had before them.
type Review struct {
	ID          int64
	By          *User
	Given       string // "APPROVED", "CHANGES_REQUESTED", "COMMENTED"
	Shows       string
	At          string // the head when it was given
	Saw         string
	SawBase     string // the tip of the base then
	BaseRef     string
	DismissedBy *User
	Unheard     bool // its webhook was lost
	Hasty       bool // given right after a push
}

// State is what GitHub says of it now.
func (r *Review) State() string {
	if r.DismissedBy != nil {
		return "DISMISSED"
	}
	return r.Given
}

// A Pull is a pull request.
type Pull struct {
	Number  int
	Author  *User
	Branch  string
	Fork    bool
	Head    string
	Heads   []string // all that it ever had
	Base    string   // branch
	State   string   // "open", "closed", "merged"
	Draft   bool
	Marked  bool // its text says that a coding agent made it
	Armed   bool // GitHub merges it as soon as it may
	Queued  bool
	Reviews []*Review
	Pushers []*User // of the pushes whose webhooks arrived
	Unheard bool    // the webhook of a push was lost
	Set     []*User // who assigned an agent
}

// A Group is a merge group.
type Group struct {
	Head, Ref, Base, On string // On is the tip of Base that it stands on
	Numbers             []int
	Heads               []string // of the pull requests, as they were queued
	Squash              bool
	Tampered            bool
	Age                 int    // steps since it was built
	Over                string // "", "merged", "dropped"
}

// A Hook is one webhook.
type Hook struct {
	Kind          string // "pull", "review", "push", "people", "group", "floor"
	Number        int
	Action        string
	Before, After string // of a push to a pull request
	Sender        *User
	Review        *Review
	Shows         string // review.commit_id when it was sent
	Head          string // of the pull request when it was sent
	BaseRef, Base string
	Draft         bool
	Branch        string // that was pushed to
	Group         *Group
	Lost          bool   // it never arrives
	Again         bool   // it was sent before
	Event         string // as an event of a pull file, where the hook does not say it all
}

// World is GitHub with one repository, acme/shop, and the organisation's floor.
type World struct {
	Users    []*User
	Teams    []*Team
	Commits  map[string]*Commit
	Branches map[string]string
	Pulls    []*Pull
	Groups   []*Group
	Cut      bool   // GitHub leaves a commit out of its lists
	Floor    string // text of the floor; empty: there is none
	Checks   map[[2]string]string
	Hooks    []Hook
	Told     []Told // all hooks that there ever were, for the story
	Seen     *Seen
	// Mirror is told of every change to the repository as it is made; nil: nobody is.
	Mirror Mirror
	// Tell is called for every sentence of the story; nil: nobody listens.
	Tell func(format string, args ...any)
	// Merged is called before each merge that the check let through.
	Merged func(p *Pull, g *Group)

	History  *History
	policies map[string]*Policy
	owners   map[string][]Owner
	since    []config // what applied since the last moment of rest
	reviewID int64
	losing   bool // the webhooks of this step are lost
	lastPush int  // number of the pull request to which the last step pushed; 0: none
}

// Default is the default branch.
const Default = "main"

// NewWorld makes the world in which a history begins.
func NewWorld(h *History) *World {
	w := &World{Commits: map[string]*Commit{}, Branches: map[string]string{}, Checks: map[[2]string]string{}, Seen: NewSeen(), History: h,
		policies: map[string]*Policy{}, owners: map[string][]Owner{}, reviewID: 100}
	for i, u := range Cast {
		w.Users = append(w.Users, &User{ID: int64(i + 1), Login: u.Login, Type: u.Type, Role: u.Role})
	}
	w.Teams = []*Team{{ID: 11, Name: "acme/core", Members: map[int64]bool{2: true, 3: true, 4: true}}, {ID: 12, Name: "acme/security", Members: map[int64]bool{4: true, 5: true}}}
	for i := range h.Policies {
		w.policies[h.Policies[i].Text(false)] = &h.Policies[i]
		w.policies[h.Policies[i].Text(true)] = &h.Policies[i]
	}
	for i := range h.Owners {
		w.owners[ownersText(h.Owners[i])] = h.Owners[i]
	}
	if h.Floor >= 0 {
		w.Floor = h.Policies[h.Floor%len(h.Policies)].Text(true)
	}
	tree := Tree{}
	for _, p := range startPaths {
		tree[p] = File{Plain, "begin"}
	}
	tree[PolicyPath] = File{Plain, h.Policies[0].Text(false)}
	if len(h.Owners) > 0 {
		tree[OwnersPath] = File{Plain, ownersText(h.Owners[0])}
	}
	octocat := w.Users[0]
	root := w.commit(octocat, octocat, tree, "begin")
	for _, b := range []string{Default, "release/1", "play"} {
		w.Branches[b] = root.ID
	}
	w.Rest()
	return w
}

// PolicyPath and OwnersPath are where the repository keeps its policy and its code owners.
const (
	PolicyPath = ".github/reviewgate.yml"
	OwnersPath = "CODEOWNERS"
)

func (w *World) say(format string, args ...any) {
	if w.Tell != nil {
		w.Tell(format, args...)
	}
}

func (w *World) commit(author, committer *User, tree Tree, message string, parents ...string) *Commit {
	c := &Commit{ID: fmt.Sprintf("%07x", 0xc0000+len(w.Commits)), N: len(w.Commits), Parents: parents, Tree: tree, Author: author, Committer: committer, Message: message}
	w.Commits[c.ID] = c
	return c
}

// Tip is the commit of a branch.
func (w *World) Tip(branch string) *Commit { return w.Commits[w.Branches[branch]] }

// Pull finds a pull request.
func (w *World) Pull(number int) *Pull {
	if number < 1 || number > len(w.Pulls) {
		return nil
	}
	return w.Pulls[number-1]
}

// Reach is everything that is reachable from a commit, itself included.
func (w *World) Reach(id string) map[string]bool {
	seen := map[string]bool{}
	for todo := []string{id}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[at] {
			seen[at] = true
			todo = append(todo, w.Commits[at].Parents...)
		}
	}
	return seen
}

// MergeBase is the newest commit that both reach.
func (w *World) MergeBase(a, b string) string {
	of := w.Reach(a)
	best := ""
	for id := range w.Reach(b) {
		if of[id] && (best == "" || w.Commits[id].N > w.Commits[best].N) {
			best = id
		}
	}
	return best
}

// Between lists what head reaches and base does not, oldest first.
func (w *World) Between(base, head string) []*Commit {
	old := w.Reach(base)
	var out []*Commit
	for id := range w.Reach(head) {
		if !old[id] {
			out = append(out, w.Commits[id])
		}
	}
	slices.SortFunc(out, func(a, b *Commit) int { return cmp.Compare(a.N, b.N) })
	return out
}

// Merge computes the tree of a merge file by file; ok is false if both sides changed one.
func (w *World) Merge(a, b string) (out Tree, ok bool) {
	base, ours, theirs := w.Commits[w.MergeBase(a, b)].Tree, w.Commits[a].Tree, w.Commits[b].Tree
	out = maps.Clone(ours)
	for _, path := range Differ(base, theirs) {
		was, had := base[path]
		mine, have := ours[path]
		now, there := theirs[path]
		switch {
		case have == there && mine == now:
		case have != had || mine != was:
			return nil, false
		case there:
			out[path] = now
		default:
			delete(out, path)
		}
	}
	return out, true
}

// Clean says whether a commit is a merge of two that holds what git computes for them and nothing else.
func (w *World) Clean(c *Commit) bool {
	if len(c.Parents) != 2 {
		return false
	}
	tree, ok := w.Merge(c.Parents[0], c.Parents[1])
	return ok && maps.Equal(tree, c.Tree)
}

// Differ lists the paths that differ, sorted.
func Differ(a, b Tree) []string {
	var out []string
	for path, f := range a {
		if g, ok := b[path]; !ok || f != g {
			out = append(out, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// CheckName is the required check of a base branch; empty: none is required.
func CheckName(base string) string {
	switch base {
	case Default:
		return "reviewgate"
	case "release/1":
		return "reviewgate: release/1"
	}
	return ""
}

// Green says whether the pull request's required check is green.
func (w *World) Green(p *Pull) bool {
	name := CheckName(p.Base)
	return name != "" && w.Checks[[2]string{p.Head, name}] == "success"
}

// SetCheck sets a check run, and merges what waited for it.
func (w *World) SetCheck(head, name, says string) {
	w.Checks[[2]string{head, name}] = says
	if says != "success" {
		return
	}
	for _, p := range w.Pulls {
		if p.Head == head && p.Armed && w.Green(p) {
			w.merge(p, p.Author, false)
		}
	}
	for _, g := range w.Groups {
		w.land(g)
	}
}

// land puts a merge group whose check is green on its branch. Not at once: other checks run on it, too, and meanwhile things happen.
func (w *World) land(g *Group) {
	if g.Over != "" || g.Age < 2 || w.Checks[[2]string{g.Head, CheckName(g.Base)}] != "success" || w.Branches[g.Base] != g.On {
		return
	}
	if w.Merged != nil {
		w.Merged(nil, g)
	}
	w.Seen.Add("queue merge")
	g.Over = "merged"
	delete(w.Branches, g.Ref)
	w.move(g.Base, g.Head, w.Users[0])
	for _, n := range g.Numbers {
		w.Pull(n).State, w.Pull(n).Queued = "merged", false
		w.hook(Hook{Kind: "pull", Number: n, Action: "closed"})
	}
	w.say("the merge group of %v lands on %s as %s", g.Numbers, g.Base, g.Head)
	w.hook(Hook{Kind: "group", Group: g, Action: "merged"})
	w.drop(func(o *Group) bool { return o.Base == g.Base })
}

// drop gives up groups that wait.
func (w *World) drop(which func(*Group) bool) {
	for _, g := range w.Groups {
		if g.Over == "" && which(g) {
			g.Over = "dropped"
			delete(w.Branches, g.Ref)
			for _, n := range g.Numbers {
				w.Pull(n).Queued = false
			}
			w.hook(Hook{Kind: "group", Group: g, Action: "dropped"})
		}
	}
}

// merge merges a pull request if GitHub lets it.
func (w *World) merge(p *Pull, by *User, squash bool) bool {
	if p.State != "open" || p.Draft || CheckName(p.Base) != "" && !w.Green(p) || rank[by.Role] < rank["write"] && by != p.Author {
		return false
	}
	tree, ok := w.Merge(w.Branches[p.Base], p.Head)
	if !ok {
		return false
	}
	if w.Merged != nil && CheckName(p.Base) != "" {
		w.Merged(p, nil)
		w.Seen.Add("merge")
	}
	parents := []string{w.Branches[p.Base], p.Head}
	message := fmt.Sprintf("Merge pull request #%d from %s", p.Number, p.Branch)
	if squash {
		parents, message = parents[:1], fmt.Sprintf("Change (#%d)", p.Number)
	}
	c := w.commit(by, by, tree, message, parents...)
	p.State, p.Queued = "merged", false
	w.say("%s merges #%d as %s", by.Login, p.Number, c.ID)
	if w.Mirror != nil {
		w.Mirror.Merge(p, by, c)
	}
	w.move(p.Base, c.ID, by)
	w.hook(Hook{Kind: "pull", Number: p.Number, Action: "closed"})
	return true
}

// move moves a branch of the repository; whatever was queued on its old tip is built again.
func (w *World) move(branch, to string, by *User) {
	w.Branches[branch] = to
	w.hook(Hook{Kind: "push", Branch: branch, Sender: by})
	w.drop(func(g *Group) bool { return g.Base == branch && g.On != to })
}

func (w *World) hook(h Hook) {
	if h.Branch != "" || h.Kind == "floor" {
		w.since = append(w.since, w.config())
	}
	if p := w.Pull(h.Number); p != nil {
		h.Head, h.BaseRef, h.Base, h.Draft = p.Head, p.Base, w.Branches[p.Base], p.Draft
	}
	h.Lost = w.losing
	w.Hooks = append(w.Hooks, h)
	heads := map[int]string{}
	for _, p := range w.Pulls {
		if p.State == "open" {
			heads[p.Number] = p.Head + " " + p.Base
		}
	}
	w.Told = append(w.Told, Told{h, w.Branches[h.Branch], heads})
}

// Told is a hook, with what was so when it was sent.
type Told struct {
	Hook
	Tip   string         // of Branch
	Heads map[int]string // head and base of the open pull requests
}

var rank = map[string]int{"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}

// fold is what a file system that does not tell case apart makes of a path.
func fold(path string) string { return strings.ToLower(path) }

// A Mirror repeats what happens in another GitHub.
type Mirror interface {
	Merge(p *Pull, by *User, c *Commit)
}
