package simulate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// JSONSchema describes the file to editors; it is made from the types.
func JSONSchema() ([]byte, error) {
	defs := map[string]any{}
	root := schemaOf(reflect.TypeFor[Pull](), defs)
	return json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A pull request for reviewgate policy simulate",
		"$ref": root["$ref"], "$defs": defs,
	}, "", "  ")
}

func schemaOf(t reflect.Type, defs map[string]any) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
	}
	switch t.Kind() {
	case reflect.Pointer:
		s := schemaOf(t.Elem(), defs)
		if t.Elem() == reflect.TypeFor[File]() {
			return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
		}
		return s
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), defs)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), defs)}
	case reflect.Struct:
		ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
		if _, ok := defs[t.Name()]; ok {
			return ref
		}
		defs[t.Name()] = nil
		properties := map[string]any{}
		for name, f := range fieldsOf(t) {
			s := schemaOf(f.Type, defs)
			if doc := f.Tag.Get("doc"); doc != "" {
				s["description"] = doc
			}
			properties[name] = s
		}
		object := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		switch t {
		case reflect.TypeFor[Pull]():
			object["required"] = []string{"version", "author", "commits"}
		case reflect.TypeFor[Commit]():
			object["required"] = []string{"sha"}
		}
		defs[t.Name()] = short(t, object)
		return ref
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	default:
		return map[string]any{"type": "string"}
	}
}

// short adds the short form that a type may be written in.
func short(t reflect.Type, object map[string]any) map[string]any {
	var other map[string]any
	switch t {
	case reflect.TypeFor[Account](), reflect.TypeFor[File]():
		other = map[string]any{"type": "string"}
	case reflect.TypeFor[Draft]():
		other = map[string]any{"type": "boolean"}
	case reflect.TypeFor[Team]():
		other = map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	default:
		return object
	}
	return map[string]any{"anyOf": []any{other, object}}
}

// Keys is the table of every key, for the documentation.
func Keys() string {
	var b strings.Builder
	seen := map[reflect.Type]bool{}
	var table func(t reflect.Type, title string)
	table = func(t reflect.Type, title string) {
		if seen[t] {
			return
		}
		seen[t] = true
		fmt.Fprintf(&b, "\n### %s\n\n| key | value | |\n|---|---|---|\n", title)
		type child struct {
			t     reflect.Type
			title string
		}
		var children []child
		for i := range t.NumField() {
			f := t.Field(i)
			name, ok := f.Tag.Lookup("yaml")
			if !ok {
				continue
			}
			kind, inner := describe(f.Type)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, kind, f.Tag.Get("doc"))
			if inner != nil {
				children = append(children, child{inner, title + " › " + name})
			}
		}
		for _, c := range children {
			table(c.t, strings.TrimPrefix(c.title, "The file › "))
		}
	}
	table(reflect.TypeFor[Pull](), "The file")
	return strings.TrimPrefix(b.String(), "\n")
}

// describe names a type for a reader, and gives the mapping inside of it.
func describe(t reflect.Type) (kind string, inner reflect.Type) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time", nil
	case reflect.TypeFor[Duration]():
		return "duration", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem())
	case reflect.Slice:
		kind, inner = describe(t.Elem())
		return "list of " + kind, inner
	case reflect.Map:
		kind, inner = describe(t.Elem())
		return "mapping to " + kind, inner
	case reflect.Struct:
		switch t {
		case reflect.TypeFor[Account]():
			return "role or mapping", t
		case reflect.TypeFor[File]():
			return "content, null or mapping", t
		case reflect.TypeFor[Team]():
			return "logins or mapping", t
		case reflect.TypeFor[Draft]():
			return "true, false", nil
		}
		return "mapping", t
	case reflect.Bool:
		return "true, false", nil
	case reflect.Int, reflect.Int64:
		return "number", nil
	default:
		return "text", nil
	}
}
