//go:build unix

package engine_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// BenchmarkGiven runs the rules of one folder on the files of another, on one goroutine, beside the bare parsing of the files that had to be
// parsed. What is compared is the time of the processors, which other work on the machine changes least. .ci/bench-engine names the folders; without them there is nothing to measure.
func BenchmarkGiven(b *testing.B) {
	folder, files := os.Getenv("REVIEWGATE_BENCH_RULES"), os.Getenv("REVIEWGATE_BENCH_FILES")
	if folder == "" || files == "" {
		b.Log("set REVIEWGATE_BENCH_RULES and REVIEWGATE_BENCH_FILES to folders")
		return
	}
	sources, _, err := rules.LoadPath(folder, rules.OriginFlag)
	if err != nil {
		b.Fatal(err)
	}
	rs, _ := rules.ParseAll(sources)
	set, _ := engine.Compile(rs)
	var given []engine.File
	err = filepath.WalkDir(files, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !set.Wants(path) {
			return err
		}
		data, err := os.ReadFile(path)
		given = append(given, engine.File{Path: path, Source: data})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var all, bare time.Duration
	var parsed []engine.File
	for b.Loop() {
		parsed = nil
		start := processorTime(b)
		for _, f := range given {
			if res := set.Run(context.Background(), f); res.Tree != nil {
				parsed = append(parsed, f)
			}
		}
		all += processorTime(b) - start
		start = processorTime(b)
		for _, f := range parsed {
			if _, err := language.ForPath(f.Path).Parse(f.Path, f.Source); err != nil {
				b.Fatal(err)
			}
		}
		bare += processorTime(b) - start
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(parsed)), "parsed")
	b.ReportMetric(float64(bare.Milliseconds())/n, "parse-ms")
	b.ReportMetric(float64(all.Milliseconds())/n, "all-ms")
	b.ReportMetric(float64(all)/float64(max(bare, 1)), "ratio")
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
