package githubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequest bounds the body of an API request.
const maxRequest = 10 << 20

// hourly is the primary limit of one token.
const hourly = 5000

// serve sends a request to the API, to git or to a page.
func (g *GitHub) serve(w http.ResponseWriter, r *http.Request) {
	escaped := r.URL.EscapedPath()
	switch {
	case strings.HasPrefix(escaped, "/api/v3/"):
		g.serveAPI(w, r, strings.TrimPrefix(escaped, "/api/v3"))
	case escaped == "/api/graphql":
		g.serveGraphQL(w, r)
	case strings.HasPrefix(escaped, "/api/"):
		g.mu.Lock()
		g.violations = append(g.violations, Violation{Method: r.Method, Path: escaped, Where: "request", Message: "only the REST API below /api/v3 and /api/graphql are served"})
		g.mu.Unlock()
		g.write(w, &answer{status: http.StatusNotFound, body: obj{"message": "Not Found", "documentation_url": docs, "status": "404"}})
	case strings.HasPrefix(escaped, "/login/oauth/"):
		g.serveOAuth(w, r)
	case strings.Contains(escaped, ".git/"):
		g.serveGit(w, r)
	default:
		if _, ok := manifestPath(r.URL.Path); ok {
			g.serveManifest(w, r)
			return
		}
		g.servePage(w, r)
	}
}

// docs stands for GitHub's documentation in answers.
const docs = "https://docs.github.com/rest"

// An actor is who sends a request.
type actor struct {
	app   *App   // with a JWT
	token *token // of an installation or a person
	text  string // of the token
}

func (a actor) user() *User {
	switch {
	case a.token == nil:
		return nil
	case a.token.user != nil:
		return a.token.user
	}
	return a.token.inst.App.Bot
}

func (a actor) String() string {
	switch {
	case a.app != nil:
		return "app:" + a.app.Slug
	case a.token == nil:
		return ""
	case a.token.inst != nil:
		return "installation:" + a.token.inst.App.Slug
	}
	return a.token.user.Login
}

// A call is one API request on its way through a handler, under the lock.
type call struct {
	g      *GitHub
	op     *operation
	route  *route
	req    *http.Request
	params map[string]string
	query  url.Values
	raw    []byte
	body   obj
	actor  actor
	repo   *Repo
	pull   *Pull
	issue  *issue      // only where the route answers for issues
	header http.Header // of the answer
}

// An answer to an API request. A raw answer is sent as it is, otherwise body becomes JSON.
type answer struct {
	status int
	body   any
	raw    []byte
	typ    string // media type of raw
	header http.Header
}

func ok(body any) *answer      { return &answer{status: http.StatusOK, body: body} }
func created(body any) *answer { return &answer{status: http.StatusCreated, body: body} }
func noContent() *answer       { return &answer{status: http.StatusNoContent} }

func (g *GitHub) serveAPI(w http.ResponseWriter, r *http.Request, at string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return // the client has gone
	}
	plain, err := url.PathUnescape(at)
	if err != nil {
		plain = at
	}
	g.mu.Lock()
	fault := g.fault(r.Method, plain)
	log := Request{Method: r.Method, Path: plain, Query: r.URL.RawQuery, Body: string(body)}
	g.mu.Unlock()
	if fault != nil && g.before(w, r, fault) {
		g.finished(log, 0)
		return
	}
	a, op, who := g.answer(r, at, body)
	log.Operation, log.Actor = op, who
	if fault != nil && g.after(w, r, fault, a) {
		g.finished(log, 0)
		return
	}
	g.finished(log, a.status)
	g.write(w, a)
}

func (g *GitHub) finished(log Request, status int) {
	log.Status = status
	g.mu.Lock()
	if len(g.requests) >= 10000 {
		g.requests = append([]Request(nil), g.requests[1000:]...)
	}
	g.requests = append(g.requests, log)
	g.mu.Unlock()
	if g.opt.Log != nil {
		g.opt.Log(fmt.Sprintf("%s %s %d %s", log.Method, log.Path, status, log.Actor))
	}
}

// answer does the request. Everything about one request happens in one turn of the lock.
func (g *GitHub) answer(r *http.Request, at string, body []byte) (a *answer, operation, who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	shown := at
	if r.URL.RawQuery != "" {
		shown += "?" + r.URL.RawQuery
	}
	violate := func(where, message string) {
		if !tolerated(operation, where, message) {
			g.violations = append(g.violations, Violation{Method: r.Method, Path: shown, Where: where, Message: message})
		}
	}
	op, params := g.contract.find(r.Method, at)
	if op == nil {
		violate("request", "the description has no such operation")
		return failure(notFound(), false), "", ""
	}
	operation = op.id
	c := &call{g: g, op: op, route: routes[op.id], req: r, params: params, query: r.URL.Query(), raw: body, header: http.Header{}}
	in := op.input(r, params, body)
	e := c.authenticate()
	if e == nil {
		e = c.authorize()
	}
	if e == nil {
		var problems []string
		if len(body) > maxRequest {
			problems = append(problems, "the body is larger than 10 MB")
		}
		problems = append(problems, op.checkRequest(in, body)...)
		if len(body) > 0 {
			// What is no object (a bare array, null) was judged by the schema.
			_ = json.Unmarshal(body, &c.body)
		}
		problems = append(problems, checkSemantics(op.id, c.body)...)
		refused := []string{}
		for _, p := range problems {
			violate("request", p)
			if !tolerated(op.id, "request", p) {
				refused = append(refused, p)
			}
		}
		if len(refused) > 0 {
			e = invalidText("Invalid request.\n\n"+strings.Join(refused, "\n"), refused...)
		}
	}
	if e == nil {
		a, e = c.route.do(c)
	}
	if e != nil {
		a = failure(e, op.texts)
		if e.status == http.StatusInternalServerError {
			violate("answer", e.message)
		}
	}
	a.header = c.header
	g.stampHeaders(c, a)
	if a.raw == nil && a.body != nil {
		data, err := json.Marshal(a.body)
		if err != nil {
			violate("answer", err.Error())
			data = []byte("null")
		}
		a.raw, a.typ = data, "application/json; charset=utf-8"
	}
	if a.typ != "" {
		a.header.Set("Content-Type", a.typ)
	}
	for _, p := range op.checkAnswer(r.Context(), in, a.status, a.header, a.raw) {
		violate("answer", fmt.Sprintf("%d: %s", a.status, p))
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		// GitHub's ETags depend on the token, so a new installation token never gets a 304.
		sum := sha256.Sum256(append([]byte(c.actor.text+"\x00"), a.raw...))
		tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		a.header.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			a.status, a.raw, a.body = http.StatusNotModified, nil, nil
			a.header.Del("Content-Type")
		}
	}
	return a, op.id, c.actor.String()
}

// failure is the answer of an error. The details of a 422 are objects, or strings where the operation says so.
func failure(e *apiError, texts bool) *answer {
	doc := e.doc
	if doc == "" {
		doc = docs
	}
	body := obj{"message": e.message, "documentation_url": doc, "status": strconv.Itoa(e.status)}
	var details []any
	for _, d := range e.errs {
		text, isText := d.(string)
		o, _ := d.(obj)
		switch {
		case isText && !texts:
			details = append(details, obj{"resource": "PullRequestReview", "code": "custom", "message": text})
		case !isText && texts:
			details = append(details, (&apiError{errs: []any{o}}).Error())
		default:
			details = append(details, d)
		}
	}
	if len(details) > 0 {
		body["errors"] = details
	}
	a := &answer{status: e.status, body: body, header: http.Header{}}
	return a
}

// stampHeaders sets what GitHub sends with every answer.
func (g *GitHub) stampHeaders(c *call, a *answer) {
	h := a.header
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-GitHub-Request-Id", strings.ToUpper(randomHex(4))+":1:"+strings.ToUpper(randomHex(4)))
	h.Set("X-GitHub-Api-Version-Selected", "2022-11-28")
	if c.actor.app != nil {
		return
	}
	used := g.count(c.actor.text)
	h.Set("X-RateLimit-Limit", strconv.Itoa(hourly))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, hourly-used)))
	h.Set("X-RateLimit-Used", strconv.Itoa(used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(g.reset(), 10))
	h.Set("X-RateLimit-Resource", "core")
	if a.status == http.StatusForbidden && c.route != nil && c.route.permission != "" {
		h.Set("X-Accepted-GitHub-Permissions", strings.ReplaceAll(strings.ReplaceAll(c.route.permission, ":", "="), "|", "; "))
	}
}

// count says how many requests a token has made. It is shown only: limits strike through faults.
func (g *GitHub) count(text string) int {
	if t := g.tokens[text]; t != nil {
		t.used++
		return t.used + g.spent
	}
	return 1
}

func (g *GitHub) reset() int64 { return g.now().Truncate(time.Hour).Add(time.Hour).Unix() }

func (g *GitHub) write(w http.ResponseWriter, a *answer) {
	raw := a.raw
	if raw == nil && a.body != nil {
		raw, _ = json.Marshal(a.body) // a map of strings
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if len(raw) > 0 && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(raw) // a client that has gone is its own business
}

// before applies what a fault does instead of the request. It says whether the request is over.
func (g *GitHub) before(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	wait := f.Delay
	if wait == 0 {
		wait = time.Minute
	}
	seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	limit := func(status int, message, doc string, headers ...string) bool {
		f.strike()
		body := obj{"message": message}
		if doc != "" {
			body["documentation_url"] = doc
		}
		a := &answer{status: status, body: body, header: http.Header{}}
		for i := 0; i+1 < len(headers); i += 2 {
			a.header.Set(headers[i], headers[i+1])
		}
		g.write(w, a)
		return true
	}
	page := func(status int, title string) bool {
		f.strike()
		g.write(w, &answer{status: status, raw: []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"),
			header: http.Header{"Content-Type": {"text/html"}}})
		return true
	}
	const secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
	primary := []string{"X-RateLimit-Limit", strconv.Itoa(hourly), "X-RateLimit-Remaining", "0", "X-RateLimit-Used", strconv.Itoa(hourly), "X-RateLimit-Resource", "core",
		"X-RateLimit-Reset", strconv.FormatInt(g.opt.Now().Add(wait).Unix(), 10)}
	switch f.Kind {
	case BadGateway:
		return page(http.StatusBadGateway, "502 Bad Gateway")
	case Unavailable:
		w.Header().Set("Retry-After", seconds)
		return page(http.StatusServiceUnavailable, "503 Service Unavailable")
	case PrimaryLimit:
		return limit(http.StatusForbidden, "API rate limit exceeded for installation ID 1.", docs+"/overview/rate-limits-for-the-rest-api", primary...)
	case PrimaryLimit29:
		return limit(http.StatusTooManyRequests, "API rate limit exceeded for installation ID 1.", docs+"/overview/rate-limits-for-the-rest-api", primary...)
	case SecondaryLimit:
		return limit(http.StatusForbidden, secondary, docs+"/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits", "Retry-After", seconds)
	case Secondary29:
		return limit(http.StatusTooManyRequests, secondary, docs+"/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits", "Retry-After", seconds)
	case SecondaryBare:
		return limit(http.StatusForbidden, secondary, "")
	case Reset:
		f.strike()
		panic(http.ErrAbortHandler)
	case Unauthorized:
		return limit(http.StatusUnauthorized, "Bad credentials", docs)
	case Missing:
		return limit(http.StatusNotFound, "Not Found", docs)
	case Unprocessable:
		return limit(http.StatusUnprocessableEntity, "Validation Failed", docs)
	case Empty:
		f.strike()
		g.write(w, &answer{status: http.StatusOK})
		return true
	case Timeout:
		f.strike()
		select {
		case <-r.Context().Done():
		case <-g.closing.Done():
		}
		panic(http.ErrAbortHandler)
	case Slow:
		f.strike()
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return true
		case <-g.closing.Done():
			return true
		}
	case HoldBefore:
		f.strike()
		select {
		case <-f.release:
		case <-r.Context().Done():
			return true
		case <-g.closing.Done():
			return true
		}
	default: // the others strike in after
	}
	return false
}

// after applies what a fault does to the answer. It says whether the answer is gone.
func (g *GitHub) after(w http.ResponseWriter, r *http.Request, f *Fault, a *answer) bool {
	switch f.Kind {
	case AnswerLost:
		f.strike()
		panic(http.ErrAbortHandler)
	case Shape:
		f.strike()
		a.raw = []byte(map[bool]string{true: "{}", false: "[]"}[bytes.HasPrefix(a.raw, []byte("["))])
		a.header.Del("Link")
		a.header.Del("ETag")
	case Stale:
		f.strike()
		f.striking.Lock()
		defer f.striking.Unlock()
		if r.Method != http.MethodGet {
			return false
		}
		if was := f.first[r.URL.RequestURI()]; was != nil {
			*a = answer{status: was.status, raw: was.raw, header: was.header.Clone()}
			return false
		}
		f.first[r.URL.RequestURI()] = &answer{status: a.status, raw: a.raw, header: a.header.Clone()}
	case Drip:
		f.strike()
		g.drip(w, r, f.Delay, a)
		return true
	case Cut:
		for k, v := range a.header {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(a.raw)))
		w.WriteHeader(a.status)
		_, _ = w.Write(bytes.Clone(a.raw[:len(a.raw)/2]))
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		f.strike()
		panic(http.ErrAbortHandler)
	case HoldAfter:
		f.strike()
		select {
		case <-f.release:
		case <-r.Context().Done():
			return true
		case <-g.closing.Done():
			return true
		}
	default: // the others have struck in before
	}
	return false
}

// pieces is how many pieces a dripping answer has at most.
const pieces = 20

func (g *GitHub) drip(w http.ResponseWriter, r *http.Request, all time.Duration, a *answer) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	tick := time.NewTicker(max(all/pieces, time.Millisecond))
	defer tick.Stop()
	for part := range slices.Chunk(a.raw, max(len(a.raw)/pieces, 1)) {
		if _, err := w.Write(part); err != nil {
			return
		}
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-g.closing.Done():
			return
		}
	}
}

// authenticate finds out who asks.
func (c *call) authenticate() *apiError {
	a, e := c.g.actorOf(c.req)
	c.actor = a
	return e
}

func (g *GitHub) actorOf(r *http.Request) (actor, *apiError) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return actor{}, nil
	}
	scheme, text, _ := strings.Cut(header, " ")
	if _, password, ok := r.BasicAuth(); ok {
		text = password
	} else if !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		return actor{}, &apiError{status: 401, message: "Bad credentials"}
	}
	if t := g.tokens[text]; t != nil {
		switch {
		case !t.expires.IsZero() && !g.opt.TokenNow().Before(t.expires), t.inst != nil && t.inst.removed:
			return actor{}, &apiError{status: 401, message: "Bad credentials"}
		case t.inst != nil && !t.inst.suspended.IsZero():
			return actor{}, forbidden("This installation has been suspended")
		}
		return actor{token: t, text: text}, nil
	}
	if strings.Count(text, ".") == 2 && !strings.HasPrefix(text, "gh") {
		app, e := g.appOfJWT(text)
		return actor{app: app, text: text}, e
	}
	return actor{}, &apiError{status: 401, message: "Bad credentials"}
}

// authorize checks what the actor may see and do, and finds repository and pull request of the path.
func (c *call) authorize() *apiError {
	if c.route == nil {
		return serverError(fmt.Errorf("operation %s has no handler", c.op.id))
	}
	a := c.actor
	switch c.route.who {
	case onlyApp:
		if a.app == nil {
			return &apiError{status: 401, message: "A JSON web token could not be decoded"}
		}
	case onlyInstallation:
		if a.token == nil || a.token.inst == nil {
			return forbidden("You must authenticate with an installation access token in order to list repositories for an installation.")
		}
	case onlyUser:
		if a.token == nil {
			return &apiError{status: 401, message: "Requires authentication"}
		}
		if a.token.inst != nil {
			return noPermission("")
		}
	case anybody:
		if a.app != nil {
			return &apiError{status: 401, message: "Bad credentials"}
		}
	}
	if name := c.params["repo"]; name != "" {
		if e := c.findRepo(c.params["owner"] + "/" + name); e != nil {
			return e
		}
	}
	number := c.params["pull_number"]
	if number == "" {
		number = c.params["issue_number"]
	}
	if number != "" && c.repo != nil {
		for _, p := range c.repo.pulls {
			if strconv.Itoa(p.Number) == number {
				c.pull = p
			}
		}
		for _, i := range c.repo.issues {
			if c.route.issues && strconv.Itoa(i.number) == number {
				c.issue = i
			}
		}
		if c.pull == nil && c.issue == nil {
			return notFound()
		}
	}
	return nil
}

func (c *call) findRepo(name string) *apiError {
	r := c.g.repos[lower(name)]
	if r == nil {
		return notFound()
	}
	c.repo = r
	read := c.req.Method == http.MethodGet
	a := c.actor
	switch {
	case a.app != nil: // only where the route is for Apps
		return nil
	case a.token == nil:
		if r.private {
			return notFound()
		}
		if !read {
			return &apiError{status: 401, message: "Requires authentication"}
		}
		if c.route.role != "" {
			return notFound()
		}
	case a.token.inst != nil:
		if !a.token.sees(r) {
			if r.private {
				return notFound()
			}
			if !read {
				return noPermission(c.route.permission)
			}
			return nil // what is public can be read with any token
		}
		if !a.token.may(c.route.permission) {
			return noPermission(c.route.permission)
		}
	default:
		if !r.can(a.token.user, "read") {
			return notFound()
		}
		if c.route.appsOnly {
			return forbidden("You must authenticate via a GitHub App.")
		}
		if c.route.role != "" && !r.can(a.token.user, c.route.role) {
			return forbidden("Must have " + c.route.role + " rights to Repository.")
		}
	}
	return nil
}

// page cuts a list to the page that was asked for, and sets the Link header.
func page[T any](c *call, list []T) []T {
	per, at := 30, 1
	if n, err := strconv.Atoi(c.query.Get("per_page")); err == nil && n > 0 {
		per = min(n, maxPage)
	}
	if n, err := strconv.Atoi(c.query.Get("page")); err == nil && n > 0 {
		at = n
	}
	last := max(1, (len(list)+per-1)/per)
	var links []string
	link := func(n int, rel string) {
		q := c.req.URL.Query()
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", c.g.url, c.req.URL.EscapedPath(), q.Encode(), rel))
	}
	if at > 1 {
		link(min(at-1, last), "prev")
	}
	if at < last {
		link(at+1, "next")
		link(last, "last")
	}
	if at > 1 {
		link(1, "first")
	}
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
	from := min((at-1)*per, len(list))
	return list[from:min(from+per, len(list))]
}

// mapped builds the JSON of each element; an empty list is [], not null.
func mapped[T any](list []T, f func(T) obj) []any {
	out := make([]any, 0, len(list))
	for _, e := range list {
		out = append(out, f(e))
	}
	return out
}

func (c *call) str(name string) string { s, _ := c.body[name].(string); return s }

// text returns a string property that was given; nil if it was not.
func textOf(o obj, name string) *string {
	if s, ok := o[name].(string); ok {
		return &s
	}
	return nil
}

func number(o obj, name string) int {
	f, _ := o[name].(float64)
	return int(f)
}

func (c *call) id(name string) int64 {
	n, _ := strconv.ParseInt(c.params[name], 10, 64)
	return n
}
