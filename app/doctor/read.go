package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// A Reader reads settings. A *github.Client fits.
type Reader interface {
	Repository(ctx context.Context, owner, repo string) (github.Repository, error)
	Branches(ctx context.Context, owner, repo string) ([]string, error)
	Text(ctx context.Context, owner, repo, path string) (text string, found bool, err error)
	Settings(ctx context.Context, owner, repo string, app github.AppState, others ...string) (*github.Settings, error)
	People(ctx context.Context, owner, repo string, wants gate.Wants) (gate.People, []gate.Unknown, error)
}

// Files is how a policy is read: the paths that may hold it, and what makes one policy of those that are there. Package config knows; doctor
// must not.
type Files struct {
	Repo, Floor []string
	// Load makes the policy that applies; nil if there is none. A nil map is a floor that could not be read or does not exist.
	Load func(repo, floor map[string][]byte) *gate.Policy
}

// Request says what to read.
type Request struct {
	Owner, Repo  string
	App          github.AppState
	AppUnread    string // why the installation is not known; "": it is
	FloorSetting string // of the server; "": not known
	Files        Files
}

// maxBranches bounds the governed branches that are looked at.
const maxBranches = 50

// Read gathers the settings of one repository. What cannot be read is in Unread; an error means that nothing can be said.
func Read(ctx context.Context, r Reader, q Request) (*Settings, error) {
	repo, err := r.Repository(ctx, q.Owner, q.Repo)
	if err != nil {
		return nil, err
	}
	s := &Settings{Floor: Floor{Setting: q.FloorSetting}}
	var unread []github.Unread
	miss := func(part, name string, err error) {
		unread = append(unread, github.Unread{Part: part, Name: name, Reason: why(err)})
	}
	if q.AppUnread != "" {
		unread = append(unread, github.Unread{Part: github.PartInstallation, Reason: q.AppUnread})
	}
	if s.Policy, err = readPolicy(ctx, r, repo, q, s, miss); err != nil {
		return nil, err
	}
	governed := func(string) bool { return false }
	if s.Policy != nil {
		globs := gate.NewGlobs(s.Policy.Governed...)
		governed = globs.Match
	}
	var others []string
	if s.Policy != nil && slices.ContainsFunc(s.Policy.Governed, func(g string) bool { return g != "~default" }) {
		names, err := r.Branches(ctx, repo.Owner, repo.Name)
		if stop(err) {
			return nil, err
		}
		for _, b := range names {
			if b != repo.DefaultBranch && governed(b) {
				others = append(others, b)
			}
		}
		if err == nil && len(others) > maxBranches {
			err = fmt.Errorf("the policy governs %d branches, and %d are looked at", len(others), maxBranches)
		}
		if err != nil {
			miss(github.PartBranches, "", err)
		}
		others = others[:min(len(others), maxBranches)]
	}
	got, err := r.Settings(ctx, repo.Owner, repo.Name, q.App, others...)
	if err != nil {
		return nil, err
	}
	s.Settings = *got
	if s.Policy != nil {
		if err := readPeople(ctx, r, repo, s, miss); err != nil {
			return nil, err
		}
	}
	s.Unread = append(unread, s.Unread...)
	return s, nil
}

func readPolicy(ctx context.Context, r Reader, repo github.Repository, q Request, s *Settings, miss func(part, name string, err error)) (*gate.Policy, error) {
	files, err := texts(ctx, r, repo.Owner, repo.Name, q.Files.Repo)
	if stop(err) {
		return nil, err
	}
	if err != nil {
		miss(github.PartPolicy, "", err)
		return nil, nil
	}
	var floor map[string][]byte
	_, err = r.Repository(ctx, repo.Owner, ".github")
	switch {
	case stop(err):
		return nil, err
	case errors.Is(err, github.ErrNotFound) && repo.OwnerType != "Organization":
	case errors.Is(err, github.ErrNotFound):
		if q.FloorSetting == "required" {
			miss(github.PartFloor, "", err)
		}
	case err != nil:
		miss(github.PartFloor, "", err)
	default:
		if floor, err = texts(ctx, r, repo.Owner, ".github", q.Files.Floor); stop(err) {
			return nil, err
		} else if err != nil {
			miss(github.PartFloor, "", err)
		}
		s.Floor.Present = len(floor) > 0
	}
	return q.Files.Load(files, floor), nil
}

func texts(ctx context.Context, r Reader, owner, repo string, paths []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, path := range paths {
		text, found, err := r.Text(ctx, owner, repo, path)
		if err != nil {
			return nil, err
		}
		if found {
			out[path] = []byte(text)
		}
	}
	return out, nil
}

// readPeople asks who the names in the policy are: first the names, then the roles of those in the teams.
func readPeople(ctx context.Context, r Reader, repo github.Repository, s *Settings, miss func(part, name string, err error)) error {
	var wants gate.Wants
	for _, g := range needs(s.Policy) {
		for _, a := range slices.Concat(g.Need.From, slices.Concat(g.Need.AnyOf...)) {
			switch {
			case a.User != "":
				wants.Users = append(wants.Users, strings.ToLower(a.User))
			case a.Team != "":
				wants.Teams = append(wants.Teams, strings.ToLower(a.Team))
			}
		}
	}
	if len(wants.Users)+len(wants.Teams) == 0 {
		return nil
	}
	named, unknown, err := r.People(ctx, repo.Owner, repo.Name, wants)
	if stop(err) {
		return err
	}
	members := gate.Wants{}
	for _, t := range sorted(named.Teams) {
		members.Roles = append(members.Roles, named.Teams[t].Members...)
	}
	roles := gate.People{}
	if len(members.Roles) > 0 {
		var more []gate.Unknown
		if roles, more, err = r.People(ctx, repo.Owner, repo.Name, members); stop(err) {
			return err
		}
		unknown = append(unknown, more...)
	}
	for _, u := range unknown {
		name := u.What
		if i := strings.IndexByte(name, '@'); i >= 0 {
			name = name[i:]
		}
		miss(github.PartPeople, name, errors.New(u.Reason))
	}
	s.People = Names{Users: map[string]string{}, Teams: map[string]Team{}}
	for login, who := range named.Users {
		s.People.Users[login] = cmp.Or(string(named.Roles[who.ID]), "none")
	}
	for name, t := range named.Teams {
		team := Team{Members: len(t.Members)}
		for _, who := range t.Members {
			if writes(string(roles.Roles[who.ID])) {
				team.Writers++
			}
		}
		s.People.Teams[name] = team
	}
	return nil
}

// stop says that nothing more can be asked now.
func stop(err error) bool {
	var limited *github.RateLimited
	return errors.As(err, &limited) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// why is an error in a few words.
func why(err error) string {
	var e *github.Error
	if errors.As(err, &e) {
		return strings.TrimSpace(fmt.Sprintf("GitHub answered %d %s", e.Status, e.Message))
	}
	return err.Error()
}
