package rules

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Options change what a rule's patterns match. The zero value is Semgrep's default. It can be compared, and be a key.
type Options struct {
	NoConstants bool // constant_propagation: false
	Symbolic    bool // symbolic_propagation: true: a variable stands for the expression that it was given
	NoDeepExpr  bool // implicit_deep_exprstmt: false: `f();` does not find `x = f();`
	NoVardef    bool // vardef_assign: false: `x = 1` does not find a declaration

	NoAC            bool // ac_matching: false: operators in a row are matched as they are grouped
	CommutativeBool bool // commutative_boolop: true: `a && b` finds `b && a`
	SymmetricEq     bool // symmetric_eq: true, commutative_compop: true: `a == b` finds `b == a`

	ExactMembers      bool // implicit_ellipsis: false: an object of JavaScript has no other members than those of the pattern
	OrderedDecorators bool // decorators_order_matters: true
	ArrowsApart       bool // arrow_is_function: false
	VarApart          bool // let_is_var: false
	DecoratorsApart   bool // attr_expr: false: what a decorator calls is no call
	NoDeepStmt        bool // go_deeper_stmt: false: `...` does not look into blocks

	Generic GenericOptions

	// Of mode: taint.
	AssumeSafeBooleans, AssumeSafeNumbers, AssumeSafeIndexes, AssumeSafeFunctions, AssumeSafeComparisons bool
	OnlyThroughAssignments, UnifyMetavariables                                                           bool
}

// GenericOptions are those of language: generic.
type GenericOptions struct {
	Span     int    // generic_ellipsis_max_span; -1: the ellipsis stays on its line; 0: not said
	Caseless bool   // generic_caseless
	Comments string // generic_comment_style: "", "c", "cpp" or "shell"
}

// switches are the options that are true or false, with Semgrep's default and what another value sets; nil: only the default runs.
func (o *Options) switches() map[string]struct {
	standard bool
	set      *bool
} {
	type option = struct {
		standard bool
		set      *bool
	}
	return map[string]option{
		"constant_propagation":   {true, &o.NoConstants},
		"symbolic_propagation":   {false, &o.Symbolic},
		"implicit_deep_exprstmt": {true, &o.NoDeepExpr},
		"vardef_assign":          {true, &o.NoVardef},
		"generic_caseless":       {false, &o.Generic.Caseless},

		"taint_assume_safe_booleans":               {false, &o.AssumeSafeBooleans},
		"taint_assume_safe_numbers":                {false, &o.AssumeSafeNumbers},
		"taint_assume_safe_indexes":                {false, &o.AssumeSafeIndexes},
		"taint_assume_safe_functions":              {false, &o.AssumeSafeFunctions},
		"taint_assume_safe_comparisons":            {false, &o.AssumeSafeComparisons},
		"taint_only_propagate_through_assignments": {false, &o.OnlyThroughAssignments},
		"taint_unify_mvars":                        {false, &o.UnifyMetavariables},

		"ac_matching":              {true, &o.NoAC},
		"commutative_boolop":       {false, &o.CommutativeBool},
		"symmetric_eq":             {false, &o.SymmetricEq},
		"commutative_compop":       {false, &o.SymmetricEq},
		"arrow_is_function":        {true, &o.ArrowsApart},
		"attr_expr":                {true, &o.DecoratorsApart},
		"decorators_order_matters": {false, &o.OrderedDecorators},
		"flddef_assign":            {false, nil},
		"go_deeper_expr":           {true, nil},
		"go_deeper_stmt":           {true, &o.NoDeepStmt},
		"implicit_ellipsis":        {true, &o.ExactMembers},
		"implicit_return":          {true, nil},
		"let_is_var":               {true, &o.VarApart},
		"unify_ids_strictly":       {true, nil},
	}
}

// harmlessOptions change nothing here: they belong to what Semgrep sells, to other languages, or to how it works inside. Prefixes end in an
// underscore.
var harmlessOptions = []string{"interfile", "max_match_per_file", "timeout", "taint_", "xml_", "cpp_", "sql_"}

func (p *parser) options(n *yaml.Node) Options {
	var out Options
	switches := out.switches()
	for _, e := range p.mapping(n, "options") {
		s, known := switches[e.key]
		harmless := slices.ContainsFunc(harmlessOptions, func(h string) bool {
			return e.key == h || strings.HasSuffix(h, "_") && strings.HasPrefix(e.key, h)
		})
		switch {
		case known:
			value := p.boolean(e.node, "option "+e.key)
			switch {
			case s.set != nil:
				*s.set = *s.set || value != s.standard
			case value != s.standard:
				p.problem(Unsupported, e.from, "cannot run yet: option %s other than %v; remove the option if the rule can do without", e.key, s.standard)
			}
		case strings.HasPrefix(e.key, "generic_"):
			p.genericOption(e, &out.Generic)
		case !harmless:
			p.broken(e.from, "unknown option %q%s", clip(e.key), suggest(e.key, optionNames(switches)))
		}
	}
	return out
}

func (p *parser) genericOption(e entry, o *GenericOptions) {
	switch e.key {
	case "generic_ellipsis_max_span":
		n, err := strconv.Atoi(e.node.Value)
		if err != nil || n < 0 || n > 1000 {
			p.broken(e.node, "generic_ellipsis_max_span must be a number of lines up to 1000, not %s", describe(e.node))
		}
		if o.Span = n; n == 0 {
			o.Span = -1
		}
	case "generic_comment_style":
		if o.Comments = p.text(e.node, e.key).Value; !slices.Contains([]string{"", "c", "cpp", "shell"}, o.Comments) {
			p.problem(Unsupported, e.node, "cannot run yet: generic_comment_style %q; c, cpp and shell run", clip(o.Comments))
		}
	case "generic_engine":
		if v := p.text(e.node, e.key).Value; v != "spacegrep" && v != "" {
			p.problem(Unsupported, e.from, "cannot run yet: generic_engine %q; remove the option, or write the rule with pattern-regex", clip(v))
		}
	default:
		p.problem(Unsupported, e.from, "cannot run yet: option %s; remove the option if the rule can do without", clip(e.key))
	}
}

func optionNames[V any](switches map[string]V) []string {
	names := []string{"interfile", "generic_ellipsis_max_span", "generic_comment_style", "generic_engine"}
	for name := range switches {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
