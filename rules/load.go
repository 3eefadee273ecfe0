package rules

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"
)

// The limits of a folder of rules.
const (
	maxFiles     = 20_000
	maxTotalSize = 128 << 20 // bytes
)

// MeasuredFile is the name of the file beside rules that says how often they were right; it holds none.
const MeasuredFile = "measured.yaml"

// LoadPath reads a rule file, or every *.yaml and *.yml below a folder in order of path. In a folder a YAML without a top-level "rules:" and
// one that is a fixture (IsFixture) are passed over and counted in skipped; symbolic links below a folder are not followed and count as well.
// A file that is named itself must parse as a rule file, or LoadPath fails; what is wrong with single rules, Parse tells.
func LoadPath(path string, origin Origin) (sources []Source, skipped int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, fmt.Errorf("load rules: %w", err)
	}
	if !info.IsDir() {
		data, err := readRules(path)
		if err != nil {
			return nil, 0, err
		}
		src := Source{Name: filepath.ToSlash(path), Origin: origin, Data: data}
		root, problem := decode(src)
		switch {
		case problem != nil:
			return nil, 0, fmt.Errorf("load rules: %s", problem)
		case !hasRules(root):
			return nil, 0, fmt.Errorf("load rules: %s: no \"rules:\" at the top level: write the rules as a list under it", src.Name)
		}
		return []Source{src}, 0, nil
	}
	total := 0
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := strings.ToLower(filepath.Ext(name)); ext != ".yaml" && ext != ".yml" {
			return nil
		}
		if d.Name() == MeasuredFile {
			return nil
		}
		if !d.Type().IsRegular() || IsFixture(name) {
			skipped++
			return nil
		}
		data, err := readRules(name)
		if err != nil {
			return err
		}
		if !looksLikeRules(name, data) {
			skipped++
			return nil
		}
		sources = append(sources, Source{Name: filepath.ToSlash(name), Origin: origin, Data: data})
		if total += len(data); len(sources) > maxFiles || total > maxTotalSize {
			return fmt.Errorf("%s holds more than %d rule files or %d MB of them: name fewer", path, maxFiles, maxTotalSize>>20)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("load rules: %w", err)
	}
	return sources, skipped, nil
}

// IsFixture says whether a YAML file is what a rule is tested on, by its name: x.test.yaml, x.test.yml, and x.test.fixed.yaml. It may well look
// like a rule file: there are rules about rules.
func IsFixture(name string) bool {
	name = strings.ToLower(name)
	ext := filepath.Ext(name)
	if ext != ".yaml" && ext != ".yml" {
		return false
	}
	name = strings.TrimSuffix(name, ext)
	return strings.HasSuffix(strings.TrimSuffix(name, ".fixed"), ".test")
}

// readRules reads a file up to the limit. A file that is larger is an error, not half a file.
func readRules(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	if len(data) > MaxFileSize {
		return nil, fmt.Errorf("load rules: %s has more than %d MB: split it", name, MaxFileSize>>20)
	}
	return data, nil
}

var (
	rulesLine    = regexp.MustCompile(`(?m)^["']?rules["']?[ \t]*:`)
	manifestLine = regexp.MustCompile(`(?m)^apiVersion:`)
)

// looksLikeRules tells a rule file in a folder from other YAML. Kubernetes roles have a top-level "rules:" too. A file that is broken but
// has the key is taken for a rule file, so that its owner hears of it.
func looksLikeRules(name string, data []byte) bool {
	if rulesLine.Match(data) {
		return !bytes.Contains(data, []byte("apiVersion:")) || !manifestLine.Match(data)
	}
	if !bytes.Contains(data, []byte("rules")) {
		return false
	}
	root, problem := decode(Source{Name: name, Data: data})
	return problem == nil && hasRules(root)
}

func hasRules(root *yaml.Node) bool {
	if root.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == "rules" {
			return true
		}
	}
	return false
}

// ParseAll reads many rule files. Collections have rules of one id in several folders: the later ones get an id with as much of their
// folder's name in front as tells them apart, as Semgrep names findings, and a Problem says so. A rule whose id an earlier one has for good,
// in the same folder or from another origin, is left out with a Problem: findings of the two could not be told apart.
func ParseAll(sources []Source) ([]*Rule, []Problem) {
	var all []*Rule
	var problems []Problem
	first := map[string]*Rule{}
	type file struct {
		rules    []*Rule
		problems []Problem
	}
	files := make([]file, len(sources))
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, src := range sources {
		group.Go(func() error {
			files[i].rules, files[i].problems = Parse(src)
			return nil
		})
	}
	_ = group.Wait() // none returns an error
	for _, f := range files {
		problems = append(problems, f.problems...)
		for _, r := range f.rules {
			if other := first[r.ID.Value]; other != nil {
				if id := qualifiedID(r, other, first); id != "" {
					problems = append(problems, r.Problem(Advice, r.ID.Pos, "the id is also that of the rule at %s:%d: findings of this one are named %s",
						other.File, other.ID.Pos.Line, id))
					r.ID.Value = id
					first[id] = r
					all = append(all, r)
					continue
				}
				problems = append(problems, r.Problem(Broken, r.ID.Pos, "the id is taken by the rule at %s:%d: give this one another id", other.File, other.ID.Pos.Line))
				continue
			}
			first[r.ID.Value] = r
			all = append(all, r)
		}
	}
	return all, problems
}

// qualifiedID is an id with folders of the rule's file in front, as few as make it one that no rule has; "" if there is none.
func qualifiedID(r, other *Rule, taken map[string]*Rule) string {
	if r.Origin != other.Origin || path.Dir(r.File) == path.Dir(other.File) {
		return ""
	}
	id := r.ID.Value
	for dir := path.Dir(r.File); dir != "." && dir != "/"; dir = path.Dir(dir) {
		id = path.Base(dir) + "." + id
		if !validID(id) {
			return ""
		}
		if taken[id] == nil {
			return id
		}
	}
	return ""
}
