package server

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"sync"
)

// secretForms matches GitHub tokens of every kind (they have no fixed length), JSON Web Tokens, and private keys.
var secretForms = regexp.MustCompile(`gh[a-z]_[A-Za-z0-9_.\-]+|github_pat_[A-Za-z0-9_]+|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_.\-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?`)

// Bounds of the secrets that are known by their words.
const (
	minHidden = 8  // bytes; a shorter one stands in many words
	maxHidden = 64 // the newest are remembered
)

// Redacting removes secrets from every line that goes to w: by their form, and those that it was told of. Give it to the logger: each log entry is one Write.
func Redacting(w io.Writer) *Redactor { return &Redactor{to: w} }

// A Redactor is a writer that keeps secrets out. It is safe for concurrent use if what it writes to is.
type Redactor struct {
	to io.Writer

	mu     sync.Mutex
	hidden [][]byte
}

// Hide has a secret removed from now on, also where it is quoted in JSON.
func (r *Redactor) Hide(secret []byte) {
	if len(secret) < minHidden {
		return
	}
	forms := [][]byte{bytes.Clone(secret)}
	if quoted, err := json.Marshal(string(secret)); err == nil && !bytes.Equal(quoted[1:len(quoted)-1], secret) {
		forms = append(forms, quoted[1:len(quoted)-1])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range forms {
		if !slices.ContainsFunc(r.hidden, func(h []byte) bool { return bytes.Equal(h, f) }) {
			r.hidden = append(r.hidden, f)
		}
	}
	if over := len(r.hidden) - maxHidden; over > 0 {
		r.hidden = slices.Delete(r.hidden, 0, over)
	}
}

// Write writes p without the secrets in it.
func (r *Redactor) Write(p []byte) (int, error) {
	out := secretForms.ReplaceAll(p, []byte("[redacted]"))
	r.mu.Lock()
	hidden := slices.Clone(r.hidden)
	r.mu.Unlock()
	for _, h := range hidden {
		out = bytes.ReplaceAll(out, h, []byte("[redacted]"))
	}
	if _, err := r.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
