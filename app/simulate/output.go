package simulate

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// OutputSchema describes what "policy simulate --format json" writes; it is made from the types.
func OutputSchema() ([]byte, error) {
	defs := map[string]any{}
	root := outputOf(reflect.TypeFor[Result](), defs)
	return json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "The output of reviewgate policy simulate --format json",
		"$ref": root["$ref"], "$defs": defs,
	}, "", "  ")
}

// outputWords are the words that a text can be, where there is a list of them.
var outputWords = map[string][]any{
	"Step.conclusion": {"", "success", "failure", "action_required", "cancelled"}, "CheckRun.conclusion": {"success", "failure", "action_required", "cancelled"},
	"Decision.state": {string(gate.Pass), string(gate.Block), string(gate.Pending), string(gate.Error)}, "GuardAnswer.origin": {"built-in", "floor", "repository"},
	"ReviewAnswer.state": {"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"},
}

func outputOf(t reflect.Type, defs map[string]any) map[string]any {
	if t == reflect.TypeFor[time.Time]() {
		return map[string]any{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return outputOf(t.Elem(), defs)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": outputOf(t.Elem(), defs)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
		if _, known := defs[t.Name()]; known {
			return ref
		}
		defs[t.Name()] = nil
		properties, required := map[string]any{}, []string{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			s := outputOf(f.Type, defs)
			if words := outputWords[t.Name()+"."+name]; words != nil {
				s = map[string]any{"enum": words}
			}
			properties[name] = s
			if options == "" {
				required = append(required, name)
			}
		}
		defs[t.Name()] = map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
		return ref
	default:
		return map[string]any{"type": "string"}
	}
}
