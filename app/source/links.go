package source

import (
	"context"
	"fmt"
	"slices"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Links gives the symbolic links of a commit: by path, what each holds. More than most of them, or one that is too long to be a path, is an error of
// kind Limit.
func (s *Snapshot) Links(ctx context.Context, sha string, most int) (map[string][]byte, error) {
	if s.view == nil || !isHash(sha) {
		return nil, &Error{Kind: Usage, Op: "list the links", Where: short(sha), What: "a commit id of a repository is needed"}
	}
	if err := s.fetchCommits(ctx, sha); err != nil {
		return nil, err
	}
	if err := s.fetchTrees(ctx, sha); err != nil {
		return nil, err
	}
	list, err := s.view.list(ctx, sha, true)
	if err != nil {
		return nil, s.explain(err, "list the links", short(sha))
	}
	list = slices.DeleteFunc(list, func(t treeEntry) bool { return t.mode != checks.ModeSymlink })
	if len(list) > most {
		return nil, &Error{Kind: Limit, Op: "list the links", Where: short(sha), What: fmt.Sprintf("there are %d, and at most %d are read", len(list), most), Remedy: "replace links by files"}
	}
	if len(list) == 0 {
		return map[string][]byte{}, nil
	}
	out, err := s.rawFiles(ctx, list)
	return out, s.explain(err, "read the links", short(sha))
}
