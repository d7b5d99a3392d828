# Everything happens in .venv, which the targets make when it is not there or out of date.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo site test test-e2e test-spark check lint types generate bench clean

# The newest python of a checkout that was never set up needs nothing but venv and pip.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crm_ibis needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,flows,site]'
	$(BIN)/python -m compileall -q src
	touch $@

## Sample data -> all KPIs on embedded DuckDB -> the scorecard.
demo: .venv/installed
	$(BIN)/crm-ibis demo

## The site, from the demo's database.
site: .venv/installed
	$(BIN)/crm-ibis --database duckdb://crm-demo.duckdb site build

## All tests but the slow ones, on DuckDB and on a PostgreSQL that they start themselves. Three
## processes for two cores, as some tests only wait.
test: .venv/installed
	$(BIN)/python -m pytest -q -n 3 -m "not e2e and not spark"

## Killed processes, two at once, the installed wheel, large sites, a whole production: what takes
## long.
test-e2e: .venv/installed
	$(BIN)/python -m pytest -q -n 2 -m e2e

# Spark is large, and its pins are none of the others' business: an environment of its own.
.venv-spark/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test-spark]'
	touch $@

## Sources in Spark, results in DuckDB and PostgreSQL: the same cells. Needs no Java installed.
test-spark: .venv-spark/installed
	.venv-spark/bin/python -m pytest -q -n 0 -m spark tests/spark

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy
	for file in tests/*/conftest.py; do $(BIN)/mypy $$file || exit 1; done

check: lint types test

## What is made from the code: docs/kpis.md and docs/expressions.md from docstrings and contracts,
## prefect.yaml from jobs.yml, golden SQL from tables and connectors, the README's figures from
## ratios.json. Tests fail while one of them is out of date.
generate: export CRM_IBIS_HOME =
generate: .venv/installed
	$(BIN)/python -c 'from pathlib import Path; from crm_ibis.metrics.describe import markdown; Path("docs/kpis.md").write_text(markdown(), encoding="utf-8")'
	$(BIN)/python -c 'from pathlib import Path; from crm_ibis.metrics.describe_expressions import markdown; Path("docs/expressions.md").write_text(markdown(), encoding="utf-8")'
	$(BIN)/python -m crm_ibis deployments
	CRM_IBIS_HOME=examples/acme $(BIN)/python -m crm_ibis deployments
	$(BIN)/python -m pytest -q tests/test_golden_sql.py tests/sources/test_connector_sql.py --update-golden
	$(BIN)/python -m benchmarks.bench --readme

## Whole processes against hand-written SQL, 0.1 to 3 million leads, on DuckDB and on PostgreSQL; what
## single commands cost; merging a history of a million rows on both. Takes an hour or two. Exits 1
## when a ratio grew by more than a fifth; BENCH=--keep keeps the new ones, BENCH="--only small" is
## one part.
bench: .venv/installed
	$(BIN)/python -m benchmarks.bench $(BENCH)
	$(BIN)/python -m benchmarks.history

clean:
	rm -rf .venv .venv-spark bench-data build dist site crm.duckdb crm-demo.duckdb
