package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if IsWorker() {
		os.Exit(Serve(work))
	}
	if os.Getenv(parentVariable) != "" {
		os.Exit(parent())
	}
	os.Exit(m.Run())
}

const parentVariable = "REVIEWGATE_TEST_PARENT"

// parent is a program that starts a worker and waits for it until it is killed; see TestWorkerDiesWithItsParent.
func parent() int {
	_, err := Run(context.Background(), Options{Mode: Auto},
		func(w io.Writer) error {
			_, err := io.WriteString(w, "block\n")
			fmt.Println("ready")
			return err
		},
		func(r io.Reader) error { _, err := io.ReadAll(r); return err })
	fmt.Println(err)
	return 1
}

// work does what the first line of the request says, and answers in words.
func work(in io.Reader, out io.Writer) error {
	r := bufio.NewReader(in)
	line, err := r.ReadString('\n')
	if err != nil {
		return err
	}
	task, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch task {
	case "echo":
		_, err = io.Copy(out, r)
	case "environment":
		fmt.Fprint(out, strings.Join(os.Environ(), "\n"))
	case "panic":
		panic("boom \x1b[31m")
	case "panic-elsewhere":
		go func() { panic("boom in a goroutine") }()
		select {}
	case "error":
		err = errors.New("could not do it")
	case "print":
		fmt.Println("this is not part of the answer")
		fmt.Fprint(out, "answer")
	case "spin":
		for i := 0; ; i++ {
			runtime.KeepAlive(i)
		}
	case "block":
		<-time.After(time.Hour) // without cgo the runtime would take an empty select for a deadlock
	case "allocate":
		var all [][]byte
		for {
			block := make([]byte, 64<<20)
			for i := 0; i < len(block); i += 4096 {
				block[i] = 1
			}
			all = append(all, block)
			runtime.KeepAlive(all)
		}
	case "flood":
		block := bytes.Repeat([]byte("x"), 1<<16)
		for err == nil {
			_, err = out.Write(block)
		}
	case "ignore":
		fmt.Fprint(out, "answered without reading")
	default:
		err = breakOut(task, argument, out)
	}
	return err
}

// ask runs one task and gives the answer.
func ask(t *testing.T, o Options, task string) (string, Layers, error) {
	t.Helper()
	return askWith(t, o, limitsFor(o), task)
}

func askWith(t *testing.T, o Options, l limits, task string) (string, Layers, error) {
	t.Helper()
	var answer []byte
	layers, err := run(t.Context(), o, l,
		func(w io.Writer) error { _, err := io.WriteString(w, task+"\n"); return err },
		func(r io.Reader) (err error) { answer, err = io.ReadAll(r); return err })
	return string(answer), layers, err
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcdef", 1<<18) // far more than a pipe holds, both ways at once
	answer, _, err := ask(t, Options{Mode: Auto}, "echo\n"+body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSuffix(answer, "\n") != body {
		t.Errorf("the answer has %d bytes, want the %d of the request", len(answer), len(body))
	}
}

func TestPrintsAreNotPartOfTheAnswer(t *testing.T) {
	t.Parallel()
	if answer, _, err := ask(t, Options{Mode: Auto}, "print"); err != nil || answer != "answer" {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("REVIEWGATE_TEST_SECRET", "hunter2")
	answer, _, err := ask(t, Options{Mode: Auto}, "environment")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(answer) {
		name, _, _ := strings.Cut(line, "=")
		switch name {
		case envName, "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "MALLOC_ARENA_MAX":
		default:
			t.Errorf("the worker sees %q", line)
		}
	}
}

func TestWorkerThatReadsNothing(t *testing.T) {
	t.Parallel()
	answer, _, err := ask(t, Options{Mode: Auto}, "ignore\n"+strings.Repeat("x", 4<<20))
	if err != nil || answer != "answered without reading" {
		t.Errorf("got %q, %v", answer, err)
	}
}

// TestErrors: whoever reads the error knows what became of the worker.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		task    string
		o       Options
		limits  func(*limits)
		kind    Kind
		message string
	}{
		{task: "panic", kind: Crashed, message: "panic: boom"},
		{task: "panic-elsewhere", kind: Crashed, message: "panic: boom in a goroutine"},
		{task: "error", kind: Crashed, message: "fatal: could not do it"},
		{task: "block", o: Options{Timeout: time.Second}, kind: TimedOut, message: "allowed 1s"},
		{task: "spin", o: Options{Timeout: time.Second}, limits: func(l *limits) { l.CPU = 1000 }, kind: TimedOut, message: "allowed 1s"},
	} {
		t.Run(test.task, func(t *testing.T) {
			t.Parallel()
			test.o.Mode = Auto
			l := limitsFor(test.o)
			if test.limits != nil {
				test.limits(&l)
			}
			_, _, err := askWith(t, test.o, l, test.task)
			var e *Error
			if !errors.As(err, &e) || e.Kind != test.kind || !strings.Contains(e.Error(), test.message) {
				t.Fatalf("got %v, want one that is %q and says %q", err, test.kind, test.message)
			}
			if strings.ContainsRune(e.Error(), '\x1b') {
				t.Errorf("%q holds a control character of the worker's", e.Error())
			}
		})
	}
}

func TestContextEndsTheWorker(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, Options{Mode: Auto},
		func(w io.Writer) error { _, err := io.WriteString(w, "block\n"); cancel(); return err },
		func(r io.Reader) error { _, err := io.ReadAll(r); return err })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestAnswerIsBounded(t *testing.T) {
	t.Parallel()
	answer, _, err := ask(t, Options{Mode: Auto, MaxAnswer: 100_000}, "flood")
	if !errors.Is(err, ErrAnswerTooLong) || len(answer) != 100_000 {
		t.Errorf("got %d bytes and %v", len(answer), err)
	}
}

func TestErrorsOfTheCallerComeBack(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	nothing := func(r io.Reader) error { _, err := io.ReadAll(r); return err }
	if _, err := Run(t.Context(), Options{Mode: Auto}, func(io.Writer) error { return mine }, nothing); !errors.Is(err, mine) {
		t.Errorf("request: got %v", err)
	}
	send := func(w io.Writer) error { _, err := io.WriteString(w, "flood\n"); return err }
	if _, err := Run(t.Context(), Options{Mode: Auto}, send, func(io.Reader) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("answer: got %v", err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	if layers, err := Run(t.Context(), Options{Mode: Off}, nil, nil); err == nil || layers.Mode != "off" {
		t.Errorf("off: got %v, %v", layers, err)
	}
	if _, err := Run(t.Context(), Options{Mode: "strict"}, nil, nil); err == nil || !strings.Contains(err.Error(), "want require, auto or off") {
		t.Errorf("an unknown mode: got %v", err)
	}
	for _, s := range []string{"require", "auto", "off"} {
		if m, err := ParseMode(s); err != nil || string(m) != s {
			t.Errorf("ParseMode(%q) = %q, %v", s, m, err)
		}
	}
}

// TestAProgramThatIsNoWorker: a program whose main does not ask IsWorker must not run itself again and again. Here main does ask, so
// that both ends of the story are told by hand.
func TestAProgramThatIsNoWorker(t *testing.T) {
	t.Setenv(envName, "{}") // as a child would see that went past IsWorker
	_, err := Run(t.Context(), Options{Mode: Auto}, nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotAWorker || !strings.Contains(e.Error(), "IsWorker first") {
		t.Errorf("in the child: got %v", err)
	}
	c := &child{out: pipeWith(t, "Usage: something else\n")}
	if _, err := c.hello(Auto); !errors.As(err, &e) || e.Kind != NotAWorker {
		t.Errorf("in the parent: got %v", err)
	}
}

func TestRequireRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	// The greeting of a worker on a kernel without Landlock.
	var greeting bytes.Buffer
	layers := apply(limits{Mode: Require}, []layer{
		{"rlimits", func(limits) error { return nil }},
		{"landlock", func(limits) error { return errors.New("not supported by this kernel") }},
	})
	if err := greet(&greeting, layers); err != nil {
		t.Fatal(err)
	}
	c := &child{out: pipeWith(t, greeting.String())}
	got, err := c.hello(Require)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Refused || !strings.Contains(e.Error(), "landlock: not supported by this kernel") {
		t.Errorf("require: got %v", err)
	}
	if len(got.Held) != 1 || len(got.Missing) != 1 {
		t.Errorf("the layers are told with the refusal: got %+v", got)
	}
	c = &child{out: pipeWith(t, greeting.String())}
	if got, err := c.hello(Auto); err != nil || len(got.Missing) != 1 {
		t.Errorf("auto: got %+v, %v", got, err)
	}
}

func pipeWith(t *testing.T, text string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { r.Close() })
	return r
}

func TestGreetingIsBounded(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "cut": magic + "\x00\x00", "too long": magic + "\xff\xff\xff\xff", "cut body": magic + "\x00\x00\x00\x09{", "no JSON": magic + "\x00\x00\x00\x01x",
	} {
		c := &child{out: pipeWith(t, text)}
		if _, err := c.hello(Auto); err == nil {
			t.Errorf("%s: the greeting is taken", name)
		}
	}
}

func TestWeaker(t *testing.T) {
	t.Parallel()
	got := Weaker(Layers{Mode: "auto", Held: []string{"rlimits", "seccomp"}, Missing: []string{"landlock: x"}}, Layers{Mode: "auto", Held: []string{"rlimits"}, Missing: []string{"landlock: x", "seccomp: y"}})
	if fmt.Sprint(got) != "{auto [rlimits] [landlock: x seccomp: y]}" {
		t.Errorf("got %v", got)
	}
}

func TestLimitsAreScaledAndBounded(t *testing.T) {
	t.Parallel()
	small, large := limitsFor(Options{InputSize: 1 << 10}), limitsFor(Options{InputSize: 1 << 50})
	if small.Memory < 1<<30 || large.Memory != 6<<30 || small.CPU < 60 || large.CPU > 5*60*16+1 {
		t.Errorf("small %+v, large %+v", small, large)
	}
	if negative := limitsFor(Options{InputSize: -1}); negative != limitsFor(Options{}) {
		t.Errorf("negative size: %+v", negative)
	}
}

func BenchmarkSpawn(b *testing.B) {
	for b.Loop() {
		_, err := Run(b.Context(), Options{Mode: Auto},
			func(w io.Writer) error { _, err := io.WriteString(w, "ignore\n"); return err },
			func(r io.Reader) error { _, err := io.ReadAll(r); return err })
		if err != nil {
			b.Fatal(err)
		}
	}
}
