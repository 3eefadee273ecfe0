package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/record"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// Bounds of what verify reads.
const (
	maxRecordsFile = 4 << 30
	maxKeyFile     = 1 << 20
)

type verifyOptions struct {
	keys   []string
	chain  bool
	head   string
	repo   string
	format string
}

func verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check signed records of decisions, offline",
		Long: `Check records that a reviewgate server signed: one DSSE envelope, or a file with one on each line as ` + "`reviewgate records export`" + ` writes
it ("-": standard input). Nothing is asked of any server.

Checked are the form, every signature against the keys of --key, and that the record is what it says it is. --chain also checks that the records
follow on each other without a gap, from the first; --head that the last one is the one with this digest, which the server's page and log name.
--repo compares them with a git repository on this machine: that the commits are there, and that git lists the same files for the change and for
what each approval saw.

Exit codes: 0 everything holds, 1 something does not, 2 wrong usage or a file that cannot be read.`,
		Example: "  reviewgate verify record.json --key records-keys.pem\n  reviewgate verify records.jsonl --key records-keys.pem --chain --repo .",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("no record was named"), "write: reviewgate verify FILE --key KEYS.pem")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return verify(cmd, args, &o) },
	}
	cmd.Flags().StringArrayVar(&o.keys, "key", nil, "`FILE` with public keys (PEM), as the server publishes them at /records/keys; repeatable")
	cmd.Flags().BoolVar(&o.chain, "chain", false, "check that the records follow on each other, from the first, without a gap")
	cmd.Flags().StringVar(&o.head, "head", "", "with --chain: `DIGEST` of the last record, so that nothing can be cut off at the end")
	cmd.Flags().StringVar(&o.repo, "repo", "", "compare with the git repository in this `DIR`")
	cmd.Flags().StringVar(&o.format, "format", "text", "output format: text, json")
	return cmd
}

// A verified is what became of one record, as it is told.
type verified struct {
	Where    string   `json:"where"` // file, and the line where there are several
	Holds    bool     `json:"holds"`
	Problems []string `json:"problems"`
	Said     []string `json:"said"`
	Digest   string   `json:"digest,omitempty"`
	Keys     []string `json:"keys,omitempty"`

	record *record.Record
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func verify(cmd *cobra.Command, files []string, o *verifyOptions) error {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	switch {
	case len(o.keys) == 0:
		return usage(errors.New("without a key nobody can say who signed"), "name the server's public keys with --key FILE; the server publishes them at /records/keys")
	case o.head != "" && !o.chain:
		return usage(errors.New("--head says where a chain ends"), "give --chain too")
	case o.head != "" && !digestForm.MatchString(o.head):
		return usage(fmt.Errorf("--head %q is not a digest", o.head), "write the 64 characters that the server names")
	}
	keys, err := readKeys(o.keys)
	if err != nil {
		return err
	}
	var repo *localRepository
	if o.repo != "" {
		snap, err := source.ObjectsOf(cmd.Context(), o.repo)
		if err != nil {
			return usage(err, "")
		}
		defer func() { _ = snap.Close() }() // it holds a temporary folder, and the answer is given
		repo = &localRepository{snap}
	}
	var list []*verified
	for _, file := range files {
		if list, err = readRecords(cmd, file, list); err != nil {
			return err
		}
	}
	var good []*record.Record
	for _, v := range list {
		if v.record == nil {
			continue
		}
		by, err := v.record.Verify(keys)
		if err != nil {
			v.Problems = append(v.Problems, err.Error())
			continue
		}
		for _, k := range by {
			v.Keys = append(v.Keys, k.ID)
		}
		good = append(good, v.record)
		if repo != nil {
			said, wrong, err := v.record.Compare(cmd.Context(), repo)
			if err != nil {
				return unsure(fmt.Errorf("comparing with the repository: %w", err))
			}
			v.Said, v.Problems = append(v.Said, said...), append(v.Problems, wrong...)
		}
	}
	var chains []record.Chain
	if o.chain {
		chains = record.Chains(good)
		if o.head != "" && !slices.ContainsFunc(chains, func(c record.Chain) bool { return c.Head == o.head }) {
			for i := range chains {
				chains[i].Problems = append(chains[i].Problems, "it does not end with the record "+o.head)
			}
		}
	}
	return tellVerified(cmd, o, list, chains)
}

func readKeys(files []string) ([]*record.Public, error) {
	var keys []*record.Public
	for _, file := range files {
		data, err := readAtMost(file, maxKeyFile)
		if err != nil {
			return nil, usage(fmt.Errorf("reading the key %s: %w", file, err), "")
		}
		more, err := record.ParsePublic(data)
		if err != nil {
			return nil, usage(fmt.Errorf("the key %s: %w", file, err), "the server publishes its keys at /records/keys")
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

func readAtMost(file string, most int64) (data []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(f, most+1)); err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it is larger than %d bytes", most)
	}
	return data, err
}

// readRecords reads a file of one record, on one line or many, or of one record per line.
func readRecords(cmd *cobra.Command, file string, list []*verified) ([]*verified, error) {
	var data []byte
	var err error
	if file == "-" {
		file = "standard input"
		data, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxRecordsFile))
	} else {
		data, err = readAtMost(file, maxRecordsFile)
	}
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", file, err), "")
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, usage(fmt.Errorf("%s is empty", file), "")
	}
	add := func(where string, data []byte) {
		v := &verified{Where: where, Problems: []string{}, Said: []string{}}
		if v.record, err = record.Parse(data); err != nil {
			v.record, v.Problems = nil, append(v.Problems, err.Error())
		} else {
			v.Digest, v.Said = v.record.Digest, append(v.Said, say(&v.record.Statement.Predicate))
		}
		list = append(list, v)
	}
	lines := bytes.Split(bytes.TrimRight(data, "\r\n"), []byte("\n"))
	if len(lines) == 1 || !bytes.HasSuffix(bytes.TrimSpace(lines[0]), []byte("}")) {
		add(file, data)
		return list, nil
	}
	for i, line := range lines {
		add(fmt.Sprintf("%s:%d", file, i+1), line)
	}
	return list, nil
}

// say is a record in one sentence.
func say(p *report.Record) string {
	c := &p.Change
	what := fmt.Sprintf("record %d of installation %d: %s#%d at %s", p.Chain.Sequence, p.Chain.Installation, c.Repository, c.Number, c.Head[:min(7, len(c.Head))])
	verdict := "let through"
	if p.Result != report.RecordPassed {
		verdict = "not let through"
	}
	if p.Decision.Advisory {
		verdict += " (the policy only advises)"
	}
	what += ", " + verdict
	if m := p.Merge; m != nil {
		what += ", merged as " + m.Commit[:min(7, len(m.Commit))]
		if m.By != "" {
			what += " by @" + m.By
		}
		if m.Bypass != "" {
			what += ", around the gate: " + m.Bypass
		}
	}
	var approved []string
	for _, r := range p.Reviews {
		if r.Counts {
			approved = append(approved, "@"+r.Reviewer.Login)
		}
	}
	if len(approved) > 0 {
		what += "; approved by " + strings.Join(approved, ", ")
	}
	return what
}

func tellVerified(cmd *cobra.Command, o *verifyOptions, list []*verified, chains []record.Chain) error {
	bad := 0
	for _, v := range list {
		if v.Holds = len(v.Problems) == 0; !v.Holds {
			bad++
		}
	}
	for _, c := range chains {
		bad += len(c.Problems)
	}
	var err error
	if o.format == "json" {
		type chain struct {
			Installation int64    `json:"installation"`
			First        int64    `json:"first"`
			Last         int64    `json:"last"`
			Head         string   `json:"head"`
			Problems     []string `json:"problems"`
		}
		told := []chain{}
		for _, c := range chains {
			told = append(told, chain{c.Installation, c.First, c.Last, c.Head, append([]string{}, c.Problems...)})
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(struct {
			Holds   bool        `json:"holds"`
			Records []*verified `json:"records"`
			Chains  []chain     `json:"chains,omitempty"`
		}{bad == 0, list, told})
	} else {
		_, err = io.WriteString(cmd.OutOrStdout(), verifiedText(list, chains))
	}
	if err != nil {
		return unsure(fmt.Errorf("writing the answer: %w", err))
	}
	if bad > 0 {
		return &exitError{code: exitBlocked}
	}
	return nil
}

// told bounds the records of a long list that are told one by one though they hold.
const told = 20

func verifiedText(list []*verified, chains []record.Chain) string {
	var b strings.Builder
	bad := 0
	for i, v := range list {
		if !v.Holds {
			bad++
		}
		if v.Holds && i >= told {
			continue
		}
		word := "ok"
		if !v.Holds {
			word = "WRONG"
		}
		fmt.Fprintf(&b, "%s: %s\n", clean(v.Where), word)
		for _, p := range v.Problems {
			fmt.Fprintf(&b, "  ! %s\n", clean(p))
		}
		for _, s := range v.Said {
			fmt.Fprintf(&b, "    %s\n", clean(s))
		}
		for _, k := range v.Keys {
			fmt.Fprintf(&b, "    signed with the key %s\n", k)
		}
	}
	for _, c := range chains {
		if len(c.Problems) == 0 {
			fmt.Fprintf(&b, "chain of installation %d: whole, records %d to %d, the last is %s\n", c.Installation, c.First, c.Last, c.Head)
			continue
		}
		fmt.Fprintf(&b, "chain of installation %d: BROKEN\n", c.Installation)
		for _, p := range c.Problems {
			fmt.Fprintf(&b, "  ! %s\n", p)
		}
	}
	if len(list) > 1 {
		fmt.Fprintf(&b, "%d records, %d of them wrong\n", len(list), bad)
	}
	return b.String()
}

// clean leaves out of a stranger's text what a terminal would act on.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
}

// localRepository is a git repository as records are compared with it.
type localRepository struct{ snap *source.Snapshot }

func (l *localRepository) Has(ctx context.Context, commit string) error {
	if _, err := l.snap.CommitAt(ctx, commit); err != nil {
		return errors.New("fetch it first, for example with: git fetch origin " + commit)
	}
	return nil
}

func (l *localRepository) Differ(ctx context.Context, from, to string) (record.Table, error) {
	files, err := l.snap.ChangedPaths(ctx, from, to)
	if err != nil {
		return record.Table{}, err
	}
	t := record.Table{Blobs: make(map[string]string, len(files))}
	seen := make(map[string]gate.Seen, len(files))
	paths := make([]string, 0, len(files))
	for _, f := range files {
		seen[f.Path] = gate.Seen{Mode: f.Mode, Blob: f.Blob, BaseMode: f.OldMode, BaseBlob: f.OldBlob}
		t.Blobs[f.Path] = f.Blob
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	t.Digest, _ = report.TableDigest(paths, func(path string) gate.Seen { return seen[path] })
	return t, nil
}
