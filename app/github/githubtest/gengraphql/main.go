// Command gengraphql cuts graphql/schema.graphql out of GitHub's public GraphQL schema: the fields that graphql/fields.txt names, and the
// types that they need, without their prose. It is run by hand, with the path of the whole schema: go run ./gengraphql SCHEMA
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gengraphql:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("give the path of GitHub's schema.graphql")
	}
	whole, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	list, err := os.ReadFile("graphql/fields.txt")
	if err != nil {
		return err
	}
	doc, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: string(whole)})
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			wanted[line] = true
		}
	}
	out := &ast.SchemaDocument{}
	kept := map[string]*ast.Definition{}
	used := map[string]bool{}
	need := func(t *ast.Type) { used[t.Name()] = true }
	for _, d := range doc.Definitions {
		d.Description, d.Directives = "", nil
		var fields ast.FieldList
		for _, f := range d.Fields {
			name := d.Name + "." + f.Name
			// The schema has two fields twice.
			if !wanted[name] || fields.ForName(f.Name) != nil {
				continue
			}
			delete(wanted, name)
			f.Description, f.Directives = "", nil
			need(f.Type)
			for _, a := range f.Arguments {
				a.Description, a.Directives = "", nil
				need(a.Type)
			}
			fields = append(fields, f)
		}
		if d.Fields = fields; len(fields) > 0 {
			kept[d.Name] = d
			out.Definitions = append(out.Definitions, d)
		}
	}
	for name := range wanted {
		return fmt.Errorf("the schema has no field %s", name)
	}
	for _, d := range doc.Definitions {
		if kept[d.Name] == nil && used[d.Name] && (d.Kind == ast.Enum || d.Kind == ast.Scalar) {
			for _, v := range d.EnumValues {
				v.Description, v.Directives = "", nil
			}
			kept[d.Name] = d
			out.Definitions = append(out.Definitions, d)
		}
	}
	builtin := []string{"String", "Int", "Boolean", "ID", "Float"}
	for _, d := range out.Definitions {
		d.Interfaces = slices.DeleteFunc(d.Interfaces, func(i string) bool { return kept[i] == nil })
		for _, f := range d.Fields {
			f.Arguments = slices.DeleteFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool {
				return kept[a.Type.Name()] == nil && !slices.Contains(builtin, a.Type.Name())
			})
		}
	}
	slices.SortFunc(out.Definitions, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	text.WriteString("# Cut out of GitHub's public GraphQL schema by gengraphql; do not edit. See LICENSE and NOTICE.\n")
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchemaDocument(out)
	full := &ast.SchemaDocument{}
	prelude, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return err
	}
	full.Merge(prelude)
	again, err := parser.ParseSchema(&ast.Source{Input: text.String()})
	if err != nil {
		return err
	}
	full.Merge(again)
	if _, err := validator.ValidateSchemaDocument(full); err != nil {
		return err
	}
	return os.WriteFile("graphql/schema.graphql", text.Bytes(), 0o644)
}
