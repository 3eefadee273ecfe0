package store

import (
	"context"
	"errors"

	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
)

// maxCauses bounds how many events one job is told of. It answers the others as well.
const maxCauses = 20

// cause notes why the generation of a pull request was raised, as far as the context knows, until a job has answered it.
func (t *Tx) cause(ctx context.Context, k Key) error {
	c := trace.CauseOf(ctx)
	if c == (trace.Cause{}) {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, `INSERT INTO causes (repo_id, number, want, delivery, parent) SELECT repo_id, number, want, $3, $4 FROM pulls WHERE repo_id = $1 AND number = $2
		ON CONFLICT (repo_id, number, want) DO NOTHING`, k.RepoID, k.Number, c.Delivery, c.Parent)
	return wrap(err, "noting the cause of a job for "+k.String())
}

// answered forgets the causes of what was answered up to a generation.
func (t *Tx) answered(ctx context.Context, k Key, want int64) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM causes WHERE repo_id = $1 AND number = $2 AND want <= $3`, k.RepoID, k.Number, want)
	return wrap(err, "forgetting the causes of a job for "+k.String())
}

// Causes lists why a pull request is looked at up to a generation, the first event first.
func (s *Store) Causes(ctx context.Context, k Key, want int64) (out []trace.Cause, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT delivery, parent FROM causes WHERE repo_id = $1 AND number = $2 AND want <= $3 ORDER BY want LIMIT $4`, k.RepoID, k.Number, want, maxCauses)
	if err != nil {
		return nil, wrap(err, "reading the causes of a job for "+k.String())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c trace.Cause
		if err := rows.Scan(&c.Delivery, &c.Parent); err != nil {
			return nil, wrap(err, "reading the causes of a job for "+k.String())
		}
		out = append(out, c)
	}
	return out, wrap(rows.Err(), "reading the causes of a job for "+k.String())
}
