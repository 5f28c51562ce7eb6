# Everything here works on a clean clone with git, make, Python 3.11 or newer and (where no `pulumi` is
# installed and the official download cannot be reached) Go. Nothing is written outside the clone but the cache.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Bytecode is kept: without it every Pulumi program pays several seconds of compilation (docs/benchmarks.md).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install install-dev engine control-plane demo test test-fast test-all lint types format lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

$(BIN)/uv: requirements/uv.txt
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Bedplate needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.runtime: $(BIN)/uv requirements/runtime.txt pyproject.toml
	@test -e $(VENV)/.dev || { echo "Installing the runtime packages"; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/runtime.txt; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/uv requirements/dev.txt requirements/runtime.txt pyproject.toml
	@echo "Installing the development packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime

install: $(VENV)/.runtime ## Install what a user needs into .venv

install-dev: $(VENV)/.dev ## Install what a developer needs into .venv

engine: install ## Install or build the Pulumi engine, once per machine
	@$(BIN)/bedplate engine install

control-plane: install-dev ## Build the Kubernetes control plane of the tests, once per machine
	@$(BIN)/python -m tests.support.control_plane build

demo: engine ## A whole team's stack on simulated clouds: no account needed
	@$(BIN)/bedplate demo

lint: install-dev ## Style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

types: install-dev ## Types, strictly
	@$(BIN)/mypy --no-error-summary

format: install-dev ## Rewrite to the style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

test-fast: lint types ## Lint, types and every test that needs no engine
	@$(BIN)/pytest -m "not engine and not cluster and not every_example"

test: test-fast engine ## What a change must pass
	@$(BIN)/pytest -m "engine and not cluster and not every_example" -n 2

test-all: test control-plane ## The same, every example, and what a real Kubernetes control plane says
	@$(BIN)/pytest -m "every_example" -n 2
	@$(BIN)/pytest -m "cluster"

lock: $(BIN)/uv ## Resolve the pinned requirements again
	@for set in "uv requirements/uv.in" "runtime pyproject.toml --all-extras --group build" "dev pyproject.toml --all-extras --group build --group dev -c requirements/runtime.txt"; do \
	  set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile --quiet --no-header --generate-hashes --universal --python-version 3.11 "$$@" -o requirements/$$name.txt; done

clean: ## Remove what make created in the clone
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
