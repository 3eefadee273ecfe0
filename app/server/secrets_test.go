package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/server"
)

// replace puts a file in another's place, as careful programs do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	fresh := path + ".new"
	must(t, os.WriteFile(fresh, []byte(text), 0o600))
	must(t, os.Rename(fresh, path))
}

// pinged gives the status with which a ping is answered that is signed with a secret.
func (w *world) pinged(secret string) int {
	w.t.Helper()
	const body = `{"zen":"Speak like a human.","hook_id":1}`
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.srv.Addr()+"/webhook", strings.NewReader(body))
	must(w.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "ping")
	r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("ping-%x", time.Now().UnixNano()))
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(r)
	must(w.t, err)
	must(w.t, resp.Body.Close())
	return resp.StatusCode
}

// newRotatingWorld is a world whose secrets lie in files, in the folder that is given back.
func newRotatingWorld(t *testing.T, clock *clock) (*world, string) {
	w := newBareWorld(t, "acme", "shop", githubtest.RepoOptions{}, clock.now)
	w.alice, w.bob = w.hub.User("alice"), w.hub.User("bob")
	w.repo.SetRole(w.alice, "write")
	w.repo.SetRole(w.bob, "write")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "begin", Branch: "main", Files: map[string]string{".github/reviewgate.yml": policy, "pay/card.go": "package pay\n"}})
	must(t, err)
	w.protect()
	dir := t.TempDir()
	write(t, dir, "app.pem", string(w.app.PrivateKeyPEM()))
	write(t, dir, "webhook", w.app.WebhookSecret())
	write(t, dir, "client", "the first client secret")
	log := server.Redacting(w.log)
	w.cfg.Log, w.cfg.Hide = zerolog.New(log), log.Hide
	w.cfg.SecretFiles = server.SecretFiles{PrivateKey: filepath.Join(dir, "app.pem"), WebhookSecret: filepath.Join(dir, "webhook"), ClientSecret: filepath.Join(dir, "client")}
	w.cfg.ClientSecret, w.cfg.Metrics = []byte("the first client secret"), "127.0.0.1:0"
	return w, dir
}

// told says how often the log has a message.
func (w *world) told(message string) int { return strings.Count(w.log.String(), message) }

func TestRotateWebhookSecret(t *testing.T) {
	t.Parallel()
	clock := new(clock)
	w, dir := newRotatingWorld(t, clock)
	w.start()
	first, second, third := w.app.WebhookSecret(), strings.Repeat("second", 6), strings.Repeat("third", 7)
	expect := func(what string, want map[string]int) {
		t.Helper()
		for secret, status := range want {
			if got := w.pinged(secret); got != status {
				t.Errorf("%s: a ping signed with %q is answered %d, want %d", what, secret, got, status)
			}
		}
	}
	expect("at first", map[string]int{first: 202, second: 401, third: 401})
	replace(t, filepath.Join(dir, "webhook"), second+"\n")
	w.srv.Reread(t.Context())
	expect("while it is changed", map[string]int{first: 202, second: 202, third: 401})
	clock.forward(59 * time.Minute)
	w.srv.Reread(t.Context())
	expect("nearly an hour later", map[string]int{first: 202, second: 202})
	clock.forward(2 * time.Minute)
	w.srv.Reread(t.Context())
	expect("an hour later", map[string]int{first: 401, second: 202})

	for _, broken := range []string{"", "   \n", "short", strings.Repeat("x", 70<<10)} {
		replace(t, filepath.Join(dir, "webhook"), broken)
		w.srv.Reread(t.Context())
		w.srv.Reread(t.Context())
		expect("a broken file", map[string]int{first: 401, second: 202, broken: 401})
	}
	if ready := w.get("http://" + w.srv.Addr() + "/readyz"); ready != "ready\nthe file of webhook_secret cannot be used, and the one before stays in force; the log says why\n" {
		t.Errorf("/readyz: %s", ready)
	}
	if m := w.get("http://" + w.srv.MetricsAddr() + "/metrics"); !strings.Contains(m, `reviewgate_secret_file_ok{secret="webhook_secret"} 0`) || !strings.Contains(m, `reviewgate_secret_file_ok{secret="private_key"} 1`) {
		t.Error("the metrics do not say which file is broken")
	}
	if n := w.told("what it holds now cannot be used"); n != 3 { // two of the four have the same reason
		t.Errorf("told %d times", n)
	}
	must(t, os.Remove(filepath.Join(dir, "webhook")))
	w.srv.Reread(t.Context())
	expect("a file that is gone", map[string]int{second: 202})
	write(t, dir, "webhook", third)
	w.srv.Reread(t.Context())
	expect("repaired", map[string]int{second: 202, third: 202})
	if ready := w.get("http://" + w.srv.Addr() + "/readyz"); ready != "ready\n" {
		t.Errorf("/readyz: %s", ready)
	}
	for _, s := range []string{first, second, third} {
		if strings.Contains(w.log.String(), s) {
			t.Errorf("the log holds the secret %q", s)
		}
	}
}

// Where a file for the old secret is named, it decides how long that counts.
func TestRotateWebhookSecretWithOldFile(t *testing.T) {
	t.Parallel()
	clock := new(clock)
	w, dir := newRotatingWorld(t, clock)
	w.cfg.SecretFiles.OldWebhookSecret = filepath.Join(dir, "old") // not there yet
	w.start()
	first, second := w.app.WebhookSecret(), strings.Repeat("second", 6)
	write(t, dir, "old", first)
	replace(t, filepath.Join(dir, "webhook"), second)
	w.srv.Reread(t.Context())
	clock.forward(48 * time.Hour)
	w.srv.Reread(t.Context())
	if a, b := w.pinged(first), w.pinged(second); a != 202 || b != 202 {
		t.Errorf("while the file is there: %d %d", a, b)
	}
	must(t, os.Remove(filepath.Join(dir, "old")))
	w.srv.Reread(t.Context())
	if a, b := w.pinged(first), w.pinged(second); a != 401 || b != 202 {
		t.Errorf("when it is gone: %d %d", a, b)
	}
}

func TestRotatePrivateKey(t *testing.T) {
	t.Parallel()
	w, dir := newRotatingWorld(t, new(clock))
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.expect(w.open("one", map[string]string{"README.md": "one\n"}), "success")
	other, err := w.hub.NewApp(githubtest.AppOptions{Slug: "other", Owner: w.org})
	must(t, err)
	theirs, err := other.NewKey()
	must(t, err)
	path := filepath.Join(dir, "app.pem")
	for name, broken := range map[string]string{"no key": "hello", "half a key": string(theirs[:len(theirs)/2]), "another App's": string(theirs)} {
		replace(t, path, broken)
		w.srv.Reread(t.Context())
		if ready := w.get("http://" + w.srv.Addr() + "/readyz"); !strings.Contains(ready, "the file of private_key cannot be used") {
			t.Errorf("%s: /readyz: %s", name, ready)
		}
	}
	w.expect(w.open("two", map[string]string{"README.md": "two\n"}), "success")
	key, err := w.app.NewKey()
	must(t, err)
	replace(t, path, string(key))
	w.srv.Reread(t.Context())
	if ready := w.get("http://" + w.srv.Addr() + "/readyz"); ready != "ready\n" {
		t.Errorf("/readyz: %s", ready)
	}
	w.app.RevokeKeys()
	w.expect(w.open("three", map[string]string{"README.md": "three\n"}), "success")
}

// GitHub cannot be asked about a new key for a while: the old one signs on, and the new one is taken as soon as it can.
func TestRotatePrivateKeyWhileGitHubIsDown(t *testing.T) {
	t.Parallel()
	w, dir := newRotatingWorld(t, new(clock))
	w.start()
	key, err := w.app.NewKey()
	must(t, err)
	replace(t, filepath.Join(dir, "app.pem"), string(key))
	w.hub.Fault(githubtest.Fault{Path: "/app", Kind: githubtest.BadGateway, Count: 3})
	w.srv.Reread(t.Context())
	if n := w.told("it changed, and GitHub takes it"); n != 0 {
		t.Error("the key was taken untried")
	}
	w.srv.Reread(t.Context())
	if n := w.told("it changed, and GitHub takes it"); n != 1 {
		t.Error("the key was not taken")
	}
}

// Kubernetes replaces a mounted secret by pointing a symbolic link at another folder.
func TestRotateLikeKubernetes(t *testing.T) {
	t.Parallel()
	w, dir := newRotatingWorld(t, new(clock))
	mount := filepath.Join(dir, "mount")
	put := func(version, secret, client string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Join(mount, version), 0o700))
		write(t, filepath.Join(mount, version), "webhook", secret)
		write(t, filepath.Join(mount, version), "client", client)
		must(t, os.Symlink(version, filepath.Join(mount, "..data_tmp")))
		must(t, os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")))
	}
	put("..1", w.app.WebhookSecret(), "the first client secret")
	for _, name := range []string{"webhook", "client"} {
		must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(mount, name)))
	}
	w.cfg.SecretFiles.WebhookSecret, w.cfg.SecretFiles.ClientSecret = filepath.Join(mount, "webhook"), filepath.Join(mount, "client")
	w.start()
	fresh := strings.Repeat("fresh", 8)
	put("..2", fresh, "the second client secret")
	must(t, os.RemoveAll(filepath.Join(mount, "..1")))
	w.srv.Reread(t.Context())
	if got := w.pinged(fresh); got != 202 {
		t.Errorf("the new secret is answered %d", got)
	}
	if got := w.srv.ClientSecret(); got != "the second client secret" {
		t.Errorf("the client secret is %q", got)
	}
	if strings.Contains(w.log.String(), fresh) || strings.Contains(w.log.String(), "client secret was read again: it changed") == false {
		t.Error("the log")
	}
}
