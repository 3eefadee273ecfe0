package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// PayloadType is what a DSSE envelope calls an in-toto statement.
const PayloadType = "application/vnd.in-toto+json"

// Bounds of a record, as it comes from a stranger.
const (
	MaxRecord     = 8 << 20 // bytes of one envelope
	maxSignatures = 8
	maxDepth      = 64 // of its JSON
)

// An Envelope is a DSSE envelope (version 1).
type Envelope struct {
	Payload     string      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []Signature `json:"signatures"`
}

// A Signature of an envelope. KeyID is no more than a hint in DSSE; here it must be the key's.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

var encoding = base64.StdEncoding.Strict()

// decode reads base64 in the one form that encoding writes: Go's decoder would pass over line ends.
func decode(text string) ([]byte, bool) {
	data, err := encoding.DecodeString(text)
	return data, err == nil && len(text) == encoding.EncodedLen(len(data))
}

// Seal signs a statement. digest is that of the payload, by which the next record of the chain names this one.
func Seal(s *report.Statement, key *Private) (envelope []byte, digest string, err error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, "", fmt.Errorf("writing a record: %w", err)
	}
	sig, err := key.sign(pae(PayloadType, payload))
	if err != nil {
		return nil, "", fmt.Errorf("signing a record: %w", err)
	}
	envelope, err = json.Marshal(Envelope{encoding.EncodeToString(payload), PayloadType, []Signature{{key.ID, encoding.EncodeToString(sig)}}})
	return envelope, digestOf(payload), err
}

// pae is DSSE's pre-authentication encoding: what is signed.
func pae(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

func digestOf(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// A Record is an envelope that was read. Nothing of it is to be believed before Verify.
type Record struct {
	Digest    string // of the payload
	Statement report.Statement

	payload    []byte
	signatures []signature
}

type signature struct {
	key string
	sig []byte
}

// Parse reads an envelope and the statement in it. It accepts one spelling of each only: no unknown or repeated names, no second form of base64.
func Parse(data []byte) (*Record, error) {
	if len(data) > MaxRecord {
		return nil, fmt.Errorf("it is larger than %d bytes", MaxRecord)
	}
	var e Envelope
	if err := strict(data, &e); err != nil {
		return nil, fmt.Errorf("it is no DSSE envelope: %w", err)
	}
	if e.PayloadType != PayloadType {
		return nil, fmt.Errorf("its payload is %q, and not an in-toto statement (%s)", clip(e.PayloadType), PayloadType)
	}
	r := &Record{}
	var ok bool
	if r.payload, ok = decode(e.Payload); !ok {
		return nil, errors.New("its payload is not base64")
	}
	switch n := len(e.Signatures); {
	case n == 0:
		return nil, errors.New("it is not signed")
	case n > maxSignatures:
		return nil, fmt.Errorf("it has %d signatures, and %d are the most that are looked at", n, maxSignatures)
	}
	for i, s := range e.Signatures {
		sig, ok := decode(s.Sig)
		if !ok || len(sig) == 0 {
			return nil, fmt.Errorf("signature %d is not base64", i+1)
		}
		r.signatures = append(r.signatures, signature{s.KeyID, sig})
	}
	if err := names(r.payload); err != nil {
		return nil, fmt.Errorf("its statement cannot be read: %w", err)
	}
	if err := json.Unmarshal(r.payload, &r.Statement); err != nil {
		return nil, fmt.Errorf("its statement cannot be read: %s", plain(err))
	}
	r.Digest = digestOf(r.payload)
	return r, r.form()
}

var commitForm = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// form says what is wrong with a statement, whoever signed it.
func (r *Record) form() error {
	s := &r.Statement
	p := &s.Predicate
	switch {
	case s.Type != report.StatementType:
		return fmt.Errorf("it is a %q, and not an in-toto statement of version 1", clip(s.Type))
	case s.PredicateType != report.RecordType:
		return fmt.Errorf("it states a %q, and this program reads %s", clip(s.PredicateType), report.RecordType)
	case len(s.Subject) == 0 || s.Subject[0].Name != "head" || s.Subject[0].Digest.GitCommit != p.Change.Head || !commitForm.MatchString(p.Change.Head):
		return errors.New("its first subject is not the head that was judged")
	case p.Result != report.RecordPassed && p.Result != report.RecordFailed:
		return fmt.Errorf("its result is %q", clip(p.Result))
	case p.Chain.Sequence < 1 || (p.Chain.Sequence == 1) != (p.Chain.Previous == nil):
		return fmt.Errorf("its place in the chain is not possible: number %d", p.Chain.Sequence)
	}
	switch {
	case p.Kind == report.RecordDecision && p.Merge == nil && len(s.Subject) == 1:
	case p.Kind == report.RecordMerge && p.Merge != nil && len(s.Subject) == 2 && s.Subject[1].Name == "merge" && s.Subject[1].Digest.GitCommit == p.Merge.Commit && commitForm.MatchString(p.Merge.Commit):
	default:
		return fmt.Errorf("a record of the kind %q does not have these subjects", clip(p.Kind))
	}
	return nil
}

// Verify checks every signature against the keys: each must be by a key that is known. It gives the keys that signed.
func (r *Record) Verify(keys []*Public) ([]*Public, error) {
	var by []*Public
	for _, s := range r.signatures {
		i := indexKey(keys, s.key)
		if i < 0 {
			return nil, fmt.Errorf("it is signed with the key %s, which is not among the %d keys that were given", clip(s.key), len(keys))
		}
		if !keys[i].verifies(pae(PayloadType, r.payload), s.sig) {
			return nil, fmt.Errorf("the signature with the key %s does not fit: the record was changed, or another key signed it", clip(s.key))
		}
		by = append(by, keys[i])
	}
	return by, nil
}

func indexKey(keys []*Public, id string) int {
	for i, k := range keys {
		if k.ID == id {
			return i
		}
	}
	return -1
}

// strict decodes one JSON value whose names are exactly those of the type.
func strict(data []byte, into any) error {
	if err := names(data); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New(plain(err))
	}
	// The decoder takes a name in any case, and takes what is missing for empty.
	written, err := json.Marshal(into)
	if err != nil {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return errors.New(plain(err))
	}
	if canonical(written) != canonical(compact.Bytes()) {
		return errors.New("its fields are not those of an envelope")
	}
	return nil
}

// canonical writes JSON with sorted names.
func canonical(data []byte) string {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return ""
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}

// names refuses JSON in which a name stands twice, which readers understand in different ways, what is nested without end, and what follows the value.
func names(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows after its end")
	}
	return nil
}

func walk(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return errors.New(plain(err))
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return errors.New(plain(err))
			}
			name, _ := t.(string)
			if seen[name] {
				return fmt.Errorf("the name %q stands twice", clip(name))
			}
			seen[name] = true
		}
		if err := walk(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errors.New(plain(err))
	}
	return nil
}

// plain says what is wrong with JSON without the decoder's name for itself.
func plain(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Sprintf("%s is a %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}

// clip bounds a text that a stranger wrote.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
