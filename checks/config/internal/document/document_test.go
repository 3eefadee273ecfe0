package document

import (
	"fmt"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text, want string }{
		{"JSON with comments", "a.json", "{\n\t// a \"comment\"\n\t\"a\": [1, {\"b\": \"x // y\"}], /* more */\n\t\"c.d\": \"\\ud83d\\ude00\",\n}",
			"3:8 a[]=1\n3:17 a[].b=x // y\n4:9 c.d=????????????"},
		{"YAML", "a.yml", "a:\n  - b: |\n      text\n    c: &x yes\nd: *x\n", "2:8 a[].b=text\n\n4:8 a[].c=yes\n4:8 d=yes"},
		{"TOML", "a.toml", "# c\nx = \"a # b\" # c\n[t.\"u v\"]\ny = [1, # one\n  '''z''', {k = true}]\n[[l]]\nq = 'C:\\d'\n[[l]]\nq.r = 2\n",
			"2:5 x=a # b\n4:6 t.u v.y[]=1\n5:3 t.u v.y[]=z\n5:17 t.u v.y[].k=true\n7:5 l[].q=C:\\d\n9:7 l[].q.r=2"},
		{"empty", "a.yaml", "\n# nothing\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Entries(c.file, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, e := range got {
				lines = append(lines, fmt.Sprintf("%d:%d %s=%s", e.Line, e.Start, e.Path, e.Value))
			}
			if s := strings.Join(lines, "\n"); s != c.want {
				t.Errorf("got\n%s\nwant\n%s", s, c.want)
			}
		})
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a.json": `{"a": [`, "a.yaml": "a: [", "a.toml": "a", "b.toml": "a = \"x\n", "c.toml": "a = [1 2", "d.toml": "a = " + strings.Repeat("[", 100),
		"bomb.yml": "a: &x [*x, *x]", "deep.json": strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		if got, err := Entries(name, []byte(text)); err == nil {
			t.Errorf("%s: read as %v", name, got)
		}
	}
}

// FuzzEntries feeds any bytes to all three readers: no panic, and places that exist.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("{\"a\": [1, 2], // c\n}"))
	f.Add([]byte("a: &x [*x]\nb: *x"))
	f.Add([]byte("[a]\nb = {c = [\"\"\"x\"\"\"]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"a.json", "a.yml", "a.toml"} {
			entries, err := Entries(name, data)
			if err != nil {
				continue
			}
			for _, e := range entries {
				if e.Line < 1 || e.Start < 1 || e.End <= e.Start {
					t.Fatalf("%s: impossible place %+v", name, e)
				}
			}
		}
	})
}
