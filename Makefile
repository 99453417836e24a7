# Everything here needs Go. "make test" also needs Node 20 and Python 3.11; "make run-cluster"
# PostgreSQL, Redis and HAProxy, which it installs from Debian when it may.

LISTEN ?= 127.0.0.1:8080
DATA ?= .data
CLUSTER ?= .cluster
NODES ?= 3
FUZZTIME ?= 30s
E2E_ROUNDS ?= 200
ENGINE ?= sqlite
CHAOS_ROUNDS ?= 200
EXAMPLES ?= 500

BIN := bin/govorun

.PHONY: help
help: ## Show this help
	@echo "Govorun. Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo "Variables: LISTEN=$(LISTEN) DATA=$(DATA) CLUSTER=$(CLUSTER) NODES=$(NODES) FUZZTIME=$(FUZZTIME) E2E_ROUNDS=$(E2E_ROUNDS) CHAOS_ROUNDS=$(CHAOS_ROUNDS) EXAMPLES=$(EXAMPLES)"

.PHONY: run
run: build ## Build and start the server with the demo chat (LISTEN=host:port, DATA=directory)
	exec $(BIN) serve --listen $(LISTEN) --data $(DATA)

.PHONY: run-cluster
run-cluster: build ## Build and start NODES nodes, PostgreSQL, Redis and a balancer on LISTEN (CLUSTER=directory)
	LISTEN=$(LISTEN) NODES=$(NODES) CLUSTER=$(CLUSTER) BIN=$(BIN) exec scripts/run-cluster.sh

.PHONY: build
build: ## Build bin/govorun
	CGO_ENABLED=0 go build -trimpath -ldflags=-s -o $(BIN) ./cmd/govorun

.PHONY: test
test: ## Run everything that is checked; what it needs is installed below .cache
	scripts/test.sh

.PHONY: lint
lint: ## Run the linters
	scripts/lint.sh

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

.PHONY: socketio-protocol
socketio-protocol: ## Run the official protocol suites from CHECKOUT, which holds socket.io-protocol and engine.io-protocol
	scripts/socketio-protocol.sh $(CHECKOUT)

.PHONY: soak
soak: ## Run the crash test on ENGINE for E2E_ROUNDS rounds
	ENGINE=$(ENGINE) E2E_ROUNDS=$(E2E_ROUNDS) go test -tags e2e -count=1 -run Crash -v -timeout 0 ./test/e2e

.PHONY: chaos
chaos: ## Do harm to a cluster of three nodes for CHAOS_ROUNDS rounds; E2E_SEED=n repeats one of that seed
	ENGINE=postgres CHAOS_ROUNDS=$(CHAOS_ROUNDS) go test -tags e2e -count=1 -run '^TestChaos$$' -v -timeout 0 ./test/e2e

.PHONY: schemathesis
schemathesis: build ## Try every operation of api/openapi.yaml with EXAMPLES made-up requests; SCHEMATHESIS_SEED=n repeats one of that seed
	scripts/prepare.sh
	GOVORUN_BIN=$(CURDIR)/$(BIN) EXAMPLES=$(EXAMPLES) SCHEMATHESIS_SEED=$${SCHEMATHESIS_SEED:-$$(date +%s)} \
		go test -tags interop -count=1 -run '^TestSchemathesis$$' -v -timeout 0 ./test/contract

.PHONY: bench
bench: ## Measure beside the floor on ENGINE, sqlite or postgres (see go run ./test/bench --help)
	ENGINE=$(ENGINE) go run ./test/bench

.PHONY: generate
generate: ## Write generated code and docs/configuration.md anew
	scripts/generate.sh

.PHONY: dictionaries
dictionaries: ## Make the dictionaries of word forms anew, from Python packages that pip fetches
	go run ./internal/bot/scenario/morph/gen

.PHONY: cities
cities: ## Make the lists of cities and names that bots may use, from their source, anew
	go run ./internal/bot/scenario/library/gen

.PHONY: clean
clean: ## Remove what was built; the data directory stays
	rm -rf bin .cache
