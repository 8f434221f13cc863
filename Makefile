# The only door: everything people do with this project is a target here.

PYTHON ?= python3
BIN := .venv/bin
RECIPE ?= quick
WEIGHTS ?= runs/$(RECIPE)/weights.npz
DATASET ?=
PORT ?= 8501
HEADLESS ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run setup train evaluate report app test check bench clean

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: runs/quick/report/report.html  ## train the quick recipe, write its report, open the app
	@$(MAKE) --no-print-directory app

setup: .venv/ready  ## make .venv and install what the project needs

train: setup  ## train RECIPE (article, quick); ARGS="--seed 1 --name mine" goes to training.train
	$(BIN)/python -m training.train --recipe $(RECIPE) $(ARGS)

evaluate: setup  ## measure WEIGHTS on DATASET (mnist, usps, digits, a folder of pictures, a file of strokes)
	$(BIN)/python -m training.evaluate $(WEIGHTS) $(if $(DATASET),--dataset $(DATASET)) $(ARGS)

report: evaluate  ## the same as evaluate

app: setup  ## open the app; PORT=8600 chooses the port, HEADLESS=1 opens no browser
	$(BIN)/python -m streamlit run app/server.py --server.port $(PORT) --server.headless $(if $(HEADLESS),true,false)

test: .venv/dev-ready  ## install what the tests need, and run them all
	$(BIN)/python -m pytest $(ARGS)

check: .venv/dev-ready  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/bench-ready  ## install PyTorch, and measure speed and memory side by side; ARGS="--rows training --rounds 3"
	$(BIN)/python -m training.benchmark $(ARGS)

clean:  ## remove what was made, but for runs/
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

.venv/dev-ready: .venv/ready requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

.venv/bench-ready: .venv/ready requirements-bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	touch $@

runs/quick/weights.npz: | .venv/ready
	$(BIN)/python -m training.train --recipe quick $(if $(wildcard runs/quick/checkpoint.npz),--resume)

runs/quick/report/report.html: runs/quick/weights.npz
	$(BIN)/python -m training.evaluate $<
