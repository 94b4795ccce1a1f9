# rtvol: `make demo` and `make test` need Python 3.11-3.13 with pip (or python3-venv), and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COVERED := $(addprefix tests/,io solids margins dvh names verbs recipe tables laws faults test_geometry.py)
TWINS := $(addprefix tests/solids/test_,combine.py coverage.py distance.py pieces.py polygon.py stack.py trace.py) \
  $(addprefix tests/dvh/test_,dose_kernels.py isodose.py cubic.py sampling.py) tests/io/test_decimal.py

.DEFAULT_GOAL := help
.PHONY: help env demo soak test faults codes messy fuzz coverage coverage-kernels mutants accuracy lint lint-style lint-types lint-imports format bench bench-smoke bench-gate bench-gate-proof lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
	  awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

env: $(VENV)/.rtvol ## the environment in .venv, from requirements.lock

# Two steps, so that an edit of pyproject.toml does not install a gigabyte again. Debian without
# python3-venv makes no pip of its own in a new environment: the outer pip then fills it from outside.
$(VENV)/.packages: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "rtvol needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setting up $(VENV) from requirements.lock"
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv --clear $(VENV); \
	  else $(PYTHON) -m venv --clear --without-pip $(VENV); fi
	@$(call pip,install --quiet --no-deps --require-hashes -r requirements.lock)
	@touch $@

$(VENV)/.rtvol: $(VENV)/.packages pyproject.toml
	@$(call pip,install --quiet --no-deps --no-build-isolation -e .)
	@touch $@

# pip of the environment where it has one, else the outer pip aimed at it.
pip = if [ -x $(BIN)/pip ]; then $(BIN)/python -m pip $(1); \
  else $(PYTHON) -m pip --python $(BIN)/python $(1); fi

demo: env ## synthetic patients -> targets, DVH and pictures in demo/
	$(BIN)/rtvol demo demo --overwrite

# Each worker begins with its half of the tests, in order, and takes over from the other when it is done: rooms stay
# together, so that what a room prepares is prepared once. WORKERS=0 runs all in one process.
test: env ## all tests, on two workers (WORKERS=)
	$(BIN)/python -m pytest -n $(or $(WORKERS),2) --dist worksteal

soak: env ## the long runs: 300 kills over 50 cases, 1000 patients in a row, 10 000 files (hours)
	$(BIN)/python tests/soak/run.py index
	$(BIN)/python tests/soak/run.py load
	$(BIN)/python tests/soak/run.py kills

fuzz: env ## the readers against spoilt files: 250 000 each (RUNS=, TARGETS=)
	$(BIN)/python tests/fuzz/run.py $(if $(RUNS),-n $(RUNS)) $(TARGETS)

# The rooms hold no compiled code, so the JIT may stay on; kernels are plain Python in coverage-kernels.
coverage: env ## branches of the rooms that read and reckon: all of them
	rm -rf .coverage && mkdir .coverage
	$(BIN)/python -m coverage run -m pytest -q $(COVERED)
	$(BIN)/python -m coverage report

coverage-kernels: env ## branches of the kernels, as plain Python, by the tests with twins (slow)
	mkdir -p .coverage
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run --data-file=.coverage/kernels \
	  --source=src/rtvol/_kernels -m pytest -q -m "not compiled" $(TWINS)
	$(BIN)/python -m coverage report --data-file=.coverage/kernels --include="src/rtvol/_kernels/*" --fail-under=0

mutants: env ## small faults put into the rooms that read and reckon (SAMPLE=)
	$(BIN)/python tests/mutants/run.py $(if $(SAMPLE),--sample $(SAMPLE))

lint: lint-style lint-types lint-imports ## ruff, mypy --strict, import contracts

lint-style: env
	$(BIN)/ruff check
	$(BIN)/ruff format --check

lint-types: env
	$(BIN)/mypy

lint-imports: env
	$(BIN)/lint-imports

codes: env ## docs/codes.md anew from the register of finding codes
	$(BIN)/rtvol help codes --markdown > docs/codes.md

messy: env ## docs/messy-exports.md anew from the kinds and their tests
	PYTHONPATH=tests $(BIN)/python -m field.page > docs/messy-exports.md

faults: env ## the fault suite alone, with its table of verdicts
	$(BIN)/python -m pytest -q tests/faults

format: env ## let ruff lay out the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: env ## every benchmark at full size against its peers; writes benchmarks/RESULTS.md (ONLY=, hours)
	$(BIN)/python benchmarks/compare.py $(if $(ONLY),--only $(ONLY))

bench-smoke: env ## every benchmark, small: they run and speak the protocol
	$(BIN)/python benchmarks/compare.py --smoke

accuracy: env ## margins and DVHs against ideal solids, statistics against R, with the peers (some minutes)
	$(BIN)/python benchmarks/accuracy/margins.py
	$(BIN)/python benchmarks/accuracy/ragged_bounds.py
	$(BIN)/python benchmarks/accuracy/turned.py
	$(BIN)/python benchmarks/accuracy/agreement.py
	$(BIN)/python benchmarks/accuracy/space.py
	$(BIN)/python benchmarks/accuracy/dvh.py
	$(BIN)/python benchmarks/accuracy/outcomes.py

bench-gate: env ## the speed gate: the commit in benchmarks/BASE against this tree (BASE=)
	$(BIN)/python benchmarks/gate.py $(if $(BASE),--base $(BASE))

bench-gate-proof: env ## the gate itself: HEAD three times against itself, then slowed down (half an hour)
	$(BIN)/python benchmarks/gate.py --base HEAD --prove 3

# Versions and hashes, and no address of any registry. rt-utils asks for the OpenCV that needs a
# desktop (libGL); opencv-python-headless is the same module without one (docs/decisions/0002).
lock: ## requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --extra report --universal --python-version 3.11 \
	  --no-header --no-annotate --generate-hashes \
	  --no-emit-package opencv-python --no-emit-package dataclasses -o requirements.lock

clean: ## remove what make made, the environment included
	rm -rf $(VENV) demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks \
	  .import_linter_cache .coverage .fuzz .mutants
	find src tests benchmarks sample_dicom -name __pycache__ -type d -prune -exec rm -rf {} +
