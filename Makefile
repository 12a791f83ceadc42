# Every recipe runs from the root of the clone with relative paths, so that the folder's name may hold spaces.
SHELL := /bin/bash

# An environment named with VENV= is adopted as it is; one that `make setup` creates gets the tested versions.
VENV ?= .venv
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.10,$\
            $(shell $(p) -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
                    >/dev/null 2>&1 && echo $(p))) python3)
PY := $(VENV)/bin/python
STAMP := $(VENV)/.mmavf-setup
CREATED := $(VENV)/.mmavf-created
# The names of targets with their spaces escaped.
SPACE := $() $()
PY_TARGET := $(subst $(SPACE),\$(SPACE),$(PY))
STAMP_TARGET := $(subst $(SPACE),\$(SPACE),$(STAMP))

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow lint docs bench constraints lanes clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r target text; do \
	    printf '  make %-10s %s\n' "$$target" "$$text"; done
	@echo '  VENV=DIR reuses an environment of yours (default: .venv), PYTHON=BIN picks the interpreter of a new one.'

setup: $(STAMP_TARGET)  ## make the environment and install the package into it, unless that is done

$(PY_TARGET):
	@command -v "$(PYTHON)" >/dev/null || { echo 'No Python 3 here. As root:'; echo; \
	    echo '    apt-get update && apt-get install -y python3 python3-venv'; echo; exit 1; } >&2
	@"$(PYTHON)" tools/misc/check_system.py
	"$(PYTHON)" -m venv "$(VENV)"
	@touch "$(CREATED)"

$(STAMP_TARGET): setup.py pyproject.toml $(wildcard requirements/*.txt) | $(PY_TARGET)
	@"$(PY)" tools/misc/check_system.py
	@constraints=requirements/constraints-$$("$(PY)" -c 'import sys; print("py%d%d" % sys.version_info[:2])').txt; \
	set -x; "$(PY)" -m pip install $$(test -e "$(CREATED)" && echo -c "$$constraints") \
	    -r requirements/runtime.txt -r requirements/tests.txt -r requirements/docs.txt
	"$(PY)" -m pip install --no-deps --no-build-isolation -e .
	@"$(PY)" -c 'import cv2, torchaudio, torchvision' || { \
	    echo 'The torch, torchaudio, torchvision or OpenCV of $(VENV) cannot be imported: see docs/install.md' >&2; exit 1; }
	@touch "$(STAMP)"

demo: $(STAMP_TARGET)  ## make a synthetic data set, train on it, show the results
	"$(PY)" tools/misc/demo.py

test: $(STAMP_TARGET)  ## run the tests, in two processes; COVERAGE=1 shows which lines they leave out
	"$(PY)" -m pytest -m 'not slow' -n 2 --dist loadfile $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

test-slow: $(STAMP_TARGET)  ## run the tests that take minutes
	"$(PY)" -m pytest -m slow

lint: $(STAMP_TARGET)  ## check style, formatting, types and the documentation's links
	"$(PY)" -m ruff check .
	"$(PY)" -m ruff format --check .
	"$(PY)" -m mypy
	"$(PY)" tools/misc/check_docs.py
	"$(PY)" tools/misc/write_figures.py --check

docs: $(STAMP_TARGET)  ## build pages and interface as HTML in build/docs; a warning is an error
	rm -rf docs/api
	"$(PY)" -m sphinx -q -W --keep-going docs build/docs

bench: $(STAMP_TARGET)  ## measure step and loader speed on this machine
	"$(PY)" tools/analysis_tools/benchmark.py configs/avfmae_b_pretrain.py --batch-size 4 8
	"$(PY)" tools/analysis_tools/benchmark.py --loader

# Versions that are pinned already stay as they are where the ranges allow it.
COMPILE = "$(PY)" -m uv pip compile -q --no-annotate --custom-compile-command 'make constraints' \
    --python-platform x86_64-manylinux_2_28 requirements/runtime.txt requirements/tests.txt requirements/docs.txt
constraints: $(STAMP_TARGET)  ## write requirements/constraints-*.txt anew from the ranges; needs a network
	for minor in 10 11 12 13; do \
	    $(COMPILE) --python-version 3.$$minor -o requirements/constraints-py3$$minor.txt || exit 1; done
	$(COMPILE) --python-version 3.10 --resolution lowest-direct -o requirements/constraints-lowest.txt

lanes: $(STAMP_TARGET)  ## run the tests with other sets of packages than the pinned ones; needs a network, 6 GB, hours
	"$(PY)" tools/misc/lanes.py

clean:  ## remove what building and testing left; keeps .venv, data and work_dirs
	rm -rf build dist mmavf.egg-info .pytest_cache .ruff_cache
	find mmavf tools tests configs projects -name __pycache__ -type d -prune -exec rm -rf {} +
