package sample

import "crypto/tls"

func hits(c *tls.Config) {
	_ = &tls.Config{
		// ruleid: go-old-tls
		MinVersion: tls.VersionTLS10,
	}
	// ruleid: go-old-tls
	c.MinVersion = tls.VersionTLS11
	_ = &tls.Config{
		CipherSuites: []uint16{
			// ruleid: go-old-tls
			tls.TLS_RSA_WITH_RC4_128_SHA,
			// ruleid: go-old-tls
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
			// ok: go-old-tls
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		},
	}
}

func silences(c *tls.Config) map[string]uint16 {
	_ = &tls.Config{
		// ok: go-old-tls
		MinVersion: tls.VersionTLS12,
	}
	// ok: go-old-tls
	c.MaxVersion = tls.VersionTLS13
	return map[string]uint16{
		// ok: go-old-tls
		"1.0": tls.VersionTLS10,
	}
}
