package fixture

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

func hits() *http.Client {
	transport := &http.Transport{
		// ruleid: go-tls-verification-off
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	// ruleid: go-tls-verification-off
	config.InsecureSkipVerify = true
	// ruleid: go-tls-verification-off
	_ = tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true,
		ServerName:         "db.example.com",
	}
	// ruleid: go-tls-verification-off
	transport.TLSClientConfig.InsecureSkipVerify = true
	return &http.Client{Transport: transport}
}

func silences(pool *x509.CertPool, options struct{ Insecure bool }) *tls.Config {
	// ok: go-tls-verification-off
	_ = &tls.Config{RootCAs: pool}
	// ok: go-tls-verification-off
	_ = &tls.Config{InsecureSkipVerify: false}
	// ok: go-tls-verification-off
	_ = &tls.Config{InsecureSkipVerify: options.Insecure}
	// ok: go-tls-verification-off
	_ = &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection:   func(tls.ConnectionState) error { return nil },
	}
	// ok: go-tls-verification-off
	return &tls.Config{VerifyPeerCertificate: verify, InsecureSkipVerify: true}
}

func verify([][]byte, [][]*x509.Certificate) error { return nil }

func asked(config *tls.Config, options struct{ Insecure bool }, retries int) {
	if options.Insecure {
		// ok: go-tls-verification-off
		config.InsecureSkipVerify = true
	}
	if retries > 3 {
		// ruleid: go-tls-verification-off
		config.InsecureSkipVerify = true
	}
}
