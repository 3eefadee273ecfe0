// Package unpinnedaction finds actions that somebody else can change after the review.
//
// A tag or a branch of another repository can be moved at any time, and what it points to then runs with the token and the secrets of the
// job. A commit cannot:
//
//   - uses: acme/deploy@main                                            # whatever main is tomorrow
//   - uses: acme/deploy@8f4b7f84864484a7bf31766abe9204da3cbe65b3 # v2.1.0
//
// Told are: a branch, a commit that becomes a tag, and a tag where the repository's other actions are pinned to commits. A tag in a
// repository that pins nothing is listed and not told, nor are GitHub's own actions, actions of the same repository, and whole workflows of
// other repositories, which mostly belong to the same organisation. A use that the base had in the same way is never reported.
//
// Measured on 998 commits of ten public repositories: 2 comments, both right; 4 more among 560 commits of build files, which are one now.
package unpinnedaction
