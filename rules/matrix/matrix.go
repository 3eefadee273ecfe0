// Package matrix says which features of rules work in which language, as far as a test shows it.
//
// languages/<name>.txtar is one row. Its head gives the language's title and the name of a file of the language; `tag` is the build tag
// that brings the grammar, if there is one:
//
//	title: Python
//	file: main.py
//
// A cell is a rule and code, in sections that begin with the key of a feature (see Features):
//
//	-- metavariable.pattern --
//	f($X, $X)
//	-- metavariable.code --
//	f(a, a) # HIT
//	f(a, b) # MISS
//
// Instead of a pattern, KEY.rule may hold the body of a rule: all but its id, message, severity and languages. HIT marks the lines at which
// a match begins, MISS one that a reader might expect; there is at least one of each, and no other line has a match. Where a language has
// no comments behind code, the mark may stand alone on the line before. KEY.fixed is the code with the rule's fixes made.
//
// The section `none` says what does not apply to a language and why: features, or whole groups by their names, then the reason.
//
//	-- none --
//	typed-metavariable metavariable-type: Bash has no types
//	Taint: a manifest has no flow of data
//
// What is in neither is not claimed. The test of this package runs every cell of the languages that the build has.
package matrix

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Level is how far a language has come. It is computed: see Row.Level.
type Level string

// The levels.
const (
	GA           Level = "ga"
	Beta         Level = "beta"
	Experimental Level = "experimental"
)

// A Row is one language.
type Row struct {
	Name  string
	Title string
	File  string          // a name that a file of the language may have
	Tag   string          // the build tag that brings the language, or ""
	Cells map[string]Cell // by the key of the feature
}

// A Cell is a feature in a language: shown by a rule on some code, or not applicable. The zero value claims nothing.
type Cell struct {
	Pattern string // the rule's pattern, or
	Rule    string // its body
	Code    string // with its marks
	Fixed   string
	None    string // why the feature does not apply
}

// Tested says whether a fixture shows the feature.
func (c Cell) Tested() bool { return c.Code != "" }

// Built says whether this build has the language.
func (r *Row) Built() bool { return language.ForName(r.Name) != nil }

// Level is GA when every feature that applies is tested, Beta when every basic one is, and Experimental else.
func (r *Row) Level() Level {
	level := GA
	for _, f := range Features {
		switch c := r.Cells[f.Key]; {
		case c.Tested() || c.None != "":
		case f.Basic:
			return Experimental
		default:
			level = Beta
		}
	}
	return level
}

// Count gives how many features are tested, of those that apply.
func (r *Row) Count() (tested, applicable int) {
	for _, f := range Features {
		switch c := r.Cells[f.Key]; {
		case c.Tested():
			tested, applicable = tested+1, applicable+1
		case c.None == "":
			applicable++
		}
	}
	return tested, applicable
}

// Untested gives the keys of the features that apply and are not tested.
func (r *Row) Untested() []string {
	var keys []string
	for _, f := range Features {
		if c := r.Cells[f.Key]; !c.Tested() && c.None == "" {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

//go:embed languages/*.txtar
var files embed.FS

// Rows reads the matrix, in order of title. It holds all languages, also those that this build has not.
func Rows() ([]*Row, error) {
	entries, err := files.ReadDir("languages")
	if err != nil {
		return nil, fmt.Errorf("read the matrix of languages: %w", err)
	}
	var rows []*Row
	for _, e := range entries {
		data, err := files.ReadFile(path.Join("languages", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the matrix of languages: %w", err)
		}
		row, err := parse(strings.TrimSuffix(e.Name(), ".txtar"), data)
		if err != nil {
			return nil, fmt.Errorf("read the matrix of languages: %s: %w", e.Name(), err)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *Row) int { return strings.Compare(a.Title, b.Title) })
	return rows, nil
}

func parse(name string, data []byte) (*Row, error) {
	ar := txtar.Parse(data)
	row := &Row{Name: name, Cells: map[string]Cell{}}
	for line := range strings.Lines(string(ar.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "":
		case "title":
			row.Title = value
		case "file":
			row.File = value
		case "tag":
			row.Tag = value
		default:
			return nil, fmt.Errorf("the head has title, file and tag, not %q", key)
		}
	}
	if row.Title == "" || row.File == "" {
		return nil, fmt.Errorf("the head lacks title or file")
	}
	for _, f := range ar.Files {
		text := string(f.Data)
		if f.Name == "none" {
			if err := row.none(text); err != nil {
				return nil, err
			}
			continue
		}
		key, part, _ := strings.Cut(f.Name, ".")
		if feature(key) == nil {
			return nil, fmt.Errorf("section %s: there is no feature %q", f.Name, key)
		}
		c := row.Cells[key]
		var into *string
		switch part {
		case "pattern":
			into = &c.Pattern
		case "rule":
			into = &c.Rule
		case "code":
			into = &c.Code
		case "fixed":
			into = &c.Fixed
		default:
			return nil, fmt.Errorf("section %s: the parts of a cell are pattern, rule, code and fixed", f.Name)
		}
		if *into != "" || strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("section %s is empty or there twice", f.Name)
		}
		*into = text
		row.Cells[key] = c
	}
	for key, c := range row.Cells {
		if tested := c.Code != "" && (c.Pattern == "") != (c.Rule == ""); tested == (c.None != "") || c.Fixed != "" && c.Rule == "" {
			return nil, fmt.Errorf("feature %s needs a pattern or a rule, and code; or it does not apply", key)
		}
	}
	return row, nil
}

// none reads the section of that name.
func (r *Row) none(text string) error {
	for line := range strings.Lines(text) {
		names, reason, _ := strings.Cut(strings.TrimSpace(line), ":")
		if reason = strings.TrimSpace(reason); names == "" || reason == "" {
			return fmt.Errorf("section none: %q is not `features: reason`", line)
		}
		for _, name := range strings.Fields(names) {
			found := false
			for _, f := range Features {
				if f.Key == name || f.Group == name {
					c := r.Cells[f.Key]
					c.None = reason
					r.Cells[f.Key] = c
					found = true
				}
			}
			if !found {
				return fmt.Errorf("section none: there is no feature or group %q", name)
			}
		}
	}
	return nil
}
