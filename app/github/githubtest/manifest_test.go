package githubtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// register sends a manifest to GitHub's page as a browser does, confirms it, and gives GitHub's answer.
func (w *world) register(path, manifest string) (page string, back *url.URL) {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(path string, form url.Values) *http.Response {
		resp, err := client.PostForm(w.URL()+path, form)
		w.must(err)
		return resp
	}
	resp := post(path+"?state=s1", url.Values{"manifest": {manifest}})
	text, err := io.ReadAll(resp.Body)
	w.must(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.Status + "\n" + string(text), nil
	}
	org := ""
	if parts := strings.Split(path, "/"); parts[1] == "organizations" {
		org = parts[2]
	}
	resp = post("/settings/apps/manifest", url.Values{"manifest": {manifest}, "state": {"s1"}, "owner": {org}, "name": {"my gate"}})
	resp.Body.Close()
	back, err = resp.Location()
	w.must(err)
	return string(text), back
}

const goodManifest = `{"name":"gate","url":"https://gate.example.com","hook_attributes":{"url":"https://gate.example.com/webhook","active":true},"redirect_url":"http://127.0.0.1:1/back",
"default_permissions":{"metadata":"read","contents":"read"},"default_events":["push"]}`

func TestManifest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Manual: true})
	for name, c := range map[string]struct {
		as             *githubtest.User
		path, manifest string
		want           string
	}{
		"nobody is signed in":     {nil, "/settings/apps/new", goodManifest, "404"},
		"not an owner":            {w.bob, "/organizations/acme/settings/apps/new", goodManifest, "404"},
		"no such organisation":    {w.alice, "/organizations/nobody/settings/apps/new", goodManifest, "404"},
		"no manifest":             {w.alice, "/settings/apps/new", "", "The manifest is not valid"},
		"an event too many":       {w.alice, "/settings/apps/new", strings.Replace(goodManifest, `"push"`, `"push","team"`, 1), "not supported by permissions: team"},
		"an unknown permission":   {w.alice, "/settings/apps/new", strings.Replace(goodManifest, `"contents"`, `"content"`, 1), "records resource"},
		"nowhere to come back to": {w.alice, "/settings/apps/new", strings.Replace(goodManifest, "http://127.0.0.1:1/back", "/back", 1), "Redirect url"},
		"a name that is taken":    {w.alice, "/settings/apps/new", strings.Replace(goodManifest, `"gate"`, `"`+w.app.Name+`"`, 1), "already taken"},
	} {
		w.SignInAs(c.as)
		if got, _ := w.register(c.path, c.manifest); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	w.SignInAs(w.alice)
	_, back := w.register("/organizations/acme/settings/apps/new", goodManifest)
	if back.Query().Get("state") != "s1" || back.Query().Get("code") == "" || back.Path != "/back" {
		t.Errorf("sent back to %s", back)
	}
	if app := w.AppOf("my-gate"); app == nil || len(app.WebhookSecret()) != 40 {
		t.Error("the App is not there")
	}
}
