package config

import (
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/rules"
)

// A Layer is the configuration of one repository at one commit, as bytes.
type Layer struct {
	Name           string // repository, "acme/widgets"
	SHA            string // the commit that it was read at; empty for a folder
	Policy         []byte // nil: there is none
	PolicyPath     string
	Rules          []rules.Source
	Codeowners     []byte // nil: there is none
	CodeownersPath string
	// Unused lists files that look like configuration but do not apply, because another one does.
	Unused []string
}

const (
	rulesFolder      = ".github/reviewgate/rules/"
	floorRulesFolder = "reviewgate-rules/"
)

var (
	policyFiles = []string{".github/reviewgate.yml", ".github/reviewgate.yaml"}
	floorFiles  = []string{"reviewgate-floor.yml", "reviewgate-floor.yaml"}
	// ownersFiles is GitHub's order: the first that exists applies.
	ownersFiles = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
)

// Paths says whether a file of a repository is one that its configuration is read from: policy, rules, CODEOWNERS.
func Paths(path string) bool { return gate.PolicyFile(path) }

// FloorPaths is Paths for the organisation's .github repository: the floor and its rules.
func FloorPaths(path string) bool {
	return slices.Contains(floorFiles, path) || isRule(path, floorRulesFolder)
}

// isRule: fixtures of rules lie in testdata, or beside them as x.test.yaml, and are no rules; nor is what was measured of them.
func isRule(name, folder string) bool {
	rest, ok := strings.CutPrefix(name, folder)
	return ok && (strings.HasSuffix(rest, ".yml") || strings.HasSuffix(rest, ".yaml")) && !strings.Contains("/"+rest, "/testdata/") && path.Base(rest) != rules.MeasuredFile && !rules.IsFixture(rest)
}

// NewLayer sorts the files of a repository (those that Paths chose, by path) into a layer.
func NewLayer(name, sha string, files map[string][]byte) *Layer {
	l := newLayer(name, sha, files, policyFiles, rulesFolder, rules.OriginRepository)
	for _, path := range ownersFiles {
		if data, ok := files[path]; ok {
			if l.CodeownersPath != "" {
				l.Unused = append(l.Unused, path)
				continue
			}
			l.CodeownersPath, l.Codeowners = path, nonNil(data)
		}
	}
	return l
}

// NewFloor sorts the files of the organisation's .github repository (those that FloorPaths chose) into a layer.
func NewFloor(name, sha string, files map[string][]byte) *Layer {
	return newLayer(name, sha, files, floorFiles, floorRulesFolder, rules.OriginFloor)
}

func newLayer(name, sha string, files map[string][]byte, policies []string, folder string, origin rules.Origin) *Layer {
	l := &Layer{Name: name, SHA: sha}
	for _, path := range policies {
		if data, ok := files[path]; ok {
			if l.PolicyPath != "" {
				l.Unused = append(l.Unused, path)
				continue
			}
			l.PolicyPath, l.Policy = path, nonNil(data)
		}
	}
	var paths []string
	for path := range files {
		if isRule(path, folder) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		l.Rules = append(l.Rules, rules.Source{Name: path, Origin: origin, Data: files[path]})
	}
	return l
}

// nonNil keeps an empty file apart from none.
func nonNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// problems tells the owner of files that do not apply.
func (l *Layer) problems() []gate.Problem {
	var out []gate.Problem
	for _, path := range l.Unused {
		applies := l.CodeownersPath
		if slices.Contains(policyFiles, path) || slices.Contains(floorFiles, path) {
			applies = l.PolicyPath
		}
		out = append(out, gate.Problem{File: path, Message: "the file does not apply, because " + applies + " does", Remedy: "Delete one of them.", Warning: true})
	}
	return out
}
