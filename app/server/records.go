package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/record"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// A notary signs what was decided. It lives in the server: the worker that reads strangers' code never sees a key.
type notary struct {
	key  *record.Private  // nil: nothing is signed
	keys []*record.Public // all that verify, the signing one first
}

func newNotary(key []byte, old [][]byte) (n notary, err error) {
	if len(key) > 0 {
		if n.key, err = record.ParsePrivate(key); err != nil {
			return n, fmt.Errorf("the key that signs records (records.key_file): %w", err)
		}
		n.keys = append(n.keys, &n.key.Public)
	}
	for _, data := range old {
		more, err := record.ParsePublic(data)
		if err != nil {
			return n, fmt.Errorf("an old key of records (records.old_keys): %w", err)
		}
		n.keys = append(n.keys, more...)
	}
	return n, nil
}

// fileRec is the part of the settings file about records.
type fileRec struct {
	Key *string `yaml:"key_file"` // REVIEWGATE_RECORDS_KEY_FILE, or the key itself in REVIEWGATE_RECORDS_KEY
	Old oldKeys `yaml:"old_keys"` // REVIEWGATE_RECORDS_OLD_KEYS: with commas between
}

// oldKeys is a list of files; one may stand alone.
type oldKeys []string

func (o *oldKeys) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = oldKeys{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

// records reads the keys of records. What they hold is looked at here, so that a wrong file is told with the other problems.
func (l *loader) records(f *file, c *Config) {
	const remedy = "make one with: openssl genpkey -algorithm ed25519 -out records.pem"
	c.RecordsKey = l.secret("records.key_file", f.Records.Key, "REVIEWGATE_RECORDS_KEY")
	if len(c.RecordsKey) > 0 {
		if _, err := record.ParsePrivate(c.RecordsKey); err != nil {
			l.bad("records.key_file", "REVIEWGATE_RECORDS_KEY_FILE", err.Error(), remedy)
		}
	}
	files, from := []string(f.Records.Old), filepath.Dir(l.file)
	if v := l.env["REVIEWGATE_RECORDS_OLD_KEYS"]; v != "" {
		files, from = strings.Split(v, ","), ""
	}
	for _, name := range files {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(from, name)
		}
		data, err := readSmall(name, maxSecretFile)
		if err == nil {
			_, err = record.ParsePublic(data)
		}
		if err != nil {
			l.bad("records.old_keys", "REVIEWGATE_RECORDS_OLD_KEYS", err.Error(), "name files with public keys, as `reviewgate records keys` prints them")
			continue
		}
		c.RecordsOldKeys = append(c.RecordsOldKeys, data)
	}
}

// RecordKeys reads of the configuration which keys verify records, the one that signs first. signs says whether there is one.
func RecordKeys(path string, env []string) (keys []*record.Public, signs bool, err error) {
	var f file
	if path != "" {
		if err := f.read(path); err != nil {
			return nil, false, err
		}
	}
	l := newLoader(path, env)
	var c Config
	l.records(&f, &c)
	if len(l.problems) > 0 {
		return nil, false, fmt.Errorf("the configuration of the server is not complete:\n%w", errors.Join(l.problems...))
	}
	n, err := newNotary(c.RecordsKey, c.RecordsOldKeys)
	return n.keys, n.key != nil, err
}

// ExportRecords gives the envelope of every record of an installation (0: of all), in the order of their chains. It reads the database beside a server that runs.
func ExportRecords(ctx context.Context, path string, env []string, installation int64, yield func(envelope []byte) error) (err error) {
	var f file
	if path != "" {
		if err := f.read(path); err != nil {
			return err
		}
	}
	l := newLoader(path, env)
	var c Config
	f.Cache = new(".") // nothing is fetched, and it need not be set
	l.database(&f, &c)
	if len(l.problems) > 0 {
		return fmt.Errorf("the configuration of the server is not complete:\n%w", errors.Join(l.problems...))
	}
	st, err := store.OpenRead(ctx, c.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if has, newest, err := st.Schema(ctx); err != nil || has != newest {
		return cmp.Or(err, fmt.Errorf("the database has the schema %d, and this program knows %d: start `reviewgate serve` of this version with it once", has, newest))
	}
	return st.EachRecord(ctx, installation, func(r store.Record) error { return yield(r.Envelope) })
}

// rememberKeys keeps the public keys, so that records can be checked when a key is long gone from the configuration.
func (s *Server) rememberKeys(ctx context.Context) error {
	known, err := s.store.RecordKeys(ctx)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, k := range known {
		have[k.ID] = true
	}
	for _, k := range s.notary.keys {
		if have[k.ID] {
			continue
		}
		if err := s.store.SaveRecordKey(ctx, store.RecordKey{ID: k.ID, PEM: k.PEM(), First: s.cfg.Now()}); err != nil {
			return err
		}
	}
	if s.notary.key == nil {
		s.cfg.Log.Info().Msg("decisions are not signed: no key is set (records.key_file)")
		return nil
	}
	s.cfg.Log.Info().Str("key", s.notary.key.ID).Str("algorithm", s.notary.key.Algorithm()).Msg("decisions are signed")
	return nil
}

// signDecision prepares the record of a decision, to be written in the decision's own transaction.
func (s *Server) signDecision(ctx context.Context, o review.Outcome, made time.Time) (func(context.Context, *store.Tx) error, error) {
	nothing := func(context.Context, *store.Tx) error { return nil }
	if s.notary.key == nil || o.Decision.Ungoverned || o.Facts == nil {
		return nothing, nil
	}
	in, err := s.attested(ctx, o.Ref, o.Decision, o.Facts, o.ConfigKey)
	if err != nil {
		return nil, err
	}
	in.Made, in.ScanKey = made, o.ScanKey
	return s.appendRecord(o.Ref, in)
}

// signMerge writes the record of a merge: the decision that stood then, or that there was none. bypass says why it went around the gate; "": it did not.
func (s *Server) signMerge(ctx context.Context, ref review.Ref, live *github.PullFacts, d store.Decision, bypass string) error {
	f := &live.Facts
	if s.notary.key == nil || live.MergeSHA == "" {
		return nil
	}
	decision, facts, key := d.Decision, d.Facts, d.ConfigKey
	switch {
	case decision != nil && decision.Ungoverned, decision == nil && bypass == "":
		return nil // a branch that the gate does not guard
	case decision == nil || d.Head != f.Head || d.BaseRef != f.BaseRef:
		decision, facts, key = &gate.Decision{State: gate.Error, Title: "Nothing was decided about what was merged"}, f, ""
	case facts.Head == "": // dropped as too old
		facts = f
	}
	in, err := s.attested(ctx, ref, decision, facts, key)
	if err != nil {
		return err
	}
	in.Made, in.ScanKey = d.Made, d.ScanKey
	if key == "" {
		in.Made, in.ScanKey = s.cfg.Now(), ""
	}
	in.Merge = &report.RecordMerged{Commit: live.MergeSHA, By: live.MergedBy, Bypass: bypass}
	if !live.MergedAt.IsZero() {
		at := live.MergedAt.UTC()
		in.Merge.At = &at
	}
	write, err := s.appendRecord(ref, in)
	if err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error { return write(ctx, tx) })
}

// attested gathers what a record says beside the decision and its facts.
func (s *Server) attested(ctx context.Context, ref review.Ref, d *gate.Decision, f *gate.Facts, configKey string) (*report.Attested, error) {
	numbers := []int{ref.Number}
	for _, other := range f.Siblings {
		numbers = append(numbers, other.Number)
	}
	approved, err := s.store.Approvals(ctx, ref.RepoID, numbers...)
	if err != nil {
		return nil, err
	}
	in := &report.Attested{Tool: report.Tool{Name: "reviewgate", Version: s.cfg.Version}, Verifier: s.cfg.PublicURL, RepoURL: s.cfg.GitHubURL + "/" + ref.Owner + "/" + ref.Name, RepoID: ref.RepoID,
		Decision: d, Facts: f, Approved: approved}
	if configKey == "" {
		return in, nil
	}
	data, err := s.store.Config(ctx, configKey)
	if err != nil {
		return nil, err
	}
	if e := effective(data); e != nil {
		return in, digests(e, in)
	}
	return in, nil // the digests are not known
}

// effective reads a stored configuration; nil: it was dropped as too old, or another version wrote it.
func effective(data []byte) *config.Effective {
	e := new(config.Effective)
	if data == nil || json.Unmarshal(data, e) != nil || e.Policy == nil {
		return nil
	}
	return e
}

// digests says by what was judged. That of the rules is over lines as sha256sum prints them.
func digests(e *config.Effective, in *report.Attested) error {
	policy, err := json.Marshal(e.Policy)
	if err != nil {
		return fmt.Errorf("writing down the policy of a decision: %w", err)
	}
	sum := sha256.Sum256(policy)
	in.PolicyDigest = hex.EncodeToString(sum[:])
	all := sha256.New()
	for _, r := range e.Rules {
		one := sha256.Sum256(r.Data)
		_, _ = fmt.Fprintf(all, "%x  %s\n", one, r.Name) // a hash takes everything
	}
	in.RulesDigest, in.RuleFiles = hex.EncodeToString(all.Sum(nil)), len(e.Rules)
	return nil
}

// appendRecord renders a record, and gives what writes it at the end of its chain.
func (s *Server) appendRecord(ref review.Ref, in *report.Attested) (func(context.Context, *store.Tx) error, error) {
	statement := report.RenderRecord(in)
	p := &statement.Predicate
	says, err := p.Says()
	if err != nil {
		return nil, err
	}
	row := store.Record{Installation: ref.Installation, Key: keyOf(ref), Kind: p.Kind, State: p.Decision.State, Head: p.Change.Head, Made: in.Made, Says: says}
	if p.Merge != nil {
		row.Merged = p.Merge.Commit
	}
	return func(ctx context.Context, tx *store.Tx) error {
		var done store.Record
		_, err := tx.AppendRecord(ctx, row, ref.Seq, func(r *store.Record, previous string) (err error) {
			p.Chain = report.Link{Installation: r.Installation, Sequence: r.Sequence}
			if previous != "" {
				p.Chain.Previous = &report.SHA256{SHA256: previous}
			}
			r.KeyID = s.notary.key.ID
			r.Envelope, r.Digest, err = record.Seal(statement, s.notary.key)
			done = *r
			return err
		})
		if err == nil && done.Digest != "" {
			// Whoever keeps the log elsewhere can tell when the end of a chain was cut off.
			tx.AfterCommit(func() {
				s.cfg.Log.Info().Bool("audit", true).Str("repo", ref.Owner+"/"+ref.Name).Int("pr", ref.Number).Str("kind", done.Kind).Int64("installation", done.Installation).
					Int64("sequence", done.Sequence).Str("digest", done.Digest).Msg("a record was signed")
			})
		}
		return err
	}, nil
}

// recordKeys answers with every public key that records here were ever signed with, as PEM or, where it is asked for, as JSON.
func (s *Server) recordKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := s.store.RecordKeys(r.Context())
	if err != nil {
		s.cfg.Log.Error().Err(err).Msg("reading the keys of records")
		answer(w, http.StatusInternalServerError, "the keys could not be read\n")
		return
	}
	signing := ""
	if s.notary.key != nil {
		signing = s.notary.key.ID
	}
	var parsed []*record.Public
	for _, k := range keys {
		p, err := record.ParsePublic(k.PEM)
		if err != nil {
			s.cfg.Log.Error().Err(err).Str("key", k.ID).Msg("a key of records cannot be read")
			continue
		}
		parsed = append(parsed, p...)
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		data, err := keysJSON(parsed, signing)
		if err != nil {
			answer(w, http.StatusInternalServerError, "the keys could not be written\n")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(data) // whoever asked may be gone
		return
	}
	if len(parsed) == 0 {
		answer(w, http.StatusOK, "# Decisions are not signed here: no key is set (records.key_file).\n")
		return
	}
	answer(w, http.StatusOK, string(KeysText(parsed, signing)))
}

// KeysText lists public keys as PEM, each below a comment that says what it is. signing is the id of the one that signs; "": none does.
func KeysText(keys []*record.Public, signing string) []byte {
	var b bytes.Buffer
	for _, k := range keys {
		use := "verifies older records"
		if k.ID == signing {
			use = "signs"
		}
		fmt.Fprintf(&b, "# %s, %s, %s\n%s", k.ID, k.Algorithm(), use, k.PEM())
	}
	return b.Bytes()
}

func keysJSON(keys []*record.Public, signing string) ([]byte, error) {
	type key struct {
		ID        string `json:"keyid"`
		Algorithm string `json:"algorithm"`
		Signs     bool   `json:"signs"`
		PEM       string `json:"pem"`
	}
	out := struct {
		Keys []key `json:"keys"`
	}{[]key{}}
	for _, k := range keys {
		out.Keys = append(out.Keys, key{k.ID, k.Algorithm(), k.ID == signing, string(k.PEM())})
	}
	return json.MarshalIndent(out, "", "  ")
}
