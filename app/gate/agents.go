package gate

import (
	"slices"
	"sort"
	"strings"
)

// A codingAgent is how one tool shows that it took part. Every mark can be left out or forged by the author of the change, so marks
// only ever add requirements; they are never proof of the opposite.
type codingAgent struct {
	name     string
	logins   []string // accounts, lower case, without "[bot]"
	emails   []string // of commits and co-author trailers, lower case
	branches []string // prefixes of the head branch
	body     []string // in the pull request's text or a commit message, lower case
	labels   []string // lower case
}

// codingAgents is sorted by name.
var codingAgents = []codingAgent{
	{name: "Aider", emails: []string{"aider@aider.chat", "noreply@aider.chat"}},
	{name: "Amp", logins: []string{"amp-agent"}, emails: []string{"amp@ampcode.com"}, body: []string{"amp-thread-id:", "ampcode.com/threads/"}},
	{name: "Claude Code", logins: []string{"claude", "claude-code", "anthropic-claude"}, emails: []string{"noreply@anthropic.com"},
		branches: []string{"claude/"}, body: []string{"generated with [claude code]", "generated with claude code"}, labels: []string{"claude", "claude-code"}},
	{name: "Codex", logins: []string{"chatgpt-codex-connector", "codex", "openai-codex"}, emails: []string{"codex@openai.com", "noreply@openai.com"},
		branches: []string{"codex/"}, body: []string{"chatgpt.com/codex/", "chatgpt.com/s/cd_"}, labels: []string{"codex"}},
	{name: "Copilot", logins: []string{"copilot-swe-agent", "copilot"}, emails: []string{"copilot@github.com"}, branches: []string{"copilot/"}, labels: []string{"copilot"}},
	{name: "Cursor", logins: []string{"cursor", "cursoragent", "cursor-agent"}, emails: []string{"cursoragent@cursor.com"},
		branches: []string{"cursor/"}, body: []string{"cursor.com/background-agent", "cursor.com/agents"}},
	{name: "Devin", logins: []string{"devin-ai-integration", "devin-ai"}, branches: []string{"devin/"}, body: []string{"app.devin.ai/sessions/"}, labels: []string{"devin"}},
	{name: "Factory Droid", logins: []string{"factory-droid"}, branches: []string{"droid/"}},
	{name: "Gemini", logins: []string{"gemini-cli", "gemini-code-assist", "gemini-cli-robot"}, emails: []string{"gemini-cli@google.com"}, branches: []string{"gemini/"}},
	{name: "Jules", logins: []string{"google-labs-jules"}, branches: []string{"jules/"}, body: []string{"jules.google.com/"}, labels: []string{"jules"}},
	{name: "Junie", logins: []string{"jetbrains-junie", "junie-jetbrains"}, emails: []string{"junie@jetbrains.com"}, branches: []string{"junie/", "junie-"}},
	{name: "opencode", logins: []string{"opencode-agent", "opencode"}, emails: []string{"noreply@opencode.ai"}, branches: []string{"opencode/"}},
	{name: "OpenHands", logins: []string{"openhands-agent", "openhands-ai"}, emails: []string{"openhands@all-hands.dev"}, branches: []string{"openhands/", "openhands-fix-"}},
	{name: "Sweep", logins: []string{"sweep-ai", "sweep-nightly"}, branches: []string{"sweep/"}},
	{name: "Windsurf", logins: []string{"windsurf-bot"}, emails: []string{"cascade@windsurf.com"}, branches: []string{"windsurf/"}},
}

// disclosures are trailers by which people say that some agent helped.
var disclosures = []string{"assisted-by", "generated-by", "ai-assisted-by"}

// dependencyBots are Apps that nobody sets to work by describing a change: their pull requests are no agent's. By numeric id, because
// a login can be taken again.
var dependencyBots = map[int64]bool{
	49699333: true, // dependabot[bot]
	29139614: true, // renovate[bot]
}

// maxMarks bounds the evidence that is kept; the requirement does not grow with it.
const maxMarks = 20

// agentMarks lists the evidence that an agent took part, sorted and without doubles.
func agentMarks(p *Policy, f *Facts, isAgent func(Person) (string, bool)) []AgentMark {
	seen := map[AgentMark]bool{}
	mark := func(agent, evidence string) { seen[AgentMark{agent, evidence}] = true }
	account := func(who Person, did string) {
		if name, ok := isAgent(who); ok {
			mark(name, "@"+who.Login+" "+did)
		} else if who.Type == "Bot" && !dependencyBots[who.ID] && did == "opened the pull request" {
			mark(who.Login, "the bot account @"+who.Login+" "+did)
		}
	}
	app := func(slug string) {
		if slug == "" {
			return
		}
		if name, ok := isAgent(Person{Login: slug}); ok {
			mark(name, "the pull request was opened through the App "+slug)
		}
	}
	account(f.Author, "opened the pull request")
	app(f.ViaApp)
	for _, s := range f.Siblings {
		account(s.Author, "opened the pull request")
		app(s.ViaApp)
		for _, who := range s.Pushers {
			account(who, "pushed to the branch")
		}
	}
	for _, who := range f.Pushers {
		account(who, "pushed to the branch")
	}
	for i := range f.Commits {
		c := &f.Commits[i]
		if c.cleanMerge() {
			continue
		}
		for _, who := range c.people() {
			account(who, "is an author of commit "+short(c.SHA))
		}
		emails := []string{c.AuthorEmail, c.CommitterEmail}
		for _, t := range trailers(c.Message) {
			if t.key == "co-authored-by" {
				emails = append(emails, t.email())
				if who, ok := noreply(t.email()); ok {
					account(who, "is a co-author of commit "+short(c.SHA))
				}
			}
			if slices.Contains(disclosures, t.key) {
				mark("an agent", "commit "+short(c.SHA)+" has a trailer "+t.key)
			}
		}
		text := strings.ToLower(c.Message)
		for _, a := range codingAgents {
			for _, e := range emails {
				if slices.Contains(a.emails, strings.ToLower(e)) {
					mark(a.name, "commit "+short(c.SHA)+" names "+strings.ToLower(e))
				}
			}
			for _, b := range a.body {
				if strings.Contains(text, b) {
					mark(a.name, "the message of commit "+short(c.SHA)+` says "`+b+`"`)
				}
			}
		}
	}
	said := func(title, body, ref string, labels []string) {
		text, branch := strings.ToLower(title+"\n"+body), strings.ToLower(ref)
		for _, t := range trailers(body) {
			if slices.Contains(disclosures, t.key) {
				mark("an agent", "the description has a line "+t.key)
			}
		}
		for _, a := range codingAgents {
			for _, prefix := range a.branches {
				if strings.HasPrefix(branch, prefix) {
					mark(a.name, `the branch name begins with "`+prefix+`"`)
				}
			}
			for _, b := range a.body {
				if strings.Contains(text, b) {
					mark(a.name, `the description says "`+b+`"`)
				}
			}
			for _, l := range labels {
				if slices.Contains(a.labels, strings.ToLower(l)) {
					mark(a.name, `the label "`+strings.ToLower(l)+`" is set`)
				}
			}
		}
	}
	said(f.Title, f.Body, f.HeadRef, f.Labels)
	for _, s := range f.Siblings {
		said(s.Title, s.Body, s.HeadRef, s.Labels)
	}
	out := make([]AgentMark, 0, len(seen))
	for m := range seen {
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Agent < out[j].Agent || out[i].Agent == out[j].Agent && out[i].Evidence < out[j].Evidence
	})
	return out[:min(len(out), maxMarks)]
}

// agentName gives the tool behind an account of the built-in table.
func agentName(login string) (string, bool) {
	login = strings.TrimSuffix(fold(login), "[bot]")
	for _, a := range codingAgents {
		if slices.Contains(a.logins, login) {
			return a.name, true
		}
	}
	return "", false
}

// agentEmail says whether an e-mail address is one that a tool writes into trailers.
func agentEmail(email string) bool {
	for _, a := range codingAgents {
		if slices.Contains(a.emails, strings.ToLower(email)) {
			return true
		}
	}
	return false
}

// disclosed waits for the text of the change to say that an agent helped, where the policy asks for that and there is evidence of one. What an
// agent's own account opened says it by itself.
func (d *decider) disclosed() {
	f := d.f
	if !d.p.Agents.Disclosure || len(d.in.marks) == 0 || f.Author.Type == "Bot" || discloses(f.Body) {
		return
	}
	// The built-in table: what a policy calls an agent must not lift this.
	if _, agent := agentName(f.Author.Login); agent || slices.ContainsFunc(f.Commits, func(c Commit) bool { return discloses(c.Message) }) {
		return
	}
	m := d.in.marks[0]
	d.waits = append(d.waits, "Needs the description to say which agent helped")
	d.next = append(d.next, `Add the line "Assisted-by: NAME OF THE TOOL" to the description: an agent took part (`+cut(m.Evidence, 100)+`), and the policy asks for that to be said.`)
}

// discloses says whether a text names an agent as what helped: by a trailer, or in the words that a tool puts there.
func discloses(text string) bool {
	for _, t := range trailers(text) {
		if slices.Contains(disclosures, t.key) && t.value != "" || t.key == "co-authored-by" && agentEmail(t.email()) {
			return true
		}
		if who, ok := noreply(t.email()); ok && t.key == "co-authored-by" {
			if _, agent := agentName(who.Login); agent {
				return true
			}
		}
	}
	lower := strings.ToLower(text)
	return slices.ContainsFunc(codingAgents, func(a codingAgent) bool {
		return slices.ContainsFunc(a.body, func(mark string) bool { return strings.Contains(lower, mark) })
	})
}
