# Everything from a fresh clone; needs python3.11, make and a package registry. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV ?= .venv
UV ?= uv
PROFILE ?= embedded
PORT ?= 8000
# Of unit tests, side by side; each loads models of its own (about 2 GiB).
JOBS ?= 2
# Where to find a CPU build of torch, for registries that have none (see README).
TORCH_INDEX ?=
# A checkpoint of vlp_graph/nano: needed by `train`, optional for `evaluate`.
MODEL ?=

PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check --no-deps

.PHONY: help install demo serve test test-unit test-slow check format lock docs train evaluate clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		while IFS=$$'\t' read -r target says; do printf '  make %-14s %s\n' "$$target" "$$says"; done
	@echo '  variables: TORCH_INDEX=URL (CPU build of torch), PROFILE, PORT, JOBS, MODEL, PYTHON, VENV, UV'

install: $(INSTALLED) ## the virtual environment, from requirements-cpu.lock

$(INSTALLED): requirements-cpu.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo 'no $(PYTHON) here: say make PYTHON=/path/to/python3.11' >&2; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements-cpu.lock
	$(PIP_INSTALL) -e .
	touch $@

demo: $(INSTALLED) ## start the graph, ask what has known answers, check them
	$(PY) -m vlp_graph.demo --profile $(PROFILE)

serve: $(INSTALLED) ## the graph on port PORT until Ctrl-C
	exec $(PY) -m vlp_graph serve --profile $(PROFILE) --port $(PORT)

test: test-unit ## the whole test suite: unit tests, then the running graph over HTTP
	$(PY) -m pytest tests/integration

test-unit: $(INSTALLED) ## only what needs no running graph (JOBS processes, a file each)
	$(PY) -m pytest tests/unit -n $(JOBS) --dist loadfile

test-slow: $(INSTALLED) ## what takes too long for `test`: the largest models' widths, four nodes (Linux, root, iproute2)
	$(PY) -m pytest -m slow

check: $(INSTALLED) ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(INSTALLED) ## let ruff mend what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: ## compile both locks again; keeps versions that still fit (needs uv)
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv: pip install uv, or make lock UV=/path/to/uv' >&2; exit 1; }
	$(UV) pip compile pyproject.toml --extra cpu --extra bench --extra dev --python 3.11 --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate -o requirements-cpu.lock \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX) --index-strategy unsafe-best-match)
	$(UV) pip compile --no-config pyproject.toml --extra gpu --extra aws --python 3.11 \
		--python-platform x86_64-manylinux_2_28 --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		-o requirements-gpu.lock

docs: $(INSTALLED) ## the pages that are made from the code
	$(PY) -m vlp_graph.config.reference > docs/profiles.md

train: $(INSTALLED) ## make a nano checkpoint again: make train MODEL=sam
	@test -n '$(MODEL)' || { echo 'say which: make train MODEL=sam' >&2; exit 1; }
	$(PY) -m vlp_graph.nano.train $(MODEL)

evaluate: $(INSTALLED) ## measure the nano checkpoints (all, or MODEL) and write the model card
	$(PY) -m vlp_graph.nano.evaluate $(MODEL)

clean: ## remove what was built, except the virtual environment
	rm -rf build dist demo .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print0 | xargs -0r rm -rf
