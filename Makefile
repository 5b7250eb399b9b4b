# The front door: the same names locally and in CI.
PYTHON ?= python3
PORT ?= 8866
BIN := .venv/bin
QUICK := not tf and not notebook and not browser and not wheel and not server and not slow

.PHONY: help serve test quick lint types check hooks soak clean

help:            ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12

serve:           ## install what is missing, then serve the page on http://127.0.0.1:8866
	@$(PYTHON) scripts/bootstrap.py serve
	@$(BIN)/digitlab serve --port $(PORT)

test:            ## install what is missing, then run every test
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/pytest -n 2 --dist loadfile --durations=20

quick:           ## run the quick tests: no TensorFlow, notebook, browser, wheel, server or long computing
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/pytest -n 2 --dist loadfile -m "$(QUICK)"

lint:            ## check the code with ruff: lint and format
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types:           ## check the package with mypy --strict
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/mypy

check: lint types test  ## run all that CI runs

hooks:           ## run lint and types on every commit
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/pre-commit install

soak:            ## kill twenty fine-tunes at random moments; takes 15 minutes
	@$(PYTHON) scripts/bootstrap.py test
	@$(BIN)/python scripts/soak.py

clean:           ## remove the caches of the tools, never feedback or models
	rm -rf .mypy_cache .pytest_cache .ruff_cache build dist
