package sample

import (
	"os"
	"path/filepath"
)

func hits(data []byte) {
	// ruleid: go-shared-temp-file
	os.WriteFile("/tmp/report.json", data, 0o600)
	// ruleid: go-shared-temp-file
	os.Create(filepath.Join(os.TempDir(), "app.lock"))
	// ruleid: go-shared-temp-file
	os.OpenFile("/var/tmp/"+"queue", os.O_CREATE|os.O_WRONLY, 0o600)
}

func silences(name string, data []byte) {
	// ok: go-shared-temp-file
	os.CreateTemp("", "report-*.json")
	// ok: go-shared-temp-file
	os.OpenFile("/tmp/app.lock", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	// ok: go-shared-temp-file
	os.WriteFile(filepath.Join(os.TempDir(), name), data, 0o600)
	// ok: go-shared-temp-file
	os.WriteFile("/var/lib/acme/report.json", data, 0o600)
	// ok: go-shared-temp-file
	os.Open("/tmp/report.json")
}
