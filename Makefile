# Needs python3 (3.11 or newer), python3-venv and make; everything else comes into .venv, pinned with hashes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCKED := $(PIP) --require-hashes -r
# One worker more than there are cores, since real processes and real Slack paces are waited for; not more than eight databases.
WORKERS := $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 7 ? cores + 1 : 8)))
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install sandbox test lint format check bench soak pictures clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

install: $(VENV)/installed ## Install the bot into .venv

sandbox: $(VENV)/installed ## Run the bot with a Slack, phones and a mailbox of its own on this machine
	$(BIN)/tocsin sandbox $(ARGS)

test: $(VENV)/installed-dev ## Run every test (ARGS="tests/work -k lease" for some)
	$(PYTEST) $(ARGS)

lint: $(VENV)/installed-dev ## Check format, style, types and the floors of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint test ## Both

bench: $(VENV)/installed-dev ## Measure against the references: one table
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/installed-dev ## Run the large sweeps that `test` leaves out (hours)
	$(PYTEST) -m soak $(ARGS)

pictures: $(VENV)/installed-dev ## Draw the README's pictures anew
	$(BIN)/python -m docs.pictures

clean: ## Remove what was made here
	rm -rf $(VENV) .tocsin .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements/run.lock requirements/build.lock pyproject.toml | $(BIN)/python
	$(LOCKED) requirements/run.lock
	$(LOCKED) requirements/build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: requirements/dev.lock $(VENV)/installed | $(BIN)/python
	$(LOCKED) requirements/dev.lock
	touch $@
