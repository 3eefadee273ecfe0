package gate

import (
	"fmt"
	"strings"
)

// An Exempt lets small changes to named paths pass without the approvals of the file that it stands in: by one App, all of whose commits GitHub
// verified, or by people with write access. Nothing that the author of a change can set makes one apply; built-in guards and tier critical
// have none.
type Exempt struct {
	Origin   string   `json:"origin"`           // "floor", "repository": only guards of the same file are exempt
	App      string   `json:"app,omitempty"`    // slug
	Member   bool     `json:"member,omitempty"` // instead of App: everybody behind the change is a person with write access
	Paths    []string `json:"paths"`            // anchored globs; every changed file must match, by its bytes
	MaxFiles int      `json:"max_files"`
}

func (e *Exempt) String() string {
	by := "people with write access"
	if e.App != "" {
		by = "the App " + e.App
	}
	return fmt.Sprintf("exempt: only %s, by %s", strings.Join(e.Paths, ", "), by)
}

// exempt finds what exempts guards of an origin from this change; nil: nothing does.
func (d *decider) exempt(origin string) *Exempt {
	if e, asked := d.exempts[origin]; asked {
		return e
	}
	e := d.findExempt(origin)
	d.exempts[origin] = e
	return e
}

func (d *decider) findExempt(origin string) *Exempt {
	for i := range d.p.Exempt {
		if e := &d.p.Exempt[i]; e.Origin == origin && d.covered(e) && (e.App != "" && d.byApp(e.App) || e.App == "" && e.Member && d.byMembers()) {
			return e
		}
	}
	return nil
}

// covered says whether the change is small, plain, scanned, and nowhere but in the paths.
func (d *decider) covered(e *Exempt) bool {
	f := d.f
	if len(f.Files) == 0 || len(f.Files) > e.MaxFiles || len(f.Scan.Unscanned) > 0 || len(f.Unknown) > 0 || len(f.Clashes) > 0 {
		return false
	}
	// A folded match may only add a requirement, so the paths are taken out of everything: exclusions do not fold.
	rest := []string{"**"}
	for _, p := range e.Paths {
		rest = append(rest, "!"+p)
	}
	outside := NewGlobs(rest...)
	for i := range f.Files {
		c := &f.Files[i]
		if isLink(c.Mode) || isLink(c.OldMode) || c.Mode != 0 && c.OldMode != 0 && c.Mode != c.OldMode {
			return false
		}
		if oddName(c.Path) != "" || outside.Match(c.Path) {
			return false
		}
	}
	return true
}

// byApp says whether the App opened and pushed all of it, and GitHub verified its signature on every commit. Author names of commits prove nothing.
func (d *decider) byApp(app string) bool {
	f := d.f
	own := func(who Person) bool {
		return who.ID != 0 && who.Type == "Bot" && fold(who.Login) == fold(app)+"[bot]"
	}
	if _, agent := agentName(app); agent || !own(f.Author) || len(f.Commits) == 0 || len(f.Siblings) > 0 || len(f.Requested) > 0 {
		return false
	}
	for _, who := range f.Pushers {
		if !own(who) {
			return false
		}
	}
	for i := range f.Commits {
		c := &f.Commits[i]
		if fold(c.VerifiedApp) != fold(app) || c.Author == nil || !own(*c.Author) {
			return false
		}
	}
	return true
}

// byMembers says whether everybody who took part is known, a person, and may write here.
func (d *decider) byMembers() bool {
	if len(d.in.marks) > 0 || d.in.unsponsored || len(d.in.unattributed) > 0 || d.f.Author.ID == 0 {
		return false
	}
	for _, took := range d.in.list {
		if d.in.human(took.Person) != "" || !d.f.People.Roles[took.Person.ID].AtLeast(RoleWrite) {
			return false
		}
	}
	return true
}
