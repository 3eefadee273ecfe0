package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/record"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// signedIn is a repository with a merged change, and the records of it.
type signedIn struct {
	t           *testing.T
	dir         string // of the repository
	key         *record.Private
	keys        string // file
	base, head  string
	merge       string
	facts       *gate.Facts
	decided     *gate.Decision
	lines       [][]byte
	digests     []string
	recordsFile string
}

func (s *signedIn) git(args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "git", append([]string{"-C", s.dir, "-c", "user.name=alice", "-c", "user.email=alice@example.com"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("git %q: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

func newSigned(t *testing.T) *signedIn {
	s := &signedIn{t: t, dir: t.TempDir()}
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	if s.key, err = record.ParsePrivate(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		t.Fatal(err)
	}
	s.keys = s.write("keys.pem", append([]byte("# the server's keys\n"), s.key.PEM()...))
	s.git("init", "--quiet", "--initial-branch=main")
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(message string) string {
		s.git("add", "--all")
		s.git("commit", "--quiet", "--message", message)
		return s.git("rev-parse", "HEAD")
	}
	write("pay/card.go", "package pay\n")
	write("old name.txt", "text\n")
	s.base = commit("begin")
	s.git("switch", "--quiet", "--create", "topic")
	write("pay/card.go", "package pay\n\n// better\n")
	write("pay.txt", "sorts before the folder\n")
	s.git("mv", "old name.txt", "näme.txt")
	s.head = commit("better")
	s.git("switch", "--quiet", "main")
	s.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
	s.merge = s.git("rev-parse", "HEAD")

	snap, err := source.ObjectsOf(t.Context(), s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	files, err := snap.ChangedPaths(t.Context(), s.base, s.head)
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := gate.Person{ID: 1, Login: "alice"}, gate.Person{ID: 2, Login: "bob"}
	s.facts = &gate.Facts{Repo: "acme/shop", Number: 3, Head: s.head, BaseRef: "main", Base: s.base, MergeBase: s.base, Author: alice}
	for _, f := range files {
		s.facts.Files = append(s.facts.Files, gate.FileChange{Path: f.Path, OldMode: f.OldMode, OldBlob: f.OldBlob, Mode: f.Mode, Blob: f.Blob})
	}
	s.facts.Ledger = []gate.LedgerEntry{gate.Complete(gate.LedgerEntry{ReviewID: 5, Head: s.head, MergeBase: s.base, BaseRef: "main"}, s.facts.Files)}
	s.decided = &gate.Decision{State: gate.Pending, Title: "Needs 1 approval", Guards: []gate.GuardAnswer{}}
	s.sign(nil)
	s.decided = &gate.Decision{State: gate.Pass, Title: "Approved", Reviews: []gate.ReviewAnswer{{ReviewID: 5, Reviewer: bob, State: "APPROVED", Counts: true}}}
	s.sign(nil)
	s.sign(&report.RecordMerged{Commit: s.merge, By: "bob"})
	s.recordsFile = s.write("records.jsonl", append(bytes.Join(s.lines, []byte("\n")), '\n'))
	return s
}

func (s *signedIn) write(name string, data []byte) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *signedIn) sign(merged *report.RecordMerged) {
	s.t.Helper()
	st := report.RenderRecord(&report.Attested{Tool: report.Tool{Name: "reviewgate", Version: "1"}, RepoURL: "https://github.com/acme/shop", RepoID: 9, Decision: s.decided, Facts: s.facts, Merge: merged})
	st.Predicate.Chain = report.Link{Installation: 4, Sequence: int64(len(s.lines) + 1)}
	if n := len(s.digests); n > 0 {
		st.Predicate.Chain.Previous = &report.SHA256{SHA256: s.digests[n-1]}
	}
	envelope, digest, err := record.Seal(st, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.lines, s.digests = append(s.lines, envelope), append(s.digests, digest)
}

// verifies runs the command.
func verifies(args ...string) (out string, code int) {
	cmd := rootCommand()
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	cmd.SetArgs(append([]string{"verify"}, args...))
	err := cmd.ExecuteContext(context.Background())
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		code = exit.code
		if exit.err != nil {
			b.WriteString(exit.err.Error())
		}
	case err != nil:
		code = exitUsage
	}
	return b.String(), code
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s := newSigned(t)
	other := s.write("other.pem", []byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"))
	changed := bytes.Clone(s.lines[1])
	changed[len(changed)/2] ^= 1
	empty := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "git", "init", "--quiet", empty).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"one", []string{s.write("one.json", s.lines[2]), "--key", s.keys}, 0, []string{": ok\n", "acme/shop#3", "let through, merged as " + s.merge[:7] + " by @bob; approved by @bob", s.key.ID}},
		{"all", []string{s.recordsFile, "--key", other, "--key", s.keys, "--chain", "--head", s.digests[2]}, 0, []string{"whole, records 1 to 3", "3 records, 0 of them wrong", "not let through"}},
		{"with the repository", []string{s.recordsFile, "--key", s.keys, "--repo", s.dir}, 0, []string{"the change: the 4 files are those of git", "what @bob saw: the 4 files", "the merge commit holds all 4 files as they were judged"}},
		{"as JSON", []string{s.recordsFile, "--key", s.keys, "--chain", "--format", "json"}, 0, []string{`"holds": true`, s.digests[2]}},
		{"another key", []string{s.recordsFile, "--key", other}, 1, []string{"WRONG", "not among the 1 keys"}},
		{"changed", []string{s.write("changed.json", changed), "--key", s.keys}, 1, []string{"WRONG"}},
		{"one is missing", []string{s.write("gap.jsonl", bytes.Join([][]byte{s.lines[0], s.lines[2]}, []byte("\n"))), "--key", s.keys, "--chain"}, 1, []string{"after record 1 comes record 3"}},
		{"the end is missing", []string{s.write("cut.jsonl", bytes.Join(s.lines[:2], []byte("\n"))), "--key", s.keys, "--chain", "--head", s.digests[2]}, 1, []string{"does not end with the record " + s.digests[2]}},
		{"another repository", []string{s.recordsFile, "--key", s.keys, "--repo", empty}, 1, []string{"is not in the repository"}},
		{"no key", []string{s.recordsFile}, 2, []string{"without a key"}},
		{"no file", []string{"--key", s.keys}, 2, []string{"no record was named"}},
		{"a file that is not there", []string{"gone.json", "--key", s.keys}, 2, []string{"gone.json"}},
		{"a key that is none", []string{s.recordsFile, "--key", s.recordsFile}, 2, []string{"no key in PEM form"}},
		{"nothing in it", []string{s.write("empty", nil), "--key", s.keys}, 2, []string{"is empty"}},
		{"text", []string{s.write("text", []byte("hello\x1b[31m\n")), "--key", s.keys}, 1, []string{"no DSSE envelope"}},
	} {
		out, code := verifies(c.args...)
		if code != c.code {
			t.Errorf("%s: exit %d, want %d: %s", c.name, code, c.code, out)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in:\n%s", c.name, w, out)
			}
		}
		if strings.ContainsRune(out, '\x1b') {
			t.Errorf("%s: a terminal would act on: %q", c.name, out)
		}
	}
}

// TestVerifyTable: the digest of the changed files is that of git's own output, as the documentation says.
func TestVerifyTable(t *testing.T) {
	t.Parallel()
	s := newSigned(t)
	st := report.RenderRecord(&report.Attested{Decision: s.decided, Facts: s.facts})
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "git diff-tree -r -z --raw --no-renames --no-abbrev "+s.base+" "+s.head+" | sha256sum")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := st.Predicate.Change.Files.Digest.SHA256; !strings.HasPrefix(string(out), got) {
		t.Errorf("digest %s, and git's is %s", got, out)
	}
	// What was approved was something else: the repository tells.
	s.facts.Ledger[0].Seen["pay/card.go"] = gate.Seen{}
	s.sign(nil)
	text, code := verifies(s.write("other.json", s.lines[3]), "--key", s.keys, "--repo", s.dir)
	if code != 1 || !strings.Contains(text, "what @bob saw: git lists 4 files with another digest") {
		t.Errorf("exit %d: %s", code, text)
	}
}
