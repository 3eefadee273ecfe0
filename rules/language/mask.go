package language

import "bytes"

// maskScript blanks what the grammar of TypeScript cannot read, byte for byte, so that all else keeps its place: the type arguments of a tagged
// template (styled.div<{ $wide: boolean }>`...`) and the word type of `export type * from "m"`. It returns nil if there is nothing of
// the kind. What is blanked are types only, which no expression depends on.
func maskScript(src []byte) []byte {
	var out []byte
	blank := func(from, to int) {
		if out == nil {
			out = bytes.Clone(src)
		}
		for i := from; i < to; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	word := []byte("export type *")
	for at := 0; ; {
		i := bytes.Index(src[at:], word)
		if i < 0 {
			break
		}
		at += i + len(word)
		blank(at-len("type *"), at-len(" *"))
	}
	for at := 0; ; {
		i := bytes.Index(src[at:], []byte(">`"))
		if i < 0 {
			return out
		}
		at += i + 2
		if from := typeArgumentsBefore(src, at-2); from >= 0 {
			blank(from, at-1)
		}
	}
}

// maxTypeArguments is how many bytes type arguments may have.
const maxTypeArguments = 2000

// typeArgumentsBefore is where the type arguments begin that end with the > at a place: directly behind a name or a parenthesis. It is -1 if
// there are none.
func typeArgumentsBefore(src []byte, end int) int {
	depth := 0
	for i := end; i >= max(0, end-maxTypeArguments); i-- {
		switch src[i] {
		case '>':
			if i == 0 || src[i-1] != '=' { // no arrow of a function's type
				depth++
			}
		case '<':
			if depth--; depth == 0 {
				if i > 0 && (isWord(src[i-1]) || src[i-1] == ')') {
					return i
				}
				return -1
			}
		case '`', ';':
			if src[i] == '`' || depth == 0 {
				return -1
			}
		}
	}
	return -1
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
