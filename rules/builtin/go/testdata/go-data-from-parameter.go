package sample

import (
	"net/http"
	"os"
	"os/exec"
)

func run(name, host string) {
	// ruleid: go-data-from-parameter
	exec.Command(name)
	// ruleid: go-data-from-parameter
	exec.Command("sh", "-c", "ping "+host)
	// ruleid: go-data-from-parameter
	http.Get(os.Getenv("ADDRESS"))
	// ok: go-data-from-parameter
	exec.Command("uptime")
	// ok: go-data-from-parameter
	http.Get("https://example.com")
	// ok: go-data-from-parameter
	exec.Command("ls", "-l")
}
