package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/pelletier/go-toml/v2/unstable"
)

const (
	maxDepth   = 64
	maxEntries = 200_000
)

var errTooLarge = errors.New("nested too deeply, or too large")

// An entry is one scalar of a document with the keys that lead to it. An element of a list has its number in brackets as its key: "[0]".
type entry struct {
	keys  []string
	value string
	line  int
}

func (e *entry) key(i int) string {
	if i < len(e.keys) {
		return e.keys[i]
	}
	return ""
}

// under tells whether the entry lies below these keys; "*" is any one.
func (e *entry) under(keys ...string) bool {
	if len(e.keys) < len(keys) {
		return false
	}
	for i, k := range keys {
		if k != "*" && k != e.keys[i] {
			return false
		}
	}
	return true
}

// counter turns offsets, which come in order, into lines.
type counter struct {
	data []byte
	at   int
	line int
}

func (c *counter) lineOf(offset int) int {
	offset = min(max(offset, c.at), len(c.data))
	c.line += bytes.Count(c.data[c.at:offset], []byte("\n"))
	c.at = offset
	return c.line + 1
}

// tomlEntries flattens TOML. The parser is the library's "unstable" one, which alone gives positions; it bounds how deep values nest.
func tomlEntries(data []byte) ([]entry, error) {
	r := tomlReader{lines: counter{data: data}, elements: map[string]int{}}
	r.Reset(data)
	for r.NextExpression() {
		switch e := r.Expression(); e.Kind { //nolint:exhaustive // there are no others on this level
		case unstable.Table:
			r.table = tomlKey(nil, e)
		case unstable.ArrayTable:
			r.table = tomlKey(nil, e)
			name := fmt.Sprintf("%q", r.table)
			r.table = append(r.table, "["+strconv.Itoa(r.elements[name])+"]")
			r.elements[name]++
		case unstable.KeyValue:
			if err := r.value(e.Value(), tomlKey(r.table, e), 0); err != nil {
				return nil, err
			}
		}
	}
	if err := r.Error(); err != nil {
		return nil, fmt.Errorf("TOML: %w", err)
	}
	return r.out, nil
}

type tomlReader struct {
	unstable.Parser
	lines    counter
	table    []string
	elements map[string]int // so far, of a list of tables
	out      []entry
}

func tomlKey(before []string, n *unstable.Node) []string {
	keys := append([]string(nil), before...)
	for it := n.Key(); it.Next(); {
		keys = append(keys, string(it.Node().Data))
	}
	return keys
}

func (r *tomlReader) value(n *unstable.Node, keys []string, depth int) error {
	if depth > maxDepth || len(r.out) >= maxEntries {
		return errTooLarge
	}
	switch n.Kind {
	case unstable.Array:
		i := 0
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if err := r.value(it.Node(), append(keys[:len(keys):len(keys)], "["+strconv.Itoa(i)+"]"), depth+1); err != nil {
				return err
			}
			i++
		}
	case unstable.InlineTable:
		for it := n.Children(); it.Next(); {
			if pair := it.Node(); pair.Kind == unstable.KeyValue {
				if err := r.value(pair.Value(), tomlKey(keys, pair), depth+1); err != nil {
					return err
				}
			}
		}
	default:
		r.out = append(r.out, entry{keys: keys, value: string(n.Data), line: r.lines.lineOf(int(n.Raw.Offset))})
	}
	return nil
}

// jsonEntries flattens JSON; comments and commas that trail are allowed, as the tools allow them.
func jsonEntries(data []byte) ([]entry, error) {
	data = plainJSON(data)
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), lines: counter{data: data}}
	r.dec.UseNumber()
	if err := r.value(nil, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("JSON: %w", err)
	}
	return r.out, nil
}

type jsonReader struct {
	dec   *json.Decoder
	lines counter
	out   []entry
}

func (r *jsonReader) value(keys []string, depth int) error {
	if depth > maxDepth || len(r.out) >= maxEntries {
		return errTooLarge
	}
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	line := r.lines.lineOf(int(r.dec.InputOffset()))
	open, composite := token.(json.Delim)
	if !composite {
		if token == nil {
			token = ""
		}
		r.out = append(r.out, entry{keys: keys, value: fmt.Sprint(token), line: line})
		return nil
	}
	for i := 0; r.dec.More(); i++ {
		key := "[" + strconv.Itoa(i) + "]"
		if open == '{' {
			name, err := r.dec.Token()
			if err != nil {
				return err
			}
			key = fmt.Sprint(name)
		}
		if err := r.value(append(keys[:len(keys):len(keys)], key), depth+1); err != nil {
			return err
		}
	}
	_, err = r.dec.Token()
	return err
}

// plainJSON blanks out comments and commas that trail; every byte keeps its place.
func plainJSON(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	out := bytes.Clone(data)
	comma := -1 // the last comma, if only white space came since
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			comma = -1
			for i++; i < len(out) && out[i] != '"' && out[i] != '\n'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case c == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			end := bytes.IndexByte(out[i:], '\n')
			if out[i+1] == '*' {
				if end = bytes.Index(out[i+2:], []byte("*/")); end >= 0 {
					end += 4
				}
			}
			if end < 0 {
				end = len(out) - i
			}
			for j := i; j < i+end; j++ {
				if out[j] != '\n' {
					out[j] = ' '
				}
			}
			i += end - 1
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			comma = -1
		}
	}
	return out
}
