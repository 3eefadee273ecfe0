// Package document reads configuration files (YAML, JSON with comments, TOML) with the positions of what is in them.
//
// YAML and JSON come as yaml.v3 nodes; all three come as a flat list of entries, one for each scalar, which two sides of a change can be
// compared by. Input comes from strangers: depth is bounded, and aliases are followed a few steps only.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	maxDepth   = 64
	maxEntries = 50000
)

// errTooDeep is what a document that nests beyond maxDepth, or has more than maxEntries nodes, is refused with.
var errTooDeep = errors.New("nested too deeply, or too large")

// YAML gives the root of the first document; nil if the file is empty.
func YAML(data []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) > 0 {
		return doc.Content[0], nil
	}
	return nil, nil
}

// JSON gives the root of a JSON file. Comments and commas that trail are allowed, as editors and agents allow them.
func JSON(data []byte) (*yaml.Node, error) { return YAML(withoutComments(data)) }

// surrogate is half of a pair that spells one character in JSON, which YAML refuses.
var surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// withoutComments blanks out the comments of JSON, so that positions stay.
func withoutComments(data []byte) []byte {
	out := surrogate.ReplaceAll(data, []byte("??????"))
	out = bytes.Clone(out)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"' && out[i] != '\n'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case bytes.HasPrefix(out[i:], []byte("//")):
			end := bytes.IndexByte(out[i:], '\n')
			if end < 0 {
				end = len(out) - i
			}
			blank(i, i+end)
		case bytes.HasPrefix(out[i:], []byte("/*")):
			end := bytes.Index(out[i:], []byte("*/"))
			if end < 0 {
				end = len(out) - i - 2
			}
			blank(i, i+end+2)
		case out[i] == '\t':
			out[i] = ' ' // YAML has its own mind about tabs
		}
	}
	return out
}

// Resolve follows an alias to what it stands for; nil stays nil.
func Resolve(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 8; i++ {
		n = n.Alias
	}
	return n
}

// Pairs yields keys and values of a mapping; nothing for any other node.
func Pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		n := Resolve(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], Resolve(n.Content[i+1])) {
				return
			}
		}
	}
}

// Items yields the elements of a sequence; a scalar is a sequence of one.
func Items(n *yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		n := Resolve(n)
		switch {
		case n == nil:
		case n.Kind == yaml.ScalarNode:
			yield(n)
		case n.Kind == yaml.SequenceNode:
			for _, c := range n.Content {
				if !yield(Resolve(c)) {
					return
				}
			}
		}
	}
}

// Get gives the value under a key of a mapping, or nil.
func Get(n *yaml.Node, key string) *yaml.Node {
	for k, v := range Pairs(n) {
		if k.Value == key {
			return v
		}
	}
	return nil
}

// Text is the value of a scalar; "" for anything else.
func Text(n *yaml.Node) string {
	if n = Resolve(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// At is the place of a scalar, or of the first token of anything else.
func At(name string, side checks.Side, n *yaml.Node) checks.Location {
	width := 1
	if n.Kind == yaml.ScalarNode {
		width = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			width += 2
		}
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || strings.Contains(n.Value, "\n") {
			width = 1
		}
	}
	return checks.Location{Path: name, Side: side, StartLine: n.Line, StartColumn: n.Column, EndLine: n.Line, EndColumn: n.Column + max(width, 1)}
}

// An Entry is one scalar of a document.
type Entry struct {
	Path  string // keys joined by dots, elements of lists as []: "hooks.Stop[].command"
	Where string // the same with the numbers of elements: "hooks.Stop[0].command"
	Value string
	Line  int
	Start int // column, from 1
	End   int
}

// At is the place of the entry.
func (e Entry) At(name string, side checks.Side) checks.Location {
	return checks.Location{Path: name, Side: side, StartLine: e.Line, StartColumn: e.Start, EndLine: e.Line, EndColumn: e.End}
}

// Entries reads a file of YAML, JSON or TOML, told by its name, as a list of scalars in the order of the file.
func Entries(name string, data []byte) ([]Entry, error) {
	var root *yaml.Node
	var err error
	switch strings.ToLower(path.Ext(name)) {
	case ".toml":
		return readTOML(data)
	case ".yml", ".yaml":
		root, err = YAML(data)
	default:
		root, err = JSON(data)
	}
	if err != nil || root == nil {
		return nil, err
	}
	var out []Entry
	steps := 0
	err = flatten(root, "", "", 0, &steps, &out)
	return out, err
}

func flatten(n *yaml.Node, path, where string, depth int, steps *int, out *[]Entry) error {
	if *steps++; depth > maxDepth || *steps > maxEntries { // aliases can make a few lines stand for any number of nodes
		return errTooDeep
	}
	n = Resolve(n)
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for k, v := range Pairs(n) {
			if err := flatten(v, join(path, k.Value), join(where, k.Value), depth+1, steps, out); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			if err := flatten(c, path+"[]", fmt.Sprintf("%s[%d]", where, i), depth+1, steps, out); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		at := At("", checks.Head, n)
		*out = append(*out, Entry{Path: path, Where: where, Value: n.Value, Line: n.Line, Start: at.StartColumn, End: at.EndColumn})
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
