package agentsettings

import (
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

// kind says whose settings a file holds.
type kind int

const (
	none kind = iota
	claudeSettings
	claudeMarkdown // commands, agents and skills: settings in their front matter
	servers        // a file of nothing but servers of tools
	codex
	gemini
	cursorHooks
	cursorRights
	opencode
	editorTasks
	editorSettings
	container
)

// kindOf tells the files by name. A repository of several projects may have them in any folder.
func kindOf(name string) kind {
	in := func(suffix string) bool { return name == suffix || strings.HasSuffix(name, "/"+suffix) }
	switch {
	case in(".claude/settings.json"), in(".claude/settings.local.json"):
		return claudeSettings
	case strings.HasSuffix(name, ".md") && (strings.Contains("/"+name, "/.claude/commands/") || strings.Contains("/"+name, "/.claude/agents/") || strings.Contains("/"+name, "/.claude/skills/")):
		return claudeMarkdown
	case in(".mcp.json"), in(".cursor/mcp.json"), in(".vscode/mcp.json"), in(".roo/mcp.json"), in(".amazonq/mcp.json"), in(".kiro/settings/mcp.json"), in(".junie/mcp/mcp.json"):
		return servers
	case in(".codex/config.toml"):
		return codex
	case in(".gemini/settings.json"):
		return gemini
	case in(".cursor/hooks.json"):
		return cursorHooks
	case in(".cursor/cli.json"):
		return cursorRights
	case path.Base(name) == "opencode.json", path.Base(name) == "opencode.jsonc":
		return opencode
	case in(".vscode/tasks.json"):
		return editorTasks
	case in(".vscode/settings.json"):
		return editorSettings
	case path.Base(name) == "devcontainer.json", path.Base(name) == ".devcontainer.json":
		return container
	}
	return none
}

// A surface is one value that decides what is run.
type surface struct {
	entry document.Entry
	owner string // the server, hook or task that it belongs to
	what  string // as a message begins: "the server of tools `db`"
	when  string // when it runs
	mild  bool   // runs where little can happen, or only for who asks for it
}

var (
	serverPath = regexp.MustCompile(`^(?:mcpServers|servers|mcp_servers|mcp|context_servers)\.([^.\[]+)\.(command|args|url|httpUrl|serverUrl|env|headers|cwd|type|environment|source)\b`)
	hookPath   = regexp.MustCompile(`^hooks\.([^.\[]+).*\b(command|prompt|url)$`)
	helpers    = []string{"apiKeyHelper", "statusLine.command", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper", "fileSuggestion.command", "notify[]", "tools.discoveryCommand", "tools.callCommand",
		"toolDiscoveryCommand", "toolCallCommand", "mcpServerCommand"}
	created   = regexp.MustCompile(`^(initializeCommand|onCreateCommand|updateContentCommand|postCreateCommand|postStartCommand|postAttachCommand)\b`)
	editorRun = regexp.MustCompile(`(?i)^(git\.path|terminal\.integrated\.(automationProfile|profiles|env|shell|shellArgs)\b.*|.*\.executablePath|.*\.(?:serverPath|server\.path))$`)
)

// surfaces lists what the settings run.
func surfaces(k kind, list []document.Entry) []surface {
	var out []surface
	auto := folderOpen(list)
	for _, e := range list {
		s := surface{entry: e}
		switch m := serverPath.FindStringSubmatch(e.Path); {
		case m != nil && k != editorTasks && k != container:
			if m[2] == "type" && e.Value != "command" {
				continue
			}
			s.owner, s.what, s.when = "server "+m[1], "the server of tools `"+m[1]+"`", "Agents start or call it for everybody who works in this repository"
		case k == claudeSettings || k == gemini || k == cursorHooks || k == codex:
			if h := hookPath.FindStringSubmatch(e.Path); h != nil {
				s.owner, s.what, s.when = "hook "+e.Where, "the hook of `"+h[1]+"`", "The agent runs it by itself"
			} else if slices.Contains(helpers, e.Path) {
				s.owner, s.what, s.when = e.Path, "`"+strings.TrimSuffix(e.Path, "[]")+"`", "The agent runs it by itself"
			}
		case k == editorTasks:
			task := strings.SplitN(e.Where, ".", 2)[0]
			field := strings.TrimPrefix(e.Path, "tasks[].")
			if auto[task] && (field == "command" || field == "args[]" || strings.HasPrefix(field, "options.") || strings.HasSuffix(field, ".command")) {
				s.owner, s.what, s.when = task, "a task that starts with the folder", "The editor runs it as soon as the folder is opened"
			}
		case k == editorSettings && editorRun.MatchString(e.Path):
			s.owner, s.what, s.when = e.Path, "`"+e.Path+"`", "The editor runs it in place of its own program"
			s.mild = true
		case k == container:
			if m := created.FindStringSubmatch(e.Path); m != nil {
				s.owner, s.what, s.when = m[1], "`"+m[1]+"`", "It runs when the container is set up"
				s.mild = true
				if m[1] == "initializeCommand" {
					s.when, s.mild = "It runs outside of the container, on the machine of whoever opens the repository", false
				}
			}
		}
		if s.owner != "" {
			out = append(out, s)
		}
	}
	return out
}

// folderOpen lists the tasks that start by themselves.
func folderOpen(list []document.Entry) map[string]bool {
	out := map[string]bool{}
	for _, e := range list {
		if e.Path == "tasks[].runOptions.runOn" && e.Value == "folderOpen" {
			out[strings.SplitN(e.Where, ".", 2)[0]] = true
		}
	}
	return out
}

// A widening is what a setting lets an agent do.
type widening struct {
	severity checks.Severity
	message  string
}

var (
	broadTool  = regexp.MustCompile(`^(\*|Bash|Bash\(\s*:?\*\s*\)|Shell\(\*\)|Shell|mcp__\*|PowerShell|PowerShell\(\*\))$`)
	broadShell = regexp.MustCompile(`^(?:Bash|Shell)\((?:sudo|bash|sh|zsh|eval|curl|wget|ssh|nc|rm|python3?|node|perl|ruby|env|xargs|docker)(?:[ :]\*|\*| -c\b.*)?\)$`)
	broadPath  = regexp.MustCompile(`^(?:Read|Edit|Write)\((?://\*\*|~/\*\*|/\*\*)?\)$`)
	address    = regexp.MustCompile(`(?i)(^|[._])(base_?url|api_?base|endpoint|https?_proxy)$`)
	ownAddress = regexp.MustCompile(`^https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)`)
)

// widens tells what an entry that is new at head lets an agent do.
func widens(k kind, e document.Entry) (widening, bool) {
	yes, no := strings.EqualFold(e.Value, "true"), strings.EqualFold(e.Value, "false")
	all := func(what string) (widening, bool) {
		return widening{checks.High, what + ". Allow the few commands that are needed, by name"}, true
	}
	some := func(what string) (widening, bool) {
		return widening{checks.Medium, what + ". Allow only what is needed, by name"}, true
	}
	switch k {
	case claudeSettings:
		switch {
		case e.Path == "permissions.defaultMode" && e.Value == "bypassPermissions":
			return all("`bypassPermissions` lets the agent run everything without asking, for everybody who opens this repository")
		case e.Path == "enableAllProjectMcpServers" && yes:
			return all("every server of tools that the repository names is started without asking (`enableAllProjectMcpServers`)")
		case e.Path == "skipDangerousModePermissionPrompt" && yes:
			return all("the warning before the agent runs without asking is switched off")
		case e.Path == "sandbox.enabled" && no:
			return all("the agent's sandbox is switched off")
		case e.Path == "sandbox.allowUnsandboxedCommands" && yes, e.Path == "sandbox.enableWeakerNestedSandbox" && yes:
			return some("the agent may leave or weaken its sandbox (`" + e.Path + "`)")
		case e.Path == "permissions.allow[]" && broadTool.MatchString(e.Value):
			return all("`" + e.Value + "` lets the agent run every command without asking")
		case e.Path == "permissions.allow[]" && (broadShell.MatchString(e.Value) || broadPath.MatchString(e.Value)):
			return some("`" + e.Value + "` lets the agent do almost anything without asking")
		case e.Path == "permissions.additionalDirectories[]" && (e.Value == "/" || e.Value == "~" || e.Value == "~/"):
			return some("the agent may work in `" + e.Value + "`, far outside of the repository")
		case strings.HasPrefix(e.Path, "env.") && address.MatchString(e.Path) && !ownAddress.MatchString(e.Value):
			return all("`" + strings.TrimPrefix(e.Path, "env.") + "` sends what the agent says, with the key of whoever runs it, to `" + checks.Shorten(e.Value, 80) + "`")
		case e.Path == "env.NODE_TLS_REJECT_UNAUTHORIZED" && e.Value == "0":
			return all("the agent no longer checks whom it talks to (`NODE_TLS_REJECT_UNAUTHORIZED`)")
		}
	case claudeMarkdown:
		if strings.HasPrefix(e.Path, "allowed-tools") || strings.HasPrefix(e.Path, "tools") && strings.Contains(e.Value, "(") {
			for tool := range strings.SplitSeq(e.Value, ",") {
				if tool = strings.TrimSpace(tool); broadTool.MatchString(tool) && (tool != "Bash" || strings.HasPrefix(e.Path, "allowed-tools")) {
					return some("`" + tool + "` lets the agent run every command without asking while this file is in use")
				}
			}
		}
		if e.Path == "permissionMode" && e.Value == "bypassPermissions" {
			return all("`bypassPermissions` lets the agent run everything without asking")
		}
	case codex:
		switch {
		case e.Path == "approval_policy" && e.Value == "never":
			return some("`approval_policy = \"never\"`: the agent asks before nothing")
		case e.Path == "sandbox_mode" && e.Value == "danger-full-access":
			return all("`danger-full-access` switches the agent's sandbox off")
		case e.Path == "sandbox_workspace_write.network_access" && yes:
			return some("commands of the agent may use the network without asking")
		case address.MatchString(e.Path) && !ownAddress.MatchString(e.Value):
			return all("`" + e.Path + "` sends what the agent says, with the key of whoever runs it, to `" + checks.Shorten(e.Value, 80) + "`")
		}
	case gemini:
		switch {
		case strings.HasSuffix(e.Path, "autoAccept") && yes, strings.HasSuffix(e.Path, "pprovalMode") && e.Value == "yolo":
			return all("the agent runs its tools without asking (`" + e.Path + "`)")
		case strings.HasPrefix(e.Path, "mcpServers.") && strings.HasSuffix(e.Path, ".trust") && yes:
			return some("the server of tools is trusted, so nobody is asked before it acts")
		case e.Path == "security.folderTrust.enabled" && no, strings.HasSuffix(e.Path, "sandbox") && no:
			return all("a protection of the agent is switched off (`" + e.Path + "`)")
		}
	case cursorRights:
		if e.Path == "permissions.allow[]" && broadTool.MatchString(e.Value) {
			return all("`" + e.Value + "` lets the agent run every command without asking")
		}
	case opencode:
		if (e.Path == "permission" || e.Path == "permission.bash" || e.Path == "permission.*" || e.Path == "permission.bash.*") && e.Value == "allow" {
			return all("the agent runs every command without asking (`" + e.Path + "`)")
		}
	case editorSettings:
		switch {
		case strings.HasPrefix(e.Path, "chat.tools.") && strings.HasSuffix(e.Path, "utoApprove") && yes:
			return all("the editor's agent runs its tools without asking (`" + e.Path + "`)")
		case e.Path == "security.workspace.trust.enabled" && no, e.Path == "task.allowAutomaticTasks" && e.Value == "on":
			return all("the editor no longer asks before it trusts the folder (`" + e.Path + "`)")
		}
	case container:
		switch {
		case e.Path == "privileged" && yes, e.Path == "runArgs[]" && strings.HasPrefix(e.Value, "--privileged"):
			return some("the container is privileged: what runs in it can take over the machine")
		case strings.HasPrefix(e.Path, "mounts") && strings.Contains(e.Value, "docker.sock"):
			return some("the container is given Docker's socket: what runs in it can take over the machine")
		}
	case none, servers, cursorHooks, editorTasks:
	}
	return widening{}, false
}
