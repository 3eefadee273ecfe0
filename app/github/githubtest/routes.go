package githubtest

// who may call an operation at all.
type who int

const (
	anybody          who = iota // with an installation's or a person's token, or none where it is public
	onlyApp                     // with the App's JWT
	onlyInstallation            // with an installation token
	onlyUser                    // with a person's token
)

// A route says who may call an operation, and does it.
type route struct {
	who        who
	permission string // what an installation needs, "name:level", alternatives separated by "|"
	role       string // what a person needs beyond reading
	appsOnly   bool   // of a repository, refused to people
	issues     bool   // answers for issues that are no pull requests too
	do         func(*call) (*answer, *apiError)
}

// routes has a handler for every operation of the description; a test compares the two. Permissions are those of GitHub's page
// "Permissions required for GitHub Apps".
var routes = map[string]*route{
	"apps/get-authenticated":                              {who: onlyApp, do: getApp},
	"apps/create-from-manifest":                           {do: convert},
	"apps/list-installations":                             {who: onlyApp, do: listInstallations},
	"apps/get-installation":                               {who: onlyApp, do: getInstallation},
	"apps/create-installation-access-token":               {who: onlyApp, do: createToken},
	"apps/get-repo-installation":                          {who: onlyApp, do: getRepoInstallation},
	"apps/get-org-installation":                           {who: onlyApp, do: getAccountInstallation},
	"apps/get-user-installation":                          {who: onlyApp, do: getAccountInstallation},
	"apps/list-repos-accessible-to-installation":          {who: onlyInstallation, do: listInstallationRepos},
	"apps/list-installations-for-authenticated-user":      {who: onlyUser, do: listUserInstallations},
	"apps/list-installation-repos-for-authenticated-user": {who: onlyUser, do: listUserInstallationRepos},
	"apps/revoke-installation-access-token":               {who: onlyInstallation, do: revokeToken},
	"apps/get-webhook-config-for-app":                     {who: onlyApp, do: getHookConfig},
	"apps/list-webhook-deliveries":                        {who: onlyApp, do: listDeliveries},
	"apps/get-webhook-delivery":                           {who: onlyApp, do: getDelivery},
	"apps/redeliver-webhook-delivery":                     {who: onlyApp, do: redeliver},

	"rate-limit/get":          {do: getRateLimit},
	"markdown/render":         {do: renderMarkdown},
	"users/get-authenticated": {who: onlyUser, do: getSelf},
	"users/get-by-username":   {do: getUser},
	"users/get-by-id":         {do: getUser},

	"orgs/get":                             {do: getOrg},
	"orgs/get-membership-for-user":         {permission: "members:read", do: getOrgMembership},
	"teams/list":                           {permission: "members:read", do: listTeams},
	"teams/get-by-name":                    {permission: "members:read", do: getTeam},
	"teams/list-members-in-org":            {permission: "members:read", do: listTeamMembers},
	"teams/get-membership-for-user-in-org": {permission: "members:read", do: getTeamMembership},

	"repos/get":                                       {permission: "metadata:read", do: getRepo},
	"repos/list-branches":                             {permission: "contents:read", do: listBranches},
	"repos/get-branch":                                {permission: "contents:read", do: getBranch},
	"repos/get-branch-protection":                     {permission: "administration:read", role: "admin", do: getProtection},
	"repos/get-status-checks-protection":              {permission: "administration:read", role: "admin", do: getProtectionChecks},
	"repos/get-branch-rules":                          {permission: "metadata:read", do: getBranchRules},
	"repos/get-repo-rulesets":                         {permission: "metadata:read", do: listRulesets},
	"repos/get-repo-ruleset":                          {permission: "metadata:read", do: getRuleset},
	"repos/list-collaborators":                        {permission: "metadata:read", role: "write", do: listCollaborators},
	"repos/check-collaborator":                        {permission: "metadata:read", role: "write", do: checkCollaborator},
	"repos/get-collaborator-permission-level":         {permission: "metadata:read", role: "read", do: getPermission},
	"repos/list-commits":                              {permission: "contents:read", do: listCommits},
	"repos/get-commit":                                {permission: "contents:read", do: getCommit},
	"repos/list-pull-requests-associated-with-commit": {permission: "pull_requests:read", do: listCommitPulls},
	"repos/compare-commits-with-basehead":             {permission: "contents:read", do: compare},
	"repos/get-content":                               {permission: "contents:read|single_file:read", do: getContent},
	"repos/get-combined-status-for-ref":               {permission: "statuses:read", do: getCombinedStatus},
	"repos/list-commit-statuses-for-ref":              {permission: "statuses:read", do: listStatuses},
	"repos/create-commit-status":                      {permission: "statuses:write", role: "write", do: createStatus},

	"git/get-ref":            {permission: "contents:read", do: getRef},
	"git/list-matching-refs": {permission: "contents:read", do: listRefs},
	"git/get-commit":         {permission: "contents:read", do: getGitCommit},
	"git/get-tree":           {permission: "contents:read", do: getTree},
	"git/get-blob":           {permission: "contents:read", do: getBlob},

	"pulls/list":                            {permission: "pull_requests:read", do: listPulls},
	"pulls/create":                          {permission: "pull_requests:write", do: createPull},
	"pulls/get":                             {permission: "pull_requests:read", do: getPull},
	"pulls/update":                          {permission: "pull_requests:write", do: updatePull},
	"pulls/list-files":                      {permission: "pull_requests:read", do: listFiles},
	"pulls/list-commits":                    {permission: "pull_requests:read", do: listPullCommits},
	"pulls/check-if-merged":                 {permission: "contents:read", do: checkMerged},
	"pulls/merge":                           {permission: "contents:write", do: mergePull},
	"pulls/list-requested-reviewers":        {permission: "pull_requests:read", do: listRequested},
	"pulls/request-reviewers":               {permission: "pull_requests:write", role: "triage", do: requestReviewers},
	"pulls/list-reviews":                    {permission: "pull_requests:read", do: listReviews},
	"pulls/create-review":                   {permission: "pull_requests:write", do: createReview},
	"pulls/get-review":                      {permission: "pull_requests:read", do: getReview},
	"pulls/update-review":                   {permission: "pull_requests:write", do: updateReview},
	"pulls/submit-review":                   {permission: "pull_requests:write", do: submitReview},
	"pulls/delete-pending-review":           {permission: "pull_requests:write", do: deleteReview},
	"pulls/dismiss-review":                  {permission: "pull_requests:write", role: "write", do: dismissReview},
	"pulls/list-comments-for-review":        {permission: "pull_requests:read", do: listCommentsOfReview},
	"pulls/list-review-comments":            {permission: "pull_requests:read", do: listReviewComments},
	"pulls/create-review-comment":           {permission: "pull_requests:write", do: createReviewComment},
	"pulls/create-reply-for-review-comment": {permission: "pull_requests:write", do: replyToComment},
	"pulls/get-review-comment":              {permission: "pull_requests:read", do: getReviewComment},
	"pulls/update-review-comment":           {permission: "pull_requests:write", do: updateReviewComment},
	"pulls/delete-review-comment":           {permission: "pull_requests:write", do: deleteReviewComment},

	"issues/get":                      {permission: "issues:read|pull_requests:read", do: getIssue},
	"issues/list-comments":            {permission: "issues:read|pull_requests:read", do: listComments},
	"issues/create":                   {permission: "issues:write", role: "read", do: createIssue},
	"issues/list-for-repo":            {permission: "issues:read|pull_requests:read", do: listIssues},
	"issues/create-comment":           {permission: "issues:write|pull_requests:write", do: createComment},
	"issues/get-comment":              {permission: "issues:read|pull_requests:read", do: getComment},
	"issues/update-comment":           {permission: "issues:write|pull_requests:write", do: updateComment},
	"issues/delete-comment":           {permission: "issues:write|pull_requests:write", do: deleteComment},
	"issues/list-events":              {permission: "issues:read|pull_requests:read", do: listEvents, issues: true},
	"issues/list-events-for-timeline": {permission: "issues:read|pull_requests:read", do: listTimeline},
	"issues/list-labels-on-issue":     {permission: "issues:read|pull_requests:read", do: listLabels},
	"issues/add-labels":               {permission: "issues:write|pull_requests:write", role: "triage", do: addLabels},
	"issues/remove-label":             {permission: "issues:write|pull_requests:write", role: "triage", do: removeLabel},

	"reactions/create-for-issue-comment": {permission: "issues:write|pull_requests:write", do: createReaction},

	"checks/create":              {permission: "checks:write", appsOnly: true, do: createRun},
	"checks/get":                 {permission: "checks:read", do: getRun},
	"checks/update":              {permission: "checks:write", appsOnly: true, do: updateRun},
	"checks/list-annotations":    {permission: "checks:read", do: listAnnotations},
	"checks/list-for-ref":        {permission: "checks:read", do: listRunsForRef},
	"checks/list-for-suite":      {permission: "checks:read", do: listRunsForSuite},
	"checks/rerequest-run":       {permission: "checks:write", role: "write", do: rerequestRun},
	"checks/rerequest-suite":     {permission: "checks:write", role: "write", do: rerequestCheckSuite},
	"checks/get-suite":           {permission: "checks:read", do: getSuite},
	"checks/list-suites-for-ref": {permission: "checks:read", do: listSuites},
}
