package checks

import "strings"

// Shorten cuts a text of the change to at most so many characters, for a message: on one line, and without the backquotes that a message sets around it.
func Shorten(s string, most int) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "`", "'")
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-3])) + "..."
	}
	return s
}
