package scaffold_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/lint"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
	"github.com/reviewgate-app/reviewgate/rules/scaffold"
)

// Every language has a scaffold, in every mode that it can have, which passes as it stands and says nothing to lint.
func TestScaffoldsPass(t *testing.T) {
	t.Parallel()
	names := []string{"generic", "regex"}
	for _, spec := range language.All() {
		names = append(names, spec.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, scaffold.Languages()) {
		t.Errorf("languages %v\nscaffolds %v", names, scaffold.Languages())
	}
	taint := 0
	for _, name := range names {
		for _, mode := range []string{scaffold.Search, scaffold.Taint} {
			rule := scaffold.Rule{ID: "no-" + name, Language: name, Mode: mode}
			files, err := rule.Files()
			if mode == scaffold.Taint {
				if err != nil && strings.Contains(err.Error(), "follows data") {
					continue
				}
				taint++
			}
			if err != nil {
				t.Errorf("%s %s: %v", name, mode, err)
				continue
			}
			dir := filepath.Join(t.TempDir(), "rules")
			if err := scaffold.Write(dir, files); err != nil {
				t.Fatal(err)
			}
			rep, err := ruletest.Run(t.Context(), []string{dir})
			if err != nil || rep.Totals != (ruletest.Totals{Passed: 1}) {
				t.Errorf("%s %s: %v %+v\n%s%s", name, mode, err, rep, files[0].Data, files[1].Data)
			}
			said, err := lint.Paths(t.Context(), []string{dir}, rules.OriginFlag)
			if err != nil || len(said.Problems) > 0 {
				t.Errorf("%s %s: lint: %v %v", name, mode, err, said.Problems)
			}
			if err := scaffold.Write(dir, files); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: written again: %v", name, err)
			}
		}
	}
	if taint < 12 {
		t.Errorf("%d languages have a taint scaffold", taint)
	}
}

// Where one of the files is there already, the other is not left behind.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files, err := scaffold.Rule{ID: "r", Language: "go", Mode: scaffold.Search}.Files()
	if err != nil {
		t.Fatal(err)
	}
	fixture := filepath.Join(dir, "testdata", "r.go")
	if err := os.MkdirAll(filepath.Dir(fixture), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fixture, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := scaffold.Write(dir, files); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if data, err := os.ReadFile(fixture); err != nil || string(data) != "mine" {
		t.Errorf("%q %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "r.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half of it was written: %v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]scaffold.Rule{
		`there is no language "klingon"`: {ID: "r", Language: "klingon", Mode: scaffold.Search},
		`unknown mode "join"`:            {ID: "r", Language: "go", Mode: "join"},
		"leave out --mode taint":         {ID: "r", Language: "yaml", Mode: scaffold.Taint},
		"use letters, digits":            {ID: "../r", Language: "go", Mode: scaffold.Search},
	} {
		if _, err := rule.Files(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", rule, err, want)
		}
	}
}
