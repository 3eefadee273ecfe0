package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/doctor"
)

// examined plays a story of the bypass catalogue whose way around is a setting: doctor must find it.
func examined(t *testing.T, file string, ar *txtar.Archive, parts map[string][]byte) {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(parts["settings.yml"], &doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var s doctor.Settings
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	r := doctor.Examine(&s)
	r.Views = []string{"@alice"}
	var b strings.Builder
	if err := doctor.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range r.Findings {
		found = append(found, f.ID)
	}
	want := strings.Fields(string(parts["finds"]))
	if len(want) == 0 || len(bytes.TrimSpace(ar.Comment)) == 0 || !slices.Equal(want, found) {
		t.Fatalf("%s: a comment and what doctor finds are needed: want %v, found %v\n%s", file, want, found, b.String())
	}
	if *update {
		ar.Files = append(slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(b.String())})
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(parts["want"]), b.String()); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}
