// Package secrets finds credentials that are written into a file.
//
// A credential in a repository is known to everybody who can read it, now and in every copy of its history: it has to be revoked, not
// only deleted. Coding agents write them because the example that they learnt from had one.
//
// Three things are looked for. A token in a format of its provider ("ghp_", "AKIA", "sk_live_", a private key in PEM): the format alone
// says what it is, and it blocks. A password inside of an address ("postgres://app:s3cret@db/"), and a value that is assigned to a name
// like "api_key" or "password" and looks random: those are told, and block nothing by themselves.
//
// What is plainly no credential is left alone: placeholders ("changeme", "<your key>", "${TOKEN}", "xxxx", the providers' own example
// keys), values without variety, names of variables and of other secrets, hashes and public keys, words in files of translations, and
// addresses of this machine. Where the
// provider ends its tokens with a checksum (GitHub, npm), a token whose checksum is wrong was made up, and is told without blocking. In
// tests, examples, documentation and vendored code a format is told without blocking, private keys and assigned values not at all: made-up
// credentials live there. The message never repeats the credential.
package secrets
