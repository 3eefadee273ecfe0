package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// RecordSchema is the JSON Schema of a record's statement, made from the types.
func RecordSchema() ([]byte, error) {
	defs := map[string]any{}
	root := recordSchema(reflect.TypeFor[Statement](), defs)
	properties, _ := defs["Statement"].(map[string]any)["properties"].(map[string]any)
	properties["_type"] = map[string]any{"const": StatementType}
	properties["predicateType"] = map[string]any{"const": RecordType}
	return json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": RecordType + "/schema", "title": "A record of reviewgate: in-toto statement of one decision",
		"$ref": root["$ref"], "$defs": defs,
	}, "", "  ")
}

func recordSchema(t reflect.Type, defs map[string]any) map[string]any {
	if t == reflect.TypeFor[time.Time]() {
		return map[string]any{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return recordSchema(t.Elem(), defs)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": recordSchema(t.Elem(), defs)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": recordSchema(t.Elem(), defs)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
	default:
		return map[string]any{"type": "string"}
	}
	ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, ok := defs[t.Name()]; ok {
		return ref
	}
	defs[t.Name()] = nil
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := recordSchema(f.Type, defs)
		switch {
		case name == "sha256":
			s["pattern"] = "^[0-9a-f]{64}$"
		case name == "gitCommit":
			s["pattern"] = "^([0-9a-f]{40}|[0-9a-f]{64})$"
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			s["description"] = doc
		}
		properties[name] = s
		if option == "" {
			required = append(required, name)
		}
	}
	defs[t.Name()] = map[string]any{"type": "object", "properties": properties, "required": required}
	return ref
}
