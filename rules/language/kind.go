package language

// Kind is the canonical kind of a node. The comment of each gives its slots and what Value holds; a slot that is absent in the
// source is absent in the tree. "*" marks a slot that repeats.
type Kind uint8

// The kinds.
const (
	Other Kind = iota // what no kind below describes: compared by grammar symbol (Tree.Type) and children

	File     // Item*
	Block    // Item* (statements)
	ExprStmt // Operand: an expression standing as a statement

	// Declarations of variables are assignments: let, var, const, :=, Java locals and fields. Flag Declares is set.
	Assign // Decorator*, Target, Value, Type; Value = "=" or the operator of an augmented one ("+=")
	Func   // Decorator*, Name, Receiver, Params, Returns, Type* (Java's throws), Body: Value = "" | "get" | "set" |
	// "constructor";  functions, methods, constructors, lambdas, arrows (the last two without Name)
	Params    // Item* (Param, Ellipsis...)
	Param     // Decorator*, Name (a Name, or the pattern that takes the argument apart), Type, Value (the default); Value = "" | "*" | "**" | "..." | "/"
	Class     // Decorator*, Name, Type* (its type parameters), Params, Base*, Body: classes, interfaces, structs, enums, namespaces; Value = "class" | "interface" | ...
	Decorator // Operand: the expression after @ (a Name or a Call): Python decorators, Java annotations, TypeScript decorators; a
	// modifier (public, export, abstract) is one without Operand; Value = the modifier

	If      // Init, Cond, Then, Else: the branches are Blocks; `else if` is an Else block with an If in it
	For     // Init*, Cond, Update*, Body, Else: the C form; also while (Cond, Body); Value = "" | "do"
	ForEach // Target, Type, Value, Body, Else; Value = "" | "in" | "of"
	Switch  // Init, Target, Operand, Item* (Case); Value = "" | "type" | "select"
	Case    // Operand*, Cond, Body; no Operand: default
	Try     // Resource*, Body, Catch*, Else, Finally
	Catch   // Type*, Target, Body
	With    // Resource*, Body: Python's with, Java's synchronized
	Return  // Operand
	Throw   // Operand, Value (the cause): throw, raise
	Jump    // Operand (the label); Value = "break" | "continue" | "goto" | "pass" ...
	Defer   // Operand; Value = "defer" | "go" | "await" ...: an operation on an expression, by keyword
	Import  // Module (Name or Str), Alias, Value: import m [as a]. JS import forms and declarations with require are brought to Import
	// and ImportFrom where they mean the same; Value is then the call of require. Value = "*" for
	// import * as a
	ImportFrom // Module, Item* (ImportName), Value
	ImportName // Name, Alias

	Name     // Value = identifier
	Dot      // Operand, Name: member access; flag Optional for ?.
	Index    // Operand, Item*: subscript
	Call     // Callee, Type* (arguments for type parameters), Args, Body (of an anonymous class); flag New for `new C()`
	Args     // Item* (expressions, KeyArg, Spread)
	KeyArg   // Name, Operand: Python's name=value
	Spread   // Operand; Value = "*" | "**" | "..."
	Binary   // Left, Right; Value = operator, brought to one spelling ("&&" for and, "||" for or)
	Unary    // Operand; Value = operator ("!" for not)
	Ternary  // Cond, Then, Else
	Cast     // Type, Operand: casts, conversions, `as T`; flag Optional for what only asks: Go's x.(T), TypeScript's satisfies
	Str      // Value = content, escapes resolved; adjacent literals joined
	Template // Callee, Item* (Str, and the expressions in between): f-strings, template literals; flag Tagged with Callee
	Num      // Value = the digits as written, without separators
	Bool     // Value = "true" | "false"
	Null     // None, null, nil, undefined
	Regex    // Value = the pattern: JavaScript's /x/
	List     // Item*
	Tuple    // Item*
	Dict     // Item* (Pair, Spread, Func for methods): dicts, object literals, Go composite literals with keys (then Type too)
	Pair     // Key, Operand
	Type     // Operand, Item*: a type that is more than a name (which is a Name or a Dot): pointers, arrays, generics; Value = its text without white space
	Element  // Name, Item* (Pair, Spread), Body: a JSX element
	Slice    // Left, Right, Update: the bounds of a subscript: a[1:2:3]

	// Only in patterns.
	Ellipsis     // ...
	DeepEllipsis // Operand: <... e ...>
	Metavar      // Value = "$X"
	MetaEllipsis // Value = "$...X"
	TypedMetavar // Type; Value = "$X"

	kinds // their number
)

// Slot is the role of a node in its parent.
type Slot uint8

// The slots; Kind says which kind has which. Item is the slot of list members.
const (
	Item Slot = iota
	SlotName
	SlotTarget
	SlotValue
	SlotType
	SlotOperand
	SlotCallee
	SlotArgs
	SlotLeft
	SlotRight
	SlotCond
	SlotThen
	SlotElse
	SlotInit
	SlotUpdate
	SlotBody
	SlotParams
	SlotReturns
	SlotReceiver
	SlotDecorator
	SlotBase
	SlotKey
	SlotModule
	SlotAlias
	SlotCatch
	SlotFinally
	SlotResource
)

// Flags are yes-or-no facts about a node.
type Flags uint16

// The flags.
const (
	Declares Flags = 1 << iota // the Assign declares its target
	Optional                   // ?.
	New                        // new C()
	Async                      // async function
	Static
	Lambda // the Func is an expression
	Tagged
	Parenthesised
	Const      // the declared variable cannot be assigned again: const, final
	Implements // the base is an interface that a class implements, not what it extends
	Before     // the operator ++ or -- stands before its operand; only in languages in which rules tell that apart
)
