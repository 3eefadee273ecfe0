package simulate

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A Pull is a pull request as it is written down. YAML or JSON; unknown keys are errors.
type Pull struct {
	Version       int                `yaml:"version" doc:"always 1"`
	Repo          string             `yaml:"repo" doc:"owner/name; acme/shop if left out"`
	Number        int                `yaml:"number" doc:"of the pull request; 1 if left out"`
	Title         string             `yaml:"title"`
	Body          string             `yaml:"body"`
	Author        string             `yaml:"author" doc:"login of who opened it; - for an account that is gone"`
	ViaApp        string             `yaml:"via_app" doc:"slug of the App through which it was opened"`
	Branch        string             `yaml:"branch" doc:"name of the head branch; feature if left out"`
	Fork          bool               `yaml:"fork" doc:"the head branch lives in another repository"`
	FirstTime     bool               `yaml:"first_time" doc:"the author has never had a change merged here"`
	Base          string             `yaml:"base" doc:"the branch that it wants to go into; the default branch if left out"`
	DefaultBranch string             `yaml:"default_branch" doc:"main if left out"`
	Draft         bool               `yaml:"draft"`
	Labels        []string           `yaml:"labels"`
	Start         time.Time          `yaml:"start" doc:"when it was opened; 2026-01-01T00:00:00Z if left out"`
	People        map[string]Account `yaml:"people" doc:"every account that the file mentions, by login"`
	Teams         map[string]Team    `yaml:"teams" doc:"by organisation/team"`
	Files         map[string]*File   `yaml:"files" doc:"the tree of the default branch at the start, by path"`
	Branches      map[string]Branch  `yaml:"branches" doc:"other branches, by name"`
	Commits       []Commit           `yaml:"commits" doc:"of the head branch at the start; the last is the head"`
	Events        []Event            `yaml:"events" doc:"what happens after the opening, in order"`

	lines []int // of the events
}

// An Account is written as its role ("write") or as a mapping.
type Account struct {
	Role string `yaml:"role" doc:"in the repository: none, read, triage, write, maintain, admin; write if left out"`
	ID   int64  `yaml:"id" doc:"numeric id; made up if left out"`
	Type string `yaml:"type" doc:"User, Bot, Organization, Mannequin; by the name if left out"`
}

// A Team is written as the list of its members or as a mapping.
type Team struct {
	ID      int64    `yaml:"id" doc:"numeric id; made up if left out"`
	Members []string `yaml:"members"`
}

// A File is written as its content or as a mapping; null deletes it.
type File struct {
	Content string `yaml:"content"`
	Mode    string `yaml:"mode" doc:"file, executable, symlink (content is the target), submodule (content is the commit)"`
	From    string `yaml:"from" doc:"the path that it is renamed from; without content: unchanged"`
}

// A Branch starts from another one.
type Branch struct {
	From  string           `yaml:"from" doc:"the default branch if left out"`
	Files map[string]*File `yaml:"files" doc:"what differs from it"`
}

// A Commit has the tree of its first parent (of a merge: what git computes for both), with Files put on top.
type Commit struct {
	SHA            string           `yaml:"sha" doc:"its name: letters, digits and dashes"`
	Parents        []string         `yaml:"parents" doc:"commits or branches; the commit before if left out"`
	Author         string           `yaml:"author" doc:"login; - if the e-mail belongs to no account; who pushes if left out"`
	Committer      string           `yaml:"committer" doc:"login; the author if left out"`
	Email          string           `yaml:"email" doc:"of the author"`
	CommitterEmail string           `yaml:"committer_email"`
	Message        string           `yaml:"message"`
	CoAuthors      []string         `yaml:"co_authors" doc:"logins that GitHub shows as co-authors"`
	VerifiedApp    string           `yaml:"verified_app" doc:"slug of the App whose signature GitHub verified"`
	Files          map[string]*File `yaml:"files"`
	Many           *Many            `yaml:"many" doc:"adds many small files"`
	Scan           *Scan            `yaml:"scan" doc:"states what the scan says of this head and of those after it, instead of running one"`
}

// Many is a crowd of files: what a change hides behind.
type Many struct {
	Under   string `yaml:"under" doc:"folder"`
	Files   int    `yaml:"files" doc:"how many"`
	Content string `yaml:"content" doc:"of each"`
}

// Scan is a scan that is stated.
type Scan struct {
	Pending    bool        `yaml:"pending" doc:"it has not finished"`
	Findings   []Finding   `yaml:"findings"`
	Unscanned  []Unscanned `yaml:"unscanned"`
	Failures   []string    `yaml:"failures" doc:"checks that failed at run time"`
	NeedsHuman []string    `yaml:"needs_human" doc:"rules whose findings one eligible approval clears"`
}

// A Finding that is stated.
type Finding struct {
	Rule       string `yaml:"rule"`
	Path       string `yaml:"path"`
	Line       int    `yaml:"line"`
	Side       string `yaml:"side" doc:"head or base; head if left out"`
	Severity   string `yaml:"severity" doc:"high if left out"`
	Confidence string `yaml:"confidence" doc:"high if left out"`
	Message    string `yaml:"message"`
	Old        bool   `yaml:"old" doc:"base has it too"`
}

// Unscanned is a region that could not be judged.
type Unscanned struct {
	Path   string `yaml:"path"`
	Side   string `yaml:"side"`
	Line   int    `yaml:"line"`
	Reason string `yaml:"reason"`
}

// An Event has exactly one key beside after and lost.
type Event struct {
	After Duration `yaml:"after" doc:"time since the event before; 10m if left out"`
	Lost  bool     `yaml:"lost" doc:"it happens on GitHub, but its webhook does not arrive"`

	Push          *Push          `yaml:"push"`
	Review        *Review        `yaml:"review"`
	Dismiss       *Dismiss       `yaml:"dismiss"`
	Comment       *Comment       `yaml:"comment"`
	EditComment   *EditComment   `yaml:"edit_comment"`
	DeleteComment *DeleteComment `yaml:"delete_comment"`
	Team          *TeamChange    `yaml:"team"`
	Role          *RoleChange    `yaml:"role"`
	Account       *AccountChange `yaml:"account"`
	Retarget      *Retarget      `yaml:"retarget"`
	Label         *Label         `yaml:"label"`
	Text          *Text          `yaml:"text"`
	Draft         *Draft         `yaml:"draft"`
	Close         *By            `yaml:"close"`
	Reopen        *By            `yaml:"reopen"`
	Merge         *By            `yaml:"merge"`
	Queue         *By            `yaml:"queue"`
	Assign        *Assign        `yaml:"assign"`
	Other         *Other         `yaml:"other"`
	Unreadable    *Unreadable    `yaml:"unreadable"`
	Readable      *Readable      `yaml:"readable"`
	Floor         *FloorChange   `yaml:"floor"`
	Replay        *Replay        `yaml:"replay"`
	Check         *Check         `yaml:"check"`
}

// Push moves a branch to the last of Commits, or to Head.
type Push struct {
	By      string   `yaml:"by"`
	To      string   `yaml:"to" doc:"a branch of the repository; the head branch if left out"`
	Commits []Commit `yaml:"commits"`
	Head    string   `yaml:"head" doc:"a commit that is known already: a force-push"`
	Pull    int      `yaml:"pull" doc:"to a branch of the repository: the pull request that was merged by it, with a green check"`
}

// Review is one review.
type Review struct {
	By     string `yaml:"by" doc:"login; - for an account that is gone"`
	State  string `yaml:"state" doc:"approve, request_changes or comment"`
	Commit string `yaml:"commit" doc:"what the reviewer's page showed; the head if left out"`
	Body   string `yaml:"body"`
	ViaApp string `yaml:"via_app" doc:"slug of the App through which it was given"`
	Pull   int    `yaml:"pull" doc:"another pull request with the same head; this one if left out"`
}

// Dismiss takes back the latest decisive review of somebody.
type Dismiss struct {
	By string `yaml:"by"`
	Of string `yaml:"of"`
}

// Comment is written below the pull request.
type Comment struct {
	ID     string `yaml:"id" doc:"a name for the events that edit or delete it"`
	By     string `yaml:"by"`
	Body   string `yaml:"body"`
	ViaApp string `yaml:"via_app"`
	Sender string `yaml:"sender" doc:"who sent it, if that is not the author"`
}

// EditComment changes what a comment says.
type EditComment struct {
	ID   string `yaml:"id"`
	By   string `yaml:"by"`
	Body string `yaml:"body"`
}

// DeleteComment takes a comment away.
type DeleteComment struct {
	ID string `yaml:"id"`
	By string `yaml:"by"`
}

// TeamChange changes who is in a team.
type TeamChange struct {
	Name    string   `yaml:"name"`
	Add     []string `yaml:"add"`
	Remove  []string `yaml:"remove"`
	Delete  bool     `yaml:"delete" doc:"the team is gone"`
	ID      int64    `yaml:"id" doc:"the name belongs to another team now"`
	Members []string `yaml:"members" doc:"of that other team"`
}

// RoleChange changes somebody's role in the repository.
type RoleChange struct {
	Login string `yaml:"login"`
	Role  string `yaml:"role"`
}

// AccountChange renames or deletes an account, or registers its login anew.
type AccountChange struct {
	Login      string `yaml:"login"`
	Rename     string `yaml:"rename" doc:"the new login"`
	Delete     bool   `yaml:"delete"`
	Reregister bool   `yaml:"reregister" doc:"another person takes the login, with another id and the same role"`
}

// Retarget changes the base branch.
type Retarget struct {
	By   string `yaml:"by"`
	Base string `yaml:"base"`
}

// Label changes the labels.
type Label struct {
	By     string   `yaml:"by"`
	Add    []string `yaml:"add"`
	Remove []string `yaml:"remove"`
}

// Text changes title and description; what is left out stays.
type Text struct {
	By    string `yaml:"by"`
	Title string `yaml:"title"`
	Body  string `yaml:"body"`
}

// Draft makes the pull request a draft, or ready.
type Draft struct {
	Is bool `yaml:"is"`
}

// By names who did it.
type By struct {
	By string `yaml:"by"`
}

// Assign sets an agent to work.
type Assign struct {
	By    string `yaml:"by"`
	Agent string `yaml:"agent"`
	Issue int    `yaml:"issue" doc:"a linked issue on which that is done; the pull request if left out"`
}

// Other is another open pull request with the same head and base.
type Other struct {
	Number int    `yaml:"number"`
	Author string `yaml:"author"`
	ViaApp string `yaml:"via_app"`
	Close  bool   `yaml:"close" doc:"it is closed again"`
}

// Unreadable makes a fact unreadable.
type Unreadable struct {
	What string `yaml:"what" doc:"the list of changed files"`
	Why  string `yaml:"why" doc:"GitHub answered 502"`
}

// Readable ends that.
type Readable struct {
	What string `yaml:"what"`
}

// FloorChange replaces the organisation's floor.
type FloorChange struct {
	Policy  string `yaml:"policy"`
	Missing string `yaml:"missing" doc:"why it cannot be read"`
}

// Replay sends the webhook of somebody's latest review once more.
type Replay struct {
	Of string `yaml:"of"`
}

// Check asks for a new decision: the re-run button, a sweep, or only the passing of time.
type Check struct {
	Why string `yaml:"why"`
}

// A Duration is written as in "30s", "10m", "24h".
type Duration time.Duration

// UnmarshalYAML reads it.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v <= 0 || v > 10*365*24*time.Hour {
		return &placed{n, "after is no duration", `Write a time such as "30s", "10m" or "24h".`}
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML reads a role or a mapping.
func (a *Account) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		a.Role = n.Value
		return nil
	}
	type plain Account
	return n.Decode((*plain)(a))
}

// UnmarshalYAML reads a list of members or a mapping.
func (t *Team) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode(&t.Members)
	}
	type plain Team
	return n.Decode((*plain)(t))
}

// UnmarshalYAML reads a content or a mapping.
func (f *File) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		f.Content = n.Value
		return nil
	}
	type plain File
	return n.Decode((*plain)(f))
}

// UnmarshalYAML reads true, false or a mapping.
func (d *Draft) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&d.Is)
	}
	type plain Draft
	return n.Decode((*plain)(d))
}

// placed is an error at a place of the file.
type placed struct {
	at              *yaml.Node
	message, remedy string
}

func (p *placed) Error() string { return p.message }

func (p *placed) problem(file string) gate.Problem {
	out := gate.Problem{File: file, Message: p.message, Remedy: p.remedy}
	if p.at != nil {
		out.Line, out.Column = p.at.Line, p.at.Column
	}
	return out
}

// kind names what an event is, in the words of the file.
func (e *Event) kind() string {
	kinds := e.kinds()
	return strings.Join(kinds, " and ")
}
