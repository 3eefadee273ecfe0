package secrets

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "hardcoded-secret"

// Check is the check.
var Check = &checks.Check{
	Name:  "secrets/credential",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A credential in the code",
		Why:        "Everybody who can read the repository can use it, and it stays in the history and in every copy of it after it was deleted.",
		Remedy:     "Revoke the credential where it was made. Read the new one from the environment or from a secret store when the program starts.",
		Severity:   checks.Critical,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-798", "CWE-321", "CWE-259"},
		References: []string{"https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password", "https://docs.github.com/en/code-security/secret-scanning/introduction/about-secret-scanning"},
		Tags:       []string{"security", "secrets"},
		Rollout:    checks.RolloutBlock,
		Same:       []string{"G101", "B105", "B106", "B107"},
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      scanFiles,
}

// maxLine is how much of a line is looked at, in bytes: what a machine wrote on one line of a megabyte is not code.
const maxLine = 20_000

func scanFiles(ctx context.Context, pass *checks.Pass) error {
	return pass.Texts(ctx, nil, func(f *checks.File, name string, text []byte) { scan(pass, name, f.Class, text) })
}

// scan looks at one file.
func scan(pass *checks.Pass, name string, class checks.Class, text []byte) {
	lower := bytes.ToLower(text)
	var may []format
	for _, f := range formats {
		if f.anchor != "" && bytes.Contains(text, []byte(f.anchor)) || f.anchor == "" && bytes.Contains(lower, []byte("aws")) {
			may = append(may, f)
		}
	}
	s := scanner{pass: pass, name: name, class: class, values: class == checks.ClassProduct && !lockfile(name) && !translation.MatchString(name) && (speaks(lower) || bytes.Contains(text, []byte("://")))}
	at, line := 0, 0
	for raw := range bytes.Lines(text) {
		line++
		if bytes.Contains(raw, []byte("PRIVATE KEY")) && class == checks.ClassProduct {
			if m := pem.FindIndex(raw); m != nil && holdsKey(text[at+m[1]:]) {
				s.report(line, raw, m, "a private key", string(head(text[at+m[1]:])), checks.Critical, checks.Certain)
			}
		}
		at += len(raw)
		s.line(line, raw[:min(len(raw), maxLine)], may)
	}
}

// translation tells files that hold the words of a language: a long word that is named "secret" is the word for it.
var translation = regexp.MustCompile(`(?i)(^|/)(locales?|i18n|l10n|lang(uages?)?|translations?)/.*\.(json|ya?ml|properties|ini|toml|xml|po|arb|strings|xlf)$|(^|/)(messages|translations?|strings)[._-][a-z]{2}([_-][a-z]{2})?\.\w+$`)

type scanner struct {
	pass   *checks.Pass
	name   string
	class  checks.Class
	values bool // look at assigned values and addresses too
}

// line reports the first credential of a line: two in one line are revoked together.
func (s *scanner) line(number int, raw []byte, may []format) {
	for _, f := range may {
		if f.anchor != "" && !bytes.Contains(raw, []byte(f.anchor)) {
			continue
		}
		m := f.pattern.FindSubmatchIndex(raw)
		if m == nil {
			continue
		}
		span := m[:2]
		if len(m) > 2 && m[2] >= 0 {
			span = m[2:4]
		}
		token := string(raw[span[0]:span[1]])
		if entropy(token) < f.entropy || madeUp(token) {
			continue
		}
		severity, confidence := checks.Critical, checks.Certain
		if f.valid != nil && !f.valid(token) || s.class != checks.ClassProduct {
			severity, confidence = checks.Medium, checks.Likely
		}
		s.report(number, raw, span, f.name, token, severity, confidence)
		return
	}
	if !s.values {
		return
	}
	if m := find(address, raw, bytes.Contains(raw, []byte("://"))); m != nil {
		if user, password, host := string(raw[m[2]:m[3]]), string(raw[m[4]:m[5]]), string(raw[m[6]:m[7]]); loggedIn(user, password, host) {
			s.report(number, raw, m[4:6], "a password in an address", password, checks.High, checks.Likely)
			return
		}
	}
	quoted := bytes.ContainsAny(raw, `"'`) && speaks(bytes.ToLower(raw))
	if m := find(assigned, raw, quoted); m != nil {
		name, value := string(raw[m[2]:m[3]]), string(raw[m[4]+1:m[5]-1])
		switch {
		case about(name) || placeholder(value) || strings.Contains(strings.ToLower(name), strings.ToLower(value)) || strings.Contains(strings.ToLower(value), "password"):
		case looksRandom(value):
			s.report(number, raw, m[4:6], fmt.Sprintf("a value for %q that looks like a credential", strings.Trim(name, `"'[].`)), value, checks.High, checks.Likely)
		case weak(value):
			s.report(number, raw, m[4:6], fmt.Sprintf("a value for %q", strings.Trim(name, `"'[].`)), value, checks.Medium, checks.Unsure)
		}
		return
	}
	for _, re := range []*regexp.Regexp{compared, abbreviated} {
		m := find(re, raw, quoted)
		if m == nil {
			continue
		}
		name, value := re.SubexpIndex("name"), re.SubexpIndex("value")
		span := []int{m[2*value], m[2*value+1]}
		if text := string(raw[span[0]:span[1]]); !about(string(raw[m[2*name]:m[2*name+1]])) && !placeholder(text) && looksRandom(text) {
			s.report(number, raw, span, fmt.Sprintf("a value for %q that looks like a credential", raw[m[2*name]:m[2*name+1]]), text, checks.High, checks.Likely)
			return
		}
	}
}

// find looks for an expression where it can be: these have no literal that Go's engine could jump to.
func find(re *regexp.Regexp, raw []byte, can bool) []int {
	if !can {
		return nil
	}
	return re.FindSubmatchIndex(raw)
}

// speaks tells whether a text in lower case has a word that the names of credentials have.
func speaks(lower []byte) bool {
	for _, word := range []string{"passw", "passphrase", "secret", "api", "token", "cred", "key", "pw", "bearer"} {
		if bytes.Contains(lower, []byte(word)) {
			return true
		}
	}
	return false
}

func (s *scanner) report(line int, raw []byte, span []int, what, secret string, severity checks.Severity, confidence checks.Confidence) {
	column := utf8.RuneCount(raw[:span[0]]) + 1
	s.pass.Report(checks.Finding{
		RuleID: ruleID, Severity: severity, Confidence: confidence,
		Message: fmt.Sprintf("This line holds %s. Revoke it where it was made, and read the new one from the environment or a secret store.", what),
		Location: checks.Location{
			Path: s.name, Side: s.pass.Side, StartLine: line, StartColumn: column, EndLine: line, EndColumn: column + utf8.RuneCount(raw[span[0]:span[1]]),
		},
		Key: what + " " + secret,
	})
}

// madeUp tells a token that somebody typed to look like one: the providers' own examples, and runs of one key.
func madeUp(token string) bool {
	low := strings.ToLower(token)
	for _, s := range []string{"example", "xxxx", "1234567890", "abcdefghij", "deadbeef", "placeholder", "your", "dummy", "fake", "sample", "redacted", "notreal"} {
		if strings.Contains(low, s) {
			return true
		}
	}
	return run(token) > 7
}

var pem = regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----`)

// keyLine is a line of a key in PEM: sixty-four digits in base 64, or what its headers left of them.
var keyLine = regexp.MustCompile(`[A-Za-z0-9+/]{40}`)

// holdsKey tells whether a key follows: a line that speaks of PEM files, and a key that was cut short, hold none.
func holdsKey(rest []byte) bool {
	body := head(rest)
	digits := 0
	for _, m := range keyLine.FindAll(body, -1) {
		digits += len(m)
	}
	return digits >= 80 && entropy(string(body)) > 4.5 && !bytes.Contains(body, []byte("...")) && !bytes.Contains(body, []byte("EXAMPLE"))
}

// head is what stands behind the first line of a key, up to its end, at most a kilobyte.
func head(rest []byte) []byte {
	if i := bytes.Index(rest, []byte("-----END")); i >= 0 {
		rest = rest[:i]
	}
	return rest[:min(len(rest), 1024)]
}

var address = regexp.MustCompile(`[a-z][a-z0-9+.-]{1,20}://([^\s:/@"'<>${}]{1,64}):([^\s:/@"'<>${}]{3,128})@([\w.-]{1,253})`)

// loggedIn tells an address with a credential in it from one that is an example, or that reaches a service of this machine.
func loggedIn(user, password, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if decoded, err := url.PathUnescape(password); err == nil {
		password = decoded
	}
	switch {
	case !strings.Contains(host, "."): // localhost, or the name of a container
		return false
	case strings.HasPrefix(host, "127."), strings.HasSuffix(host, ".local"), strings.HasSuffix(host, ".test"), strings.HasSuffix(host, ".invalid"), strings.HasSuffix(host, ".internal"):
		return false
	case strings.HasPrefix(host, "example."), strings.Contains(host, ".example."), strings.HasSuffix(host, ".example"):
		return false
	}
	low := strings.ToLower(password)
	return !placeholder(password) && low != strings.ToLower(user) && low != "pass" && low != "password" && low != "secret" && low != "token" && low != "pwd" && len(password) >= 5
}

// lockfile tells a file of hashes, which look like credentials and are none.
func lockfile(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".lock", ".sum", ".lockb", ".snap", ".svg", ".ipynb", ".map":
		return true
	}
	return strings.HasSuffix(base, "-lock.json") || strings.HasSuffix(base, "-lock.yaml") || strings.HasSuffix(base, ".min.js") || base == "npm-shrinkwrap.json"
}
