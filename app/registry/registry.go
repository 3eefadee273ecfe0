// Package registry finds out what a scan cannot know by itself: whether the packages that a change adds exist, since when, and which advisories speak
// of their versions.
//
// It asks only where the operator says: addresses come from flags, the server's settings or the machine's own (machine.go), never from a file of the
// judged tree, and none is written here. Names that the operator calls private are never sent. What is asked was read from untrusted code, so every
// name is held to the form of its ecosystem before it becomes a part of an address. An answer that cannot be believed is Unknown, with the reason.
package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Bounds of one call of Facts.
const (
	maxNames    = 300 // packages looked up one by one; the rest is Unknown
	atATime     = 8
	wholeTime   = time.Minute
	requestTime = 15 * time.Second
	youngAge    = 30 * 24 * time.Hour
)

// A Registry answers what checks ask. It is safe for concurrent use.
type Registry struct {
	cfg   Config
	http  client
	cache *cache
	known *knownPackages
	local *advisoryFiles

	mu     sync.Mutex
	proven map[string]bool // addresses that know what every registry knows
}

// New makes a Registry. It reads nothing and asks nobody.
func New(cfg Config) *Registry {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Tell = once(cfg.Tell)
	return &Registry{
		cfg: cfg, http: newClient(cfg), cache: newCache(cfg.CacheDir, cfg.Now), known: &knownPackages{file{path: cfg.Packages}},
		local: &advisoryFiles{file: file{path: cfg.Advisories}, cacheDir: cfg.CacheDir}, proven: map[string]bool{},
	}
}

// once says each thing once: a registry that does not answer fails for every name.
func once(tell func(string)) func(string) {
	if tell == nil {
		return func(string) {}
	}
	var mu sync.Mutex
	said := map[string]bool{}
	return func(what string) {
		mu.Lock()
		defer mu.Unlock()
		if len(said) >= maxNames {
			clear(said)
		}
		if !said[what] {
			said[what] = true
			tell(what)
		}
	}
}

// Check reads the files that the configuration names, so that what is wrong with them is told at the start.
func (r *Registry) Check(ctx context.Context) error {
	if r.cfg.Packages != "" {
		if _, err := r.known.of(nil); err != nil {
			return fmt.Errorf("known-packages: %w", err)
		}
	}
	if r.cfg.Advisories != "" {
		if _, err := r.local.about(ctx, nil); err != nil {
			return fmt.Errorf("advisories: %w", err)
		}
	}
	return nil
}

// Facts answers every question. It never fails: what could not be told is Unknown. The same answers of the registries give the same Facts. private
// are patterns of names that are not sent, beside those of the configuration.
func (r *Registry) Facts(ctx context.Context, asked []checks.Package, private ...string) checks.Facts {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	asked = slices.Clone(asked)
	slices.SortFunc(asked, checks.Package.Compare)
	asked = slices.Compact(asked)
	facts := checks.Facts{Answers: make([]checks.Answer, len(asked))}
	var names, versions []*checks.Answer
	for i, p := range asked {
		a := &facts.Answers[i]
		a.Package = p
		switch {
		case hidden(r.cfg.Private, p), hidden(private, p):
			a.State = checks.Private
		case !wellFormed(p):
			a.State, a.Why = checks.Unknown, "it is no name of a package"
		case p.Version == "":
			names = append(names, a)
		default:
			versions = append(versions, a)
		}
	}
	r.packages(names, &facts)
	r.existence(ctx, names)
	r.advisories(ctx, versions, &facts)
	return facts
}

// packages keeps of the list of known packages what the questions are about.
func (r *Registry) packages(names []*checks.Answer, facts *checks.Facts) {
	if r.cfg.Packages == "" || len(names) == 0 {
		return
	}
	list, err := r.known.of(names)
	if err != nil {
		r.cfg.Tell("known packages: " + err.Error())
		for _, a := range names {
			a.State, a.Why = checks.Unknown, "the list of known packages cannot be read"
		}
		return
	}
	facts.Packages = list
}

// existence asks the registries, each package by itself.
func (r *Registry) existence(ctx context.Context, names []*checks.Answer) {
	group := errgroup.Group{}
	group.SetLimit(atATime)
	online := 0
	for _, a := range names {
		eco := ecosystems[a.Ecosystem]
		switch {
		case a.State != "": // it has its answer
		case r.cfg.unusable[a.Ecosystem] != "":
			a.State, a.Why = checks.Unknown, r.cfg.unusable[a.Ecosystem]
		case len(r.cfg.addresses[a.Ecosystem]) == 0:
			a.State, a.Why = checks.Unknown, "no registry of "+a.Ecosystem+" is given"
		case online == maxNames:
			a.State, a.Why = checks.Unknown, fmt.Sprintf("more than %d new names", maxNames)
		default:
			online++
			group.Go(func() error {
				r.lookUp(ctx, eco, a)
				return nil
			})
		}
	}
	_ = group.Wait() // nothing in it fails
}

// lookUp asks the addresses of an ecosystem until one has the package. It is absent if all say so, and can be believed.
func (r *Registry) lookUp(ctx context.Context, eco ecosystem, a *checks.Answer) {
	p := a.Package
	answer := checks.Answer{Package: p, State: checks.Absent}
	for _, at := range r.cfg.addresses[p.Ecosystem] {
		one, err := r.ask(ctx, eco, at, p)
		if err != nil {
			answer.State, answer.Why = checks.Unknown, r.say(p.Ecosystem, err)
			if at.more == ',' {
				break // as the go command does
			}
			continue
		}
		if one.State == checks.Absent {
			continue
		}
		answer = one
		if one.State == checks.Exists {
			break
		}
	}
	if answer.State == checks.Exists && answer.First != "" {
		first, err := time.Parse(time.DateOnly, answer.First)
		answer.Young = err == nil && r.cfg.Now().Sub(first) < youngAge
	}
	*a = answer
}

// ask asks one address, or its answer of before. That a package is absent is believed of a registry that knows what every one knows.
func (r *Registry) ask(ctx context.Context, eco ecosystem, at address, p checks.Package) (checks.Answer, error) {
	key := at.String() + " " + p.Name
	a := checks.Answer{}
	if r.cache.get("package", key, &a) && a.Package == p {
		return a, nil
	}
	a, err := eco.ask(ctx, r.http, at, p.Name)
	if err != nil {
		return a, err
	}
	if a.State == checks.Absent {
		if err := r.prove(ctx, eco, at); err != nil {
			return a, err
		}
	}
	a.Package = p
	keep := time.Hour // what is absent or young changes soon
	if first, err := time.Parse(time.DateOnly, a.First); a.State == checks.Exists && (err != nil || r.cfg.Now().Sub(first) > 2*youngAge) {
		keep = 24 * time.Hour
	}
	r.cache.put("package", key, a, keep)
	return a, nil
}

// prove asks a registry for something that is everywhere, once: a wrong address answers "not found" to every name.
func (r *Registry) prove(ctx context.Context, eco ecosystem, at address) error {
	r.mu.Lock()
	done := r.proven[at.String()]
	r.mu.Unlock()
	if done {
		return nil
	}
	a, err := eco.ask(ctx, r.http, at, eco.everywhere)
	if err == nil && a.State != checks.Exists {
		err = failure{"it does not know " + eco.everywhere + " either, so that what it does not have proves nothing", nil}
	}
	if err == nil {
		r.mu.Lock()
		r.proven[at.String()] = true
		r.mu.Unlock()
	}
	return err
}

// say gives the reason that findings and reports may show, without an address, and tells the operator the whole.
func (r *Registry) say(what string, err error) string {
	public, private := explain(err)
	if private != "" {
		r.cfg.Tell(fmt.Sprintf("%s: %s: %s", what, public, private))
	}
	return "the registry of " + what + ": " + public
}

// hidden tells a name that is not to be sent.
func hidden(patterns []string, p checks.Package) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, p) })
}

// matches compares a name with a pattern: a name, or its beginning and "*"; perhaps with the ecosystem and a space before it.
func matches(pattern string, p checks.Package) bool {
	if eco, rest, ok := strings.Cut(pattern, " "); ok {
		if !strings.EqualFold(eco, p.Ecosystem) {
			return false
		}
		pattern = strings.TrimSpace(rest)
	}
	name := p.Name
	if p.Ecosystem == "Go" && module.MatchPrefixPatterns(pattern, name) { // as GOPRIVATE has them
		return true
	}
	pattern, open := strings.CutSuffix(pattern, "*")
	if p.Ecosystem == "PyPI" {
		name, pattern = pyName(name), pyName(pattern)
	}
	if open {
		return strings.HasPrefix(name, pattern)
	}
	// The name of a group, a scope or an owner stands for all below it.
	return name == pattern || strings.HasPrefix(name, strings.TrimSuffix(pattern, "/")+"/") || p.Ecosystem == "Maven" && (strings.HasPrefix(name, pattern+":") || strings.HasPrefix(name, pattern+"."))
}
