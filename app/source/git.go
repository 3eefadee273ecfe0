package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The oldest git that honours GIT_CONFIG_COUNT, on which the protections below rest.
const minMajor, minMinor = 2, 31

// maxOutput bounds what is read of one git command (a listing of about three million paths).
const maxOutput = 256 << 20

// A git is the git binary and the environment that every command gets. Nothing of the caller's environment reaches git but what
// newGit names.
type git struct {
	bin   string
	env   []string // without configuration
	major int
	minor int

	maxOutput int   // bytes read of one command
	maxMemory int64 // bytes of one command
}

// hardening is the configuration that every command gets. Configuration from the environment wins over every file, so it also holds
// where a repository's own configuration is read. The reading of objects, index and work tree does not even see that one: see view.
var hardening = [][2]string{
	{"core.fsmonitor", "false"},
	{"core.untrackedCache", "false"},
	{"core.hooksPath", os.DevNull},
	{"core.attributesFile", os.DevNull},
	{"core.pager", "cat"},
	{"core.askPass", ""},
	{"core.sshCommand", "false"},
	{"core.gitProxy", ""},
	{"core.alternateRefsCommand", "true"},
	{"credential.helper", ""},
	{"protocol.allow", "never"},
	{"submodule.recurse", "false"},
	{"fetch.recurseSubmodules", "false"},
	{"log.showSignature", "false"},
	{"diff.renames", "false"},
	{"diff.ignoreSubmodules", "none"},
	{"merge.renameLimit", "1000"},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"core.quotePath", "false"},
	{"core.bigFileThreshold", "64m"}, // what is larger goes from the pack to its place without lying in memory as a whole
}

// newGit finds git and checks its version.
func newGit(ctx context.Context) (*git, error) {
	bin, err := exec.LookPath("git")
	if err != nil {
		return nil, &Error{Kind: Setup, Op: "find git", What: "there is no git program on PATH", Remedy: "install git 2.31 or newer", Err: err}
	}
	g := &git{bin: bin, maxOutput: maxOutput, maxMemory: Limits{}.withDefaults().GitMemory, env: []string{
		"LC_ALL=C",
		"GIT_OPTIONAL_LOCKS=0",         // reading never writes the index
		"GIT_NO_REPLACE_OBJECTS=1",     // refs/replace could show another commit than the one named
		"GIT_NO_LAZY_FETCH=1",          // git 2.45 and newer; older ones are stopped by the next line
		"GIT_ALLOW_PROTOCOL=none",      // overrides protocol.*.allow of every file; fetches set their own
		"GIT_TERMINAL_PROMPT=0",        //
		"GIT_ASKPASS=",                 // set and empty: no program is asked, whatever core.askPass says
		"GIT_PAGER=cat",                //
		"GIT_LITERAL_PATHSPECS=1",      // paths are names, not patterns
		"GIT_ATTR_NOSYSTEM=1",          //
		"GIT_GRAFT_FILE=" + os.DevNull, // grafts could hide commits
	}}
	for _, name := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE", "TEMP", "TMP"} {
		if v, ok := os.LookupEnv(name); ok {
			g.env = append(g.env, name+"="+v)
		}
	}
	out, err := g.run(ctx, command{args: []string{"version"}})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Error{Kind: Setup, Op: "find git", Where: bin, What: "it does not start: " + err.Error(), Remedy: "install git 2.31 or newer", Err: err}
	}
	g.major, g.minor = parseVersion(string(out))
	if !g.atLeast(minMajor, minMinor) {
		return nil, &Error{Kind: Setup, Op: "find git", Where: bin, What: printable(strings.TrimSpace(string(out))) + " is too old", Remedy: "install git 2.31 or newer"}
	}
	return g, nil
}

// parseVersion reads "git version 2.39.5 (Apple Git-154)"; what it cannot read is 0.0.
func parseVersion(s string) (major, minor int) {
	fields := strings.Fields(s)
	if len(fields) < 3 {
		return 0, 0
	}
	parts := strings.SplitN(fields[2], ".", 3)
	if len(parts) < 2 {
		return 0, 0
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return 0, 0
	}
	minor, err = strconv.Atoi(parts[1])
	if err != nil {
		return 0, 0
	}
	return major, minor
}

func (g *git) atLeast(major, minor int) bool {
	return g.major > major || g.major == major && g.minor >= minor
}

// A command is one run of git.
type command struct {
	dir    string   // working folder
	env    []string // added to (and winning over) git.env
	config [][2]string
	args   []string
	stdin  io.Reader
	stdout io.Writer // nil: collected and returned
	stderr io.Writer // nil: only kept for the error
}

// A runError is a git command that did not end well.
type runError struct {
	verb   string
	code   int // exit code; -1 if it was killed
	stderr string
	err    error
}

func (e *runError) Error() string {
	text := lastLine(e.stderr)
	if text == "" {
		text = e.err.Error()
	}
	return fmt.Sprintf("git %s: %s", e.verb, text)
}

func (e *runError) Unwrap() error { return e.err }

// lastLine picks the line of git's stderr that says what is wrong: the first "fatal:" or "error:", or else the last.
func lastLine(s string) string {
	last := ""
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(line)
		for _, p := range []string{"fatal: ", "error: "} {
			if strings.HasPrefix(line, p) {
				return printable(clip(strings.TrimPrefix(line, p), 300))
			}
		}
		if line != "" {
			last = line
		}
	}
	return printable(clip(last, 300))
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// prepare makes the process; the caller starts it.
func (g *git) prepare(ctx context.Context, c command) *exec.Cmd {
	cmd := exec.CommandContext(ctx, g.bin, c.args...)
	cmd.Dir = c.dir
	cmd.Env = append(append([]string{}, g.env...), c.env...)
	n := 0
	for _, list := range [][][2]string{hardening, c.config} {
		for _, kv := range list {
			cmd.Env = append(cmd.Env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, kv[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, kv[1]))
			n++
		}
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT="+strconv.Itoa(n))
	cmd.Stdin = c.stdin
	cmd.WaitDelay = 5 * time.Second
	ownGroup(cmd)
	return cmd
}

// run runs git to its end and returns its standard output.
func (g *git) run(ctx context.Context, c command) ([]byte, error) {
	cmd := g.prepare(ctx, c)
	out := capped{limit: g.maxOutput}
	if c.stdout != nil {
		cmd.Stdout = c.stdout
	} else {
		cmd.Stdout = &out
	}
	errs := capped{limit: 64 << 10, quiet: true}
	cmd.Stderr = &errs
	if c.stderr != nil {
		cmd.Stderr = io.MultiWriter(&errs, c.stderr)
	}
	err := cmd.Start()
	if err == nil {
		// A tree can name more paths than any memory holds, and a server can send refs without end; git collects both before it says a word.
		limitMemory(cmd.Process.Pid, g.maxMemory)
		err = cmd.Wait()
	}
	if err == nil {
		return out.buf.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if out.full {
		return nil, &Error{Kind: Limit, Op: "run git " + c.args[0], What: "it printed more than " + megabytes(int64(g.maxOutput)), Err: err}
	}
	if strings.Contains(strings.ToLower(errs.buf.String()), "out of memory") {
		return nil, &Error{Kind: Limit, Op: "run git " + c.args[0], What: "it needs more memory than " + megabytes(g.maxMemory), Err: err}
	}
	e := &runError{verb: c.args[0], code: -1, stderr: errs.buf.String(), err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.code = exit.ExitCode()
	}
	return out.buf.Bytes(), e
}

// capped is a buffer that ends the process at the limit, or drops the rest if it is quiet. The buffer is not embedded: its ReadFrom,
// which os/exec would use, knows no limit.
type capped struct {
	buf   bytes.Buffer
	limit int
	quiet bool
	full  bool
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.limit - c.buf.Len(); len(p) > room {
		c.full = true
		if !c.quiet {
			return 0, io.ErrShortWrite
		}
		c.buf.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return c.buf.Write(p)
}
