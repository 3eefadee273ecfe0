package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WalkOptions say which part of a branch's history is walked.
type WalkOptions struct {
	Tip   string // SHA
	After string // SHA: what is reachable from it is left out
	Most  int    // steps and commits; more is an Error of kind Limit. 0: 20,000
	// Want says of which files the contents are read; nil: of all.
	Want func(path string) bool
}

// A WalkStep is one step of a branch's first-parent history, with the contents of what it changed.
type WalkStep struct {
	SHA     string
	Parent  string    // the first; "" for a root commit
	At      time.Time // the committer's clock
	Message string
	// AuthorEmail and CommitterEmail are the step's own.
	AuthorEmail, CommitterEmail string
	// Inner are the other commits that came in with it, the newest first: those of a merged branch.
	Inner []Commit
	Files []WalkFile
}

// A WalkFile is one changed file. A nil side does not exist; where Known is false, the contents were not read: a submodule, a file over Limits.FileBytes, one that
// was not wanted.
type WalkFile struct {
	Path     string
	OldPath  string // where the same bytes stood before; "": nowhere
	Old, New []byte
	Known    bool
}

const (
	walkMost  = 20_000
	walkChunk = 25       // steps whose files are fetched at once
	walkBytes = 64 << 20 // contents of one chunk; those beyond are not known
)

// Walk goes along the first-parent history from After, which is left out, to Tip, oldest first. Objects are read, nothing else; of a server's repository those that
// are missing are fetched.
func (s *Snapshot) Walk(ctx context.Context, opt WalkOptions, yield func(*WalkStep) error) error {
	if s.view == nil {
		return &Error{Kind: Usage, Op: "walk the history", What: "plain folders have no history"}
	}
	if err := s.fetchCommits(ctx, opt.Tip); err != nil {
		return err
	}
	where := short(opt.After) + ".." + short(opt.Tip)
	steps, err := s.walkCommits(ctx, opt, where)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(steps, walkChunk) {
		if err := s.walkFiles(ctx, part, opt.Want); err != nil {
			return s.explain(err, "walk the history", where)
		}
		for _, step := range part {
			if err := yield(step); err != nil {
				return err
			}
			step.Files = nil
		}
	}
	return nil
}

// walkCommits lists the steps, oldest first, each with the commits that came in with it.
func (s *Snapshot) walkCommits(ctx context.Context, opt WalkOptions, where string) ([]*WalkStep, error) {
	most := opt.Most
	if most <= 0 {
		most = walkMost
	}
	args := []string{"rev-list", "--topo-order", "--reverse", "--parents", fmt.Sprintf("--max-count=%d", most+1), opt.Tip}
	if opt.After != "" {
		args = append(args, "^"+opt.After)
	}
	out, err := s.view.run(ctx, args...)
	if err != nil {
		return nil, s.explain(err, "walk the history", where)
	}
	var ids []string
	parents := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 0 || !isHash(f[0]) {
			return nil, fmt.Errorf("walk the history: git answered %q", clip(line, 100))
		}
		ids = append(ids, f[0])
		parents[f[0]] = f[1:]
	}
	if len(ids) > most {
		return nil, &Error{Kind: Limit, Op: "walk the history", Where: where, What: fmt.Sprintf("more than the limit of %d commits", most)}
	}
	var line []string // the branch's own, newest first
	for id := opt.Tip; ; id = parents[id][0] {
		if _, ok := parents[id]; !ok {
			break
		}
		line = append(line, id)
		if len(parents[id]) == 0 {
			break
		}
	}
	slices.Reverse(line)
	commits := map[string]Commit{}
	times := map[string]time.Time{}
	err = s.view.read(ctx, ids, func(i int, info objectInfo, data []byte) error {
		c, err := parseCommit(ids[i], info, data)
		commits[ids[i]] = c
		times[ids[i]] = commitTime(data)
		return err
	})
	if err != nil {
		return nil, s.explain(err, "walk the history", where)
	}
	taken := map[string]bool{}
	for _, id := range line {
		taken[id] = true
	}
	steps := make([]*WalkStep, 0, len(line))
	for _, id := range line {
		step := &WalkStep{SHA: id, At: times[id], Message: commits[id].Message, AuthorEmail: commits[id].AuthorEmail, CommitterEmail: commits[id].CommitterEmail}
		var rest []string
		if p := parents[id]; len(p) > 0 {
			step.Parent, rest = p[0], p[1:]
		}
		for len(rest) > 0 {
			in := rest[len(rest)-1]
			rest = rest[:len(rest)-1]
			if _, ok := parents[in]; !ok || taken[in] {
				continue
			}
			taken[in] = true
			step.Inner = append(step.Inner, commits[in])
			rest = append(rest, parents[in]...)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// commitTime reads the committer's clock out of a raw commit; the zero time where it is odd.
func commitTime(data []byte) time.Time {
	head, _, _ := strings.Cut(string(data), "\n\n")
	for line := range strings.Lines(head) {
		rest, ok := strings.CutPrefix(line, "committer ")
		if !ok {
			continue
		}
		if i := strings.LastIndexByte(rest, '>'); i >= 0 {
			if f := strings.Fields(rest[i+1:]); len(f) > 0 {
				if n, err := strconv.ParseInt(f[0], 10, 64); err == nil {
					return time.Unix(n, 0).UTC()
				}
			}
		}
	}
	return time.Time{}
}

// walkFiles fills in the files of some steps.
func (s *Snapshot) walkFiles(ctx context.Context, steps []*WalkStep, want func(string) bool) error {
	var commits []string
	for _, step := range steps {
		commits = append(commits, step.SHA, step.Parent)
	}
	if err := s.fetchTrees(ctx, commits...); err != nil {
		return err
	}
	tables := make([][]*entry, len(steps))
	asked := map[string]bool{}
	for i, step := range steps {
		from := step.Parent
		if from == "" {
			from = s.view.emptyTree()
		}
		entries, err := s.diffTrees(ctx, from, step.SHA, "")
		if err != nil {
			return err
		}
		if len(entries) > s.limits.Files {
			entries = nil // nobody wrote so much: it is not looked into
		}
		tables[i] = entries
		for _, e := range entries {
			if wanted(e, want) {
				asked[e.old.id], asked[e.new.id] = true, true
			}
		}
	}
	contents, err := s.walkContents(ctx, asked)
	if err != nil {
		return err
	}
	for i, step := range steps {
		gone := map[string]string{} // by id, what was deleted
		for _, e := range tables[i] {
			if e.old.there() && !e.new.there() {
				gone[e.old.id] = e.path
			}
		}
		for _, e := range tables[i] {
			f := WalkFile{Path: e.path, Known: wanted(e, want)}
			if !e.old.there() && e.new.there() {
				f.OldPath = gone[e.new.id]
			}
			for _, of := range []struct {
				side side
				into *[]byte
			}{{e.old, &f.Old}, {e.new, &f.New}} {
				if !of.side.there() {
					continue
				}
				data, ok := contents[of.side.id]
				f.Known = f.Known && ok
				*of.into = data
			}
			if !f.Known {
				f.Old, f.New = nil, nil
			}
			step.Files = append(step.Files, f)
		}
	}
	return nil
}

// wanted says whether a file's contents are to be read: a plain one, on both sides where it is there.
func wanted(e *entry, want func(string) bool) bool {
	for _, sd := range []side{e.old, e.new} {
		if sd.there() && sd.mode&0o170000 != 0o100000 {
			return false
		}
	}
	return want == nil || want(e.path)
}

// walkContents reads blobs that are not too large.
func (s *Snapshot) walkContents(ctx context.Context, asked map[string]bool) (map[string][]byte, error) {
	delete(asked, "")
	var ids []string
	for id := range asked {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	read := s.view.info // what a local repository lacks is not known
	if s.remote != nil {
		read = s.infoFetched
	}
	infos, err := read(ctx, ids)
	if err != nil {
		return nil, err
	}
	var some []string
	total := int64(0)
	for _, info := range infos {
		if info.kind != "blob" || info.size > s.limits.FileBytes || total+info.size > walkBytes {
			continue
		}
		total += info.size
		some = append(some, info.id)
	}
	out := make(map[string][]byte, len(some))
	err = s.view.read(ctx, some, func(i int, _ objectInfo, data []byte) error {
		out[some[i]] = data
		if data == nil {
			out[some[i]] = []byte{}
		}
		return nil
	})
	return out, err
}
