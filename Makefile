# All commands of this project; `make` lists them.

PYTHON ?= python3
BIN := .venv/bin
RECIPE ?= quick
WEIGHTS ?= runs/$(RECIPE)/weights.npz
DATASET ?=
PORT ?= 8501
LAN ?=
HOSTS ?=
HEADLESS ?=
HOSTILE ?= 5000
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run setup train evaluate report app test test-slow torture check audit screenshots bench clean

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: runs/quick/report/report.html  ## train the quick recipe, write its report, open the app
	@$(MAKE) --no-print-directory app

setup: .venv/ready  ## create .venv and install the requirements

train: setup  ## train RECIPE (article, quick, sprint, best, tiny); ARGS="--seed 1 --name mine" is passed to training.train
	$(BIN)/python -m training.train --recipe "$(RECIPE)" $(ARGS)

evaluate: setup  ## measure WEIGHTS (a file, or best, quick, tiny, article) on DATASET (mnist, usps, digits, a folder or file)
	$(BIN)/python -m training.evaluate "$(WEIGHTS)" $(if $(DATASET),--dataset "$(DATASET)") $(ARGS)

report: evaluate  ## the same as evaluate

app: setup  ## start the app; PORT=8600, HEADLESS=1: no browser, LAN=1: for others on the network, HOSTS=name,…: other names
	$(BIN)/python -m app --server.port "$(PORT)" --server.headless $(if $(HEADLESS),true,false) \
	    $(if $(LAN),--lan $(filter-out 1,$(LAN))) $(if $(HOSTS),--hosts "$(HOSTS)")

test: .venv/dev-ready  ## install the test requirements, and run all tests except the slow ones, on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" $(ARGS)

test-slow: .venv/dev-ready  ## run the slow tests
	$(BIN)/python -m pytest -m slow $(ARGS)

torture: .venv/dev-ready  ## run the hostile tests at full size, with HOSTILE uploads and messages; takes half an hour
	HOSTILE=$(HOSTILE) $(BIN)/python -m pytest tests/hostile $(ARGS)

check: .venv/dev-ready  ## check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: .venv/audit-ready  ## check the locked dependencies for known vulnerabilities; needs access to osv.dev
	@.venv/audit/bin/python -c 'import requests; requests.head("https://api.osv.dev", timeout=10)' 2> /dev/null \
	    || { echo "audit: osv.dev cannot be reached, so nothing was checked" >&2; exit 1; }
	.venv/audit/bin/pip-audit --vulnerability-service osv --disable-pip -r requirements.lock -r requirements-dev.lock

screenshots: .venv/dev-ready  ## take screenshots of every page into docs/: light, dark and on a phone
	$(BIN)/python -m tests.browser.screenshots docs/

bench: .venv/bench-ready  ## install PyTorch and ONNX Runtime, and compare speed and memory; ARGS="--rows training --rounds 3"
	$(BIN)/python -m training.benchmark $(ARGS)

clean:  ## remove everything that was generated, except runs/
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

.venv/dev-ready: .venv/ready requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# Not a dependency of the project: installed in its newest version, in a separate environment.
.venv/audit-ready: .venv/ready
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	touch $@

.venv/bench-ready: .venv/ready requirements-bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	touch $@

runs/quick/weights.npz: | .venv/ready
	$(BIN)/python -m training.train --recipe quick $(if $(wildcard runs/quick/checkpoint.npz),--resume)

runs/quick/report/report.html: runs/quick/weights.npz
	$(BIN)/python -m training.evaluate $<
