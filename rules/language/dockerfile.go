package language

import (
	"strings"
)

// dockerfile has no grammar: an instruction is a line, and what RUN, CMD and ENTRYPOINT hold is shell.
func dockerfile(shell *grammar) *Spec {
	s := &Spec{
		Name:       "dockerfile",
		Aliases:    []string{"docker"},
		Extensions: []string{".dockerfile", ".containerfile"},
		Names:      []string{"Dockerfile", "Containerfile", "dockerfile"},
		Metavar:    "mv__",
		Wrappers: []Wrapper{
			{},
			{"RUN ", ""},
		},
		grammar:  func(string) *grammar { return shell },
		patterns: func() *grammar { return shell },
	}
	s.own = s.parseDockerfile
	return s
}

// A docker reads the instructions of one file.
type docker struct {
	*lowerer
	t    *Tree
	text string // the source with what does not count blanked: comments between lines, the backslashes of continued ones
}

func (s *Spec) parseDockerfile(g *grammar, src []byte) (*Tree, error) {
	if len(src) > MaxSource {
		return nil, g.parse(src, nil)
	}
	t := &Tree{Spec: s, Source: string(src), symbols: g}
	d := &docker{lowerer: &lowerer{g: g, src: t.Source, parent: None, limit: min(MaxNodes, 4*len(src)+10_000)}, t: t, text: t.Source}
	root := d.at(File, Item, 0, len(src))
	blank := []byte(t.Source)
	var ends []int // of instructions
	for at := 0; at < len(src); {
		end := at
		for { // the lines of one instruction
			line := lineOf(t.Source[end:])
			text := strings.TrimSpace(line)
			if strings.HasPrefix(text, "#") {
				start := end + strings.IndexByte(line, '#')
				t.Comments = append(t.Comments, Comment{uint32(start), uint32(end + len(strings.TrimRight(line, "\r")))})
				erase(blank[start : end+len(line)])
				if end > at && end+len(line) < len(src) {
					blank[end+len(line)] = ' '
				}
			}
			end += len(line)
			if end >= len(src) {
				break
			}
			end++ // the line feed
			continues := strings.HasSuffix(text, `\`) && !strings.HasPrefix(text, "#")
			if continues {
				erase(blank[end-1-(len(line)-strings.LastIndexByte(line, '\\')) : end])
			} else if !strings.HasPrefix(text, "#") || end-1-len(line) == at {
				break
			}
		}
		ends = append(ends, end)
		at = end
	}
	d.text = string(blank)
	at := 0
	for _, end := range ends {
		if end <= at {
			continue // inside of a heredoc
		}
		stop, err := d.instruction(at, end)
		if err != nil {
			return nil, err
		}
		at = max(end, stop)
	}
	d.close(root)
	t.Nodes, t.lines = d.nodes, NewLines(t.Source)
	if d.full {
		return nil, ErrLimit
	}
	return t, nil
}

func erase(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

func lineOf(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i]
	}
	return s
}

// at opens a node that no grammar has read.
func (d *docker) at(k Kind, slot Slot, start, end int) ID {
	d.recs = []record{{start: uint32(start), end: uint32(end), symbol: errorSymbol}}
	return d.open(k, slot, 0)
}

func (d *docker) put(k Kind, slot Slot, start, end int, value string) {
	id := d.at(k, slot, start, end)
	d.nodes[id].Value = value
	d.close(id)
}

// instruction reads text[at:end]. It returns where the instruction ends if that is later, behind a heredoc.
func (d *docker) instruction(at, end int) (int, error) {
	for at < end && strings.IndexByte(" \t\r\n", d.text[at]) >= 0 {
		at++
	}
	for end > at && strings.IndexByte(" \t\r\n", d.text[end-1]) >= 0 {
		end--
	}
	if at == end {
		return 0, nil
	}
	stop := at
	for stop < end && strings.IndexByte(" \t\n", d.text[stop]) < 0 {
		stop++
	}
	name := strings.ToUpper(d.text[at:stop])
	rest := stop
	for rest < end && strings.IndexByte(" \t\n", d.text[rest]) >= 0 {
		rest++
	}
	after := 0
	id := d.at(Call, Item, at, end)
	d.put(Name, SlotCallee, at, stop, d.callee(at, stop, name))
	args := d.at(Args, SlotArgs, rest, end)
	var err error
	switch {
	case name == "FROM":
		d.from(rest, end)
	case name == "RUN" || name == "CMD" || name == "ENTRYPOINT" || name == "SHELL":
		after, err = d.command(rest, end)
	case name == "ONBUILD" || name == "HEALTHCHECK" && strings.HasPrefix(d.text[rest:end], "CMD"):
		after, err = d.instruction(rest, end)
	case name == "MAINTAINER" && rest < end:
		d.put(Name, Item, rest, end, d.text[rest:end])
	case name == "ENV" || name == "ARG" || name == "LABEL":
		d.pairs(name, rest, end)
	case d.text[rest:end] != "" && d.text[rest] == '[':
		d.list(rest, end)
	default:
		for _, w := range d.words(rest, end) {
			d.word(Item, w[0], w[1])
		}
	}
	d.close(args)
	if after > end {
		d.nodes[id].End, d.nodes[args].End = uint32(after), uint32(after)
	}
	d.close(id)
	if !known(name) && !strings.HasPrefix(name, strings.ToUpper(d.t.Spec.Metavar)) {
		d.t.Errors = append(d.t.Errors, Span{uint32(at), uint32(end)})
	}
	return after, err
}

// callee keeps the stand-ins of a pattern as they are written.
func (d *docker) callee(at, stop int, name string) string {
	if known(name) {
		return name
	}
	return d.text[at:stop]
}

func known(name string) bool {
	switch name {
	case "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL",
		"STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "CROSS_BUILD":
		return true
	}
	return false
}

// words splits text at white space outside of quotes.
func (d *docker) words(from, to int) [][2]int {
	var out [][2]int
	start, quote := -1, byte(0)
	for i := from; i < to; i++ {
		c := d.text[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if start >= 0 {
				out = append(out, [2]int{start, i})
			}
			start = -1
			continue
		case c == '"' || c == '\'':
			quote = c
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, [2]int{start, to})
	}
	return out
}

func (d *docker) word(slot Slot, from, to int) {
	text := d.text[from:to]
	if len(text) >= 2 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		d.put(Str, slot, from, to, text[1:len(text)-1])
		return
	}
	if flag, _, ok := strings.Cut(text, "="); ok && strings.HasPrefix(text, "--") {
		id := d.at(KeyArg, slot, from, to)
		d.put(Name, SlotName, from, from+len(flag), flag)
		d.word(SlotOperand, from+len(flag)+1, to)
		d.close(id)
		return
	}
	d.put(Name, slot, from, to, text)
}

// from writes the image as a Slice: its name, its tag as Else, its digest as Returns; both may be left out in a pattern. The name of the stage
// is of no matter.
func (d *docker) from(from, to int) {
	for _, w := range d.words(from, to) {
		text := d.text[w[0]:w[1]]
		if strings.HasPrefix(text, "--") {
			d.word(Item, w[0], w[1])
			continue
		}
		id := d.at(Slice, Item, w[0], w[1])
		end := w[1]
		digest, tag := -1, -1
		if i := strings.LastIndexByte(text, '@'); i >= 0 {
			digest, end = w[0]+i, w[0]+i
		}
		if i := strings.LastIndexByte(d.text[w[0]:end], ':'); i >= 0 && !strings.Contains(d.text[w[0]+i:end], "/") && !strings.HasSuffix(d.text[w[0]:end], "}") {
			tag = w[0] + i
		}
		name := end
		if tag >= 0 {
			name = tag
		}
		d.put(Name, SlotOperand, w[0], name, d.text[w[0]:name])
		if tag >= 0 {
			d.put(Name, SlotElse, tag+1, end, d.text[tag+1:end])
		}
		if digest >= 0 {
			d.put(Name, SlotReturns, digest+1, w[1], d.text[digest+1:w[1]])
		}
		d.close(id)
		return
	}
}

func (d *docker) pairs(name string, from, to int) {
	words := d.words(from, to)
	if name == "ENV" && len(words) >= 2 && !strings.Contains(d.text[words[0][0]:words[0][1]], "=") && !strings.HasPrefix(d.text[words[0][0]:], d.t.Spec.Metavar) {
		id := d.at(Pair, Item, from, to) // ENV key value
		d.put(Name, SlotKey, words[0][0], words[0][1], d.text[words[0][0]:words[0][1]])
		d.put(Name, SlotOperand, words[1][0], to, d.text[words[1][0]:to])
		d.close(id)
		return
	}
	for _, w := range words {
		key, _, ok := strings.Cut(d.text[w[0]:w[1]], "=")
		if !ok {
			d.word(Item, w[0], w[1])
			continue
		}
		kind, slot := Pair, SlotKey
		if name == "ARG" {
			kind, slot = KeyArg, SlotName // ARG $X has no default
		}
		id := d.at(kind, Item, w[0], w[1])
		d.put(Name, slot, w[0], w[0]+len(key), key)
		if value := w[0] + len(key) + 1; value < w[1] {
			d.word(SlotOperand, value, w[1])
		} else {
			d.put(Str, SlotOperand, w[1], w[1], "")
		}
		d.close(id)
	}
}

// list writes the form of an instruction that is an array of JSON.
func (d *docker) list(from, to int) {
	id := d.at(List, Item, from, to)
	for i := from + 1; i < to; {
		switch c := d.text[i]; {
		case c == '"':
			end := i + 1
			for end < to && d.text[end] != '"' {
				if d.text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, to)
			d.put(Str, Item, i, end, unescape(d.text[i+1:max(i+1, end-1)], true))
			i = end
		case strings.IndexByte(" \t\r\n,]", c) >= 0:
			i++
		default: // a stand-in
			end := i
			for end < to && strings.IndexByte(" \t\r\n,]", d.text[end]) < 0 {
				end++
			}
			d.put(Name, Item, i, end, d.text[i:end])
			i = end
		}
	}
	d.close(id)
}

// command writes flags and then a list or a piece of shell.
func (d *docker) command(from, to int) (int, error) {
	for strings.HasPrefix(d.text[from:to], "--") {
		w := d.words(from, to)[0]
		d.word(Item, w[0], w[1])
		for from = w[1]; from < to && strings.IndexByte(" \t\n", d.text[from]) >= 0; {
			from++
		}
	}
	if from < to && d.text[from] == '[' && d.text[to-1] == ']' {
		d.list(from, to)
		return 0, nil
	}
	after := 0
	if word, ok := strings.CutPrefix(d.text[from:to], "<<"); ok {
		// The lines of a heredoc are the shell.
		word = strings.Trim(strings.TrimPrefix(strings.Fields(word + " x")[0], "-"), `"'`)
		start := min(len(d.src), to+1)
		stop, end := start, len(d.src)
		for stop < len(d.src) {
			line := lineOf(d.src[stop:])
			if strings.TrimSpace(line) == word {
				end = stop + len(line)
				break
			}
			stop = min(len(d.src), stop+len(line)+1)
		}
		from, to, after = start, min(stop, len(d.src)), end
	}
	if after > 0 {
		return after, d.shell(d.src, from, to)
	}
	return after, d.shell(d.text, from, to)
}

// shell writes what text[from:to] is in the grammar of shell.
func (d *docker) shell(text string, from, to int) error {
	if from >= to {
		return nil
	}
	return d.g.parse([]byte(text[from:to]), func(recs []record) {
		shifted := make([]record, len(recs))
		for i, r := range recs {
			r.start, r.end = r.start+uint32(from), r.end+uint32(from)
			if r.flags&(broken|missing) != 0 {
				if n := len(d.t.Errors); n == 0 || r.start >= d.t.Errors[n-1].End {
					d.t.Errors = append(d.t.Errors, Span{r.start, r.end})
				}
			}
			shifted[i] = r
		}
		d.recs = shifted
		d.children(0, Item)
	})
}
