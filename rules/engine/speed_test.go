package engine_test

import (
	"context"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A corpus is code of one language. Throughput is measured on files of the size that people write, because that is what a change is made of.
type corpus struct {
	name  string
	files []engine.File // without Tree
	bytes int64
}

// corpora are: for each language generated code that holds the words of the built-in rules in every function, so that no rule is spared by
// the prefilter and nothing is reported; and Go's own source, where the prefilter spares what it can.
func corpora(b *testing.B) []corpus {
	b.Helper()
	archive, err := txtar.ParseFile("../../testdata/speed.txtar")
	if err != nil {
		b.Fatal(err)
	}
	code := map[string]string{}
	for _, f := range archive.Files {
		code[f.Name] = string(f.Data)
	}
	var all []corpus
	for _, spec := range language.All() {
		c := corpus{name: spec.Name}
		for i := range 30 {
			text := code[spec.Name+"/head"]
			for unit := range 4 + i%4 {
				text += strings.ReplaceAll(code[spec.Name+"/unit"], "_N_", strconv.Itoa(10*i+unit))
			}
			c.add("src/orders"+strconv.Itoa(i)+spec.Extensions[0], text+code[spec.Name+"/tail"])
		}
		all = append(all, c)
	}
	c := corpus{name: "goroot"}
	src := filepath.Join(build.Default.GOROOT, "src")
	for _, dir := range []string{"net/http", "go/types", "database/sql", "os/exec"} {
		entries, err := os.ReadDir(filepath.Join(src, dir))
		if err != nil {
			b.Logf("Go's own source is not measured: %v", err)
			return all
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".go" && e.Type() == fs.FileMode(0) {
				data, err := os.ReadFile(filepath.Join(src, dir, e.Name()))
				if err != nil {
					b.Fatal(err)
				}
				c.add(dir+"/"+e.Name(), string(data))
			}
		}
	}
	return append(all, c)
}

func (c *corpus) add(path, text string) {
	c.files = append(c.files, engine.File{Path: path, Source: []byte(text)})
	c.bytes += int64(len(text))
}

// parsed gives the files with their trees, so that a run does not parse.
func (c *corpus) parsed(b *testing.B) []engine.File {
	b.Helper()
	files := make([]engine.File, len(c.files))
	for i, f := range c.files {
		tree, err := language.ForPath(f.Path).Parse(f.Path, f.Source)
		if err != nil || c.name != "goroot" && len(tree.Errors) > 0 {
			b.Fatalf("%s: %v, %d errors", f.Path, err, len(tree.Errors))
		}
		files[i] = f
		files[i].Tree = func(*language.Spec) (*language.Tree, error) { return tree, nil }
	}
	return files
}

// BenchmarkParseFiles is the way from source to the normalised tree.
func BenchmarkParseFiles(b *testing.B) {
	for _, c := range corpora(b) {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(c.bytes)
			for b.Loop() {
				for _, f := range c.files {
					if _, err := language.ForPath(f.Path).Parse(f.Path, f.Source); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkMatchFiles runs all built-in rules on trees that are there.
func BenchmarkMatchFiles(b *testing.B) {
	rs, problems := rules.ParseAll(rules.Builtin())
	set, more := engine.Compile(rs)
	if len(problems)+len(more) > 0 {
		b.Fatal(problems, more)
	}
	for _, c := range corpora(b) {
		b.Run(c.name, func(b *testing.B) {
			files := c.parsed(b)
			b.SetBytes(c.bytes)
			for b.Loop() {
				for _, f := range files {
					res := set.Run(context.Background(), f)
					if len(res.Overruns) > 0 || c.name != "goroot" && (len(res.Matches) > 0 || res.Tree == nil) {
						b.Fatalf("%s: %d matches, overruns %v, looked at: %v; the code must be looked at and hold nothing to report", f.Path, len(res.Matches), res.Overruns, res.Tree != nil)
					}
				}
			}
		})
	}
}

// BenchmarkCompileRules is what every worker does first: the built-in rules from their files to a set that runs.
func BenchmarkCompileRules(b *testing.B) {
	n := len(rules.Builtin())
	b.ReportAllocs()
	for b.Loop() {
		rs, _ := rules.ParseAll(rules.Builtin())
		if set, _ := engine.Compile(rs); len(set.Rules()) != n {
			b.Fatalf("%d of %d rules", len(set.Rules()), n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/rule")
}
