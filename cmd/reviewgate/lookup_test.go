package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestLookUp: from the command line to the finding, with a registry on this machine. What is not configured is said to be skipped, and what the policy
// calls private is not sent.
func TestLookUp(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	var mu sync.Mutex
	var asked []string
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		asked = append(asked, strings.TrimSpace(r.URL.Path+" "+string(body)))
		mu.Unlock()
		answers := map[string]string{
			"/lodash":                       `{"name":"lodash","versions":{"4.17.21":{}},"time":{"4.17.21":"2021-02-20T15:42:16.891Z"}}`,
			"/v1/querybatch":                `{"results":[{"vulns":[{"id":"GHSA-35jh-r3h4-6jhm"}]}]}`,
			"/v1/vulns/GHSA-35jh-r3h4-6jhm": `{"id":"GHSA-35jh-r3h4-6jhm","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}]}`,
		}
		if _, ok := answers[r.URL.Path]; !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, answers[r.URL.Path])
	}))
	defer registry.Close()
	base, head := t.TempDir(), t.TempDir()
	put := func(dir, name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(base, "package.json", `{"dependencies": {}}`)
	put(base, ".github/reviewgate.yml", "version: 1\nchecks: {private_packages: [\"@acme/*\"]}\n")
	put(head, ".github/reviewgate.yml", "version: 1\nchecks: {private_packages: [\"@acme/*\"]}\n")
	// What the judged tree says of registries is not read.
	put(head, ".npmrc", "registry=https://evil.example.com/\n")
	put(head, "package.json", "{\"dependencies\": {\n\"lodash\": \"4.17.15\",\n\"react-hook-helper-utils\": \"^1.0.0\",\n\"@acme/kit\": \"^1.0.0\"\n}}")
	scan := func(set func(*scanFlags)) (out string, err error) {
		f := scanFlags{baseDir: base, headDir: head, format: "text"}
		set(&f)
		var stdout, stderr bytes.Buffer
		err = f.run(t.Context(), ".", &stdout, &stderr)
		return stdout.String() + stderr.String(), err
	}
	for range 2 {
		out, err := scan(func(f *scanFlags) { f.lookUp.registries = []string{"npm=" + registry.URL + " osv=" + registry.URL} })
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != exitBlocked {
			t.Errorf("got %v", err)
		}
		for _, want := range []string{"package.json:3:1", "There is no package `react-hook-helper-utils` in the registry of npm", "package.json:2:1", "`lodash` 4.17.15 is known to be vulnerable (GHSA-35jh-r3h4-6jhm). Take 4.17.21 or newer"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is missing in\n%s", want, out)
			}
		}
		if strings.Contains(out, "@acme/kit`") || strings.Contains(out, "skipped") {
			t.Errorf("too much in\n%s", out)
		}
	}
	slices.Sort(asked)
	want := []string{"/lodash", "/react-hook-helper-utils", "/v1/querybatch " + `{"queries":[{"package":{"ecosystem":"npm","name":"lodash"},"version":"4.17.15"}]}`, "/v1/vulns/GHSA-35jh-r3h4-6jhm"}
	if !slices.Equal(asked, want) {
		t.Errorf("sent %q, want %q: each once, though scanned twice", asked, want)
	}

	out, err := scan(func(*scanFlags) {})
	if err != nil || !strings.Contains(out, "no registry (--registry) and no list of known packages (--known-packages) is given") {
		t.Errorf("offline: %v\n%s", err, out)
	}
	known := filepath.Join(t.TempDir(), "known.txt")
	put(filepath.Dir(known), "known.txt", "npm lodash\nnpm @acme/kit\n")
	out, err = scan(func(f *scanFlags) { f.lookUp.packages = known })
	if err != nil || !strings.Contains(out, "`react-hook-helper-utils` is not among the known packages of npm") || strings.Contains(out, "@acme/kit`") {
		t.Errorf("with a list: %v\n%s", err, out)
	}
	for _, bad := range []func(*scanFlags){
		func(f *scanFlags) { f.lookUp.registries = []string{"npm=$HOST"} },
		func(f *scanFlags) { f.lookUp.packages = known + ".gone" },
		func(f *scanFlags) { f.lookUp.advisories = known },
	} {
		_, err := scan(bad)
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != exitUsage {
			t.Errorf("got %v", err)
		}
	}
}
