package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

// serves FILE starts a server on a database, which is made if it is not there, and stops it. GitHub cannot be reached.
func serves(ts *testscript.TestScript, _ bool, args []string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	cfg, err := server.LoadConfig("", []string{
		"REVIEWGATE_APP_ID=1", "REVIEWGATE_WEBHOOK_SECRET=" + strings.Repeat("s", 32), "REVIEWGATE_SANDBOX=off", "REVIEWGATE_LISTEN=127.0.0.1:0",
		"REVIEWGATE_GITHUB_URL=http://127.0.0.1:1", "REVIEWGATE_DATABASE=" + ts.MkAbs(args[0]),
		"REVIEWGATE_PRIVATE_KEY=" + string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	})
	ts.Check(err)
	cfg.Checks = all.Checks
	srv, err := server.New(cfg)
	ts.Check(err)
	ts.Check(srv.Start(context.Background()))
	ts.Check(srv.Stop())
}
