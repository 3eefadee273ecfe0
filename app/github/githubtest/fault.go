package githubtest

import (
	"path"
	"strings"
	"sync"
	"time"
)

// A FaultKind is a way in which an API or git request goes wrong.
type FaultKind string

// The kinds. Those that say "after" let the request take effect first: the state changes, and the program does not learn of it.
const (
	BadGateway     FaultKind = "502"            // an HTML page, as GitHub's front sends it
	Unavailable    FaultKind = "503"            // the same, with Retry-After
	PrimaryLimit   FaultKind = "primary-403"    // the hourly limit: x-ratelimit-remaining 0
	PrimaryLimit29 FaultKind = "primary-429"    // the same with 429
	SecondaryLimit FaultKind = "secondary-403"  // with Retry-After
	Secondary29    FaultKind = "secondary-429"  // with Retry-After
	SecondaryBare  FaultKind = "secondary-bare" // 403 with neither Retry-After nor documentation_url
	Timeout        FaultKind = "timeout"        // no answer until the client gives up
	Cut            FaultKind = "cut"            // the request takes effect; the answer stops in the middle of its body
	AnswerLost     FaultKind = "answer-lost"    // the request takes effect; the connection breaks before the answer
	Slow           FaultKind = "slow"           // answered after Delay
	HoldBefore     FaultKind = "hold-before"    // waits for Release, then goes on as usual
	HoldAfter      FaultKind = "hold-after"     // the request takes effect; the answer waits for Release
	Reset          FaultKind = "reset"          // the connection breaks before anything happens
	Unauthorized   FaultKind = "401"            // the token is not taken
	Missing        FaultKind = "404"            // there is no such thing, or it may not be seen
	Unprocessable  FaultKind = "422"            // the request is refused for what it says
	Empty          FaultKind = "empty-200"      // 200 and nothing
	Shape          FaultKind = "shape"          // the request takes effect; the answer is JSON of another shape: an object for a list, a list for an object
	Stale          FaultKind = "stale"          // a read gets the first answer that this address gave since the fault was armed, again and again
	Drip           FaultKind = "drip"           // the request takes effect; the answer comes in many small pieces, for Delay in all
)

// A Fault makes requests fail. Give it to GitHub.Fault and keep it to see Hit or to Release.
type Fault struct {
	Method string // empty: any
	// Path is matched below /api/v3, or whole for git ("/acme/shop.git/git-upload-pack"): `*` is within a segment, `**` is anything.
	Path  string
	Nth   int           // the first matching request that fails, from 1; 0: 1
	Count int           // how many fail; 0: 1; -1: all from there on
	Kind  FaultKind     // what happens
	Delay time.Duration // of Slow; Retry-After and the reset of limits, in whole seconds (0: 60 s)

	seen, done int
	striking   *sync.Mutex
	hit        chan struct{}
	release    chan struct{}
	first      map[string]*answer // of Stale: by address
}

// Fault arms a fault. The first armed fault that matches a request decides.
func (g *GitHub) Fault(f Fault) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.Nth == 0 {
		f.Nth = 1
	}
	if f.Count == 0 {
		f.Count = 1
	}
	f.hit, f.release, f.first, f.striking = make(chan struct{}), make(chan struct{}), map[string]*answer{}, new(sync.Mutex)
	g.faults = append(g.faults, &f)
	return &f
}

// Hit is closed when the fault has struck for the first time. For HoldAfter and AnswerLost the request has taken effect by then.
func (f *Fault) Hit() <-chan struct{} { return f.hit }

// Release lets held requests go on. Call it once.
func (f *Fault) Release() { close(f.release) }

// ClearFaults disarms all faults of requests and webhooks. Held requests stay held until their Release.
func (g *GitHub) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults, g.hooks.faults = nil, nil
}

// fault returns the fault that strikes this request. It counts; call it once per request, under the lock.
func (g *GitHub) fault(method, at string) *Fault {
	for _, f := range g.faults {
		if (f.Method != "" && f.Method != method) || !matchPath(f.Path, at) {
			continue
		}
		f.seen++
		if f.seen >= f.Nth && (f.Count < 0 || f.done < f.Count) {
			f.done++
			return f
		}
	}
	return nil
}

func (f *Fault) strike() {
	f.striking.Lock()
	defer f.striking.Unlock()
	select {
	case <-f.hit:
	default:
		close(f.hit)
	}
}

// matchPath matches segment by segment; `**` stands for any number of segments.
func matchPath(pattern, at string) bool {
	var match func(p, a []string) bool
	match = func(p, a []string) bool {
		if len(p) == 0 {
			return len(a) == 0
		}
		if p[0] == "**" {
			for i := 0; i <= len(a); i++ {
				if match(p[1:], a[i:]) {
					return true
				}
			}
			return false
		}
		if len(a) == 0 {
			return false
		}
		ok, err := path.Match(p[0], a[0])
		return err == nil && ok && match(p[1:], a[1:])
	}
	return match(strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(at, "/"), "/"))
}

// A HookFaultKind is a way in which a webhook goes wrong.
type HookFaultKind string

// The kinds.
const (
	Lost     HookFaultKind = "lost"     // never sent; the log says so, and it can be redelivered
	Vanished HookFaultKind = "vanished" // never sent, and not in the log
	Doubled  HookFaultKind = "doubled"  // sent twice, with the same GUID
	Held     HookFaultKind = "held"     // sent after the next one
)

// A HookFault makes webhooks fail.
type HookFault struct {
	Event, Action string // empty: any
	Nth, Count    int    // as in Fault
	Kind          HookFaultKind

	seen, done int
}

// HookFault arms a fault of webhooks.
func (g *GitHub) HookFault(f HookFault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.Nth == 0 {
		f.Nth = 1
	}
	if f.Count == 0 {
		f.Count = 1
	}
	g.hooks.faults = append(g.hooks.faults, &f)
}

// fault returns the fault that strikes a delivery. Redeliveries are spared.
func (b *outbox) fault(d *delivery) *HookFault {
	for _, f := range b.faults {
		if d.redelivery || d.struck || (f.Event != "" && f.Event != d.event) || (f.Action != "" && f.Action != d.action) {
			continue
		}
		f.seen++
		if f.seen >= f.Nth && (f.Count < 0 || f.done < f.Count) {
			f.done++
			d.struck = true
			return f
		}
	}
	return nil
}
