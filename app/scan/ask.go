package scan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	maxAsked     = 10_000 // packages
	maxAskedName = 300    // bytes of a name or version
)

// Ask finds out what the checks want to be told of the input in Facts.Answers, before it is scanned: sorted, each once. It looks only at the files
// that their Reads name; where no changed file is among them, no worker is started and nothing is asked. What comes back was read from
// untrusted code: it is data to look up, and no more than 10,000 names.
func Ask(ctx context.Context, in *Input, list Lister, opt Options) ([]checks.Package, error) {
	small, err := in.asking(list)
	if err != nil || small == nil {
		return nil, err
	}
	size, err := small.check()
	if err != nil {
		return nil, fmt.Errorf("asking the checks: %w", err)
	}
	opt.Sandbox = cmp.Or(opt.Sandbox, sandbox.Require)
	opt.Timeout = cmp.Or(opt.Timeout, time.Minute+time.Duration(size>>20)*4*time.Second)
	var asked []checks.Package
	if opt.Sandbox == sandbox.Off {
		ctx, cancel := context.WithTimeout(ctx, opt.Timeout)
		defer cancel()
		asked, err = ask(ctx, small, list)
	} else {
		small.AskOnly = true
		o := sandbox.Options{Mode: opt.Sandbox, InputSize: size, Timeout: opt.Timeout, MaxAnswer: maxAskedSize + maxError}
		_, err = sandbox.Run(ctx, o, func(w io.Writer) error { return writeRequest(w, small) }, func(r io.Reader) (err error) {
			asked, err = readAsked(r)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("asking the checks: %w", err)
	}
	return asked, nil
}

// asking gives what the checks that ask are to see; nil if there is nothing.
func (in *Input) asking(list Lister) (*Input, error) {
	all, err := askers(list)
	if err != nil || in.NoBuiltin {
		return nil, err
	}
	var paths []string
	for _, f := range in.Files {
		paths = append(paths, f.Path)
	}
	wanted := Asked(all, paths)
	if len(wanted) == 0 {
		return nil, nil
	}
	small := &Input{Base: in.Base, Head: in.Head, HeadPaths: in.HeadPaths, Text: in.Text, Config: in.Config, All: in.All}
	maps.Copy(wanted, Asked(all, in.HeadPaths))
	for _, f := range in.Files {
		if wanted[f.Path] || wanted[f.OldPath] {
			small.Files = append(small.Files, f)
			wanted[f.Path], wanted[f.OldPath] = true, true
		}
	}
	for _, c := range in.Contents {
		if wanted[c.Path] {
			small.Contents = append(small.Contents, c)
		}
	}
	return small, nil
}

// Asked gives those of the paths that the checks which ask something look at.
func Asked(list []*checks.Check, paths []string) map[string]bool {
	out := map[string]bool{}
	for _, c := range list {
		if c.Asks == nil || c.Reads == nil {
			continue
		}
		for _, p := range c.Reads(paths) {
			out[p] = true
		}
	}
	return out
}

func askers(list Lister) ([]*checks.Check, error) {
	all, _, err := listChecks(list, nil)
	return slices.DeleteFunc(all, func(c *checks.Check) bool { return c.Asks == nil }), err
}

// ask runs the checks' Asks in this process.
func ask(ctx context.Context, in *Input, list Lister) ([]checks.Package, error) {
	all, err := askers(list)
	if err != nil {
		return nil, err
	}
	change, _ := newChange(in)
	var out []checks.Package
	for _, c := range all {
		asked, err := c.Asks(ctx, &checks.Pass{Change: change, Report: func(checks.Finding) {}, Unscanned: func(checks.Unscanned) {}})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		out = append(out, asked...)
	}
	return tidy(out), nil
}

// tidy sorts, and leaves out what no registry could know. Of too many the first are kept: the checks say of the others that nobody was asked.
func tidy(asked []checks.Package) []checks.Package {
	asked = slices.DeleteFunc(asked, func(p checks.Package) bool {
		return p.Name == "" || len(p.Name) > maxAskedName || len(p.Version) > maxAskedName || len(p.Ecosystem) > maxAskedName
	})
	slices.SortFunc(asked, checks.Package.Compare)
	asked = slices.Compact(asked)
	return asked[:min(len(asked), maxAsked)]
}

func writeAsked(w io.Writer, asked []checks.Package, err error) error {
	if err != nil {
		return writeAnswer(w, nil, err)
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return writeFrame(w, frameAsked, body)
}

func readAsked(r io.Reader) ([]checks.Package, error) {
	kind, body, err := readFrame(r, map[byte]uint32{frameAsked: maxAskedSize, frameError: maxError})
	if err != nil {
		return nil, cut(err)
	}
	if kind == frameError {
		return nil, errors.New(text(string(body), maxMessage))
	}
	var asked []checks.Package
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, fmt.Errorf("decoding what the checks ask: %w", err)
	}
	return tidy(asked), nil
}
