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
		"I read every changed instruction as a command to a tool with write access, in the raw file: no line asks for less review, fewer tests or a skipped check.",
		"I know what starts each new or changed command, hook and MCP server, and each is pinned to a version or to a file of this repository.",
		"Each entry that was added to a list of allowed tools, paths or hosts is needed for a task that I can name; no wildcard was added.",
		"No token, key or environment variable with a secret is in the file or handed to a server by it.",
	}},
	{"authentication", []string{
		"I followed each changed route from the request to the data: the check runs first on every path, also on errors, early returns and other methods.",
		"What decides about access comes from the session or the database, never from a parameter, a header or the body.",
		"Passwords and tokens are hashed or compared by the library's function for it, and appear in no log, URL or error message.",
		"Sessions and tokens end: on sign-out, on a change of password or role, and after their time.",
		"I know the test that fails if this check is taken out, and no test was removed or weakened.",
	}},
	{"data-migration", []string{
		"It ran on a copy with as many rows as production; how long it took and which tables it locked is in the description.",
		"The version that runs now works with the schema before, during and after it.",
		"Running it twice, or again after it stopped half-way, does no harm.",
		"Rows that are deleted or overwritten were counted first, and there is a backup that somebody has restored.",
		"The way back is written down, or why there is none.",
	}},
	{"infrastructure", []string{
		"I read the plan of this very commit; each resource that it destroys or replaces is named in the description.",
		"No port, bucket, role or key is open to more people or services than before; a wildcard in a permission is explained.",
		"No secret is in a file, a variable's default or an output; it comes from the secret store.",
		"Images, modules and providers are pinned to a version or digest.",
		"The way back is written down, and somebody who can take it is on call when this is applied.",
	}},
	{"payments", []string{
		"Amounts are whole numbers of the smallest unit with a currency beside them; there is one place where they are rounded, and I looked at it.",
		"Sending the same request twice charges once: there is an idempotency key, and a test for it.",
		"Prices, accounts and the success of a payment come from our database or a signed callback, never from the browser.",
		"If it stops after the provider was called and before we wrote that down, the next run finds out and mends it.",
		"Every charge, refund and correction leaves a record with who, when and why, and no card number is in a log.",
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
