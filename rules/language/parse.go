package language

// #cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
// #include "flatten.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"

	// Brings the objects of tree-sitter's core, whose functions flatten.c calls.
	_ "github.com/tree-sitter/go-tree-sitter"
)

// The limits of one file. They are far above what people write and keep a hostile file from taking the machine.
const (
	MaxSource = 4 << 20 // bytes
	MaxDepth  = 10_000  // nested nodes of the grammar: a sum of ten thousand strings still passes
	MaxNodes  = 1 << 22 // nodes of the grammar
	// The parser's operations, in hundreds. Code that people write takes 4 to 15 per KiB.
	stepsBase, stepsPerKB = 2_000, 120
	// Processor time, the last resort for inputs on which single operations become slow. Code takes 200 to 400 ms per MiB.
	millisBase, millisPerMB = 2_000, 4_000
)

// ErrLimit is what errors of Parse wrap: the file is beyond a limit and was not read.
var ErrLimit = errors.New("over the limit")

// A record is one node of the concrete tree, as flatten.h lays it out.
type record struct {
	start, end, next, parent uint32
	symbol                   uint16
	field, flags             uint8
}

const (
	named   = C.RG_NAMED
	extra   = C.RG_EXTRA
	missing = C.RG_MISSING
	broken  = C.RG_ERROR
)

// A grammar is a tree-sitter language with its names resolved once, by the first parse: a program has more languages than a run reads.
type grammar struct {
	language unsafe.Pointer
	load     func()
	names    []string // by symbol
	named    []bool
	fields   []field // by the grammar's field number
	lower    []lowerFunc
}

// ERROR has a symbol of its own in every grammar, outside the table.
const errorSymbol = math.MaxUint16

var setup = sync.OnceFunc(func() { C.rg_setup(C.int(runtime.GOMAXPROCS(0))) })

func newGrammar(language unsafe.Pointer, rules map[string]lowerFunc) *grammar {
	g := &grammar{language: language}
	g.load = sync.OnceFunc(func() {
		setup()
		g.resolve(rules)
	})
	return g
}

func (g *grammar) resolve(rules map[string]lowerFunc) {
	language := g.language
	n := int(C.rg_symbols(language))
	for i := range n {
		name := C.GoString(C.rg_symbol_name(language, C.uint16_t(i)))
		isNamed := C.rg_symbol_named(language, C.uint16_t(i)) != 0
		g.names = append(g.names, name)
		g.named = append(g.named, isNamed)
		if !isNamed {
			name = "'" + name + "'"
		}
		g.lower = append(g.lower, rules[name])
	}
	g.fields = append(g.fields, noField)
	for i := range int(C.rg_fields(language)) {
		g.fields = append(g.fields, fieldNames[C.GoString(C.rg_field_name(language, C.uint16_t(i+1)))])
	}
}

func (g *grammar) name(symbol uint16) string {
	if int(symbol) < len(g.names) {
		return g.names[symbol]
	}
	return "ERROR"
}

// parse calls use with the records of src, which are gone when it returns.
func (g *grammar) parse(src []byte, use func([]record)) error {
	if len(src) > MaxSource {
		return fmt.Errorf("the file has %d bytes; the most that is read is %d: %w", len(src), MaxSource, ErrLimit)
	}
	g.load()
	limits := C.rg_limits{max_depth: MaxDepth, max_nodes: MaxNodes, max_steps: C.uint64_t(stepsBase + stepsPerKB*(len(src)>>10)), max_millis: C.uint64_t(millisBase + millisPerMB*(len(src)>>20))}
	var text *C.char
	if len(src) > 0 {
		text = (*C.char)(unsafe.Pointer(&src[0]))
	}
	r := C.rg_parse(g.language, text, C.uint32_t(len(src)), limits)

	switch r.status {
	case C.RG_OK:
	case C.RG_TOO_DEEP:
		return fmt.Errorf("the code is nested deeper than %d levels: %w", MaxDepth, ErrLimit)
	case C.RG_TOO_MANY:
		return fmt.Errorf("the code has more than %d nodes: %w", MaxNodes, ErrLimit)
	case C.RG_TOO_SLOW:
		return fmt.Errorf("the code takes the parser too many steps (%d bytes): %w", len(src), ErrLimit)
	case C.RG_NO_MEMORY:
		return fmt.Errorf("no memory left to parse %d bytes: %w", len(src), ErrLimit)
	default:
		return fmt.Errorf("the parser gave no tree for %d bytes: %w", len(src), ErrLimit)
	}
	defer C.rg_free(unsafe.Pointer(r.records), r.count)
	use(unsafe.Slice((*record)(unsafe.Pointer(r.records)), int(r.count)))
	return nil
}
