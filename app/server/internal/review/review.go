package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// A Ref names a pull request and what it is looked at for.
type Ref struct {
	Installation int64
	RepoID       int64
	Owner, Name  string // of the repository
	Number       int
	Generation   int64 // the events up to here are answered
	Forced       bool  // somebody asked for a re-run
	Asked        int64 // somebody, Asker, asked by a button for an explanation, and this is the number of that; 0: nobody did
	Asker        string
	Seq          int64 // number of the judgement, once it has begun: what an older one comes to never takes the place of what a newer one told
}

func (r Ref) repo() string { return r.Owner + "/" + r.Name }

// GitHub reads as one installation. A *github.Client fits.
type GitHub interface {
	Pull(ctx context.Context, owner, repo string, number int) (*github.PullFacts, error)
	Standing(ctx context.Context, owner, repo string, number int) (github.Standing, error)
	Tips(ctx context.Context, owner, repo string, branches ...string) (github.Repository, map[string]string, error)
	Contains(ctx context.Context, owner, repo, tip, sha string) (bool, error)
	Talk(ctx context.Context, owner, repo string, number int) (list []github.Remark, complete bool, err error)
	Comments(ctx context.Context, owner, repo string, number int) ([]github.PostedComment, error)
	Contributed(ctx context.Context, owner, repo string, who gate.Person) (bool, error)
	Floor(ctx context.Context, owner string) (github.Floor, error)
	People(ctx context.Context, owner, repo string, wants gate.Wants) (gate.People, []gate.Unknown, error)
	Token(ctx context.Context, owner, repo string) (string, error)
	CloneURL(owner, repo string) string
}

// A Fetched change is what git brought.
type Fetched struct {
	MergeBase string
	Files     []*checks.File
	Git
}

// Git reads more of a fetched change. A *source.Snapshot fits.
type Git interface {
	Contents(ctx context.Context) ([]source.Content, error)
	Read(ctx context.Context, side checks.Side, paths []string) (map[string][]byte, error)
	Paths(ctx context.Context, side checks.Side) ([]string, error)
	FilesAt(ctx context.Context, rev string, match func(path string) bool) (map[string][]byte, error)
	Commits(ctx context.Context) ([]source.Commit, error)
	MergeBaseOf(ctx context.Context, a, b string) (string, error)
	ChangedPaths(ctx context.Context, mergeBase, head string) ([]*checks.File, error)
	Links(ctx context.Context, sha string, most int) (map[string][]byte, error)
	Search(ctx context.Context, wants []checks.Want) (found map[string][]byte, lacks string, err error)
	Close() error
}

// An Entry is a ledger entry and the heads before the pushes that came shortly before the approval.
type Entry struct {
	gate.LedgerEntry
	MovedFrom []string
}

// A Mark is the newest state of one check run of ours, as it was given to the outbox.
type Mark struct {
	Slot, Head, Name string
	Says             string // "in_progress", "cancelled", or the conclusion
	Last             bool   // it was this pull request that set it, and not another one that had the same head
}

// A Deed is something to be told on GitHub.
type Deed struct {
	Slot   string // deeds of one slot replace each other
	Name   string // of a deed that is done once for ever; "": it is done whenever it differs from the slot's newest
	GitHub github.Deed
}

// An Outcome is what is kept of one run, in one transaction.
type Outcome struct {
	Ref                Ref
	Standing           github.Standing
	ScanKey, ConfigKey string
	Decision           *gate.Decision // nil: no decision was made
	Facts              *gate.Facts
	Deeds              []Deed
	Clear              []string // slots in which nothing else stays pending
	// The rest is kept with a decision only.
	Wrong  []Wrong
	Unsaid []int64          // comments of the pull request that were edited or deleted: what they called wrong is taken back
	Scan   *scan.Result     // nil: none was made
	Policy *gate.Policy     // nil: it is not known
	By     quality.JudgedBy // what it was judged by
	Again  time.Time        // when the pull request is to be looked at again, because the decision rests on something that ends then; zero: never
}

// Store remembers. Reads of what is not there give nil or "", without an error.
type Store interface {
	// SaveStanding remembers what GitHub says of the pull request, and its mark of the last change. A State of "gone" means that we cannot
	// see it any more. If its state, head or base branch is new, those that share head and base with it, or did before, are looked at again.
	SaveStanding(ctx context.Context, ref Ref, s github.Standing, updated time.Time) error
	// Siblings lists the other open pull requests with the same head and base.
	Siblings(ctx context.Context, ref Ref, head, baseRef string) ([]int, error)
	// Groups lists the merge groups of the repository that are not closed.
	Groups(ctx context.Context, ref Ref) ([]Group, error)
	SaveMembers(ctx context.Context, ref Ref, head string, numbers []int) error
	CloseGroup(ctx context.Context, ref Ref, head string) error
	// Touch has other pull requests of the repository looked at again; 0: its merge groups.
	Touch(ctx context.Context, ref Ref, numbers []int) error
	Pushers(ctx context.Context, ref Ref) ([]gate.Person, error)
	Ledger(ctx context.Context, ref Ref) ([]Entry, error)
	CompleteEntry(ctx context.Context, ref Ref, e gate.LedgerEntry) error
	// Heads lists the heads that the pull request had, as far as we saw, oldest first.
	Heads(ctx context.Context, ref Ref) ([]Head, error)
	// Mentions lists who called whom below it.
	Mentions(ctx context.Context, ref Ref) ([]gate.Mention, error)
	// Said lists its comments that held a command when they were created.
	Said(ctx context.Context, ref Ref) ([]Said, error)
	CompleteSaid(ctx context.Context, ref Ref, e gate.LedgerEntry) error
	// Answers lists the answers to comments of the last day, in the whole repository.
	Answers(ctx context.Context, ref Ref) ([]Answer, error)
	// Step reads the paths that differ between two commits; known is false if nobody has looked yet.
	Step(ctx context.Context, repoID int64, from, to string) (paths []string, known bool, err error)
	SaveStep(ctx context.Context, repoID int64, from, to string, paths []string) error
	ChangedPaths(ctx context.Context, repoID int64, base, head string) ([]byte, error)
	SaveChangedPaths(ctx context.Context, repoID int64, base, head string, facts []byte) error
	Config(ctx context.Context, key string) ([]byte, error)
	SaveConfig(ctx context.Context, key string, config []byte) error
	Scan(ctx context.Context, key string) (*scan.Result, error)
	SaveScan(ctx context.Context, key string, r *scan.Result) error
	Marks(ctx context.Context, ref Ref) ([]Mark, error)
	Says(ctx context.Context, slot string) (string, error)
	Posted(ctx context.Context, ref Ref) (map[checks.Fingerprint]bool, error)
	// Edits reads the newest change of each comment of ours that was ever changed, by slot.
	Edits(ctx context.Context, ref Ref) (map[string]Edit, error)
	Keep(ctx context.Context, o Outcome) error
	Setting(ctx context.Context, key string) (string, error)
	SetSetting(ctx context.Context, key, value string) error
}

// Outbox does what Keep wrote down.
type Outbox interface {
	Settle(ctx context.Context, ref Ref) error
	Deliver(ctx context.Context, ref Ref) error
	// Answer does the answers to comments and the changes of ours, which Deliver leaves out. What fails is tried again later, and is no error.
	Answer(ctx context.Context, ref Ref) error
}

// Options are the parts that a Reviewer is put together from. All are required but Checks, Ask, LookUp, Now and Reached.
type Options struct {
	GitHub func(installation int64) GitHub
	Fetch  func(ctx context.Context, repoID int64, opt source.FetchOptions) (*Fetched, error)
	// Scan runs the checks. Checks are those that may look at more files than the changed ones.
	Scan   func(ctx context.Context, in *scan.Input) (*scan.Result, error)
	Checks []*checks.Check
	// Ask names what the checks want to be told of an input, and LookUp answers, but for the names that the patterns call private. Nil: nobody is asked.
	Ask    func(ctx context.Context, in *scan.Input) ([]checks.Package, error)
	LookUp func(ctx context.Context, asked []checks.Package, private []string) checks.Facts

	Store  Store
	Outbox Outbox
	// Number numbers a judgement that begins now, larger than all before; nil: they have no numbers, because there is only one at a time.
	Number        func(ctx context.Context) (int64, error)
	Tool          report.Tool
	FloorRequired bool // every organisation must have a floor
	Now           func() time.Time
	Log           zerolog.Logger
	Reached       func(point string)
	// Foreign is a paragraph about checks on one of the commits that bear the name of ours and are not ours; "": there are none. Nil: nobody knows.
	Foreign func(ctx context.Context, ref Ref, shas ...string) (string, error)
	// Seen is told of every pull request that was read, once its standing is saved; nil: nobody asks.
	Seen func(ctx context.Context, ref Ref, live *github.PullFacts) error
	// Merged is told of every pull request that is found merged, perhaps more than once; nil: nobody asks.
	Merged func(ctx context.Context, ref Ref, live *github.PullFacts) error
	// Unheld gives a sentence for the check's summary where GitHub does not require the check on the base, and "" otherwise; nil: nobody knows.
	Unheld func(ctx context.Context, ref Ref, defaultBranch, base string) string
}

// A Reviewer judges pull requests. It is safe for concurrent use.
type Reviewer struct{ opt Options }

// New makes a Reviewer.
func New(opt Options) *Reviewer {
	if opt.Reached == nil {
		opt.Reached = func(string) {}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Merged == nil {
		opt.Merged = func(context.Context, Ref, *github.PullFacts) error { return nil }
	}
	if opt.Seen == nil {
		opt.Seen = func(context.Context, Ref, *github.PullFacts) error { return nil }
	}
	if opt.Number == nil {
		opt.Number = func(context.Context) (int64, error) { return 0, nil }
	}
	return &Reviewer{opt}
}

// tries is how often a job begins anew when what it judges moves meanwhile.
const tries = 3

// errMoved says that the pull request moved while it was judged: the result is thrown away.
var errMoved = errors.New("the pull request moved while it was judged")

// Pull looks at a pull request as it is now, decides, and tells.
func (r *Reviewer) Pull(ctx context.Context, ref Ref) error {
	if err := r.opt.Outbox.Settle(ctx, ref); err != nil {
		return err
	}
	return r.anew(ctx, func() error { return r.once(ctx, ref) })
}

// anew begins again when what is judged moves meanwhile.
func (r *Reviewer) anew(ctx context.Context, judge func() error) (err error) {
	for range tries {
		if err = judge(); !errors.Is(err, errMoved) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (r *Reviewer) once(ctx context.Context, ref Ref) (err error) {
	// Before anything is read: whoever begins later sees newer facts.
	if ref.Seq, err = r.opt.Number(ctx); err != nil {
		return err
	}
	gh := r.opt.GitHub(ref.Installation)
	live, err := r.look(ctx, gh, ref)
	if errors.Is(err, github.ErrNotFound) {
		// Removed, transferred, or no longer ours to see: there is nobody to tell.
		return r.opt.Store.SaveStanding(ctx, ref, github.Standing{State: "gone"}, time.Time{})
	}
	if err != nil {
		r.doubt(ctx, ref)
		return err
	}
	f := &live.Facts
	ref.Owner, ref.Name = live.Repository.Owner, live.Repository.Name // it may have been renamed
	stand := github.Standing{State: f.State, Draft: f.Draft, Head: f.Head, BaseRef: f.BaseRef, Base: f.Base}
	if err := r.opt.Store.SaveStanding(ctx, ref, stand, live.Updated); err != nil {
		return err
	}
	if err := r.opt.Seen(ctx, ref, live); err != nil {
		return err
	}
	// Whatever comes of it here, the merge group that it is in asks again.
	defer func() { err = errors.Join(err, r.touchGroups(ctx, ref, f.Head, f.BaseRef)) }()
	switch f.State {
	case "merged": // what the check run of the merged head says is left as it was
		if err := r.end(ctx, ref, stand, f.Default, f.Head, gate.CheckName(f.Default, f.BaseRef)); err != nil {
			return err
		}
		return r.opt.Merged(ctx, ref, live)
	case "open":
		j := r.judge(gh, ref, live)
		defer j.close(ctx)
		return j.run(ctx)
	}
	return r.end(ctx, ref, stand, f.Default, "", "")
}

// end cancels the check runs of a pull request that is no longer open, but for the one of a head and name.
func (r *Reviewer) end(ctx context.Context, ref Ref, stand github.Standing, defaultBranch, head, name string) error {
	deeds, err := r.cancels(ctx, ref, defaultBranch, head, name)
	if err != nil || len(deeds) == 0 {
		return err
	}
	if err := r.opt.Store.Keep(ctx, Outcome{Ref: ref, Standing: stand, Deeds: deeds, Clear: []string{reviewSlot(ref)}}); err != nil {
		return err
	}
	return r.opt.Outbox.Deliver(ctx, ref)
}

// look reads a pull request. One of another repository, which has taken the name of ours, is not it.
func (r *Reviewer) look(ctx context.Context, gh GitHub, ref Ref) (*github.PullFacts, error) {
	p, err := gh.Pull(ctx, ref.Owner, ref.Name, ref.Number)
	if err == nil && p.Repository.ID != ref.RepoID {
		return nil, fmt.Errorf("%s is now called something else: %w", ref.repo(), github.ErrNotFound)
	}
	return p, err
}

// GiveUp tells that there is no answer, after the last try failed.
func (r *Reviewer) GiveUp(ctx context.Context, ref Ref, cause error) (err error) {
	if ref.Seq, err = r.opt.Number(ctx); err != nil {
		return err
	}
	gh := r.opt.GitHub(ref.Installation)
	live, err := r.look(ctx, gh, ref)
	if errors.Is(err, github.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f := &live.Facts
	if f.State != "open" {
		return nil
	}
	ref.Owner, ref.Name = live.Repository.Owner, live.Repository.Name
	j := r.judge(gh, ref, live)
	j.facts = *f
	j.decision = gaveUp(cause)
	return j.tell(ctx)
}

func gaveUp(cause error) *gate.Decision {
	return cannotTell("an internal error", github.Redact(firstLine(cause.Error())),
		"Press \"Re-run\" on this check. If that does not help, tell whoever runs this reviewgate; their log has the whole story.")
}

// A judgement is one run for one open pull request.
type judgement struct {
	*Reviewer
	gh    GitHub
	ref   Ref
	live  *github.PullFacts
	stand github.Standing
	name  string // of the check run
	slot  string

	queued    bool     // as a part of a merge group
	fetched   *Fetched // nil until something has to be fetched
	git       *gitFacts
	config    *config.Effective
	configKey string
	configFor func(head string) string // the key for a head that brings a configuration of its own; "": for all others
	siblings  []int
	united    bool // siblings were read
	heard     []heard
	unsaid    []int64 // comments that are no longer what they were
	facts     gate.Facts
	again     error // some facts could not be read for a moment: what is decided without them is told, and then they are asked for again
	scan      *scan.Result
	scanKey   string
	decision  *gate.Decision
	soon      time.Duration // until it is looked at again, because something that only informs is left to do; 0: it is not
}

// judge begins a judgement of what is live.
func (r *Reviewer) judge(gh GitHub, ref Ref, live *github.PullFacts) *judgement {
	f := &live.Facts
	j := &judgement{Reviewer: r, gh: gh, ref: ref, live: live, name: gate.CheckName(f.Default, f.BaseRef),
		stand: github.Standing{State: f.State, Draft: f.Draft, Head: f.Head, BaseRef: f.BaseRef, Base: f.Base}}
	j.slot = checkSlot(ref, f.Head, j.name)
	return j
}

func (j *judgement) close(ctx context.Context) {
	if j.fetched == nil {
		return
	}
	if err := j.fetched.Close(); err != nil {
		j.log(ctx).Warn().Err(err).Msg("closing a fetched change")
	}
}

func (j *judgement) log(ctx context.Context) *zerolog.Logger {
	l := j.opt.Log.With().Ctx(ctx).Str("repo", j.ref.repo()).Int("pr", j.ref.Number).Str("head_sha", j.stand.Head).Logger()
	return &l
}

func (j *judgement) run(ctx context.Context) error {
	start := time.Now() // for the log only
	deeds, err := j.cancels(ctx, j.ref, j.live.Facts.Default, j.stand.Head, j.name)
	if err != nil {
		return err
	}
	// A base other than the default branch may turn out to be ungoverned, and then it has no check run at all.
	if j.stand.BaseRef == j.live.Facts.Default {
		more, err := j.progress(ctx)
		if err != nil {
			return err
		}
		deeds = append(deeds, more...)
	}
	if err := j.now(ctx, deeds); err != nil {
		return err
	}
	if err := j.decide(ctx, j.begin); err != nil {
		j.doubt(ctx, j.ref)
		return err
	}
	switch moved, err := j.moved(ctx); {
	case err != nil:
		j.doubt(ctx, j.ref)
		return err
	case moved:
		j.log(ctx).Info().Msg("the pull request moved while it was judged; the result is thrown away")
		return errMoved
	}
	if err := j.tell(ctx); err != nil {
		return err
	}
	j.log(ctx).Info().Str("state", string(j.decision.State)).Str("title", j.decision.Title).Bool("fetched", j.fetched != nil).Dur("took", time.Since(start)).Msg("decided")
	return j.again
}

// begin tells that a judgement has begun, for a base other than the default branch: only now is it known that it has a check run at all.
func (j *judgement) begin(ctx context.Context) error {
	deeds, err := j.progress(ctx)
	if err != nil {
		return err
	}
	return j.now(ctx, deeds)
}

// moved says whether the judgement is about something that is no longer there.
func (j *judgement) moved(ctx context.Context) (bool, error) {
	after, err := j.gh.Standing(ctx, j.ref.Owner, j.ref.Name, j.ref.Number)
	if err != nil || after != j.stand {
		return true, err
	}
	// Another pull request that has the same head now is a part of the decision.
	siblings, err := j.opt.Store.Siblings(ctx, j.ref, j.stand.Head, j.stand.BaseRef)
	return j.united && !slices.Equal(siblings, j.siblings), err
}

// final says that another try would not change the error.
func final(err error) bool {
	var git *source.Error
	var refused *github.Error
	switch {
	case errors.As(err, &git):
		return git.Kind == source.Limit || git.Kind == source.Usage
	case errors.As(err, &refused):
		return errors.Is(refused, github.ErrNotFound) || errors.Is(refused, github.ErrInvalid) || errors.Is(refused, github.ErrForbidden)
	}
	var known unknownFact
	return errors.As(err, &known)
}

// An unknownFact is something without which nothing can be decided.
type unknownFact struct{ gate.Unknown }

func (u unknownFact) Error() string { return u.What + " could not be read: " + u.Reason }

func cannotTell(what, reason, next string) *gate.Decision {
	return &gate.Decision{State: gate.Error, Title: "Cannot tell: " + what, Next: []string{next}, Guards: []gate.GuardAnswer{}, Reviews: []gate.ReviewAnswer{},
		Unknown: []gate.Unknown{{What: what, Reason: reason}}}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// decide makes the decision. What another try would not change is decided as "cannot tell". begin is called before anything slow if the
// base is a governed branch other than the default one.
func (j *judgement) decide(ctx context.Context, begin func(context.Context) error) error {
	err := j.gather(ctx, begin)
	switch {
	case err == nil && j.queued:
		facts := j.facts
		facts.Base = facts.MergeBase // the merge queue puts it on top of the base
		j.decision = gate.Decide(j.config.Policy, &facts)
	case err == nil:
		j.decision = gate.Decide(j.config.Policy, &j.facts)
	case final(err):
		j.log(ctx).Warn().Err(err).Msg("cannot tell")
		j.facts = j.live.Facts
		j.decision = cannotTell("a fact that the decision needs", github.Redact(err.Error()), "The reason is above. Once it is gone, press \"Re-run\" on this check.")
	default:
		return err
	}
	return nil
}

// gather gathers the facts.
func (j *judgement) gather(ctx context.Context, begin func(context.Context) error) error {
	if err := j.readRepo(ctx); err != nil {
		return err
	}
	if f := &j.live.Facts; j.stand.BaseRef != f.Default && j.config.Policy.Governs(f.Default, j.stand.BaseRef) {
		if err := begin(ctx); err != nil {
			return err
		}
	}
	if err := j.readFacts(ctx); err != nil {
		return err
	}
	people, unknown, err := j.gh.People(ctx, j.ref.Owner, j.ref.Name, gate.Needs(j.config.Policy, &j.facts))
	var soon *github.Temporary
	switch {
	case errors.As(err, &soon) && len(unknown) > 0:
		j.again = err
	case err != nil:
		return err
	}
	j.facts.People, j.facts.Unknown = people, append(j.facts.Unknown, unknown...)
	return j.readScan(ctx)
}

// readRepo reads what git and the configuration say.
func (j *judgement) readRepo(ctx context.Context) error {
	f := &j.live.Facts
	if f.Base == "" || j.live.DefaultSHA == "" {
		u := gate.Unknown{What: "the tip of a branch", Reason: "GitHub did not say it"}
		for _, known := range f.Unknown {
			if strings.Contains(known.What, "branch") {
				u = known
			}
		}
		return unknownFact{u}
	}
	if err := j.readGit(ctx); err != nil {
		return err
	}
	return j.readConfig(ctx)
}

// doubt takes back a green check when we cannot see whether it still holds: something happened, and it may be a dismissal. The job tries
// again, and so does whoever looks at the check meanwhile.
func (r *Reviewer) doubt(ctx context.Context, ref Ref) {
	if ctx.Err() != nil {
		return
	}
	marks, err := r.opt.Store.Marks(ctx, ref)
	if err != nil {
		r.opt.Log.Error().Ctx(ctx).Err(err).Str("repo", ref.repo()).Int("pr", ref.Number).Msg("reading what our checks say")
		return
	}
	// What another pull request set is that one's to look after.
	r.takeBack(ctx, ref, slices.DeleteFunc(marks, func(m Mark) bool { return !m.Last }))
}

// takeBack sets the green ones among our check runs to "in progress". It is an extra: what fails is logged.
func (r *Reviewer) takeBack(ctx context.Context, ref Ref, marks []Mark) {
	var deeds []Deed
	for _, m := range marks {
		if m.Says == "success" {
			deeds = append(deeds, setCheck(ref, m.Slot, m.Head, &report.CheckRun{Name: m.Name, Status: "in_progress", Title: "Looking again",
				Summary: "Something happened here, and GitHub does not show what. This is looked at again until it does."}))
		}
	}
	if len(deeds) == 0 {
		return
	}
	err := r.opt.Store.Keep(ctx, Outcome{Ref: ref, Deeds: deeds})
	if err == nil {
		err = r.opt.Outbox.Deliver(ctx, ref)
	}
	if err != nil {
		r.opt.Log.Warn().Ctx(ctx).Err(err).Str("repo", ref.repo()).Int("pr", ref.Number).Msg("a green check could not be taken back")
	}
}

// now writes deeds down and does them before anything slow is begun.
func (j *judgement) now(ctx context.Context, deeds []Deed) error {
	if len(deeds) == 0 {
		return nil
	}
	if err := j.opt.Store.Keep(ctx, Outcome{Ref: j.ref, Standing: j.stand, Deeds: deeds}); err != nil {
		return fmt.Errorf("writing down what to tell: %w", err)
	}
	return j.opt.Outbox.Deliver(ctx, j.ref)
}
