package play

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// Work is what the worker does: it answers a question of Ask, and leaves every other one to next.
func Work(in io.Reader, out io.Writer, next func(io.Reader, io.Writer) error) error {
	buffered := bufio.NewReader(in)
	head, err := buffered.Peek(1)
	if err != nil || head[0] != first {
		return next(buffered, out)
	}
	_, _ = buffered.Discard(1) // it was peeked at
	var q Question
	if err := json.NewDecoder(io.LimitReader(buffered, maxQuestion)).Decode(&q); err != nil {
		return fmt.Errorf("reading the question: %w", err)
	}
	return json.NewEncoder(out).Encode(q.answer(context.Background()))
}
