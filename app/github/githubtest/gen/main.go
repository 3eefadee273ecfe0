// Command gen makes the files that githubtest takes from GitHub's published descriptions:
//
//   - openapi/api.json.gz: the operations listed in gen/operations.txt and the schemas that they need, from the npm package
//     @octokit/openapi, without prose and examples;
//   - testdata/webhooks at the root of the repository: real payloads of the events that we use, from @octokit/webhooks-examples.
//
// It fetches the packages by name with npm, so it needs npm and a registry that npm is set up for. Nothing else here does.
// Run it with `go generate ./app/github/githubtest`. The same packages give the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
)

const (
	openapiPackage  = "@octokit/openapi@23.0.2"
	examplesPackage = "@octokit/webhooks-examples@7.6.1"
	maxEntry        = 256 << 20 // of one file in a package
)

// events are the webhook events whose examples are kept.
var events = []string{"check_run", "check_suite", "installation", "installation_repositories", "issue_comment", "member", "membership", "merge_group", "organization", "ping", "pull_request",
	"pull_request_review", "push", "status", "team"}

func main() {
	operations := flag.String("operations", "gen/operations.txt", "`file` with one operationId per line")
	out := flag.String("openapi", "openapi", "`folder` for the pruned description")
	hooks := flag.String("webhooks", "../../../testdata/webhooks", "`folder` for the example payloads")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // this is main
	err := run(ctx, *operations, *out, *hooks)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, operations, out, hooks string) error {
	dir, err := os.MkdirTemp("", "githubtest-gen-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	files, err := pack(ctx, dir, openapiPackage, "package/generated/api.github.com.json", "package/LICENSE")
	if err != nil {
		return err
	}
	list, err := os.ReadFile(operations)
	if err != nil {
		return err
	}
	pruned, err := prune(files["package/generated/api.github.com.json"], strings.Fields(string(list)))
	if err != nil {
		return err
	}
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is a valid constant; no name and no time, so that the bytes do not change
	if _, err := w.Write(pruned); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := write(out, "api.json.gz", zipped.Bytes()); err != nil {
		return err
	}
	if err := write(out, "LICENSE", files["package/LICENSE"]); err != nil {
		return err
	}

	files, err = pack(ctx, dir, examplesPackage, "package/api.github.com/index.json", "package/package.json")
	if err != nil {
		return err
	}
	return examples(files["package/api.github.com/index.json"], hooks)
}

// pack fetches a package and returns the named files of it.
func pack(ctx context.Context, dir, name string, want ...string) (map[string][]byte, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", dir, name)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("npm pack %s: %w", name, err)
	}
	f, err := os.Open(filepath.Join(dir, filepath.Base(strings.TrimSpace(string(printed)))))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, w := range want {
			if h.Name == w {
				if files[w], err = io.ReadAll(io.LimitReader(r, maxEntry)); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", name, w, err)
				}
			}
		}
	}
	for _, w := range want {
		if files[w] == nil {
			return nil, fmt.Errorf("%s has no %s", name, w)
		}
	}
	return files, nil
}

func write(dir, name string, data []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), data, 0o644)
}

// prune keeps the wanted operations and whatever they refer to.
func prune(description []byte, operations []string) ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(description, &doc); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	wanted := map[string]bool{}
	for _, id := range operations {
		wanted[id] = true
	}
	kept := map[string]any{}
	paths, _ := doc["paths"].(map[string]any)
	for path, item := range paths {
		m, _ := item.(map[string]any)
		keep := map[string]any{}
		for method, op := range m {
			o, _ := op.(map[string]any)
			if id, _ := o["operationId"].(string); wanted[id] {
				keep[method] = strip(o, false)
				delete(wanted, id)
			}
		}
		if len(keep) > 0 {
			kept[path] = keep
		}
	}
	if len(wanted) > 0 {
		var missing []string
		for id := range wanted {
			missing = append(missing, id)
		}
		sort.Strings(missing)
		return nil, fmt.Errorf("the description has no operation %s", strings.Join(missing, ", "))
	}
	components, _ := doc["components"].(map[string]any)
	used := map[string]map[string]any{}
	var need func(v any)
	need = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
				if used[kind] == nil {
					used[kind] = map[string]any{}
				}
				if _, done := used[kind][name]; !done {
					group, _ := components[kind].(map[string]any)
					used[kind][name] = strip(group[name], false)
					need(used[kind][name])
				}
				return
			}
			for _, e := range v {
				need(e)
			}
		case []any:
			for _, e := range v {
				need(e)
			}
		}
	}
	need(kept)
	result := map[string]any{"openapi": doc["openapi"], "info": map[string]any{"title": "GitHub v3 REST API, the operations that githubtest serves", "version": openapiPackage},
		"paths": kept, "components": used}
	return json.Marshal(result)
}

// strip removes what validation does not read. Below `properties` every key is a name and stays.
func strip(v any, names bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if !names {
				switch {
				case k == "description" && !isResponse(v):
					continue
				case k == "example" || k == "examples" || k == "externalDocs" || k == "tags" || k == "title" || k == "default" || k == "summary" || strings.HasPrefix(k, "x-"):
					continue
				case k == "description":
					out[k] = "-" // a response must have one
					continue
				}
			}
			out[k] = strip(e, !names && (k == "properties" || k == "headers"))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = strip(e, false)
		}
		return out
	}
	return v
}

// isResponse tells a response object from a schema or parameter.
func isResponse(v map[string]any) bool {
	_, content := v["content"]
	_, headers := v["headers"]
	_, in := v["in"]
	_, typ := v["type"]
	return (content || headers || len(v) == 1) && !in && !typ
}

// examples writes, for every event and action, the longest payload with and the longest without an installation: it shows most.
func examples(index []byte, dir string) error {
	var all []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(index, &all); err != nil {
		return fmt.Errorf("read the examples: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for _, event := range all {
		if i := sort.SearchStrings(events, event.Name); i == len(events) || events[i] != event.Name {
			continue
		}
		best := map[string]json.RawMessage{}
		for _, raw := range event.Examples {
			var head struct {
				Action       string          `json:"action"`
				Installation json.RawMessage `json:"installation"`
			}
			if err := json.Unmarshal(raw, &head); err != nil {
				return fmt.Errorf("%s: %w", event.Name, err)
			}
			name := event.Name
			if head.Action != "" {
				name += "." + head.Action
			}
			if head.Installation == nil {
				name += ".repository-hook"
			}
			if len(raw) > len(best[name]) {
				best[name] = raw
			}
		}
		for name, raw := range best {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, raw, "", "  "); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			pretty.WriteByte('\n')
			if err := write(dir, name+".json", pretty.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}
