package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// scanRounds is how often every scan is measured. The repositories take turns, so that what disturbs the machine for a moment disturbs all of
// them, and their ratio means something.
const scanRounds = 30

// BenchmarkScan measures `reviewgate scan --format sarif` of a change of ten files, from the start of the process to its end, in
// repositories of three sizes: of two revisions (objects only) and of a work tree, which git has to look through, as the time of `git status` beside
// it shows. cpu-ms is the time of all processors, git's included.
func BenchmarkScan(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "reviewgate")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("building reviewgate: %v\n%s", err, out)
	}
	var scans []*measuredScan
	for _, files := range []int{100, 10_000, 100_000} {
		dir := syntheticRepository(b, files)
		for _, mode := range []struct {
			name string
			args []string
		}{{"revisions", []string{"--base", "main", "--head", "topic"}}, {"work-tree", []string{"--base", "main"}}} {
			output := filepath.Join(b.TempDir(), "out.sarif")
			args := append([]string{"scan", dir, "--format", "sarif", "--output", output}, mode.args...)
			scans = append(scans, &measuredScan{mode: mode.name, files: files, exit: exitBlocked, output: output, binary: binary, args: args})
		}
		scans = append(scans, &measuredScan{mode: "git-status", files: files, binary: "git", args: []string{"-C", dir, "--no-optional-locks", "status", "--porcelain"}})
	}
	for round := range scanRounds + 1 {
		for _, s := range scans {
			s.run(b, round > 0) // the first one warms the caches of the system
		}
	}
	for _, s := range scans {
		b.Run(fmt.Sprintf("%s/%d", s.mode, s.files), func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(milliseconds(percentile(s.took, 0)), "min-ms")
			b.ReportMetric(milliseconds(percentile(s.took, 50)), "p50-ms")
			b.ReportMetric(milliseconds(percentile(s.took, 95)), "p95-ms")
			b.ReportMetric(milliseconds(percentile(s.cpu, 50)), "cpu-ms")
		})
	}
	small, large := scans[:len(scans)/3], scans[len(scans)/3*2:]
	for i, s := range small[:2] { // not of git status
		b.Run(fmt.Sprintf("%s/%d-to-%d", s.mode, large[i].files, s.files), func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(percentile(large[i].took, 50))/float64(percentile(s.took, 50)), "ratio")
		})
	}
}

// A measuredScan is one command line and how long it took each time.
type measuredScan struct {
	mode, binary string
	args         []string
	files        int
	exit         int    // the exit code that it must have
	output       string // the SARIF file; "": none
	took, cpu    []time.Duration
}

func (s *measuredScan) run(b *testing.B, counts bool) {
	var stderr bytes.Buffer
	cmd := exec.Command(s.binary, s.args...)
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if code := cmd.ProcessState.ExitCode(); code != s.exit {
		b.Fatalf("%s of %d files: %v, want exit code %d\n%s", s.mode, s.files, err, s.exit, stderr.String())
	}
	if !counts && s.output != "" {
		sarif, err := os.ReadFile(s.output)
		if err != nil || bytes.Count(sarif, []byte(`"ruleId": "`)) != 1 || !bytes.Contains(sarif, []byte("python-sql-string-build")) {
			b.Fatalf("%s of %d files: %v, want one result, the planted flaw\n%s", s.mode, s.files, err, sarif)
		}
	}
	if !counts {
		return
	}
	s.took = append(s.took, took)
	s.cpu = append(s.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
}

// percentile gives the value that p of a hundred do not exceed; 0 gives the least.
func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max((len(sorted)*p+99)/100-1, 0)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// syntheticRepository makes a repository of n files of 5 to 10 kB in five languages, in folders of 25. The branch topic changes ten of them and
// plants one flaw. HEAD is main; the work tree holds the same change, not staged.
func syntheticRepository(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	git(b, dir, nil, "init", "-q", "-b", "main")
	code := readCode(b)
	base := func(i int) string { return code.file(i, 4+i%4, "") }
	head := func(i int) string {
		flaw := ""
		if i == 11 || i == n/10+1 && n > 100 { // Python
			flaw = "def orders_of(cursor, customer):\n    cursor.execute(f\"SELECT id FROM orders WHERE customer = '{customer}'\")\n\n\n"
		}
		return code.file(i, 5+i%4, flaw)
	}
	changed := make([]int, 10)
	for i := range changed {
		changed[i] = i*n/10 + i // two of each language
	}
	git(b, dir, func(w io.Writer) {
		file := func(path, text string) { fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text) }
		commit := func(branch string) {
			fmt.Fprintf(w, "commit refs/heads/%s\ncommitter Alice <alice@example.com> 1700000000 +0000\ndata %d\n%s\n", branch, len(branch), branch)
		}
		commit("main")
		file(".github/reviewgate.yml", "version: 1\nguard:\n  - name: payments\n    paths: [\"src/a01/**\"]\n    approvals: 1\n    from: [\"@acme/payments\"]\n")
		file(".github/CODEOWNERS", "* @acme/shop\n/src/a02/ @acme/stock\n")
		for i := range n {
			file(code.path(i), base(i))
		}
		commit("topic")
		fmt.Fprintln(w, "from refs/heads/main")
		for _, i := range changed {
			file(code.path(i), head(i))
		}
	}, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=0")
	git(b, dir, nil, "-c", "checkout.workers=0", "checkout", "-q", "-f", "main")
	// git reads files again that were written in the second in which the index was. In a repository that is in use there are few.
	if err := os.Chtimes(filepath.Join(dir, ".git", "index"), time.Time{}, time.Now().Add(time.Minute)); err != nil {
		b.Fatal(err)
	}
	for _, i := range changed {
		if err := os.WriteFile(filepath.Join(dir, code.path(i)), []byte(head(i)), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// git runs git in dir, without the configuration of the machine.
func git(b *testing.B, dir string, input func(io.Writer), args ...string) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if input != nil {
		r, w := io.Pipe()
		defer r.Close()
		cmd.Stdin = r
		go func() {
			buffered := bufio.NewWriterSize(w, 1<<20)
			input(buffered)
			_ = w.CloseWithError(buffered.Flush()) // if git ended early, it says why
		}()
	}
	if err := cmd.Run(); err != nil {
		b.Fatalf("git %v: %v\n%s", args, err, said.String())
	}
}

// sampleCode makes files of the code in testdata/speed.txtar.
type sampleCode map[string]string

func readCode(b *testing.B) sampleCode {
	b.Helper()
	archive, err := txtar.ParseFile("../../testdata/speed.txtar")
	if err != nil {
		b.Fatal(err)
	}
	code := sampleCode{}
	for _, f := range archive.Files {
		code[f.Name] = string(f.Data)
	}
	return code
}

var sampleLanguages = []struct{ name, ext string }{{"go", "go"}, {"python", "py"}, {"javascript", "js"}, {"typescript", "ts"}, {"java", "java"}}

func (c sampleCode) path(i int) string {
	return fmt.Sprintf("src/a%02d/b%02d/orders%d.%s", i/25/50, i/25%50, i, sampleLanguages[i%5].ext)
}

// file gives the text of file i. extra stands before the tail.
func (c sampleCode) file(i, units int, extra string) string {
	name := sampleLanguages[i%5].name
	text := c[name+"/head"]
	for unit := range units {
		text += strings.ReplaceAll(c[name+"/unit"], "_N_", strconv.Itoa(10*i+unit))
	}
	return text + extra + c[name+"/tail"]
}
