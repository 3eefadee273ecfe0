package weakenedgate

import (
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

// A tool is a command that fails when something is wrong.
type tool struct {
	name string
	kind string // "tests", "linter", "types", "scan": what may come in its place
	find *regexp.Regexp
}

func command(name, kind, pattern string) tool {
	return tool{name, kind, regexp.MustCompile(`(?:^|[\s;&|("'` + "`" + `/=@])(?:` + pattern + `)(?:$|[\s;&|)"'` + "`" + `,])`)}
}

// tools are told by the words of a command line.
var tools = []tool{
	command("npm test", "tests", `(?:npm|pnpm|yarn|bun)(?: run)? (?:-\S+ )*(?:t|test|tests|coverage|e2e)(?::[\w:-]+)?`),
	command("npm run lint", "linter", `(?:npm|pnpm|yarn|bun)(?: run)? (?:-\S+ )*(?:lint|format|fmt|style|prettier|eslint)(?::[\w:-]+)?`),
	command("npm run check", "types", `(?:npm|pnpm|yarn|bun)(?: run)? (?:-\S+ )*(?:check|typecheck|type-check|types|tsc|verify|validate)(?::[\w:-]+)?`),
	command("npm audit", "scan", `(?:npm|pnpm|yarn|bun) audit`),
	command("jest", "tests", `jest|vitest|mocha|ava|tap|borp|playwright test|cypress run|c8|nyc`),
	command("eslint", "linter", `eslint|biome(?: ci| check| lint)?|prettier --check|prettier -c|oxlint|stylelint|xo|standard`),
	command("tsc", "types", `tsc|vue-tsc`),
	command("pytest", "tests", `pytest|py\.test|tox|nox|python3? -m (?:pytest|unittest|coverage run)|coverage run|manage\.py test|runtests\.py|hatch (?:run )?test\S*`),
	command("coverage report", "tests", `coverage report|diff-cover`),
	command("ruff", "linter", `ruff(?: check)?|flake8|pylint|black --check|isort --check\S*|pre-commit run|pre-commit`),
	command("mypy", "types", `mypy|pyright|pytype|basedpyright`),
	command("bandit", "scan", `bandit|pip-audit|safety(?: check| scan)?`),
	command("go test", "tests", `go test|gotestsum|ginkgo`),
	command("go vet", "linter", `go vet|golangci-lint(?: run)?|staticcheck|revive|gofmt -l|gofumpt -l`),
	command("govulncheck", "scan", `govulncheck|gosec`),
	command("mvn", "tests", `(?:\./)?mvnw?(?: [^\s|;&]+)* (?:test|verify|install|package)`),
	command("gradle", "tests", `(?:\./)?gradlew?(?: [^\s|;&]+)* (?:\S*:)?(?:test|check|build|integrationTest)`),
	command("cargo test", "tests", `cargo (?:test|nextest run)`),
	command("cargo clippy", "linter", `cargo clippy|cargo fmt --check|cargo fmt -- --check`),
	command("make test", "tests", `make(?: [^\s|;&]+)* (?:test|tests|check|ci|verify)(?:-\w+)*`),
	command("make lint", "linter", `make(?: [^\s|;&]+)* (?:lint|fmt-check|vet)(?:-\w+)*`),
	command("dotnet test", "tests", `dotnet test`),
	command("rspec", "tests", `rspec|rake test|bundle exec rake`),
	command("shellcheck", "linter", `shellcheck|hadolint|actionlint|yamllint|markdownlint\S*`),
	command("semgrep", "scan", `semgrep|trivy|grype|snyk(?: test)?|gitleaks|trufflehog|checkov|tfsec|zizmor|osv-scanner|reviewgate(?: scan)?|codeql`),
}

// actions do the same as a tool.
var actions = []struct {
	find *regexp.Regexp
	name string
	kind string
}{
	{regexp.MustCompile(`^github/codeql-action/(analyze|upload-sarif)`), "CodeQL", "scan"},
	{regexp.MustCompile(`^(aquasecurity/trivy-action|semgrep/|returntocorp/semgrep|snyk/actions|gitleaks/|trufflesecurity/|ossf/scorecard-action|securego/gosec|anchore/scan-action|actions/dependency-review-action|golang/govulncheck-action|zizmorcore/|google/osv-scanner-action|bridgecrewio/checkov-action|step-security/harden-runner)`), "security scan", "scan"},
	{regexp.MustCompile(`^(golangci/golangci-lint-action|github/super-linter|super-linter/|pre-commit/action|psf/black|astral-sh/ruff-action|biomejs/setup-biome|reviewdog/)`), "linter", "linter"},
	{regexp.MustCompile(`(^|/)reviewgate(/|$)`), "reviewgate", "scan"},
}

// toolOf names the tool of a command line and its kind, and gives the words that tell it; "" for any other line.
func toolOf(line string) (name, kind, shown string) {
	if echo.MatchString(line) {
		return "", "", ""
	}
	for _, t := range tools {
		if m := t.find.FindString(line); m != "" {
			return t.name, t.kind, strings.Trim(m, " \t\r\n;&|()\"'`,/=@")
		}
	}
	return "", "", ""
}

// echo starts lines that speak of commands and run none, or install them.
var echo = regexp.MustCompile(`^\s*(#|//|echo\b|printf\b|<!--|- name:|name:)|\b(pip3?|pipx|npm|pnpm|yarn|brew|apt(-get)?|uv|gem|cargo|go|poetry|uv pip) (install|i|add|ci|get|sync)\b|\bdescription\b`)

func actionOf(uses string) (name, kind string) {
	for _, a := range actions {
		if a.find.MatchString(uses) {
			return a.name, a.kind
		}
	}
	return "", ""
}

// silencers make a command succeed whatever it finds.
var silencers = regexp.MustCompile(`\|\|\s*(?:true|:|exit 0|/bin/true|echo\b[^|&;]*)\s*["'),;]*$|;\s*(?:true|exit 0)\s*["',]*$|` +
	`(?:^|\s)(--exit-zero|--exit-code[= ]0|--soft-fail|--no-fail|--passWithNoTests|--pass-with-no-tests|--no-verify|-DskipTests(?:=true)?|-Dmaven\.test\.skip(?:=true)?|-Dmaven\.test\.failure\.ignore(?:=true)?|-fae\s+-fn|-x (?:test|check)|--no-error|--allow-failure|--issues-exit-code[= ]0)(?:$|[\s"',])`)

// silencer gives what of a line makes it succeed always, "" if it can fail.
func silencer(line string) string {
	line, _, _ = strings.Cut(line, " #")
	return strings.Trim(silencers.FindString(strings.TrimRight(line, " \t\r\n")), " \t\"',;)")
}

var ciFolders = regexp.MustCompile(`^(\.github/workflows|\.circleci|\.buildkite|\.husky|\.gitlab|ci|\.ci|scripts/ci)/`)

// isGate tells the files that say what is tested and when that fails.
func isGate(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch base {
	case "makefile", "gnumakefile", "justfile", "taskfile.yml", "package.json", "tox.ini", "noxfile.py", "pyproject.toml", "setup.cfg", "pytest.ini", ".coveragerc", "codecov.yml", ".codecov.yml",
		".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "jenkinsfile", ".pre-commit-config.yaml", "lefthook.yml", "pom.xml", "build.gradle", "build.gradle.kts", "action.yml", "action.yaml",
		".nycrc", ".nycrc.json", ".c8rc.json", ".taprc", "stryker.conf.json", "sonar-project.properties", "bitbucket-pipelines.yml", "mypy.ini", ".golangci.yml", ".golangci.yaml", "tsconfig.json":
		return true
	}
	if ciFolders.MatchString(name) {
		return true
	}
	return strings.HasPrefix(base, "jest.config.") || strings.HasPrefix(base, "vitest.config.") || strings.HasPrefix(base, "vite.config.") || strings.HasPrefix(base, "karma.conf.")
}
