// Package all lists every check. Only programs and tests import it: whoever runs checks is handed the list.
package all

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/ai/claim"
	"github.com/reviewgate-app/reviewgate/checks/ai/endlessloop"
	"github.com/reviewgate-app/reviewgate/checks/ai/hallucinatedmember"
	"github.com/reviewgate-app/reviewgate/checks/ai/missingguard"
	"github.com/reviewgate-app/reviewgate/checks/ai/mockdata"
	"github.com/reviewgate-app/reviewgate/checks/ai/passthrough"
	"github.com/reviewgate-app/reviewgate/checks/ai/removedcontrol"
	"github.com/reviewgate-app/reviewgate/checks/ai/replacedbystub"
	"github.com/reviewgate-app/reviewgate/checks/ai/residue"
	"github.com/reviewgate-app/reviewgate/checks/ai/secretinlog"
	"github.com/reviewgate-app/reviewgate/checks/ai/specialcase"
	"github.com/reviewgate-app/reviewgate/checks/ai/stub"
	"github.com/reviewgate-app/reviewgate/checks/ai/suppression"
	"github.com/reviewgate-app/reviewgate/checks/ai/swallowederror"
	"github.com/reviewgate-app/reviewgate/checks/ai/vacuoustest"
	"github.com/reviewgate-app/reviewgate/checks/ai/weakenedtest"
	"github.com/reviewgate-app/reviewgate/checks/config/agentsettings"
	"github.com/reviewgate-app/reviewgate/checks/config/agentworkflow"
	"github.com/reviewgate-app/reviewgate/checks/config/dangeroustrigger"
	"github.com/reviewgate-app/reviewgate/checks/config/dockerfile"
	"github.com/reviewgate-app/reviewgate/checks/config/gatefiles"
	"github.com/reviewgate-app/reviewgate/checks/config/hiddenunicode"
	"github.com/reviewgate-app/reviewgate/checks/config/instructioninjection"
	"github.com/reviewgate-app/reviewgate/checks/config/tokenpermissions"
	"github.com/reviewgate-app/reviewgate/checks/config/unpinnedaction"
	"github.com/reviewgate-app/reviewgate/checks/config/weakenedgate"
	"github.com/reviewgate-app/reviewgate/checks/config/workflowinjection"
	"github.com/reviewgate-app/reviewgate/checks/golang"
	"github.com/reviewgate-app/reviewgate/checks/quality/deadcode"
	"github.com/reviewgate-app/reviewgate/checks/quality/duplicate"
	"github.com/reviewgate-app/reviewgate/checks/quality/promise"
	"github.com/reviewgate-app/reviewgate/checks/quality/resource"
	"github.com/reviewgate-app/reviewgate/checks/quality/unused"
	"github.com/reviewgate-app/reviewgate/checks/rulecheck"
	"github.com/reviewgate-app/reviewgate/checks/secrets"
	"github.com/reviewgate-app/reviewgate/checks/supply/downgrade"
	"github.com/reviewgate-app/reviewgate/checks/supply/installscript"
	"github.com/reviewgate-app/reviewgate/checks/supply/knownvulnerable"
	"github.com/reviewgate-app/reviewgate/checks/supply/lockfiledrift"
	"github.com/reviewgate-app/reviewgate/checks/supply/lookalikename"
	"github.com/reviewgate-app/reviewgate/checks/supply/remotedependency"
	"github.com/reviewgate-app/reviewgate/checks/supply/undeclaredimport"
	"github.com/reviewgate-app/reviewgate/checks/supply/unknownpackage"
	"github.com/reviewgate-app/reviewgate/rules"
)

// coded are the checks that are Go code, sorted by name; a test compares the list with the folders.
var coded = []*checks.Check{
	claim.Check,
	endlessloop.Check,
	hallucinatedmember.Check,
	missingguard.Check,
	mockdata.Check,
	passthrough.Check,
	removedcontrol.Check,
	replacedbystub.Check,
	residue.Check,
	secretinlog.Check,
	specialcase.Check,
	stub.Check,
	suppression.Check,
	swallowederror.Check,
	vacuoustest.Check,
	weakenedtest.Check,
	agentsettings.Check,
	agentworkflow.Check,
	dangeroustrigger.Check,
	dockerfile.Check,
	gatefiles.Check,
	hiddenunicode.Check,
	instructioninjection.Check,
	tokenpermissions.Check,
	unpinnedaction.Check,
	weakenedgate.Check,
	workflowinjection.Check,
	downgrade.Check,
	installscript.Check,
	knownvulnerable.Check,
	lockfiledrift.Check,
	lookalikename.Check,
	remotedependency.Check,
	undeclaredimport.Check,
	golang.Check,
	deadcode.Check,
	duplicate.Check,
	promise.Check,
	resource.Check,
	unused.Check,
	unknownpackage.Check,
	secrets.Check,
}

// Checks returns the coded checks and, where there are rules, the one check that runs all of them, sorted by name. A rule that cannot run, or whose id is taken
// (whoever reads a finding must know which rule it is of), is left out and told as rules.CannotRun: the list beside that error is good without it.
func Checks(rs []*rules.Rule) ([]*checks.Check, error) {
	list := slices.Clone(coded)
	taken := map[string]string{}
	for _, c := range list {
		for _, r := range c.Rules {
			taken[r.ID] = "the check " + c.Name
		}
	}
	var problems rules.CannotRun
	var kept []*rules.Rule
	for _, r := range rs {
		if owner, ok := taken[r.ID.Value]; ok {
			problems = append(problems, rules.Problem{
				File: r.File, Line: r.Pos.Line, Column: r.Pos.Column, RuleID: r.ID.Value, Kind: rules.Broken,
				Message: fmt.Sprintf("the id is taken by %s; choose another one", owner),
			})
			continue
		}
		taken[r.ID.Value] = "a rule of " + r.File
		kept = append(kept, r)
	}
	if len(kept) > 0 {
		check, unfit := rulecheck.New(kept)
		problems = append(problems, unfit...)
		list = append(list, check)
	}
	slices.SortFunc(list, func(a, b *checks.Check) int { return strings.Compare(a.Name, b.Name) })
	return list, problems.Err()
}
