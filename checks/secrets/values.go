package secrets

import (
	"math"
	"regexp"
	"strings"
	"unicode"
)

// entropy is Shannon's, in bits per character.
func entropy(s string) float64 {
	if s == "" {
		return 0
	}
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	var h float64
	for _, c := range count {
		if c > 0 {
			p := float64(c) / float64(len(s))
			h -= p * math.Log2(p)
		}
	}
	return h
}

// placeholders are words of values that nobody uses: the value is to be replaced by whoever reads the file.
var placeholders = []string{
	"example", "sample", "dummy", "changeme", "change-me", "change_me", "changeit", "placeholder", "your-", "your_", "yourkey", "yoursecret", "yourpassword", "replace", "insert",
	"redacted", "xxxx", "****", "....", "<", ">", "${", "{{", "$(", "%(", "todo", "fixme", "foobar", "fake", "notreal", "not-a-real", "not_a_real", "my-secret", "my_secret",
	"mysecret", "test", "mock", "1234567890", "abcdefgh", "deadbeef", "process.env", "getenv", "environ", "lorem", "default", "unused", "invalid", "none", "null", "undefined",
}

// placeholder tells a value that stands for another one.
func placeholder(s string) bool {
	low := strings.ToLower(s)
	for _, p := range placeholders {
		if strings.Contains(low, p) {
			return true
		}
	}
	return strings.HasPrefix(s, "$") || strings.HasPrefix(s, "%") || strings.HasPrefix(s, "@") || run(s) > 5
}

// run is the longest stretch of one repeated character, or of characters that follow one another ("abcdef", "123456").
func run(s string) int {
	longest, same, next := 0, 1, 1
	for i := 1; i < len(s); i++ {
		same, next = step(s[i] == s[i-1], same), step(s[i] == s[i-1]+1, next)
		longest = max(longest, same, next)
	}
	return longest
}

func step(goesOn bool, n int) int {
	if goesOn {
		return n + 1
	}
	return 1
}

// assigned finds `name = "value"` in the spellings of the languages and of configuration: the name, and the value in quotes.
var assigned = regexp.MustCompile(`(?i)([a-z0-9_.\-\[\]"']*(?:passw(?:or)?d|passwd|passphrase|secret|api_?-?key|apikey|access_?-?key|auth_?-?token|access_?-?token|private_?-?key|credential)[a-z0-9_]*)["'\]]*\s*(?::\s*[\w<>|? ]+\s*=|:=|=>|!==?|={1,3}|:)\s*(?:[a-z]{1,2})?("[^"\\\n]{6,200}"|'[^'\\\n]{6,200}')`)

// compared finds `"value" == name`, abbreviated a short name that has the value by itself, or behind the word of a header. Both give name and value.
var (
	compared    = regexp.MustCompile(`(?i)["'](?P<value>[^"'\\\s]{16,200})["']\s*[!=]==?\s*(?P<name>[a-z0-9_.]*(?:passw(?:or)?d|secret|api_?key|token)\w*)`)
	abbreviated = regexp.MustCompile(`(?i)(?:^|[^\w.$])(?P<name>pwd?|creds?|bearer)["']?\s*(?::=|=|:)\s*["'](?:Bearer:?\s+)?(?P<value>[^"'\\\s]{20,200})["']`)
)

// notTheSecret are ends of names whose value is about a secret, and is none.
var notTheSecret = []string{
	"name", "field", "label", "path", "file", "url", "uri", "type", "id", "header", "param", "prefix", "suffix", "regex", "pattern", "hint", "message", "msg", "error", "placeholder", "title",
	"text", "format", "policy", "length", "column", "selector", "env", "var", "hash", "digest", "algorithm", "class", "ref", "arn", "description", "help", "key_id", "keyid", "reset", "attr",
	"attribute", "input", "element", "form", "endpoint", "route", "scope", "scopes", "mode", "kind", "version", "provider", "manager", "service", "store", "strategy", "encoder", "validator",
}

// about tells a name that speaks of a secret without holding it: "password_field", "SECRET_NAME".
func about(name string) bool {
	low := strings.ToLower(strings.Trim(name, `"'[].`))
	low = low[strings.LastIndexByte(low, '.')+1:]
	for _, s := range notTheSecret {
		if strings.HasSuffix(low, s) && low != s {
			return true
		}
	}
	return strings.Contains(low, "public") || strings.Contains(low, "no_") || strings.HasPrefix(low, "is_") || strings.HasPrefix(low, "has_")
}

// looksRandom tells a value that a machine made from one that a person reads. A credential is one token; it has letters and digits, or
// more variety than words have.
func looksRandom(s string) bool {
	var letters, digits, upper, lower, other int
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII || unicode.IsSpace(r) || r == '/' && strings.Count(s, "/") > 2:
			return false
		case r >= '0' && r <= '9':
			digits++
		case r >= 'A' && r <= 'Z':
			letters++
			upper++
		case r >= 'a' && r <= 'z':
			letters++
			lower++
		default:
			other++
		}
	}
	switch {
	case len(s) < 16 || strings.ContainsAny(s, "(){}[]<>,;|\\"):
		return false
	case strings.Contains(s, "://") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./"):
		return false
	case digits == 0 && (upper == 0 || lower == 0):
		return false
	case digits < 2 && other > 1: // words with dashes or dots between them
		return false
	default:
		return letters > 0 && entropy(s) >= 3.5
	}
}

// weak tells a password that a person made up for a login: digits beside letters, or a sign, in one short word.
func weak(s string) bool {
	if len(s) > 40 || strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsAny(s, "(){}[]<>,;|\\/:=") {
		return false
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) { // a text for people
		return false
	}
	digit := strings.ContainsFunc(s, unicode.IsDigit)
	letter := strings.ContainsFunc(s, unicode.IsLetter)
	sign := strings.ContainsAny(s, "!@#%^&*+?~")
	return letter && (digit || sign)
}
