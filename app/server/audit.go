package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// What an administrator, a bypass actor or a deploy key does cannot be prevented. It is told: on the merged pull request, in the log and in the
// database. What went the ordinary way, by whatever kind of merge, is never told.

// Bounds of the audit.
const (
	settled   = time.Minute // a push is audited once it has stood that long: GitHub connects commits and pull requests a little later
	maxLanded = 50          // commits of one push that are asked about
	toldLanes = 10          // that are named in the log
)

// foreignText is what the log says of a check that is not ours and bears its name.
const foreignText = "somebody else reports under the name of our check: bind the required check to this App in the ruleset, or a merge may be let through by it"

// merged audits a merged pull request, by the decision that stood then.
func (s *Server) merged(ctx context.Context, ref review.Ref, live *github.PullFacts) error {
	f := &live.Facts
	k := keyOf(ref)
	d, err := s.store.LastDecision(ctx, k)
	var why string
	switch {
	case err == nil:
		why = gate.Bypassed(d.Decision, d.Head, f.Head)
		if why == "" && d.BaseRef != f.BaseRef {
			why = "the decision was made for the branch " + d.BaseRef
		}
	case errors.Is(err, store.ErrNotFound):
		why = gate.Bypassed(nil, "", f.Head)
	default:
		return err
	}
	if why != "" {
		// Where nothing is enforced, nothing can be gone around; the last decision may be older than that.
		policy, err := s.policyNow(ctx, ref, live)
		if err != nil {
			return err
		}
		if policy.Mode == gate.Advisory || !policy.Governs(f.Default, f.BaseRef) {
			why = ""
		}
		if why != "" {
			if err := s.tellBypass(ctx, ref, policy, store.Bypass{Number: ref.Number, Branch: f.BaseRef, SHA: f.Head, Reason: why, Who: live.MergedBy, Made: s.cfg.Now()}); err != nil {
				return err
			}
		}
	}
	if err := s.signMerge(ctx, ref, live, d, why); err != nil {
		return err
	}
	return s.box.Answer(ctx, ref) // an earlier try may have been cut off
}

func (s *Server) policyNow(ctx context.Context, ref review.Ref, live *github.PullFacts) (*gate.Policy, error) {
	if live.DefaultSHA == "" {
		return nil, fmt.Errorf("auditing %s/%s#%d: the tip of the default branch is not known", ref.Owner, ref.Name, ref.Number)
	}
	cur, err := s.reviewer.Current(ctx, ref, live.Repository, live.DefaultSHA)
	if err != nil {
		return nil, err
	}
	return cur.Config.Policy, nil
}

// tellBypass stores, logs and tells what went around the gate, once.
func (s *Server) tellBypass(ctx context.Context, ref review.Ref, policy *gate.Policy, b store.Bypass) error {
	deeds, err := bypassDeeds(ref, policy, b)
	if err != nil {
		return err
	}
	fresh, err := s.store.SaveBypass(ctx, ref.RepoID, b, deeds)
	if err != nil || !fresh {
		return err
	}
	total, err := s.store.CountBypasses(ctx)
	if err != nil {
		return err
	}
	s.cfg.Log.Warn().Ctx(ctx).Bool("audit", true).Str("repo", ref.Owner+"/"+ref.Name).Int("pr", b.Number).Str("branch", b.Branch).Str("sha", b.SHA).Str("by", b.Who).Str("why", b.Reason).
		Int("bypassed_total", total).Msg("something came onto a governed branch without our success")
	return nil
}

// bypassSlot begins the slots of what tells that something went around the gate.
const bypassSlot = "bypass/"

// bypassDeeds are a comment on the merged pull request, and an issue where the policy asks for one.
func bypassDeeds(ref review.Ref, policy *gate.Policy, b store.Bypass) ([]store.Deed, error) {
	who := ""
	if b.Who != "" {
		who = " by " + span(b.Who)
	}
	what, k := fmt.Sprintf("%s was pushed to %s%s", b.SHA[:min(7, len(b.SHA))], span(b.Branch), who), store.Key{RepoID: ref.RepoID, Number: store.SweepNumber}
	if b.Number > 0 {
		what, k.Number = fmt.Sprintf("#%d was merged into %s%s", b.Number, span(b.Branch), who), b.Number
	}
	body := what + ", and reviewgate had not passed it: " + strings.TrimRight(b.Reason, ".") + ".\n\nEither somebody who may go around the required check did so, or the check is not required there; " +
		"`reviewgate doctor` says who may. Nothing is undone by this note: it is here so that somebody looks at the change now.\n"
	var out []store.Deed
	add := func(kind string, g github.Deed) error {
		slot := fmt.Sprintf(bypassSlot+"%s/%d/%d/%s", kind, ref.RepoID, b.Number, b.Branch)
		name := slot + "/" + b.SHA
		sum := sha256.Sum256([]byte(name))
		g.Key = "bypass-" + hex.EncodeToString(sum[:12])
		payload, err := json.Marshal(g)
		if err != nil {
			return fmt.Errorf("writing down what to tell: %w", err)
		}
		hash := sha256.Sum256(payload)
		out = append(out, store.Deed{Name: name, Slot: slot, Kind: kind, Key: k, Head: b.SHA, Payload: payload, Hash: hex.EncodeToString(hash[:]), Marker: g.Key})
		return nil
	}
	if b.Number > 0 {
		if err := add(store.KindReply, github.Deed{Kind: github.Reply, Owner: ref.Owner, Repo: ref.Name, Number: b.Number, Head: b.SHA, Body: "**Merged without the success of reviewgate.** " + body}); err != nil {
			return nil, err
		}
	}
	if policy.Audit.Issue {
		title := "Merged without the success of reviewgate: " + b.Branch + " at " + b.SHA[:min(7, len(b.SHA))]
		if err := add(store.KindIssue, github.Deed{Kind: github.Issue, Owner: ref.Owner, Repo: ref.Name, Number: max(b.Number, 0), Head: b.SHA, Name: title, Body: body}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// audit looks at what came onto the governed branches since the last time: commits of a branch's own line that no merged pull request brought.
func (w *sweeping) audit(ctx context.Context) error {
	if w.cur == nil {
		return nil
	}
	policy, def := w.cur.Config.Policy, w.sight.Repository.DefaultBranch
	list, err := w.store.Branches(ctx, w.ref.RepoID)
	if err != nil {
		return err
	}
	known := map[string]store.Branch{}
	for _, b := range list {
		known[b.Name] = b
	}
	tips := map[string]string{def: w.sight.DefaultSHA}
	for _, p := range w.sight.Pulls {
		if p.Base != "" {
			tips[p.BaseRef] = p.Base
		}
	}
	var ask []string
	for name := range known {
		if tips[name] == "" {
			ask = append(ask, name)
		}
	}
	if len(ask) > 0 {
		_, more, err := w.gh.Tips(ctx, w.ref.Owner, w.ref.Name, ask...)
		if err != nil {
			return err
		}
		for name, sha := range more {
			tips[name] = sha
		}
	}
	for _, name := range keysOf(tips, known) {
		b, tip := known[name], tips[name]
		switch {
		case policy.Mode == gate.Advisory || !policy.Governs(def, name) || tip == "":
			if b.Name == "" {
				continue
			}
			if err := w.store.DropBranch(ctx, w.ref.RepoID, name); err != nil {
				return err
			}
			continue
		case b.Name == "" || b.Audited == "": // from here on
			b = store.Branch{Name: name, Audited: tip, Seen: tip, SeenAt: w.now}
		case b.Audited == tip && b.Seen == tip:
			continue
		case b.Seen != tip:
			b.Seen, b.SeenAt = tip, w.now
			if w.cfg.Settled > 0 { // it is looked at when it has stood for a moment
				break
			}
			fallthrough
		default:
			if w.now.Sub(b.SeenAt) < w.cfg.Settled {
				continue
			}
			done, err := w.landed(ctx, name, b.Audited, tip)
			if err != nil {
				return err
			}
			if done {
				b.Audited = tip
			}
		}
		if err := w.store.SaveBranch(ctx, w.ref.RepoID, b); err != nil {
			return err
		}
	}
	return w.box.Answer(ctx, w.ref) // w.ref stands for the sweep itself: what a push without a pull request has to tell
}

// landed audits what came onto a branch between two tips.
func (w *sweeping) landed(ctx context.Context, branch, from, to string) (done bool, err error) {
	if from == to {
		return true, nil
	}
	list, forced, more, err := w.gh.Landing(ctx, w.ref.Owner, w.ref.Name, branch, from, to, maxLanded)
	if err != nil {
		return false, err
	}
	var direct []string
	who := ""
	var raise []store.Raise
	asked := map[int]bool{}
	for _, c := range list {
		if len(c.Pulls) == 0 {
			direct = append(direct, c.SHA)
			who = c.Author
		}
		for _, n := range c.Pulls {
			if asked[n] {
				continue
			}
			asked[n] = true
			// One whose end we were not told of is audited by its job.
			p, err := w.store.Pull(ctx, store.Key{RepoID: w.ref.RepoID, Number: n})
			if errors.Is(err, store.ErrNotFound) || err == nil && p.State != store.PullMerged && p.Want == p.Done {
				raise = append(raise, store.Raise{Number: n})
			} else if err != nil {
				return false, err
			}
		}
	}
	if len(raise) > 0 {
		if err := w.store.Swept(ctx, w.ref.RepoID, raise, nil, w.now, w.queue.EnqueueFound); err != nil {
			return false, err
		}
	}
	var why string
	switch {
	case len(direct) > 0:
		why = fmt.Sprintf("%d of its commits came without a merged pull request: %s", len(direct), strings.Join(shorts(direct), ", "))
	case forced:
		why = "the branch was rewritten: " + from[:7] + " is no longer in it"
	case more > 0:
		why = fmt.Sprintf("so many commits came at once that %d of them were not looked at", more)
	default:
		return true, nil
	}
	if forced && len(direct) > 0 {
		why += "; and the branch was rewritten"
	}
	return true, w.tellBypass(ctx, w.ref, w.cur.Config.Policy, store.Bypass{Branch: branch, SHA: to, Reason: why, Who: who, Made: w.now})
}

func shorts(shas []string) []string {
	var out []string
	for _, sha := range shas[:min(len(shas), toldLanes)] {
		out = append(out, sha[:min(7, len(sha))])
	}
	if n := len(shas) - len(out); n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return out
}

// maxForeign bounds the checks that are not ours and are named in a summary.
const maxForeign = 5

// foreign is what our check run says of checks that bear its name and are not ours. They change nothing about it.
func (s *Server) foreign(ctx context.Context, ref review.Ref, shas ...string) (string, error) {
	var rows []string
	for _, sha := range shas {
		if sha == "" {
			continue
		}
		marks, err := s.store.Foreign(ctx, ref.RepoID, sha)
		if err != nil {
			return "", err
		}
		for _, m := range marks {
			rows = append(rows, fmt.Sprintf("- a %s %s by %s on %s says %s\n", m.Kind, span(m.Name), span(m.Source), sha[:min(7, len(sha))], span(m.Says)))
		}
	}
	if len(rows) == 0 {
		return "", nil
	}
	if n := len(rows) - maxForeign; n > 0 {
		rows = append(rows[:maxForeign], fmt.Sprintf("- and %d more\n", n))
	}
	return "\n**Checks with this name that are not from this App**\n\n" + strings.Join(rows, "") +
		"\nThey change nothing here. So that GitHub does not take them for this one, the ruleset that requires the check must name this App as its source.\n", nil
}

// span shows a name of bounded length as code.
func span(s string) string { return code(strings.ToValidUTF8(s[:min(len(s), 100)], "?")) }
