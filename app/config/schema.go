package config

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	loginPattern    = `[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?`
	approverPattern = `^(?:codeowners|role:(?:write|maintain|admin)|@` + loginPattern + `|@[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_-]+(?:#[1-9][0-9]*)?)$`
)

func enumOf(of ...string) map[string]any {
	var list []any
	for _, w := range of {
		list = append(list, w)
	}
	return map[string]any{"enum": list}
}

func textLike(pattern string) map[string]any {
	return map[string]any{"type": "string", "minLength": 1, "maxLength": gate.MaxGlob, "pattern": pattern}
}

func numberFrom(from, to int) map[string]any {
	return map[string]any{"type": "integer", "minimum": from, "maximum": to}
}

func objectOf(required []string, properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "required": required, "properties": properties}
}

// valueSchema describes the values that are no mappings of keys.
func valueSchema(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[mode]():
		return enumOf(string(gate.Enforce), string(gate.Advisory))
	case reflect.TypeFor[stale]():
		return enumOf(string(gate.StalePaths), string(gate.StaleAnyPush))
	case reflect.TypeFor[plane]():
		return enumOf(planes...)
	case reflect.TypeFor[tierName]():
		return enumOf(tierOrder...)
	case reflect.TypeFor[independence]():
		return enumOf("pr", "path")
	case reflect.TypeFor[author]():
		return enumOf(authors...)
	case reflect.TypeFor[unattributed]():
		return enumOf("extra", "block")
	case reflect.TypeFor[disclosure]():
		return enumOf("optional", "required")
	case reflect.TypeFor[severity]():
		return enumOf(severities...)
	case reflect.TypeFor[pack]():
		return enumOf(checks.Packs()...)
	case reflect.TypeFor[confidence]():
		return enumOf(confidences...)
	case reflect.TypeFor[message]():
		return map[string]any{"type": "string", "minLength": 1, "maxLength": maxMessage}
	case reflect.TypeFor[rolloutKey]():
		return enumOf(rollouts...)
	case reflect.TypeFor[twoPerson]():
		return enumOf("two-person")
	case reflect.TypeFor[member]():
		return enumOf("member")
	case reflect.TypeFor[alert]():
		return enumOf("none", "issue")
	case reflect.TypeFor[sink]():
		return enumOf("none", "webhook")
	case reflect.TypeFor[yes]():
		return map[string]any{"const": true}
	case reflect.TypeFor[count]():
		return numberFrom(0, maxApprovals)
	case reflect.TypeFor[seconds]():
		return numberFrom(0, maxReviewSeconds)
	case reflect.TypeFor[comments]():
		return numberFrom(0, maxComments)
	case reflect.TypeFor[fileCount]():
		return numberFrom(1, maxExemptFiles)
	case reflect.TypeFor[shortText]():
		return map[string]any{"type": "string", "minLength": 1, "maxLength": maxGuardName}
	case reflect.TypeFor[glob](), reflect.TypeFor[branch]():
		return textLike(`^(?:!?re:.+|!?[^!/\s](?:.*[^/\s])?)$`)
	case reflect.TypeFor[plain]():
		return textLike(`^(?:re:.+|[^!/\s](?:.*[^/\s])?)$`)
	case reflect.TypeFor[approver]():
		return textLike(approverPattern)
	case reflect.TypeFor[login]():
		return textLike(`^@?` + loginPattern + `(?:\[bot\])?$`)
	case reflect.TypeFor[packageName]():
		return textLike(packageForm.String())
	case reflect.TypeFor[rule]():
		return textLike(ruleName.String())
	case reflect.TypeFor[duration]():
		return textLike(waiverTime.String())
	case reflect.TypeFor[lists]():
		name := map[string]any{"type": "string", "minLength": 1}
		return map[string]any{"anyOf": []any{name, map[string]any{"type": "array", "items": name, "maxItems": maxLists}}}
	case reflect.TypeFor[from]():
		one := textLike(approverPattern)
		person := textLike(strings.Replace(approverPattern, "codeowners|", "", 1))
		alternative := map[string]any{"type": "array", "minItems": 1, "maxItems": maxApprovals, "items": person}
		return map[string]any{"anyOf": []any{
			map[string]any{"type": "array", "minItems": 1, "maxItems": maxFrom, "items": one},
			objectOf([]string{"any_of"}, map[string]any{"any_of": map[string]any{"type": "array", "minItems": 1, "maxItems": maxFrom, "items": alternative}}),
		}}
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"const": 1} // the version
	default:
		return map[string]any{"type": "string", "minLength": 1, "maxLength": gate.MaxGlob}
	}
}

// JSONSchema describes a policy file to editors: a repository's, or an organisation's floor. What a schema cannot say (names that are there
// twice, globs that are not complete) only "policy check" says.
func JSONSchema(floor bool) ([]byte, error) {
	root := schemaOf(reflect.TypeFor[fileKeys](), key{}, floor)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "reviewgate: the policy of a repository, .github/reviewgate.yml"
	if floor {
		root["title"] = "reviewgate: the floor of an organisation, reviewgate-floor.yml"
	}
	return json.MarshalIndent(root, "", "  ")
}

func schemaOf(t reflect.Type, k key, floor bool) map[string]any {
	limited := func(s map[string]any, name, limit string) map[string]any {
		if n, err := strconv.Atoi(limit); err == nil {
			s[name] = n
		}
		return s
	}
	switch {
	case t == reflect.TypeFor[from]() || t == reflect.TypeFor[lists]():
		return valueSchema(t)
	case t == reflect.TypeFor[exempts]():
		list := map[string]any{"type": "array", "maxItems": maxExempts, "items": schemaOf(t.Elem(), key{}, floor)}
		if floor {
			return map[string]any{"anyOf": []any{list, map[string]any{"const": "forbid"}}}
		}
		return list
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem(), k, floor)
	case t.Kind() == reflect.Slice:
		return limited(map[string]any{"type": "array", "items": schemaOf(t.Elem(), key{}, floor)}, "maxItems", cmp.Or(k.items, k.max))
	case t.Kind() == reflect.Map:
		s := map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), key{items: k.items}, floor)}
		if t.Key().Kind() == reflect.String && t.Key() != reflect.TypeFor[string]() {
			s["propertyNames"] = valueSchema(t.Key())
		}
		return limited(s, "maxProperties", k.max)
	case t.Kind() != reflect.Struct:
		return valueSchema(t)
	}
	properties := map[string]any{}
	required := []string{}
	for _, k := range keysOf(t, floor) {
		s := schemaOf(k.t, k, floor)
		if s["description"] = k.doc; k.without != "" {
			s["description"] = k.doc + ". Without it: " + k.without
		}
		properties[k.name] = s
		if k.required {
			required = append(required, k.name)
		}
	}
	s := objectOf(required, properties)
	need := func(name string) map[string]any { return map[string]any{"required": []string{name}} }
	switch t {
	case reflect.TypeFor[guardKeys](), reflect.TypeFor[defaultKeys]():
		s["oneOf"] = []any{need("tier"), need("approvals")}
	case reflect.TypeFor[exemptKeys]():
		s["oneOf"] = []any{need("app"), need("when")}
	}
	return s
}
