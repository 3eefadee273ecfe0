package sample

import "golang.org/x/crypto/ssh"

type server struct{ last ssh.PublicKey }

func hits(s *server, keys map[string]ssh.PublicKey) *ssh.ServerConfig {
	config := &ssh.ServerConfig{}
	config.PublicKeyCallback = func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		// ruleid: go-ssh-key-kept
		s.last = key
		// ruleid: go-ssh-key-kept
		keys[conn.User()] = key
		return &ssh.Permissions{}, nil
	}
	config.PublicKeyCallback = func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		// ruleid: go-ssh-key-kept
		current = offered
		return nil, nil
	}
	return config
}

var current ssh.PublicKey

func silences(allowed map[string]bool) *ssh.ServerConfig {
	config := &ssh.ServerConfig{}
	config.PublicKeyCallback = func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		// ok: go-ssh-key-kept
		offered := key
		if !allowed[ssh.FingerprintSHA256(offered)] {
			return nil, nil
		}
		// ok: go-ssh-key-kept
		return &ssh.Permissions{Extensions: map[string]string{"key": ssh.FingerprintSHA256(key)}}, nil
	}
	return config
}

func elsewhere(s *server, key ssh.PublicKey) {
	// ok: go-ssh-key-kept
	s.last = key
}
