package dockerfile

import (
	"context"
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	secret  = "docker-secret-in-image"
	remote  = "docker-unchecked-download"
	rights  = "docker-world-writable"
	version = "docker-image-unversioned"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "config/dockerfile",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(secret, "A secret in an image", "CWE-522", "The value stays in the layers of the image and in its history, for everybody who can pull it.",
			"Give the secret when the container runs, or mount it while building: RUN --mount=type=secret,id=... ."),
		rule(remote, "An image is built from an unchecked download", "CWE-494", "Whoever controls the address, or the way to it, decides what is in the image.",
			"Fetch a version by name and compare its hash before it is run, or install it from a package manager that verifies signatures."),
		rule(rights, "Files that everybody may write", "CWE-732", "Any process in the container, whatever its user, can replace what runs there.",
			"Give the files to the user that needs them (COPY --chown), with rights such as 755 or 750."),
		rule(version, "An image without a version", "CWE-1357", "The image is another one tomorrow, and nobody decides when.",
			"Name a version, best with its digest: node:22.4@sha256:... ."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title, cwe, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Likely, CWE: []string{cwe}, Why: why, Remedy: remedy,
		References: []string{"https://docs.docker.com/build/building/best-practices/"},
		Tags:       []string{"security"},
		Languages:  []string{"dockerfile"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func isDockerfile(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") && base != "dockerfile.md" || strings.HasSuffix(base, ".dockerfile")
}

func run(ctx context.Context, pass *checks.Pass) error {
	wanted := func(f *checks.File, name string) bool {
		return f.Class == checks.ClassProduct && isDockerfile(name)
	}
	return pass.Texts(ctx, wanted, func(_ *checks.File, name string, text []byte) {
		for _, p := range judge(string(text)) {
			pass.Report(checks.Finding{
				RuleID: p.rule, Message: p.message, Key: p.key,
				Location: checks.Location{Path: name, Side: pass.Side, StartLine: p.line, StartColumn: 1, EndLine: p.line, EndColumn: 1 + p.width},
			})
		}
	})
}

// An instruction is one line of the file with those that continue it.
type instruction struct {
	line int // from 1
	word string
	rest string
	raw  []string // its lines
}

// instructions reads the file; the escape character and here-documents are those of Docker's default syntax.
func instructions(text string) []instruction {
	var out []instruction
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		trimmed := strings.TrimSpace(lines[i])
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		in := instruction{line: i + 1, raw: []string{lines[i]}}
		full := trimmed
		for strings.HasSuffix(full, `\`) && i+1 < len(lines) {
			i++
			in.raw = append(in.raw, lines[i])
			next := strings.TrimSpace(lines[i])
			if strings.HasPrefix(next, "#") || next == "" {
				next = `\`
			}
			full = strings.TrimSuffix(full, `\`) + " " + next
		}
		word, rest, _ := strings.Cut(full, " ")
		in.word, in.rest = strings.ToUpper(word), strings.TrimSpace(rest)
		if m := heredoc.FindStringSubmatch(in.rest); m != nil && (in.word == "RUN" || in.word == "COPY" || in.word == "ADD") {
			for i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != m[1] {
				i++
				in.raw = append(in.raw, lines[i])
				in.rest += "\n" + lines[i]
			}
			i++
		}
		out = append(out, in)
	}
	return out
}

var (
	heredoc     = regexp.MustCompile(`<<-?["']?(\w+)["']?`)
	secretName  = regexp.MustCompile(`(?i)(?:^|_)(?:api_?key|secret(?:_?key)?|password|passwd|access_?key|private_?key|auth_?token|token|credentials?)$`)
	placeholder = regexp.MustCompile(`(?i)^(?:changeme|change_me|example|dummy|test|placeholder|none|null|false|true|secret|password|xxx+|your[-_].*|<.*>|\.\.\.|/.*|.*_file|build-?only|ignored|unset|fake.*|not[-_ ]?(?:set|used).*|0|1)$`)
	piped       = regexp.MustCompile(`\b(?:curl|wget)\b[^|;&\n]*\bhttps?://[^|;&\n]*\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|z|da)?sh\b|\b(?:ba)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b`)
	open        = regexp.MustCompile(`\bchmod\s+(?:-\w+\s+)*(?:0?777|a\+rwx|ugo\+rwx|o\+w|a\+w)\b`)
	addURL      = regexp.MustCompile(`^(?:--\S+\s+)*https?://`)
	checksum    = regexp.MustCompile(`--checksum=`)
)

// A problem is one finding of a file.
type problem struct {
	rule, message, key string
	line, width        int
}

func judge(text string) []problem {
	var out []problem
	stages := map[string]bool{"scratch": true}
	for _, in := range instructions(text) {
		add := func(rule, key, format string, args ...any) {
			line, width := in.line, len([]rune(in.raw[0]))
			for i, raw := range in.raw { // the line of it that says so
				if strings.Contains(raw, key) {
					line, width = in.line+i, len([]rune(raw))
					break
				}
			}
			out = append(out, problem{rule: rule, message: fmt.Sprintf(format, args...), key: in.word + " " + key, line: line, width: width})
		}
		switch in.word {
		case "FROM":
			image, stage := from(in.rest)
			if latest(image) && !stages[strings.ToLower(image)] {
				add(version, image, "`%s` names no version, so it is another image tomorrow. Name one, best with its digest", image)
			}
			if stage != "" {
				stages[strings.ToLower(stage)] = true
			}
		case "ENV", "ARG":
			for _, p := range pairs(in.rest) {
				if secretName.MatchString(p.name) && len(p.value) >= 6 && !strings.Contains(p.value, "$") && !placeholder.MatchString(p.value) {
					add(secret, p.name, "`%s` puts a secret into the image, for everybody who can pull it. Give it when the container runs, or mount it while building", p.name)
				}
			}
		case "ADD":
			if addURL.MatchString(in.rest) && !checksum.MatchString(in.rest) && !strings.Contains(in.rest, ".git") {
				add(remote, "://", "`ADD` takes whatever the address gives when the image is built. Add `--checksum=sha256:...`, or fetch it and compare its hash")
			}
		case "RUN":
			if m := piped.FindString(in.rest); m != "" {
				add(remote, firstWord(m), "a script is fetched and run without anybody having looked at it. Fetch a version by name and compare its hash before it is run")
			}
			if m := open.FindString(in.rest); m != "" {
				add(rights, "chmod", "`%s` lets every process of the container replace these files. Give them to the user that needs them, with 755 or less", strings.Join(strings.Fields(m), " "))
			}
		}
	}
	return out
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// from reads the image and the stage's name of a FROM.
func from(rest string) (image, stage string) {
	for f := range strings.FieldsSeq(rest) {
		if !strings.HasPrefix(f, "--") {
			image = f
			break
		}
	}
	fields := strings.Fields(rest)
	for i, f := range fields {
		if strings.EqualFold(f, "as") && i+1 < len(fields) {
			stage = fields[i+1]
		}
	}
	return image, stage
}

// latest tells an image without a version: no tag and no digest, or a tag that says nothing.
func latest(image string) bool {
	if image == "" || strings.ContainsAny(image, "$@") {
		return false
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	_, tag, ok := strings.Cut(name, ":")
	return !ok || tag == "latest"
}

type pair struct{ name, value string }

// pairs reads NAME=value ... and the old form, NAME value.
func pairs(rest string) []pair {
	if name, value, ok := strings.Cut(rest, " "); ok && !strings.Contains(name, "=") {
		return []pair{{name, strings.Trim(strings.TrimSpace(value), `"'`)}}
	}
	var out []pair
	for f := range strings.FieldsSeq(rest) {
		if name, value, ok := strings.Cut(f, "="); ok {
			out = append(out, pair{name, strings.Trim(value, `"'`)})
		}
	}
	return out
}
