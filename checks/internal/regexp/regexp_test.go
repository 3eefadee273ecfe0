package regexp

import "testing"

func TestCompiledWhenUsed(t *testing.T) {
	t.Parallel()
	broken := MustCompile(`(`) // does not panic here
	defer func() {
		if recover() == nil {
			t.Error("an expression that cannot be read was used")
		}
	}()
	if r := MustCompile(`a(b+)`); !r.MatchString("xabb") || r.FindStringSubmatch("xabb")[1] != "bb" || r.ReplaceAllString("xabb", "$1") != "xbb" {
		t.Error("a(b+) does not do as in the standard library")
	}
	broken.MatchString("")
}
