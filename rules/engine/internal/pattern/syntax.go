package pattern

import "strings"

// What reading a pattern has to know of a language beyond its grammar: comments, strings, where types stand.

// comment returns the length of the comment at the start of s; 0 if there is none. What has no end is an error.
func (p *prepared) comment(at int, s string) int {
	line, block := p.comments()
	for _, open := range line {
		if strings.HasPrefix(s, open) && !(open == "#" && strings.HasPrefix(s, "#[")) {
			if end := strings.IndexByte(s, '\n'); end >= 0 {
				return end
			}
			return len(s)
		}
	}
	if block[0] == "" || !strings.HasPrefix(s, block[0]) {
		return 0
	}
	end := strings.Index(s[len(block[0]):], block[1])
	if end < 0 {
		p.fail(at, "the comment is not closed")
		return 0
	}
	return end + len(block[0]) + len(block[1])
}

func (p *prepared) comments() (line []string, block [2]string) {
	switch p.spec.Name {
	case "python", "ruby":
		return []string{"#"}, block
	case "php":
		return []string{"//", "#"}, [2]string{"/*", "*/"}
	case "ocaml":
		return nil, [2]string{"(*", "*)"}
	}
	return []string{"//"}, [2]string{"/*", "*/"}
}

// quoted says whether a string or character literal begins at the start of s.
func (p *prepared) quoted(s string) bool {
	switch s[0] {
	case '"':
		return true
	case '`':
		return true
	case '\'':
		switch p.spec.Name {
		case "rust", "ocaml", "scala": // a lifetime, a type variable, a symbol
			return len(s) > 2 && s[1] != '\\' && s[2] == '\'' || len(s) > 3 && s[1] == '\\'
		}
		return true
	case '/':
		return p.lang("ruby") && p.regexAllowed()
	}
	return false
}

// threefold says whether a language has strings with three quotes.
func (p *prepared) threefold(quote string) bool {
	switch p.spec.Name {
	case "python":
		return true
	case "java", "kotlin", "scala", "csharp", "swift":
		return quote == `"`
	}
	return false
}

// hole of strings: what opens an expression in a string with the quote that begins at i; "" if nothing does.
func (p *prepared) opensHole(i int, quote string) string {
	switch p.spec.Name {
	case "ruby":
		if quote != "'" {
			return "#{"
		}
	case "kotlin":
		return "${"
	case "scala":
		if i > 0 && isIdent(p.source[i-1]) {
			return "${"
		}
	case "swift":
		return `\(`
	case "csharp":
		if i > 0 && (p.source[i-1] == '$' || i > 1 && p.source[i-1] == '@' && p.source[i-2] == '$') {
			return "{"
		}
	}
	return ""
}

// typeFirst says whether a declaration is `T x`.
func (p *prepared) typeFirst() bool {
	switch p.spec.Name {
	case "java", "csharp", "c", "cpp", "solidity":
		return true
	}
	return false
}

// typeLast says whether a declaration is `x: T`, and a colon in parentheses can be nothing else.
func (p *prepared) typeLast() bool {
	switch p.spec.Name {
	case "go", "python", "javascript", "typescript", "kotlin", "scala", "rust":
		return true
	case "swift": // in the parentheses of a call the colon is behind a label
		n := len(p.open)
		return n > 0 && !isCallee(significant(p.source[:p.open[n-1].at]))
	}
	return false
}

// isCallee says whether a parenthesis behind the character begins arguments.
func isCallee(c byte) bool {
	return isIdent(c) || c == ')' || c == ']' || c == '>' || c == '?' || c == '!'
}

// dollars says whether an identifier of the language may hold a dollar.
func (p *prepared) dollars() bool {
	return p.script() || p.spec.Metavar == "$" || p.lang("scala") || p.lang("kotlin")
}

// own are names of the language that look like metavariables.
func (p *prepared) own(name string) bool {
	if !p.lang("php") {
		return false
	}
	switch name {
	case "_GET", "_POST", "_COOKIE", "_REQUEST", "_SERVER", "_FILES", "_ENV", "_SESSION", "GLOBALS":
		return true
	}
	return false
}

// stands are the spellings of a stand-in's name.
func (p *prepared) stands(name string) []string {
	list := []string{p.spec.Metavar + name}
	for _, prefix := range p.spec.Others {
		list = append(list, prefix+name)
	}
	switch t := p.last(0); {
	case p.lang("php") && (t == "function" || t == "class" || t == "interface" || t == "extends" || t == "implements" || t == "use" || t == "namespace"),
		p.lang("ruby") && (t == "|" || len(p.open) > 0 && p.open[len(p.open)-1].role == "params"):
		list[0], list[1] = list[1], list[0]
	case p.lang("ruby") && (t == "class" || t == "module" || t == "::"), p.lang("ocaml") && t == "open":
		list[0], list[len(list)-1] = list[len(list)-1], list[0]
	}
	return list
}

// first5 says whether a language is one of those whose ellipses are spelt in prepare.go.
func (p *prepared) first5() bool {
	switch p.spec.Name {
	case "go", "java", "javascript", "python", "typescript":
		return true
	}
	return false
}

// further gives the spellings of an ellipsis in the languages that write it otherwise than the first ones; nil if the language is one of those.
func (p *prepared) further(name, role string, statement bool) []string {
	e := p.spec.Metavar + name
	stands := p.stands(name)
	if p.last(0) == "." && !p.first5() {
		return append(stands, e+"()")
	}
	if prev := p.last(0); (prev == "=" || prev == "return") && !p.first5() {
		return append(stands, e+";") // a value
	}
	switch p.spec.Name {
	case "ruby":
		if role == "object" {
			return append([]string{stands[0] + " => " + stands[0]}, stands...)
		}
		return append(stands, stands[0]+" => "+stands[0], "when "+e)
	case "php":
		switch {
		case role == "members":
			return []string{"var " + e + ";", "case " + stands[len(stands)-1] + ";", e}
		case role == "switch":
			return []string{"case " + e + ":", e + ";", e}
		case (role == "block" || role == "") && statement:
			return append([]string{e + ";", e, "var " + e + ";"}, stands...)
		case role == "for":
			return []string{e, e + "; " + e + "; " + e, e + " as " + e}
		}
		return append(stands, e+";", e+" => "+e)
	case "csharp", "c", "cpp", "solidity":
		switch {
		case role == "params":
			return []string{e + " " + e, e}
		case role == "members":
			return []string{e + " " + e + ";", e + ";", e + ",", e + "();"}
		case role == "for":
			return []string{e + "; " + e + "; " + e, e, e + " " + e, e + ";" + e, "var " + e + " in " + e}
		case role == "switch":
			return []string{"case " + e + ":", e + ";", e}
		case role == "args", role == "index":
			return []string{e, e + " " + e, e + ": " + e}
		case statement: // a call: a name alone is no statement there
			return []string{e + "();", e + ";", e, e + " " + e + ";", e + " " + e, "case " + e + ":", e + ","}
		}
		return []string{e, e + ";", e + " " + e, "{" + e + "}", e + "();"}
	case "kotlin":
		switch role {
		case "params":
			return []string{e + ": " + e, e}
		case "members":
			return []string{"val " + e + ": " + e, e, e + ","}
		case "for":
			return []string{e + " in " + e, e}
		case "args":
			return []string{e, e + ": " + e, "val " + e + ": " + e}
		case "switch":
			return []string{e + " -> " + e, e}
		}
		return []string{e, e + ";", e + " -> " + e, "{" + e + "}", e + ": " + e, "val " + e + ": " + e}
	case "swift":
		switch role {
		case "params":
			return []string{e + ": " + e, e}
		case "members":
			return []string{"import " + e, e, "case " + e}
		case "for":
			return []string{e + " in " + e, e}
		case "args", "index":
			return []string{e, e + ": " + e}
		case "switch":
			return []string{"case " + e + ": " + e, e}
		}
		return []string{e, "case " + e + ": " + e, "{" + e + "}", e + ": " + e, "import " + e}
	case "scala":
		switch role { // a name that ends in an underscore takes the colon into itself
		case "params":
			return []string{e + " : " + e, e}
		case "members":
			return []string{e, "val " + e + " : " + e}
		case "for":
			return []string{e + " <- " + e, e}
		case "switch":
			return []string{"case " + e + " => " + e, e}
		}
		return []string{e, e + " : " + e, "case " + e + " => " + e, "{" + e + "}"}
	case "rust":
		switch role {
		case "params":
			return []string{e + ": " + e, e}
		case "members":
			return []string{e + ": " + e + ",", e + ": " + e, e + "!();"}
		case "switch":
			return []string{e + " => " + e + ",", e}
		case "args":
			return []string{e, e + ": " + e}
		}
		if statement {
			return []string{e + ";", e, e + " => " + e + ",", e + ": " + e + ","}
		}
		return []string{e, e + ";", e + ": " + e, "{" + e + "}"}
	case "ocaml":
		return append(stands, "let "+e+" = "+e, "| "+e+" -> "+e)
	}
	return nil
}
