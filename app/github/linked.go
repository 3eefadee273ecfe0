package github

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// linkedIssue is how a description says that it settles an issue of its repository, in the words of GitHub's page "Linking a pull request to an
// issue".
var linkedIssue = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? +#([1-9][0-9]{0,8})\b`)

// maxLinked is how many of them are looked at. Those beyond can only hide a sponsor, who is then missed as if nobody had been found: an approval
// more is asked for.
const maxLinked = 5

// linked adds the people who assigned an agent to an issue that the description names: they set it to work there. An issue that is not there tells
// nothing, because the description is the author's to write.
func (c *Client) linked(ctx context.Context, owner, repo string, p *PullFacts) error {
	var numbers []string
	for _, m := range linkedIssue.FindAllStringSubmatch(p.Facts.Body, -1) {
		if !slices.Contains(numbers, m[1]) && len(numbers) < maxLinked {
			numbers = append(numbers, m[1])
		}
	}
	for _, text := range numbers {
		number, err := strconv.Atoi(text)
		if err != nil || number == p.Facts.Number {
			continue
		}
		happened, err := c.events(ctx, owner, repo, number)
		if err := fail("the linked issue", err); errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		for _, who := range happened.sponsors() {
			if !slices.ContainsFunc(p.Facts.Requested, func(have gate.Person) bool { return have.ID == who.ID }) {
				p.Facts.Requested = append(p.Facts.Requested, who)
			}
		}
	}
	return nil
}

// sponsors are the people who assigned an agent.
func (l eventList) sponsors() []gate.Person {
	var out []gate.Person
	for _, e := range l.list {
		if who, agent := person(e.Assigner), person(e.Assignee); e.GetEvent() == "assigned" && agent.Type == "Bot" && who.Type == "User" {
			out = append(out, who)
		}
	}
	return out
}
