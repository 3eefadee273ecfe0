package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Commit of the change. Names, e-mails and message are UTF-8; bytes that are not become U+FFFD.
type Commit struct {
	SHA            string
	Parents        []string
	AuthorName     string
	AuthorEmail    string
	CommitterName  string
	CommitterEmail string
	Message        string // whole, with trailers
	// CleanMerge says that it has two parents and that its tree is exactly what git computes for them. False where that could not be
	// computed (a git before 2.38, more merges than Limits.Merges, files over the limit of a download).
	CleanMerge bool

	tree string
}

// commitBytes bounds one commit object.
const commitBytes = 4 << 20

// Commits lists the commits that are reachable from head and not from Base, over all parents, children before parents. For a work tree
// head is HEAD. Folders, All and a repository without commits have none. More than Limits.Commits is an Error of kind Limit: the list is
// complete or not given.
func (s *Snapshot) Commits(ctx context.Context) ([]Commit, error) {
	if s.Base == "" || s.headRev == "" || s.view == nil {
		return nil, nil
	}
	where := short(s.Base) + ".." + short(s.headRev)
	out, err := s.view.run(ctx, "rev-list", "--topo-order", fmt.Sprintf("--max-count=%d", s.limits.Commits+1), s.headRev, "^"+s.Base)
	if err != nil {
		return nil, s.explain(err, "list the commits", where)
	}
	ids := strings.Fields(string(out))
	if len(ids) > s.limits.Commits {
		return nil, &Error{Kind: Limit, Op: "list the commits", Where: where, What: fmt.Sprintf("more than the limit of %d", s.limits.Commits), Remedy: "split the change"}
	}
	infos, err := s.view.info(ctx, ids)
	if err != nil {
		return nil, s.explain(err, "read the commits", where)
	}
	for _, info := range infos {
		if info.kind != "commit" || info.size > commitBytes {
			return nil, &Error{Kind: Limit, Op: "read the commits", Where: info.id, What: "not a commit of a sensible size"}
		}
	}
	commits := make([]Commit, 0, len(ids))
	err = s.view.read(ctx, ids, func(i int, info objectInfo, data []byte) error {
		c, err := parseCommit(ids[i], info, data)
		commits = append(commits, c)
		return err
	})
	if err != nil {
		return nil, s.explain(err, "read the commits", where)
	}
	return commits, s.explain(s.cleanMerges(ctx, commits), "recompute the merges", where)
}

// parseCommit reads a raw commit object: headers up to an empty line (continued lines start with a space), then the message.
func parseCommit(id string, info objectInfo, data []byte) (Commit, error) {
	c := Commit{SHA: id}
	if info.kind != "commit" {
		return c, fmt.Errorf("%s is a %s, not a commit", id, info.kind)
	}
	head, message, _ := bytes.Cut(data, []byte("\n\n"))
	encoding, author, committer := "", "", ""
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		key, value, _ := strings.Cut(string(line), " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			if !isHash(value) {
				return c, fmt.Errorf("commit %s has an odd parent line: %q", id, firstLine(line))
			}
			c.Parents = append(c.Parents, value)
		case "author":
			if author == "" { // git reads the first
				author = value
			}
		case "committer":
			if committer == "" {
				committer = value
			}
		case "encoding":
			encoding = value
		}
	}
	if !isHash(c.tree) {
		return c, fmt.Errorf("commit %s names no tree", id)
	}
	c.AuthorName, c.AuthorEmail = ident(toUTF8(author, encoding))
	c.CommitterName, c.CommitterEmail = ident(toUTF8(committer, encoding))
	c.Message = toUTF8(string(message), encoding)
	return c, nil
}

// ident splits "Name <email> 1700000000 +0000".
func ident(s string) (name, email string) {
	name, rest, ok := strings.Cut(s, "<")
	if !ok {
		return strings.TrimSpace(s), ""
	}
	email, _, _ = strings.Cut(rest, ">")
	return strings.TrimSpace(name), strings.TrimSpace(email)
}

func toUTF8(s, encoding string) string {
	switch strings.ToLower(strings.ReplaceAll(encoding, "_", "-")) {
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		if !utf8.ValidString(s) {
			r := make([]rune, len(s))
			for i := range len(s) {
				r[i] = rune(s[i])
			}
			return string(r)
		}
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// cleanMerges fills in CleanMerge. git computes each merge anew in the view, where there are no merge drivers and no attributes of the
// work tree, and the ids of the trees are compared.
func (s *Snapshot) cleanMerges(ctx context.Context, commits []Commit) error {
	if !s.view.git.atLeast(2, 38) {
		return nil
	}
	var merges []*Commit
	for i := range commits {
		if len(commits[i].Parents) == 2 {
			merges = append(merges, &commits[i])
		}
	}
	merges = merges[:min(len(merges), s.limits.Merges)]
	if err := s.fetchForMerges(ctx, merges); err != nil {
		if kindOf(err) == Limit {
			return nil
		}
		return err
	}
	for _, c := range merges {
		out, err := s.view.run(ctx, "merge-tree", "--write-tree", "--no-messages", c.Parents[0], c.Parents[1])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Exit code 1 is a conflict, others mean that objects are missing: not a clean merge as far as can be told.
		c.CleanMerge = err == nil && strings.TrimSpace(string(out)) == c.tree
	}
	return nil
}

// mergeBlobs is up to how many blobs of a change's merges are fetched; with more, the merges are not recomputed.
const mergeBlobs = 5000

// fetchForMerges brings what merging needs into a partial clone: the trees, the blobs that both sides changed, and for rename detection
// those that came or went on a side.
func (s *Snapshot) fetchForMerges(ctx context.Context, merges []*Commit) error {
	if s.remote == nil || len(merges) == 0 {
		return nil
	}
	bases := make([][]string, len(merges))
	var commits []string
	for i, c := range merges {
		out, err := s.view.run(ctx, "merge-base", "--all", c.Parents[0], c.Parents[1])
		var re *runError
		if err != nil && !(errors.As(err, &re) && re.code == 1) {
			return err
		}
		bases[i] = strings.Fields(string(out))
		commits = append(append(commits, c.Parents...), bases[i]...)
	}
	if err := s.fetchTrees(ctx, commits...); err != nil {
		return err
	}
	want := map[string]bool{}
	for i, c := range merges {
		for _, base := range bases[i] {
			if err := s.mergeNeeds(ctx, base, c.Parents, want); err != nil {
				return err
			}
			if len(want) > mergeBlobs {
				return &Error{Kind: Limit, Op: "recompute the merges", What: "they touch too many files"}
			}
		}
	}
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	_, err := s.infoFetched(ctx, ids)
	return err
}

// mergeNeeds adds the blobs that merging two commits over one base reads.
func (s *Snapshot) mergeNeeds(ctx context.Context, base string, parents []string, want map[string]bool) error {
	changed := map[string]int{}
	var tables [][]*entry
	for _, p := range parents {
		entries, err := s.diffTrees(ctx, base, p, "")
		if err != nil {
			return err
		}
		tables = append(tables, entries)
		for _, e := range entries {
			changed[e.path]++
		}
	}
	for _, entries := range tables {
		for _, e := range entries {
			if changed[e.path] < 2 && e.old.there() && e.new.there() {
				continue // changed on one side only: taken as it is
			}
			for _, sd := range []side{e.old, e.new} {
				if sd.there() && sd.mode != checks.ModeSubmodule {
					want[sd.id] = true
				}
			}
		}
	}
	return nil
}
