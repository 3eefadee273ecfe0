package record

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// PEM types of the two forms of a key.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// maxKeys bounds the keys of one file.
const maxKeys = 100

// A Public key verifies records.
type Public struct {
	ID  string // SHA-256 of the key as SubjectPublicKeyInfo (DER), in hexadecimal
	key any    // ed25519.PublicKey or *ecdsa.PublicKey on P-256
	der []byte
}

// A Private key signs records.
type Private struct {
	Public
	signer crypto.Signer
}

// Algorithm names the kind of key: "Ed25519", "ECDSA P-256".
func (p *Public) Algorithm() string {
	if _, ok := p.key.(ed25519.PublicKey); ok {
		return "Ed25519"
	}
	return "ECDSA P-256"
}

// PEM is the key as others read it.
func (p *Public) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: p.der})
}

func publicOf(key any) (Public, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return Public{}, fmt.Errorf("the key is on the curve %s, and only P-256 is supported", k.Params().Name)
		}
	default:
		return Public{}, errors.New("the key is neither Ed25519 nor ECDSA P-256")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Public{}, fmt.Errorf("encoding the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return Public{ID: hex.EncodeToString(sum[:]), key: key, der: der}, nil
}

// ParsePrivate reads a key that signs: one PEM block "PRIVATE KEY" (PKCS #8), Ed25519 or ECDSA P-256.
func ParsePrivate(data []byte) (*Private, error) {
	block, _ := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("it holds no key in PEM form")
	case block.Type != privateBlock:
		return nil, fmt.Errorf("it holds a %q, and a %q (PKCS #8) is needed", block.Type, privateBlock)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	public, err := publicOf(signer.Public())
	if err != nil {
		return nil, err
	}
	return &Private{public, signer}, nil
}

// ParsePublic reads every key of a PEM text. Of a private one it takes the public half.
func ParsePublic(data []byte) ([]*Public, error) {
	var out []*Public
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if len(out) == maxKeys {
			return nil, fmt.Errorf("it holds more than %d keys", maxKeys)
		}
		switch block.Type {
		case publicBlock:
			key, err := x509.ParsePKIXPublicKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("reading the public key: %w", err)
			}
			p, err := publicOf(key)
			if err != nil {
				return nil, err
			}
			out = append(out, &p)
		case privateBlock:
			p, err := ParsePrivate(pem.EncodeToMemory(block))
			if err != nil {
				return nil, err
			}
			out = append(out, &p.Public)
		default:
			return nil, fmt.Errorf("it holds a %q, and a %q is needed", block.Type, publicBlock)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no key in PEM form")
	}
	return out, nil
}

// sign signs a message.
func (p *Private) sign(message []byte) ([]byte, error) {
	if _, ok := p.key.(ed25519.PublicKey); ok {
		return p.signer.Sign(rand.Reader, message, crypto.Hash(0))
	}
	sum := sha256.Sum256(message)
	return p.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}

func (p *Public) verifies(message, signature []byte) bool {
	switch k := p.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(k, sum[:], signature)
	}
	return false
}
