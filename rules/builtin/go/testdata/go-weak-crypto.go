package sample

import (
	"crypto/aes"
	"crypto/des"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
)

func hits(key []byte) {
	// ruleid: go-weak-crypto
	md5.New()
	// ruleid: go-weak-crypto
	sha1.Sum(key)
	// ruleid: go-weak-crypto
	des.NewCipher(key)
	// ruleid: go-weak-crypto
	rsa.GenerateKey(rand.Reader, 1024)
}

func silences(key []byte) {
	// ok: go-weak-crypto
	sha256.New()
	// ok: go-weak-crypto
	aes.NewCipher(key)
	// ok: go-weak-crypto
	rsa.GenerateKey(rand.Reader, 3072)
}
