package doctor_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/doctor"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// TestSelfTest breaks one thing after the other, and looks for the step that says so.
func TestSelfTest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer int // of the receiver; 0: nobody is there
		change func(o *githubtest.AppOptions, g *github.Options)
		public string
		want   string
	}{
		"well":            {202, nil, "", "ok       delivery      a ping that GitHub sent just now arrived"},
		"another secret":  {401, nil, "", "wrong    delivery      a ping that GitHub sent just now arrived, and was not signed with the server's webhook secret"},
		"something else":  {404, nil, "", "was answered 404: something else listens"},
		"a broken server": {503, nil, "", "was answered 503"},
		"nobody":          {0, nil, "", "wrong    delivery      a ping that GitHub sent just now did not arrive"},
		"another address": {202, nil, "https://gate.example.com", "wrong    webhook       webhooks go to http://"},
		"a permission":    {202, func(o *githubtest.AppOptions, _ *github.Options) { delete(o.Permissions, "members") }, "", "wrong    permissions   the App does not ask for Members: read"},
		"too much":        {202, func(o *githubtest.AppOptions, _ *github.Options) { o.Permissions["contents"] = "write" }, "", "wrong    permissions   the App asks for more than it ever needs: Contents: write"},
		"an event":        {202, func(o *githubtest.AppOptions, _ *github.Options) { o.Events = []string{"push"} }, "", "wrong    events        the App is not told of: "},
		"another number":  {202, func(_ *githubtest.AppOptions, g *github.Options) { g.AppID = 1 }, "", "wrong    credentials   GitHub does not take"},
		"a clock ahead": {202, func(_ *githubtest.AppOptions, g *github.Options) {
			g.Now = func() time.Time { return time.Now().Add(45 * time.Second) }
		}, "", "wrong    clock         this machine's clock is 4"},
		"a clock behind": {202, func(_ *githubtest.AppOptions, g *github.Options) {
			g.Now = func() time.Time { return time.Now().Add(-45 * time.Second) }
		}, "", "behind GitHub's"},
		"GitHub is absent": {202, func(_ *githubtest.AppOptions, g *github.Options) { g.APIURL = "http://127.0.0.1:1" }, "", "unknown  credentials"},
		"not installed":    {202, nil, "", "wrong    installation  the App is not installed anywhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := githubtest.Start(t, githubtest.Options{})
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.answer) }))
			address := receiver.URL
			if c.answer == 0 {
				receiver.Close()
			}
			t.Cleanup(receiver.Close)
			o := githubtest.AppOptions{Slug: "reviewgate", Owner: hub.Org("acme"), WebhookURL: address + "/webhook", Permissions: github.Permissions(github.ManifestOptions{}), Events: github.Events(github.ManifestOptions{})}
			g := github.Options{APIURL: hub.APIURL(), WebURL: hub.URL(), Pace: &github.Pace{}}
			if c.change != nil {
				c.change(&o, &g)
			}
			app, err := hub.NewApp(o)
			if err != nil {
				t.Fatal(err)
			}
			app.Ping()
			if err := hub.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if g.AppID == 0 {
				g.AppID = app.ID
			}
			g.PrivateKey = app.PrivateKeyPEM()
			ours, err := github.New(g)
			if err != nil {
				t.Fatal(err)
			}
			if c.public == "" {
				c.public = address
			}
			var out bytes.Buffer
			if err := doctor.WriteSteps(&out, doctor.SelfTest(t.Context(), ours, c.public)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("no %q in\n%s", c.want, out.String())
			}
		})
	}
}
