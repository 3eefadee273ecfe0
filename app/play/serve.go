package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrListen says that an address cannot be listened on, or is not one of this machine alone.
var ErrListen = errors.New("the playground cannot listen there")

// Serve runs a playground of its own at an address of this machine until ctx ends, and then returns nil. opened is told what to open.
func Serve(ctx context.Context, listen string, o Options, opened func(address string) error) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%w: %s is not an address of this machine alone, such as 127.0.0.1:8080", ErrListen, listen)
	}
	handler, err := Handler(o)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	guard := NewGuard(listener.Addr().String())
	server := &http.Server{Handler: guard.Wrap(handler), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	if err := opened(guard.Address()); err != nil {
		return errors.Join(err, listener.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("the playground ended: %w", err)
	case <-ctx.Done():
		err := server.Close() // what is being answered is nobody's any more
		<-ended               //nolint:errcheck // that it was closed
		return err
	}
}
