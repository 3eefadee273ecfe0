package reviewgate

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// The house, as a test. Each room may import, of ours, only what its row names. The table is the one of the design; a package that no row
// matches fails, so a new room is a decision and not an accident.
//
// Imports are parsed here instead of asking `go list`: the test cache tracks the files that a test reads, not those that a child
// process reads, so a test that shells out is served "ok (cached)" after an arrow was broken.

const module = "github.com/reviewgate-app/reviewgate"

// A row binds the packages that match room. "*" is one path element, "**" any number, also none. "internal/" below a room belongs to it.
type row struct {
	room string
	may  []string
}

// The first row that matches counts, so the narrow ones stand first.
var house = []row{
	{"checks/diff", nil},
	{"checks/syntax", []string{"checks", "rules/language"}},
	{"checks/rulecheck", []string{"checks", "checks/syntax", "rules", "rules/language", "rules/engine"}},
	{"checks/checktest", []string{"checks", "checks/diff"}},
	{"checks/all", []string{"checks/**", "rules"}},
	{"checks/golang", []string{"checks", "checks/diff", "checks/golang/**"}},
	{"checks/golang/**", nil},
	{"checks/ai/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language", "checks/ai/internal/**", "checks/internal/**"}},
	{"checks/internal/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language"}},
	{"checks/supply/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language", "checks/supply/internal/**", "checks/internal/regexp"}},
	{"checks/config/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language", "checks/config/internal/**", "checks/internal/regexp"}},
	{"checks/secrets/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language", "checks/secrets/internal/**", "checks/internal/regexp"}},
	{"checks/quality/**", []string{"checks", "checks/diff", "checks/syntax", "rules/language", "checks/quality/internal/**", "checks/internal/**"}},
	{"checks", []string{"checks/diff"}},

	{"rules/engine/internal/**", []string{"rules", "rules/language", "rules/engine/internal/**"}},
	{"rules/engine", []string{"rules", "rules/language", "rules/engine/internal/**"}},
	{"rules/lint", []string{"rules", "rules/language", "rules/engine", "rules/ruletest"}}, // "has no fixture" is ruletest's to say
	{"rules/ruletest", []string{"rules", "rules/language", "rules/engine"}},
	{"rules/scaffold", []string{"rules", "rules/language"}},
	{"rules/matrix", []string{"rules/language"}},
	{"rules/builtin", nil},
	{"rules/language", nil},
	{"rules", []string{"rules/builtin"}},

	{"app/source", []string{"checks", "checks/diff"}},
	{"app/sandbox", nil},
	{"app/registry", []string{"checks"}},
	{"app/scan", []string{"checks", "checks/diff", "checks/syntax", "rules", "rules/language", "app/sandbox"}},
	{"app/gate", []string{"checks"}},
	{"app/config", []string{"checks", "rules", "rules/language", "rules/engine", "rules/lint", "app/scan", "app/gate", "app/quality"}},
	{"app/simulate", []string{"checks", "app/gate", "app/config", "app/scan"}},
	{"app/model", nil}, // an oracle that shares code with the gate shares its mistakes
	{"app/play", []string{"checks", "rules", "rules/**", "app/scan", "app/sandbox"}},
	{"app/report", []string{"checks", "app/scan", "app/gate"}},
	{"app/record", []string{"app/report"}},
	{"app/quality", []string{"checks", "checks/diff", "app/gate"}},
	{"app/github/githubtest/**", []string{"app/github/githubtest/**"}},
	{"app/github", []string{"checks", "app/gate", "app/report"}},
	{"app/doctor", []string{"app/gate", "app/github"}},
	{"app/backtest", []string{"checks", "app/source", "app/scan", "app/gate", "app/config"}},
	{"app/server/internal/trace", nil},
	{"app/server/internal/store/**", []string{"checks", "app/gate", "app/quality", "app/scan", "app/server/internal/store/**", "app/server/internal/trace"}},
	{"app/server/internal/jobs", []string{"app/server/internal/store"}},
	{"app/server/internal/review", []string{"app/*", "checks", "checks/**", "rules"}},
	{"app/server/internal/webhook", []string{"app/github"}},
	{"app/server/internal/setup", []string{"app/github"}},
	{"app/server/internal/dashboard", []string{"app/gate", "checks", "app/scan", "app/report", "app/github", "app/play", "app/quality"}},
	{"app/server", []string{"app/*", "app/server/internal/**", "checks", "rules"}},

	{"cmd/reviewgate-demo", []string{"**"}},
	{"cmd/reviewgate", []string{"app/*", "checks", "checks/**", "rules", "rules/**"}},
}

// never is what no table row may ever allow: it guards the table itself.
var never = []struct{ from, to, because string }{
	{"rules/**", "checks/**", "rules know nothing of checks"},
	{"rules/**", "app/**", "rules are a library, not a part of the program"},
	{"checks/**", "app/**", "checks look; they neither decide nor tell"},
	{"app/gate", "app/github", "the gate is pure"},
	{"app/scan", "app/github", "a scan asks nobody"},
	{"app/simulate", "app/github", "a story needs no network"},
	{"app/report", "app/github", "reports render and never send"},
	{"app/**", "cmd/**", "nobody imports a program"},
	{"app/github", "app/github/githubtest", "the product does not carry the fake"},
	{"cmd/reviewgate", "app/github/githubtest", "the product does not carry the fake"},
}

// doors are third parties (and parts of the standard library) that one room alone may touch.
var doors = []struct {
	pkg     string // a prefix of import paths
	rooms   []string
	because string
}{
	{"github.com/google/go-github", []string{"app/github", "app/github/githubtest/**"}, "GitHub has one adapter"},
	{"github.com/bradleyfalzon/ghinstallation", []string{"app/github"}, "GitHub has one adapter"},
	{"github.com/tree-sitter/", []string{"rules/language"}, "syntax trees reach everybody else in their normal form"},
	{"github.com/riverqueue/", []string{"app/server/internal/jobs"}, "the queue can be replaced in one place"},
	{"database/sql", []string{"app/server/internal/store/**", "app/server/internal/jobs"}, "our SQL is in the store; jobs hands the store's transaction to the queue"},
	{"modernc.org/sqlite", []string{"app/server/internal/store/**"}, "our SQL is in the store"},
	{"github.com/jackc/pgx", []string{"app/server/internal/store/**", "app/server/internal/jobs"}, "our SQL is in the store"},
	{"github.com/prometheus/", []string{"app/server"}, "the server alone is measured"},
	{"go.opentelemetry.io/", []string{"app/server/internal/trace"}, "the server alone is traced, and spans are made in one way"},
	{"os/exec", []string{"app/source", "app/sandbox", "app/github/githubtest/**", "app/server/internal/store/storetest"}, "only git and our own worker are ever started"},
	{"net/http/cgi", []string{"app/github/githubtest/**"}, "git over HTTP is served by the test double alone"},
	{"net/http", []string{"app/github", "app/github/githubtest/**", "app/registry", "app/server/**", "app/play", "cmd/reviewgate-demo"}, "gate, scan and report send nothing"},
	{"testing", []string{"checks/checktest", "app/server/internal/store/storetest"}, "production code never links the testing package"},
}

func TestHouse(t *testing.T) {
	t.Parallel()
	files := goFiles(t)
	if len(files) < 30 {
		t.Fatalf("found only %d Go files: the walk is broken", len(files))
	}
	for _, f := range files {
		for _, problem := range judge(f.dir, f.imports) {
			t.Errorf("%s: %s", f.name, problem)
		}
	}
}

// TestHouseBites proves that the rules catch what they are for.
func TestHouseBites(t *testing.T) {
	t.Parallel()
	own := func(p string) string { return module + "/" + p }
	for _, c := range []struct{ dir, imports, want string }{
		{"rules", own("checks"), "may not import checks"},
		{"rules/engine", own("app/scan"), "may not import app/scan"},
		{"checks/ai/stubbed", own("app/gate"), "may not import app/gate"},
		{"checks/ai/stubbed", own("checks/ai/weakenedtest"), "may not import checks/ai/weakenedtest"},
		{"app/gate", own("app/github"), "may not import app/github"},
		{"app/gate", "net/http", "gate, scan and report send nothing"},
		{"app/report", "os/exec", "only git and our own worker"},
		{"app/server/internal/review", own("app/server/internal/store"), "may not import app/server/internal/store"},
		{"cmd/reviewgate", own("app/github/githubtest"), "may not import app/github/githubtest"},
		{"app/attic", "fmt", "no row"},
		{"app/source", "github.com/google/go-github/v60/github", "one adapter"},
	} {
		if got := strings.Join(judge(c.dir, []string{c.imports}), "; "); !strings.Contains(got, c.want) {
			t.Errorf("%s importing %s: %q, want %q", c.dir, c.imports, got, c.want)
		}
	}
	for _, c := range []struct{ dir, imports string }{
		{"checks/ai/stubbed", own("checks/ai/internal/words")},
		{"cmd/reviewgate", own("app/server")},
		{"app/server/internal/review", own("app/gate")},
	} {
		if got := judge(c.dir, []string{c.imports}); len(got) > 0 {
			t.Errorf("%s importing %s: %q, want no complaint", c.dir, c.imports, got)
		}
	}
}

func judge(dir string, imports []string) []string {
	i := slices.IndexFunc(house, func(r row) bool { return matches(r.room, dir) })
	if i < 0 {
		return []string{"no row of the table is for " + dir + ": put it in a room, or add one"}
	}
	var problems []string
	for _, imp := range imports {
		if to, ours := strings.CutPrefix(imp, module+"/"); ours {
			if to != dir && !slices.ContainsFunc(house[i].may, func(p string) bool { return matches(p, to) }) {
				problems = append(problems, fmt.Sprintf("%s may not import %s", house[i].room, to))
			}
			for _, n := range never {
				if matches(n.from, dir) && matches(n.to, to) && to != dir {
					problems = append(problems, fmt.Sprintf("%s may not import %s: %s", dir, to, n.because))
				}
			}
		}
		for _, d := range doors {
			if (imp == d.pkg || strings.HasPrefix(imp, strings.TrimSuffix(d.pkg, "/")+"/")) && longestDoor(imp) == d.pkg && !slices.ContainsFunc(d.rooms, func(r string) bool { return matches(r, dir) }) {
				problems = append(problems, fmt.Sprintf("%s may not import %s: %s", dir, imp, d.because))
			}
		}
	}
	return problems
}

// longestDoor finds the most specific door, so that net/http/cgi is not judged as net/http.
func longestDoor(imp string) string {
	best := ""
	for _, d := range doors {
		if (imp == d.pkg || strings.HasPrefix(imp, strings.TrimSuffix(d.pkg, "/")+"/")) && len(d.pkg) > len(best) {
			best = d.pkg
		}
	}
	return best
}

// matches compares a pattern with a package path below the module.
func matches(pattern, dir string) bool {
	if base, ok := strings.CutSuffix(pattern, "/**"); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	if pattern == "**" {
		return true
	}
	ok, err := path.Match(pattern, dir)
	return ok && err == nil
}

type goFile struct {
	name, dir string
	imports   []string
}

// goFiles lists every Go file that is not a test, with what it imports.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var out []goFile
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		ast, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := goFile{name: filepath.ToSlash(name), dir: path.Dir(filepath.ToSlash(name))}
		for _, imp := range ast.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, p)
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}
