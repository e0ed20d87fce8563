# make run     serve the demo on http://127.0.0.1:8000/ (PORT=… for another port)
# make check   everything a machine can say about the code without running it
# make test    all tests, on SQLite and on PostgreSQL, and in a browser
# Needs Python 3.11 or newer, make and git; everything else is fetched from locks.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
PO := luoshi/locale/zh_Hans/LC_MESSAGES/django.po
export LUOSHI_HOME ?= $(CURDIR)/var
export PIP_DISABLE_PIP_VERSION_CHECK := 1
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install install-dev assets build run test check bench lock screenshots messages docs clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# ------------------------------------------------------------------ what others stand on

$(STAMPS):
	@mkdir -p $(STAMPS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Luoshi needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/install: requirements.txt pyproject.toml | $(BIN)/python $(STAMPS)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(STAMPS)/install-dev: requirements-dev.txt $(STAMPS)/install
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# The npm of the machine, else the one pip can install.
$(STAMPS)/npm: package-lock.json .npmrc requirements-node.txt | $(BIN)/python $(STAMPS)
	@if command -v npm >/dev/null 2>&1; then npm ci --no-progress --loglevel=error; else \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.txt && \
		PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-progress --loglevel=error; fi
	@touch $@

ICON_SOURCES := $(shell find luoshi tools/icons -name '*.html' -o -name 'icons.txt' -o -path 'tools/icons/*.svg')
$(STAMPS)/assets: $(STAMPS)/npm tools/copy_assets.py $(ICON_SOURCES)
	$(BIN)/python tools/copy_assets.py
	@touch $@

$(STAMPS)/messages: $(wildcard $(PO)) tools/compile_messages.py $(STAMPS)/install
	$(BIN)/python tools/compile_messages.py
	@touch $@

install: $(STAMPS)/install ## install what Luoshi runs on
install-dev: $(STAMPS)/install-dev ## install what checking and testing needs on top
assets: $(STAMPS)/assets ## fetch and copy the front-end files
build: $(STAMPS)/install $(STAMPS)/assets $(STAMPS)/messages ## all that a server needs before `luoshi prepare`

# ------------------------------------------------------------------ run

run: export LUOSHI_DEMO := 1
run: $(STAMPS)/install $(STAMPS)/assets $(STAMPS)/messages ## serve the demo
	@$(BIN)/luoshi prepare --demo
	@exec $(BIN)/luoshi serve

# ------------------------------------------------------------------ gate

check: $(STAMPS)/install-dev $(STAMPS)/assets $(STAMPS)/messages ## say what is wrong without running it
	@$(BIN)/python tools/check.py

test: $(STAMPS)/install-dev $(STAMPS)/assets $(STAMPS)/messages ## run all tests on both databases
	@$(BIN)/python tools/run_tests.py

bench: $(STAMPS)/install $(STAMPS)/assets $(STAMPS)/messages ## measure pages with N=10000 tasks
	$(BIN)/luoshi bench --tasks $(or $(N),10000) $(if $(OUT),--out $(OUT))

# ------------------------------------------------------------------ what is made and committed

messages: $(STAMPS)/install-dev ## collect texts to translate into the catalogue (needs gettext)
	$(BIN)/python tools/check_messages.py --write

docs: $(STAMPS)/install ## draw the generated documents anew
	$(BIN)/python tools/draw_docs.py

screenshots: $(STAMPS)/install-dev $(STAMPS)/assets $(STAMPS)/messages ## take the pictures of the documents
	$(BIN)/python tools/screenshots.py

lock: ## pin the newest allowed versions with hashes, and the front-end files (needs uv and npm)
	sh tools/lock.sh

clean: ## remove everything that can be made again; the data in var/ stays
	rm -rf $(STAMPS) build node_modules luoshi/kit/static/vendor var/static .mypy_cache .ruff_cache .import_linter_cache
	find luoshi tests tools -name '__pycache__' -type d -prune -exec rm -rf {} +
