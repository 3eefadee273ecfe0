package all

import (
	"bytes"
	_ "embed"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed measured.yaml
var measuredFile []byte

// Measured says how often a rule was right on real code.
type Measured struct {
	On      string // the day, as 2006-01-02
	Corpus  string // what was looked at
	Changes int    // how many changes that was; 0 if whole files were looked at
	Lines   int    // of those files
	Hits    int    // findings in them
	Read    int    // findings that a person read
	Right   int    // of those, how many were right
}

// readMeasured reads measured.yaml: the newest run that a rule took part in, by rule.
func readMeasured(data []byte) (map[string]*Measured, error) {
	var file struct {
		Runs []struct {
			On      string           `yaml:"on"`
			Corpus  string           `yaml:"corpus"`
			Changes int              `yaml:"changes"`
			Lines   int              `yaml:"lines"`
			Found   map[string][]int `yaml:"found"`  // [hits, read, right] by rule
			Silent  []string         `yaml:"silent"` // the rules that ran and found nothing
		} `yaml:"runs"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("measured.yaml: %w", err)
	}
	out := map[string]*Measured{}
	for _, run := range file.Runs { // the newest last
		for id, n := range run.Found {
			if len(n) != 3 || n[0] < n[1] || n[1] < n[2] || n[2] < 0 {
				return nil, fmt.Errorf("measured.yaml: %s: want [hits, read, right], the largest first, not %v", id, n)
			}
			out[id] = &Measured{On: run.On, Corpus: run.Corpus, Changes: run.Changes, Lines: run.Lines, Hits: n[0], Read: n[1], Right: n[2]}
		}
		for _, id := range run.Silent {
			out[id] = &Measured{On: run.On, Corpus: run.Corpus, Changes: run.Changes, Lines: run.Lines}
		}
	}
	return out, nil
}
