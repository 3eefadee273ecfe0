package engine_test

import (
	"context"
	"fmt"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Rules are parsed, compiled once, and run on one file after the other. A Set may be used by many goroutines.
func Example() {
	rs, problems := rules.Parse(rules.Source{Name: "eval.yaml", Data: []byte(`
rules:
  - id: no-eval
    message: do not evaluate $CODE
    severity: WARNING
    languages: [python]
    pattern: eval($CODE)
    fix: literal_eval($CODE)
`)})
	set, more := engine.Compile(rs)
	for _, p := range append(problems, more...) {
		fmt.Println(p) // a rule that cannot run, with file, line and reason
	}

	source := []byte("import ast\n\nprint(eval(text))\n")
	result := set.Run(context.Background(), engine.File{Path: "app/main.py", Source: source})
	lines := language.NewLines(string(source))
	for _, m := range result.Matches {
		line, column := lines.Position(m.Start)
		fmt.Printf("%d:%d %s: %s\n", line, column, m.Rule.ID.Value, m.Message)
		for _, b := range m.Bindings {
			fmt.Printf("  %s is %s\n", b.Name, b.Text)
		}
		fmt.Println("  better:", *m.Fix)
	}
	for _, o := range result.Overruns {
		fmt.Println(o.RuleID, "was given up:", o.Reason)
	}
	// Output:
	// 3:7 no-eval: do not evaluate text
	//   $CODE is text
	//   better: literal_eval(text)
}

// A finding of a taint rule carries the way of the data, from source to sink.
func ExampleSet_Run_taint() {
	rs, _ := rules.Parse(rules.Source{Name: "sql.yaml", Data: []byte(`
rules:
  - id: sql-from-request
    message: data of the request becomes part of a query
    severity: ERROR
    languages: [python]
    mode: taint
    pattern-sources:
      - pattern: request.args
    pattern-sinks:
      - pattern: cursor.execute($QUERY)
`)})
	set, _ := engine.Compile(rs)
	source := `def show(request, cursor):
    name = request.args["name"]
    query = "SELECT * FROM users WHERE name = '" + name + "'"
    cursor.execute(query)
`
	result := set.Run(context.Background(), engine.File{Path: "views.py", Source: []byte(source)})
	lines := language.NewLines(source)
	for _, m := range result.Matches {
		for _, s := range m.Way {
			fmt.Printf("line %d: %s\n", lines.Line(s.Start), source[s.Start:s.End])
		}
	}
	// Output:
	// line 2: request.args
	// line 2: name
	// line 3: query
	// line 4: cursor.execute(query)
}
