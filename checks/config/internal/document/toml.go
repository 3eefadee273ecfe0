package document

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// readTOML flattens TOML. The parser is the library's "unstable" one, which alone gives positions; it bounds how deep values nest.
func readTOML(data []byte) ([]Entry, error) {
	r := &tomlReader{data: data, elements: map[string]int{}, line: 1, column: 1}
	r.Reset(data)
	for r.NextExpression() {
		switch e := r.Expression(); e.Kind { //nolint:exhaustive // there are no others on this level
		case unstable.Table:
			r.path = key(e)
			r.where = r.path
		case unstable.ArrayTable:
			r.path = key(e)
			r.where = fmt.Sprintf("%s[%d]", r.path, r.elements[r.path])
			r.elements[r.path]++
			r.path += "[]"
		case unstable.KeyValue:
			if err := r.value(e.Value(), join(r.path, key(e)), join(r.where, key(e)), 0); err != nil {
				return nil, err
			}
		}
	}
	if err := r.Error(); err != nil {
		var at *unstable.ParserError
		if errors.As(err, &at) && len(at.Highlight) > 0 {
			return nil, fmt.Errorf("read TOML: line %d: %w", r.Shape(r.Range(at.Highlight)).Start.Line, err)
		}
		return nil, fmt.Errorf("read TOML: %w", err)
	}
	return r.out, nil
}

type tomlReader struct {
	unstable.Parser
	data        []byte
	path, where string         // of the current table
	elements    map[string]int // so far, of a list of tables
	counted     int            // the offset that line and column are of
	line        int
	column      int
	out         []Entry
}

// key writes a."b c" as a.b c.
func key(n *unstable.Node) string {
	var parts []string
	for it := n.Key(); it.Next(); {
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, ".")
}

func (r *tomlReader) value(n *unstable.Node, path, where string, depth int) error {
	if depth > maxDepth || len(r.out) > maxEntries {
		return errTooDeep
	}
	switch n.Kind {
	case unstable.Array:
		i := 0
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if err := r.value(it.Node(), path+"[]", fmt.Sprintf("%s[%d]", where, i), depth+1); err != nil {
				return err
			}
			i++
		}
	case unstable.InlineTable:
		for it := n.Children(); it.Next(); {
			if pair := it.Node(); pair.Kind == unstable.KeyValue {
				if err := r.value(pair.Value(), join(path, key(pair)), join(where, key(pair)), depth+1); err != nil {
					return err
				}
			}
		}
	default:
		line, column := r.place(int(n.Raw.Offset))
		first, _, _ := strings.Cut(string(r.Raw(n.Raw)), "\n")
		r.out = append(r.out, Entry{Path: path, Where: where, Value: string(n.Data), Line: line, Start: column, End: column + max(utf8.RuneCountInString(first), 1)})
	}
	return nil
}

// place gives line and column of an offset. Offsets come in order: the library would count from the beginning each time.
func (r *tomlReader) place(at int) (line, column int) {
	between := r.data[r.counted:at]
	r.counted = at
	if last := bytes.LastIndexByte(between, '\n'); last >= 0 {
		r.line += bytes.Count(between, []byte("\n"))
		r.column, between = 1, between[last+1:]
	}
	r.column += utf8.RuneCount(between)
	return r.line, r.column
}
