package hallucinatedmember

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// TestTables: the tables were made from the interpreters that the documentation names, and are read as they were written.
func TestTables(t *testing.T) {
	t.Parallel()
	all := load()
	for _, c := range []struct {
		table         table
		owner, member string
		has           bool
		since         string
	}{
		{all.python, "os.path", "exists", true, ""},
		{all.python, "collections", "Mapping", true, "3.10"},
		{all.python, "urllib", "urlopen", true, "3.0"},
		{all.python, "uuid", "uuid7", true, ""},
		{all.python, "type list", "push", false, ""},
		{all.python, "json.load(", "nothing", false, ""},
		{all.node, "fs", "readFileSync", true, ""},
		{all.node, "global Promise", "try", true, ""},
		{all.node, "type array", "append", false, ""},
		{all.java, "java.util.List", "of", true, ""},
		{all.java, "java.lang.Thread", "ofVirtual", true, ""},
		{all.java, "java.nio.file.Files", "readLines", false, ""},
	} {
		if has, since := c.table.has(c.owner, c.member); has != c.has || since != c.since {
			t.Errorf("%s.%s: %t since %q, want %t since %q", c.owner, c.member, has, since, c.has, c.since)
		}
	}
	if len(all.python) < 800 || len(all.node) < 40 || len(all.java) < 400 {
		t.Errorf("only %d, %d and %d entries", len(all.python), len(all.node), len(all.java))
	}
}
