package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/reviewgate-app/reviewgate/app/registry"
)

// lookUpFlags say where to look up what a change adds. Without them nobody is asked.
type lookUpFlags struct {
	registries []string
	private    []string
	packages   string
	advisories string
}

func (f *lookUpFlags) add(fl *pflag.FlagSet) {
	fl.StringArrayVar(&f.registries, "registry", nil,
		"look new dependencies up: `WHERE` is npm=ADDRESS, pypi=ADDRESS, go=GOPROXY, maven=ADDRESS, osv=ADDRESS (advisories), or \"machine\": what npm, pip and go are set to (repeatable)")
	fl.StringArrayVar(&f.private, "private-packages", nil, "never ask for the packages of this `PATTERN`, such as \"@acme/*\" (repeatable, or with commas)")
	fl.StringVar(&f.packages, "known-packages", "", "`FILE` with the names of packages that exist: lines like \"npm lodash\" or \"PyPI flask\"")
	fl.StringVar(&f.advisories, "advisories", "", "advisories in OSV's JSON form: a `FILE`, a folder, or a zip archive as OSV exports them")
}

// A lookUp is who is asked, and what the policy forbids to ask for.
type lookUp struct {
	*registry.Registry
	private []string
}

// registry puts together who is asked; nil: nobody. Nothing is read from below the judged folder ("": there is none).
func (f *lookUpFlags) registry(ctx context.Context, judged string, private []string, stderr io.Writer) (*lookUp, error) {
	machine := registry.Machine{Env: os.Environ(), Not: judged}
	// Without such a folder nothing is read from it and nothing kept in it.
	machine.Home, _ = os.UserHomeDir()
	machine.Conf, _ = os.UserConfigDir()
	cfg := registry.Config{
		Packages: f.packages, Advisories: f.advisories, Version: toolVersion(),
		Tell: func(what string) { fmt.Fprintf(stderr, "note: %s\n", what) },
	}
	if cache, err := os.UserCacheDir(); err == nil && judged != "" {
		cfg.CacheDir = machine.CacheDir(cache)
	}
	for _, patterns := range f.private {
		cfg.Hide(patterns)
	}
	for _, where := range f.registries {
		if err := cfg.Add(where, machine); err != nil {
			return nil, usage(fmt.Errorf("--registry: %w", err), "write it as npm=https://HOST/, or as \"machine\"")
		}
	}
	if !cfg.Given() {
		return nil, nil
	}
	reg := registry.New(cfg)
	if _, err := unlessStopped(ctx, func() (struct{}, error) { return struct{}{}, reg.Check(ctx) }); err != nil {
		return nil, usage(fmt.Errorf("--%w", err), "name a file that can be read")
	}
	return &lookUp{reg, private}, nil
}
