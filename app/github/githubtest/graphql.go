package githubtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

//go:embed graphql/schema.graphql
var graphqlText string

var graphqlSchema = sync.OnceValues(func() (*ast.Schema, error) {
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: graphqlText})
	if err != nil {
		return nil, fmt.Errorf("reading the GraphQL schema: %w", err)
	}
	return s, nil
})

// Bounds of GitHub's GraphQL API.
const (
	graphqlHourly = 5000    // points
	graphqlPage   = 100     // nodes of one connection
	graphqlNodes  = 500_000 // nodes that one query may ask for
)

// A node is an object of the GraphQL API: its type, and its fields by name, each worked out when it is asked for.
type node struct {
	kind   string
	fields map[string]func(args map[string]any) any
}

func constant(v any) func(map[string]any) any { return func(map[string]any) any { return v } }

// serveGraphQL answers POST /api/graphql. A query is judged by GitHub's schema; what that refuses is a violation.
func (g *GitHub) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return // the client has gone
	}
	g.mu.Lock()
	fault := g.fault(r.Method, "/graphql")
	g.mu.Unlock()
	log := Request{Method: r.Method, Path: "/graphql", Body: string(body), Operation: "graphql"}
	if fault != nil && g.before(w, r, fault) {
		g.finished(log, 0)
		return
	}
	a, who := g.graphql(r, body)
	log.Actor = who
	if fault != nil && g.after(w, r, fault, a) {
		g.finished(log, 0)
		return
	}
	g.finished(log, a.status)
	g.write(w, a)
}

func (g *GitHub) graphql(r *http.Request, body []byte) (a *answer, who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	asking, e := g.actorOf(r)
	if e == nil && (asking.token == nil || asking.app != nil) {
		e = &apiError{status: http.StatusUnauthorized, message: "This endpoint requires you to be authenticated."}
	}
	if e != nil {
		return failure(e, false), asking.String()
	}
	violate := func(message string) {
		g.violations = append(g.violations, Violation{Method: r.Method, Path: "/graphql", Where: "request", Message: message})
	}
	errs := func(list ...obj) *answer { return ok(obj{"data": nil, "errors": list}) }
	schema, err := graphqlSchema()
	if err != nil {
		violate(err.Error())
		return failure(serverError(err), false), asking.String()
	}
	var in struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	if err := json.Unmarshal(body, &in); err != nil || r.Method != http.MethodPost {
		violate("the request is no POST of a JSON object with a query")
		return failure(&apiError{status: http.StatusBadRequest, message: "Problems parsing JSON"}, false), asking.String()
	}
	doc, wrong := gqlparser.LoadQueryWithRules(schema, in.Query, rules.NewDefaultRules())
	if len(wrong) > 0 || len(doc.Operations) != 1 || doc.Operations[0].Operation != ast.Query {
		violate("the query does not fit the schema: " + wrong.Error())
		return errs(obj{"message": wrong.Error()}), asking.String()
	}
	vars, err := validator.VariableValues(schema, doc.Operations[0], in.Variables)
	if err != nil {
		violate("the variables do not fit the query: " + err.Error())
		return errs(obj{"message": err.Error()}), asking.String()
	}
	run := &execution{g: g, vars: vars, actor: asking}
	nodes, requests := run.cost(doc.Operations[0].SelectionSet, 1)
	if nodes > graphqlNodes || run.wrong != "" {
		violate(fmt.Sprintf("the query asks for %d nodes %s", nodes, run.wrong))
		return errs(obj{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "This query requests too many nodes."}), asking.String()
	}
	points := max(1, (requests+50)/100)
	asking.token.points += points
	run.points = points
	data := run.object(run.root(), doc.Operations[0].SelectionSet)
	answer := obj{"data": data}
	if len(run.errors) > 0 {
		answer["errors"] = run.errors
	}
	a = ok(answer)
	a.header = http.Header{}
	left := max(0, graphqlHourly-asking.token.points)
	for k, v := range map[string]string{"Limit": strconv.Itoa(graphqlHourly), "Remaining": strconv.Itoa(left), "Used": strconv.Itoa(asking.token.points),
		"Reset": strconv.FormatInt(g.reset(), 10), "Resource": "graphql"} {
		a.header.Set("X-RateLimit-"+k, v)
	}
	return a, asking.String()
}

// An execution answers one query.
type execution struct {
	g      *GitHub
	vars   map[string]any
	actor  actor
	points int
	errors []obj
	wrong  string
}

// cost counts, as GitHub's page on its limits says, the nodes that a selection may give and the requests that it stands for.
func (x *execution) cost(set ast.SelectionSet, times int) (nodes, requests int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			each := times
			if s.Definition != nil && strings.HasSuffix(s.Definition.Type.Name(), "Connection") {
				args := s.ArgumentMap(x.vars)
				size := whole(args["first"]) + whole(args["last"])
				if size < 1 || size > graphqlPage {
					x.wrong = fmt.Sprintf("and %d of %s", size, s.Name)
				}
				requests += times
				each = times * size
				nodes += each
			}
			n, r := x.cost(s.SelectionSet, each)
			nodes, requests = nodes+n, requests+r
		case *ast.InlineFragment:
			n, r := x.cost(s.SelectionSet, times)
			nodes, requests = nodes+n, requests+r
		case *ast.FragmentSpread:
			n, r := x.cost(s.Definition.SelectionSet, times)
			nodes, requests = nodes+n, requests+r
		}
	}
	return nodes, requests
}

func whole(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	case json.Number:
		i, err := strconv.Atoi(n.String())
		if err == nil {
			return i
		}
	}
	return 0
}

func (x *execution) object(n *node, set ast.SelectionSet) obj {
	out := obj{}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__typename" {
				out[s.Alias] = n.kind
				continue
			}
			field := n.fields[s.Name]
			if field == nil {
				x.errors = append(x.errors, obj{"message": "githubtest does not know " + n.kind + "." + s.Name})
				continue
			}
			out[s.Alias] = x.value(field(s.ArgumentMap(x.vars)), s.SelectionSet)
		case *ast.InlineFragment:
			if s.TypeCondition == "" || s.TypeCondition == n.kind {
				for k, v := range x.object(n, s.SelectionSet) {
					out[k] = v
				}
			}
		case *ast.FragmentSpread:
			for k, v := range x.object(n, s.Definition.SelectionSet) {
				out[k] = v
			}
		}
	}
	return out
}

func (x *execution) value(v any, set ast.SelectionSet) any {
	switch v := v.(type) {
	case *node:
		if v == nil {
			return nil
		}
		return x.object(v, set)
	case []*node:
		list := []any{}
		for _, n := range v {
			list = append(list, x.object(n, set))
		}
		return list
	case time.Time:
		return stamp(v)
	}
	return v
}

func (x *execution) root() *node {
	return &node{"Query", map[string]func(map[string]any) any{
		"rateLimit": func(map[string]any) any {
			used := x.actor.token.points
			return &node{"RateLimit", map[string]func(map[string]any) any{
				"cost": constant(x.points), "limit": constant(graphqlHourly), "remaining": constant(max(0, graphqlHourly-used)), "resetAt": constant(time.Unix(x.g.reset(), 0))}}
		},
		"repository": func(args map[string]any) any {
			r := x.g.repos[lower(fmt.Sprint(args["owner"], "/", args["name"]))]
			if r == nil || !x.may(r, "metadata:read") {
				x.errors = append(x.errors, obj{"type": "NOT_FOUND", "path": []string{"repository"}, "message": fmt.Sprintf("Could not resolve to a Repository with the name '%v/%v'.", args["owner"], args["name"])})
				return (*node)(nil)
			}
			return x.repo(r)
		},
	}}
}

// may says whether whoever asks may read a part of a repository.
func (x *execution) may(r *Repo, permission string) bool {
	t := x.actor.token
	if t.user != nil {
		return r.can(t.user, "read")
	}
	return t.sees(r) && t.may(permission)
}

// forbidden is what GitHub says of a part that an App may not read.
func (x *execution) forbidden(path string) {
	x.errors = append(x.errors, obj{"type": "FORBIDDEN", "path": strings.Split(path, "."), "message": "Resource not accessible by integration"})
}

func (x *execution) ref(r *Repo, branch string) *node {
	sha := r.git.resolve("heads/" + branch)
	if sha == "" {
		return nil
	}
	return &node{"Ref", map[string]func(map[string]any) any{"name": constant(branch), "target": func(map[string]any) any { return x.commit(r, sha) }}}
}

func (x *execution) repo(r *Repo) *node {
	return &node{"Repository", map[string]func(map[string]any) any{
		"databaseId": constant(r.ID), "name": constant(r.Name), "nameWithOwner": constant(r.FullName()), "isArchived": constant(false),
		"owner": func(map[string]any) any {
			_, login, kind := r.owner.account()
			return &node{kind, map[string]func(map[string]any) any{"login": constant(login)}}
		},
		"defaultBranchRef": func(map[string]any) any { return x.ref(r, r.defaultBranch) },
		"pullRequests": func(args map[string]any) any {
			if !x.may(r, "pull_requests:read") {
				x.forbidden("repository.pullRequests")
				return (*node)(nil)
			}
			var list []*Pull
			for _, p := range r.pulls {
				if p.state == "open" {
					list = append(list, p)
				}
			}
			return connection("PullRequest", list, args, x.pull)
		},
	}}
}

// connection is a page of a list. Cursors are places in it; forward pages only go on from one.
func connection[T any](kind string, list []T, args map[string]any, show func(T) *node) *node {
	total, from := len(list), 0
	if after, given := args["after"].(string); given && after != "" {
		if n, err := strconv.Atoi(after); err == nil {
			from = min(n, total)
		}
	}
	rest := list[from:]
	size := whole(args["first"])
	if last := whole(args["last"]); last > 0 {
		rest = rest[max(0, len(rest)-last):]
		size = last
	}
	page := rest[:min(size, len(rest))]
	var nodes []*node
	for _, item := range page {
		nodes = append(nodes, show(item))
	}
	return &node{kind + "Connection", map[string]func(map[string]any) any{
		"nodes": constant(nodes), "totalCount": constant(total),
		"pageInfo": constant(&node{"PageInfo", map[string]func(map[string]any) any{"hasNextPage": constant(len(page) < len(rest)), "endCursor": constant(strconv.Itoa(from + len(page)))}}),
	}}
}

func (x *execution) pull(p *Pull) *node {
	return &node{"PullRequest", map[string]func(map[string]any) any{
		"number": constant(p.Number), "headRefOid": constant(p.head), "baseRefName": constant(p.baseRef), "isDraft": constant(p.draft), "updatedAt": constant(p.updated),
		"baseRef": func(map[string]any) any { return x.ref(p.repo, p.baseRef) },
		"reviews": func(args map[string]any) any {
			states, given := args["states"].([]any)
			var list []*Review
			for _, r := range p.reviews {
				for _, s := range states {
					if reflect.DeepEqual(s, r.state) {
						list = append(list, r)
					}
				}
				if !given {
					list = append(list, r)
				}
			}
			return connection("PullRequestReview", list, args, func(r *Review) *node {
				return &node{"PullRequestReview", map[string]func(map[string]any) any{"fullDatabaseId": constant(strconv.FormatInt(r.ID, 10)), "state": constant(r.state)}}
			})
		},
		"comments": func(args map[string]any) any {
			var list []*IssueComment
			for _, c := range p.talk {
				if !c.deleted {
					list = append(list, c)
				}
			}
			return connection("IssueComment", list, args, func(c *IssueComment) *node {
				var edited any
				if !c.updated.Equal(c.created) {
					edited = c.updated
				}
				return &node{"IssueComment", map[string]func(map[string]any) any{"fullDatabaseId": constant(strconv.FormatInt(c.ID, 10)), "lastEditedAt": constant(edited)}}
			})
		},
		"commits": func(args map[string]any) any {
			// Only the last one is ever asked for here.
			return connection("PullRequestCommit", []string{p.head}, args, func(sha string) *node {
				return &node{"PullRequestCommit", map[string]func(map[string]any) any{"commit": func(map[string]any) any { return x.commit(p.repo, sha) }}}
			})
		},
	}}
}

func (x *execution) commit(r *Repo, sha string) *node {
	return &node{"Commit", map[string]func(map[string]any) any{
		"oid": constant(sha),
		"checkSuites": func(args map[string]any) any {
			if !x.may(r, "checks:read") {
				x.forbidden("repository.pullRequests.nodes.commits.nodes.commit.checkSuites")
				return (*node)(nil)
			}
			filter, _ := args["filterBy"].(map[string]any)
			var list []*suite
			for _, s := range r.suites {
				name, named := filter["checkName"].(string)
				if s.sha == sha && (whole(filter["appId"]) == 0 || int64(whole(filter["appId"])) == s.app.ID) && (!named || len(s.latest(name)) > 0) {
					list = append(list, s)
				}
			}
			return connection("CheckSuite", list, args, x.suite)
		},
	}}
}

// latest are the newest runs of the suite, one of each name; name "": all names.
func (s *suite) latest(name string) []*run {
	var list []*run
	for _, c := range s.repo.latestRuns(s.sha) {
		if c.suite == s && (name == "" || c.name == name) {
			list = append(list, c)
		}
	}
	return list
}

func (x *execution) suite(s *suite) *node {
	return &node{"CheckSuite", map[string]func(map[string]any) any{
		"app": constant(&node{"App", map[string]func(map[string]any) any{"databaseId": constant(s.app.ID), "slug": constant(s.app.Slug)}}),
		"checkRuns": func(args map[string]any) any {
			filter, _ := args["filterBy"].(map[string]any)
			name, _ := filter["checkName"].(string)
			return connection("CheckRun", s.latest(name), args, func(c *run) *node {
				var conclusion any
				if c.conclusion != "" {
					conclusion = strings.ToUpper(c.conclusion)
				}
				return &node{"CheckRun", map[string]func(map[string]any) any{"databaseId": constant(c.ID), "name": constant(c.name), "externalId": constant(c.external),
					"status": constant(strings.ToUpper(c.status)), "conclusion": constant(conclusion)}}
			})
		},
	}}
}

// Spend sets how many requests of this hour every token has made before: what is left is shown with each answer, as GitHub does.
func (g *GitHub) Spend(requests int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spent = requests
}
