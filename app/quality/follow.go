package quality

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// FollowDays is how long a merged change is followed.
const FollowDays = 30

const followTime = FollowDays * 24 * time.Hour

// A Landed is one step of a branch: what a merge, a squash or a push brought onto it.
type Landed struct {
	SHA     string
	At      time.Time
	Message string
	Inner   []string // SHAs of the other commits that came with it
	Files   []LandedFile
}

// A LandedFile is a file that a step changed. A nil side does not exist. Where Known is false nothing is known of the contents.
type LandedFile struct {
	Path, OldPath string // OldPath: where the same bytes stood before
	Old, New      []byte
	Known         bool
}

// A Tracked is a merged change that is followed. Where a rebase put several commits onto the branch, it is the last one.
type Tracked struct {
	SHA    string   // of the step
	Number int      // of the pull request; 0: not known
	Title  string   // of the pull request; "": not known
	Inner  []string // SHAs of its own commits, as far as known
	Merged time.Time
	After  []After
}

// A Tracker follows changes along the steps of one branch: which of them a later step takes back, or fixes. It keeps, for every line of the files that they
// touched, which step it comes from, as git blame would say; so the evidence of a fix is the lines of the change that it replaced.
type Tracker struct {
	// Track decides of a step whether it is followed; nil: it is not.
	Track func(*Landed) *Tracked

	followed []*Tracked
	bySHA    map[string]*Tracked // steps and what came in with them
	byNumber map[int]*Tracked
	byTitle  map[string]*Tracked // nil value: two have it
	origins  map[string][]origin // by path
	newest   time.Time
}

// An origin says which followed change a line comes from (1 is the first; 0: another), and which line it was when that was merged.
type origin struct{ change, line int32 }

// NewTracker makes one that follows what track says.
func NewTracker(track func(*Landed) *Tracked) *Tracker {
	return &Tracker{Track: track, bySHA: map[string]*Tracked{}, byNumber: map[int]*Tracked{}, byTitle: map[string]*Tracked{}, origins: map[string][]origin{}}
}

// Followed lists the changes that were followed, in the order of the branch, each with what came after.
func (t *Tracker) Followed() []*Tracked { return t.followed }

// Newest is the time of the newest step.
func (t *Tracker) Newest() time.Time { return t.newest }

var (
	revertsCommit = regexp.MustCompile(`(?i)\bThis reverts commit ([0-9a-f]{7,64})\b`)
	revertsMerge  = regexp.MustCompile(`(?im)^Reverts (?:[\w.-]+/[\w.-]+)?#(\d+)\b`)
	revertSubject = regexp.MustCompile(`^Revert "(.+)"(?: \(#\d+\))?$`)
	titleNumber   = regexp.MustCompile(`\(#(\d+)\)$`)
	mergeSubject  = regexp.MustCompile(`^Merge pull request #(\d+) from `)
	// What a subject says that fixes something, and what is no defect of the change all the same.
	fixWords  = regexp.MustCompile(`(?i)\b(?:fix|fixes|fixed|fixing|bugfix|hotfix|regression)\b`)
	fixTrivia = regexp.MustCompile(`(?i)\b(?:typos?|spelling|lint|linter|linting|format|formatting|prettier|gofmt|docs?|documentation|readme|changelog|comments?|whitespace|indentation|snapshots?|translations?|wording|flaky|flake|ci|deps?|dependenc(?:y|ies)|renovate|dependabot)\b`)
)

// Subject gives the title of what a step brought: the first line of its message, or that of the pull request, which GitHub's merge commits have in their body.
func Subject(message string) string {
	subject, body, _ := strings.Cut(strings.ReplaceAll(message, "\r\n", "\n"), "\n")
	if mergeSubject.MatchString(subject) {
		if title, _, _ := strings.Cut(strings.TrimSpace(body), "\n"); title != "" {
			subject = title
		}
	}
	return strings.TrimSpace(subject)
}

// PullNumber gives the number of the pull request that a step says it brought; 0: it says none.
func PullNumber(message string) int {
	first, _, _ := strings.Cut(message, "\n")
	first = strings.TrimSpace(first)
	for _, re := range []*regexp.Regexp{mergeSubject, titleNumber} {
		if m := re.FindStringSubmatch(first); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				return n
			}
		}
	}
	return 0
}

// SaysFix says whether a subject says that something is fixed, and not only words, style or the machinery around the code.
func SaysFix(subject string) bool {
	return fixWords.MatchString(subject) && !fixTrivia.MatchString(subject) && !strings.HasPrefix(subject, "Revert ")
}

// title is a subject without the number of the pull request.
func title(subject string) string {
	return strings.TrimSpace(titleNumber.ReplaceAllString(subject, ""))
}

// Step takes in the next step of the branch.
func (t *Tracker) Step(l *Landed) {
	if l.At.After(t.newest) {
		t.newest = l.At
	}
	subject := Subject(l.Message)
	back, because := t.reverted(l, subject)
	if back != nil && l.At.Sub(back.Merged) <= followTime {
		back.add(After{Kind: Reverted, SHA: l.SHA, At: l.At, Subject: short(subject, 120), Because: because})
	}
	fixes := back == nil && SaysFix(subject)
	mine := t.Track(l)
	id := int32(0)
	if mine != nil {
		t.followed = append(t.followed, mine)
		id = int32(len(t.followed)) //nolint:gosec // changes of one branch
		t.know(mine, l, subject)
	}
	replaced := map[int32]map[string][]int{}
	for i := range l.Files {
		t.file(&l.Files[i], id, fixes, replaced)
	}
	for change, paths := range replaced {
		c := t.followed[change-1]
		if l.At.Sub(c.Merged) > followTime {
			continue
		}
		a := After{Kind: Fix, SHA: l.SHA, At: l.At, Subject: short(subject, 120), Because: "its subject says that it fixes something, and it replaces lines of this change"}
		for _, name := range sortedNames(paths) {
			lines := paths[name]
			slices.Sort(lines)
			a.Lines += len(lines)
			a.Places = append(a.Places, ranges(name, lines)...)
		}
		a.Places = a.Places[:min(len(a.Places), 10)]
		c.add(a)
	}
}

func (c *Tracked) add(a After) {
	if len(c.After) < MaxAfter {
		c.After = append(c.After, a)
	}
}

func (t *Tracker) know(c *Tracked, l *Landed, subject string) {
	t.bySHA[l.SHA] = c
	for _, sha := range slices.Concat(l.Inner, c.Inner) {
		t.bySHA[sha] = c
	}
	if c.Number != 0 {
		t.byNumber[c.Number] = c
	}
	for _, name := range slices.Compact([]string{title(subject), title(cmp.Or(c.Title, subject))}) {
		if other, known := t.byTitle[name]; known && other != c {
			t.byTitle[name] = nil // told apart by nothing
		} else {
			t.byTitle[name] = c
		}
	}
}

// reverted finds what a step takes back: by the commit or pull request that it names, or by a title that one change alone has. Taking back a revert takes back
// the revert, and nothing else.
func (t *Tracker) reverted(l *Landed, subject string) (*Tracked, string) {
	for _, m := range revertsCommit.FindAllStringSubmatch(l.Message, 20) {
		if c := t.named(m[1]); c != nil {
			return c, "its message says: This reverts commit " + m[1]
		}
	}
	if m := revertsMerge.FindStringSubmatch(l.Message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && t.byNumber[n] != nil {
			return t.byNumber[n], "its message says: Reverts #" + m[1]
		}
	}
	m := revertSubject.FindStringSubmatch(subject)
	if m == nil {
		return nil, ""
	}
	if n := titleNumber.FindStringSubmatch(m[1]); n != nil {
		if i, err := strconv.Atoi(n[1]); err == nil && t.byNumber[i] != nil {
			return t.byNumber[i], "its subject takes back #" + n[1]
		}
	}
	if c := t.byTitle[title(m[1])]; c != nil {
		return c, "its subject takes back the only change with that title"
	}
	return nil, ""
}

// named finds a commit by its id or the beginning of it; one that fits two is none.
func (t *Tracker) named(id string) *Tracked {
	id = strings.ToLower(id)
	if c := t.bySHA[id]; c != nil {
		return c
	}
	var found *Tracked
	for sha, c := range t.bySHA {
		if strings.HasPrefix(sha, id) {
			if found != nil && found != c {
				return nil
			}
			found = c
		}
	}
	return found
}

// file moves the origins of a file's lines along, and notes which of them a fix replaces.
func (t *Tracker) file(f *LandedFile, mine int32, fixes bool, replaced map[int32]map[string][]int) {
	from := f.Path
	if f.OldPath != "" {
		from = f.OldPath
	}
	old, known := t.origins[from]
	if !Counted(f.Path) || !known && mine == 0 {
		return
	}
	switch {
	case !f.Known && f.Old == nil && f.New == nil && f.OldPath == "":
		delete(t.origins, f.Path) // what stands there now is not known
		return
	case f.New == nil: // deleted, or moved: whoever has it now takes the origins along
		return
	case f.OldPath != "":
		t.origins[f.Path] = slices.Clone(old)
		return
	}
	before := bytes.Split(bytes.TrimSuffix(f.Old, []byte("\n")), []byte("\n"))
	if len(f.Old) == 0 {
		before = nil
	}
	if !known || len(old) != len(before) {
		old = make([]origin, len(before))
	}
	after := lines(f.New)
	now := make([]origin, 0, after)
	at := 0
	for _, h := range diff.Lines(f.Old, f.New).Hunks {
		start := h.BaseStart - 1
		now = append(now, old[min(at, len(old)):min(start, len(old))]...)
		for i := start; i < start+h.BaseCount && i < len(old); i++ {
			o := old[i]
			if fixes && o.change != 0 && o.change != mine && telling(before[i]) {
				paths := replaced[o.change]
				if paths == nil {
					paths = map[string][]int{}
					replaced[o.change] = paths
				}
				paths[f.Path] = append(paths[f.Path], int(o.line))
			}
		}
		at = start + h.BaseCount
		for i := range h.HeadCount {
			now = append(now, origin{mine, int32(h.HeadStart + i)}) //nolint:gosec // a line of a small file
		}
	}
	now = append(now, old[min(at, len(old)):]...)
	t.origins[f.Path] = now
}

func lines(data []byte) int {
	n := bytes.Count(data, []byte("\n"))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// telling says whether a line says something: one of brackets alone goes with whatever stands around it.
func telling(line []byte) bool {
	n := 0
	for _, c := range line {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 {
			n++
		}
	}
	return n >= 3 && !bytes.HasPrefix(bytes.TrimSpace(line), []byte("import "))
}

var (
	notCode = []string{".md", ".mdx", ".rst", ".txt", ".adoc", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".lock", ".sum", ".mod", ".xml", ".svg", ".snap", ".csv", ".po", ".pot", ".map", ".ini", ".cfg", ".html", ".css"}
	notOurs = regexp.MustCompile(`(?i)(?:^|/)(?:vendor|node_modules|dist|third_party|testdata|fixtures|tests?|__tests__|__snapshots__|specs?|locales?|i18n|docs?|examples?)/|(?:[._-](?:test|spec)\.[a-z]+|_test\.go|\.min\.js|\.pb\.go|\.gen\.go|(?:^|/)test_[^/]*\.py|Tests?\.java)$`)
)

// Counted says whether lines of a file count as evidence of a fix: those of the product's code. Tests, documentation, data, lockfiles and what others wrote change
// along with everything else.
func Counted(name string) bool {
	return !slices.Contains(notCode, strings.ToLower(path.Ext(name))) && path.Ext(name) != "" && !notOurs.MatchString(name)
}

// ranges puts sorted line numbers together.
func ranges(name string, lines []int) []Place {
	var out []Place
	for _, n := range lines {
		if k := len(out); k > 0 && n <= out[k-1].To+1 {
			out[k-1].To = n
			continue
		}
		out = append(out, Place{name, n, n})
	}
	return out
}

func sortedNames(m map[string][]int) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func short(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// String writes a place as people do: "a.go:3-5".
func (p Place) String() string {
	if p.From == p.To {
		return fmt.Sprintf("%s:%d", p.Path, p.From)
	}
	return fmt.Sprintf("%s:%d-%d", p.Path, p.From, p.To)
}
