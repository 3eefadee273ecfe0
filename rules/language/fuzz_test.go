package language_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// fuzzSeeds are beginnings beside the samples in testdata: what is easily got wrong.
var fuzzSeeds = map[string][]string{
	"bash":       {"if a; then b; elif c; fi", "a | b && c"},
	"dockerfile": {"RUN <<E\na\nE\n", "FROM a:b@c", "RUN a \\\n# b\n c", "ENV a=", "ONBUILD RUN [\"a", "CMD --"},
	"go":         {"package p\nfunc f() {}", "type T struct{ a, b int }"},
	"html":       {"<a b=c d='e' f>&lt;<br></a></b>", "<script>a</script", "<!DOCTYPE html><!-- a", "<ul><li>a<li>b"},
	"java":       {"class A { @B int[] x = {1}; }", `String s = """a""";`},
	"javascript": {"const {a} = require('b')", "<a {...b}>c</a>", "`${`${a}`}`"},
	"json":       {"{\"a\": [1]}", "\""},
	"python":     {"def f():\n\treturn f'{x}'", "if a:\n  b\nelif c: d"},
	"swift":      {"if let a = b, c { } else if d { }", "f(\"\\(a)\") { $0 }", "let (a, b) = (1, c: nil), d: T?", "class A { var x: T { get { y } } }", "\"\"\"\n a\n \"\"\""},
	"terraform":  {"a \"b\" { c = 1 }", "x = \"${a.b[0]}\" + <<E\nE\n"},
	"typescript": {"class A<T> { private x?: T = <any>y }", "@D() export class A {}"},
	"yaml":       {"a: |\n  b\n", "- &x {a: *x}", "a: 'b\n\n c'"},
}

// FuzzLanguage reads files of the language that REVIEWGATE_FUZZ_LANGUAGE names; without it all there are take turns. `make fuzz` goes through them
// one by one.
func FuzzLanguage(f *testing.F) {
	specs := language.All()
	if name := os.Getenv("REVIEWGATE_FUZZ_LANGUAGE"); name != "" {
		spec := language.ForName(name)
		if spec == nil {
			f.Fatalf("REVIEWGATE_FUZZ_LANGUAGE=%s: there is no such language", name)
		}
		specs = []*language.Spec{spec}
	}
	for i, s := range specs {
		for _, seed := range append([]string{"", "a", "f(a)", "a: b", "\xff\xfe\x00"}, fuzzSeeds[s.Name]...) {
			f.Add(uint8(i), []byte(seed)) //nolint:gosec // there are few
		}
		samples, err := filepath.Glob("testdata/" + s.Name + ".*.txt")
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range samples {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), src) //nolint:gosec // there are few
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, src []byte) {
		spec := specs[int(which)%len(specs)]
		tree, err := spec.Parse("a"+spec.Extensions[0], src)
		if err != nil {
			if !errors.Is(err, language.ErrLimit) {
				t.Fatal(err)
			}
			return
		}
		checkTree(t, tree)
		for at := 0; at <= len(src); at += 1 + len(src)/7 {
			tree.SymbolAt(uint32(at))
			line, column := tree.Position(uint32(at))
			tree.Offset(line, column)
		}
		tree.Dump()
	})
}
