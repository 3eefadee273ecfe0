package taint

import "github.com/reviewgate-app/reviewgate/rules/language"

type summaries struct{}

func newSummaries(m *machine) *summaries { return &summaries{} }

func (s *summaries) object(fn language.ID) env     { return env{} }
func (s *summaries) leave(fn language.ID, out env) {}
func (s *summaries) result(m *machine, set taints) {}
func (s *summaries) call(m *machine, callee language.ID, args []argument) (value, bool) {
	return value{}, false
}
func (s *summaries) construct(m *machine, callee language.ID, args []argument) (value, bool) {
	return value{}, false
}
func (s *summaries) refine(m *machine, set taints, id language.ID) taints { return set }
func (s *summaries) reached(m *machine, sink int, set taints)             {}
