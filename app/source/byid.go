package source

import "context"

// ObjectsOf opens a repository on this machine for reading commits by their ids: ChangedPaths and CommitAt. It names no change, and nothing is ever
// fetched. The caller closes the snapshot.
func ObjectsOf(ctx context.Context, dir string) (*Snapshot, error) {
	dir, err := realDir(dir)
	if err != nil {
		return nil, err
	}
	r, err := openRepository(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{limits: Limits{}.withDefaults(), repo: r}
	s.view, err = viewOf(r.git, r.common, r.gitDir, "", r.sha256, r.storageConfig())
	if err != nil {
		return nil, err
	}
	return s, nil
}
