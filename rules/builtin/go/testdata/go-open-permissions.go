package sample

import (
	"os"
	"path/filepath"
)

func hits(path string, token, data []byte) {
	// ruleid: go-open-permissions
	os.Chmod(path, 0o777)
	// ruleid: go-open-permissions
	os.WriteFile(filepath.Join(path, "server.key"), data, 0o644)
	// ruleid: go-open-permissions
	os.WriteFile(path, token, 0o644)
	// ruleid: go-open-permissions
	os.OpenFile("credentials.json", os.O_CREATE|os.O_WRONLY, 0o666)
	// ok: go-open-permissions
	os.WriteFile(path, data, 0o644)
	// ok: go-open-permissions
	os.WriteFile(path, token, 0o600)
	// ok: go-open-permissions
	os.MkdirAll(path, 0o755)
	// ok: go-open-permissions
	os.Chmod(path, 0o755)
	// ok: go-open-permissions
	os.WriteFile("server.pub.pem", data, 0o644)
}
