package language

// field is a role that a grammar gives a child. The grammars share most of the names; each numbers them in its own way.
type field uint8

const (
	noField field = iota
	fAlias
	fAlternative
	fArgument
	fArguments
	fArray
	fAttribute
	fBlock
	fBody
	fCapacity
	fCause
	fChannel
	fCloseTag
	fCode
	fCommunication
	fCondition
	fConsequence
	fConstructor
	fDeclaration
	fDeclarator
	fDecorator
	fDefinition
	fDimensions
	fElement
	fEnd
	fExpression
	fField
	fExceptions
	fFinalizer
	fFlags
	fFunction
	fGuard
	fHandler
	fIncrement
	fIndex
	fInit
	fInitializer
	fInterfaces
	fKey
	fKind
	fLabel
	fLeft
	fMethod
	fModule
	fModuleName
	fName
	fObject
	fOpenTag
	fOperand
	fOperator
	fOperators
	fOptionalChain
	fPackage
	fParameter
	fParameters
	fPath
	fPattern
	fProperty
	fReceiver
	fResources
	fResult
	fReturnType
	fRight
	fScope
	fSource
	fStart
	fSubject
	fSubscript
	fSuperclass
	fSuperclasses
	fType
	fTypeArguments
	fUpdate
	fValue
	fVariable
)

var fieldNames = map[string]field{
	"alias": fAlias, "alternative": fAlternative, "argument": fArgument, "arguments": fArguments, "array": fArray,
	"attribute": fAttribute, "block": fBlock, "body": fBody, "capacity": fCapacity, "cause": fCause, "channel": fChannel, "close_tag": fCloseTag,
	"code": fCode, "communication": fCommunication, "condition": fCondition, "consequence": fConsequence,
	"constructor": fConstructor, "declaration": fDeclaration, "declarator": fDeclarator, "decorator": fDecorator,
	"definition": fDefinition, "dimensions": fDimensions, "element": fElement, "end": fEnd, "expression": fExpression,
	"field": fField, "finalizer": fFinalizer, "flags": fFlags, "function": fFunction, "guard": fGuard, "handler": fHandler,
	"increment": fIncrement, "index": fIndex, "init": fInit, "initializer": fInitializer, "interfaces": fInterfaces, "key": fKey,
	"kind": fKind, "label": fLabel, "left": fLeft, "module": fModule, "module_name": fModuleName, "name": fName,
	"object": fObject, "open_tag": fOpenTag, "operand": fOperand, "operator": fOperator, "operators": fOperators,
	"optional_chain": fOptionalChain, "package": fPackage, "parameter": fParameter, "parameters": fParameters, "path": fPath,
	"pattern": fPattern, "property": fProperty, "receiver": fReceiver, "resources": fResources, "result": fResult,
	"return_type": fReturnType, "right": fRight, "scope": fScope, "source": fSource, "start": fStart, "subject": fSubject,
	"subscript": fSubscript, "superclass": fSuperclass, "superclasses": fSuperclasses, "type": fType,
	"type_arguments": fTypeArguments, "update": fUpdate, "value": fValue, "variable": fVariable,
	"exceptions": fExceptions, "method": fMethod,
}
