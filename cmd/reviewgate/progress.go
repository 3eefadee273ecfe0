package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// A progress is one line that tells a person at a terminal what a long scan is doing. A short one, and a log, stay quiet.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody is there to read it
	start time.Time
	last  time.Time // when the line was written; zero: there is none
	timer *time.Timer
}

func newProgress(stderr io.Writer) *progress {
	p := &progress{start: time.Now()}
	if file, ok := stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" {
		p.out = file
	}
	return p
}

// after says what is being done if it is not done by then.
func (p *progress) after(wait time.Duration, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.timer != nil {
			p.say(text)
		}
	})
}

// scanned is scan.Options.Progress.
func (p *progress) scanned(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.start) > time.Second && now.Sub(p.last) > 100*time.Millisecond {
		p.say(fmt.Sprintf("scanning: %d of %d files", done, total))
	}
}

func (p *progress) say(text string) {
	if p.out != nil {
		p.last = time.Now()
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
	}
}

// end takes the line away, so that what comes next stands at the start of one.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if !p.last.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.last = time.Time{}
	}
}

// replayed is backtest.Options.Progress.
func (p *progress) replayed(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.last) > 100*time.Millisecond {
		text := fmt.Sprintf("replaying: %d of %d changes", done, total)
		if took := now.Sub(p.start); done > 10 && took > 10*time.Second {
			text += fmt.Sprintf(", about %s to go", (took / time.Duration(done) * time.Duration(total-done)).Round(time.Second))
		}
		p.say(text)
	}
}
