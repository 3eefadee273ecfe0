package source

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// synthetic makes a repository of n files in folders of a hundred, and a branch that changes ten of them.
func synthetic(b *testing.B, n int) *testRepo {
	b.Helper()
	r := newRepo(b)
	var in bytes.Buffer
	who := "Alice <alice@example.com> 1700000000 +0000"
	file := func(i, version int) {
		text := fmt.Sprintf("package p%d\n\n// version %d\nfunc F%d() int { return %d }\n", i/100, version, i, i)
		fmt.Fprintf(&in, "M 100644 inline d%d/e%d/f%d.go\ndata %d\n%s\n", i/10000, i/100, i, len(text), text)
	}
	commit := func(ref, message string) {
		fmt.Fprintf(&in, "commit %s\ncommitter %s\ndata %d\n%s\n", ref, who, len(message), message)
	}
	commit("refs/heads/main", "base")
	for i := range n {
		file(i, 1)
	}
	commit("refs/heads/topic", "topic")
	in.WriteString("from refs/heads/main\n")
	for i := range 10 {
		file(i*n/10, 2)
	}
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, gitEnv(r.dir), &in
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	r.git("checkout", "-q", "-f", "topic")
	return r
}

func BenchmarkChange(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		r := synthetic(b, n)
		for name, opt := range map[string]LocalOptions{"objects": {Base: "main", Head: "topic"}, "work": {}} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					opt.Dir = r.dir
					s, err := Local(context.Background(), opt)
					if err != nil || len(s.Files) != 10 {
						b.Fatal(err, len(s.Files))
					}
					_ = s.Close()
				}
			})
		}
		b.Run(fmt.Sprintf("fetch/%d", n), func(b *testing.B) {
			srv := serve(b, r)
			base, head := r.git("rev-parse", "main"), r.git("rev-parse", "topic")
			for b.Loop() {
				s, err := Fetch(context.Background(), FetchOptions{Dir: filepath.Join(b.TempDir(), "cache"), URL: srv.url(), Base: base, Head: head})
				if err != nil || len(s.Files) != 10 {
					b.Fatal(err)
				}
				_ = s.Close()
			}
		})
	}
}
