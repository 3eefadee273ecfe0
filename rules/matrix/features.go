package matrix

// A Feature is a column of the matrix.
type Feature struct {
	Key   string // begins the sections of a cell
	Group string // the table that it stands in
	Basic bool   // a language without it is Experimental
	Means string // one line
}

// Groups are the tables, in order.
var Groups = []string{"Patterns", "Meaning", "Rules", "Taint"}

// Features are all columns, in order.
var Features = []Feature{
	{"literal", "Patterns", true, "code as it stands; white space and comments are of no matter"},
	{"metavariable", "Patterns", true, "`$X` is any code, the same wherever it stands in the pattern"},
	{"anonymous", "Patterns", false, "`$_` is any code, another one each time"},
	{"typed-metavariable", "Patterns", false, "a metavariable with a type"},
	{"string-metavariable", "Patterns", true, "`\"$X\"` is the content of a string"},
	{"ellipsis-metavariable", "Patterns", false, "`$...X` is any number of arguments or elements"},
	{"any-string", "Patterns", true, "`\"...\"` is any string"},
	{"string-regex", "Patterns", false, "`\"=~/re/\"` is a string with such content"},
	{"arguments", "Patterns", true, "`...` among arguments"},
	{"parameters", "Patterns", false, "`...` among parameters"},
	{"statements", "Patterns", true, "`...` between statements"},
	{"lists", "Patterns", true, "`...` in a list"},
	{"objects", "Patterns", true, "`...` among the members of an object, dictionary or block"},
	{"chain", "Patterns", false, "`. ... .` in a chain of methods"},
	{"deep", "Patterns", false, "`<... e ...>` is an expression that holds e"},

	{"spelling", "Meaning", true, "ways to write the same: quotes, parentheses, keywords"},
	{"nested-statements", "Meaning", true, "statements with `...` between them are found in nested blocks"},
	{"nested-expression", "Meaning", false, "`f();` is found in `x = f();`"},
	{"member-order", "Meaning", true, "members of an object or dictionary stand in any order"},
	{"implicit-members", "Meaning", false, "a pattern's object may leave out members"},
	{"declarations", "Meaning", false, "`$X = 1` finds declarations of every kind"},
	{"functions", "Meaning", false, "a pattern of a function finds methods and lambdas too"},
	{"attributes", "Meaning", false, "decorators, annotations, modifiers: those that a pattern has not are of no matter"},
	{"keyword-arguments", "Meaning", false, "arguments by name stand in any order"},
	{"import-aliases", "Meaning", false, "an import under another name is the same import"},
	{"qualified-names", "Meaning", false, "a qualified name is found as what was imported from it"},
	{"optional-chaining", "Meaning", false, "`a?.b` is found by `a.b`"},
	{"constants", "Meaning", true, "a variable that holds a constant is found as the constant"},
	{"constant-sums", "Meaning", false, "strings put together are one constant"},
	{"constant-fields", "Meaning", false, "constants of a class, module or file"},
	{"symbolic", "Meaning", false, "a variable is also the expression that it was given, if the rule asks for it"},
	{"commutative", "Meaning", false, "`a | b` is found as `b | a`"},

	{"formulas", "Rules", true, "patterns, pattern-either, pattern-not, pattern-inside, pattern-not-inside"},
	{"pattern-regex", "Rules", true, "pattern-regex and pattern-not-regex"},
	{"focus", "Rules", true, "focus-metavariable"},
	{"metavariable-regex", "Rules", true, "metavariable-regex"},
	{"metavariable-pattern", "Rules", true, "metavariable-pattern"},
	{"other-language", "Rules", false, "metavariable-pattern in another language"},
	{"comparison", "Rules", true, "metavariable-comparison"},
	{"analysis", "Rules", false, "metavariable-analysis"},
	{"metavariable-type", "Rules", false, "metavariable-type"},
	{"fix", "Rules", true, "fix"},
	{"fix-regex", "Rules", false, "fix-regex"},

	{"flow", "Taint", false, "from source to sink through variables"},
	{"sanitizers", "Taint", false, "what a sanitizer gives is clean"},
	{"propagators", "Taint", false, "pattern-propagators"},
	{"side-effects", "Taint", false, "by-side-effect: the variable, not only the expression"},
	{"labels", "Taint", false, "labels and requires"},
	{"control", "Taint", false, "control: reached after the source, whatever the data"},
	{"fields", "Taint", false, "through fields, each by itself"},
	{"collections", "Taint", false, "through lists and dictionaries"},
	{"branches", "Taint", false, "through conditions and loops"},
	{"exceptions", "Taint", false, "through try and catch"},
	{"closures", "Taint", false, "into functions inside of functions"},
	{"calls", "Taint", false, "through the functions of the file, if the rule asks for it"},
}

// feature returns the feature with a key, or nil.
func feature(key string) *Feature {
	for i := range Features {
		if Features[i].Key == key {
			return &Features[i]
		}
	}
	return nil
}
