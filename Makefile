# make demo   set up, and turn the whole loop offline in demo_tf_files/
# make test   set up, lint and run all tests, offline
# make faults print how many kill points, fault cases, damaged images and names were tried
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test lint faults install install-test clean

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
	$(VENV)/bin/ruff check .

test: lint
	$(VENV)/bin/python -m pytest

faults: install-test
	$(VENV)/bin/python -m tests.faults

clean:
	rm -rf $(VENV) demo_tf_files
