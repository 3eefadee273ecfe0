package consts_test

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Each source says in the comment behind f(...) what its argument stands for: text in quotes, a number, true, "a string" or "?" for what is
// not known.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, src string }{
		{"literals", "a.py", "f('a') #'a'\nf(1) #1\nf(0x10) #16\nf(-1) #-1\nf(True) #true\nf(x) #?\n"},
		{"put together", "a.py", "x = 'a'\nf(x + 'b') #'ab'\nf(f'{x}c') #'ac'\nf('d' if y else x) #a string\nf(x * 3) #a string\nf(2 * 3 + 1) #7\n"},
		{"numbers join strings where the language does", "a.js", "f('a' + 1) //'a1'\nf(1 + 'a') //?\n"},
		{"and where not", "a.py", "f('a' + 1) #?\n"},
		{"comparisons", "A.java", "class A { void m() { int n = 86;\nf(7 * 42 - n > 200); //true\nf(!(n == 86)); //false\n} }"},
		{"in order", "a.py", "def g():\n    x = 'a'\n    f(x) #'a'\n    x = h()\n    f(x) #?\n    x = 'b'\n    x += 'c'\n    f(x) #'bc'\n"},
		{"branches", "a.py", "def g():\n    if c:\n        x = 'a'\n        y = 'a'\n    else:\n        x = 'b'\n    f(x) #a string\n    f(y) #?\n"},
		{"a way that ends", "a.py", "def g():\n    x = 'a'\n    if c:\n        x = h()\n        return\n    f(x) #'a'\n"},
		{"loops", "a.py", "def g():\n    x = 'a'\n    for i in y:\n        f(x) #?\n    f(x) #?\n    while True:\n        x = 'b'\n        f(x) #'b'\n        break\n"},
		{"switch", "a.js", "function g() { let x = 'z'; switch (c) { case 1: x = 'a';\nf(x) //'a'\nbreak; case 2: x = 'a'; break; default: x = 'a' }\nf(x) //'a'\n}"},
		{"a case falls through", "a.js", "function g() { let x = 'z'; x = 'y'; switch (c) { case 1: x = 'a'; case 2:\nf(x) //a string\n} }"},
		{"handlers know what holds at all calls", "a.py", "def g():\n    x = 'a'\n    try:\n        h()\n        x = 'b'\n    except E:\n        f(x) #?\n    f(x) #?\n"},
		{"nothing thrown", "a.py", "def g():\n    x = 'a'\n    try:\n        x = 'b'\n    except E:\n        x = 'c'\n    f(x) #'b'\n"},
		{"lambdas see, and may change", "a.js", "function g() { let x = 'z'; x = 'a';\nh(() => f(x)) //'a'\nh(() => { x = 'b' });\nf(x) //?\n}"},
		{"methods may change their object", "a.py", "def g():\n    x = 'a'\n    x.h()\n    f(x) #?\n    y = 'a'\n    z = y.h()\n    f(y) #'a'\n"},
		{"members", "a.py", "def g():\n    x = 'a'\n    x.y = 1\n    f(x) #?\n"},
		{"module variables given once", "a.py", "A = 'a'\nB = 'b'\nB = h()\ndef g():\n    f(A) #'a'\n    f(B) #?\n    f(C) #?\nC = 'c'\n"},
		{"variables of JavaScript given once", "a.js", "let a = 'a', b = 'b'; b = h();\nfunction g() {\nf(a) //'a'\nf(b) //?\n}"},
		{"constants of Go", "a.go", "package p\nconst a = `a`\nvar b = `b`\nfunc g() {\nf(a) //'a'\nf(b) //?\n}"},
		{"fields of Java", "A.java", "class A { final String a = \"a\"; private String b = \"b\"; String c = \"c\"; private String d = \"d\"; void m() { d = h();\nf(a); //'a'\nf(this.b); //'b'\nf(c); //?\n} void n() {\nf(d); //?\n} }"},
		{"functions of objects see as lambdas do", "a.js", "function g() { let n = 0; const o = { a: function () {\nf(n); //0\nn++ }, b() {\nf(n) //?\n} }; n = 'x' }"},
		{"fields of JavaScript given once", "a.ts", "class A { a: string; b: string; constructor() { this.a = 'a'; this.c = 'c' } m() {\nf(this.a); //'a'\nf(this.b); //?\nf(this.c); //?\nthis.b = 'b';\nf(this.b) //'b'\n} }"},
		{"labels", "a.go", "package p\nfunc g() { x := `a`\nL:\nf(x) //?\nx = h(); goto L }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tree, err := language.ForPath(c.file).Parse(c.file, []byte(c.src))
			if err != nil || len(tree.Errors) > 0 {
				t.Fatal(err, tree.Errors)
			}
			table := consts.Find(tree, names.Resolve(tree))
			asked := 0
			for id := range tree.Nodes {
				n := &tree.Nodes[id]
				callee := tree.Child(language.ID(id), language.SlotCallee)
				if n.Kind != language.Call || callee == language.None || tree.Nodes[callee].Value != "f" {
					continue
				}
				line, _, _ := strings.Cut(tree.Source[n.End:], "\n")
				_, want, ok := strings.Cut(line, "#")
				if _, after, found := strings.Cut(line, "//"); found {
					want, ok = after, true
				}
				if !ok {
					t.Fatalf("nothing is wanted of %q", tree.Text(language.ID(id)))
				}
				asked++
				args := tree.Child(language.ID(id), language.SlotArgs)
				if got := told(table, args+1); got != want {
					t.Errorf("%s: %s, want %s", tree.Text(language.ID(id)), got, want)
				}
			}
			if asked == 0 {
				t.Error("nothing is asked")
			}
			if t.Failed() {
				t.Log(tree.Dump())
			}
		})
	}
}

func told(table *consts.Table, id language.ID) string {
	v, ok := table.Of(id)
	switch {
	case !ok:
		return "?"
	case v.IsString() && !v.Known:
		return "a string"
	case v.IsString():
		return "'" + v.Text + "'"
	}
	return v.Text
}

func FuzzFind(f *testing.F) {
	f.Add("x = 'a'\nwhile c:\n    try:\n        x += f'{x}'\n    except E:\n        break\n", uint8(0))
	f.Add("switch (x) { case 1: x = 'a'; default: x.y() } for (;;) { x = () => { x = 1 } }", uint8(1))
	f.Add("package p\nfunc f() { L: for { x := 1; switch { case x > 0: break L } } }", uint8(2))
	f.Add("class A { final String a = \"a\" + 1; void m() { try { a(); } finally { this.a = b ? c : d; } } }", uint8(3))
	f.Fuzz(func(t *testing.T, src string, which uint8) {
		all := language.All()
		spec := all[int(which)%len(all)]
		tree, err := spec.Parse("a"+spec.Extensions[0], []byte(src))
		if err != nil {
			return
		}
		table := consts.Find(tree, names.Resolve(tree))
		for id := range tree.Nodes {
			table.Of(language.ID(id))
		}
	})
}

// The work grows with the file: branches are compared by what they change, and sums are put together once.
func TestFindLarge(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"branches": "def g():\n" + strings.Repeat("    a = 'x'\n    if c:\n        b = a + 'y'\n    else:\n        b = 'z'\n", 4_000),
		"deep":     "x = " + strings.Repeat("[", 3_000) + "y" + strings.Repeat("]", 3_000),
		"sum":      "x = 'a'" + strings.Repeat(" + 'a'", 4_000),
		"ifs":      "def g():\n" + nested(90),
	} {
		tree, err := language.ForName("python").Parse("a.py", []byte(src))
		if err != nil {
			t.Fatal(name, err)
		}
		table := consts.Find(tree, names.Resolve(tree))
		for id := range tree.Nodes {
			table.Of(language.ID(id))
		}
	}
}

func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i+1) + "x = 'a'\n" + strings.Repeat(" ", i+1) + "if c:\n")
	}
	b.WriteString(strings.Repeat(" ", depth+1) + "f(x)\n")
	return b.String()
}
