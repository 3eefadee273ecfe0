package gate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTitle bounds Decision.Title, in characters.
const maxTitle = 80

// String names the approver as policies and people write it: "@alice", "@acme/security", "anyone with write",
// "a maintainer", "a code owner".
func (a Approver) String() string {
	switch {
	case a.User != "":
		return "@" + a.User
	case a.Team != "":
		return "@" + a.Team
	case a.Role == RoleMaintain:
		return "a maintainer"
	case a.Role == RoleAdmin:
		return "an administrator"
	case a.Role != RoleNone:
		return "anyone with " + string(a.Role)
	case a.Codeowners:
		return "a code owner"
	}
	return "nobody"
}

// Place says where the problem is: "file:3:1", "file:3", "file" or nothing.
func (p Problem) Place() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Column > 0 {
			s += ":" + strconv.Itoa(p.Column)
		}
	}
	return s
}

// String is the problem in one line, with its remedy.
func (p Problem) String() string {
	s := p.Message
	if place := p.Place(); place != "" {
		s = place + ": " + s
	}
	if p.Remedy != "" {
		s += ". " + p.Remedy
	}
	return s
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// more is "1 approval" if there is none yet, else "1 more approval".
func more(n, have int) string {
	if have == 0 {
		return plural(n, "approval")
	}
	return plural(n, "more approval")
}

func holds(n int) string {
	if n == 1 {
		return "1 guard holds"
	}
	return fmt.Sprintf("all %d guards hold", n)
}

// list writes "a, b or c"; long lists are cut.
func list(items []string) string {
	const most = 5
	if n := len(items); n > most {
		return strings.Join(items[:most], ", ") + fmt.Sprintf(" or one of %d more", n-most)
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}

// and writes "a, b and c"; long lists are cut.
func and(items []string) string {
	const most = 5
	if n := len(items); n > most {
		return strings.Join(items[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:max(n-3, 0)]), " ") + "..."
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func advisoryRoom(d *Decision) int {
	if d.Advisory {
		return len("Advisory: ")
	}
	return 0
}

// unique drops repetitions and keeps the order.
func unique(items []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range items {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func uniqueSorted(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}
