package language

import (
	"strings"
	"testing"
)

// What is written with type arguments before a template, and the export of types, leaves no hole in the tree.
func TestTypeScriptThatTheGrammarCannotRead(t *testing.T) {
	t.Parallel()
	const src = "export type * from './a';\nexport type * as b from './b';\n" +
		"const A = styled.div<{ $wide: boolean; on: () => void }>`\n  width: ${(p) => p.$wide};\n`;\n" +
		"const B = styled(Box)<Props<Map<string, number>>>`x`;\nconst c = a < b ? `x` : `y>`;\ndanger(a > `z`, A);\n"
	tree, err := ForName("typescript").Parse("a.tsx", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tree.Errors {
		line, column := tree.Position(e.Start)
		t.Errorf("%d:%d is not read", line, column)
	}
	if tree.Source != src {
		t.Error("the source is not what was given")
	}
	if !strings.Contains(tree.Dump(), `callee: Name "danger"`) {
		t.Errorf("no call of danger:\n%s", tree.Dump())
	}
}

func FuzzMaskScript(f *testing.F) {
	for _, s := range []string{"a<b>`x`", "export type * from 'm'", "f(x)<() => {}>`${a<b>`c`}`", ">`", "<>`", "a<\n>`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out := maskScript([]byte(s)); out != nil && (len(out) != len(s) || strings.Count(string(out), "\n") != strings.Count(s, "\n")) {
			t.Errorf("%q became %q", s, out)
		}
	})
}
