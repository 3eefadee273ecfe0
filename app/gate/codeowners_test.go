package gate_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	hmarr "github.com/hmarr/codeowners"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// TestCodeownersVerdicts reads testdata/codeowners.txt: a CODEOWNERS file and, per path, who owns it by GitHub's documentation, and by which
// sentence of it. "-" is nobody. Where hmarr/codeowners, an independent implementation, reads the file too, it must agree, unless the line ends in
// "(hmarr differs)".
func TestCodeownersVerdicts(t *testing.T) {
	t.Parallel()
	ar, err := txtar.ParseFile("testdata/codeowners.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]+): `).FindAllSubmatch(ar.Comment, -1) {
		reasons[string(m[1])] = 0
	}
	verdicts := 0
	for i := 0; i+1 < len(ar.Files); i += 2 {
		file, want := ar.Files[i], ar.Files[i+1]
		owners, problems := gate.ParseCodeowners(file.Name, string(file.Data))
		if len(problems) > 0 {
			t.Errorf("%s: %v", file.Name, problems)
			continue
		}
		other, err := hmarr.ParseFile(strings.NewReader(string(file.Data)))
		if unread := strings.HasSuffix(file.Name, "(hmarr cannot read)"); (err != nil) != unread {
			t.Errorf("%s: hmarr: %v", file.Name, err)
		}
		read := err == nil
		for line := range strings.Lines(string(want.Data)) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			line, differs := strings.CutSuffix(line, " (hmarr differs)")
			line, reason, _ := strings.Cut(line, " ; ")
			if _, known := reasons[reason]; !known {
				t.Errorf("%s: %s follows %q, which is not explained", file.Name, line, reason)
			}
			reasons[reason]++
			path, expected, _ := strings.Cut(line, " => ")
			verdicts++
			got := "-"
			if rule := owners.Owners(path); rule != nil && len(rule.Owners) > 0 {
				var names []string
				for _, o := range rule.Owners {
					names = append(names, o.String())
				}
				got = strings.Join(names, " ")
			}
			if got != expected {
				t.Errorf("%s: %s is owned by %s, want %s", file.Name, path, got, expected)
			}
			theirs := "-"
			if rule, err := other.Match(path); err == nil && rule != nil && len(rule.Owners) > 0 {
				var names []string
				for _, o := range rule.Owners {
					names = append(names, o.String())
				}
				theirs = strings.Join(names, " ")
			}
			if read && (theirs != expected) != differs {
				t.Errorf("%s: %s: hmarr says %s, we expect %s, marked as differing: %v", file.Name, path, theirs, expected, differs)
			}
		}
	}
	for reason, n := range reasons {
		if n == 0 {
			t.Errorf("no verdict follows %q", reason)
		}
	}
	if verdicts < 100 {
		t.Errorf("only %d verdicts", verdicts)
	}
	t.Logf("%d verdicts, %d sentences", verdicts, len(reasons))
}

// TestCodeownersAgainstGit asks git, whose rules GitHub's documentation refers to, about random patterns. The one pattern that GitHub documents
// otherwise, "docs/*", is left out.
func TestCodeownersAgainstGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "git", args...)
		cmd.Dir, cmd.Stdin, cmd.Env = dir, strings.NewReader(stdin), []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: nothing is ignored
			t.Fatal(args, err)
		}
		return string(out)
	}
	git("", "init", "-q")
	r := rand.New(rand.NewPCG(8, 8))
	join := func(from []string) string {
		var out []string
		for range 1 + r.IntN(4) {
			out = append(out, from[r.IntN(len(from))])
		}
		return strings.Join(out, "/")
	}
	for range 150 {
		pattern := join([]string{"a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "a.b", "*.b"})
		if r.IntN(3) == 0 {
			pattern = "/" + pattern
		}
		if strings.Contains(pattern, "/") && strings.HasSuffix("/"+pattern, "/*") {
			continue
		}
		if r.IntN(3) == 0 {
			pattern += "/"
		}
		if err := os.WriteFile(filepath.Join(dir, ".git", "info", "exclude"), []byte(pattern+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var paths []string
		for range 12 {
			paths = append(paths, join([]string{"a", "b", "ab", "aab", "a.b", "x"}))
		}
		ignored := map[string]bool{}
		for path := range strings.SplitSeq(git(strings.Join(paths, "\x00")+"\x00", "check-ignore", "--no-index", "-z", "--stdin"), "\x00") {
			ignored[path] = true
		}
		owners, problems := gate.ParseCodeowners("CODEOWNERS", pattern+" @x\n")
		if len(problems) > 0 {
			t.Fatal(pattern, problems)
		}
		for _, path := range paths {
			if got := owners.Owners(path) != nil; got != ignored[path] {
				t.Errorf("%s on %s: %v, git says %v", pattern, path, got, ignored[path])
			}
		}
	}
}

func TestCodeownersProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, want string }{
		{"negation", "!*.go @bob\n", `CODEOWNERS:1:1: the pattern "!*.go" begins with "!", which CODEOWNERS does not support. GitHub skips this line. Rewrite the pattern.`},
		{"character range", "ok @bob\n[ab].go @bob\n", `CODEOWNERS:2:1: the pattern "[ab].go" uses "[ ]", which CODEOWNERS does not support. GitHub skips this line. Rewrite the pattern.`},
		{"section of another product", "[Docs]\n", `CODEOWNERS:1:1: the pattern "[Docs]" uses "[ ]", which CODEOWNERS does not support. GitHub skips this line. Rewrite the pattern.`},
		{"owner without @", "  *.go bob\n", `CODEOWNERS:1:8: "bob" is not an owner. Write @user, @organisation/team or an e-mail address; write spaces in a pattern as "\ ".`},
		{"space not escaped", "my file.go @bob\n", `CODEOWNERS:1:4: "file.go" is not an owner. Write @user, @organisation/team or an e-mail address; write spaces in a pattern as "\ ".`},
		{"bad team", "* @acme/\n", `CODEOWNERS:1:3: "@acme/" is not an owner. Write @user, @organisation/team or an e-mail address; write spaces in a pattern as "\ ".`},
		{"three stars", "a/*** @bob\n", `CODEOWNERS:1:1: the pattern "a/***" has more than two stars in a row. GitHub skips this line. Rewrite the pattern.`},
		{"slash alone", "/ @bob\n", `CODEOWNERS:1:1: the pattern "/" has an empty part. GitHub skips this line. Rewrite the pattern.`},
		{"too large", strings.Repeat("#", gate.MaxCodeowners), `CODEOWNERS: the file is 3 MB or larger; GitHub does not load it. Use fewer, wider patterns.`},
		{"not UTF-8", "\xff @bob\n", "CODEOWNERS:1:1: the pattern \"\\xff\" is not valid UTF-8. GitHub skips this line. Rewrite the pattern."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := gate.ParseCodeowners("CODEOWNERS", c.file)
			if len(problems) != 1 || problems[0].String() != c.want {
				t.Errorf("got  %v\nwant %s", problems, c.want)
			}
		})
	}
}

func FuzzCodeowners(f *testing.F) {
	data, err := os.ReadFile("testdata/codeowners.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range txtar.Parse(data).Files {
		f.Add(string(file.Data), "docs/a/b.go")
	}
	f.Add("a\\ b\\* @x/y #c\n[!] \n", "a b*/c")
	f.Fuzz(func(t *testing.T, file, path string) {
		owners, problems := gate.ParseCodeowners("CODEOWNERS", file)
		for _, p := range problems {
			if p.Message == "" || p.Remedy == "" || p.Line < 0 {
				t.Errorf("problem without an explanation: %+v", p)
			}
		}
		first := owners.Owners(path)
		owners.Owners("x/" + path) // what the walker remembers of one path must not show in the next
		if again := owners.Owners(path); again != first {
			t.Errorf("%q: %v, then %v", path, first, again)
		}
	})
}
