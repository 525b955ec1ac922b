# What a user needs: `make search Q="社工站 全覆盖"`. What a developer needs: `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
Q      ?= 社工站 全覆盖

.PHONY: help search rebuild test lint quality stress bench clean opensearch opensearch-jars test-opensearch bench-opensearch

help:
	@echo 'make search Q="社工站 全覆盖"   bring the index up to date with seeds/ and ask it'
	@echo 'make rebuild                   bring the index up to date with seeds/'
	@echo 'make test                      lint, types, tests'
	@echo 'make bench CORPUS=FILE.jsonl.gz  swsearch beside other systems, see bench/README.md'
	@echo 'make clean                     remove .venv and the index'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("swsearch needs Python 3.10 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)

# Installed in place; again only when pyproject.toml changes.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@touch $@ $(VENV)/.installed

# Exit status 3 says that some files were skipped and named; the rest is there to be searched.
rebuild: $(VENV)/.installed
	@$(BIN)/swsearch rebuild seeds || [ $$? -eq 3 ]

search: rebuild
	@$(BIN)/swsearch query "$$Q"

export Q

test: lint
	$(BIN)/python -m pytest -n 2

bench: $(VENV)/.installed-bench
	$(BIN)/python -m bench $(CORPUS) $(BENCH)

# How well pages, matching and ranking do, with figures: make quality CORPUS=FILE.jsonl.gz REAL=FOLDER
quality: $(VENV)/.installed-test
	$(BIN)/python tests/gold/score.py
	$(if $(REAL),$(BIN)/python tests/gold/score.py --real $(REAL))
	$(if $(CORPUS),$(BIN)/python tests/gold/score.py --clean $(CORPUS))
	$(BIN)/python -m quality $(CORPUS)

# Long runs: docs/reliability.md; 2,000 generated cases for each engine; 100,000 query strings for the parser.
CASES ?= 2000
stress: $(VENV)/.installed-test
	SWSEARCH_STRESS=1 $(BIN)/python -m pytest -s tests/test_reliability.py
	SWSEARCH_CASES=$(CASES) $(BIN)/python -m pytest -s tests/test_engine_contract.py
	$(BIN)/python -m pytest -m stress

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) index/* build dist

# ---- the cluster engine: docs/cluster.md. Java and Maven are needed for these only.

$(VENV)/.installed-opensearch: pyproject.toml | $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,opensearch]'
	@touch $@

# The jars, once; says in a sentence what is missing for it.
opensearch-jars: | $(BIN)/python
	@$(BIN)/python tools/opensearch-node/nodes.py --fetch

# One node on loopback, in the foreground, to play with; Ctrl-C stops it.
opensearch: $(VENV)/.installed-opensearch opensearch-jars
	@$(BIN)/python tools/opensearch-node/nodes.py

# Starts nodes of its own on free ports and stops them. The contract is as long as all the other files together.
test-opensearch: opensearch-jars $(VENV)/.installed-opensearch
	SWSEARCH_TEST_CLUSTER=start $(BIN)/python -m pytest -n 2 --dist loadfile tests/opensearch

# The embedded engine and a node of its own side by side: make bench-opensearch CORPUS=FILE.jsonl.gz
bench-opensearch: opensearch-jars $(VENV)/.installed-opensearch $(VENV)/.installed-bench
	$(BIN)/python -m bench.opensearch $(CORPUS)
