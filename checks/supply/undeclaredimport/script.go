package undeclaredimport

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/stdlib"
)

type script struct {
	set      *manifest.Set
	declared map[string]string // packages, names of workspaces, aliases -> the manifest
	scopes   map[string]bool   // of the declared packages
	files    map[string]bool   // paths without their extension, and folders
}

func newScript(set *manifest.Set, paths []string) *script {
	s := &script{set: set, declared: map[string]string{}, scopes: map[string]bool{}, files: folders(paths)}
	for _, p := range paths {
		if path.Base(p) == "node_modules" || strings.Contains(p, "node_modules/") {
			continue
		}
		switch path.Ext(p) {
		case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".json", ".css", ".scss", ".graphql", ".wasm", ".node":
			s.files[p] = true
			s.files[strings.TrimSuffix(strings.TrimSuffix(p, path.Ext(p)), ".d")] = true
		}
	}
	for _, f := range set.Of(manifest.NPM) {
		for _, name := range f.Names {
			s.declared[name] = f.Path
		}
		for _, d := range f.Deps {
			s.declared[d.Name] = f.Path
			if scope, _, ok := strings.Cut(d.Name, "/"); ok {
				s.scopes[scope] = true
			}
			if d.Alias != "" {
				s.declared[d.Alias] = f.Path
			}
		}
	}
	return s
}

var (
	packageName = regexp.MustCompile(`^(?:@[a-z0-9-~_][a-z0-9-._~]*/)?[a-zA-Z0-9-~_][a-zA-Z0-9-._~]*$`)
	// hosted are modules that the host or a framework brings: an editor, a runtime, a bundler.
	hosted = regexp.MustCompile(`^(?:vscode|electron|bun|k6|obsidian|figma|photoshop|uxp|aws-lambda|atom|adobe|@site|@theme|@theme-original|@theme-init|@generated|@env|@ember|@glimmer|@docusaurus|@salesforce|lightning|mongodb-stitch|meteor|N)(?:/|$)`)
)

func (s *script) known(_, module string) (string, bool) {
	module, _, _ = strings.Cut(module, "?")
	if i := strings.LastIndexByte(module, '!'); i >= 0 { // webpack's loaders
		module = module[i+1:]
	}
	if module == "" || strings.ContainsAny(module[:1], "./#~$") || strings.Contains(module, ":") || strings.HasPrefix(module, "@/") {
		return "", false
	}
	parts := strings.SplitN(module, "/", 3)
	name := parts[0]
	if name[0] == '@' {
		if len(parts) < 2 {
			return "", false
		}
		name += "/" + parts[1]
	}
	if !packageName.MatchString(name) || stdlib.Node(name) || hosted.MatchString(module) {
		return "", false
	}
	return name, true
}

func (s *script) judge(file string, i *imported, name string) *verdict {
	above := s.set.Above(manifest.NPM, file)
	declares := 0
	for _, f := range above {
		declares += len(f.Deps)
	}
	if declares == 0 || s.declared[name] != "" || s.beside(file, name) {
		return nil
	}
	types := "@types/" + strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "__")
	if s.declared[types] != "" || s.set.Locked(manifest.NPM, name) != "" || s.aliased(i.module, name) {
		return nil
	}
	why := s.set.Complete(manifest.NPM, above)
	if why == "" && !s.set.HasLock(manifest.NPM) {
		why = "without a lockfile nobody can say what other packages bring"
	}
	v := say("`"+name+"`", above[0].Path, known.Popular(manifest.NPM, name) || s.owned(name), why)
	v.name = name
	return v
}

// beside tells a package that the repository has in a folder node_modules above the file, where the runtime looks for it: tests of tools bring theirs.
func (s *script) beside(file, name string) bool {
	for d := path.Dir(file); ; d = path.Dir(d) {
		if s.files[path.Join(d, "node_modules", name)] {
			return true
		}
		if d == "." || d == "/" {
			return false
		}
	}
}

// owned tells a package of a scope that is known: nobody else can publish in it.
func (s *script) owned(name string) bool {
	scope, _, ok := strings.Cut(name, "/")
	return ok && (s.scopes[scope] || known.Scope(scope) || s.declared[scope[1:]] != "")
}

// aliased tells a module that is a file of the repository, or whose beginning build configuration gives a meaning: paths and baseUrl of
// tsconfig, aliases of a bundler. What such a file says is not evaluated: that it names the word is enough.
func (s *script) aliased(module, name string) bool {
	module = strings.TrimSuffix(module, path.Ext(module))
	if strings.Contains(module, "/") {
		for f := range s.files {
			if f == module || strings.HasSuffix(f, "/"+module) {
				return true
			}
		}
	}
	first, _, _ := strings.Cut(module, "/")
	for _, p := range s.set.Texts() {
		if manifest.KindOf(p) != manifest.Steers {
			continue
		}
		text, _ := s.set.Text(p)
		if manifest.Names(text, name) || manifest.Names(text, first) {
			return true
		}
		if base := path.Base(p); strings.HasPrefix(base, "tsconfig") || strings.HasPrefix(base, "jsconfig") {
			if at, ok := baseURL(text); ok {
				if dir := path.Join(path.Dir(p), at, module); s.files[dir] || s.files[path.Join(path.Dir(p), at, first)] {
					return true
				}
			}
		}
	}
	return false
}

var baseURLPattern = regexp.MustCompile(`"baseUrl"\s*:\s*("(?:[^"\\\n]|\\.)*")`)

func baseURL(text []byte) (string, bool) {
	m := baseURLPattern.FindSubmatch(text)
	if m == nil {
		return "", false
	}
	var s string
	if json.Unmarshal(m[1], &s) != nil {
		return "", false
	}
	return s, true
}
