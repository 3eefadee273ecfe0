package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files of the App's secrets, in the folder of the settings.
const (
	KeyFile           = "app.pem"
	WebhookSecretFile = "webhook-secret"
	ClientSecretFile  = "client-secret"
)

// A written file.
type entry struct {
	name string
	data []byte
}

// checkFolder makes the folder, and says why the files could not be written there.
func checkFolder(dir, settings string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the set-up: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the folder of the set-up: %w", err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("everybody can write into the folder %s: the App's private key does not belong there; chmod o-w it, or name another one", dir)
	}
	for _, name := range []string{settings, KeyFile, WebhookSecretFile, ClientSecretFile} {
		path := filepath.Join(dir, name)
		_, err := os.Lstat(path) // a symbolic link that leads nowhere is there, too
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("looking whether there was a set-up before: %w", err)
		case name == settings:
			return fmt.Errorf("%s is there already, and nothing is written over it; start with `reviewgate serve --config %s`, or move it away", path, path)
		default:
			return fmt.Errorf("%s is there already, and nothing is written over it; move away what an earlier set-up left", path)
		}
	}
	probe, err := os.CreateTemp(dir, ".setup-*")
	if err != nil {
		return fmt.Errorf("trying to write into the folder of the set-up: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeFiles writes all files or none, each for its owner only, and none over another. The last one is what shows that the set-up is complete.
func writeFiles(dir string, files []entry) (err error) {
	var done []string
	defer func() {
		if err != nil {
			for _, path := range done {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		// O_EXCL follows no symbolic link.
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("writing what GitHub gave: %w", err)
		}
		done = append(done, path)
		_, err = out.Write(f.data)
		if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
			return fmt.Errorf("writing what GitHub gave: %w", err)
		}
	}
	if d, err := os.Open(dir); err == nil { // so that the names outlive a power cut; not every system can
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// shown is a path as a page shows it.
func shown(path string) string { return strings.ToValidUTF8(path, "?") }
