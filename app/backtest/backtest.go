package backtest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Options say what is replayed, and by what it is judged.
type Options struct {
	Tool   string // with its version
	Repos  []string
	Branch string    // revision; "": each repository's default branch
	Since  time.Time // the zero time: no bound
	Limit  int       // changes of each repository; 0: no bound
	// Rules, NoBuiltin, Facts and Config of the template are used for every change.
	Template scan.Input
	Only     []string     // ids of the rules that are asked for; empty: all
	Policy   *gate.Policy // nil: rules alone
	Source   string       // of the policy, for people
	Scan     Scanner
	Cache    string // folder; "": nothing is kept
	Parallel int    // changes at a time; 0: as many as there are processors
	Limits   source.Limits
	// Progress is told how many changes are done; it may be nil. Calls come one at a time.
	Progress func(done, total int)
}

// A Scanner scans one change; wholeTree says that there is no base.
type Scanner func(ctx context.Context, snap *source.Snapshot, in *scan.Input, wholeTree bool) (*scan.Result, error)

// Run replays. When ctx ends it gives what was done by then, with Stopped set, and no error.
func Run(ctx context.Context, opt *Options) (*Report, error) {
	r := &Report{Version: Version, Tool: opt.Tool, Policy: opt.Source, Limit: opt.Limit, Only: opt.Only}
	if !opt.Since.IsZero() {
		r.Since = opt.Since.UTC().Format(time.DateOnly)
	}
	if r.Digest = digest(opt); opt.Cache != "" {
		prune(filepath.Join(opt.Cache, cacheName), time.Now())
	}
	var replays []*replay
	var histories []*source.History
	for _, dir := range opt.Repos {
		h, err := source.HistoryOf(ctx, source.HistoryOptions{Dir: dir, Branch: opt.Branch, Since: opt.Since, Limit: opt.Limit})
		if err != nil {
			return nil, err
		}
		histories = append(histories, h)
	}
	for i, name := range names(opt.Repos, histories) {
		h := histories[i]
		repo := Repository{Name: name, Branch: h.Branch, Head: h.Head, Changes: len(h.Merged), Shallow: h.Cut}
		if !h.Newest.IsZero() {
			repo.Newest = h.Newest.Format(time.DateOnly)
		}
		r.Repositories = append(r.Repositories, repo)
		for _, m := range h.Merged {
			replays = append(replays, &replay{opt: opt, dir: opt.Repos[i], merged: m, change: Change{Repository: name, Commit: m.SHA, Parent: m.Parent, At: m.At, Merge: m.Merge}})
		}
	}
	store := &cache{}
	if opt.Cache != "" {
		store.dir = filepath.Join(opt.Cache, cacheName)
	}
	if err := all(ctx, opt, store, replays); err != nil {
		return nil, err
	}
	rules, err := rulesOf(store, r.Digest, replays)
	if err != nil {
		return nil, err
	}
	r.add(replays, rules)
	r.Stopped = ctx.Err() != nil
	return r, nil
}

// rulesOf gives the rules that judged the changes: they are the same for all of them.
func rulesOf(store *cache, key string, replays []*replay) ([]ruled, error) {
	for _, p := range replays {
		if p.rules != nil {
			return p.rules, store.put("rules "+key, &kept{Rules: p.rules})
		}
	}
	if k, ok := store.get("rules " + key); ok {
		return k.Rules, nil
	}
	return nil, nil
}

// names gives every repository another name: what it calls itself, else as much of its path as tells it from the others.
func names(dirs []string, histories []*source.History) []string {
	out := make([]string, len(dirs))
	for i, h := range histories {
		out[i] = h.Name
	}
	for depth := 2; depth < 50; depth++ {
		seen := map[string]int{}
		for _, n := range out {
			seen[n]++
		}
		if len(seen) == len(out) {
			return out
		}
		for i, n := range slices.Clone(out) {
			if seen[n] < 2 {
				continue
			}
			abs, err := filepath.Abs(dirs[i])
			if err != nil {
				abs = dirs[i]
			}
			parts := strings.Split(strings.Trim(filepath.ToSlash(abs), "/"), "/")
			out[i] = strings.Join(parts[max(len(parts)-depth, 0):], "/")
		}
	}
	for i := range out { // one folder was named twice
		out[i] = fmt.Sprintf("%s#%d", out[i], i+1)
	}
	return out
}

// digest names what changes are judged by.
func digest(opt *Options) string {
	in := opt.Template
	key := scan.Key(&scan.Input{Base: "base", Head: "head", Rules: in.Rules, NoBuiltin: in.NoBuiltin, Facts: in.Facts, Config: in.Config}, opt.Tool)
	policy, err := json.Marshal(opt.Policy)
	if err != nil {
		panic(fmt.Sprintf("backtest: %v", err)) // plain data
	}
	limits, _ := json.Marshal(opt.Limits) // numbers
	sum := sha256.Sum256(fmt.Appendf(nil, "backtest %d\n%s\n%s\n%s", Version, key, policy, limits))
	return hex.EncodeToString(sum[:16])
}

// replay is one change on its way.
type replay struct {
	opt    *Options
	dir    string
	merged source.Merged
	change Change
	rules  []ruled  // nil if the cache had the result
	faults []string // rules that cannot run
	done   bool
	cached bool
}

// all replays the changes side by side. That one cannot be scanned is a result; that a worker cannot be started at all shows in every one of them.
func all(ctx context.Context, opt *Options, store *cache, replays []*replay) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(opt.Parallel, runtime.GOMAXPROCS(0)))
	key := digest(opt)
	var mu sync.Mutex
	ended := 0
	for _, one := range replays {
		group.Go(func() error {
			if gctx.Err() != nil {
				return nil
			}
			if err := one.run(gctx, store, key); err != nil {
				if ctx.Err() != nil {
					return nil // interrupted: what is done is kept
				}
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if ended++; opt.Progress != nil {
				opt.Progress(ended, len(replays))
			}
			return nil
		})
	}
	return group.Wait()
}

func (p *replay) run(ctx context.Context, store *cache, key string) error {
	id := p.change.Repository + " " + key + " " + p.change.Parent + " " + p.change.Commit
	if kept, ok := store.get(id); ok {
		p.change.Outcome, p.faults = kept.Outcome, kept.Faults
		p.done, p.cached = true, true
		return nil
	}
	start := time.Now()
	lasting, err := p.scan(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.change.Error = why(err)
	}
	p.change.Seconds = math.Round(time.Since(start).Seconds()*1000) / 1000
	if p.change.Findings == nil {
		p.change.Findings = []Finding{}
	}
	p.done = true
	if !lasting { // it may go better the next time
		return nil
	}
	return store.put(id, &kept{Outcome: p.change.Outcome, Faults: p.faults})
}

// why says in one line what went wrong.
func why(err error) string {
	var se *source.Error
	if errors.As(err, &se) {
		what := *se
		what.Remedy, what.Where = "", ""
		err = &what
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line[:min(len(line), 300)]
}

// scan fills in the outcome. lasting says that it would be the same another time.
func (p *replay) scan(ctx context.Context) (lasting bool, err error) {
	local := source.LocalOptions{Dir: p.dir, Base: p.merged.Parent, Head: p.merged.SHA, Limits: p.opt.Limits, All: p.merged.Parent == ""}
	local.Limits.Merges = cmp.Or(local.Limits.Merges, 1) // nobody asks here which of the merges in it are clean
	snap, err := source.Local(ctx, local)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	facts, err := p.facts(ctx, snap)
	if err != nil {
		return false, err
	}
	c := &p.change
	in := p.opt.Template
	in.Base, in.Head, in.Files = snap.MergeBase, snap.Head, snap.Files
	in.Text = text(facts)
	result, err := p.opt.Scan(ctx, snap, &in, local.All)
	if err != nil {
		return false, err
	}
	for i := range result.Rules {
		p.rules = append(p.rules, ruled{result.Rules[i].ID, result.Rules[i].Rollout})
	}
	for _, problem := range result.Problems {
		p.faults = append(p.faults, fmt.Sprintf("%s:%d: %s", problem.File, problem.Line, problem.Message))
	}
	c.Files, c.Lines, c.Unscanned = result.Files, result.Lines, len(result.Unscanned)
	if failures := result.Failures(); len(failures) > 0 {
		return false, errors.New("a check failed: " + failures[0])
	}
	c.findings(result)
	policy := p.opt.Policy
	if policy == nil {
		policy = &gate.Policy{}
	}
	var bot bool
	c.Author = Unmarked
	c.Agents, bot = gate.AgentsIn(policy, facts)
	switch {
	case len(c.Agents) > 0:
		c.Author = Agent
	case bot:
		c.Author = Bot
	}
	if p.opt.Policy != nil {
		sure, maybe := gate.AskedFromGit(policy, facts)
		for i := range sure {
			c.Asked = append(c.Asked, asked(&sure[i], false))
		}
		for i := range maybe {
			c.Asked = append(c.Asked, asked(&maybe[i], true))
		}
	}
	return true, nil
}

// facts are what git tells the gate.
func (p *replay) facts(ctx context.Context, snap *source.Snapshot) (*gate.Facts, error) {
	commits, err := snap.Commits(ctx)
	if err != nil {
		return nil, err
	}
	if p.merged.Parent == "" {
		first, err := snap.CommitAt(ctx, p.merged.SHA)
		if err != nil {
			return nil, err
		}
		commits = []source.Commit{first}
	}
	var own []gate.Commit
	for i := range commits {
		c := &commits[i]
		one := gate.Commit{SHA: c.SHA, Parents: c.Parents, AuthorEmail: c.AuthorEmail, CommitterEmail: c.CommitterEmail, Message: c.Message, CleanMerge: c.CleanMerge}
		if c.SHA == p.merged.SHA {
			own = slices.Insert(own, 0, one)
		} else {
			own = append(own, one)
		}
	}
	files := make([]gate.FileChange, 0, len(snap.Files))
	for _, f := range snap.Files {
		files = append(files, gate.FileChange{Path: f.Path, OldPath: f.OldPath, OldMode: f.OldMode, Mode: f.Mode, OldBlob: f.OldBlob, Blob: f.Blob})
	}
	return gate.FromGit(own, files, nil), nil
}

// text is what stands for the text of the pull request: the message of the commit on the branch, and the trailers of all.
func text(f *gate.Facts) checks.PRText {
	var out checks.PRText
	for i := range f.Commits {
		message := strings.ReplaceAll(f.Commits[i].Message, "\r\n", "\n")
		title, body, _ := strings.Cut(message, "\n")
		body = strings.TrimSpace(body)
		if i == 0 {
			out.Title, out.Body = strings.TrimSpace(title), body
		}
		paragraphs := strings.Split(body, "\n\n")
		for line := range strings.SplitSeq(paragraphs[len(paragraphs)-1], "\n") {
			if key, value, ok := strings.Cut(line, ": "); ok && value != "" && !strings.ContainsAny(key, " \t") && len(out.Trailers) < maxTrailers {
				out.Trailers = append(out.Trailers, strings.TrimSpace(line))
			}
		}
	}
	return out
}

// maxTrailers bounds what the checks are given of a change with very many commits.
const maxTrailers = 1000

// findings takes over what the change introduced.
func (c *Change) findings(result *scan.Result) {
	people := map[string]bool{}
	for i := range result.Rules {
		people[result.Rules[i].ID] = result.Rules[i].NeedsHuman
	}
	c.Findings = []Finding{}
	for i := range result.Findings {
		f := &result.Findings[i]
		if !f.Introduced {
			continue
		}
		if len(c.Findings) == maxFindings {
			c.More++
			continue
		}
		c.Findings = append(c.Findings, Finding{
			Rule: f.RuleID, Severity: f.Severity, Confidence: f.Confidence, Path: strings.ToValidUTF8(f.Location.Path, "\ufffd"), Side: f.Location.Side, Line: f.Location.StartLine,
			Message: f.Message, Excerpt: f.Location.Snippet, Fingerprint: f.Fingerprint, Comment: f.Comment, Blocking: f.Blocking, Suppressed: f.Suppressed(), Approval: people[f.RuleID],
		})
	}
}
