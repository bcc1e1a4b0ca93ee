# make demo    run the example project's pipeline end to end
# make test    all tests            make check   lint, types, contracts, formatting
# make bench   speed, as ratios     make serve   runs, logs and deployments as web pages
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench serve clean
.DEFAULT_GOAL := demo

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Liftlock needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12"; exit 2; }
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh

test: $(READY)
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal $(if $(CI),--durations=25)

check: $(READY)
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/liftlock check --strict

bench: $(READY)
	@$(BIN)/python -m bench

serve: $(READY)
	@$(BIN)/liftlock serve

clean:
	rm -rf $(VENV) build dist
