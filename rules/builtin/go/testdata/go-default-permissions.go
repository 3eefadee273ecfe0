package sample

import (
	"os"
)

func hits(path string, data []byte) {
	// ruleid: go-default-permissions
	os.Chmod(path, 0o777)
	// ruleid: go-default-permissions
	os.WriteFile(path, data, 0o644)
	// ruleid: go-default-permissions
	os.MkdirAll(path, 0o777)
	// ok: go-default-permissions
	os.WriteFile(path, data, 0o600)
	// ok: go-default-permissions
	os.MkdirAll(path, 0o750)
	// ok: go-default-permissions
	os.Chmod(path, 0o400)
}
