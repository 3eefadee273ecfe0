package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

func wireInput() *Input {
	return &Input{
		Base: "b", Head: "h", NoBuiltin: true, All: true, HeadPaths: []string{"a\xff", "b", ""}, Text: checks.PRText{Title: "t", Trailers: []string{"x: y"}},
		Files:    []*checks.File{{Path: "a\xff", OldPath: "\xfe", Status: checks.Renamed, Mode: checks.ModeFile, BaseOpaque: "binary"}, {Path: "b", Status: checks.Added}},
		Contents: []Content{{checks.Head, "a\xff", []byte("\x00\xff")}, {checks.Base, "\xfe", []byte{}}, {checks.Head, "b", bytes.Repeat([]byte("x"), 3<<20)}},
		Facts:    checks.Facts{Packages: []byte("npm a\n"), Advisories: []byte("{}\xff")},
		Rules:    []rules.Source{{Name: "r.yaml", Origin: rules.OriginFloor, Data: []byte("rules: []")}},
		Config:   Config{FailOn: checks.Medium, BlockOn: []string{"x"}, Rollouts: map[string]checks.Rollout{"y": checks.RolloutOff}, MaxComments: 3, FailOnCountsRules: true, Imports: checks.RolloutBlock},
		Imports:  []Import{{Name: "a\xff.sarif", Data: []byte("{}")}, {Name: "b.sarif", Base: true, Data: []byte("\x00")}}, ImportRoots: []string{"/src/\xff"},
	}
}

func TestRequestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, in := range []*Input{wireInput(), {}, {HeadPaths: []string{}}} {
		var buf bytes.Buffer
		if err := writeRequest(&buf, in); err != nil {
			t.Fatal(err)
		}
		got, _, err := readRequest(&buf)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, got) { // cmp takes its time over megabytes
			t.Error(cmp.Diff(in, got))
		}
	}
}

// TestRequestsThatAreCut: every prefix of a request is an error, never a smaller request.
func TestRequestsThatAreCut(t *testing.T) {
	t.Parallel()
	in := wireInput()
	in.Contents[2].Data = []byte("short")
	var buf bytes.Buffer
	if err := writeRequest(&buf, in); err != nil {
		t.Fatal(err)
	}
	for n := range buf.Len() {
		if _, _, err := readRequest(bytes.NewReader(buf.Bytes()[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: got %v", n, buf.Len(), err)
		}
	}
}

func frame(kind byte, body string) string {
	var b bytes.Buffer
	_ = writeFrame(&b, kind, []byte(body)) // a buffer takes everything
	return b.String()
}

const goodResult = `{"findings":[],"rules":[],"checks":[]}`

func TestAnswersThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"nothing":                  {"", "unexpected EOF"},
		"cut":                      {frame(frameResult, goodResult)[:20], "unexpected EOF"},
		"too long":                 {string([]byte{frameResult, 0xff, 0xff, 0xff, 0xff}), "over the limit"},
		"a lying length":           {string([]byte{frameResult, 0x0f, 0, 0, 0}) + "{}", "unexpected EOF"},
		"a frame of the request":   {frame(frameContent, "x"), "unexpected frame"},
		"progress of a wrong size": {frame(frameProgress, "x"), "wrong size"},
		"an error":                 {frame(frameError, "no \x1b luck"), "no \x1b luck"},
		"no JSON":                  {frame(frameResult, "{"), "decoding the result"},
		"parts missing":            {frame(frameResult, "{}"), "a part of the result is missing"},
		"unknown severity":         {frame(frameResult, `{"findings":[{"severity":"huge"}],"rules":[],"checks":[]}`), "unknown severity"},
		"no fingerprint":           {frame(frameResult, `{"findings":[{}],"rules":[],"checks":[]}`), `fingerprint ""`},
		"a forged fingerprint":     {frame(frameResult, `{"findings":[{"fingerprint":"-->xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}],"rules":[],"checks":[]}`), "fingerprint"},
		"unknown status":           {frame(frameResult, `{"findings":[],"rules":[],"checks":[{"status":"fine"}]}`), "the status"},
		"a path in bad packing":    {frame(frameResult, `{"findings":[],"rules":[],"checks":[],"unscanned":[{"path":"\u0000zz","side":"head"}]}`), "cannot be read"},
	} {
		if _, err := readAnswer(strings.NewReader(test.answer), nil, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	r, err := readAnswer(strings.NewReader(frame(frameResult, `{"findings":[],"rules":[],"checks":[],"sandbox":{"mode":"require","held":["landlock"]}}`)), nil, nil)
	if err != nil || r.Sandbox.Mode != "" {
		t.Errorf("what a worker says of its own sandbox is believed: %v, %v", r, err)
	}
}

func TestWorkerTellsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Worker(strings.NewReader("x"), &out, fakes); err != nil {
		t.Fatal(err)
	}
	if _, err := readAnswer(&out, nil, nil); err == nil || !strings.Contains(err.Error(), "reading the request: unexpected EOF") {
		t.Errorf("got %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	var buf bytes.Buffer
	in := wireInput()
	in.Contents[2].Data = []byte("short")
	if err := writeRequest(&buf, in); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add([]byte(frame(frameHeader, `{"Files":[null],"Contents":[{}]}`)))
	f.Add([]byte(frame(frameHeader, `{"Listed":true}`) + frame(framePaths, "a\x00\x00b")))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, _, err := readRequest(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeRequest(&again, in); err != nil {
			t.Fatal(err)
		}
		second, _, err := readRequest(&again)
		if err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
		if d := cmp.Diff(in, second); d != "" {
			t.Error(d)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(frame(frameProgress, "12345678") + frame(frameResult, goodResult)))
	f.Add([]byte(frame(frameError, "x")))
	finding := `{"rule_id":"x","fingerprint":"` + strings.Repeat("0", 32) + `","location":{"path":"\u0000ff","side":"base"},"related":[{}],"fix":{}}`
	f.Add([]byte(frame(frameResult, `{"findings":[`+finding+`],"rules":[],"checks":[{"status":"ran"}]}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readAnswer(bytes.NewReader(data), func(int, int) {}, func([]checks.Want) error { return nil })
		if (r == nil) == (err == nil) {
			t.Fatalf("got %v and %v", r, err)
		}
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := writeAnswer(&again, r, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := readAnswer(&again, nil, nil); err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
	})
}
