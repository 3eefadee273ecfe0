package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A view is a temporary, empty git folder that shows the objects (and for a work tree the index) of a repository without its
// configuration, hooks, attributes, grafts and refs. Every command that could run a program that a repository names (clean filters on a
// racily clean index, merge drivers, fsmonitor, lazy fetches) runs in a view, so that there is nothing to run. New objects (the trees of
// merges tried out, blobs fetched for a partial clone) land in the view too: the repository itself is only read.
type view struct {
	git    *git
	dir    string // the temporary folder
	sha256 bool
	// For a work tree:
	index string // path of the repository's index
	top   string // root of the work tree
}

// viewOf makes a view of the repository whose objects, shallow file and index are given. config holds the few settings of the
// repository that say how its files are stored.
func viewOf(g *git, common, gitDir, top string, sha256 bool, config [][2]string) (v *view, err error) {
	dir, err := os.MkdirTemp("", "reviewgate-source-")
	if err != nil {
		return nil, &Error{Op: "open the repository", Where: common, What: "a temporary folder could not be made: " + reason(err), Remedy: "set TMPDIR to a folder that can be written", Err: err}
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	v = &view{git: g, dir: dir, sha256: sha256, top: top}
	for _, sub := range []string{"objects/info", "objects/pack", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	b.WriteString("[core]\n\trepositoryformatversion = 1\n")
	fmt.Fprintf(&b, "\tbare = %v\n", top == "")
	if sha256 {
		b.WriteString("[extensions]\n\tobjectformat = sha256\n")
	}
	for _, kv := range config {
		section, key, _ := strings.Cut(kv[0], ".")
		fmt.Fprintf(&b, "[%s]\n\t%s = %s\n", section, key, quoteConfig(kv[1]))
	}
	files := map[string]string{
		"HEAD":                    "ref: refs/heads/none\n",
		"config":                  b.String(),
		"objects/info/alternates": quoteAlternate(filepath.Join(common, "objects")) + "\n",
	}
	if shallow, err := readSmall(filepath.Join(common, "shallow"), 64<<20); err == nil && len(shallow) > 0 {
		files["shallow"] = string(shallow)
	}
	if top != "" {
		v.index = filepath.Join(gitDir, "index")
		if exclude, err := readSmall(filepath.Join(common, "info", "exclude"), 16<<20); err == nil {
			files["info/exclude"] = string(exclude)
		}
		// A split index keeps most of its entries in a file beside it.
		shared, _ := filepath.Glob(globQuote(gitDir) + "/sharedindex.*")
		for _, p := range shared {
			if err := os.Symlink(p, filepath.Join(dir, filepath.Base(p))); err != nil {
				return nil, err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *view) close() error { return os.RemoveAll(v.dir) }

// command gives what every command in the view needs.
func (v *view) command(args ...string) command {
	c := command{args: args, env: []string{
		"GIT_DIR=" + v.dir,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
	}}
	if v.top != "" {
		c.dir = v.top
		c.env = append(c.env, "GIT_WORK_TREE="+v.top, "GIT_INDEX_FILE="+v.index)
	} else {
		c.dir = v.dir
	}
	return c
}

func (v *view) run(ctx context.Context, args ...string) ([]byte, error) {
	return v.git.run(ctx, v.command(args...))
}

// A closedFolder is one of the work tree that git could not look into.
type closedFolder struct{ path, reason string }

// work lists files of the work tree by `git ls-files`, with the folders that git passed over because they cannot be read: it tells them as
// warnings only.
func (v *view) work(ctx context.Context, args ...string) (paths []string, closed []closedFolder, err error) {
	c := v.command(append([]string{"ls-files"}, args...)...)
	warnings := capped{limit: 1 << 20, quiet: true}
	c.stderr = &warnings
	out, err := v.git.run(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return splitZ(out), closedFolders(warnings.buf.String()), nil
}

func closedFolders(warnings string) (closed []closedFolder) {
	for line := range strings.Lines(warnings) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "warning: could not open directory '")
		if end := strings.LastIndex(rest, "': "); ok && end > 0 {
			closed = append(closed, closedFolder{path: strings.TrimSuffix(rest[:end], "/"), reason: strings.ToLower(rest[end+len("': "):])})
		}
	}
	return closed
}

// emptyTree is the id of the tree without entries; git knows it without storing it.
func (v *view) emptyTree() string {
	if v.sha256 {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}

// quoteConfig writes a value so that git's parser reads exactly it.
func quoteConfig(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\x00", "").Replace(s) + `"`
}

// quoteAlternate writes a path as a line of objects/info/alternates: C-quoted, because it may hold a newline.
func quoteAlternate(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(path) {
		switch c := path[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > limit {
		return nil, fmt.Errorf("%s: %w (%s)", path, fs.ErrInvalid, strconv.FormatInt(st.Size(), 10)+" bytes")
	}
	return os.ReadFile(path)
}
