// Package record signs the gate's decisions and checks what was signed: DSSE envelopes around in-toto statements, chained by digests. It reads no
// files and asks nobody; who has a git repository at hand compares with that through Repository.
package record
