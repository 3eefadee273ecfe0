package sample

import (
	"crypto/tls"
	"crypto/x509"
)

func hits(check func([][]byte, [][]*x509.Certificate) error, known func(tls.ConnectionState) error) {
	// ruleid: go-tls-check-not-on-resumption
	_ = &tls.Config{VerifyPeerCertificate: check}
	// ruleid: go-tls-check-not-on-resumption
	server := tls.Config{ClientAuth: tls.RequireAnyClientCert, VerifyPeerCertificate: check}
	// ruleid: go-tls-check-not-on-resumption
	_ = &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil }}
	// ok: go-tls-check-not-on-resumption
	_ = &tls.Config{VerifyPeerCertificate: check, VerifyConnection: known}
	// ok: go-tls-check-not-on-resumption
	_ = &tls.Config{VerifyPeerCertificate: check, SessionTicketsDisabled: true}
	// ok: go-tls-check-not-on-resumption
	_ = &tls.Config{VerifyConnection: known}
	use(server)
}

func later(check func([][]byte, [][]*x509.Certificate) error) *tls.Config {
	// ok: go-tls-check-not-on-resumption
	c := &tls.Config{VerifyPeerCertificate: check}
	c.SessionTicketsDisabled = true
	return c
}
