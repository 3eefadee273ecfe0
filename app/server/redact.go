package server

import (
	"io"
	"regexp"
)

// secretForms matches GitHub tokens of every kind (they have no fixed length), JSON Web Tokens, and private keys.
var secretForms = regexp.MustCompile(`gh[a-z]_[A-Za-z0-9_.\-]+|github_pat_[A-Za-z0-9_]+|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_.\-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?`)

// Redacting removes secrets from every line that goes to w. Give it to the logger: each log entry is one Write.
func Redacting(w io.Writer) io.Writer { return redacting{w} }

type redacting struct{ to io.Writer }

func (r redacting) Write(p []byte) (int, error) {
	if _, err := r.to.Write(secretForms.ReplaceAll(p, []byte("[redacted]"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
