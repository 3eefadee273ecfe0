package gate

import "strings"

// controlPaths are what steers the gate, the build and the agents themselves (invariant I10). A change to one of them always needs
// a maintainer: no policy can take an entry away, and every policy can guard them further.
var controlPaths = []string{
	// reviewgate's own policy, also where an organisation keeps its floor, and who owns what
	".github/reviewgate.yml", ".github/reviewgate.yaml", ".github/reviewgate/**",
	"reviewgate-floor.yml", "reviewgate-floor.yaml", "reviewgate-rules/**",
	"CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS",
	// workflows, actions, and what changes how git shows or fetches content
	".github/**", "**/action.yml", "**/action.yaml", "**/.gitattributes", "**/.gitmodules",
	// instructions and configuration of coding agents: what they are told, what they may run
	"**/AGENTS.md", "**/AGENTS.override.md", "**/CLAUDE.md", "**/CLAUDE.local.md", "**/GEMINI.md", "**/AGENT.md", "**/CONVENTIONS.md",
	"**/.claude/**", "**/.cursor/**", "**/.cursorrules", "**/.codex/**", "**/.gemini/**", "**/.windsurf/**", "**/.windsurfrules",
	"**/.clinerules", "**/.clinerules/**", "**/.roo/**", "**/.roorules", "**/.continue/**", "**/.junie/**", "**/.kiro/**", "**/.amazonq/**",
	"**/.augment/**", "**/.augment-guidelines", "**/.openhands/**", "**/.aider.conf.yml", "**/.devin/**", "**/.jules/**", "**/.agents/**",
	"**/.mcp.json", "**/mcp.json", "**/copilot-instructions.md", "**/*.instructions.md", "**/*.prompt.md", "**/*.chatmode.md",
	"**/opencode.json", "**/opencode.jsonc", "**/.opencode/**",
}

// planePaths steer builds, and what they bring along, without being the gate's own: whoever changes one of them has code run in continuous integration or
// on the machines of colleagues (B64). They change often, so one approval of anyone with write is enough, and the one that another guard asks for
// counts here too.
var planePaths = []string{
	// what continuous integration runs elsewhere than in .github
	"**/.gitlab-ci.yml", "**/.gitlab/ci/**", ".circleci/**", ".travis.yml", "**/Jenkinsfile", "azure-pipelines.yml", ".azure-pipelines/**", "bitbucket-pipelines.yml", ".buildkite/**", ".drone.yml", ".woodpecker/**",
	// what builds
	"**/{Makefile,GNUmakefile,makefile}", "**/*.mk", "**/CMakeLists.txt", "**/{justfile,Taskfile.yml,Taskfile.yaml,Rakefile,Tiltfile,Earthfile}", "**/Dockerfile", "**/Dockerfile.*", "**/*.Dockerfile", "**/Containerfile",
	"**/{docker-compose,compose}*.{yml,yaml}", "**/{tox.ini,noxfile.py,setup.py,setup.cfg,build.rs}", "**/{pom.xml,mvnw,gradlew}", "**/*.{gradle,gradle.kts}", "**/.mvn/**", "**/gradle/wrapper/**",
	"**/{WORKSPACE,WORKSPACE.bazel,MODULE.bazel,.bazelrc}", "**/{flake.nix,shell.nix,.envrc,.tool-versions,mise.toml}",
	// scripts and hooks that run by themselves
	"**/package.json", ".husky/**", "**/{.pre-commit-config.yaml,lefthook.yml}", ".devcontainer/**", "**/.vscode/{tasks,launch,settings}.json",
	// what is installed, and from where
	"**/{package-lock.json,npm-shrinkwrap.json,yarn.lock,pnpm-lock.yaml,pnpm-workspace.yaml,bun.lock,bun.lockb,deno.lock}", "**/{.npmrc,.yarnrc,.yarnrc.yml,.pnpmfile.cjs,bunfig.toml}", "**/{go.mod,go.sum,go.work,go.work.sum}",
	"**/{Cargo.toml,Cargo.lock}", "**/.cargo/**", "**/{pyproject.toml,poetry.lock,uv.lock,pdm.lock,Pipfile,Pipfile.lock,pip.conf}", "**/*requirements*.{txt,in}", "**/{Gemfile,Gemfile.lock,composer.json,composer.lock}", "**/*.gemspec",
	"**/{packages.lock.json,NuGet.Config,nuget.config,Package.swift,Package.resolved,Podfile,Podfile.lock,pubspec.lock,mix.lock}",
	// what writes code
	"**/{buf.gen.yaml,buf.yaml,sqlc.yaml,sqlc.yml,gqlgen.yml,codegen.yml,codegen.ts,openapitools.json}",
}

// PolicyFile says whether configuration is read from the file: policy, rules, CODEOWNERS. A broken policy is repaired there, and a change
// to one of them has its own version validated. Fixtures of rules, in a testdata folder, are none.
func PolicyFile(path string) bool {
	switch path {
	case ".github/reviewgate.yml", ".github/reviewgate.yaml", "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS":
		return true
	}
	rest, ok := strings.CutPrefix(path, ".github/reviewgate/rules/")
	return ok && (strings.HasSuffix(rest, ".yml") || strings.HasSuffix(rest, ".yaml")) && !strings.Contains("/"+rest, "/testdata/")
}

// ControlPaths lists the globs of the files that always need a maintainer's approval, for documentation and the catalogue.
func ControlPaths() []string { return append([]string(nil), controlPaths...) }

// PlanePaths lists the globs of the files that steer builds, for documentation and the catalogue.
func PlanePaths() []string { return append([]string(nil), planePaths...) }

// builtinGuards hold in every repository. They are made here, not by package config, so that no file can leave them out.
func builtinGuards() []Guard {
	maintainer := Need{Approvals: 1, From: []Approver{{Role: RoleMaintain}}}
	return []Guard{
		{Name: "control files", Origin: "built-in", Paths: controlPaths, Need: maintainer},
		{Name: "symbolic links and submodules", Origin: "built-in", Need: maintainer},
		{Name: "unusual file names", Origin: "built-in", Need: maintainer},
		{Name: "build and dependency files", Origin: "built-in", Paths: planePaths, Need: Need{Approvals: 1}},
	}
}
