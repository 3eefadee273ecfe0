package nonce_test

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks/checktest"
	"github.com/reviewgate-app/reviewgate/checks/golang"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, golang.Check)
}
