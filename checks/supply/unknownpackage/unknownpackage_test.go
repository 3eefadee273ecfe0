package unknownpackage

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// TestSkipped: without a list the check says that it did not look, if there was something to look up.
func TestSkipped(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{"testdata/unknown.txtar": true, "testdata/nothing_new.txtar": false} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		change, _, err := checktest.Change(txtar.Parse(data))
		if err != nil {
			t.Fatal(err)
		}
		change.Facts = checks.Facts{}
		err = Check.Run(context.Background(), &checks.Pass{Change: change, Report: func(f checks.Finding) { t.Errorf("%s: reported %q", file, f.Message) }})
		if errors.Is(err, checks.ErrSkipped) != want {
			t.Errorf("%s: got %v, skipped wanted: %v", file, err, want)
		}
	}
}

// TestNotLookedUp: what could not be looked up is said, with the reason, and never read as fine; what was found is told all the same.
func TestNotLookedUp(t *testing.T) {
	t.Parallel()
	change, _, err := checktest.Change(txtar.Parse([]byte(`
-- facts/answers --
[{"Ecosystem": "npm", "Name": "a-kit", "State": "unknown", "Why": "the registry of npm: it answered 503"},
 {"Ecosystem": "npm", "Name": "b-kit", "State": "unknown", "Why": "the registry of npm: it answered 503"},
 {"Ecosystem": "npm", "Name": "c-kit", "State": "absent"}]
-- base/package.json --
{"dependencies": {}}
-- head/package.json --
{"dependencies": {"a-kit": "1", "b-kit": "1", "c-kit": "1", "d-kit": "1", "lodash": "4"}}
`)))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	err = Check.Run(t.Context(), &checks.Pass{Change: change, Report: func(f checks.Finding) { told = append(told, f.Key) }})
	const want = "skipped: not looked up: a-kit, b-kit (the registry of npm: it answered 503); d-kit (too many names)"
	if !errors.Is(err, checks.ErrSkipped) || err.Error() != want || len(told) != 1 || told[0] != "c-kit" {
		t.Errorf("told %q, got %v", told, err)
	}
}

// TestAsks: asked is for what nobody here knows: not for widely used packages, nor for the project's own.
func TestAsks(t *testing.T) {
	t.Parallel()
	change, _, err := checktest.Change(txtar.Parse([]byte(`
-- base/package.json --
{"name": "@acme/shop", "dependencies": {"old-kit": "1"}}
-- base/go.mod --
module github.com/acme/shop
-- head/package.json --
{"name": "@acme/shop", "dependencies": {"old-kit": "2", "lodash": "4", "@acme/own": "1", "acme-ui": "1", "@globex/kit": "1", "real": "npm:other-kit@1", "x": "file:../x"}}
-- head/ui/package.json --
{"name": "acme-ui"}
-- head/go.mod --
module github.com/acme/shop

require (
	github.com/acme/lib v1.0.0
	github.com/acmeco/lib v1.0.0
)
-- head/pyproject.toml --
[project]
name = "shop"
dependencies = ["Some_Kit>=1", "inner", "near"]
[tool.uv.sources]
inner = { index = "internal" }
near = { workspace = true }
`)))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Check.Asks(t.Context(), &checks.Pass{Change: change, Unscanned: func(u checks.Unscanned) { t.Error(u) }})
	var got []string
	for _, p := range asked {
		got = append(got, p.Ecosystem+" "+p.Name+p.Version)
	}
	slices.Sort(got)
	if s := strings.Join(got, ", "); err != nil || s != "Go github.com/acmeco/lib, PyPI some-kit, npm @globex/kit, npm other-kit" {
		t.Errorf("got %s, %v", s, err)
	}
}
