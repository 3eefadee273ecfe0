// Package scan runs the checks on a change, in a sandboxed worker or in this process, and sorts what they find.
//
// A Result is a function of its Input: the same input gives the same bytes, whatever the number of processors and wherever it runs. Run
// takes one change. RunAll takes a whole tree in batches, so that its size does not matter. Worker is the other end of Run, in the child.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// An Input is all that a scan looks at.
type Input struct {
	Base, Head string         // SHA of the merge base and of the head; "" for plain folders, the work tree, and where there is no base
	Files      []*checks.File // the changed files, sorted by Path
	Contents   []Content      // of the files that have no Opaque, on both sides, and of what the checks' Reads name
	HeadPaths  []string       // all paths of the head tree; nil: not listed, because no check has Reads
	Text       checks.PRText
	Facts      checks.Facts
	Search     Search         // looks through the rest of head's tree; nil: nobody does, and checks that want it say so
	Rules      []rules.Source // beside the built-in ones
	NoBuiltin  bool           // without the built-in rules, and without the checks that have no others
	Imports    []Import       // reports of other tools
	// ImportRoots are absolute folders in which those tools saw the tree: what they say about a file there is about the file of the tree.
	ImportRoots []string
	Config      Config
	Profile     bool // measure what each rule and check costs; takes longer, because they run one by one
	// All says that there is no base: every file is added, and suppressions hold as they stand because no change can have added them. RunAll
	// sets it.
	All     bool
	AskOnly bool // what the checks ask is wanted, no scan; Ask sets it
}

// Content is the content of one file on one side.
type Content struct {
	Side checks.Side
	Path string // on that side
	Data []byte
}

// Config says which findings count and how many may be told inline.
type Config struct {
	FailOn      checks.Severity            // the lowest severity that blocks; 0: high. See BlocksFrom
	BlockOn     []string                   // ids or tags of rules that block whatever their severity
	Pack        string                     // one of checks.Packs; "": recommended
	Rollouts    map[string]checks.Rollout  // by rule id; wins over what the rule says
	Overrides   map[string]checks.Override // by rule id; in place of what the rule says
	MaxComments int                        // 0: 10; negative: none
	// FailOnCountsRules makes the rules of repositories and flags count like built-in ones, unless Rollouts says otherwise.
	FailOnCountsRules bool
	// Imports says how far the findings of other tools go; "": comment. Rollouts wins for a rule that it names.
	Imports checks.Rollout
}

// A Lister gives the checks, with one check for all of the rules; checks/all has the one of the product. If some of the rules cannot run it
// gives the checks all the same, and rules.CannotRun as its error; the scan then goes on and tells them.
type Lister func(rs []*rules.Rule) ([]*checks.Check, error)

// Options say how to scan. They have no influence on the result.
type Options struct {
	Sandbox sandbox.Mode  // "": require
	Timeout time.Duration // of the whole scan; 0: 5 minutes and more for a large input
	// Progress is told how many of the files are done; it may be nil. Calls come one at a time.
	Progress func(done, total int)
}

const (
	maxFiles    = 1 << 20
	maxBlobs    = 4 << 20
	maxBytes    = 2 << 30 // of all contents together
	maxFindings = 20_000  // of one check on one side
)

// Run scans one change. An error means that nothing can be said; a check that failed is part of the result.
func Run(ctx context.Context, in *Input, list Lister, opt Options) (*Result, error) {
	start := time.Now()
	size, err := in.check()
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	opt.Sandbox = cmp.Or(opt.Sandbox, sandbox.Require)
	opt.Timeout = cmp.Or(opt.Timeout, 5*time.Minute+time.Duration(size>>20)*4*time.Second)

	var result *Result
	if opt.Sandbox == sandbox.Off {
		ctx, cancel := context.WithTimeoutCause(ctx, opt.Timeout, fmt.Errorf("the scan took longer than %s", opt.Timeout))
		defer cancel()
		result, err = judge(ctx, in, list, opt.Progress)
		if err == nil {
			result.Sandbox.Mode = string(sandbox.Off)
		}
	} else {
		result, err = inWorker(ctx, in, size, opt)
	}
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	result.Duration = time.Since(start)
	return result, nil
}

// RunAll scans a whole tree that comes in batches, one after the other, so that only one batch and the findings are in memory. Each
// batch is an Input with its own Files and Contents; All is set here. An empty sequence is an error: there would be no rules to name.
func RunAll(ctx context.Context, batches iter.Seq2[*Input, error], list Lister, opt Options) (*Result, error) {
	start := time.Now()
	var all *Result
	most := 0
	for in, err := range batches {
		if err != nil {
			return nil, err
		}
		in.All = true
		most = in.Config.maxComments()
		one, err := Run(ctx, in, list, opt)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = one
			continue
		}
		all.add(one)
	}
	if all == nil {
		return nil, errors.New("scan: there is nothing to scan")
	}
	all.finish(most)
	all.Duration = time.Since(start)
	return all, nil
}

// check holds the bounds that everything after relies on, and gives the size of the contents.
func (in *Input) check() (size int64, err error) {
	if len(in.Files) > maxFiles {
		return 0, fmt.Errorf("%d changed files, over the limit of %d", len(in.Files), maxFiles)
	}
	if len(in.Contents) > maxBlobs {
		return 0, fmt.Errorf("%d contents, over the limit of %d", len(in.Contents), maxBlobs)
	}
	for _, c := range in.Contents {
		size += int64(len(c.Data))
	}
	for _, r := range in.Rules {
		size += int64(len(r.Data))
	}
	if len(in.Imports) > maxImports {
		return 0, fmt.Errorf("%d reports of other tools, over the limit of %d", len(in.Imports), maxImports)
	}
	for _, one := range in.Imports {
		size += int64(len(one.Data))
	}
	if size > maxBytes {
		return 0, fmt.Errorf("%d bytes to scan, over the limit of %d: scan in batches", size, int64(maxBytes))
	}
	if !slices.IsSortedFunc(in.Files, func(a, b *checks.File) int { return cmp.Compare(a.Path, b.Path) }) {
		return 0, errors.New("the changed files are not sorted by path")
	}
	if p := in.Config.Pack; p != "" && !slices.Contains(checks.Packs(), p) {
		return 0, fmt.Errorf("unknown pack %q (want %s)", p, strings.Join(checks.Packs(), ", "))
	}
	return size, nil
}

// BlocksFrom is the lowest severity that blocks. The strict pack blocks from medium on, whatever else is said, so that one file cannot take back
// what another asked for; lower may be said.
func (c *Config) BlocksFrom() checks.Severity {
	from := cmp.Or(c.FailOn, checks.High)
	if c.Pack == string(checks.PackStrict) {
		from = min(from, checks.Medium)
	}
	return from
}

// outOfPack says whether the pack leaves a rule out that is in another one. Naming the rule in Rollouts puts it in.
func (c *Config) outOfPack(pack checks.Pack) bool {
	return pack == checks.PackStrict && c.Pack != string(checks.PackStrict)
}

func (c *Config) maxComments() int { return max(cmp.Or(c.MaxComments, 10), 0) }
