package doctor

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Write writes reports for people: what is open first, then what holds.
func Write(w io.Writer, reports ...*Report) error {
	out := bufio.NewWriter(w)
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(out)
		}
		r.write(out)
	}
	return out.Flush()
}

func (r *Report) write(out *bufio.Writer) {
	fmt.Fprintf(out, "%s: %s\n", plain(r.Repo), r.Counts)
	fmt.Fprintf(out, "read as %s\n", plain(strings.Join(r.Views, " and ")))
	if len(r.Branches) > 0 {
		fmt.Fprintln(out)
	}
	width := 0
	for _, b := range r.Branches {
		width = max(width, len(plain(b.Name)))
	}
	for _, b := range r.Branches {
		by := "nothing requires it from the App"
		if b.Held == "unknown" {
			by = "what requires it could not be told"
		}
		if len(b.By) > 0 {
			by = "required from the App by " + strings.Join(b.By, " and ")
		}
		mark := ""
		if b.Name == r.Default {
			mark = " (default)"
		}
		fmt.Fprintf(out, "  %-*s  check %q, %s\n", width+len(" (default)"), plain(b.Name)+mark, b.Check, plain(by))
	}
	var level Level
	for _, f := range r.Findings {
		if f.Level != level {
			level = f.Level
			fmt.Fprintf(out, "\n%s\n", strings.ToUpper(map[Level]string{Hole: "holes", Unknown: "could not check", Warning: "warnings", Note: "notes"}[level]))
		}
		place := f.Branch
		if place == "" {
			place = "repository"
		}
		fmt.Fprintf(out, "\n  %s: %s  [%s]\n", plain(place), plain(f.Title), f.ID)
		fmt.Fprintf(out, "    so   %s\n    fix  %s\n", plain(f.Effect), plain(f.Remedy))
		if f.URL != "" {
			fmt.Fprintf(out, "    at   %s\n", plain(f.URL))
		}
	}
	if len(r.Findings) == 0 {
		fmt.Fprintf(out, "\nNothing gets past the gate that these settings could hold.\n")
	}
}

func (c Counts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Holes, "hole"}, {c.Unknown, ""}, {c.Warnings, "warning"}, {c.Notes, "note"}} {
		switch {
		case p.n == 0 && p.word == "hole":
			parts = append(parts, "no hole found")
		case p.n == 0:
		case p.word == "":
			parts = append(parts, fmt.Sprintf("%d could not be checked", p.n))
		case p.n == 1:
			parts = append(parts, "1 "+p.word)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// plain takes out what could move the cursor or turn the text around: names and messages come from others.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
