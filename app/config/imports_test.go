package config

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

// TestImports: a repository only makes other tools' findings go further than the floor says, and a floor that says nothing means comment.
func TestImports(t *testing.T) {
	t.Parallel()
	const none = "-"
	for _, test := range []struct {
		floor, repo string
		want        checks.Rollout
		unused      bool
	}{
		{none, "", "", false},
		{none, "off", "off", false},
		{none, "block", "block", false},
		{"", "", "comment", false},
		{"", "shadow", "comment", true},
		{"", "block", "block", false},
		{"shadow", "", "shadow", false},
		{"shadow", "comment", "comment", false},
		{"block", "comment", "block", true},
		{"block", "block", "block", false},
	} {
		policy := func(name, word string) *Layer {
			text := "version: 1\n"
			if word != "" {
				text += "checks: {imports: " + word + "}\n"
			}
			return &Layer{Name: "acme/widgets", Policy: []byte(text), PolicyPath: name}
		}
		in := Input{Repo: policy(".github/reviewgate.yml", test.repo)}
		if test.floor != none {
			in.Floor = policy("reviewgate-floor.yml", test.floor)
		}
		e := Load(in)
		if len(e.Policy.Broken)+len(e.Policy.FloorBroken) > 0 {
			t.Fatalf("%+v: %v %v", test, e.Policy.Broken, e.Policy.FloorBroken)
		}
		unused := len(e.Warnings) == 1 && strings.HasPrefix(e.Warnings[0].Message, "checks.imports: "+test.repo+" is not used")
		if e.Scan.Imports != test.want || unused != test.unused || !unused && len(e.Warnings) > 0 {
			t.Errorf("floor %q, repository %q: %q, warnings %v", test.floor, test.repo, e.Scan.Imports, e.Warnings)
		}
	}
}
