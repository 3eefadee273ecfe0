//go:build allgrammars

package language

// tagged are the languages with the largest parsers. What compiling a grammar costs, in seconds of one processor with a cold cache:
// Scala 28, C# 20, Kotlin 17; beside them PHP 19, TypeScript 17, C++ 10, Ruby and Rust 7, Java 4, C 3, Solidity 2. A build with all of them takes
// two cores two minutes, one without the tag less than half of what the tag adds less.
func tagged() []*Spec { return []*Spec{csharp(), kotlin(), scala()} }
