# Every target sets up what it needs, on a fresh machine too. Without make: see the README for pip.
PYTHON ?= python3
RUN := .venv/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check gate format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 18

demo: .venv/.ready ## train and judge a small model on synthetic lesions, into demo-run/
	.venv/bin/pixelwise demo --out demo-run --overwrite

test: check ## check, then every test but the gate
	$(RUN) pytest -m "not gate"

test-fast: .venv/.ready ## the tests that take seconds
	$(RUN) pytest -m "not slow and not gate"

check: .venv/.ready ## style, types, import layers, licences and the examples in the documentation
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	.venv/bin/lint-imports
	.venv/bin/python tools/check_licences.py
	$(RUN) pytest --doctest-modules src README.md docs

gate: .venv/.ready ## short real trainings, held to their recorded scores (needs PIXELWISE_DATA)
	$(RUN) pytest -m gate tests/gate

format: .venv/.ready ## rewrite the code in the project's style
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean: ## remove what the other targets made, apart from .venv
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist demo-run
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf __pycache__

# The stamp is written last, so that an interrupted set-up is taken up again. An environment that cannot run
# pip, or whose Python is too old, is made anew; one that lacks packages is completed. The variables hold the build
# backend to constraints.txt as well: pip before 25.3 reads the first, later ones the second.
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Pixelwise needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@.venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  $(PYTHON) -m venv --clear .venv
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	  $(RUN) pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch .venv/.ready
