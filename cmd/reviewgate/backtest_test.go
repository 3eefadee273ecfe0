package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/backtest"
)

// writeCommands puts the commands of a page of docs/ into a script, as a reader would copy them.
func writeCommands(dir, page string) error {
	data, err := os.ReadFile(root + "docs/" + page + ".md")
	if err != nil {
		return err
	}
	var script strings.Builder
	for _, m := range fence.FindAllStringSubmatch(string(data), -1) {
		if m[1] == "sh" {
			script.WriteString(m[2])
		}
	}
	return os.WriteFile(filepath.Join(dir, page+".sh"), []byte(script.String()), 0o600)
}

func TestSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{"": "0001-01-01", "90d": "2025-12-31", "2w": "2026-03-17", "1y": "2025-03-31", "2026-01-02": "2026-01-02", "1m": "2026-03-03"} {
		if got, err := sinceTime(s, now); err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("%q: %v, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"d", "0d", "-3d", "90 d", "yesterday", "2026-13-01", "999999d"} {
		if got, err := sinceTime(s, now); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}

// TestBacktestPage: the page names every field of the report.
func TestBacktestPage(t *testing.T) {
	t.Parallel()
	page := doc(t, "docs/backtest.md")
	var walk func(of reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] || of == reflect.TypeFor[time.Time]() {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			f := of.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && !strings.Contains(page, "`"+name) {
				t.Errorf("docs/backtest.md does not name %s of %s", name, of.Name())
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[backtest.Report]())
}
