// Package sandbox runs work on untrusted input in a child process that can do nothing but compute.
//
// The child is the running binary, executed again. The first thing in main is
//
//	if sandbox.IsWorker() {
//		os.Exit(sandbox.Serve(work))
//	}
//
// and Run is called from anywhere else: it starts the child, sends a request down one pipe and reads the answer from another.
// Before it reads a byte of the request the child locks itself down, in this order:
//
//	descriptors  whatever was inherited by mistake is closed
//	rlimits      CPU time and address space scaled to the input, no file can be written, few descriptors, no core dump
//	landlock     no access to any file, no TCP, no abstract socket or signal to the outside
//	seccomp      a list of allowed system calls: memory, threads of its own, the pipes it holds, and time
//
// Its environment is empty but for what the Go runtime reads. It has a process group of its own, which is killed when the context or the
// time ends, and it dies with its parent. Where a layer is missing (another system, an old kernel, a container that forbids it) Require
// refuses to work, and Auto goes on and says in Layers what is missing; nothing is ever left out silently.
package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Mode says how much isolation is asked for.
type Mode string

// The modes.
const (
	Require Mode = "require" // every layer, or no work
	Auto    Mode = "auto"    // what this system has; what it lacks is named in Layers.Missing
	Off     Mode = "off"     // in this process: Run refuses it, the caller does the work itself
)

// ParseMode reads a mode's word.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Require, Auto, Off:
		return m, nil
	}
	return "", fmt.Errorf("unknown sandbox mode %q (want require, auto or off)", s)
}

// Layers says which layers of the sandbox held while the work was done.
type Layers struct {
	Mode    string   `json:"mode"`              // "require", "auto", "off"
	Held    []string `json:"held,omitempty"`    // of "rlimits", "landlock", "seccomp"
	Missing []string `json:"missing,omitempty"` // with the reason: "landlock: not supported by this kernel"
}

// Options are about one run.
type Options struct {
	Mode      Mode
	InputSize int64         // bytes of the request: memory and CPU time are scaled to it
	Timeout   time.Duration // of the whole run; 0: 5 minutes
	MaxAnswer int64         // bytes that the answer may have; 0: 256 MiB
}

// Kind says what went wrong in a worker.
type Kind string

// The kinds.
const (
	Crashed     Kind = "crashed"       // it ended by a signal or a panic, or said what it could not do
	TimedOut    Kind = "timed out"     // wall-clock or CPU time
	OutOfMemory Kind = "out of memory" // it ran into its memory limit or was killed for want of memory
	Refused     Kind = "refused"       // mode Require, and a layer is missing
	NotAWorker  Kind = "not a worker"  // the program does not call IsWorker first thing in main
)

// An Error says why a worker gave no answer. What it says is safe to show: control characters of the worker's own words are replaced.
type Error struct {
	Kind    Kind
	Signal  string   // the signal that ended it, "" for an exit
	Exit    int      // its exit code, if Signal is ""
	Missing []string // Refused: the missing layers with their reasons
	Message string   // what it said last, at most one line; or how long it was allowed to take
}

func (e *Error) Error() string {
	switch e.Kind {
	case Refused:
		return "the sandbox is required and not complete (" + strings.Join(e.Missing, "; ") + ")"
	case NotAWorker:
		return "this program cannot start its sandboxed worker: " + e.Message
	case Crashed, TimedOut, OutOfMemory:
	}
	how := ""
	switch {
	case e.Signal != "":
		how = " (" + e.Signal + ")"
	case e.Kind == Crashed:
		how = " (exit code " + strconv.Itoa(e.Exit) + ")"
	}
	s := "the sandboxed worker " + string(e.Kind)
	if e.Kind == OutOfMemory {
		s = "the sandboxed worker ran out of memory"
	}
	if e.Message != "" {
		return s + how + ": " + e.Message
	}
	return s + how
}

const (
	defaultTimeout   = 5 * time.Minute
	defaultMaxAnswer = 256 << 20
	// helloTime is how long a child may take to lock down and say so (5 ms on an idle machine). A program that is no worker runs its
	// own main instead, and must not be waited for until the end.
	helloTime = 30 * time.Second
	// exitTime is how long a child may take to end once its answer was read.
	exitTime = 5 * time.Second
	maxHello = 16 << 10
	maxWords = 32 << 10 // of the child's stderr
	magic    = "RGW1"
	envName  = "REVIEWGATE_WORKER"
	argument = "scan-worker" // what ps shows
)

// limits crosses to the child in its environment.
type limits struct {
	Mode   Mode  `json:"mode"`
	CPU    int   `json:"cpu"`    // seconds, over all threads
	Memory int64 `json:"memory"` // bytes, on top of what the program maps when it starts
	Procs  int   `json:"procs"`
	// Only, if set, is the one layer to put on. Tests use it to see that each holds by itself; Require refuses what comes of it.
	Only string `json:"only,omitempty"`
}

// limitsFor scales the limits to the input. A worker's heap is a multiple of its input (trees are some 20 times their source), and
// honest work runs at megabytes per second: what takes far longer is hostile or broken.
func limitsFor(o Options) limits {
	const (
		leastMemory  = 1 << 30
		mostMemory   = 6 << 30
		memoryFactor = 64
	)
	procs := min(runtime.GOMAXPROCS(0), 16)
	memory := int64(leastMemory)
	if o.InputSize > 0 {
		memory = min(leastMemory+min(o.InputSize, mostMemory)*memoryFactor, mostMemory)
	}
	cpu := 60 + min(max(o.InputSize, 0)>>20, 1<<20)*8
	cpu = min(cpu, int64((timeout(o)+time.Second-1)/time.Second)*int64(procs)+1)
	return limits{Mode: o.Mode, CPU: int(cpu), Memory: memory, Procs: procs}
}

func timeout(o Options) time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return defaultTimeout
}

// Run starts a worker, sends it a request and reads its answer. request and answer run at the same time; both get an error from their
// reader or writer when the worker ends early, and the error of Run then says why it did. An error of request or answer themselves is
// returned as it is. The layers are known, even with an error, once the worker has locked itself down.
func Run(ctx context.Context, o Options, request func(io.Writer) error, answer func(io.Reader) error) (Layers, error) {
	switch o.Mode {
	case Require, Auto:
	case Off:
		return Layers{Mode: string(Off)}, errors.New("sandbox mode off has no worker: do the work in this process")
	default:
		_, err := ParseMode(string(o.Mode))
		return Layers{}, err
	}
	return run(ctx, o, limitsFor(o), request, answer)
}

var errTime = errors.New("time is up")

func run(ctx context.Context, o Options, l limits, request func(io.Writer) error, answer func(io.Reader) error) (Layers, error) {
	layers := Layers{Mode: string(o.Mode)}
	if os.Getenv(envName) != "" {
		return layers, &Error{Kind: NotAWorker, Message: "it was started as a worker itself; main must call sandbox.IsWorker first"}
	}
	if err := ctx.Err(); err != nil {
		return layers, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout(o), errTime)
	defer cancel()

	// The child is to die with this process, and Linux sends that signal when the thread that started it ends. The thread must
	// therefore stay until the child is gone.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	c, err := start(ctx, l)
	if err != nil {
		return layers, err
	}
	sent := make(chan error, 1)
	layers, err = c.hello(o.Mode)
	if err == nil {
		go func() { sent <- c.send(request) }()
		err = answer(&bounded{r: c.out, left: maxAnswer(o)})
	} else {
		sent <- nil
		c.kill()
	}
	if err != nil {
		c.kill() // nobody reads on: without this a worker in the middle of its answer would wait for ever
	}
	c.in.Close() // ends send, if it still waits for a worker that reads no more
	sendErr := <-sent
	waitErr := c.wait()

	var refused *Error
	switch {
	case errors.Is(context.Cause(ctx), errTime):
		return layers, &Error{Kind: TimedOut, Message: "it was allowed " + timeout(o).String()}
	case ctx.Err() != nil:
		return layers, ctx.Err()
	case errors.As(err, &refused) && refused.Kind == Refused:
		return layers, err
	case sendErr != nil && !brokenPipe(sendErr):
		return layers, fmt.Errorf("sending the request to the worker: %w", sendErr)
	}
	if e := c.verdict(waitErr, l); e != nil {
		if errors.As(err, &refused) && refused.Kind == NotAWorker && e.Kind == Crashed {
			refused.Message += "; " + e.Error()
			return layers, refused
		}
		return layers, e
	}
	return layers, err
}

func maxAnswer(o Options) int64 {
	if o.MaxAnswer > 0 {
		return o.MaxAnswer
	}
	return defaultMaxAnswer
}

// child is a running worker.
type child struct {
	cmd    *exec.Cmd
	in     *os.File // its stdin
	out    *os.File // its stdout
	words  words    // its stderr
	once   sync.Once
	killed bool // by us
}

func start(ctx context.Context, l limits) (*child, error) {
	program, err := self()
	if err != nil {
		return nil, fmt.Errorf("finding this program's file: %w", err)
	}
	config, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encoding the worker's limits: %w", err)
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("opening a pipe to the worker: %w", err)
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("opening a pipe from the worker: %w", err)
	}
	defer stdout.Close()

	c := &child{in: in, out: out}
	c.cmd = exec.CommandContext(ctx, program)
	c.cmd.Args = []string{filepath.Base(os.Args[0]), argument}
	c.cmd.Dir = string(filepath.Separator) // so that it keeps no folder of ours in use
	// Nothing of our environment: it holds secrets. MALLOC_ARENA_MAX keeps glibc from reserving 64 MiB of address space per thread.
	c.cmd.Env = []string{
		envName + "=" + string(config), "GOMAXPROCS=" + strconv.Itoa(l.Procs),
		"GOMEMLIMIT=" + strconv.FormatInt(l.Memory/8*7, 10), "GOTRACEBACK=single", "MALLOC_ARENA_MAX=2",
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = stdin, stdout, &c.words
	c.cmd.SysProcAttr = attributes()
	c.cmd.Cancel = func() error { return killGroup(c.cmd.Process) }
	c.cmd.WaitDelay = 2 * time.Second
	if err := c.cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("starting the sandboxed worker: %w", err)
	}
	return c, nil
}

// hello reads what the child says once it has locked itself down.
func (c *child) hello(mode Mode) (Layers, error) {
	layers := Layers{Mode: string(mode)}
	timer := time.AfterFunc(helloTime, c.kill)
	defer timer.Stop()
	var head [len(magic) + 4]byte
	if _, err := io.ReadFull(c.out, head[:]); err != nil || string(head[:len(magic)]) != magic {
		return layers, &Error{Kind: NotAWorker, Message: "the child did not answer as a worker; main must call sandbox.IsWorker first"}
	}
	size := binary.BigEndian.Uint32(head[len(magic):])
	if size > maxHello {
		return layers, fmt.Errorf("the worker's greeting has %d bytes, over the limit of %d", size, maxHello)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(c.out, body); err != nil {
		return layers, fmt.Errorf("reading the worker's greeting: %w", err)
	}
	if err := json.Unmarshal(body, &layers); err != nil {
		return layers, fmt.Errorf("reading the worker's greeting: %w", err)
	}
	layers.Mode = string(mode)
	if mode == Require && len(layers.Missing) > 0 {
		return layers, &Error{Kind: Refused, Missing: layers.Missing}
	}
	return layers, nil
}

func (c *child) send(request func(io.Writer) error) error {
	err := request(c.in)
	if closeErr := c.in.Close(); err == nil && closeErr != nil && !errors.Is(closeErr, os.ErrClosed) {
		err = closeErr
	}
	return err
}

func (c *child) kill() {
	c.once.Do(func() {
		c.killed = true
		// The process may be gone already; wait says what became of it.
		_ = killGroup(c.cmd.Process)
	})
}

func (c *child) wait() error {
	timer := time.AfterFunc(exitTime, c.kill)
	defer timer.Stop()
	err := c.cmd.Wait()
	c.once.Do(func() {}) // the id may belong to another process from now on
	c.out.Close()
	return err
}

// verdict reads from the exit what became of the child; nil if it ended well or by our own hand.
func (c *child) verdict(waitErr error, l limits) *Error {
	if waitErr == nil {
		return nil
	}
	said := c.words.line()
	state := c.cmd.ProcessState
	var exit *exec.ExitError
	if !errors.As(waitErr, &exit) || state == nil {
		return &Error{Kind: Crashed, Message: clean(waitErr.Error())}
	}
	e := &Error{Kind: Crashed, Signal: signalOf(state), Exit: state.ExitCode(), Message: said}
	cpu := state.UserTime() + state.SystemTime()
	switch {
	case strings.Contains(said, "SIGXCPU") || e.Signal != "" && cpu >= time.Duration(l.CPU)*time.Second:
		e.Kind, e.Message = TimedOut, fmt.Sprintf("it was allowed %d s of CPU time", l.CPU)
	case c.words.mentions("out of memory", "cannot allocate memory", "failed to allocate", "failed to reserve memory", "pthread_create failed"):
		e.Kind = OutOfMemory
	case c.killed && e.Signal == killedSignal:
		return nil
	case e.Signal == killedSignal:
		e.Kind, e.Message = OutOfMemory, "killed by the system, which most often means that the machine's memory ran out"
	}
	return e
}

func brokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed)
}

// self gives the file of the running program. On Linux that is the link to what runs, which stays right when the file was replaced.
func self() (string, error) {
	if runtime.GOOS == "linux" {
		const link = "/proc/self/exe"
		if _, err := os.Stat(link); err == nil {
			return link, nil
		}
	}
	return os.Executable()
}

// ErrAnswerTooLong is what answer's reader gives once Options.MaxAnswer bytes were read.
var ErrAnswerTooLong = errors.New("the worker's answer is over its limit")

type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrAnswerTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// words keeps the first part of what the child says on stderr: a crash's reason stands first, its stacks follow.
type words struct {
	mu   sync.Mutex
	text []byte
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p[:min(len(p), maxWords-len(w.text))]...)
	return len(p), nil
}

func (w *words) mentions(texts ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range texts {
		if bytes.Contains(w.text, []byte(text)) {
			return true
		}
	}
	return false
}

// line is the one line that says what happened: a panic's or a fatal error's, or the first.
func (w *words) line() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := ""
	for line := range strings.Lines(string(w.text)) {
		line = strings.TrimSpace(line)
		for _, start := range []string{"panic:", "fatal error:", "fatal:", "SIG", "runtime: out of memory", "WARNING: DATA RACE"} {
			if strings.HasPrefix(line, start) {
				return clean(line)
			}
		}
		if first == "" {
			first = line
		}
	}
	return clean(first)
}

// clean makes a worker's words safe to show: it may have been taken over by what it read.
func clean(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffd || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "..."
	}
	return s
}
