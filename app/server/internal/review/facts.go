package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// gitFacts is what git says about the step from base to head: it follows from the two SHAs alone.
type gitFacts struct {
	Form      int           `json:"form"` // gitForm; what is stored in another is read from git again
	MergeBase string        `json:"merge_base"`
	Files     []fileRow     `json:"files"`
	Links     []linkRow     `json:"links,omitempty"`
	NoLinks   string        `json:"no_links,omitempty"` // why the links could not be read
	Clashes   []clashRow    `json:"clashes,omitempty"`
	Commits   []gate.Commit `json:"commits"` // without accounts
}

// Paths are any bytes, and a JSON text would change those that are not UTF-8: rows hold them as base64.
type fileRow struct {
	Path, OldPath []byte
	Change        gate.FileChange
}

type clashRow struct{ Path, Other []byte }

type linkRow struct{ Path, Target []byte }

// gitForm is raised when gitFacts come to hold more.
const gitForm = 2

func (g *gitFacts) files() []gate.FileChange {
	out := make([]gate.FileChange, len(g.Files))
	for i, f := range g.Files {
		out[i] = f.Change
		out[i].Path, out[i].OldPath = string(f.Path), string(f.OldPath)
	}
	return out
}

func (g *gitFacts) clashes() []gate.Clash {
	var out []gate.Clash
	for _, c := range g.Clashes {
		out = append(out, gate.Clash{Path: string(c.Path), Other: string(c.Other)})
	}
	return out
}

// changes gives the changed files as the gate sees them.
func changes(files []*checks.File) []gate.FileChange {
	out := make([]gate.FileChange, len(files))
	for i, f := range files {
		out[i] = gate.FileChange{Path: f.Path, OldPath: f.OldPath, OldMode: f.OldMode, Mode: f.Mode, OldBlob: f.OldBlob, Blob: f.Blob}
	}
	return out
}

// fetch brings the change, once per judgement.
func (j *judgement) fetch(ctx context.Context) (*Fetched, error) {
	if j.fetched != nil {
		return j.fetched, nil
	}
	token, err := j.gh.Token(ctx, j.ref.Owner, j.ref.Name)
	if err != nil {
		return nil, err
	}
	opt := source.FetchOptions{URL: j.gh.CloneURL(j.ref.Owner, j.ref.Name), Token: token, Base: j.stand.Base, Head: j.stand.Head}
	if d := j.live.DefaultSHA; d != opt.Base {
		opt.Extra = []string{d}
	}
	if j.fetched, err = j.opt.Fetch(ctx, j.ref.RepoID, opt); err != nil {
		return nil, fmt.Errorf("fetching the change: %w", err)
	}
	return j.fetched, nil
}

func (j *judgement) readGit(ctx context.Context) error {
	data, err := j.opt.Store.ChangedPaths(ctx, j.ref.RepoID, j.stand.Base, j.stand.Head)
	if err != nil {
		return err
	}
	g := new(gitFacts)
	if data != nil {
		if err := json.Unmarshal(data, g); err != nil {
			return fmt.Errorf("reading the stored paths: %w", err)
		}
		if g.Form == gitForm {
			j.git = g
			return nil
		}
		g = new(gitFacts)
	}
	s, err := j.fetch(ctx)
	if err != nil {
		return err
	}
	commits, err := s.Commits(ctx)
	if err != nil {
		return fmt.Errorf("reading the commits: %w", err)
	}
	paths, err := s.Paths(ctx, checks.Head)
	if err != nil {
		return fmt.Errorf("listing the files: %w", err)
	}
	g.Form, g.MergeBase = gitForm, s.MergeBase
	if err := g.readLinks(ctx, s, j.stand.Head); err != nil {
		return err
	}
	files := changes(s.Files)
	for _, f := range files {
		row := fileRow{Path: []byte(f.Path), OldPath: []byte(f.OldPath), Change: f}
		row.Change.Path, row.Change.OldPath = "", ""
		g.Files = append(g.Files, row)
	}
	for _, c := range gate.Clashes(files, paths) {
		g.Clashes = append(g.Clashes, clashRow{[]byte(c.Path), []byte(c.Other)})
	}
	for _, c := range commits {
		g.Commits = append(g.Commits, gate.Commit{SHA: c.SHA, Parents: c.Parents, AuthorEmail: c.AuthorEmail, CommitterEmail: c.CommitterEmail, Message: c.Message, CleanMerge: c.CleanMerge})
	}
	if data, err = json.Marshal(g); err != nil {
		return fmt.Errorf("storing the paths: %w", err)
	}
	j.git = g
	return j.opt.Store.SaveChangedPaths(ctx, j.ref.RepoID, j.stand.Base, j.stand.Head, data)
}

// floor says where the organisation's floor is, or why one that must be there is missing.
func (j *judgement) floor(ctx context.Context) (f github.Floor, missing string, required bool, err error) {
	seen, err := j.opt.Store.Setting(ctx, j.floorSetting())
	if err != nil {
		return f, "", false, err
	}
	required = j.opt.FloorRequired || seen != ""
	f, err = j.gh.Floor(ctx, j.ref.Owner)
	switch {
	case err != nil && final(err):
		return f, github.Redact(err.Error()), required, nil // unreadable is not absent
	case err != nil:
		return f, "", required, err
	case f.State == github.FloorPresent && f.DefaultSHA != "":
		return f, "", required, nil
	case !required:
		return github.Floor{State: github.FloorAbsent}, "", false, nil
	case f.State == github.FloorHidden:
		return f, "the App cannot see the repository " + j.ref.Owner + "/.github; " + f.NeedsNewGrant, true, nil
	}
	return f, "there is no repository " + j.ref.Owner + "/.github with a floor", true, nil
}

// Once an organisation has had a floor, it must have one for ever: deleting it is not the way to switch it off.
func (j *judgement) floorSetting() string { return "floor:" + strings.ToLower(j.ref.Owner) }

func (j *judgement) readConfig(ctx context.Context) error {
	floor, missing, required, err := j.floor(ctx)
	if err != nil {
		return err
	}
	head := ""
	if slices.ContainsFunc(j.git.files(), func(f gate.FileChange) bool { return j.configures(f.Path) || j.configures(f.OldPath) }) {
		head = j.stand.Head
	}
	j.configFor = func(head string) string {
		return key("config 2", j.opt.Tool.Version, fmt.Sprint(j.ref.RepoID), j.ref.repo(), j.live.DefaultSHA, floor.DefaultSHA, missing, fmt.Sprint(required), head)
	}
	name := func() string { return j.configFor(head) }
	j.configKey = name()
	data, err := j.opt.Store.Config(ctx, j.configKey)
	if err != nil {
		return err
	}
	if data != nil {
		j.config = new(config.Effective)
		if err := json.Unmarshal(data, j.config); err != nil {
			return fmt.Errorf("reading the stored configuration: %w", err)
		}
		return nil
	}
	in := config.Input{FloorMissing: missing, NoSink: true}
	if floor.DefaultSHA != "" && missing == "" {
		if in.Floor, err = j.floorLayer(ctx, floor); err != nil {
			if !final(err) {
				return err
			}
			in.FloorMissing = github.Redact(err.Error())
		}
		switch {
		case in.Floor != nil && in.Floor.Policy != nil:
			required = true // from now on
			if err := j.opt.Store.SetSetting(ctx, j.floorSetting(), "seen"); err != nil {
				return err
			}
		case required && in.FloorMissing == "":
			in.FloorMissing = "there is no reviewgate-floor.yml in " + j.ref.Owner + "/.github"
		}
	}
	s, err := j.fetch(ctx)
	if err != nil {
		return err
	}
	files, err := s.FilesAt(ctx, j.live.DefaultSHA, config.Paths)
	if err != nil {
		return fmt.Errorf("reading the configuration of the default branch: %w", err)
	}
	in.Repo = config.NewLayer(j.ref.repo(), j.live.DefaultSHA, files)
	if in.Tree, err = s.Paths(ctx, checks.Base); err != nil {
		return fmt.Errorf("listing the files: %w", err)
	}
	if head != "" {
		if files, err = s.FilesAt(ctx, head, j.configures); err != nil {
			return fmt.Errorf("reading the configuration that the change brings: %w", err)
		}
		in.Head = config.NewLayer(j.ref.repo(), head, files)
		if floor := config.NewFloor(j.ref.repo(), head, files); j.floorRepo() && floor.Policy != nil && in.Head.Policy == nil {
			in.Head.Policy, in.Head.PolicyPath, in.Head.Rules = floor.Policy, floor.PolicyPath, append(in.Head.Rules, floor.Rules...)
		}
	}
	j.config, j.configKey = config.Load(in), name()
	if in.FloorMissing != missing && in.Floor == nil && !strings.HasPrefix(in.FloorMissing, "there is no ") {
		return nil // it could not be read now: that is not what these SHAs say
	}
	if data, err = json.Marshal(j.config); err != nil {
		return fmt.Errorf("storing the configuration: %w", err)
	}
	return j.opt.Store.SaveConfig(ctx, j.configKey, data)
}

func (j *judgement) floorRepo() bool { return strings.EqualFold(j.ref.Name, ".github") }

// configures says whether a configuration is read from the path: this repository's, or in the organisation's .github the floor.
func (j *judgement) configures(path string) bool {
	return config.Paths(path) || j.floorRepo() && config.FloorPaths(path)
}

// floorLayer reads the floor with a token of its own; nil if its repository has none.
func (j *judgement) floorLayer(ctx context.Context, f github.Floor) (_ *config.Layer, err error) {
	token, err := j.gh.Token(ctx, f.Repository.Owner, f.Repository.Name)
	if err != nil {
		return nil, err
	}
	s, err := j.opt.Fetch(ctx, f.Repository.ID, source.FetchOptions{URL: j.gh.CloneURL(f.Repository.Owner, f.Repository.Name), Token: token, Base: f.DefaultSHA, Head: f.DefaultSHA})
	if err != nil {
		return nil, fmt.Errorf("fetching the floor: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	files, err := s.FilesAt(ctx, f.DefaultSHA, config.FloorPaths)
	if err != nil {
		return nil, fmt.Errorf("reading the floor: %w", err)
	}
	l := config.NewFloor(f.Repository.Owner+"/"+f.Repository.Name, f.DefaultSHA, files)
	if l.Policy == nil && len(l.Rules) == 0 {
		return nil, nil
	}
	return l, nil
}

// key hashes parts so that no two lists give the same key.
func key(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// maxSiblings bounds how many pull requests with the same head and base are read.
const maxSiblings = 10

// readFacts puts together what GitHub, git and our own memory know, of this pull request and of those that share head and base.
func (j *judgement) readFacts(ctx context.Context) error {
	f := j.live.Facts
	f.Reviews, f.Unknown = slices.Clone(f.Reviews), slices.Clone(f.Unknown)
	if f.Links = j.git.links(); j.git.NoLinks != "" {
		f.Unknown = append(f.Unknown, gate.Unknown{What: "where the symbolic links point to", Reason: j.git.NoLinks})
	}
	f.MergeBase, f.Files, f.Clashes, f.Codeowners = j.git.MergeBase, j.git.files(), j.git.clashes(), j.config.Codeowners
	j.attribute(&f)
	var err error
	if f.Pushers, err = j.opt.Store.Pushers(ctx, j.ref); err != nil {
		return err
	}
	if f.Ledger, err = j.ledger(ctx, j.ref); err != nil {
		return err
	}
	if j.siblings, err = j.opt.Store.Siblings(ctx, j.ref, j.stand.Head, j.stand.BaseRef); err != nil {
		return err
	}
	j.united = true
	numbers := j.siblings
	if len(numbers) > maxSiblings {
		f.Unknown = append(f.Unknown, gate.Unknown{What: "the other pull requests with the same head", Reason: fmt.Sprintf("there are %d, and at most %d are read", len(numbers), maxSiblings)})
		numbers = numbers[:maxSiblings]
	}
	j.heard, j.unsaid = nil, nil
	if err := j.hear(ctx, &f, j.ref, j.live.Remarks); err != nil {
		return err
	}
	for _, n := range numbers {
		if err := j.sibling(ctx, &f, n); err != nil {
			return err
		}
	}
	if len(f.Comments) > 0 {
		f.Now = j.opt.Now().UTC() // nothing else ends; and facts without a time are recognised as the same facts
		slices.SortStableFunc(f.Comments, func(a, b gate.Comment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	}
	if err := j.who(ctx, &f); err != nil {
		return err
	}
	// The last word of a person counts, wherever it was said.
	slices.SortStableFunc(f.Reviews, func(a, b gate.Review) int { return cmp.Compare(a.ID, b.ID) })
	j.facts = f
	return nil
}

func (j *judgement) sibling(ctx context.Context, f *gate.Facts, number int) error {
	ref := j.ref
	ref.Number = number
	p, err := j.look(ctx, j.gh, ref)
	if errors.Is(err, github.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading #%d, which has the same head: %w", number, err)
	}
	o := &p.Facts
	if o.State != "open" || o.Head != f.Head || o.BaseRef != f.BaseRef {
		return nil
	}
	f.Draft = f.Draft && o.Draft // what they share is judged for whichever can be merged; GitHub keeps a draft from it
	s := gate.Sibling{Number: number, Author: o.Author, ViaApp: o.ViaApp, Requested: o.Requested,
		Title: o.Title, Body: o.Body, HeadRef: o.HeadRef, Labels: o.Labels, Fork: o.Fork, FirstTime: o.FirstTime}
	if s.Pushers, err = j.opt.Store.Pushers(ctx, ref); err != nil {
		return err
	}
	entries, err := j.ledger(ctx, ref)
	if err != nil {
		return err
	}
	f.Siblings = append(f.Siblings, s)
	f.Reviews = append(f.Reviews, o.Reviews...)
	f.Ledger = append(f.Ledger, entries...)
	f.Unknown = append(f.Unknown, o.Unknown...)
	return j.hear(ctx, f, ref, p.Remarks)
}

// attribute takes the commits from git, which cannot leave one out, and their accounts from GitHub.
func (j *judgement) attribute(f *gate.Facts) {
	accounts := map[string]gate.Commit{}
	for _, c := range f.Commits {
		accounts[c.SHA] = c
	}
	f.Commits = make([]gate.Commit, len(j.git.Commits))
	missing := 0
	for i, c := range j.git.Commits {
		a, ok := accounts[c.SHA]
		if !ok {
			missing++
		}
		c.Author, c.Committer, c.CoAuthors, c.VerifiedApp = a.Author, a.Committer, a.CoAuthors, a.VerifiedApp
		f.Commits[i] = c
	}
	if missing > 0 {
		f.Unknown = append(f.Unknown, gate.Unknown{What: "the accounts behind the commits", Reason: fmt.Sprintf("GitHub did not list %d of %d", missing, len(f.Commits))})
	}
}

// ledger reads the entries and completes those that are not, from the SHAs that the approval was given for. What cannot be completed
// stays as it is: the approval does not count, and the decision says so.
func (j *judgement) ledger(ctx context.Context, ref Ref) ([]gate.LedgerEntry, error) {
	entries, err := j.opt.Store.Ledger(ctx, ref)
	if err != nil {
		return nil, err
	}
	var out []gate.LedgerEntry
	for _, e := range entries {
		done := e.LedgerEntry
		if !e.Complete {
			if done, err = j.complete(ctx, e); err != nil {
				if !lasting(err) {
					return nil, err
				}
				j.log(ctx).Warn().Err(err).Int64("review", e.ReviewID).Msg("what an approval saw cannot be found out; it does not count")
				done = e.LedgerEntry
			} else if err := j.opt.Store.CompleteEntry(ctx, ref, done); err != nil {
				return nil, err
			}
		}
		out = append(out, done)
	}
	return out, nil
}

// maxMoves bounds the pushes shortly before an approval that are looked at one by one.
const maxMoves = 10

func (j *judgement) complete(ctx context.Context, e Entry) (gate.LedgerEntry, error) {
	done := e.LedgerEntry
	files := j.git.files()
	if e.Head == j.stand.Head && e.Base == j.stand.Base {
		done.MergeBase = j.git.MergeBase
	} else {
		s, err := j.fetch(ctx)
		if err != nil {
			return done, err
		}
		if done.MergeBase, err = s.MergeBaseOf(ctx, e.Base, e.Head); err != nil {
			return done, err
		}
		changed, err := s.ChangedPaths(ctx, done.MergeBase, e.Head)
		if err != nil {
			return done, err
		}
		files = changes(changed)
	}
	for i, from := range e.MovedFrom {
		s, err := j.fetch(ctx)
		if err != nil {
			return done, err
		}
		moved, err := s.ChangedPaths(ctx, from, e.Head)
		if err != nil && !lasting(err) {
			return done, err
		}
		steps := changes(moved)
		if err != nil || i == maxMoves { // what was there before is gone, or nobody could follow: any path may have moved
			steps = files
		}
		for _, f := range steps {
			for _, path := range []string{f.Path, f.OldPath} {
				if path != "" {
					done.JustMoved = append(done.JustMoved, path)
				}
			}
		}
		if i == maxMoves {
			break
		}
	}
	slices.Sort(done.JustMoved)
	done.JustMoved = slices.Compact(done.JustMoved)
	return gate.Complete(done, files), nil
}

// lasting says that the objects will not come back.
func lasting(err error) bool {
	var e *source.Error
	return errors.As(err, &e) && (e.Kind == source.NotFound || e.Kind == source.Usage || e.Kind == source.Limit)
}

// readScan takes the stored scan, or makes one.
func (j *judgement) readScan(ctx context.Context) error {
	in := &scan.Input{Base: j.git.MergeBase, Head: j.stand.Head, Rules: j.config.Rules, Config: j.config.Scan,
		Text: checks.PRText{Title: j.live.Facts.Title, Body: j.live.Facts.Body, Trailers: trailers(j.git.Commits)}}
	if err := j.lookUp(ctx, in); err != nil {
		return err
	}
	j.scanKey = scan.Key(in, j.opt.Tool.Version)
	result, err := j.opt.Store.Scan(ctx, j.scanKey)
	if err != nil {
		return err
	}
	if result == nil {
		if result, err = j.runScan(ctx, in); err != nil {
			return err
		}
		if len(result.Failures()) == 0 {
			if err := j.opt.Store.SaveScan(ctx, j.scanKey, result); err != nil {
				return err
			}
		}
	}
	j.scan = result
	j.facts.Scan = gate.ScanFacts{Done: true, Failures: result.Failures(), Findings: result.Findings, Unscanned: result.Unscanned}
	for _, r := range result.Rules {
		if r.NeedsHuman {
			j.facts.Scan.NeedsHuman = append(j.facts.Scan.NeedsHuman, r.ID)
		}
	}
	return nil
}

func (j *judgement) runScan(ctx context.Context, in *scan.Input) (*scan.Result, error) {
	if err := j.readTrees(ctx, in); err != nil {
		return nil, err
	}
	j.opt.Reached("scan")
	return j.opt.Scan(ctx, in)
}

// readTrees adds what the checks look at.
func (j *judgement) readTrees(ctx context.Context, in *scan.Input) error {
	s, err := j.fetch(ctx)
	if err != nil {
		return err
	}
	contents, err := s.Contents(ctx)
	if err != nil {
		return fmt.Errorf("reading the changed files: %w", err)
	}
	in.Files, in.Search = s.Files, s.Search
	for _, c := range contents {
		in.Contents = append(in.Contents, scan.Content{Side: c.Side, Path: c.Path, Data: c.Data})
	}
	return j.readMore(ctx, s, in)
}

// lookUp has registries answer what the checks ask. The questions are kept: they depend on the two trees only. The answers are asked for again each
// time, and are part of the scan's key; a registry that says the same leaves it as it is.
func (j *judgement) lookUp(ctx context.Context, in *scan.Input) error {
	var paths []string
	for _, f := range j.git.Files {
		paths = append(paths, string(f.Path))
	}
	if j.opt.LookUp == nil || len(scan.Asked(j.opt.Checks, paths)) == 0 {
		return nil
	}
	name := key("asked", in.Base, in.Head, j.opt.Tool.Version)
	data, err := j.opt.Store.Config(ctx, name)
	if err != nil {
		return err
	}
	var asked []checks.Package
	if data == nil || json.Unmarshal(data, &asked) != nil {
		whole := *in
		if err := j.readTrees(ctx, &whole); err != nil {
			return err
		}
		if asked, err = j.opt.Ask(ctx, &whole); err != nil {
			return err
		}
		if data, err = json.Marshal(asked); err != nil {
			return fmt.Errorf("storing what the checks ask: %w", err)
		}
		if err := j.opt.Store.SaveConfig(ctx, name, data); err != nil {
			return err
		}
	}
	if len(asked) > 0 {
		in.Facts = j.opt.LookUp(ctx, asked, j.config.Private)
	}
	return nil
}

// readMore adds the files that checks read beyond the changed ones, from both sides.
func (j *judgement) readMore(ctx context.Context, s *Fetched, in *scan.Input) error {
	var reads []string
	for _, c := range j.opt.Checks {
		if c.Reads == nil {
			continue
		}
		if in.HeadPaths == nil {
			var err error
			if in.HeadPaths, err = s.Paths(ctx, checks.Head); err != nil {
				return fmt.Errorf("listing the files: %w", err)
			}
		}
		reads = append(reads, c.Reads(in.HeadPaths)...)
	}
	near := checks.Near(j.opt.Checks, in.Files, in.HeadPaths)
	if len(reads) == 0 && len(near) == 0 {
		return nil
	}
	type place struct {
		side checks.Side
		path string
	}
	have := map[place]bool{}
	for _, c := range in.Contents {
		have[place{c.Side, c.Path}] = true
	}
	for _, side := range []checks.Side{checks.Base, checks.Head} {
		if side == checks.Head {
			reads = append(reads, near...)
		}
		slices.Sort(reads)
		reads = slices.Compact(reads)
		files, err := s.Read(ctx, side, reads)
		if err != nil {
			return fmt.Errorf("reading the files that checks ask for: %w", err)
		}
		for _, path := range reads {
			if data, ok := files[path]; ok && !have[place{side, path}] {
				have[place{side, path}] = true
				in.Contents = append(in.Contents, scan.Content{Side: side, Path: path, Data: data})
			}
		}
	}
	return nil
}

// maxTrailers bounds what the checks are given of a change with very many commits.
const maxTrailers = 1000

// trailers gives the lines like "Co-authored-by: ..." of the commits' last paragraphs.
func trailers(commits []gate.Commit) []string {
	var out []string
	for _, c := range commits {
		message := strings.TrimSpace(strings.ReplaceAll(c.Message, "\r\n", "\n"))
		i := strings.LastIndex(message, "\n\n")
		if i < 0 {
			continue
		}
		for line := range strings.Lines(message[i+2:]) {
			line = strings.TrimSpace(line)
			name, value, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.TrimSpace(value) == "" || strings.ContainsAny(name, " \t") {
				continue
			}
			if out = append(out, line); len(out) == maxTrailers {
				return out
			}
		}
	}
	return out
}
