package githubtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// maxPayload is the size above which GitHub does not deliver an event at all.
const maxPayload = 25 << 20

// An outbox sends webhooks one after the other, in the order in which things happened.
type outbox struct {
	g      *GitHub
	queue  []*delivery
	busy   bool
	held   []*delivery // by a Held fault, until the next one was sent
	faults []*HookFault
	wake   chan struct{}
	idle   []chan struct{} // closed when the queue has become empty
	ended  sync.WaitGroup
	client *http.Client
}

// A delivery is one attempt to send one event.
type delivery struct {
	id            int64
	guid          string
	app           *App
	url, secret   string
	event, action string
	install, repo int64
	payload       []byte
	redelivery    bool
	at            time.Time
	took          time.Duration
	status        string // "OK", or what went wrong
	code          int    // 0: no answer
	request       obj    // headers
	response      obj
	body          string
	struck        bool // a fault has had its turn
}

// A DeliveryInfo is an attempt as the log shows it, for tests to read.
type DeliveryInfo struct {
	ID            int64
	GUID          string
	Event, Action string
	Redelivery    bool
	Status        string
	Code          int
	Payload       []byte
}

func (b *outbox) start(g *GitHub) {
	b.g, b.wake = g, make(chan struct{}, 1)
	b.client = &http.Client{Timeout: g.opt.WebhookTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if g.opt.Manual {
		return
	}
	b.ended.Go(func() {
		for {
			select {
			case <-g.closing.Done():
				return
			case <-b.wake:
			}
			b.drain(g.closing)
		}
	})
}

func (b *outbox) wait() {
	b.ended.Wait()
	b.client.CloseIdleConnections()
}

// drain sends what is queued and returns how many attempts that took.
func (b *outbox) drain(ctx context.Context) int {
	sent := 0
	for ctx.Err() == nil {
		b.g.mu.Lock()
		if len(b.queue) == 0 && len(b.held) > 0 {
			b.queue, b.held = b.held, nil
		}
		if len(b.queue) == 0 {
			for _, c := range b.idle {
				close(c)
			}
			b.idle = nil
			b.g.mu.Unlock()
			return sent
		}
		d := b.queue[0]
		b.queue = b.queue[1:]
		times := 1
		if f := b.fault(d); f != nil {
			switch f.Kind {
			case Vanished:
				times = 0
			case Lost:
				times = 0
				d.at, d.status = b.g.now(), "failed to connect to host"
				d.request = b.headers(d)
				d.app.deliveries = append(d.app.deliveries, d)
			case Doubled:
				times = 2
			case Held:
				b.held = append(b.held, d)
				b.g.mu.Unlock()
				continue
			}
		}
		b.busy = true
		b.g.mu.Unlock()
		for i := range times {
			b.send(ctx, d, i == 0)
			sent++
		}
		b.g.mu.Lock()
		b.busy = false
		if len(b.held) > 0 {
			b.queue, b.held = append(b.held, b.queue...), nil
		}
		b.g.mu.Unlock()
	}
	return sent
}

// headers are those of one POST. They need the lock only for nothing: all they read is fixed when the event is queued.
func (b *outbox) headers(d *delivery) obj {
	h := obj{"Accept": "*/*", "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/githubtest", "X-GitHub-Delivery": d.guid, "X-GitHub-Event": d.event,
		"X-GitHub-Hook-ID": fmt.Sprint(d.app.hookID), "X-GitHub-Hook-Installation-Target-ID": fmt.Sprint(d.app.ID), "X-GitHub-Hook-Installation-Target-Type": "integration"}
	one, two := hmac.New(sha1.New, []byte(d.secret)), hmac.New(sha256.New, []byte(d.secret))
	one.Write(d.payload)
	two.Write(d.payload)
	h["X-Hub-Signature"] = "sha1=" + hex.EncodeToString(one.Sum(nil))
	h["X-Hub-Signature-256"] = "sha256=" + hex.EncodeToString(two.Sum(nil))
	return h
}

// send makes one attempt. A doubled delivery is logged once, as on GitHub, where the second copy is nobody's intention.
func (b *outbox) send(ctx context.Context, d *delivery, log bool) {
	started := time.Now()
	headers := b.headers(d)
	status, code, response, body := "OK", 0, obj{}, ""
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.payload))
	if err == nil {
		for k, v := range headers {
			req.Header.Set(k, v.(string))
		}
		var resp *http.Response
		if resp, err = b.client.Do(req); err == nil {
			text, readErr := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
			resp.Body.Close()
			code, body = resp.StatusCode, strings.ToValidUTF8(string(text), "�")
			for k := range resp.Header {
				response[k] = resp.Header.Get(k)
			}
			if code < 200 || code > 299 {
				status = fmt.Sprintf("Invalid HTTP Response: %d", code)
			}
			if readErr != nil {
				err = readErr
			}
		}
	}
	if err != nil && code == 0 {
		status = "failed to connect to host"
		var slow net.Error
		if errors.As(err, &slow) && slow.Timeout() {
			status = "timed out"
		}
	}
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	d.at, d.took, d.status, d.code, d.request, d.response, d.body = b.g.now(), time.Since(started), status, code, headers, response, body
	if log {
		d.app.deliveries = append(d.app.deliveries, d)
	}
}

// Settle waits until every webhook that was caused so far, and whatever those cause here, has been answered. In manual mode it
// sends them itself.
func (g *GitHub) Settle(ctx context.Context) error {
	if g.opt.Manual {
		_, err := g.Deliver(ctx)
		return err
	}
	g.mu.Lock()
	if len(g.hooks.queue) == 0 && len(g.hooks.held) == 0 && !g.hooks.busy {
		g.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	g.hooks.idle = append(g.hooks.idle, done)
	g.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for webhooks: %w", ctx.Err())
	case <-g.closing.Done():
		return errors.New("wait for webhooks: the server was closed")
	}
}

// Deliver sends the queued webhooks now, in manual mode, and returns the number of POSTs.
func (g *GitHub) Deliver(ctx context.Context) (int, error) {
	if !g.opt.Manual {
		return 0, errors.New("deliver webhooks: they are sent as they happen; set Options.Manual or use Settle")
	}
	n := g.hooks.drain(ctx)
	return n, ctx.Err()
}

// Deliveries is the log of an App's webhooks, oldest first.
func (a *App) Deliveries() []DeliveryInfo {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	var list []DeliveryInfo
	for _, d := range a.deliveries {
		list = append(list, DeliveryInfo{ID: d.id, GUID: d.guid, Event: d.event, Action: d.action, Redelivery: d.redelivery, Status: d.status, Code: d.code, Payload: bytes.Clone(d.payload)})
	}
	return list
}

// Redeliver sends an event again, with the same GUID, as the button in the settings does.
func (a *App) Redeliver(id int64) error {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	for _, d := range a.deliveries {
		if d.id == id {
			d.again()
			return nil
		}
	}
	return fmt.Errorf("redeliver: App %s has no delivery %d", a.Slug, id)
}

// again queues the event with the App's address and secret of now.
func (d *delivery) again() {
	c := *d
	c.id, c.redelivery, c.url, c.secret = d.app.g.id(), true, d.app.url, d.app.secret
	c.status, c.code, c.response, c.body = "", 0, nil, ""
	d.app.g.hooks.add(&c)
}

func (b *outbox) add(d *delivery) {
	b.queue = append(b.queue, d)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// newGUID is a random UUID of version 4, as X-GitHub-Delivery carries.
func newGUID() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// eventPermission is what an installation needs to get an event.
var eventPermission = map[string]string{"pull_request": "pull_requests:read", "pull_request_review": "pull_requests:read", "issue_comment": "issues:read|pull_requests:read",
	"check_run": "checks:read", "check_suite": "checks:read", "push": "contents:read", "membership": "members:read",
	"member": "metadata:read", "organization": "members:read", "team": "members:read", "status": "statuses:read", "merge_group": "merge_queues:read"}

// emit sends an event of a repository to every App that is installed on it, subscribed and permitted.
func (g *GitHub) emit(r *Repo, event, action string, by *User, payload obj) {
	for _, a := range g.apps {
		for _, e := range a.events {
			if e == event {
				g.emitTo(a, r, event, action, by, payload)
			}
		}
	}
}

// emitTo sends it to one App, subscribed or not.
func (g *GitHub) emitTo(a *App, r *Repo, event, action string, by *User, payload obj) {
	i := a.installationOn(r)
	if i == nil || !i.suspended.IsZero() || !(&token{inst: i}).may(eventPermission[event]) {
		return
	}
	p := obj{}
	if _, ok := payload["repository"]; !ok {
		repo := r.minimalJSON()
		repo["custom_properties"] = obj{}
		p["repository"] = repo
	}
	if o, ok := r.owner.(*Org); ok {
		p["organization"] = o.hookJSON()
	}
	p["sender"] = g.userJSON(by)
	for k, v := range payload {
		p[k] = v
	}
	g.enqueue(a, i, event, action, r.ID, p)
}

// emitOrg sends an event of an organisation.
func (g *GitHub) emitOrg(o *Org, event, action string, by *User, payload obj) {
	for _, a := range g.apps {
		for _, i := range a.installations {
			if i.account != Account(o) || i.removed || !i.suspended.IsZero() || !(&token{inst: i}).may(eventPermission[event]) {
				continue
			}
			for _, e := range a.events {
				if e == event {
					p := obj{"action": action, "sender": g.userJSON(by)}
					for k, v := range payload {
						p[k] = v
					}
					g.enqueue(a, i, event, action, 0, p)
				}
			}
		}
	}
}

// enqueue queues one event for one App. Without an address it is gone, as on GitHub.
func (g *GitHub) enqueue(a *App, i *Installation, event, action string, repo int64, payload obj) {
	if a.url == "" {
		return
	}
	d := &delivery{id: g.id(), guid: newGUID(), app: a, url: a.url, secret: a.secret, event: event, action: action, repo: repo}
	if i != nil {
		d.install = i.ID
		if _, whole := payload["installation"]; !whole {
			payload["installation"] = obj{"id": i.ID, "node_id": nodeID("IntegrationInstallation", i.ID)}
		}
	}
	data, err := json.Marshal(payload)
	if err != nil {
		g.violations = append(g.violations, Violation{Method: "POST", Path: "webhook " + event, Where: "answer", Message: err.Error()})
		return
	}
	if d.payload = data; len(data) > maxPayload {
		return
	}
	g.hooks.add(d)
}

// pushPayload describes a push.
func (r *Repo) pushPayload(by *User, branch, old, sha string, forced bool) (obj, error) {
	before, after := old, sha
	var commits []*gitCommit
	var err error
	switch {
	case sha == "":
		after = zeroSHA
	case old == "":
		before = zeroSHA
		base := ""
		if branch != r.defaultBranch {
			if tip := r.git.resolve("heads/" + r.defaultBranch); tip != "" {
				base = tip
			}
		}
		commits, err = r.git.commits(base, sha)
	default:
		commits, err = r.git.commits(old, sha)
	}
	if err != nil {
		return nil, err
	}
	if len(commits) > 2048 { // GitHub's own limit for the payload
		commits = commits[len(commits)-2048:]
	}
	list := []any{}
	for _, c := range commits {
		j, err := r.pushCommit(c)
		if err != nil {
			return nil, err
		}
		list = append(list, j)
	}
	var head any
	if sha != "" {
		c, err := r.git.commit(sha)
		if err != nil {
			return nil, err
		}
		if head, err = r.pushCommit(c); err != nil {
			return nil, err
		}
	}
	short := func(s string) string { return s[:12] }
	repo := r.minimalJSON()
	repo["created_at"], repo["pushed_at"] = r.created.Unix(), r.pushed.Unix() // numbers, in this event only
	repo["stargazers"], repo["master_branch"], repo["url"] = 0, r.defaultBranch, r.g.url+"/"+r.FullName()
	if owner, ok := repo["owner"].(obj); ok {
		owner["name"], owner["email"] = owner["login"], nil
	}
	if o, ok := r.owner.(*Org); ok {
		repo["organization"] = o.Login
	}
	return obj{"ref": "refs/heads/" + branch, "before": before, "after": after, "created": old == "", "deleted": sha == "", "forced": forced, "base_ref": nil, "repository": repo,
		"compare": r.g.url + "/" + r.FullName() + "/compare/" + short(before) + "..." + short(after), "commits": list, "head_commit": head, "pusher": obj{"name": by.Login, "email": by.Email}}, nil
}

func (r *Repo) pushCommit(c *gitCommit) (obj, error) {
	added, removed, modified := []any{}, []any{}, []any{}
	base := ""
	if len(c.Parents) > 0 {
		base = c.Parents[0]
	}
	changes, err := r.git.names(base, c.SHA)
	if err != nil {
		return nil, err
	}
	for _, f := range changes {
		switch f[0][:1] {
		case "A":
			added = append(added, f[1])
		case "D":
			removed = append(removed, f[1])
		case "R":
			added, removed = append(added, f[2]), append(removed, f[1])
		default:
			modified = append(modified, f[1])
		}
	}
	person := func(name, email string) obj {
		o := obj{"name": name, "email": email}
		if u := r.g.userByEmail(email); u != nil {
			o["username"] = u.Login
		}
		return o
	}
	return obj{"id": c.SHA, "tree_id": c.Tree, "distinct": true, "message": c.Message, "timestamp": stamp(c.CommitDate), "url": r.g.url + "/" + r.FullName() + "/commit/" + c.SHA,
		"author": person(c.AuthorName, c.AuthorEmail), "committer": person(c.CommitterName, c.CommitterEml), "added": added, "removed": removed, "modified": modified}, nil
}

func (d *delivery) itemJSON() obj {
	null := func(n int64) any {
		if n == 0 {
			return nil
		}
		return n
	}
	return obj{"id": d.id, "guid": d.guid, "delivered_at": d.at.Format(time.RFC3339), "redelivery": d.redelivery, "duration": float64(d.took.Milliseconds()) / 1000, "status": d.status,
		"status_code": d.code, "event": d.event, "action": orNull(d.action), "installation_id": null(d.install), "repository_id": null(d.repo), "throttled_at": nil}
}

func (d *delivery) fullJSON() obj {
	o := d.itemJSON()
	delete(o, "throttled_at")
	o["url"] = d.url
	headers := obj{}
	for k, v := range d.request {
		headers[k] = v
	}
	o["request"] = obj{"headers": headers, "payload": json.RawMessage(d.payload)}
	o["response"] = obj{"headers": d.response, "payload": d.body}
	return o
}

// newest returns the App's log, newest first.
func (a *App) newest() []*delivery {
	list := append([]*delivery(nil), a.deliveries...)
	sort.Slice(list, func(i, j int) bool { return list[i].id > list[j].id })
	return list
}
