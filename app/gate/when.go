package gate

// A When narrows a guard to some changes. All that is set must be true. It can only ever add a requirement: the files of such a guard stay
// with the default as well, because an author can set off most of these marks.
type When struct {
	Author Author `json:"author,omitempty"`
	Fork   bool   `json:"fork,omitempty"` // the head lives in another repository
}

// Author says what kind of author a When means.
type Author string

// The kinds of author.
const (
	AuthorAny          Author = "any"          // everybody; the same as not saying
	AuthorAgent        Author = "agent"        // there is evidence that an agent took part
	AuthorFork         Author = "fork"         // the head lives in another repository
	AuthorFirstTime    Author = "first_time"   // who opened it never had a change merged here
	AuthorUnattributed Author = "unattributed" // somebody behind the change, or behind the agent, is not known
)

func (w *When) String() string {
	if w == nil || w.Author == "" || w.Author == AuthorAny {
		if w != nil && w.Fork {
			return "from a fork"
		}
		return ""
	}
	s := map[Author]string{AuthorAgent: "an agent took part", AuthorFork: "from a fork", AuthorFirstTime: "of a first-time contributor", AuthorUnattributed: "somebody behind it is not known"}[w.Author]
	if w.Fork && w.Author != AuthorFork {
		s += ", from a fork"
	}
	return s
}

// holds says whether the change is of the kind that the guard means.
func (w *When) holds(f *Facts, in *involved) bool {
	if w == nil {
		return true
	}
	maybe := func(fact *bool) bool { return fact == nil || *fact }
	fork, firstTime := maybe(f.Fork), maybe(f.FirstTime)
	for _, s := range f.Siblings {
		fork, firstTime = fork || maybe(s.Fork), firstTime || maybe(s.FirstTime)
	}
	if w.Fork && !fork {
		return false
	}
	switch w.Author {
	case AuthorAgent:
		return len(in.marks) > 0 || in.unsponsored
	case AuthorFork:
		return fork
	case AuthorFirstTime:
		return firstTime
	case AuthorUnattributed:
		return len(in.unattributed) > 0 || in.unsponsored
	default:
		return true
	}
}

// applying leaves out the guards whose When does not hold.
func applying(guards []Guard, f *Facts, in *involved) []Guard {
	out := make([]Guard, 0, len(guards))
	for _, g := range guards {
		if g.When.holds(f, in) {
			out = append(out, g)
		}
	}
	return out
}
