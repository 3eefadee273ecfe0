package gate

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// roleOrder ranks the roles.
var roleOrder = map[Role]int{RoleNone: 0, RoleRead: 1, RoleTriage: 2, RoleWrite: 3, RoleMaintain: 4, RoleAdmin: 5}

// AtLeast compares roles. An unknown role is none.
func (r Role) AtLeast(min Role) bool { return roleOrder[r] >= roleOrder[min] }

// cleanMerge adds nobody (helping does not disqualify). Two parents exactly: an octopus is never what "Update branch" makes.
func (c *Commit) cleanMerge() bool { return c.CleanMerge && len(c.Parents) == 2 }

// people lists the accounts behind a commit, as far as GitHub knows them.
func (c *Commit) people() []Person {
	var out []Person
	if c.Author != nil {
		out = append(out, *c.Author)
	}
	if c.Committer != nil {
		out = append(out, *c.Committer)
	}
	return append(out, c.CoAuthors...)
}

// involved is what people.go finds out: who took part in the change and how far that is known.
type involved struct {
	ids          map[int64]int  // account id -> index in list
	logins       map[string]int // folded login -> index in list
	list         []Disqualified
	reaches      []reach          // of list, while it grows
	reach        map[Person]reach // of list, once it is whole
	agents       map[string]bool  // folded logins that the policy calls agents
	marks        []AgentMark
	unattributed []string // why somebody behind the change is not known: "commit 1a2b3c4 has an author without an account"
	unsponsored  bool     // an agent opened it and nobody is known to have set it to work
}

// reach is how far somebody took part: in all of the change, or in some paths only.
type reach struct {
	all   bool
	paths map[string]bool // folded
}

// maxReasons bounds the reasons that are kept for one person.
const maxReasons = 3

func involve(p *Policy, f *Facts) *involved {
	in := &involved{ids: map[int64]int{}, logins: map[string]int{}, agents: map[string]bool{}}
	for _, login := range p.Agents.Accounts {
		in.agents[fold(login)] = true
	}
	in.opened(p, f, "the pull request", f.Author, f.Requested)
	for _, s := range f.Siblings {
		in.opened(p, f, fmt.Sprintf("#%d, which has the same head", s.Number), s.Author, s.Requested)
		for _, who := range s.Pushers {
			in.add(who, fmt.Sprintf("pushed to the branch of #%d, which has the same head", s.Number))
		}
	}
	for _, who := range f.Pushers {
		in.add(who, "pushed to the branch", f.Pushed[who.ID]...)
	}
	for i := range f.Commits {
		in.commit(&f.Commits[i])
	}
	for _, sponsors := range []map[string]string{p.Agents.Sponsors, p.Agents.RepoSponsors} {
		for _, agent := range sortedKeys(sponsors) {
			if in.tookPart(agent) {
				in.add(resolve(f, sponsors[agent]), "is the sponsor of the agent @"+agent)
			}
		}
	}
	in.marks = agentMarks(p, f, in.agent)
	in.called(f)
	if len(f.Commits) > 0 && (f.Author.ID == 0 || slices.ContainsFunc(f.Siblings, func(s Sibling) bool { return s.Author.ID == 0 })) {
		in.unattributed = append(in.unattributed, "the account that opened the pull request is gone")
	}
	in.reach = map[Person]reach{}
	for i, d := range in.list {
		in.reach[d.Person] = in.reaches[i]
	}
	sort.Slice(in.list, func(i, j int) bool {
		a, b := in.list[i].Person, in.list[j].Person
		return fold(a.Login) < fold(b.Login) || fold(a.Login) == fold(b.Login) && a.ID < b.ID
	})
	in.index()
	return in
}

// called takes in who called an agent that took part, before a push: who asks for a change does not approve it. A word of thanks after the last push
// costs nothing.
func (in *involved) called(f *Facts) {
	for i := range f.Mentions {
		m := &f.Mentions[i]
		if m.Head == f.Head || in.human(m.By) != "" {
			continue
		}
		for _, login := range m.Logins {
			name, ok := in.agent(Person{Login: login})
			if ok && slices.ContainsFunc(in.marks, func(mark AgentMark) bool { return mark.Agent == name || fold(mark.Agent) == fold(login) }) {
				in.add(m.By, "called the agent @"+login+" before a push")
			}
		}
	}
}

// index points ids and logins at the sorted list.
func (in *involved) index() {
	clear(in.ids)
	clear(in.logins)
	for i, d := range in.list {
		if d.Person.ID != 0 {
			in.ids[d.Person.ID] = i
		}
		if d.Person.Login != "" {
			in.logins[fold(d.Person.Login)] = i
		}
	}
}

// opened takes in the author of a pull request and, if that is a machine, whoever set it to work.
func (in *involved) opened(p *Policy, f *Facts, what string, author Person, requested []Person) {
	in.add(author, "opened "+what)
	humanFound := false
	for _, who := range requested {
		in.add(who, "set an agent to work here")
		humanFound = humanFound || in.human(who) == ""
	}
	if author.ID == 0 || in.human(author) == "" || dependencyBots[author.ID] {
		return // a human answers for it; without an account it is unattributed anyway
	}
	login := fold(author.Login)
	for agent, human := range p.Agents.Sponsors {
		if a := fold(agent); a == login || a+"[bot]" == login {
			humanFound = humanFound || in.human(resolve(f, human)) == ""
		}
	}
	in.unsponsored = in.unsponsored || !humanFound
}

func (in *involved) commit(c *Commit) {
	if c.cleanMerge() {
		return
	}
	sha := short(c.SHA)
	side := func(who *Person, email, what string) {
		if who != nil && (who.ID != 0 || who.Login != "") {
			in.add(*who, "is "+what+" of commit "+sha, c.Paths...)
		}
		if by, ok := noreply(email); ok && (who == nil || who.ID != by.ID) {
			in.add(by, "is "+what+" of commit "+sha+" (by its e-mail address)", c.Paths...)
		}
		if who == nil || who.ID == 0 {
			in.unattributed = append(in.unattributed, "commit "+sha+" has "+what+" without an account")
		}
	}
	side(c.Author, c.AuthorEmail, "an author")
	side(c.Committer, c.CommitterEmail, "the committer")
	resolved := 0
	for _, who := range c.CoAuthors {
		if who.ID == 0 {
			in.unattributed = append(in.unattributed, "commit "+sha+" has a co-author without an account")
		}
		in.add(who, "is a co-author of commit "+sha, c.Paths...)
		if who.ID != 0 && !same(c.Author, who) && !same(c.Committer, who) {
			resolved++
		}
	}
	// The trailers name addresses, CoAuthors the accounts that some of them belong to. What is left over is somebody unknown.
	open := map[string]bool{}
	for _, t := range trailers(c.Message) {
		if t.key != "co-authored-by" {
			continue
		}
		email := strings.ToLower(t.email())
		if by, ok := noreply(email); ok {
			in.add(by, "is a co-author of commit "+sha, c.Paths...)
			if slices.ContainsFunc(c.CoAuthors, func(who Person) bool { return by.ID != 0 && by.ID == who.ID || fold(by.Login) == fold(who.Login) }) && resolved > 0 {
				resolved--
			}
			continue
		}
		own := strings.EqualFold(email, c.AuthorEmail) || strings.EqualFold(email, c.CommitterEmail)
		if !own && !agentEmail(email) {
			open[email] = true
		}
	}
	if len(open) > resolved {
		in.unattributed = append(in.unattributed, "commit "+sha+" names a co-author without an account")
	}
}

func same(a *Person, b Person) bool { return a != nil && a.ID != 0 && a.ID == b.ID }

// add notes that somebody took part, in the paths or, without any, in all of the change.
func (in *involved) add(who Person, because string, paths ...string) {
	if who.ID == 0 && who.Login == "" {
		return
	}
	i, ok := -1, false
	if who.ID != 0 {
		i, ok = lookup(in.ids, who.ID)
	}
	// A login alone is enough to be held against somebody, but two ids are two people.
	if !ok && who.Login != "" {
		if j, known := in.logins[fold(who.Login)]; known && (who.ID == 0 || in.list[j].Person.ID == 0) {
			i, ok = j, true
		}
	}
	if !ok {
		i = len(in.list)
		in.list = append(in.list, Disqualified{Person: who})
		in.reaches = append(in.reaches, reach{paths: map[string]bool{}})
	}
	in.reaches[i].all = in.reaches[i].all || len(paths) == 0
	for _, path := range paths {
		in.reaches[i].paths[fold(path)] = true
	}
	d := &in.list[i]
	if d.Person.ID == 0 && who.ID != 0 {
		d.Person = who
	}
	if who.ID != 0 {
		in.ids[who.ID] = i
	}
	if who.Login != "" {
		in.logins[fold(who.Login)] = i
	}
	if len(d.Because) < maxReasons && !slices.Contains(d.Because, because) {
		d.Because = append(d.Because, because)
	}
}

func lookup[K comparable](m map[K]int, k K) (int, bool) {
	i, ok := m[k]
	return i, ok
}

// why says why the person cannot approve this change; empty if nothing is known against them.
func (in *involved) why(who Person) string {
	if i, ok := in.ids[who.ID]; ok && who.ID != 0 {
		return strings.Join(in.list[i].Because, ", ")
	}
	if i, ok := in.logins[fold(who.Login)]; ok && who.Login != "" && in.list[i].Person.ID == 0 {
		return strings.Join(in.list[i].Because, ", ")
	}
	return ""
}

// apart says whether somebody who took part did so in other files than the duty's.
func (in *involved) apart(who Person, c *cover, d *duty) bool {
	r, ok := in.reach[who]
	if !ok || r.all || len(r.paths) == 0 {
		return false
	}
	// What somebody wrote may have been moved since: then its old place is no part of the change, or its content is in two places.
	// Or that place is gone, and any new file may have it.
	found, blobs, gone := map[string]bool{}, map[string]bool{}, false
	for i := range c.files {
		f := &c.files[i]
		if name := fold(f.Path); r.paths[name] {
			found[name] = true
			blobs[f.Blob] = true
			gone = gone || f.Mode == 0
		}
	}
	if len(found) < len(r.paths) {
		return false
	}
	for _, i := range d.files {
		if f := &c.files[i]; r.paths[fold(f.Path)] || f.Blob != "" && blobs[f.Blob] || gone && f.OldMode == 0 {
			return false
		}
	}
	return true
}

// agent names the tool behind an account, by policy or by the built-in table.
func (in *involved) agent(who Person) (string, bool) {
	if who.Login == "" {
		return "", false
	}
	login := fold(who.Login)
	if in.agents[login] || in.agents[strings.TrimSuffix(login, "[bot]")] {
		return who.Login, true
	}
	// An account of type User with an agent's name may be a person who was there first; but it is not worth the risk to ask.
	return agentName(who.Login)
}

// tookPart says whether the agent's account is among those behind the change.
func (in *involved) tookPart(agent string) bool {
	a := strings.TrimSuffix(fold(agent), "[bot]")
	for login := range in.logins {
		if strings.TrimSuffix(login, "[bot]") == a {
			return true
		}
	}
	return false
}

// human says what keeps an account from being a person whose word counts (invariant I5); empty if it is one.
func (in *involved) human(who Person) string {
	if why := accountKind(who); why != "" {
		return why
	}
	if name, ok := in.agent(who); ok {
		return "is an agent's account (" + name + ")"
	}
	return ""
}

// accountKind says what keeps an account from being one of a person, by what GitHub says alone.
func accountKind(who Person) string {
	switch {
	case who.ID == 0:
		return "is an account that no longer exists or is not known"
	case who.Type == "Bot" || strings.HasSuffix(who.Login, "[bot]"):
		return "is a bot"
	case who.Type != "User":
		return "is not a person's account but of type " + strings.ToLower(orUnknown(who.Type))
	}
	return ""
}

// eligible says what keeps a person from approving this change; empty if nothing does.
func (in *involved) eligible(f *Facts, who Person) string {
	if why := in.human(who); why != "" {
		return why
	}
	if why := in.why(who); why != "" {
		return why
	}
	if !f.People.Roles[who.ID].AtLeast(RoleWrite) {
		return noWrite
	}
	return ""
}

const noWrite = "has no write access"

// resolve gives the account of a login that the policy names; without an id if GitHub knows none.
func resolve(f *Facts, login string) Person {
	if who, ok := f.People.Users[strings.ToLower(login)]; ok {
		return who
	}
	return Person{Login: login}
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func short(sha string) string { return sha[:min(len(sha), 7)] }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
