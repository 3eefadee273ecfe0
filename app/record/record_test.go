package record

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/report"
)

const (
	headSHA  = "1111111111111111111111111111111111111111"
	mergeSHA = "3333333333333333333333333333333333333333"
)

func private(t testing.TB, kind string) *Private {
	t.Helper()
	var key any
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	p, err := ParsePrivate(pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}))
	if kind == "p384" || kind == "rsa" {
		if err == nil {
			t.Fatalf("a key of the kind %s was taken", kind)
		}
		return nil
	}
	must(t, err)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func statement(sequence int64, previous string) *report.Statement {
	at := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	digest := &report.SHA256{SHA256: strings.Repeat("ab", 32)}
	files := report.RecordFiles{Count: 1, Digest: digest, Paths: []report.RecordPath{{Path: "a.go", Blob: headSHA}}}
	bob := report.RecordPerson{ID: 2, Login: "bob", Type: "User"}
	s := &report.Statement{Type: report.StatementType, PredicateType: report.RecordType,
		Subject: []report.Subject{
			{Name: "head", URI: "https://github.com/acme/shop/commit/" + headSHA, Digest: report.GitDigest{GitCommit: headSHA}},
			{Name: "merge", URI: "https://github.com/acme/shop/commit/" + mergeSHA, Digest: report.GitDigest{GitCommit: mergeSHA}, Annotations: &report.Annotations{SourceRefs: []string{"refs/heads/main"}}},
		},
		Predicate: report.Record{
			Kind: report.RecordMerge, Chain: report.Link{Installation: 5, Sequence: sequence}, Time: at, Resource: "git+https://github.com/acme/shop", Result: report.RecordPassed, SLSA: "1.2",
			Verifier:   report.Verifier{ID: "https://gate.example.com", Version: map[string]string{"reviewgate": "1.2.3"}},
			Policy:     report.RecordPolicy{URI: "git+https://github.com/acme/shop@2#.github/reviewgate.yml", Digest: digest, Rules: digest, RuleFiles: 1, Sources: []string{"a@b"}},
			Change:     report.RecordChange{Repository: "acme/shop", RepoID: 70, Number: 12, Head: headSHA, BaseRef: "main", Base: mergeSHA, MergeBase: mergeSHA, Author: bob, Commits: 1, Files: files, Agents: []report.RecordAgent{{Agent: "x", Evidence: "y"}}},
			Decision:   report.RecordVerdict{State: "pass", Title: "Passed", Reasons: []string{"r"}, Guards: []report.RecordGuard{{Name: "g", Approved: []string{"bob"}, Holds: true}}},
			Reviews:    []report.RecordReview{{Reviewer: bob, ReviewID: 7, State: "APPROVED", Counts: true, At: &at, Seen: &report.RecordSeen{Head: headSHA, MergeBase: mergeSHA, BaseRef: "main", Files: files}}},
			Waivers:    []report.RecordWaiver{{By: bob, CommentID: 9, Rule: "sql", Reason: "because", Until: &at, Counts: true}},
			Exemptions: []string{"e"}, Findings: report.RecordFindings{Scanned: true, BySeverity: map[string]int{"high": 1}, Blocking: []report.RecordFinding{{Rule: "sql"}}},
			Merge: &report.RecordMerged{Commit: mergeSHA, By: "alice", At: &at},
		}}
	if previous != "" {
		s.Predicate.Chain.Previous = &report.SHA256{SHA256: previous}
	}
	return s
}

func sealed(t testing.TB, key *Private, sequence int64, previous string) (envelope []byte, digest string) {
	t.Helper()
	envelope, digest, err := Seal(statement(sequence, previous), key)
	must(t, err)
	return envelope, digest
}

// holds says whether an envelope is accepted with the keys.
func holds(envelope []byte, keys ...*Public) error {
	r, err := Parse(envelope)
	if err != nil {
		return err
	}
	_, err = r.Verify(keys)
	return err
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p256"} {
		key, other := private(t, kind), private(t, kind)
		envelope, _ := sealed(t, key, 1, "")
		must(t, holds(envelope, &other.Public, &key.Public))
		keys, err := ParsePublic(append(key.PEM(), other.PEM()...))
		must(t, err)
		if len(keys) != 2 || keys[0].ID != key.ID {
			t.Errorf("%s: the keys %v do not come back", kind, keys)
		}
		must(t, holds(envelope, keys...))
		if holds(envelope, &other.Public) == nil || holds(envelope) == nil {
			t.Errorf("%s: a record is accepted without its key", kind)
		}
		posing := other.Public
		posing.ID = key.ID
		if holds(envelope, &posing) == nil {
			t.Errorf("%s: another key with its id is accepted", kind)
		}
	}
	private(t, "p384")
	private(t, "rsa")
}

// TestTampering changes every leaf of the statement and of the envelope, leaves every field out, and flips every bit of the signature: each is noticed.
func TestTampering(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p256"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			key := private(t, kind)
			envelope, _ := sealed(t, key, 2, strings.Repeat("cd", 32))
			must(t, holds(envelope, &key.Public))
			var e Envelope
			must(t, json.Unmarshal(envelope, &e))
			payload, err := encoding.DecodeString(e.Payload)
			must(t, err)

			n := 0
			for where, changed := range mutations(t, payload) {
				e := e
				e.Payload = encoding.EncodeToString(changed)
				data, err := json.Marshal(e)
				must(t, err)
				if n++; holds(data, &key.Public) == nil {
					t.Errorf("the statement changed at %s is accepted", where)
				}
			}
			if n < 150 {
				t.Errorf("only %d changes of the statement were tried", n)
			}
			m := 0
			for where, changed := range mutations(t, envelope) {
				if m++; holds(changed, &key.Public) == nil {
					t.Errorf("the envelope changed at %s is accepted", where)
				}
			}
			if m < 8 {
				t.Errorf("only %d changes of the envelope were tried", m)
			}
			sig, err := encoding.DecodeString(e.Signatures[0].Sig)
			must(t, err)
			for i := range len(sig) * 8 {
				changed := bytes.Clone(sig)
				changed[i/8] ^= 1 << (i % 8)
				e := e
				e.Signatures = []Signature{{key.ID, encoding.EncodeToString(changed)}}
				data, err := json.Marshal(e)
				must(t, err)
				if holds(data, &key.Public) == nil {
					t.Errorf("bit %d of the signature changed is accepted", i)
				}
			}
			// Every byte of the file, also where JSON or base64 could read the same from it.
			for i := range envelope {
				changed := bytes.Clone(envelope)
				changed[i] ^= 1
				if holds(changed, &key.Public) == nil {
					t.Errorf("byte %d of the file (%q) changed to %q is accepted", i, envelope[i], changed[i])
				}
			}
		})
	}
}

// mutations gives the JSON with each leaf changed, and with each field or element left out, by place.
func mutations(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	var tree any
	must(t, json.Unmarshal(data, &tree))
	emit := func(where string) {
		changed, err := json.Marshal(tree)
		must(t, err)
		out[where] = changed
	}
	var walk func(at any, where string, set func(any), drop func() func())
	walk = func(at any, where string, set func(any), drop func() func()) {
		if drop != nil {
			undo := drop()
			emit(where + " left out")
			undo()
		}
		switch v := at.(type) {
		case map[string]any:
			for k, child := range v {
				walk(child, where+"."+k, func(x any) { v[k] = x }, func() func() { delete(v, k); return func() { v[k] = child } })
			}
		case []any:
			for i, child := range v {
				walk(child, fmt.Sprintf("%s[%d]", where, i), func(x any) { v[i] = x }, nil)
			}
		case string:
			set(v + "x")
			emit(where)
			set(v)
		case float64:
			set(v + 1)
			emit(where)
			set(v)
		case bool:
			set(!v)
			emit(where)
			set(v)
		default:
			t.Fatalf("%s is a %s", where, reflect.TypeOf(at))
		}
	}
	walk(tree, "", nil, nil)
	return out
}

// TestForms: an envelope has one spelling.
func TestForms(t *testing.T) {
	t.Parallel()
	key := private(t, "ed25519")
	envelope, _ := sealed(t, key, 1, "")
	text := string(envelope)
	sig := text[strings.Index(text, `"sig":"`)+7 : strings.LastIndex(text, `"`)]
	for name, c := range map[string]struct{ data, want string }{
		"nothing":                {"", "ends too early"},
		"a list":                 {"[]", "no DSSE envelope"},
		"cut off":                {text[:len(text)-3], "ends too early"},
		"two":                    {text + text, "something follows"},
		"a name twice":           {strings.Replace(text, `{"payload"`, `{"payload":"","payload"`, 1), "stands twice"},
		"a name in capitals":     {strings.Replace(text, `"payload"`, `"PAYLOAD"`, 1), "fields are not"},
		"an unknown name":        {strings.Replace(text, `{"payload"`, `{"more":1,"payload"`, 1), "unknown field"},
		"another type":           {strings.Replace(text, PayloadType, "text/plain", 1), `payload is "text/plain"`},
		"no signature":           {text[:strings.Index(text, `"signatures"`)] + `"signatures":[]}`, "not signed"},
		"an empty signature":     {strings.Replace(text, sig, "", 1), "not base64"},
		"base64 of URLs":         {strings.Replace(text, sig, strings.Repeat("_", len(sig)), 1), "not base64"},
		"a line in the base64":   {strings.Replace(text, sig, sig[:4]+`\n`+sig[4:], 1), "not base64"},
		"a second signer":        {strings.Replace(text, `"signatures":[`, `"signatures":[{"keyid":"x","sig":"AAAA"},`, 1), "not among the 1 keys"},
		"deep":                   {strings.Repeat("[", 100000), "nested"},
		"too many signatures":    {strings.Replace(text, `"signatures":[`, `"signatures":[`+strings.Repeat(`{"keyid":"x","sig":"AAAA"},`, 20), 1), "21 signatures"},
		"signatures of null":     {strings.Replace(text, `"signatures":[`, `"signatures":[null,`, 1), "fields are not"},
		"something behind the }": {text + "x", "something follows"},
	} {
		err := holds([]byte(c.data), &key.Public)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	// White space between the parts changes nothing of what is signed.
	var wide bytes.Buffer
	must(t, json.Indent(&wide, envelope, "", "  "))
	must(t, holds(wide.Bytes(), &key.Public))
}

// TestStatementForm: what a key signed and is no record of a decision is not taken for one.
func TestStatementForm(t *testing.T) {
	t.Parallel()
	key := private(t, "ed25519")
	for name, change := range map[string]func(s *report.Statement){
		"another statement":       func(s *report.Statement) { s.Type = "https://in-toto.io/Statement/v0.1" },
		"another predicate":       func(s *report.Statement) { s.PredicateType = "https://slsa.dev/provenance/v1" },
		"no subject":              func(s *report.Statement) { s.Subject = nil },
		"another head":            func(s *report.Statement) { s.Subject[0].Digest.GitCommit = mergeSHA },
		"no commit":               func(s *report.Statement) { s.Subject[0].Digest.GitCommit, s.Predicate.Change.Head = "HEAD", "HEAD" },
		"another merge":           func(s *report.Statement) { s.Predicate.Merge.Commit = headSHA },
		"a merge without subject": func(s *report.Statement) { s.Subject = s.Subject[:1] },
		"a decision with a merge": func(s *report.Statement) { s.Predicate.Kind = report.RecordDecision },
		"an unknown result":       func(s *report.Statement) { s.Predicate.Result = "MAYBE" },
		"number 0":                func(s *report.Statement) { s.Predicate.Chain.Sequence = 0 },
		"2 without one before":    func(s *report.Statement) { s.Predicate.Chain.Sequence = 2 },
	} {
		s := statement(1, "")
		change(s)
		envelope, _, err := Seal(s, key)
		must(t, err)
		if holds(envelope, &key.Public) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestChain: what is missing, stands twice, was put elsewhere or signed anew by another history is noticed.
func TestChain(t *testing.T) {
	t.Parallel()
	key := private(t, "ed25519")
	var all []*Record
	previous := ""
	for i := range int64(5) {
		var envelope []byte
		envelope, previous = sealed(t, key, i+1, previous)
		r, err := Parse(envelope)
		must(t, err)
		all = append(all, r)
	}
	forged := func(sequence int64, previous string) *Record {
		s := statement(sequence, previous)
		s.Predicate.Decision.Title = "forged"
		envelope, _, err := Seal(s, key)
		must(t, err)
		r, err := Parse(envelope)
		must(t, err)
		return r
	}
	for _, c := range []struct {
		name string
		list []*Record
		want string
	}{
		{"whole", all, ""},
		{"in any order", []*Record{all[4], all[0], all[2], all[1], all[3]}, ""},
		{"one twice", append([]*Record{all[2]}, all...), ""},
		{"the first is missing", all[1:], "begins with record 2"},
		{"one is missing", []*Record{all[0], all[1], all[3], all[4]}, "after record 2 comes record 4"},
		{"one was replaced", []*Record{all[0], all[1], forged(3, all[1].Digest), all[3], all[4]}, "record 4 follows another record"},
		{"one with another link", []*Record{all[0], all[1], forged(3, all[3].Digest)}, "record 3 follows another record"},
		{"two of a number", append([]*Record{forged(3, all[1].Digest)}, all...), "two different records 3"},
	} {
		chains := Chains(c.list)
		got := strings.Join(chains[0].Problems, "; ")
		if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if c.want == "" && (chains[0].Head != all[4].Digest || chains[0].Last != 5) {
			t.Errorf("%s: it ends with %d, %s", c.name, chains[0].Last, chains[0].Head)
		}
	}
}

// FuzzParse: whatever a stranger sends is read or refused, and what is read has the form of a record.
func FuzzParse(f *testing.F) {
	key := private(f, "ed25519")
	envelope, _ := sealed(f, key, 1, "")
	f.Add(envelope)
	f.Add([]byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"","sig":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		if _, err := r.Verify([]*Public{&key.Public}); err == nil && !bytes.Contains(data, []byte(key.ID)) {
			t.Errorf("a record without the key's id is accepted: %q", data)
		}
		Chains([]*Record{r})
	})
}

func FuzzKeys(f *testing.F) {
	f.Add(private(f, "p256").PEM())
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := ParsePublic(data)
		if err == nil && len(keys) == 0 {
			t.Error("neither a key nor an error")
		}
	})
}
