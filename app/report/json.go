package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// jsonVersion is Input.Version.
const jsonVersion = 1

var jsonFormat = &Format{
	Name: "json",
	Doc:  "everything, as one JSON document; every other format can be made from it",
	Write: func(w io.Writer, in *Input, _ Options) error {
		doc := packPaths(in)
		doc.Version = jsonVersion
		return writeJSON(w, doc, "  ")
	},
}

// Read reads what the json format wrote.
func Read(r io.Reader) (*Input, error) {
	var in Input
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return nil, fmt.Errorf("reading a json report: %w", err)
	}
	if in.Version != jsonVersion {
		return nil, fmt.Errorf("reading a json report: it has version %d, this program reads %d", in.Version, jsonVersion)
	}
	if in.Scan == nil {
		return nil, fmt.Errorf("reading a json report: it has no scan")
	}
	for _, p := range paths(&in) {
		if raw, ok := in.RawPaths[*p]; ok {
			*p = string(raw)
		}
	}
	in.RawPaths = nil
	return &in, nil
}

// writeJSON writes a value, over several lines if there is an indent. What a reader of the text would not see, or what would change how its
// neighbours are shown, stands as an escape; whoever decodes it gets the same value. HTML is escaped too: a report may end up inside a page.
func writeJSON(w io.Writer, v any, indent string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	data := buf.Bytes()
	if bytes.ContainsFunc(data, hiddenInJSON) {
		out := make([]byte, 0, len(data)+64)
		for len(data) > 0 {
			r, n := utf8.DecodeRune(data)
			switch {
			case !hiddenInJSON(r):
				out = append(out, data[:n]...)
			case r > 0xffff: // as a pair of surrogates
				r -= 0x10000
				out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			default:
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			data = data[n:]
		}
		data = out
	}
	_, err := w.Write(data)
	return err
}

// hiddenInJSON leaves out the line breaks between the values; inside of one, the encoder has escaped them.
func hiddenInJSON(r rune) bool { return hidden(r, "\n") }

// packPaths gives a copy of a report without paths that are no UTF-8.
func packPaths(in *Input) *Input {
	doc := copyPaths(in)
	doc.RawPaths = nil
	all := paths(doc)
	taken := map[string]bool{}
	for _, p := range all {
		taken[*p] = true
	}
	names := map[string]string{}
	for _, p := range all {
		if utf8.ValidString(*p) {
			continue
		}
		name, ok := names[*p]
		if !ok {
			name = visible(*p, "")
			for taken[name] { // another file has that very name
				name += "?"
			}
			taken[name], names[*p] = true, name
			if doc.RawPaths == nil {
				doc.RawPaths = map[string][]byte{}
			}
			doc.RawPaths[name] = []byte(*p)
		}
		*p = name
	}
	return doc
}

// copyPaths copies a report as far as its paths.
func copyPaths(in *Input) *Input {
	out := *in
	if in.Scan != nil {
		r := *in.Scan
		r.Findings = slices.Clone(r.Findings)
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Related = slices.Clone(f.Related)
			f.Flow = slices.Clone(f.Flow)
			if f.Fix != nil {
				fix := *f.Fix
				f.Fix = &fix
			}
		}
		r.Unscanned = slices.Clone(r.Unscanned)
		out.Scan = &r
	}
	out.WillNeed = copyGuards(in.WillNeed)
	if in.Decision != nil {
		d := *in.Decision
		d.Guards = copyGuards(d.Guards)
		out.Decision = &d
	}
	return &out
}

func copyGuards(guards []gate.GuardAnswer) []gate.GuardAnswer {
	guards = slices.Clone(guards)
	for i := range guards {
		guards[i].Files = slices.Clone(guards[i].Files)
	}
	return guards
}

// paths gives every path of the judged tree that a report names.
func paths(in *Input) []*string {
	var out []*string
	location := func(l *checks.Location) { out = append(out, &l.Path) }
	if in.Scan != nil {
		for i := range in.Scan.Findings {
			f := &in.Scan.Findings[i]
			location(&f.Location)
			for j := range f.Related {
				location(&f.Related[j].Location)
			}
			for j := range f.Flow {
				location(&f.Flow[j].Location)
			}
			if f.Fix != nil {
				location(&f.Fix.Location)
			}
		}
		for i := range in.Scan.Unscanned {
			out = append(out, &in.Scan.Unscanned[i].Path)
		}
	}
	guards := func(list []gate.GuardAnswer) {
		for i := range list {
			for j := range list[i].Files {
				out = append(out, &list[i].Files[j])
			}
		}
	}
	guards(in.WillNeed)
	if in.Decision != nil {
		guards(in.Decision.Guards)
	}
	return out
}
