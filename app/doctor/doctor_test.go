package doctor_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/doctor"
)

var update = flag.Bool("update", false, "rewrite what the cases want")

// decode reads settings from YAML documents; a later one replaces whole keys of the former.
func decode(t *testing.T, docs ...[]byte) *doctor.Settings {
	t.Helper()
	all := map[string]any{}
	for _, d := range docs {
		var m map[string]any
		if err := yaml.Unmarshal(d, &m); err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, m)
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s := new(doctor.Settings)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func text(t *testing.T, r *doctor.Report) string {
	t.Helper()
	var b strings.Builder
	if err := doctor.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExamine plays testdata/cases: "settings.yml" says in what the settings differ from testdata/good.yml, where nothing is wrong; "ids" the
// findings that must come of it, written by hand; "want" what people read.
func TestExamine(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/good.yml")
	if err != nil {
		t.Fatal(err)
	}
	if r := doctor.Examine(decode(t, good)); len(r.Findings) != 0 {
		t.Errorf("where nothing is wrong:\n%s", text(t, r))
	}
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string][]byte{}
			for _, f := range ar.Files {
				parts[f.Name] = f.Data
			}
			r := doctor.Examine(decode(t, good, parts["settings.yml"]))
			r.Views = []string{"the App reviewgate (installation 7)", "@alice"}
			var ids []string
			for _, f := range r.Findings {
				ids = append(ids, strings.ReplaceAll(string(f.Level), "_", "-")+":"+f.ID)
			}
			got := text(t, r)
			if want := strings.Fields(string(parts["ids"])); !slices.Equal(want, ids) {
				t.Fatalf("want %v\ngot  %v\n%s", want, ids, got)
			}
			if *update {
				ar.Files = append(slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(parts["want"]), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestEveryFinding: each finding that the code can make has a case that shows it, and a line in docs/doctor.md.
func TestEveryFinding(t *testing.T) {
	t.Parallel()
	made := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`(?:\bID: |\.ID(?:, f\.\w+)* = |\bid, effect := )"([a-z-]+)"`)
	for _, path := range sources {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range id.FindAllStringSubmatch(string(data), -1) {
			made[m[1]] = true
		}
	}
	for _, whole := range []string{"floor-broken", "policy-broken"} { // put together from two words
		made[whole] = true
	}
	delete(made, "unread-") // followed by the part
	cases, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, path := range cases {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if f.Name == "ids" {
				for _, word := range strings.Fields(string(f.Data)) {
					_, name, _ := strings.Cut(word, ":")
					shown[name] = true
				}
			}
		}
	}
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(made) < 40 {
		t.Fatalf("found only %d findings in the code", len(made))
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if !shown[name] {
			t.Errorf("%s has no case in testdata/cases", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if !strings.Contains(string(page), "`"+name+"`") && !strings.HasPrefix(name, "unread-") {
			t.Errorf("%s is not in docs/doctor.md", name)
		}
	}
}
