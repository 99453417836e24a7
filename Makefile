# Everything here needs Go. "make test" also needs Node 20 and Python 3.11.

LISTEN ?= 127.0.0.1:8080
DATA ?= .data
FUZZTIME ?= 30s
ROUNDS ?= 200

BIN := bin/govorun

.PHONY: help
help: ## Show this help
	@echo "Govorun. Targets:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo "Variables: LISTEN=$(LISTEN) DATA=$(DATA) FUZZTIME=$(FUZZTIME) ROUNDS=$(ROUNDS)"

.PHONY: run
run: build ## Build and start the server with the demo chat (LISTEN=host:port, DATA=directory)
	exec $(BIN) serve --listen $(LISTEN) --data $(DATA)

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

.PHONY: soak
soak: build ## Run the crash test for ROUNDS rounds
	scripts/soak.sh $(ROUNDS)

.PHONY: bench
bench: build ## Measure throughput and latency beside the floor
	scripts/bench.sh

.PHONY: generate
generate: ## Write generated code and docs/configuration.md anew
	scripts/generate.sh

.PHONY: clean
clean: ## Remove what was built; the data directory stays
	rm -rf bin .cache
