# `make` prints the targets. Everything here runs on a machine with Go, a C compiler and git; `make tools` brings the rest.
GO      ?= go
BIN     ?= $(CURDIR)/dist
TOOLS   := $(CURDIR)/dist/tools

# Pinned, so that a newer linter does not fail an unchanged tree.
ACT_VERSION        := v0.2.89
GOLANGCI_VERSION   := v2.15.0
ZIG_VERSION        := 0.17.1
ZIZMOR_VERSION     := 1.32.0
PRE_COMMIT_VERSION := 4.7.0
HADOLINT_VERSION   := 2.15.1
COMPOSE_VERSION    := v2.4.7
SSLIB_VERSION      := 1.6.0

# All languages, also those whose parsers take long to compile.
TAGS := -tags allgrammars

export PATH := $(TOOLS):$(PATH)

.PHONY: help
help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build dist/reviewgate
	$(GO) build $(TAGS) -trimpath -o $(BIN)/reviewgate ./cmd/reviewgate

.PHONY: test
test: tools ## run format, vet, lint, all tests and rule fixtures, as CI does; it runs test-tools besides
	./.ci/fmt
	$(GO) vet $(TAGS) ./...
	$(TOOLS)/golangci-lint run ./...
	REVIEWGATE_E2E=1 $(GO) test $(TAGS) -timeout 45m ./...
	$(GO) run $(TAGS) ./cmd/reviewgate rules test rules/builtin

.PHONY: test-tools
test-tools: python-tools $(TOOLS)/promtool $(TOOLS)/compose-$(COMPOSE_VERSION) ## run what needs tools from elsewhere: zizmor on every workflow, the real pre-commit on our hooks, promtool on the alerts, our records under securesystemslib, what is in deploy under its linters
	./.ci/workflows
	./.ci/pre-commit
	./.ci/alerts
	./.ci/records
	./.ci/deploy

.PHONY: race
race: ## run the tests under the race detector
	$(GO) test $(TAGS) -race -timeout 40m ./...

.PHONY: bench
bench: ## print the benchmark table: scan, engine, gate, webhook; with RULES, FILES, SEMGREP, AST_GREP also against those (.ci/bench-engine)
	./.ci/bench

.PHONY: fuzz
fuzz: ## fuzz every parser of untrusted input, FUZZTIME each (default 30s); LANGUAGE=php: that language only; ONLY=REGEXP: the targets that match
	./.ci/fuzz

.PHONY: hostile
hostile: ## run the hostile set: time and memory of each case (minutes); HOSTILE_LANGUAGE=go: of one language
	REVIEWGATE_HOSTILE=1 REVIEWGATE_HOSTILE_LANGUAGE=$(HOSTILE_LANGUAGE) $(GO) test -count=1 -timeout 4h -v ./rules/engine -run '^TestHostile'

# Quiet and with two cores: about a quarter of an hour for the first, an hour for the second.
HISTORIES ?= 100000
SERVED    ?= 1000

.PHONY: model
model: ## play random histories: HISTORIES against the reducers, SERVED against the whole server
	$(GO) test -v -timeout 3h ./app/server/internal/review -run '^TestModel$$' -rapid.checks=$$(( ($(HISTORIES) + 1) / 2 )) -rapid.nofailfile
	REVIEWGATE_MODEL=$(SERVED) $(GO) test -v -timeout 3h ./app/server -run '^TestModel$$' -parallel 4

# About a quarter of an hour. SEED=n plays the actions of another run again.
KILLS ?= 200

.PHONY: kills
kills: ## kill the server KILLS times at random moments under load, on each database, and one of two servers for good
	REVIEWGATE_KILLS=$(KILLS) REVIEWGATE_SEED=$(SEED) $(GO) test -v -count=1 -timeout 3h ./app/server -run '^TestKill'

.PHONY: faults
faults: ## make every call to GitHub fail in every way, and write docs/faults.md (minutes)
	REVIEWGATE_FAULTS=all $(GO) test -v -count=1 -timeout 3h -parallel 12 ./app/server -run '^TestFaultMatrix$$' -update

DELIVERIES ?= 50000

.PHONY: load
load: ## measure the server under load on both databases, and write docs/load.md (a quarter of an hour; NOTE says how quiet the machine was)
	REVIEWGATE_LOAD=$(DELIVERIES) REVIEWGATE_LOAD_NOTE="$(NOTE)" $(GO) test -v -count=1 -timeout 3h ./app/server -run '^TestLoad$$'
	$(GO) test -count=1 ./app/server -run '^TestLoadPage$$' -update

.PHONY: mutants
mutants: ## break every invariant in turn, and see that the model notices (minutes)
	REVIEWGATE_MUTANTS=10000 $(GO) test -v -timeout 3h ./app/model -run '^TestMutants$$' -parallel 2

.PHONY: demo
demo: ## run the whole product on this machine, without credentials
	$(GO) run ./cmd/reviewgate-demo

.PHONY: generate
generate: ## write the generated files again (a test fails when one is stale)
	$(GO) generate ./...

.PHONY: release
release: release-tools ## build the Linux binaries of VERSION (v1.2.3) with their checksums and bill of materials, and once more to compare
	PATH=$(TOOLS):$$PATH ./.ci/release $(VERSION)
	PATH=$(TOOLS):$$PATH ./.ci/release --again $(VERSION)
	./.ci/release-check dist/release/reviewgate_linux_amd64

.PHONY: tools
tools: $(TOOLS)/act-$(ACT_VERSION) $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) ## install the pinned tools into dist/tools

.PHONY: python-tools
python-tools: $(TOOLS)/zizmor-$(ZIZMOR_VERSION) $(TOOLS)/pre-commit-$(PRE_COMMIT_VERSION) $(TOOLS)/securesystemslib-$(SSLIB_VERSION) $(TOOLS)/hadolint-$(HADOLINT_VERSION) ## install those that come from Python's index

$(TOOLS)/promtool:
	./.ci/promtool $(TOOLS)

# The loader that Docker Compose itself uses; its program is called cmd.
$(TOOLS)/compose-$(COMPOSE_VERSION):
	mkdir -p $(TOOLS)/_compose && GOBIN=$(TOOLS)/_compose $(GO) install github.com/compose-spec/compose-go/v2/cmd@$(COMPOSE_VERSION) && mv $(TOOLS)/_compose/cmd $(TOOLS)/compose-spec && touch $@

.PHONY: release-tools
release-tools: $(TOOLS)/zig-$(ZIG_VERSION) ## install what a release is built with
	cd .ci/tools && $(GO) build -o $(TOOLS)/cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

# Tools that come as Python packages, each in an environment of its own.
$(TOOLS)/zig-$(ZIG_VERSION) $(TOOLS)/zizmor-$(ZIZMOR_VERSION) $(TOOLS)/pre-commit-$(PRE_COMMIT_VERSION) $(TOOLS)/securesystemslib-$(SSLIB_VERSION) $(TOOLS)/hadolint-$(HADOLINT_VERSION): $(TOOLS)/%:
	./.ci/python-tool $(TOOLS) $*

$(TOOLS)/act-$(ACT_VERSION):
	mkdir -p $(TOOLS) && GOBIN=$(TOOLS) $(GO) install github.com/nektos/act@$(ACT_VERSION) && touch $@

$(TOOLS)/golangci-lint-$(GOLANGCI_VERSION):
	mkdir -p $(TOOLS) && GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) && touch $@
