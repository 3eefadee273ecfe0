package registry

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	maxMemory  = 20_000 // answers that one process remembers
	maxFiles   = 20_000 // in the folder
	maxKept    = 8 << 20
	forgetting = 30 * 24 * time.Hour
)

// cache keeps answers for a time: in a folder of the user's, or in memory where there is none.
type cache struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	memory map[string]kept
	once   sync.Once
}

type kept struct {
	Until time.Time
	Key   string // the whole of it: file names are hashes
	Value json.RawMessage
}

func newCache(dir string, now func() time.Time) *cache {
	return &cache{dir: dir, now: now, memory: map[string]kept{}}
}

func cacheFile(dir, kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(dir, kind+"-"+hex.EncodeToString(sum[:16])+".json")
}

// get reads what was put under a key and may still be used.
func (c *cache) get(kind, key string, into any) bool {
	key = kind + " " + key
	c.mu.Lock()
	k, ok := c.memory[key]
	c.mu.Unlock()
	if !ok && c.dir != "" {
		data, err := os.ReadFile(cacheFile(c.dir, kind, key))
		ok = err == nil && json.Unmarshal(data, &k) == nil
	}
	return ok && k.Key == key && c.now().Before(k.Until) && json.Unmarshal(k.Value, into) == nil
}

// put keeps a value. What cannot be kept is asked for again: that is no failure.
func (c *cache) put(kind, key string, value any, keep time.Duration) {
	key = kind + " " + key
	data, err := json.Marshal(value)
	if err != nil || len(data) > maxKept {
		return
	}
	k := kept{c.now().Add(keep), key, data}
	c.mu.Lock()
	if len(c.memory) >= maxMemory {
		clear(c.memory)
	}
	c.memory[key] = k
	c.mu.Unlock()
	if c.dir == "" {
		return
	}
	c.once.Do(c.sweep)
	if data, err = json.Marshal(k); err == nil {
		_ = writeFile(cacheFile(c.dir, kind, key), data)
	}
}

// sweep takes out what nobody will want again, and the oldest of too many.
func (c *cache) sweep() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	type file struct {
		path string
		at   time.Time
	}
	var files []file
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, file{filepath.Join(c.dir, e.Name()), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(b.at.UnixNano(), a.at.UnixNano()) })
	for i, f := range files {
		if i >= maxFiles || c.now().Sub(f.at) > forgetting {
			_ = os.Remove(f.path)
		}
	}
}

// writeFile writes a file whole or not at all, for its owner only.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// A file is one that the operator names. A pipe can be read once only, so what comes out of it is remembered.
type file struct {
	path string

	once sync.Once
	data []byte
	err  error
}

func (f *file) open() (io.ReadCloser, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		return os.Open(f.path)
	}
	f.once.Do(func() {
		in, err := os.Open(f.path)
		if err != nil {
			f.err = err
			return
		}
		defer in.Close()
		if f.data, f.err = io.ReadAll(io.LimitReader(in, maxPiped+1)); len(f.data) > maxPiped {
			f.err = fmt.Errorf("%s: more than %d MB come out of it", f.path, maxPiped>>20)
		}
	})
	return io.NopCloser(bytes.NewReader(f.data)), f.err
}

const maxPiped = 256 << 20
