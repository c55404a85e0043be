# All is done in a virtual environment of the project's own, .venv. Nothing else on the machine is touched, save that
# the browser tests need a browser: where none is found, see tests/tools/browser.py.

PORT ?= 5006

SHELL := /bin/sh
BIN := .venv/bin
INSTALLED := .venv/installed
INSTALLED_FOR_TESTS := .venv/installed-for-tests

# What the shell was set up for must not reach into the virtual environment.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PIP_TARGET PIP_PREFIX
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help app test lint browser test-oldest screenshots scenes bench data clean FORCE

help: ## what can be made: this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

app: $(INSTALLED) ## set up, then open the app on the examples at http://localhost:5006 (PORT=... for another port)
	@$(BIN)/lstmvis serve --port $(PORT) $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),--show)

# Browsers keep an event loop running in their process, and a file of theirs its servers: they get processes of their own.
# Without PyTorch the tests of recorders would be passed over: here they must not be.
test: browser lint ## set up, a browser and PyTorch included, then ruff, mypy and all tests
	@REQUIRE_MODELS=1 $(BIN)/python -m pytest --numprocesses 2 -m "not ui"
	@REQUIRE_MODELS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m ui

lint: $(INSTALLED_FOR_TESTS) ## ruff and mypy
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m mypy

# PyTorch's oldest build is not at hand without CUDA: what needs PyTorch is tried with the newest only.
test-oldest: browser ## all tests without PyTorch, with the oldest versions that pyproject.toml allows
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/oldest
	@$(BIN)/uv pip install --quiet --python .venv/oldest --resolution lowest-direct --editable '.[test]'
	@.venv/oldest/bin/python -m pytest

screenshots: browser ## draw README's pictures again
	@$(BIN)/python -m tests.tools.screenshots

scenes: browser ## pictures of every scene, in both themes and two sizes, to be looked at in test-results/scenes
	@$(BIN)/python -m tests.tools.screenshots --scenes test-results/scenes

bench: browser ## measure all that tests/benchmarks/README.md says (11 GB of disk)
	@$(BIN)/python -m tests.benchmarks.matching
	@$(BIN)/python -m tests.benchmarks.index
	@$(BIN)/python -m tests.benchmarks.textsearch
	@$(BIN)/python -m tests.benchmarks.start
	@$(BIN)/python -m tests.benchmarks.latency
	@$(BIN)/python -m tests.benchmarks.visitors
	@$(BIN)/python -m tests.benchmarks.recording

data: ## train and record the examples again: some hours
	@tools/install.sh examples
	@for example in parens chords dna novels; do $(BIN)/python -m data.$$example.build || exit 1; done

clean: ## remove .venv and all that was built
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

browser: $(INSTALLED_FOR_TESTS)
	@$(BIN)/python -m tests.tools.browser

# A .venv that has lost its Python, or was moved or copied here with the folder, is made again.
PLACE := $(shell $(BIN)/python -c '' 2>/dev/null && cat .venv/place 2>/dev/null)
UNUSABLE := $(if $(subst x$(CURDIR),,x$(PLACE)),FORCE)

$(INSTALLED): pyproject.toml $(UNUSABLE)
	@tools/install.sh
	@touch $@

$(INSTALLED_FOR_TESTS): pyproject.toml tools/install.sh $(UNUSABLE)
	@tools/install.sh test-models
	@touch $(INSTALLED) $@
