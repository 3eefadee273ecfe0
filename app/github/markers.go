package github

import (
	"net/url"
	"strings"
)

// A Marker is what we hide in a text that we post, to know it again: the key of the deed that made it, the finding that it tells, or both.
// It counts only in texts whose author is our own App's account: anybody can write the same characters.
type Marker struct {
	Key         string // of the deed
	Fingerprint string // of the finding
	Trace       string // report.Trace of the finding
}

const (
	markerStart = "<!-- reviewgate:v1 "
	markerEnd   = " -->"
	maxMarkers  = 1000 // of one text
	maxMarker   = 2000 // bytes of one marker
)

// String is the HTML comment that carries the marker. Values are escaped, so that none can end the comment.
func (m Marker) String() string {
	var b strings.Builder
	b.WriteString(markerStart)
	if m.Key != "" {
		b.WriteString("key=" + url.QueryEscape(m.Key))
	}
	if m.Key != "" && m.Fingerprint != "" {
		b.WriteByte(' ')
	}
	if m.Fingerprint != "" {
		b.WriteString("finding=" + url.QueryEscape(m.Fingerprint))
	}
	if m.Trace != "" {
		b.WriteString(" trace=" + url.QueryEscape(m.Trace))
	}
	b.WriteString(markerEnd)
	return b.String()
}

// Markers reads the markers of a text in their order. What is not a whole marker is passed over.
func Markers(text string) []Marker {
	var out []Marker
	for len(out) < maxMarkers {
		_, rest, ok := strings.Cut(text, markerStart)
		if !ok {
			break
		}
		text = rest
		inner, after, ok := strings.Cut(rest[:min(len(rest), maxMarker)], markerEnd)
		if !ok || strings.Contains(inner, markerStart) {
			continue
		}
		text = rest[len(rest[:min(len(rest), maxMarker)])-len(after):]
		var m Marker
		for _, field := range strings.Fields(inner) {
			name, value, _ := strings.Cut(field, "=")
			value, err := url.QueryUnescape(value)
			switch {
			case err != nil:
			case name == "key":
				m.Key = value
			case name == "finding":
				m.Fingerprint = value
			case name == "trace":
				m.Trace = value
			}
		}
		if m != (Marker{}) {
			out = append(out, m)
		}
	}
	return out
}

// disarm makes sure that a text which quotes the judged change carries no marker of its own.
func disarm(text string) string {
	return strings.ReplaceAll(text, "<!-- reviewgate:", "&lt;!-- reviewgate:")
}
