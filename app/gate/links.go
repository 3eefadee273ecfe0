package gate

import (
	"path"
	"slices"
	"strings"
)

// A Link is a symbolic link of the base or the head tree, changed or not: who changes the file that it points to changes what lies in its place.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"` // path in the repository, as LinkTarget gives it
}

// Bounds of links: a tree has few. MaxLinks is how many a caller states; with more it says that it cannot tell.
const (
	MaxLinks   = 2000
	maxAliases = 32 // of one changed file
)

// LinkTarget gives the path in the repository that a link at a path points to by its content; false if it points to the root, or out of the repository.
func LinkTarget(at, content string) (string, bool) {
	if path.IsAbs(content) || content == "" {
		return "", false
	}
	target := path.Join(path.Dir(at), content)
	if target == "." || target == ".." || strings.HasPrefix(target, "../") {
		return "", false
	}
	return target, true
}

// links finds the names under which a file can be reached through links.
type links map[string][]string // target -> paths of links

func newLinks(list []Link) links {
	if len(list) == 0 {
		return nil
	}
	out := links{}
	for _, l := range list[:min(len(list), MaxLinks)] {
		if !slices.Contains(out[l.Target], l.Path) {
			out[l.Target] = append(out[l.Target], l.Path)
		}
	}
	return out
}

// aliases are the other names of a path, also through several links.
func (l links) aliases(name string) []string {
	if len(l) == 0 || name == "" {
		return nil
	}
	names := []string{name}
	for i := 0; i < len(names); i++ {
		for at := names[i]; at != "."; at = path.Dir(at) {
			for _, link := range l[at] {
				alias := link + names[i][len(at):]
				if len(names) > maxAliases {
					return names[1:]
				}
				if !slices.Contains(names, alias) && len(alias) < 4*MaxGlob {
					names = append(names, alias)
				}
			}
			if at == "/" {
				break
			}
		}
	}
	return names[1:]
}
