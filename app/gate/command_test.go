package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	waive := gate.Command{Name: "waive", Target: "auth", Reason: "the sky is falling", Line: 1}
	at := func(c gate.Command, line int) gate.Command { c.Line = line; return c }
	for body, want := range map[string][]gate.Command{
		"/reviewgate waive auth the sky is falling":                 {waive},
		"/reviewgate  waive auth   the sky  is falling \r\n":        {waive},
		"/reviewgate waive \"auth\" the sky is falling":             {waive},
		"/reviewgate waive \"agent code\" x for 24h":                {{Name: "waive", Target: "agent code", Reason: "x", For: 24 * time.Hour, Line: 1}},
		"/reviewgate waive auth wait for 2d":                        {{Name: "waive", Target: "auth", Reason: "wait", For: 48 * time.Hour, Line: 1}},
		"/reviewgate waive auth wait for it":                        {{Name: "waive", Target: "auth", Reason: "wait for it", Line: 1}},
		"/reviewgate waive \"auth x":                                {{Name: "waive", Line: 1}},
		"/reviewgate attest payments":                               {{Name: "attest", Target: "payments", Line: 1}},
		"/reviewgate explain":                                       {{Name: "explain", Line: 1}},
		"Hello.\n\n/reviewgate waive auth the sky is falling":       {at(waive, 3)},
		"> quoted\n\n/reviewgate waive auth the sky is falling":     {at(waive, 3)},
		"```\ncode\n```\n/reviewgate waive auth the sky is falling": {at(waive, 4)},
		"<!-- x --> y\n/reviewgate waive auth the sky is falling":   {at(waive, 2)},
		"<pre>x</pre>\n/reviewgate waive auth the sky is falling":   {at(waive, 2)},
		"/reviewgate":                                                               nil,
		"/reviewgatewaive auth x":                                                   nil,
		"/Reviewgate waive auth x":                                                  nil,
		" /reviewgate waive auth x":                                                 nil,
		"> /reviewgate waive auth x":                                                nil,
		"> a\n/reviewgate waive auth x":                                             nil,
		"```\n/reviewgate waive auth x\n```":                                        nil,
		"````\n```\n/reviewgate waive auth x\n````":                                 nil,
		"~~~\n/reviewgate waive auth x\n~~~":                                        nil,
		"```\n~~~\n/reviewgate waive auth x":                                        nil,
		"  ```go\n/reviewgate waive auth x":                                         nil,
		"<!--\n/reviewgate waive auth x\n-->":                                       nil,
		"<!-- a --> <!-- b\n/reviewgate waive auth x":                               nil,
		"<details><summary>log</summary>\n\n/reviewgate waive auth x\n\n</details>": nil,
		"<PRE>\n/reviewgate waive auth x":                                           nil,
		"`a\n/reviewgate waive auth x`":                                             nil,
		"/rеviewgate waive auth x":                                                  nil,
		strings.Repeat("x", 1<<16) + "\n/reviewgate waive auth x":                   nil,
		"\xff\n/reviewgate waive auth x":                                            nil,
		"<!--\n```\n-->\n/reviewgate waive auth the sky is falling\n<!--\n/reviewgate explain": {at(waive, 4)},
	} {
		if diff := cmp.Diff(want, gate.Commands(body)); diff != "" {
			t.Errorf("%.80q: %s", body, diff)
		}
	}
	if n := len(gate.Commands(strings.Repeat("/reviewgate explain\n", 50))); n != 10 {
		t.Errorf("%d commands are read of one comment", n)
	}
}

// FuzzCommands: no command comes out of a quote or a code block, and what comes out is bounded.
func FuzzCommands(f *testing.F) {
	f.Add("/reviewgate waive auth the sky is falling for 24h")
	f.Add("> a\n\n```\n<!-- --> <pre>\n/reviewgate attest \"x y\"")
	f.Fuzz(func(t *testing.T, body string) {
		for _, c := range gate.Commands(body) {
			if c.Line < 1 || len(c.Reason) > 4*300 || c.For < 0 || c.For > 9999*24*time.Hour || strings.ContainsAny(c.Target, "\n\r") {
				t.Errorf("%+v", c)
			}
		}
		quoted := "> " + strings.ReplaceAll(strings.ReplaceAll(body, "\r", ""), "\n", "\n> ")
		if got := gate.Commands(quoted); len(got) != 0 {
			t.Errorf("out of a quote: %+v", got)
		}
		if !strings.Contains(body, "~") {
			if got := gate.Commands("~~~~\n" + body + "\n~~~~"); len(got) != 0 {
				t.Errorf("out of code: %+v", got)
			}
		}
	})
}
