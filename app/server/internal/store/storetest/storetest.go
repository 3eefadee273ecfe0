// Package storetest gives tests real databases: an SQLite file, and a database of a PostgreSQL server.
//
// The server is the one at DATABASE_URL, as a user who may create databases, or else one that the test starts: its programs (initdb, postgres) are
// looked for on the PATH and where Debian puts them. There is no third way: a test that needs PostgreSQL fails without it.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Kinds are the databases that the server runs on.
var Kinds = []string{"sqlite", "postgres"}

// Name gives the name of a new, empty database of the kind, as the server's configuration takes it. It is gone when the test ends.
func Name(t testing.TB, kind string) string {
	t.Helper()
	if kind == "sqlite" {
		return filepath.Join(t.TempDir(), "reviewgate.db")
	}
	return Postgres(t)
}

// Each runs a test on every kind of database, as a subtest with its name.
func Each(t *testing.T, test func(t *testing.T, kind string)) {
	t.Helper()
	for _, kind := range Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

var databases atomic.Int64

// Postgres gives the address of a new, empty database.
func Postgres(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		t.Fatalf("PostgreSQL for this test: %v", err)
	}
	name := fmt.Sprintf("reviewgate_test_%d_%d", os.Getpid(), databases.Add(1))
	run := func(statement string) error {
		db, err := sql.Open("pgx", admin)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(context.WithoutCancel(t.Context()), statement)
		return errors.Join(err, db.Close())
	}
	if err := run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// server gives the address of a server. One that is started serves all tests of the process, and ends with it.
var server = sync.OnceValues(func() (string, error) {
	if u := os.Getenv("DATABASE_URL"); u != "" {
		return u, nil
	}
	return start()
})

// stop ends the server that was started; nil: none was.
var stop func()

// Main runs the tests of a package, and then ends the server that they started.
func Main(m *testing.M) {
	code := m.Run()
	if stop != nil {
		stop()
	}
	os.Exit(code)
}

// startTime bounds the start of a server.
const startTime = 2 * time.Minute

func start() (_ string, err error) {
	dir, err := os.MkdirTemp("", "reviewgate-postgres-")
	if err != nil {
		return "", err
	}
	who, err := postgresUser()
	if err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(dir, who.uid, who.gid); err != nil {
			return "", err
		}
	}
	data := filepath.Join(dir, "data")
	initdb, err := find("initdb")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime) //nolint:forbidigo // it is nobody's: all tests share it
	defer cancel()
	cmd := exec.CommandContext(ctx, initdb, "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
	cmd.Dir = dir
	as(cmd, who)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("making a cluster: %w\n%s", err, out)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is TCP's
	if err := l.Close(); err != nil {
		return "", err
	}
	program, err := find("postgres")
	if err != nil {
		return "", err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	// Not synced: the machine does not fail in a test, only processes do. What is measured is synced.
	sync := "off"
	if os.Getenv("REVIEWGATE_LOAD") != "" {
		sync = "on"
	}
	cmd = exec.Command(program, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", //nolint:noctx // it ends with the process
		"-c", "fsync="+sync, "-c", "full_page_writes="+sync, "-c", "max_connections=400", "-c", "shared_buffers=64MB")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	as(cmd, who)
	ended := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// It ends when the thread that started it does: this one is kept until then.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return "", fmt.Errorf("starting PostgreSQL: %w", err)
	}
	address := "postgres://postgres@127.0.0.1:" + strconv.Itoa(port) + "/postgres?sslmode=disable"
	for ctx.Err() == nil {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			stop = func() {
				_ = cmd.Process.Signal(syscall.SIGQUIT) // at once, without waiting for those who are connected
				<-ended                                 //nolint:errcheck // it was told to
				_ = os.RemoveAll(dir)
			}
			return address, conn.Close(ctx)
		}
		select {
		case err := <-ended:
			text, _ := os.ReadFile(log.Name())
			return "", fmt.Errorf("PostgreSQL ended: %w\n%s", err, text)
		case <-time.After(50 * time.Millisecond): // it gives no other sign
		}
	}
	return "", errors.New("PostgreSQL does not answer")
}

// find looks for a program of PostgreSQL.
func find(program string) (string, error) {
	// Debian keeps them apart from the PATH, one folder for each version.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%w; install PostgreSQL (Debian: the package postgresql), or set DATABASE_URL", err)
	}
	return path, nil
}

type account struct{ uid, gid int }

// postgresUser is who the server runs as: it refuses to be root. Nil: whoever runs the test.
func postgresUser() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // there is nobody to become
	}
	var missing []string
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			missing = append(missing, name)
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return &account{uid, gid}, errors.Join(err1, err2)
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user %s", strings.Join(missing, " or "))
}
