# make demo   set up, and turn the whole loop offline in demo_tf_files/
# make test   set up, lint and run all tests, offline
# make lint   check the format, look for slips (ruff) and check the types (mypy)
# make lint-js  the same for the check page's JavaScript (needs node and npm; `make lint` does it too once this was run)
# make format  format all Python files
# make matrix  the demo and all tests with every Python of 3.10 to 3.13 that is installed, each in an environment of its own
# make coverage  run all tests and print which lines of flow/ and scripts/ none of them reached
# make pictures  make the pictures of README.md and docs/ anew (needs chromium with chromedriver)
# make faults print how many kill points, fault cases, damaged images and names were tried; with EVERY=5 a fifth of the kill points
PYTHON ?= python3
VENV ?= .venv
# Tests wait for pages, signals and servers half of the time: two workers a core, and a test file stays with one.
WORKERS ?= 4
EVERY ?= 1

.PHONY: demo test lint lint-js format matrix coverage faults pictures install install-test clean

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed tests/requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

demo: install
	@$(VENV)/bin/python scripts/demo.py

lint: install-test
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	@if [ -d tests/js/node_modules ]; then npm run --silent --prefix tests/js lint; fi

lint-js:
	npm install --prefix tests/js --no-package-lock --no-audit --no-fund --silent
	npm run --silent --prefix tests/js lint

format: install-test
	$(VENV)/bin/ruff format .

test: lint
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

matrix:
	@for minor in 10 11 12 13; do \
	  python=$$(for p in python3.$$minor $$HOME/.pyenv/versions/3.$$minor.*/bin/python; do \
	    $$p -c '' 2>/dev/null && echo $$p && break; done); \
	  if [ -z "$$python" ]; then echo "Python 3.$$minor: not installed here"; continue; fi; \
	  if $(MAKE) --no-print-directory demo test PYTHON=$$python VENV=.venv3.$$minor >matrix-3.$$minor.log 2>&1; \
	  then echo "Python 3.$$minor: demo and tests pass ($$(grep -E '[0-9]+ passed' matrix-3.$$minor.log | tail -1))"; \
	  else echo "Python 3.$$minor: FAILED, see matrix-3.$$minor.log"; failed=1; fi; \
	done; test -z "$$failed"

coverage: install-test
	$(VENV)/bin/coverage erase
	$(VENV)/bin/coverage run -m pytest
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report

faults: install-test
	$(VENV)/bin/python -m tests.faults $(EVERY)

pictures: install-test
	$(VENV)/bin/python -m tests.pictures

clean:
	rm -rf $(VENV) .venv3.* matrix-*.log demo_tf_files .coverage .coverage.*
