# The front door: the same names at home and in CI.
PYTHON ?= python3
PORT ?= 8866
BIN := .venv/bin

.PHONY: help serve test lint types check soak clean

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12

serve:           ## install what is missing, then serve the page on http://127.0.0.1:8866
	@$(PYTHON) scripts/bootstrap.py serve
	@$(BIN)/digitlab serve --port $(PORT)

test:            ## install what is missing, then run every test
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/pytest -n 2 --dist loadfile

lint:            ## ruff: lint and format
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types:           ## mypy --strict on the package
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/mypy

check: lint types test  ## all that CI runs

soak:            ## kill twenty fine-tunes at random moments; a quarter of an hour
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/python scripts/soak.py

clean:           ## remove what the tools left; never feedback or models
	rm -rf .mypy_cache .pytest_cache .ruff_cache build dist
