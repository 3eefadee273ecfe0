package sample

import (
	"math/rand"
	"strconv"
)

const letters = "abcdefghijklmnopqrstuvwxyz"

func newSessionID() string {
	b := make([]byte, 16)
	for i := range b {
		// ruleid: go-predictable-secret
		b[i] = letters[rand.Intn(len(letters))]
	}
	return string(b)
}

func hits(user *User) {
	// ruleid: go-predictable-secret
	token := strconv.Itoa(rand.Int())
	// ruleid: go-predictable-secret
	user.resetToken = strconv.FormatInt(rand.Int63(), 36)
	salt := make([]byte, 8)
	// ruleid: go-predictable-secret
	rand.Read(salt)
	send(token, salt)
}

func silences(servers []string) string {
	// ok: go-predictable-secret
	delay := rand.Intn(100)
	// ok: go-predictable-secret
	tokens := rand.Float64() * float64(delay)
	// ok: go-predictable-secret
	server := servers[rand.Intn(len(servers))]
	sleep(tokens)
	return server
}
