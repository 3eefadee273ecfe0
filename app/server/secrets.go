package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// Times of the secrets.
const (
	rereadEvery = 10 * time.Second
	// oldSecretFor is how long a webhook secret counts after another one has taken its place, where no old_webhook_secret_file says it.
	oldSecretFor = time.Hour
	// askAgain is when GitHub is asked once more about a key that it did not take.
	askAgain = time.Minute
)

// SecretFiles are the files that the secrets were read from; "": it came from the environment, and stays as it is until a restart.
type SecretFiles struct {
	PrivateKey, WebhookSecret, OldWebhookSecret, ClientSecret string
}

// secrets are those that are in force. Their files are read again and again: by content, not by time stamps, so that it does not matter how a file is
// replaced (written over, renamed, or behind a symbolic link as Kubernetes has it). What is broken changes nothing, and is told.
type secrets struct {
	cfg   *Config
	app   *github.App
	files SecretFiles

	turn sync.Mutex // one reading at a time

	mu        sync.Mutex
	webhook   []byte
	old       []byte    // counts, too; nil: none
	oldUntil  time.Time // zero: as long as its file is there
	client    []byte
	key       []byte
	refused   []byte // the key that GitHub did not take
	refusedAt time.Time
	broken    map[string]string // by name of the secret: what is wrong with its file
	hook      *webhook.Handler  // nil: not yet
}

// The names of the secrets, as metrics and log have them.
const (
	privateKey       = "private_key"
	webhookSecret    = "webhook_secret"
	oldWebhookSecret = "old_webhook_secret"
	clientSecret     = "client_secret"
)

func newSecrets(cfg *Config, app *github.App) *secrets {
	s := &secrets{cfg: cfg, app: app, files: cfg.SecretFiles, key: cfg.PrivateKey, client: cfg.ClientSecret, broken: map[string]string{}}
	if len(cfg.WebhookSecrets) > 0 {
		s.webhook = cfg.WebhookSecrets[0]
	}
	if len(cfg.WebhookSecrets) > 1 {
		s.old = cfg.WebhookSecrets[1]
	}
	for _, v := range [][]byte{s.key, s.client, s.webhook, s.old} {
		cfg.hide(v)
	}
	return s
}

func (c *Config) hide(secret []byte) {
	if c.Hide != nil && len(secret) > 0 {
		c.Hide(secret)
	}
}

// reread reads every file once. It asks GitHub whether it takes a new private key, and nothing else.
func (s *secrets) reread(ctx context.Context) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.rereadWebhook()
	s.rereadClient()
	s.rereadKey(ctx)
}

func (s *secrets) rereadWebhook() {
	now := s.cfg.Now()
	fresh, err := s.read(s.files.WebhookSecret)
	if err == nil && fresh != nil && len(fresh) < minSecret {
		err = fmt.Errorf("it has %d bytes and could be guessed", len(fresh))
	}
	s.tell(webhookSecret, s.files.WebhookSecret, err)
	old, oldErr := s.read(s.files.OldWebhookSecret)
	if errors.Is(oldErr, fs.ErrNotExist) {
		oldErr = nil // that is how it ends
	}
	if oldErr == nil && old != nil && len(old) < minSecret {
		oldErr = fmt.Errorf("it has %d bytes and could be guessed", len(old))
	}
	s.tell(oldWebhookSecret, s.files.OldWebhookSecret, oldErr)

	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	if err == nil && fresh != nil && !bytes.Equal(fresh, s.webhook) {
		if s.files.OldWebhookSecret == "" {
			s.old, s.oldUntil = s.webhook, now.Add(oldSecretFor)
		}
		s.webhook, changed = fresh, true
		entry := s.cfg.Log.Info()
		if !s.oldUntil.IsZero() {
			entry.Time("old_until", s.oldUntil)
		}
		entry.Msg("the webhook secret was read again: it changed")
	}
	switch {
	case s.files.OldWebhookSecret != "" && oldErr == nil && !bytes.Equal(old, s.old):
		s.old, changed = old, true
		s.cfg.Log.Info().Bool("counts", old != nil).Msg("the old webhook secret was read again: it changed")
	case !s.oldUntil.IsZero() && !now.Before(s.oldUntil):
		s.old, s.oldUntil, changed = nil, time.Time{}, true
		s.cfg.Log.Info().Msg("the webhook secret before counts no more")
	}
	if changed && s.hook != nil {
		s.hook.SetSecrets(s.inForce())
	}
}

// inForce lists the webhook secrets. The lock is held.
func (s *secrets) inForce() [][]byte {
	out := [][]byte{s.webhook}
	if len(s.old) > 0 {
		out = append(out, s.old)
	}
	return out
}

// attach hands the webhook secrets to whoever checks signatures, now and whenever they change.
func (s *secrets) attach(h *webhook.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
	h.SetSecrets(s.inForce())
}

func (s *secrets) rereadClient() {
	fresh, err := s.read(s.files.ClientSecret)
	s.tell(clientSecret, s.files.ClientSecret, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && fresh != nil && !bytes.Equal(fresh, s.client) {
		s.client = fresh
		s.cfg.Log.Info().Msg("the client secret was read again: it changed")
	}
}

// rereadKey takes a new private key once GitHub does. Until then the one before signs.
func (s *secrets) rereadKey(ctx context.Context) {
	fresh, err := s.read(s.files.PrivateKey)
	if err == nil && fresh != nil {
		err = github.CheckKey(fresh)
	}
	s.mu.Lock()
	same, refused := fresh == nil || bytes.Equal(fresh, s.key), s.refused != nil && bytes.Equal(fresh, s.refused) && s.cfg.Now().Sub(s.refusedAt) < askAgain
	s.mu.Unlock()
	switch {
	case err != nil:
	case refused:
		return // it was told
	case !same:
		if err = s.app.TryKey(ctx, fresh); err == nil {
			err = s.app.SetKey(fresh)
		}
		var no *github.Error
		s.mu.Lock()
		if errors.As(err, &no) {
			s.refused, s.refusedAt = fresh, s.cfg.Now()
		}
		if err == nil {
			s.key, s.refused = fresh, nil
			s.cfg.Log.Info().Msg("the private key was read again: it changed, and GitHub takes it")
		}
		s.mu.Unlock()
	default:
		s.mu.Lock()
		s.refused = nil
		s.mu.Unlock()
	}
	s.tell(privateKey, s.files.PrivateKey, err)
}

// read gives what a file holds; nil: there is no such file in the configuration.
func (s *secrets) read(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readSmall(path, maxSecretFile)
	if err != nil {
		return nil, err
	}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	s.cfg.hide(data)
	return data, nil
}

// tell writes down what is wrong with a secret's file, and says it once for each reason.
func (s *secrets) tell(name, path string, err error) {
	s.mu.Lock()
	before := s.broken[name]
	now := ""
	if err != nil {
		now = github.Redact(err.Error())
		s.broken[name] = now
	} else {
		delete(s.broken, name)
	}
	s.mu.Unlock()
	switch {
	case now == before:
	case now == "":
		s.cfg.Log.Info().Str("secret", name).Str("file", path).Msg("the file of a secret is readable again")
	default:
		s.cfg.Log.Error().Bool("alert", true).Str("secret", name).Str("file", path).Str("error", now).Msg("the file of a secret changed, and what it holds now cannot be used; the one before stays in force")
	}
}

// byName gives the files by the names of their secrets.
func (s *secrets) byName() map[string]string {
	return map[string]string{privateKey: s.files.PrivateKey, webhookSecret: s.files.WebhookSecret, oldWebhookSecret: s.files.OldWebhookSecret, clientSecret: s.files.ClientSecret}
}

// wrong lists which files are broken, sorted by the name of the secret.
func (s *secrets) wrong() (names []string, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names = slices.Sorted(maps.Keys(s.broken))
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "the file of %s cannot be used, and the one before stays in force; the log says why\n", n)
	}
	return names, b.String()
}

// clientSecret is the App's client secret that is in force, for sign-in; nil: there is none.
func (s *secrets) clientSecret() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}

func (s *Server) rereads() {
	tick := time.NewTicker(rereadEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			s.secrets.reread(s.ctx)
		}
	}
}
