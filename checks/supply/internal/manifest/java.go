package manifest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// readPOM reads dependencies, managed ones and plug-ins wherever they stand. Properties of the same file are put in.
func readPOM(f *File, data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // names of packages are ASCII
	type open struct {
		name   string
		line   int
		fields map[string]string
	}
	var stack []open
	properties := map[string]string{}
	var text strings.Builder
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(stack) >= maxDepth || len(f.Deps) >= maxEntries {
				return errTooLarge
			}
			line, _ := dec.InputPos()
			stack = append(stack, open{name: t.Name.Local, line: line})
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			e := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			value := strings.TrimSpace(text.String())
			text.Reset()
			if len(stack) == 0 {
				break
			}
			parent := &stack[len(stack)-1]
			switch e.name {
			case "groupId", "artifactId", "version", "scope":
				if parent.fields == nil {
					parent.fields = map[string]string{}
				}
				parent.fields[e.name] = value
			case "dependency", "plugin", "parent", "extension":
				if e.name == "plugin" && e.fields["groupId"] == "" {
					if e.fields == nil {
						break
					}
					e.fields["groupId"] = "org.apache.maven.plugins"
				}
				f.Deps = append(f.Deps, Dependency{Name: e.fields["groupId"] + ":" + e.fields["artifactId"], Constraint: e.fields["version"], Group: e.name, Line: e.line})
			}
			if parent.name == "properties" && len(stack) == 2 {
				properties[e.name] = value
			}
			if e.name == "project" || len(stack) == 1 && (e.name == "groupId") {
				f.Names = append(f.Names, value)
			}
		}
	}
	for i := range f.Deps {
		d := &f.Deps[i]
		d.Name, d.Constraint = interpolate(d.Name, properties), interpolate(d.Constraint, properties)
	}
	return nil
}

var property = regexp.MustCompile(`\$\{([\w.-]+)\}`)

func interpolate(s string, properties map[string]string) string {
	return property.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := properties[m[2:len(m)-1]]; ok && len(v) < 200 {
			return v
		}
		return m
	})
}

var (
	gradleString = regexp.MustCompile(`["']([\w.-]+):([\w.-]+)(?::([^"':@]*))?(?:[:@][\w.-]+)*["']`)
	gradleMap    = regexp.MustCompile(`group\s*[:=]\s*["']([\w.-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.-]+)["'](?:\s*,\s*version\s*[:=]\s*["']([^"']*)["'])?`)
	gradleAny    = regexp.MustCompile(`^\s*(?:\w*[iI]mplementation|\w*[aA]pi|\w*[cC]ompileOnly|\w*[rR]untimeOnly|\w*[cC]ompile|\w*[rR]untime|testCompile|annotationProcessor|kapt|ksp|classpath|developmentOnly|provided)[\s(]`)
	gradleGroup  = regexp.MustCompile(`^\s*group\s*=?\s*["']([\w.-]+)["']`)
)

// readGradle reads the declarations that are literal: strings, maps and references to a catalogue. Code is not run.
func readGradle(f *File, text string) {
	for i, line := range lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "//") {
			continue
		}
		if m := gradleGroup.FindStringSubmatch(line); m != nil {
			f.Names = append(f.Names, m[1])
		}
		found := false
		add := func(m []string) {
			f.Deps = append(f.Deps, Dependency{Name: m[1] + ":" + m[2], Constraint: m[3], Group: "gradle", Line: i + 1})
			found = true
		}
		for _, m := range gradleMap.FindAllStringSubmatch(line, -1) {
			add(m)
		}
		if gradleAny.MatchString(line) || strings.Contains(line, "platform(") || strings.Contains(line, "mavenBom") {
			for _, m := range gradleString.FindAllStringSubmatch(line, -1) {
				add(m)
			}
			if !found && !strings.Contains(line, "libs.") && !strings.Contains(line, "project(") {
				f.Partial = "a dependency is computed"
			}
		}
	}
}

// readCatalogue reads a version catalogue of Gradle.
func readCatalogue(f *File, data []byte) error {
	entries, err := tomlEntries(data)
	if err != nil {
		return err
	}
	versions := map[string]string{}
	for _, e := range entries {
		if e.under("versions") && len(e.keys) == 2 {
			versions[e.keys[1]] = e.value
		}
	}
	byName := map[string]*Dependency{}
	var order []string
	for _, e := range entries {
		if !e.under("libraries", "*") {
			continue
		}
		d := byName[e.keys[1]]
		if d == nil {
			d = &Dependency{Group: "catalogue", Line: e.line}
			byName[e.keys[1]] = d
			order = append(order, e.keys[1])
		}
		group, artifact, _ := strings.Cut(d.Name, ":")
		switch e.key(2) {
		case "":
			parts := strings.SplitN(e.value, ":", 3)
			if len(parts) > 1 {
				d.Name = parts[0] + ":" + parts[1]
			}
			if len(parts) > 2 {
				d.Constraint = parts[2]
			}
		case "module":
			d.Name = e.value
		case "group":
			d.Name = e.value + ":" + artifact
		case "name":
			d.Name = group + ":" + e.value
		case "version":
			if d.Constraint = e.value; e.key(3) == "ref" {
				d.Constraint = versions[e.value]
			}
		}
	}
	for _, name := range order {
		f.Deps = append(f.Deps, *byName[name])
	}
	return nil
}

func lines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}
