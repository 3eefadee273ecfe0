package scan

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// The language between Run and Worker: frames of a kind, a length and a body. A request is a header (JSON) and then, in the order that
// it names them, the rule files and the contents as they are. An answer is any number of progress frames and one result or error (JSON and
// text). Each side holds the other to bounds, and no length that a frame claims is allocated before its bytes have come.
const (
	frameHeader   = 'H'
	framePaths    = 'N' // of the head tree, each ended by a NUL, which no path holds
	frameRule     = 'R'
	frameContent  = 'C'
	frameImport   = 'I'
	frameProgress = 'P'
	frameResult   = 'J'
	frameError    = 'E'
	frameAsked    = 'Q' // the answer to Ask: packages (JSON)
	frameWants    = 'W' // what a worker wants to be looked for (JSON), once, if its parent offers to
	frameFound    = 'F' // what was found: a header (JSON), and then the contents

	maxHeader    = 512 << 20
	maxPaths     = 1 << 30
	maxContent   = 1 << 30
	maxResult    = 256 << 20
	maxError     = 64 << 10
	maxProgress  = 16
	maxAskedSize = 16 << 20
	maxAnswer    = maxResult + 64<<20 // with its progress
)

func writeFrame(w io.Writer, kind byte, body []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// readFrame reads one frame of one of the kinds in limits, which gives the most bytes that its body may have. io.EOF means that there is none.
func readFrame(r io.Reader, limits map[byte]uint32) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:1]); err != nil {
		return 0, nil, err
	}
	if _, err := io.ReadFull(r, head[1:]); err != nil {
		return 0, nil, cut(err)
	}
	kind = head[0]
	most, ok := limits[kind]
	if !ok {
		return 0, nil, fmt.Errorf("unexpected frame %q", kind)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > most {
		return 0, nil, fmt.Errorf("a frame %q of %d bytes, over the limit of %d", kind, size, most)
	}
	const step = 1 << 20
	if size <= step {
		body = make([]byte, size)
		_, err = io.ReadFull(r, body)
		return kind, body, cut(err)
	}
	var buf bytes.Buffer
	buf.Grow(step)
	n, err := io.CopyN(&buf, r, int64(size))
	if err != nil || n < int64(size) {
		return 0, nil, cut(err)
	}
	return kind, buf.Bytes(), nil
}

// cut makes the end of input in the middle of a frame an error.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header is the part of an Input that goes as JSON.
type header struct {
	Base, Head string
	Files      []*checks.File
	Text       checks.PRText
	Facts      checks.Facts
	NoBuiltin  bool
	Profile    bool
	All        bool
	Config     Config
	Ask        bool // what the checks ask is wanted, no scan
	Search     bool // the parent looks through the tree when it is asked to
	Listed     bool // a frame with the head tree's paths follows
	Rules      []ruleHeader
	Contents   []contentHeader
	Imports    []importHeader
	Roots      []string // ImportRoots
}

type importHeader struct {
	Name string
	Base bool
}

type ruleHeader struct {
	Name   string
	Origin rules.Origin
}

type contentHeader struct {
	Side checks.Side
	Path string
}

func writeRequest(w io.Writer, in *Input) error {
	h := header{Base: in.Base, Head: in.Head, Text: in.Text, Facts: in.Facts, NoBuiltin: in.NoBuiltin, Profile: in.Profile, All: in.All, Config: in.Config, Ask: in.AskOnly, Search: in.Search != nil, Listed: in.HeadPaths != nil}
	for _, f := range in.Files {
		g := *f
		g.Path, g.OldPath = packPath(g.Path), packPath(g.OldPath)
		h.Files = append(h.Files, &g)
	}
	for _, r := range in.Rules {
		h.Rules = append(h.Rules, ruleHeader{packPath(r.Name), r.Origin})
	}
	for _, c := range in.Contents {
		h.Contents = append(h.Contents, contentHeader{c.Side, packPath(c.Path)})
	}
	for _, one := range in.Imports {
		h.Imports = append(h.Imports, importHeader{packPath(one.Name), one.Base})
	}
	for _, root := range in.ImportRoots {
		h.Roots = append(h.Roots, packPath(root))
	}
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(body) > maxHeader {
		return fmt.Errorf("the request's header has %d bytes, over the limit of %d", len(body), maxHeader)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := writeFrame(out, frameHeader, body); err != nil {
		return err
	}
	if h.Listed {
		size := len(in.HeadPaths)
		for _, p := range in.HeadPaths {
			size += len(p)
		}
		if size > maxPaths {
			return fmt.Errorf("the names of the tree's files have %d bytes, over the limit of %d", size, maxPaths)
		}
		paths := make([]byte, 0, size)
		for _, p := range in.HeadPaths {
			paths = append(append(paths, p...), 0)
		}
		if err := writeFrame(out, framePaths, paths); err != nil {
			return err
		}
	}
	for _, r := range in.Rules {
		if err := writeFrame(out, frameRule, r.Data); err != nil {
			return err
		}
	}
	for _, c := range in.Contents {
		if len(c.Data) > maxContent {
			return fmt.Errorf("%s has %d bytes, over the limit of %d", c.Path, len(c.Data), maxContent)
		}
		if err := writeFrame(out, frameContent, c.Data); err != nil {
			return err
		}
	}
	for _, one := range in.Imports {
		if len(one.Data) > maxContent {
			return fmt.Errorf("%s has %d bytes, over the limit of %d", one.Name, len(one.Data), maxContent)
		}
		if err := writeFrame(out, frameImport, one.Data); err != nil {
			return err
		}
	}
	return out.Flush()
}

// readRequest reads an Input. search tells whether the parent offers Input.Search, which cannot cross as it is.
func readRequest(r io.Reader) (in *Input, search bool, err error) {
	_, body, err := readFrame(r, map[byte]uint32{frameHeader: maxHeader})
	if err != nil {
		return nil, false, cut(err)
	}
	var h header
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, false, err
	}
	in = &Input{Base: h.Base, Head: h.Head, Files: h.Files, Text: h.Text, Facts: h.Facts, NoBuiltin: h.NoBuiltin, Profile: h.Profile, All: h.All, Config: h.Config, AskOnly: h.Ask}
	for _, f := range in.Files {
		if f == nil {
			return nil, false, errors.New("a file of the header is null")
		}
		if err := errors.Join(unpackPath(&f.Path), unpackPath(&f.OldPath)); err != nil {
			return nil, false, err
		}
	}
	if h.Listed {
		_, body, err := readFrame(r, map[byte]uint32{framePaths: maxPaths})
		if err != nil {
			return nil, false, cut(err)
		}
		in.HeadPaths = []string{}
		if len(body) > 0 {
			in.HeadPaths = strings.Split(strings.TrimSuffix(string(body), "\x00"), "\x00")
		}
	}
	for _, one := range h.Rules {
		_, body, err := readFrame(r, map[byte]uint32{frameRule: maxContent})
		if err != nil {
			return nil, false, cut(err)
		}
		if err := unpackPath(&one.Name); err != nil {
			return nil, false, err
		}
		in.Rules = append(in.Rules, rules.Source{Name: one.Name, Origin: one.Origin, Data: body})
	}
	left := int64(maxBytes)
	for _, one := range h.Contents {
		_, body, err := readFrame(r, map[byte]uint32{frameContent: uint32(min(left, maxContent))})
		if err != nil {
			return nil, false, cut(err)
		}
		left -= int64(len(body))
		if err := unpackPath(&one.Path); err != nil {
			return nil, false, err
		}
		in.Contents = append(in.Contents, Content{Side: one.Side, Path: one.Path, Data: body})
	}
	for _, one := range h.Imports {
		_, body, err := readFrame(r, map[byte]uint32{frameImport: uint32(min(left, maxContent))})
		if err != nil {
			return nil, false, cut(err)
		}
		left -= int64(len(body))
		if err := unpackPath(&one.Name); err != nil {
			return nil, false, err
		}
		in.Imports = append(in.Imports, Import{Name: one.Name, Base: one.Base, Data: body})
	}
	for _, root := range h.Roots {
		if err := unpackPath(&root); err != nil {
			return nil, false, err
		}
		in.ImportRoots = append(in.ImportRoots, root)
	}
	if _, err := in.check(); err != nil {
		return nil, false, err
	}
	return in, h.Search, nil
}

// wireResult is a Result with what its stored form leaves out.
type wireResult struct {
	*Result
	Took []time.Duration `json:"took"` // of Checks, in their order
}

// writeAnswer sends a result or, if err is not nil, why there is none.
func writeAnswer(w io.Writer, r *Result, err error) error {
	if err != nil {
		return writeFrame(w, frameError, []byte(text(err.Error(), maxError-8)))
	}
	packed := *r
	packed.Findings = eachPath(r.Findings, func(path *string) { *path = packPath(*path) })
	packed.Unscanned = append([]checks.Unscanned(nil), r.Unscanned...)
	for i := range packed.Unscanned {
		packed.Unscanned[i].Path = packPath(packed.Unscanned[i].Path)
	}
	wire := wireResult{Result: &packed}
	for _, c := range r.Checks {
		wire.Took = append(wire.Took, c.Took)
	}
	body, err := json.Marshal(&wire)
	if err != nil {
		return err
	}
	if len(body) > maxResult {
		return writeAnswer(w, nil, fmt.Errorf("the result has %d bytes, over the limit of %d", len(body), maxResult))
	}
	return writeFrame(w, frameResult, body)
}

// readAnswer reads what a worker says. The worker may have been taken over by what it read: its answer is held to the form of a result. It may want
// something once; wanted is nil where that is not offered.
func readAnswer(r io.Reader, progress func(done, total int), wanted func([]checks.Want) error) (*Result, error) {
	limits := map[byte]uint32{frameProgress: maxProgress, frameResult: maxResult, frameError: maxError}
	if wanted != nil {
		limits[frameWants] = maxWantsSize
	}
	for {
		kind, body, err := readFrame(r, limits)
		if err != nil {
			return nil, cut(err)
		}
		switch kind {
		case frameProgress:
			if len(body) != 8 {
				return nil, errors.New("a progress frame of the wrong size")
			}
			if progress != nil {
				progress(int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:])))
			}
		case frameWants:
			delete(limits, frameWants)
			wants, err := readWants(body)
			if err == nil {
				err = wanted(wants)
			}
			if err != nil {
				return nil, err
			}
		case frameError:
			return nil, errors.New(text(string(body), maxMessage))
		default:
			return decodeResult(body)
		}
	}
}

func decodeResult(body []byte) (*Result, error) {
	wire := wireResult{Result: &Result{}}
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, fmt.Errorf("decoding the result: %w", err)
	}
	r := wire.Result
	for i := range min(len(r.Checks), len(wire.Took)) {
		r.Checks[i].Took = wire.Took[i]
	}
	var bad error
	r.Findings = eachPath(r.Findings, func(path *string) { bad = errors.Join(bad, unpackPath(path)) })
	for i := range r.Unscanned {
		bad = errors.Join(bad, unpackPath(&r.Unscanned[i].Path))
	}
	for _, f := range r.Findings {
		if len(f.Fingerprint) != 32 || strings.Trim(string(f.Fingerprint), "0123456789abcdef") != "" {
			bad = errors.Join(bad, fmt.Errorf("a finding with the fingerprint %q", text(string(f.Fingerprint), 100)))
		}
	}
	for _, c := range r.Checks {
		if c.Status != Ran && c.Status != Skipped && c.Status != Failed {
			bad = errors.Join(bad, fmt.Errorf("a check with the status %q", text(string(c.Status), 100)))
		}
	}
	if r.Findings == nil || r.Rules == nil || r.Checks == nil {
		bad = errors.Join(bad, errors.New("a part of the result is missing"))
	}
	if bad != nil {
		return nil, fmt.Errorf("decoding the result: %w", bad)
	}
	r.Sandbox = Layers{} // the parent knows better
	return r, nil
}

// eachPath calls do on every path of the findings, in a copy of them.
func eachPath(findings []checks.Finding, do func(path *string)) []checks.Finding {
	if findings == nil {
		return nil
	}
	out := make([]checks.Finding, len(findings))
	for i, f := range findings {
		do(&f.Location.Path)
		f.Related = append([]checks.Related(nil), f.Related...)
		for j := range f.Related {
			do(&f.Related[j].Location.Path)
		}
		f.Flow = append([]checks.Related(nil), f.Flow...)
		for j := range f.Flow {
			do(&f.Flow[j].Location.Path)
		}
		if f.Fix != nil {
			fix := *f.Fix
			do(&fix.Location.Path)
			f.Fix = &fix
		}
		out[i] = f
	}
	return out
}

// JSON cannot carry a path that is no UTF-8. Such a path goes as NUL and hexadecimal digits; no path holds a NUL.
func packPath(path string) string {
	if utf8.ValidString(path) && !strings.HasPrefix(path, "\x00") {
		return path
	}
	return "\x00" + hex.EncodeToString([]byte(path))
}

func unpackPath(path *string) error {
	digits, packed := strings.CutPrefix(*path, "\x00")
	if !packed {
		return nil
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return fmt.Errorf("a path that cannot be read: %w", err)
	}
	*path = string(raw)
	return nil
}
