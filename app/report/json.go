package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// jsonVersion is Input.Version.
const jsonVersion = 1

var jsonFormat = &Format{
	Name: "json",
	Doc:  "everything, as one JSON document; every other format can be made from it",
	Write: func(w io.Writer, in *Input, _ Options) error {
		doc := *in
		doc.Version = jsonVersion
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(true) // a report may end up inside a page
		return enc.Encode(&doc)
	},
}

// Read reads what the json format wrote.
func Read(r io.Reader) (*Input, error) {
	var in Input
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return nil, fmt.Errorf("reading a json report: %w", err)
	}
	if in.Version != jsonVersion {
		return nil, fmt.Errorf("reading a json report: it has version %d, this program reads %d", in.Version, jsonVersion)
	}
	if in.Scan == nil {
		return nil, fmt.Errorf("reading a json report: it has no scan")
	}
	return &in, nil
}
