# Everything that one does with Flotilla on one machine. Each target sets up what it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
python := .venv/bin/python
T ?= tests
K ?=
BENCH ?=

.PHONY: help demo run test check format bench assets clean ready

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ready ## run everything here, with a sandbox instead of Discord
	@$(python) -m tools.assets
	@exec $(python) -m tools demo

run: ready ## run everything here, with the real Discord (DISCORD_TOKEN and others in .env)
	@$(python) -m tools.assets
	@exec $(python) -m tools run

test: ready ## run the tests: all, or T=path K=expression
	@$(python) -m tools.assets
	@$(python) -m tools install
	@$(python) -m tools.browser $(T)
	@$(python) -m pytest $(T) $(if $(K),-k "$(K)")

check: ready ## lint, types, import rules
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m pyright
	@.venv/bin/lint-imports

format: ready ## put the code into its form
	@$(python) -m ruff check --fix-only --quiet
	@$(python) -m ruff format

bench: ready ## measure: all, or BENCH=name
	@$(python) -m benchmarks $(BENCH)

assets: ready ## fetch the dashboard's scripts
	@$(python) -m tools.assets --force

clean: ready ## remove the stack's data and caches
	@$(python) -m tools clean
	@rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

ready:
	@sh tools/bootstrap.sh
