//go:build allgrammars

package language

// tagged are the languages with the largest parsers. What compiling a grammar costs, in seconds of one processor with a cold cache:
// Scala 28, C# 20, PHP 19, Kotlin 17, TypeScript 17, C++ 10, Ruby and Rust 7, Swift 5, Java 4, C 3, Solidity 2.
func tagged() []*Spec { return []*Spec{csharp(), kotlin(), scala()} }
