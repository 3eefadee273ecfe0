package backtest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// cacheName is the folder below the user's cache folder. It changes with the form of what is kept.
const cacheName = "backtest-1"

// cacheAge is how long a result is kept after its last use.
const cacheAge = 60 * 24 * time.Hour

// kept is the result of one change, or, under the digest alone, the rules that judged all of them.
type kept struct {
	Outcome Outcome  `json:"outcome,omitzero"`
	Faults  []string `json:"faults,omitempty"` // rules that cannot run
	Rules   []ruled  `json:"rules,omitempty"`
}

// ruled is a rule that ran, and how far it went.
type ruled struct {
	ID      string         `json:"id"`
	Rollout checks.Rollout `json:"rollout"`
}

// A cache holds one file for each change. One without a folder holds nothing.
type cache struct{ dir string }

func (c *cache) path(id string) string {
	sum := sha256.Sum256([]byte(id))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, name[:2], name[2:]+".json")
}

// get gives what is kept; a file that cannot be read is none.
func (c *cache) get(id string) (*kept, bool) {
	if c.dir == "" {
		return nil, false
	}
	path := c.path(id)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	var k kept
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if dec.Decode(&k) != nil {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // it is only pruned sooner
	return &k, true
}

// put keeps a result: whole, or not at all.
func (c *cache) put(id string, k *kept) error {
	if c.dir == "" {
		return nil
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	path := c.path(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := path + "." + rand.Text()
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, path)
}

// prune removes what nobody has used for long. What cannot be removed stays.
func prune(dir string, now time.Time) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // a folder that is not there has nothing to prune
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > cacheAge {
			_ = os.Remove(path)
		}
		return nil
	})
}
