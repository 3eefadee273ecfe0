package document

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// readTOML reads as much of TOML as settings are written in: tables, lists of tables, keys with dots and quotes, strings of all four
// kinds, lists and inline tables. It is stricter than needed nowhere: what it cannot read is an error.
func readTOML(data []byte) ([]Entry, error) {
	p := &toml{text: string(data), tables: map[string]int{}}
	for p.space(true); p.at < len(p.text); p.space(true) {
		if err := p.line(); err != nil {
			line, _ := p.position(p.at)
			return nil, fmt.Errorf("read TOML: line %d: %w", line, err)
		}
	}
	return p.out, nil
}

type toml struct {
	text        string
	at          int
	path, where string         // of the current table
	tables      map[string]int // elements so far of a list of tables
	out         []Entry
	lineStart   int // of the line that position was asked about last
	lineNumber  int
}

// line reads a table's head or one key with its value.
func (p *toml) line() error {
	if p.text[p.at] == '[' {
		list := strings.HasPrefix(p.text[p.at:], "[[")
		p.at++
		if list {
			p.at++
		}
		key, err := p.key()
		if err != nil {
			return err
		}
		p.path, p.where = key, key
		if list {
			p.where = fmt.Sprintf("%s[%d]", key, p.tables[key])
			p.tables[key]++
			p.path += "[]"
		}
		for p.at < len(p.text) && p.text[p.at] == ']' {
			p.at++
		}
		return nil
	}
	return p.pair(p.path, p.where, 0)
}

func (p *toml) pair(path, where string, depth int) error {
	key, err := p.key()
	if err != nil {
		return err
	}
	if p.at >= len(p.text) || p.text[p.at] != '=' {
		return fmt.Errorf("%q has no value", key)
	}
	p.at++
	p.space(false)
	return p.value(join(path, key), join(where, key), depth)
}

// key reads a.b."c d" as a.b.c d.
func (p *toml) key() (string, error) {
	var parts []string
	for {
		p.space(false)
		part, err := p.keyPart()
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
		p.space(false)
		if p.at >= len(p.text) || p.text[p.at] != '.' {
			return strings.Join(parts, "."), nil
		}
		p.at++
	}
}

func (p *toml) keyPart() (string, error) {
	if p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		return p.quoted()
	}
	start := p.at
	for p.at < len(p.text) && (isWord(p.text[p.at])) {
		p.at++
	}
	if p.at == start {
		return "", fmt.Errorf("no key where one is expected")
	}
	return p.text[start:p.at], nil
}

func isWord(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (p *toml) value(path, where string, depth int) error {
	if depth > maxDepth || len(p.out) > maxEntries {
		return errTooDeep
	}
	if p.at >= len(p.text) {
		return fmt.Errorf("a value is missing")
	}
	start := p.at
	switch p.text[p.at] {
	case '[':
		p.at++
		for i := 0; ; i++ {
			if p.space(true); p.at < len(p.text) && p.text[p.at] == ']' {
				p.at++
				return nil
			}
			if err := p.value(path+"[]", fmt.Sprintf("%s[%d]", where, i), depth+1); err != nil {
				return err
			}
			if err := p.next(']'); err != nil {
				return err
			}
		}
	case '{':
		p.at++
		for {
			if p.space(true); p.at < len(p.text) && p.text[p.at] == '}' {
				p.at++
				return nil
			}
			if err := p.pair(path, where, depth+1); err != nil {
				return err
			}
			if err := p.next('}'); err != nil {
				return err
			}
		}
	case '"', '\'':
		text, err := p.quoted()
		if err != nil {
			return err
		}
		p.add(path, where, text, start)
	default:
		end := strings.IndexAny(p.text[p.at:], ",]}#\r\n")
		if end < 0 {
			end = len(p.text) - p.at
		}
		p.at += end
		p.add(path, where, strings.TrimSpace(p.text[start:p.at]), start)
	}
	return nil
}

// next skips the comma between elements; before the closing bracket there may be none.
func (p *toml) next(closing byte) error {
	p.space(true)
	switch {
	case p.at < len(p.text) && p.text[p.at] == ',':
		p.at++
		return nil
	case p.at < len(p.text) && p.text[p.at] == closing:
		return nil
	}
	return fmt.Errorf("%q or a comma is missing", string(closing))
}

func (p *toml) add(path, where, value string, start int) {
	line, column := p.position(start)
	width := utf8.RuneCountInString(strings.SplitN(p.text[start:p.at], "\n", 2)[0])
	p.out = append(p.out, Entry{Path: path, Where: where, Value: value, Line: line, Start: column, End: column + max(width, 1)})
}

// position gives line and column of an offset; offsets are asked for in order.
func (p *toml) position(at int) (line, column int) {
	if p.lineNumber == 0 || at < p.lineStart {
		p.lineNumber, p.lineStart = 1, 0
	}
	for {
		i := strings.IndexByte(p.text[p.lineStart:at], '\n')
		if i < 0 {
			return p.lineNumber, utf8.RuneCountInString(p.text[p.lineStart:at]) + 1
		}
		p.lineStart += i + 1
		p.lineNumber++
	}
}

// quoted reads a string of any of the four kinds.
func (p *toml) quoted() (string, error) {
	quote := p.text[p.at : p.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.text[p.at:], triple) {
		end := strings.Index(p.text[p.at+3:], triple)
		if end < 0 {
			return "", fmt.Errorf("a string is not closed")
		}
		text := p.text[p.at+3 : p.at+3+end]
		p.at += end + 6
		return strings.TrimPrefix(text, "\n"), nil
	}
	for i := p.at + 1; i < len(p.text) && p.text[i] != '\n'; i++ {
		switch {
		case p.text[i] == '\\' && quote == `"`:
			i++
		case p.text[i] == quote[0]:
			raw := p.text[p.at : i+1]
			p.at = i + 1
			if text, err := strconv.Unquote(raw); err == nil && quote == `"` {
				return text, nil
			}
			return raw[1 : len(raw)-1], nil
		}
	}
	return "", fmt.Errorf("a string is not closed")
}

// space skips blanks and comments, and line ends where they may stand.
func (p *toml) space(lines bool) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n' && lines:
		case c == '#' && lines:
			end := strings.IndexByte(p.text[p.at:], '\n')
			if end < 0 {
				end = len(p.text) - p.at
			}
			p.at += end - 1
		default:
			return
		}
		p.at++
	}
}
