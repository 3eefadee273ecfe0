package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

func TestMain(m *testing.M) {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(work))
	}
	testscript.Main(m, map[string]func(){"reviewgate": main})
}

// TestScripts runs the command line as its users do: testdata/*.txt, with real git.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+who+"_NAME", "Alice")
				env.Setenv("GIT_"+who+"_EMAIL", "alice@example.com")
				env.Setenv("GIT_"+who+"_DATE", "2026-01-02T03:04:05Z")
			}
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, name := range []string{"scan.md", "rules.md"} { // what they tell to type is typed
				page, err := os.ReadFile("../../docs/" + name)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), page, 0o600); err != nil {
					return err
				}
			}
			if err := writeCommands(env.WorkDir, "security-lead"); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte("[init]\n\tdefaultBranch = main\n"), 0o600)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"reports": reports,
			"serves":  serves,
		},
	})
}

// exits CODE COMMAND... runs a command and compares its exit code, which `!` alone does not tell.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// reports SCAN-ARGUMENT... writes every report of a scan and holds each to its format: SARIF to the schema of the standard, agent to one JSON value a
// line, and JSON to be enough to make all the others.
func reports(ts *testscript.TestScript, _ bool, args []string) {
	read := func(format string) []byte {
		path := ts.MkAbs("report." + format)
		err := ts.Exec("reviewgate", append([]string{"scan", "--format", format, "-o", path}, args...)...)
		data, readErr := os.ReadFile(path)
		if readErr != nil {
			ts.Fatalf("%s: %v, %v", format, err, readErr)
		}
		ts.Check(os.Remove(path)) // it must not be part of the next scan
		return data
	}
	doc := read("json")
	in, err := report.Read(bytes.NewReader(doc))
	ts.Check(err)
	for _, format := range report.Formats() {
		var again bytes.Buffer
		ts.Check(format.Write(&again, in, report.Options{}))
		if written := read(format.Name); !bytes.Equal(written, again.Bytes()) {
			ts.Fatalf("%s from the JSON is another:\n%s\nwritten:\n%s", format.Name, again.Bytes(), written)
		}
	}
	log, err := sarif.FromString(string(read("sarif")), sarif.WithStrictValidation())
	ts.Check(err)
	ts.Check(log.Validate())
	for i, line := range bytes.Split(bytes.TrimSuffix(read("agent"), []byte("\n")), []byte("\n")) {
		if !json.Valid(line) {
			ts.Fatalf("agent, line %d: %s", i+1, line)
		}
	}
}

// TestActionInputs: the inputs of action.yml are the flags of `reviewgate action`, and every one of them reaches the command.
func TestActionInputs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs  map[string]any `yaml:"inputs"`
		Outputs map[string]any `yaml:"outputs"`
		Runs    struct {
			Steps []struct {
				Run string            `yaml:"run"`
				Env map[string]string `yaml:"env"`
			} `yaml:"steps"`
		} `yaml:"runs"`
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	var inputs, flags []string
	for name := range action.Inputs {
		if name != "token" && name != "binary" { // about the runner, not about the scan
			inputs = append(inputs, name)
		}
	}
	actionCommand().Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	slices.Sort(inputs)
	slices.Sort(flags)
	if !slices.Equal(inputs, flags) {
		t.Errorf("inputs of action.yml: %v; flags of reviewgate action: %v", inputs, flags)
	}
	page := doc(t, "docs/action.md")
	for _, name := range slices.Concat(slices.Collect(maps.Keys(action.Inputs)), slices.Collect(maps.Keys(action.Outputs))) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/action.md does not name the input or output %s", name)
		}
	}
	step := action.Runs.Steps[0]
	for _, name := range inputs {
		if !strings.Contains(step.Run, `"--`+name+`=$INPUT_`+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+`"`) {
			t.Errorf("the input %s does not reach the command", name)
		}
	}
	if strings.Contains(step.Run, "${{") {
		t.Error("an expression inside of a script is code of whoever controls it: hand it over in env")
	}
	for _, out := range []string{"result", "findings", "blocking", "sarif", "json", "markdown"} {
		if _, ok := action.Outputs[out]; !ok {
			t.Errorf("the output %s is missing from action.yml", out)
		}
	}
}

// TestHelp: every command says what it does, and every flag too.
func TestHelp(t *testing.T) {
	t.Parallel()
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s has no short help", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no help", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(rootCommand())
}

// TestBinary: the product does not carry the fake GitHub, nor the testing package.
func TestBinary(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, banned := range []string{"github.com/reviewgate-app/reviewgate/app/github/githubtest", "testing", "github.com/getkin/kin-openapi/openapi3", "net/http/cgi"} {
		if slices.Contains(strings.Fields(string(out)), banned) {
			t.Errorf("the binary links %s", banned)
		}
	}
}
