package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/simulate"
)

// elsewhere lists the entries of the bypass catalogue that no story shows, each with the file that has a test of the name TestBypass/Bnn for
// it. A story that is added, or lost, or a test that moves, fails until this list says so. The stories are played a second time by the real
// server, in app/server/story_test.go.
var elsewhere = map[string]string{
	"B36": "app/server/bypass_test.go", // evaluation races: of the server, no decision
	"B52": "app/server/bypass_test.go", // pages that only read
}

// catalogue is how many ways around a gate the catalogue has.
const catalogue = 78

// TestBypass plays every entry of the bypass catalogue: testdata/bypass/B09_*.txtar holds policy.yml, floor.yml, pull.yml, the section
// "states" with one line per step, written by hand: the conclusion that the check run must have (for a bypass that is told rather than
// prevented, "reported"), and "want", what users read. An entry may have several files. Where GitHub's own settings are the way around, the
// file holds settings.yml, "finds" (what doctor must find) and "want" (what it says) instead.
func TestBypass(t *testing.T) {
	t.Parallel()
	var missing []string
	for n := 1; n <= catalogue; n++ {
		id := fmt.Sprintf("B%02d", n)
		files, err := filepath.Glob("testdata/bypass/" + id + "_*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			missing = append(missing, id)
			continue
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			for _, file := range files {
				bypass(t, file)
			}
		})
	}
	if said := slices.Sorted(maps.Keys(elsewhere)); !slices.Equal(missing, said) {
		t.Errorf("the catalogue has no story for %v; the list of those that are not here says %v", missing, said)
	}
	for id, file := range elsewhere {
		source, err := os.ReadFile("../../" + file)
		if err != nil || !bytes.Contains(source, []byte("TestBypass")) || !bytes.Contains(source, []byte(`"`+id)) {
			t.Errorf("%s has no TestBypass/%s: %v", file, id, err)
		}
	}
	t.Logf("%d of %d entries are played here; not here: %s", catalogue-len(missing), catalogue, strings.Join(missing, " "))
}

// TestStories plays testdata/stories/*.txtar, in the form of the catalogue: keys of the policy, one at a time.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			bypass(t, file)
		})
	}
}

func bypass(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]byte{}
	for _, f := range ar.Files {
		parts[f.Name] = f.Data
	}
	if parts["settings.yml"] != nil { // what only doctor can show
		examined(t, file, ar, parts)
		return
	}
	if len(bytes.TrimSpace(ar.Comment)) == 0 || parts["pull.yml"] == nil || parts["states"] == nil {
		t.Fatalf("%s: a comment, pull.yml and states are needed", file)
	}
	r := play(t, parts["policy.yml"], parts["floor.yml"], parts["pull.yml"])
	var got strings.Builder
	var states []string
	for _, s := range r.Steps {
		state := s.Conclusion
		switch {
		case s.Audit != "":
			state = "reported"
		case state == "":
			state = "none"
		}
		states = append(states, state)
		tell(&got, &s)
	}
	if want := strings.Fields(string(parts["states"])); !slices.Equal(want, states) {
		t.Errorf("%s:\n want %v\n got  %v\n%s", file, want, states, got.String())
		return
	}
	if *update {
		ar.Files = append(slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(got.String())})
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(parts["want"]), got.String()); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

// tell writes a step as far as a reader needs it: the title, and why each review counts or not.
func tell(b *strings.Builder, s *simulate.Step) {
	fmt.Fprintf(b, "%d %s\n", s.Event, s.Story)
	if s.Audit != "" {
		fmt.Fprintf(b, "  reported: %s\n", s.Audit)
	}
	if s.Lost || s.What == "merge" {
		return
	}
	fmt.Fprintf(b, "  %s\n", s.Decision.Title)
	for _, g := range s.Decision.Guards {
		for _, list := range g.Checklists {
			fmt.Fprintf(b, "  checklist %s: %s\n", list.Name, list.Because)
		}
	}
	for _, v := range s.Decision.Waivers {
		mark := "-"
		if v.Counts {
			mark = "+"
		}
		fmt.Fprintf(b, "  %s waiver of %s by %s: %s\n", mark, v.Rule, v.By.Login, v.Because)
	}
	for _, v := range s.Decision.Reviews {
		mark := "-"
		if v.Counts {
			mark = "+"
		}
		fmt.Fprintf(b, "  %s %s %s\n", mark, v.Reviewer.Login, v.Because)
	}
}
