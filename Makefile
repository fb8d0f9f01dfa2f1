# Every target works from a fresh clone, says what it does, and does nothing twice.
# Paths are relative on purpose: the clone may lie under a path with spaces.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: setup serve test sure bench verify screenshots lock system-packages format help always

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

setup: .venv/.run ## make .venv from the locked requirements
	@echo "setup: .venv is ready"

serve: .venv/.run ## prepare database and knowledge where they are missing, then serve on this machine
	@$(BIN)/nuangang serve

test: .venv/.dev system-packages ## run every test
# What a file sets up for all its tests is set up by one process alone. One more of them than the
# two cores of CI: a tenth of the time they wait, for a browser or a line that is slow on purpose.
	@echo "test: running every test"
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

sure: .venv/.dev ## format, lint, types, import rules, migrations, then every test
	@echo "sure: format" && $(BIN)/ruff format --check .
	@echo "sure: lint" && $(BIN)/ruff check .
	@echo "sure: types" && $(BIN)/mypy
	@echo "sure: import rules" && $(BIN)/lint-imports --no-logo
	@echo "sure: migrations" && $(BIN)/python -m server.migrations
	@$(MAKE) test

bench: .venv/.dev ## run the benchmarks and print their ratios; PART=serving, PART=week, QUICK=1
	@sh deploy/install-system-packages wrk postgresql nginx strace
	@echo "bench: measuring on this machine"
	@$(BIN)/python -m bench.run $(if $(QUICK),--quick) $(PART)

verify: .venv/.dev system-packages ## check the promises under faults, hours; PROMISE=crash, PROFILE=short
	@echo "verify: checking the promises under faults"
	@$(BIN)/python -m tests.promises --profile $(or $(PROFILE),whole) $(PROMISE)

screenshots: .venv/.dev system-packages ## write a picture of every screen of the phone's page to build/screens
	@$(BIN)/python -m tests.screenshots build/screens

format: .venv/.dev ## format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: .venv/.dev ## resolve requirements/*.in anew into hashed locks
	@sh requirements/lock

system-packages:
	@sh deploy/install-system-packages chromium postgresql fonts nginx node strace

# Looked at each time: what is in place is known by what stands in the locks. Their times tell nothing
# where an archive or rsync brought them.
.venv/.run: always
	@sh requirements/install run

.venv/.dev: always
	@sh requirements/install dev
