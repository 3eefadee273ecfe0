package lookalikename

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}
