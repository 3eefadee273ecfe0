package dashboard

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// functions are what templates can call.
var functions = template.FuncMap{
	"when":       when,
	"short":      short,
	"plural":     plural,
	"clip":       clip,
	"join":       strings.Join,
	"lower":      func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", " ")) },
	"less":       func(a, b int) int { return a - b },
	"first":      func(list []string) []string { return list[:min(len(list), 50)] },
	"colour":     func(state any) string { return colours[fmt.Sprint(state)] },
	"stateWords": func(state any) string { return stateWords[fmt.Sprint(state)] },
	"pull":       pullOf,
	"lines":      func(s string) int { return strings.Count(s, "\n") + 1 },
	"low":        func(n int) int { return n / 5 }, // below it only what can take a green check away is done
}

// colours are the classes of the states of a decision.
var colours = map[string]string{"pass": "good", "block": "bad", "pending": "warn", "error": "bad"}

// when shows a time: in UTC, and with JavaScript as how long ago it was.
func when(t time.Time) template.HTML {
	if t.IsZero() || t.UnixMilli() <= 0 {
		return `<span class="dim">never</span>`
	}
	t = t.UTC()
	//nolint:gosec // nothing of a stranger is in it
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.Format(time.RFC3339), t.Format("2 Jan 2006 15:04 UTC")))
}

// short is a commit's id as people read it.
func short(sha string) string { return sha[:min(len(sha), 7)] }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// clip cuts a text at a character.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// pullOf gives the number of a change "#12"; "" of one that is a commit.
func pullOf(change string) string {
	n, ok := strings.CutPrefix(change, "#")
	if !ok {
		return ""
	}
	return n
}
