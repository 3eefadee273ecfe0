package backtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Measured is what was measured of the rules of a folder, one run after the other, the newest last. The file has the form of the one that the built-in
// rules have.
type Measured struct {
	Runs []MeasuredRun `yaml:"runs"`
}

// A MeasuredRun is one replay with its judgements.
type MeasuredRun struct {
	On      string           `yaml:"on"`     // the day, as 2006-01-02
	Corpus  string           `yaml:"corpus"` // what was looked at
	Changes int              `yaml:"changes"`
	Found   map[string][]int `yaml:"found,omitempty"`  // [findings, read, right] by rule
	Silent  []string         `yaml:"silent,omitempty"` // the rules that ran and found nothing
}

// maxMeasured bounds the file.
const maxMeasured = 4 << 20

// ReadMeasured reads the file; no data is a file without runs.
func ReadMeasured(data []byte) (*Measured, error) {
	if len(data) > maxMeasured {
		return nil, fmt.Errorf("it has %d bytes, over the limit of %d", len(data), maxMeasured)
	}
	var m Measured
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil && len(bytes.TrimSpace(data)) > 0 {
		return nil, err
	}
	for _, run := range m.Runs {
		for id, n := range run.Found {
			if len(n) != 3 || n[0] < n[1] || n[1] < n[2] || n[2] < 0 {
				return nil, fmt.Errorf("%s: want [findings, read, right], the largest first, not %v", id, n)
			}
		}
	}
	return &m, nil
}

// Of gives the newest run that a rule took part in; nil: none did.
func (m *Measured) Of(rule string) (*MeasuredRun, []int) {
	for i := range slices.Backward(m.Runs) {
		run := &m.Runs[i]
		if n, ok := run.Found[rule]; ok {
			return run, n
		}
		if slices.Contains(run.Silent, rule) {
			return run, []int{0, 0, 0}
		}
	}
	return nil, nil
}

// Run makes a run of the judgements on the rules that are among ids; nil takes all. Left out are rules that found something of which nothing was read:
// nothing is known of them.
func (j *Judging) Run(ids []string) (*MeasuredRun, error) {
	run := &MeasuredRun{On: j.On, Corpus: j.Corpus, Changes: j.Changes, Found: map[string][]int{}}
	verdicts := j.ByRule()
	for _, id := range slices.Sorted(maps.Keys(j.Rules)) {
		if ids != nil && !slices.Contains(ids, id) {
			continue
		}
		switch p := verdicts[id]; {
		case p != nil:
			run.Found[id] = []int{j.Rules[id], p.Read, p.Right}
		case j.Rules[id] == 0:
			run.Silent = append(run.Silent, id)
		}
	}
	if len(run.Found)+len(run.Silent) == 0 {
		return nil, errors.New("there is no verdict on any of these rules")
	}
	return run, nil
}

const measuredHead = `# What was measured on real changes: for each rule that found something [findings, read, right], and the rules that ran and found nothing. The
# newest run of a rule counts; take a rule out of it when you change the rule.
`

// AddRun puts a run behind those of a file, which keeps its comments. A run of the same day and corpus is replaced. No data is a new file.
func AddRun(data []byte, run *MeasuredRun) ([]byte, error) {
	if _, err := ReadMeasured(data); err != nil {
		return nil, err
	}
	var added, doc yaml.Node
	if err := errors.Join(added.Encode(run), yaml.Unmarshal(data, &doc)); err != nil {
		return nil, fmt.Errorf("write what was measured: %w", err)
	}
	flow(&added)
	var out bytes.Buffer
	if doc.Kind != yaml.DocumentNode || len(doc.Content[0].Content) < 2 {
		out.WriteString(measuredHead)
		doc = yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "runs"}, {Kind: yaml.SequenceNode, Content: []*yaml.Node{&added}}}}
	} else {
		runs := doc.Content[0].Content[1] // the only key, or ReadMeasured would have refused it
		runs.Content = slices.DeleteFunc(runs.Content, func(n *yaml.Node) bool {
			var old MeasuredRun
			return n.Decode(&old) == nil && old.On == run.On && old.Corpus == run.Corpus
		})
		runs.Content = append(runs.Content, &added)
	}
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := errors.Join(enc.Encode(&doc), enc.Close()); err != nil {
		return nil, fmt.Errorf("write what was measured: %w", err)
	}
	return out.Bytes(), nil
}

// flow writes lists of numbers on one line.
func flow(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Tag == "!!int" {
		n.Style = yaml.FlowStyle
	}
	for _, c := range n.Content {
		flow(c)
	}
}
