package sample

import (
	"crypto/cipher"
	"crypto/rand"
	"io"
)

func hits(gcm cipher.AEAD, block cipher.Block, text []byte) {
	// ruleid: go-static-nonce
	gcm.Seal(nil, []byte("123456789012"), text, nil)
	iv := []byte("0123456789abcdef")
	// ruleid: go-static-nonce
	cipher.NewCBCEncrypter(block, iv)
	nonce := make([]byte, 12)
	// ruleid: go-static-nonce
	gcm.Seal(nil, nonce, text, nil)
}

func silences(gcm cipher.AEAD, block cipher.Block, text, given []byte) {
	nonce := make([]byte, 12)
	rand.Read(nonce)
	// ok: go-static-nonce
	gcm.Seal(nil, nonce, text, nil)
	// ok: go-static-nonce
	cipher.NewCTR(block, given)
	iv := make([]byte, 16)
	io.ReadFull(rand.Reader, iv)
	// ok: go-static-nonce
	cipher.NewCBCEncrypter(block, iv)
	other := make([]byte, 16)
	fill(other)
	// ok: go-static-nonce
	cipher.NewCTR(block, other)
	third := make([]byte, 16)
	source.Read(third)
	// ok: go-static-nonce
	cipher.NewCTR(block, third)
}
