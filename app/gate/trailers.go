package gate

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A trailer is one "Key: value" line of a commit message or description.
type trailer struct{ key, value string }

// maxTrailers bounds what is read of one message.
const maxTrailers = 200

// trailers finds them on every line, not only in the last paragraph: they are only ever held against somebody, so more is safer.
// Keys are compared after NFKC and without invisible characters, so that a look-alike does not hide a co-author.
func trailers(message string) []trailer {
	var out []trailer
	for line := range strings.Lines(message) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			// A full-width colon is the same to a reader.
			if key, value, ok = strings.Cut(norm.NFKC.String(line), ":"); !ok {
				continue
			}
		}
		if len(key) > 100 {
			continue
		}
		key = trailerKey(key)
		if key == "" || strings.ContainsAny(key, " \t") {
			continue
		}
		if out = append(out, trailer{key, strings.TrimSpace(value)}); len(out) == maxTrailers {
			break
		}
	}
	return out
}

func trailerKey(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r): // every dash
			return '-'
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	return fold(strings.TrimLeft(strings.TrimSpace(s), "> \t"))
}

// email gives the address of "Name <address>", or the whole value if it has no brackets.
func (t trailer) email() string {
	open := strings.LastIndexByte(t.value, '<')
	if open < 0 {
		return t.value
	}
	end := strings.IndexByte(t.value[open:], '>')
	if end < 0 {
		return strings.TrimSpace(t.value[open+1:])
	}
	return strings.TrimSpace(t.value[open+1 : open+end])
}

// noreply reads the account out of GitHub's private addresses: "123+bob@users.noreply.github.com", "bob@users.noreply.github.com".
func noreply(email string) (Person, bool) {
	local, ok := strings.CutSuffix(strings.ToLower(email), "@users.noreply.github.com")
	if !ok || local == "" {
		return Person{}, false
	}
	who := Person{Login: local, Type: "User"}
	if id, login, ok := strings.Cut(local, "+"); ok {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 || login == "" {
			return Person{}, false
		}
		who.ID, who.Login = n, login
	}
	if strings.HasSuffix(who.Login, "[bot]") {
		who.Type = "Bot"
	}
	return who, true
}
