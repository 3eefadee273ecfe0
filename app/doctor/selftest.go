package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// Bounds of the self-test.
const (
	clockDrift = 30 * time.Second // GitHub refuses what is signed more than a minute ahead
	pingWait   = 20 * time.Second // GitHub gives a receiver ten
	pingLook   = time.Second      // between two looks at whether it has
	pingAge    = 3 * 24 * time.Hour
)

// A Step is one thing that the self-test of a server looked at.
type Step struct {
	Name   string `json:"name"`  // "webhook"
	State  string `json:"state"` // "ok", "wrong", or "unknown"
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}

// The states of a step.
const (
	OK       = "ok"
	Wrong    = "wrong"
	NotKnown = "unknown"
)

// SelfTest looks at the App from GitHub's side: whether it takes the credentials, what the App may do and is told, where webhooks go, and whether one
// that GitHub sends again arrives and is taken. publicURL is where people reach the server; "": not known. It changes nothing but that a ping comes twice.
func SelfTest(ctx context.Context, app *github.App, publicURL string) []Step {
	t := &selfTest{ctx: ctx, app: app, public: publicURL}
	if t.credentials() {
		t.webhook()
		t.ping()
	}
	return t.steps
}

type selfTest struct {
	ctx    context.Context
	app    *github.App
	public string
	steps  []Step
}

func (t *selfTest) say(name, state, says, remedy string) {
	t.steps = append(t.steps, Step{name, state, says, remedy})
}

// credentials says whether there is anything to go on with.
func (t *selfTest) credentials() bool {
	self, ahead, known, err := t.app.Self(t.ctx)
	defer t.clock(ahead, known)
	if err != nil {
		if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) {
			t.say("credentials", Wrong, "GitHub does not take the App's number and private key: "+err.Error(), "Compare app.id with the App's settings page, and generate a new private key there")
		} else {
			t.say("credentials", NotKnown, err.Error(), "See whether this machine reaches GitHub, and try again")
		}
		return false
	}
	t.say("credentials", OK, fmt.Sprintf("GitHub knows the App %s (%d) of %s by its private key", self.Slug, self.ID, self.Owner), "")
	t.permissions(self)
	if self.Count == 0 {
		t.say("installation", Wrong, "the App is not installed anywhere: nothing is judged", "Install it: "+self.URL+"/installations/new")
	} else {
		t.say("installation", OK, fmt.Sprintf("the App is installed on %d accounts", self.Count), "")
	}
	return true
}

func (t *selfTest) clock(ahead time.Duration, known bool) {
	switch {
	case !known:
		t.say("clock", NotKnown, "GitHub did not say what time it is", "")
	case ahead.Abs() <= clockDrift:
		t.say("clock", OK, "this machine's clock is within 30 seconds of GitHub's", "")
	case ahead > 0:
		t.say("clock", Wrong, fmt.Sprintf("this machine's clock is %s ahead of GitHub's, which refuses what is signed in its future", ahead), "Set the clock by NTP")
	default:
		t.say("clock", Wrong, fmt.Sprintf("this machine's clock is %s behind GitHub's, which refuses what has expired", -ahead), "Set the clock by NTP")
	}
}

func (t *selfTest) permissions(self github.Self) {
	const where = "App's settings, \"Permissions & events\""
	var lacks, excess, deaf []string
	want := github.Permissions(github.ManifestOptions{})
	for _, name := range sorted(want) {
		if have := self.Permissions[name]; have != want[name] && have != "write" && have != "admin" {
			lacks = append(lacks, title(name)+": "+want[name])
		}
	}
	for _, name := range tooMuch {
		if level := self.Permissions[name]; level == "write" || level == "admin" {
			excess = append(excess, title(name)+": "+level)
		}
	}
	for _, e := range github.Events(github.ManifestOptions{}) {
		if !slices.Contains(self.Events, e) && e != "check_run" && e != "check_suite" { // sent to every App with checks: write, and not listed everywhere
			deaf = append(deaf, e)
		}
	}
	switch {
	case len(lacks) > 0:
		t.say("permissions", Wrong, "the App does not ask for "+strings.Join(lacks, ", "), where+": add them; then the owners of its installations accept")
	case len(excess) > 0:
		t.say("permissions", Wrong, "the App asks for more than it ever needs: "+strings.Join(excess, ", "), where+": take it away")
	default:
		t.say("permissions", OK, "the App asks for what it needs, and for nothing with which it could push or merge", "")
	}
	if len(deaf) > 0 {
		t.say("events", Wrong, "the App is not told of: "+strings.Join(deaf, ", "), where+", \"Subscribe to events\": tick them")
	} else {
		t.say("events", OK, "the App is told of everything that it needs to know", "")
	}
}

func (t *selfTest) webhook() {
	const where = "App's settings, \"Webhook\""
	h, err := t.app.Hook(t.ctx)
	want := t.public + "/webhook"
	switch {
	case err != nil:
		t.say("webhook", NotKnown, err.Error(), "")
	case h.URL == "":
		t.say("webhook", Wrong, "the App has no webhook address: nothing that happens is heard of", where+": enter the server's address with /webhook, and tick \"Active\"")
	case h.Type != "json":
		t.say("webhook", Wrong, "webhooks are sent as "+h.Type+", and only JSON is taken", where+": choose application/json")
	case h.Insecure:
		t.say("webhook", Wrong, "GitHub does not check the certificate of "+h.URL, where+": enable SSL verification")
	case t.public != "" && h.URL != want:
		t.say("webhook", Wrong, fmt.Sprintf("webhooks go to %s, and public_url says %s", h.URL, want), where+": correct the one that is wrong")
	default:
		t.say("webhook", OK, "webhooks go to "+h.URL+" as JSON", "")
	}
}

// ping has the newest ping sent again, and waits for what the receiver answers. The server answers 202 only to what is signed with its secret.
func (t *selfTest) ping() {
	list, _, err := t.app.Attempts(t.ctx, time.Now().Add(-pingAge))
	if err != nil {
		t.say("delivery", NotKnown, err.Error(), "")
		return
	}
	at := slices.IndexFunc(list, func(a github.Attempt) bool { return a.Event == "ping" })
	if at < 0 {
		t.last(list)
		return
	}
	old, before := list[at], map[int64]bool{}
	for _, a := range list {
		before[a.ID] = true
	}
	if err := t.app.Redeliver(t.ctx, old.ID); err != nil {
		t.say("delivery", NotKnown, err.Error(), "")
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, pingWait)
	defer cancel()
	tick := time.NewTicker(pingLook)
	defer tick.Stop()
	for {
		if list, _, err := t.app.Attempts(ctx, old.At); err == nil {
			if i := slices.IndexFunc(list, func(a github.Attempt) bool {
				return a.GUID == old.GUID && a.ID != old.ID && a.Redelivery && a.ID > old.ID
			}); i >= 0 {
				t.answered("a ping that GitHub sent just now", list[i])
				return
			}
		}
		select {
		case <-ctx.Done():
			t.say("delivery", NotKnown, "GitHub's log does not show the ping that it was asked to send", "Look at App's settings, \"Advanced\", \"Recent Deliveries\"")
			return
		case <-tick.C:
		}
	}
}

// last judges by what was delivered last: pings older than three days cannot be sent again.
func (t *selfTest) last(list []github.Attempt) {
	if len(list) == 0 {
		t.say("delivery", NotKnown, "GitHub has delivered nothing within three days", "Open a pull request, or press \"Redeliver\" on App's settings, \"Advanced\"")
		return
	}
	t.answered(fmt.Sprintf("the last webhook (%s, %s)", list[0].Event, list[0].At.UTC().Format("2006-01-02 15:04")), list[0])
}

func (t *selfTest) answered(what string, a github.Attempt) {
	switch {
	case a.OK:
		t.say("delivery", OK, what+" arrived, and its signature is right", "")
	case a.Status == 0:
		t.say("delivery", Wrong, what+" did not arrive: GitHub got no answer", "See that the address is reachable from GitHub: name, firewall, certificate, proxy")
	case a.Status == 401:
		t.say("delivery", Wrong, what+" arrived, and was not signed with the server's webhook secret", "Write the same secret into app.webhook_secret_file and the App's settings, \"Webhook\"")
	case a.Status == 404 || a.Status == 405:
		t.say("delivery", Wrong, fmt.Sprintf("%s was answered %d: something else listens at that address", what, a.Status), "Have the proxy pass /webhook on to the server")
	default:
		t.say("delivery", Wrong, fmt.Sprintf("%s was answered %d", what, a.Status), "The server's log says why; a proxy in front of it may have answered")
	}
}

// WriteSteps writes the steps of a self-test, one below the other.
func WriteSteps(w io.Writer, steps []Step) error {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%-8s %-13s %s\n", s.State, s.Name, s.Says)
		if s.Remedy != "" {
			fmt.Fprintf(&b, "%22s fix  %s\n", "", s.Remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
