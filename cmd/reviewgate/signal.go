package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// untilSignal gives a context that ends with the first signal that asks this process to stop, and says afterwards which one it was (nil: none).
// Children and temporary files are cleared away before the process ends; a second signal ends it at once.
func untilSignal() (ctx context.Context, stopped func() os.Signal) {
	watched := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it is to be outlived
		watched = append(watched, syscall.SIGHUP)
	}
	got := make(chan os.Signal, 1)
	signal.Notify(got, watched...)
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		sig := <-got
		signal.Reset(watched...)
		cancel(stopSignal{sig})
	}()
	return ctx, func() os.Signal {
		cause, _ := context.Cause(ctx).(stopSignal)
		return cause.Signal
	}
}

// stopSignal is the cause of a context that a signal has ended.
type stopSignal struct{ os.Signal }

func (s stopSignal) Error() string { return s.Signal.String() }

// Unwrap makes it what the context's own error is.
func (s stopSignal) Unwrap() error { return context.Canceled }

// endBy ends this process by the signal that stopped it, as if it had never been caught: a shell loop stops on Ctrl-C only if it sees that. Where
// that is not possible it gives the exit code that shells use for it.
func endBy(sig os.Signal) int {
	code := exitUnsure
	if number, ok := sig.(syscall.Signal); ok {
		code = 128 + int(number)
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(sig) == nil {
		time.Sleep(time.Second) // the signal comes in the middle of this
	}
	return code
}
