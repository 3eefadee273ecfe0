package gate

import (
	"slices"
	"strings"
)

// A Checklist is what a reviewer has to have looked at before their approval is worth something.
type Checklist struct {
	Name  string   `json:"name"`
	Items []string `json:"items"`
}

// builtinChecklists is sorted by name.
var builtinChecklists = []Checklist{
	{"agent-configuration", []string{
		"Every instruction to agents is one that I would give myself, and none of it is hidden from a reader of the file.",
		"No hook, command or MCP server was added that runs with more rights than before, and each is pinned to a version.",
		"Permissions and allow-lists became narrower, or the reason why one is wider is written down.",
		"No secret, and no address outside the organisation, is handed to an agent.",
	}},
	{"authentication", []string{
		"Every path that leads to protected data still passes the check, also on errors and early returns.",
		"Tokens and passwords are compared in constant time, and never logged or put into a URL.",
		"Sessions end: on sign-out, on a change of password, and after their time.",
		"A test fails when the check is taken away; no test was weakened.",
	}},
	{"data-migration", []string{
		"The migration was tried on data of production's size, and its locks are known.",
		"Old and new code both work while it runs.",
		"There is a way back, or it is written down why there is none.",
		"Nothing is deleted that was not counted and backed up first.",
	}},
	{"infrastructure", []string{
		"The plan was read, and everything that it replaces or destroys is meant.",
		"No address, bucket, port or role is open to more people than before.",
		"Secrets come from the store for them, not from the files.",
		"It is known who is woken up when it goes wrong, and how to go back.",
	}},
	{"payments", []string{
		"Amounts are whole numbers of the smallest unit, with their currency; rounding is where it is meant to be.",
		"A retry does not charge twice, and a failure half-way leaves a state that is known.",
		"What comes from the client is never taken as a price, an account or a proof of payment.",
		"Every movement of money leaves a record that can be reconciled.",
	}},
}

// BuiltinChecklist finds one of ours.
func BuiltinChecklist(name string) (Checklist, bool) {
	i, ok := slices.BinarySearchFunc(builtinChecklists, name, func(c Checklist, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return Checklist{}, false
	}
	return builtinChecklists[i], true
}

// BuiltinChecklists lists their names.
func BuiltinChecklists() []string {
	var out []string
	for _, c := range builtinChecklists {
		out = append(out, c.Name)
	}
	return out
}
