// Package duplicate finds new functions that are copies of others.
//
// Agents write what they need where they need it, also when the file next to it has it already; of all measured habits this is the most frequent. A flaw
// that is mended in one copy stays in the other.
//
// A copy is a function of at least eight lines and forty names, literals and operators whose body is that of another one but for the names of its parameters and variables.
// What it calls, and its numbers and texts, have to be the same; comments and layout do not count. The finding names the other function. A function that
// was moved is no copy, and equals, hashCode, toString, constructors
// and Go's methods, which belong to their type, are not compared. Of a file that was copied the first function is told.
//
// Only the files that the change touches are looked at: a copy of a function in another file is not seen. Tests and generated code are not compared.
//
// Measured on MEASURED.
package duplicate
