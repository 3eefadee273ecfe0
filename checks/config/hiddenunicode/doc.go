// Package hiddenunicode finds characters that a reviewer cannot see.
//
// Text can carry instructions for a coding agent, or code that reads differently from what it does, in characters that no editor and no
// diff view shows: tag characters spell hidden ASCII, bidirectional controls reorder a line (the Trojan Source attack, CVE-2021-42574),
// zero-width characters and fillers make two names look like one, and variation selectors can encode any bytes behind a visible letter.
//
// What languages and emoji need is left alone: joiners between letters of scripts that use them and inside of emoji, a variation selector
// after the character that it belongs to, flags spelt with tags, direction marks in text that has right-to-left letters, and a byte order
// mark at the start of a file, or as a text of its own in code that looks for one.
//
// In source code and in the files that instruct agents a tag or a bidirectional control blocks. Zero-width characters are mostly
// leftovers of copying from a web page: they are reported, and block only in files that instruct agents.
package hiddenunicode
