package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// errBroken makes database/sql throw a connection away.
var errBroken = driver.ErrBadConn

// Times of a presence.
const (
	beat   = 2 * time.Second // between looks whether our lock is still there
	answer = 5 * time.Second // for one look
)

// A presence is a lock that a process holds for as long as it lives, under a number of its own. The database notices the end of the process by its
// connection, at once or, where the whole machine went, by TCP's keep-alive.
type presence struct {
	db     *sql.DB
	number uint32
	stop   context.CancelFunc
	beats  sync.WaitGroup
}

// replicaPrefix stands before the number of a process in the name that the queue knows it by.
const replicaPrefix = "reviewgate-"

func (p *presence) enter(ctx context.Context, db *sql.DB) error {
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails
	p.db, p.number = db, binary.BigEndian.Uint32(random[:])>>1
	conn, err := p.take(ctx)
	if err != nil {
		return err
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.beats.Go(func() { p.keep(ctx, conn) })
	return nil
}

func (p *presence) take(ctx context.Context) (*sql.Conn, error) {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("telling the other processes that this one is here: %w", err)
	}
	var ok bool
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockPresence, int64(p.number)).Scan(&ok)
	if err == nil && !ok {
		err = errors.New("another process has its number")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("telling the other processes that this one is here: %w", err), conn.Close())
	}
	return conn, nil
}

// keep looks after the lock, and takes it again where its connection broke.
func (p *presence) keep(ctx context.Context, conn *sql.Conn) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if conn != nil {
				_ = conn.Raw(func(any) error { return errBroken }) // the lock goes with the connection
				_ = conn.Close()
			}
			return
		case <-tick.C:
		}
		look, cancel := context.WithTimeout(ctx, answer)
		if conn != nil {
			if _, err := conn.ExecContext(look, `SELECT 1`); err != nil {
				_ = conn.Raw(func(any) error { return errBroken })
				_ = conn.Close()
				conn = nil
			}
		}
		if conn == nil {
			conn, _ = p.take(look) // the database is away: the next beat tries again
		}
		cancel()
	}
}

func (p *presence) leave() {
	if p.stop != nil {
		p.stop()
		p.beats.Wait()
	}
}

// Replica is the name of this process among those that share the database.
func (s *Store) Replica() string {
	if db, ok := s.db.(*postgres); ok {
		return replicaPrefix + strconv.FormatUint(uint64(db.here.number), 10)
	}
	return replicaPrefix + "0"
}

// Absent lists the processes that have running jobs and are not there. One whose connection broke is back within seconds: only one that stays absent is dead.
func (s *Store) Absent(ctx context.Context) (out []string, err error) {
	if _, ok := s.db.(*postgres); !ok {
		return nil, nil
	}
	const doing = "looking for processes that are gone"
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT attempted_by[array_upper(attempted_by, 1)] FROM river_job WHERE state = 'running' AND attempted_by IS NOT NULL ORDER BY 1`)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var names []string
	for rows.Next() {
		var name sql.NullString
		if err := rows.Scan(&name); err != nil {
			return nil, wrap(err, doing)
		}
		names = append(names, name.String)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err, doing)
	}
	for _, name := range names {
		number, err := strconv.ParseUint(strings.TrimPrefix(name, replicaPrefix), 10, 31)
		if err != nil {
			continue // not one of ours: the queue's own time-out is for it
		}
		var there bool
		if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = CAST(CAST($1 AS BIGINT) AS OID) AND objid = CAST(CAST($2 AS BIGINT) AS OID))`,
			lockPresence, int64(number)).Scan(&there); err != nil { //nolint:gosec // 31 bits
			return nil, wrap(err, doing)
		}
		if !there {
			out = append(out, name)
		}
	}
	return out, nil
}

// processes counts the processes that share the database, this one too.
func (s *Store) processes(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = CAST(CAST($1 AS BIGINT) AS OID)`, lockPresence).Scan(&n)
	return n, wrap(err, "counting the processes")
}

// GiveBack gives the running jobs of a process that is dead back to the queue, and says how many they were.
func (s *Store) GiveBack(ctx context.Context, replica string) (n int64, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		res, err := tx.tx.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`, replica)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, wrap(err, "giving back the jobs of "+replica)
}
