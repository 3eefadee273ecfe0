// Package agentworkflow finds workflows that hand text from strangers to a coding agent as its instructions.
//
// An agent in a workflow does what its prompt says. If the prompt holds the body of an issue or a comment, whoever wrote that tells the agent
// what to do, and the agent has the job's token, its secrets and the tools it was given:
//
//   - uses: anthropics/claude-code-action@v1
//     with:
//     prompt: "Triage this: ${{ github.event.issue.body }}"
//     claude_args: --allowedTools "Bash(*)"
//
// Let the agent read the text itself as data, through a tool that cannot write; give the job a token that can only read; name the commands
// that it may run.
//
// Text from outside in a prompt blocks where the agent may run any command or the job's token can write; otherwise it is told. An agent that
// strangers can start and that may run everything is told too, whatever its prompt.
//
// Measured on 998 commits of ten public repositories: nothing.
package agentworkflow
