# Each target makes the virtual environment that it needs on its first call; only Python 3.11+ and make have to be there.
#
#   make demo      the whole loop on the example questions, with recorded replies (no model runs, no network at run time)
#   make test      the tests
#   make check     format, lint, types, the laws of the project, the docs
#   make test-ml   the tests that need the heavy extras
#   make clean     remove what the targets above made

PYTHON ?= python3
PYTEST_ARGS ?=
DEMO_OUT ?= demo-run

PIP_INSTALL := -m pip install -qq --disable-pip-version-check --constraint constraints.txt
# A test that hangs ends after 300 seconds, with the stack of every thread.
PYTEST := -m pytest -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true
VENV := .venv/bin/python
VENV_ML := .venv-ml/bin/python
INPUTS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check test-ml docs clean

help:
	@sed -n '3,7s/^#   //p' Makefile

demo: .venv/.core
	@rm -rf "$(DEMO_OUT)"
	@echo "The replies in this demo are recorded in examples/demo/replies.jsonl: no model runs and nothing is sent anywhere."
	@echo
	.venv/bin/sciinstruct annotate examples/demo/questions.jsonl \
	    --model recorded:examples/demo/replies.jsonl --judge recorded:examples/demo/replies.jsonl --out "$(DEMO_OUT)"
	@echo
	@echo "One question with every attempt:  .venv/bin/sciinstruct show $(DEMO_OUT) phys-braking-distance"
	@echo "The instructions as a table:      $(DEMO_OUT)/instructions.parquet   (what failed, and why: rejected.parquet)"
	@echo "The data set card:                $(DEMO_OUT)/README.md"

test: .venv/.dev
	@$(VENV) $(PYTEST) -m "not ml" $(PYTEST_ARGS)

check: .venv/.dev
	@$(VENV) -m ruff format --check .
	@$(VENV) -m ruff check .
	@$(VENV) -m mypy
	@$(VENV) $(PYTEST) tests/test_laws.py tests/test_docs.py

test-ml: .venv-ml/.ready
	@$(VENV_ML) $(PYTEST) -m ml $(PYTEST_ARGS)

docs: .venv/.core
	@$(VENV) tools/cli_docs.py

clean:
	rm -rf .venv .venv-ml "$(DEMO_OUT)" build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A stamp is older than pyproject.toml when the dependencies changed: then they are installed again.
.venv/.core: $(INPUTS)
	@tools/new_venv "$(PYTHON)" .venv
	@echo "Installing sciinstruct into .venv"
	@$(VENV) $(PIP_INSTALL) --editable .
	@touch $@

.venv/.dev: $(INPUTS)
	@tools/new_venv "$(PYTHON)" .venv
	@echo "Installing sciinstruct and the tools of its developers into .venv"
	@$(VENV) $(PIP_INSTALL) --editable '.[dev]'
	@touch .venv/.core $@

# An extra that needs torch comes with its own line here: $(VENV_ML) $(PIP_INSTALL) torch==VERSION, before the line below.
.venv-ml/.ready: $(INPUTS)
	@tools/new_venv "$(PYTHON)" .venv-ml
	@echo "Installing sciinstruct with its heavy extras into .venv-ml"
	@$(VENV_ML) $(PIP_INSTALL) --editable '.[dev,datasets,llama]'
	@touch $@
