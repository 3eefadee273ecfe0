package githubtest

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// The pruned description, made by gen from the npm package @octokit/openapi (MIT, see openapi/LICENSE).
//
//go:embed openapi/api.json.gz
var description []byte

// An operation of the description.
type operation struct {
	id       string
	template string // "/repos/{owner}/{repo}/pulls/{pull_number}"
	segments []string
	route    *routers.Route
	query    map[string]bool
	texts    bool // the errors of a 422 are strings, not objects
}

// A contract is the loaded description.
type contract struct {
	byMethod map[string][]*operation // most specific template first
	byID     map[string]*operation
}

// loadContract reads the description once per process: it is 0.2 s of work and never changes.
var loadContract = sync.OnceValues(func() (*contract, error) {
	z, err := gzip.NewReader(bytes.NewReader(description))
	if err != nil {
		return nil, fmt.Errorf("read the embedded description: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the embedded description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("load the embedded description: %w", err)
	}
	c := &contract{byMethod: map[string][]*operation{}, byID: map[string]*operation{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := &operation{id: op.OperationID, template: path, segments: strings.Split(strings.Trim(path, "/"), "/"), query: map[string]bool{},
				route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}}
			for _, p := range op.Parameters {
				if p.Value != nil && p.Value.In == "query" {
					o.query[p.Value.Name] = true
				}
			}
			if r := op.Responses.Status(http.StatusUnprocessableEntity); r != nil {
				o.texts = strings.HasSuffix(r.Ref, "/validation_failed_simple")
			}
			c.byMethod[method] = append(c.byMethod[method], o)
			c.byID[o.id] = o
		}
	}
	for _, ops := range c.byMethod {
		sort.Slice(ops, func(i, j int) bool {
			a, b := rank(ops[i].segments), rank(ops[j].segments)
			if a != b {
				return a < b
			}
			return ops[i].template < ops[j].template
		})
	}
	return c, nil
})

// rank orders templates so that a fixed segment wins over a parameter at the same place, and more segments over a greedy one.
func rank(segments []string) string {
	var b strings.Builder
	for _, s := range segments {
		switch {
		case greedy[s]:
			b.WriteByte('2')
		case strings.HasPrefix(s, "{"):
			b.WriteByte('1')
		default:
			b.WriteByte('0')
		}
	}
	b.WriteByte('3') // a longer template comes before its own prefix
	return b.String()
}

// greedy parameters hold slashes on GitHub although the description gives them one segment.
var greedy = map[string]bool{"{ref}": true, "{path}": true, "{branch}": true, "{basehead}": true}

// find returns the operation of a method and an escaped path (without the API prefix), with its parameters unescaped.
func (c *contract) find(method, escaped string) (*operation, map[string]string) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	for i, p := range parts {
		if u, err := url.PathUnescape(p); err == nil {
			parts[i] = u
		}
	}
	for _, o := range c.byMethod[method] {
		if params := matchTemplate(o.segments, parts); params != nil {
			return o, params
		}
	}
	return nil, nil
}

// matchTemplate returns the parameters, or nil. A greedy parameter takes as many parts as let the rest match.
func matchTemplate(segments, parts []string) map[string]string {
	params := map[string]string{}
	var match func(s, p int) bool
	match = func(s, p int) bool {
		if s == len(segments) {
			return p == len(parts)
		}
		if greedy[segments[s]] {
			for end := len(parts); end > p; end-- {
				if match(s+1, end) {
					params[strings.Trim(segments[s], "{}")] = strings.Join(parts[p:end], "/")
					return true
				}
			}
			// GitHub serves the root folder as contents/ with an empty path.
			if segments[s] == "{path}" && p == len(parts) && s == len(segments)-1 {
				params["path"] = ""
				return true
			}
			return false
		}
		if p == len(parts) {
			return false
		}
		if name, ok := strings.CutPrefix(segments[s], "{"); ok {
			if parts[p] == "" || !match(s+1, p+1) {
				return false
			}
			params[strings.TrimSuffix(name, "}")] = parts[p]
			return true
		}
		return segments[s] == parts[p] && match(s+1, p+1)
	}
	if !match(0, 0) {
		return nil
	}
	return params
}

func (o *operation) input(r *http.Request, params map[string]string, body []byte) *openapi3filter.RequestValidationInput {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json") // what GitHub assumes
	}
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: o.route, Options: &openapi3filter.Options{
		MultiError: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
}

// checkRequest lists in what a request differs from the description.
func (o *operation) checkRequest(in *openapi3filter.RequestValidationInput, body []byte) []string {
	var problems []string
	if err := openapi3filter.ValidateRequest(in.Request.Context(), in); err != nil {
		problems = append(problems, messages(err)...)
	}
	for name := range in.GetQueryParams() {
		if !o.query[name] && !sharedQuery[name] {
			problems = append(problems, "query parameter "+name+" is not in the description")
		}
	}
	if rb := o.route.Operation.RequestBody; rb != nil && rb.Value != nil && len(body) > 0 {
		if mt := rb.Value.Content.Get("application/json"); mt != nil && mt.Schema != nil {
			problems = append(problems, unknownProperties(mt.Schema, body)...)
		}
	}
	sort.Strings(problems)
	return problems
}

// sharedQuery are parameters that GitHub takes on every list although not every operation names them.
var sharedQuery = map[string]bool{"page": true, "per_page": true}

// checkAnswer lists in what an answer differs from the description. Errors that the operation does not list are left alone.
func (o *operation) checkAnswer(ctx context.Context, in *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) []string {
	ref := o.route.Operation.Responses.Status(status)
	if ref == nil || ref.Value == nil {
		if status >= 300 {
			return nil
		}
		return []string{fmt.Sprintf("status %d is not in the description", status)}
	}
	var mt *openapi3.MediaType
	if ref.Value.Content != nil {
		mt = ref.Value.Content.Get(header.Get("Content-Type"))
	}
	if !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		return nil // raw media types; an empty body
	}
	if mt == nil {
		if len(body) > 0 && status < 300 {
			return []string{fmt.Sprintf("status %d has no JSON body in the description", status)}
		}
		return nil
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	out.SetBodyBytes(body)
	var problems []string
	if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
		problems = append(problems, messages(err)...)
	}
	if status < 300 {
		problems = append(problems, unknownProperties(mt.Schema, body)...)
	}
	sort.Strings(problems)
	return problems
}

// messages flattens a validation error to one line per problem.
func messages(err error) []string {
	var multi openapi3.MultiError
	if errors.As(err, &multi) {
		var all []string
		for _, e := range multi {
			all = append(all, messages(e)...)
		}
		if len(all) > 0 {
			return all
		}
	}
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		where := "/" + strings.Join(schema.JSONPointer(), "/")
		reason := schema.Reason
		if schema.Origin != nil {
			reason += " (" + strings.Join(messages(schema.Origin), "; ") + ")"
		}
		return []string{where + ": " + shorten(reason, 600)}
	}
	return []string{shorten(strings.Join(strings.Fields(err.Error()), " "), 600)}
}

func shorten(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// unknownProperties lists the properties of a JSON body that the schema does not name. JSON Schema allows them; a program that
// sends one has nearly always misspelt it.
func unknownProperties(schema *openapi3.SchemaRef, body []byte) []string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil // reported by the schema
	}
	var problems []string
	walkProperties([]*openapi3.SchemaRef{schema}, value, "", &problems)
	return problems
}

func walkProperties(schemas []*openapi3.SchemaRef, value any, at string, problems *[]string) {
	var flat []*openapi3.Schema
	var flatten func(refs []*openapi3.SchemaRef, depth int)
	flatten = func(refs []*openapi3.SchemaRef, depth int) {
		for _, r := range refs {
			if r == nil || r.Value == nil || depth > 20 {
				continue
			}
			flat = append(flat, r.Value)
			flatten(r.Value.AllOf, depth+1)
			flatten(r.Value.OneOf, depth+1)
			flatten(r.Value.AnyOf, depth+1)
		}
	}
	flatten(schemas, 0)
	switch v := value.(type) {
	case map[string]any:
		known := map[string][]*openapi3.SchemaRef{}
		for _, s := range flat {
			if (s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has) || s.AdditionalProperties.Schema != nil {
				return
			}
			for name, p := range s.Properties {
				known[name] = append(known[name], p)
			}
		}
		if len(known) == 0 {
			return // a free-form object
		}
		for name, e := range v {
			if known[name] == nil {
				*problems = append(*problems, at+"/"+name+": property is not in the description")
				continue
			}
			walkProperties(known[name], e, at+"/"+name, problems)
		}
	case []any:
		var items []*openapi3.SchemaRef
		for _, s := range flat {
			if s.Items != nil {
				items = append(items, s.Items)
			}
		}
		for i, e := range v {
			walkProperties(items, e, fmt.Sprintf("%s/%d", at, i), problems)
		}
	}
}

// Operations lists the operationIds that are served, sorted.
func Operations() []string { return sortedKeys(routes) }
