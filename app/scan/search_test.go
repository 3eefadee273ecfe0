package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
)

func searching(title string, search Search) *Input {
	return &Input{
		Files:     []*checks.File{{Path: "a.go", Status: checks.Added}},
		Contents:  []Content{{checks.Head, "a.go", []byte("slugify")}},
		HeadPaths: []string{"a.go", "b.go"},
		Text:      checks.PRText{Title: title},
		Search:    search,
	}
}

// TestSearch: what a check wants is asked of the parent, and comes into the change; the worker says the same as this process.
func TestSearch(t *testing.T) {
	t.Parallel()
	lacks, failure, asked := "", error(nil), ""
	search := func(_ context.Context, wants []checks.Want) (map[string][]byte, string, error) {
		asked = fmt.Sprint(wants)
		return map[string][]byte{"b.go": []byte("found"), "a.go": []byte("not this one"), "odd\xff.go": nil}, lacks, failure
	}
	for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} {
		run := func(title string, search Search) (string, error) {
			asked = ""
			r, err := Run(t.Context(), searching(title, search), fakes, Options{Sandbox: mode})
			if err != nil {
				return "", err
			}
			for _, c := range r.Checks {
				if c.Name == "fake/moods" {
					return fmt.Sprintf("%s %s", c.Status, c.Reason), nil
				}
			}
			return "no check", nil
		}
		expect := func(got string, err error, want, wantAsked string) {
			t.Helper()
			if err != nil || got != want || asked != wantAsked {
				t.Errorf("%s: %q %v, asked %q; want %q, asked %q", mode, got, err, asked, want, wantAsked)
			}
		}
		lacks, failure = "", nil
		got, err := run("seek", search)
		expect(got, err, `skipped b.go="found" odd\xff.go="" : skipped`, "[{[.go] [slugify]}]")
		lacks = "too many"
		got, err = run("seek", search)
		expect(got, err, `skipped b.go="found" odd\xff.go="" too many: skipped`, "[{[.go] [slugify]}]")
		got, err = run("seek", nil)
		expect(got, err, "skipped nobody looked: skipped", "")
		got, err = run("cannot seek", search)
		expect(got, err, "failed it cannot seek", "")
		got, err = run("seek nothing", search)
		expect(got, err, "ran ", "")
		failure = errors.New("the network is down")
		if got, err := run("seek", search); err == nil || !strings.Contains(err.Error(), "searching the tree: the network is down") {
			t.Errorf("%s: %q %v", mode, got, err)
		}
	}
}

// TestSearchBounds: a worker that was taken over cannot want without end, and one want too many is told.
func TestSearchBounds(t *testing.T) {
	t.Parallel()
	wants := frame(frameWants, `[{"endings":[".go"],"words":["a"]}]`)
	for _, test := range []struct {
		name, answer string
		offered      bool
		want         string
	}{
		{"not offered", wants, false, "unexpected frame"},
		{"twice", wants + wants, true, "unexpected frame"},
		{"no JSON", frame(frameWants, "{"), true, "decoding what the checks want"},
		{"too many", frame(frameWants, "["+strings.Repeat("{},", maxWants)+"{}]"), true, "over the limit of 1000"},
	} {
		var wanted func([]checks.Want) error
		if test.offered {
			wanted = func([]checks.Want) error { return nil }
		}
		if _, err := readAnswer(strings.NewReader(test.answer), nil, wanted); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, reply := range []string{
		frame(frameFound, `{"Paths":["a"]}`),
		frame(frameFound, `{"Paths":[`+strings.Repeat(`"a",`, checks.MaxFound)+`"a"]}`),
		frame(frameFound, `{"Paths":["\u0000zz"]}`) + frame(frameContent, ""),
		frame(frameContent, ""),
	} {
		if _, _, err := readFound(strings.NewReader(reply)); err == nil {
			t.Errorf("%.60q: no error", reply)
		}
	}
}

func FuzzFound(f *testing.F) {
	f.Add([]byte(frame(frameFound, `{"Paths":["a.go"],"Lacks":"much"}`) + frame(frameContent, "package a")))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, _, err := readFound(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(found) > checks.MaxFound {
			t.Errorf("%d files", len(found))
		}
		var again bytes.Buffer
		if err := writeFound(&again, found, ""); err != nil {
			t.Fatal(err)
		}
		second, _, err := readFound(&again)
		if err != nil || len(second) != len(found) {
			t.Errorf("%d files after %d: %v", len(second), len(found), err)
		}
	})
}
