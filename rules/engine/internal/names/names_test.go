package names_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// In each source the uses to be told apart are written x1, x2, ...: all of one number are one variable, those of different numbers are
// different ones, and those of x0 are none that is known. The numbers are taken off before the source is read.
var numbered = regexp.MustCompile(`\bx([0-9])\b`)

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, src string }{
		{"a parameter is not the global", "a.py", "x1 = 1\ndef f(x2):\n    g(x2)\ng(x1)\n"},
		{"a local is not the global", "a.py", "x1 = 1\ndef f():\n    x2 = 2\n    g(x2)\ng(x1)\n"},
		{"a function reads the global before it", "a.py", "x1 = 1\ndef f():\n    g(x1)\n"},
		{"and none that comes later", "a.py", "def f():\n    g(x0)\nx1 = 1\ng(x1)\n"},
		{"the value is read before the name is given", "a.py", "x1 = 1\ndef f():\n    x2 = x1 + 1\n    g(x2)\n"},
		{"global", "a.py", "x1 = 1\ndef f():\n    global x1\n    x1 = 2\n"},
		{"nonlocal", "a.py", "def f():\n    x1 = 1\n    def g():\n        nonlocal x1\n        x1 = 2\n"},
		{"a comprehension has its own", "a.py", "x1 = 1\ny = [g(x2) for x2 in z]\ng(x1)\n"},
		{"a lambda has its own", "a.py", "x1 = 1\nlambda x2: g(x2)\ng(x1)\n"},
		{"methods do not see the class", "a.py", "class C:\n    x1 = 1\n    y = x1\n    def m(self):\n        g(x0)\n"},
		{"a type makes another variable", "a.py", "x1 = 1\ng(x1)\nx2: int = 2\ng(x2)\n"},
		{"what is assigned to an import stays it", "a.py", "import x1\ndef f():\n    x1 = 2\n    g(x1)\n"},
		{"an import again is another", "a.py", "from a import x1\ng(x1)\nfrom b import x2\ng(x2)\n"},
		{"members are no variables", "a.py", "x1 = 1\nself.x0 = 2\nf(x0=3)\n"},
		{"what is gone through is not what goes", "a.js", "function f(x1) { for (const x2 of x1) { g(x2); } }"},
		{"with and for", "a.py", "with a as x1:\n    g(x1)\nfor x1 in b:\n    g(x1)\n"},
		{"blocks", "a.js", "let x1 = 1; { let x2 = 2; g(x2); } g(x1);"},
		{"var belongs to the function", "a.js", "function f() { if (c) { var x1 = 1; } g(x1); }"},
		{"a declaration again is another", "a.js", "function f(x1) { g(x1); var x2 = 1; g(x2); }"},
		{"what nothing declares is of the file", "a.js", "function f() { x1 = 1; } function h() { g(x1); }"},
		{"a loop has its own", "a.js", "const x1 = 1; for (const x2 of y) { g(x2); } for (let x3 = 0; ; ) { g(x3); } g(x1);"},
		{"patterns", "a.js", "const {a: x1, b = x0} = c; g(x1); const [x2] = d; g(x2);"},
		{"keys are no variables", "a.js", "const x1 = 1; f({x0: x1}); y.x0;"},
		{"a function may name itself", "a.js", "const x1 = () => x1();"},
		{"fields are no variables", "a.js", "class C { x0 = 1; m() { g(x0); } }"},
		{"a value that ends in a function", "a.js", "const x1 = 1; function f() { const x2 = g(() => { return 1; }); h(x2); } h(x1);"},
		{"catch", "a.js", "try { g(x0) } catch (x1) { g(x1) }"},
		{"fields are", "A.java", "class A { int x1; void m() { g(x1); int x2 = 1; g(x2); } void n() { g(x1); } }"},
		{"blocks of Java", "A.java", "class A { void m() { { int x1 = 1; g(x1); } { int x2 = 2; g(x2); } } }"},
		{"instanceof", "A.java", "class A { void m(Object o) { if (o instanceof T x1 && x1.a()) { g(x1); } } }"},
		{"a head has its own", "a.go", "package p\nfunc f() { x1 := 1; if x2 := g(x1); x2 { h(x2) }; h(x1) }"},
		{":= takes the old one where it is", "a.go", "package p\nfunc f() { x1, a := g(); x1, b := g(); h(x1) }"},
		{"but not from outside", "a.go", "package p\nfunc f() { x1 := 1; { x2 := 2; g(x2) }; g(x1) }"},
		{"a type switch", "a.go", "package p\nfunc f(x1 any) { switch x2 := x1.(type) { case int: g(x2) } }"},
		{"results have names", "a.go", "package p\nfunc f() (x1 error) { g(x1); return }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want []int
			for _, m := range numbered.FindAllStringSubmatch(c.src, -1) {
				n, err := strconv.Atoi(m[1])
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, n)
			}
			tree := parse(t, c.file, numbered.ReplaceAllString(c.src, "x"))
			table := names.Resolve(tree)
			byPlace := map[uint32]names.Var{}
			for id := range tree.Nodes {
				if n := &tree.Nodes[id]; n.Kind == language.Name && n.Value == "x" {
					byPlace[n.Start] = max(byPlace[n.Start], table.Of(language.ID(id)))
				}
			}
			var got []names.Var
			for at := range tree.Source {
				if v, ok := byPlace[uint32(at)]; ok {
					got = append(got, v)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("%d uses, want %d\n%s", len(got), len(want), tree.Dump())
			}
			number := map[names.Var]int{0: 0}
			variable := map[int]names.Var{0: 0}
			for i, v := range got {
				if n, ok := number[v]; ok && n != want[i] {
					t.Errorf("use %d is that of x%d, want x%d", i+1, n, want[i])
				}
				if w, ok := variable[want[i]]; ok && w != v {
					t.Errorf("use %d is not that of x%d", i+1, want[i])
				}
				number[v], variable[want[i]] = want[i], v
			}
			if t.Failed() {
				t.Log(tree.Dump())
			}
		})
	}
}

func TestGoPackage(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"fmt": "fmt", "crypto/md5": "md5", "github.com/acme/lib/v2": "lib", "gopkg.in/yaml.v3": "yaml", "github.com/acme/go-lib": "lib", "v2": "v2",
	} {
		if got := names.GoPackage(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func parse(t testing.TB, file, src string) *language.Tree {
	t.Helper()
	tree, err := language.ForPath(file).Parse(file, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func FuzzResolve(f *testing.F) {
	f.Add("x = 1\ndef f(x):\n    global y\n    [x for x in y]\n", uint8(0))
	f.Add("let {a, b: [c]} = d; for (const x of y) {} class C { x = 1 }", uint8(1))
	f.Add("package p\nfunc (r T) f() (e error) { if x := 1; x {} }", uint8(2))
	f.Add("class A { int x; void m() { try (T t = u) {} catch (E e) {} } }", uint8(3))
	f.Fuzz(func(t *testing.T, src string, which uint8) {
		all := language.All()
		spec := all[int(which)%len(all)]
		tree, err := spec.Parse("a"+spec.Extensions[0], []byte(src))
		if err != nil {
			return
		}
		table := names.Resolve(tree)
		for id := range tree.Nodes {
			if v := table.Of(language.ID(id)); v < 0 || int(v) >= len(table.Vars) {
				t.Fatalf("node %d names variable %d of %d", id, v, len(table.Vars))
			}
		}
	})
}

// The work grows with the file and not with its nesting.
func TestResolveDeep(t *testing.T) {
	t.Parallel()
	src := strings.Repeat("function f(x) { let y = x; g(x, y);\n", 2_000) + strings.Repeat("}", 2_000)
	names.Resolve(parse(t, "a.js", src))
}
