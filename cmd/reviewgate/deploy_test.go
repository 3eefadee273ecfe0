package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type volume struct {
	Name   string
	Secret *struct {
		SecretName string `yaml:"secretName"`
	}
}

// A manifest is as much of a Kubernetes object as the test looks at.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Replicas int
		Template struct {
			Spec struct {
				AutomountServiceAccountToken bool `yaml:"automountServiceAccountToken"`
				SecurityContext              struct {
					RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
					RunAsUser      int                   `yaml:"runAsUser"`
					SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
				} `yaml:"securityContext"`
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args            []string
					ReadinessProbe  *yaml.Node `yaml:"readinessProbe"`
					LivenessProbe   *yaml.Node `yaml:"livenessProbe"`
					Resources       struct{ Limits map[string]string }
					SecurityContext struct {
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
				}
				Volumes []volume
			}
		}
	}
}

// TestDeployKubernetes: the pods meet the restricted standard, every role is there, and no secret is in a file.
func TestDeployKubernetes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "deploy/kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	var roles []string
	for _, f := range files {
		d := yaml.NewDecoder(strings.NewReader(doc(t, strings.TrimPrefix(filepath.ToSlash(f), root))))
		for {
			var m manifest
			if err := d.Decode(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			kinds[m.Kind]++
			if m.Kind != "Deployment" {
				continue
			}
			pod := m.Spec.Template.Spec
			c := pod.Containers[0]
			roles = append(roles, c.Args[len(c.Args)-1])
			s := c.SecurityContext
			for what, good := range map[string]bool{
				"runs as somebody": pod.SecurityContext.RunAsNonRoot && pod.SecurityContext.RunAsUser == 10001, "seccomp": pod.SecurityContext.SeccompProfile.Type == "RuntimeDefault",
				"escalates not": s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, "read-only": s.ReadOnlyRootFilesystem, "drops all": slices.Equal(s.Capabilities.Drop, []string{"ALL"}),
				"no token": !pod.AutomountServiceAccountToken, "is probed": c.ReadinessProbe != nil && c.LivenessProbe != nil, "is bounded": c.Resources.Limits["memory"] != "",
				"replicas": m.Spec.Replicas >= 2, "has time to end": pod.Grace >= 60,
				"secrets by name": slices.ContainsFunc(pod.Volumes, func(v volume) bool {
					return v.Secret != nil && v.Secret.SecretName == "reviewgate-app"
				}),
			} {
				if !good {
					t.Errorf("%s: %s: not so", m.Metadata.Name, what)
				}
			}
		}
	}
	slices.Sort(roles)
	if !slices.Equal(roles, []string{"web", "worker"}) || kinds["Secret"] > 0 || kinds["PodDisruptionBudget"] != 2 || kinds["NetworkPolicy"] != 2 || kinds["Service"] != 1 || kinds["Kustomization"] != 1 {
		t.Errorf("roles %q, kinds %v", roles, kinds)
	}
}

// TestDeployCompose: what holds of a pod holds of a service, and secrets come from files.
func TestDeployCompose(t *testing.T) {
	t.Parallel()
	var c struct {
		Services map[string]struct {
			User        string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			SecurityOpt []string `yaml:"security_opt"`
			Command     []string
			Environment map[string]string
			Healthcheck *yaml.Node
			Secrets     []string
			Privileged  bool
		}
		Secrets map[string]struct{ File string }
	}
	d := yaml.NewDecoder(bytes.NewReader([]byte(doc(t, "deploy/compose.yml"))))
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 3 {
		t.Errorf("%d services", len(c.Services))
	}
	for name, s := range c.Services {
		if s.User == "" || strings.HasPrefix(s.User, "0") || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Healthcheck == nil || s.Privileged {
			t.Errorf("%s is not locked in", name)
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: the secret %s is in no file", name, secret)
			}
		}
		for variable, value := range s.Environment {
			if strings.HasSuffix(variable, "_FILE") && !slices.Contains(s.Secrets, strings.TrimPrefix(value, "/run/secrets/")) {
				t.Errorf("%s: %s names %s, which it is not given", name, variable, value)
			}
		}
	}
}
