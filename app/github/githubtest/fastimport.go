package githubtest

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"time"
)

// write creates a commit object on the given parents and returns its SHA. No branch moves.
func (d *gitDir) write(c *Commit, author, committer identity, at time.Time, parents []string) (string, error) {
	if parents == nil {
		parents = []string{}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "commit "+ownRef+"\nmark :1\nauthor %s <%s> %d +0000\ncommitter %s <%s> %d +0000\n", author.name, author.email, at.Unix(), committer.name, committer.email, at.Unix())
	fmt.Fprintf(&b, "data %d\n%s\n", len(c.Message), c.Message)
	for i, p := range parents {
		verb := "merge"
		if i == 0 {
			verb = "from"
		}
		fmt.Fprintf(&b, "%s %s\n", verb, p)
	}
	if c.root != "" {
		fmt.Fprintf(&b, "M 040000 %s \"\"\n", c.root)
	}
	for _, path := range c.Delete {
		fmt.Fprintf(&b, "D %s\n", quotePath(path))
	}
	paths := make([]string, 0, len(c.Files))
	for path := range c.Files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		mode := c.Modes[path]
		if mode == "" {
			mode = "100644"
		}
		if mode == "160000" {
			fmt.Fprintf(&b, "M 160000 %s %s\n", c.Files[path], quotePath(path))
			continue
		}
		fmt.Fprintf(&b, "M %s inline %s\ndata %d\n%s\n", mode, quotePath(path), len(c.Files[path]), c.Files[path])
	}
	b.WriteString("\nget-mark :1\ndone\n")
	out, err := d.run(b.Bytes(), "fast-import", "--quiet", "--force", "--done")
	if err != nil {
		return "", fmt.Errorf("create a commit: %w", err)
	}
	sha := strings.TrimSpace(string(out))
	for _, p := range parents { // known without asking
		d.cache["merge-base "+p+" "+sha] = p
	}
	return sha, nil
}

// quotePath writes a path as git fast-import reads it.
func quotePath(p string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(p) + `"`
}
