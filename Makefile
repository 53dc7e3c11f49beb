.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO     ?= go
TOOL   := $(GO) tool -modfile=.tools/go.mod
RACE   := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
TESTS  := -count=1 -shuffle=on $(RACE)
# A first build is quick: no msgpack codec of gin's, which nothing here uses, SQLite at -O1 (a release has -O2), no
# debugger's tables in what make run builds.
export GOFLAGS := $(shell $(GO) env GOFLAGS) -tags=nomsgpack
QUICK  := CGO_CFLAGS="-O1 -g0"
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

run: ## Serve on :8000 with everything embedded, the schema up to date
	GOGC=400 $(QUICK) $(GO) build -gcflags=all=-dwarf=false -ldflags "-s -w" -o tmp/server ./cmd/server
	exec tmp/server serve

dev: ## Serve, and build and start again when a file changes
	$(QUICK) $(TOOL) air -c .air.toml

test: ## Unit tests: need nothing but Go
	export $(QUICK); $(GO) test $(TESTS) $$($(GO) list ./... | grep -v /cmd/scaffold) && $(GO) test -count=1 -shuffle=on ./cmd/scaffold/...

test-integration: services ## Tests against the real servers; says which are missing
	$(QUICK) ./test/integration.sh

conformance: test-integration ## Write the table of engines in the README, from what the tests show
	$(QUICK) $(GO) run ./test/conformance .cache/conformance.jsonl README.md .github/workflows

conformance-check: ## Fail when that table is not what the tests showed when they last ran
	$(QUICK) $(GO) run ./test/conformance --check .cache/conformance.jsonl README.md .github/workflows

test-faults: services ## Kill the program and cut off the broker, 20,000 events long: every effect once
	. .cache/services.env && $(QUICK) $(GO) test -tags faults,nomsgpack -count=1 -v -timeout 10m ./test/faults

test-browser: ## The pages in headless Chromium, without a network
	./test/browser/run.sh

test-contract: ## Independent linters and clients on the OpenAPI documents
	./test/contract/run.sh

test-oracle: ## What is sent to Oracle, against a grammar of its SQL: needs npm, no Oracle
	./test/oracle/run.sh

test-oracle-live: ## Every test of an engine on the Oracle of TRELLIS_TEST_ORACLE_DSN
	$(QUICK) ./test/oracle/live.sh

services: ## Find or start the servers that the integration tests need
	@./test/services.sh

lint: ## Static analysis of the code, the workflows and the migrations
	@test -z "$$(gofmt -l cmd configs migrations modules platform test wire_gen)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(TOOL) golangci-lint run
	$(GO) tool -modfile=.tools/actionlint.mod actionlint # needs another YAML than the other tools
	$(QUICK) $(GO) run ./cmd/server migrate lint

vuln: ## Known vulnerabilities in what is called
	$(TOOL) govulncheck ./...

generate: ## Write what is generated: the graph and the OpenAPI documents
	$(GO) tool wire gen ./wire_gen
	$(GO) run ./cmd/server openapi --version v1 > test/api/v1.json
	$(GO) run ./cmd/server openapi --version v2 > test/api/v2.json

generate-check: ## Fail when something generated is not up to date
	$(GO) tool wire diff ./wire_gen
	$(GO) mod tidy -diff

api-check: ## Fail when the API differs from its committed documents, or breaks a version
	./test/api/check.sh

build: ## The server binary, in bin/
	$(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/server ./cmd/server

cover: ## Coverage of modules/ and platform/: at least 80 % each
	$(QUICK) ./test/cover.sh

test-scaffold: ## What the scaffolder promises, on whole projects, with SCAFFOLD_MODULES=200 random modules: takes most of an hour
	$(QUICK) $(GO) test -count=1 -timeout 120m -tags scaffold,nomsgpack ./cmd/scaffold/internal/proof
module: ## Add a business domain: make module name=invoice fields="number:string:unique,amount:money"
	$(QUICK) $(GO) run ./cmd/scaffold module $(name) $(if $(fields),--fields "$(fields)")

migrate: ## Apply pending migrations to the configured databases
	$(QUICK) $(GO) run ./cmd/server migrate up

migrate-check: services ## Lint the migrations, and fail when they do not make what the models describe
	$(QUICK) $(GO) run ./cmd/server migrate lint
	. .cache/services.env && $(QUICK) $(GO) run ./cmd/server migrate check

bench: ## Benchmarks, apart from the tests
	$(GO) test -run '^$$' -bench . -benchmem ./platform/... ./modules/...

load: build ## Load a server on loopback and compare the first page with the thousandth
	$(GO) run ./test/load bin/server

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*/\1/p' $(MAKEFILE_LIST))
