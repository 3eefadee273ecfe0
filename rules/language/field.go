package language

// field is a role that a grammar gives a child. The grammars share most of the names; each numbers them in its own way.
type field uint8

const (
	noField field = iota
	fAccessors
	fAlias
	fAlternative
	fAncestor
	fArgument
	fArguments
	fArray
	fAttempt
	fAttribute
	fAttributes
	fBase
	fBlock
	fBody
	fBounds
	fCapacity
	fCause
	fChannel
	fClassParameters
	fCloseTag
	fCode
	fCodomain
	fCoercion
	fCollection
	fCommunication
	fComputedValue
	fCondition
	fConsequence
	fConstructor
	fDeclaration
	fDeclarator
	fDecorator
	fDefault
	fDefaultValue
	fDefinition
	fDesignator
	fDimensions
	fElement
	fElse
	fEnd
	fEnumerators
	fError
	fExceptions
	fExpression
	fExtend
	fExtends
	fExternalName
	fField
	fFields
	fFinalizer
	fFlags
	fFrom
	fFunction
	fFunctor
	fGuard
	fHandler
	fImportName
	fIncrement
	fIndex
	fInit
	fInitial
	fInitialize
	fInitializer
	fInterfaces
	fInterpolator
	fItem
	fKey
	fKeyType
	fKind
	fLabel
	fLeft
	fList
	fLocation
	fMacro
	fMember
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
	fQualifier
	fRank
	fReceiver
	fRecord
	fResources
	fResult
	fReturnType
	fReturns
	fRight
	fScope
	fSize
	fSource
	fStart
	fString
	fSubject
	fSubscript
	fSuffix
	fSuperclass
	fSuperclasses
	fTarget
	fTo
	fTrait
	fType
	fTypeArguments
	fTypeParameters
	fUpdate
	fValue
	fVariable
	fVisibility
)

var fieldNames = map[string]field{
	"accessors": fAccessors, "alias": fAlias, "alternative": fAlternative, "ancestor": fAncestor, "argument": fArgument,
	"arguments": fArguments, "array": fArray, "attempt": fAttempt, "attribute": fAttribute, "attributes": fAttributes,
	"base": fBase, "block": fBlock, "body": fBody, "bounds": fBounds, "capacity": fCapacity, "cause": fCause, "channel": fChannel,
	"class_parameters": fClassParameters, "close_tag": fCloseTag, "code": fCode, "codomain": fCodomain, "coercion": fCoercion, "collection": fCollection,
	"communication": fCommunication, "computed_value": fComputedValue, "condition": fCondition, "consequence": fConsequence, "constructor": fConstructor,
	"declaration": fDeclaration, "declarator": fDeclarator, "decorator": fDecorator, "default": fDefault,
	"default_value": fDefaultValue, "definition": fDefinition, "designator": fDesignator, "dimensions": fDimensions,
	"element": fElement, "else": fElse, "end": fEnd, "enumerators": fEnumerators, "error": fError, "exceptions": fExceptions,
	"expression": fExpression, "extend": fExtend, "extends": fExtends, "external_name": fExternalName, "field": fField, "fields": fFields, "finalizer": fFinalizer,
	"flags": fFlags, "from": fFrom, "function": fFunction, "functor": fFunctor, "guard": fGuard, "handler": fHandler,
	"import_name": fImportName, "increment": fIncrement, "index": fIndex, "init": fInit, "initial": fInitial,
	"initialize": fInitialize, "initializer": fInitializer, "interfaces": fInterfaces, "interpolator": fInterpolator, "item": fItem, "key": fKey, "key_type": fKeyType,
	"kind": fKind, "label": fLabel, "left": fLeft, "list": fList, "location": fLocation, "macro": fMacro, "member": fMember, "method": fMethod,
	"module": fModule, "module_name": fModuleName, "name": fName, "object": fObject, "open_tag": fOpenTag, "operand": fOperand,
	"operator": fOperator, "operators": fOperators, "optional_chain": fOptionalChain, "package": fPackage, "parameter": fParameter,
	"parameters": fParameters, "path": fPath, "pattern": fPattern, "property": fProperty, "qualifier": fQualifier, "rank": fRank,
	"receiver": fReceiver, "record": fRecord, "resources": fResources, "result": fResult, "return_type": fReturnType,
	"returns": fReturns, "right": fRight, "scope": fScope, "size": fSize, "source": fSource, "start": fStart, "string": fString,
	"subject": fSubject, "subscript": fSubscript, "suffix": fSuffix, "superclass": fSuperclass, "superclasses": fSuperclasses, "target": fTarget, "to": fTo,
	"trait": fTrait, "type": fType, "type_arguments": fTypeArguments, "type_parameters": fTypeParameters, "update": fUpdate,
	"value": fValue, "variable": fVariable, "visibility": fVisibility,

	// What Swift's grammar calls them.
	"expr": fExpression, "if_false": fAlternative, "if_nil": fAlternative, "if_true": fConsequence, "lhs": fLeft, "op": fOperator, "operation": fOperator,
	"rhs": fRight,
}
