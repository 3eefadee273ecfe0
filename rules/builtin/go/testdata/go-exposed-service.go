package sample

import (
	"golang.org/x/crypto/ssh"
	"net"
	"net/http"
)

func hits() {
	// ruleid: go-exposed-service
	net.Listen("tcp", "0.0.0.0:8080")
	// ruleid: go-exposed-service
	ssh.InsecureIgnoreHostKey()
	// ruleid: go-exposed-service
	http.FileServer(http.Dir("/"))
	// ok: go-exposed-service
	net.Listen("tcp", "127.0.0.1:8080")
	// ok: go-exposed-service
	ssh.FixedHostKey(key)
	// ok: go-exposed-service
	http.FileServer(http.Dir("public"))
}
