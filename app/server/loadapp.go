package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/doctor"
	"github.com/reviewgate-app/reviewgate/app/gate"
)

// An AppConfig is the part of the configuration that says which App on which GitHub.
type AppConfig struct {
	AppID      int64  // 0: not said
	PrivateKey []byte // nil: not said
	GitHubURL  string
	APIURL     string
	PublicURL  string // "": not said
	Floor      string // "required", "optional"; "": there is no configuration of a server
}

// LoadApp reads of the configuration what concerns the App, in the same file and variables as LoadConfig. Nothing of it has to be there.
func LoadApp(path string, env []string) (AppConfig, error) {
	var f file
	if path != "" {
		if err := f.read(path); err != nil {
			return AppConfig{}, err
		}
	}
	l := newLoader(path, env)
	var c Config
	l.hub(&f, &c)
	out := AppConfig{GitHubURL: c.GitHubURL, APIURL: c.APIURL}
	public, _ := l.value(f.Public, "REVIEWGATE_PUBLIC_URL", "")
	out.PublicURL = strings.TrimRight(public, "/")
	id, _ := l.value(f.App.ID, "REVIEWGATE_APP_ID", "")
	key := l.env["REVIEWGATE_PRIVATE_KEY"] + l.path(f.App.Key, "REVIEWGATE_PRIVATE_KEY_FILE")
	if id != "" {
		l.appID(id, &c)
		out.AppID = c.AppID
	}
	if key != "" {
		l.appKey(&f, &c)
		out.PrivateKey = c.PrivateKey
		if id == "" {
			l.bad("app.id", "REVIEWGATE_APP_ID", "it is not set", "it belongs to the private key; it is on the App's settings page")
		}
		out.Floor, _ = l.value(f.Floor, "REVIEWGATE_FLOOR", "optional")
	}
	if len(l.problems) > 0 {
		return AppConfig{}, fmt.Errorf("the configuration of the App is not complete:\n%w", errors.Join(l.problems...))
	}
	return out, nil
}

// PolicyFiles says how the policy of a repository is read file by file, where there is no git at hand. Rules are left out: they say nothing
// about who has to approve.
func PolicyFiles() doctor.Files {
	return doctor.Files{
		Repo:  []string{".github/reviewgate.yml", ".github/reviewgate.yaml", ".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"},
		Floor: []string{"reviewgate-floor.yml", "reviewgate-floor.yaml"},
		Load: func(repo, floor map[string][]byte) *gate.Policy {
			in := config.Input{Repo: config.NewLayer("", "", repo)}
			if len(floor) > 0 {
				in.Floor = config.NewFloor("", "", floor)
			}
			if in.Repo.Policy == nil && in.Floor == nil {
				return nil
			}
			return config.Load(in).Policy
		},
	}
}

func newLoader(path string, env []string) *loader {
	l := &loader{file: path, env: map[string]string{}}
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "REVIEWGATE_") {
			l.env[name] = value
		}
	}
	return l
}
