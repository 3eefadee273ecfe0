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
	Assign    // Target, Value, Type; Value = "=" or the operator of an augmented one ("+=")
	Func      // Decorator*, Name, Receiver, Params, Returns, Body: functions, methods, constructors, lambdas, arrows (the last two without Name)
	Params    // Item* (Param, Ellipsis...)
	Param     // Decorator*, Name, Type, Value (the default); Value = "" | "*" | "**" | "..."
	Class     // Decorator*, Name, Base*, Body: classes, interfaces, structs, enums; Value = "class" | "interface" | ...
	Decorator // Operand: the expression after @ (a Name or a Call): Python decorators, Java annotations, TypeScript decorators

	If         // Cond, Then, Else
	For        // Init, Cond, Update, Body: the C form; also while (Cond, Body)
	ForEach    // Target, Value, Body
	Switch     // Operand, Item* (Case)
	Case       // Operand* , Body; none: default
	Try        // Resource*, Body, Catch*, Finally
	Catch      // Target, Type*, Body
	With       // Resource*, Body: Python's with, Java's synchronized
	Return     // Operand
	Throw      // Operand: throw, raise
	Jump       // Value = "break" | "continue" | "goto" ...
	Defer      // Operand; Value = "defer" | "go" | "await" ...: an operation on an expression, by keyword
	Import     // Module (Name or Str), Alias: import m [as a]; JS import forms and require are brought to Import and ImportFrom where they mean the same
	ImportFrom // Module, Item* (ImportName)
	ImportName // Name, Alias

	Name     // Value = identifier
	Dot      // Operand, Name: member access; flag Optional for ?.
	Index    // Operand, Item*: subscript
	Call     // Callee, Args; flag New for `new C()`
	Args     // Item* (expressions, KeyArg, Spread)
	KeyArg   // Name, Operand: Python's name=value
	Spread   // Operand; Value = "*" | "**" | "..."
	Binary   // Left, Right; Value = operator, brought to one spelling ("&&" for and, "||" for or)
	Unary    // Operand; Value = operator ("!" for not)
	Ternary  // Cond, Then, Else
	Cast     // Type, Operand: casts, conversions, `as T`, type assertions
	Str      // Value = content, escapes resolved; adjacent literals joined
	Template // Item* (Str, and the expressions in between): f-strings, template literals; flag Tagged with Callee
	Num      // Value = the digits as written, without separators
	Bool     // Value = "true" | "false"
	Null     // None, null, nil, undefined
	Regex    // Value = the pattern: JavaScript's /x/
	List     // Item*
	Tuple    // Item*
	Dict     // Item* (Pair, Spread, Func for methods): dicts, object literals, Go composite literals with keys (then Type too)
	Pair     // Key, Operand
	Type     // a type as written; Value = its text without white space

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
type Flags uint8

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
)
