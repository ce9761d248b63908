# geleit: `make demo` shows it, `make test` proves it. Everything needed is installed into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= demo
EVENTS ?= 1_000_000

.DEFAULT_GOAL := help
LOGS   ?= 800

# Tests start hundreds of processes; each would compile the whole package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test proven lint types contracts sizes unit browser servers clients lock docs long analytics-long spark-long bench-bulk clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

demo: $(VENV)/.installed ## build the example company in ./demo and open it in the browser
	$(BIN)/geleit demo $(DEMO)

test: $(VENV)/.installed ## everything that must hold before a change lands: the tests, and the checks beside them
	@$(MAKE) --no-print-directory -k -j2 -Otarget proven lint types contracts sizes

# One after another: packages are installed under one lock, and the tests need them all.
# Always the same examples in the same order, so that what fails here fails again; unit and long look elsewhere each time.
proven:
	@sh scripts/ensure_chromium.sh
	@sh scripts/ensure_servers.sh
	@sh scripts/ensure_clients.sh
	@$(MAKE) --no-print-directory unit SEEDS="--randomly-seed=1 --hypothesis-seed=1"

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

contracts: $(VENV)/.installed
	$(BIN)/lint-imports

sizes: $(VENV)/.installed
	$(BIN)/python scripts/check_sizes.py
	$(BIN)/python scripts/check_lock.py

browser: ## Debian's Chromium for the page tests, where it is missing and may be installed
	@sh scripts/ensure_chromium.sh

servers: ## Debian's PostgreSQL and MariaDB for the source tests, where they are missing and may be installed
	@sh scripts/ensure_servers.sh

clients: ## the real client libraries for Node that the contract tests run
	@sh scripts/ensure_clients.sh

unit: $(VENV)/.installed
	$(BIN)/python -m pytest $(SEEDS)

lock: $(VENV)/.installed ## write requirements/*.txt anew from pyproject.toml
	$(BIN)/python scripts/check_lock.py --write

docs: $(VENV)/.installed ## write the generated pages and pictures of docs/ anew
	$(BIN)/python scripts/write_docs.py
	$(BIN)/python scripts/draw_docs.py
	$(BIN)/python scripts/draw_tutorial.py

long: $(VENV)/.installed clients ## the long kill storms and many more random examples (about an hour)
	GELEIT_KILLS=200 $(BIN)/python -m pytest -n 0 tests/stories/test_kill.py tests/stories/test_live_kill.py tests/stories/test_bulk_kill.py \
		tests/stories/test_bulk_steps.py tests/intake/test_bulk_dirt.py tests/contract/test_client_kills.py tests/stories/test_power_cut.py \
		tests/stories/test_postgres_kill.py tests/stories/test_segment_kill.py tests/history/test_kills.py tests/intake/test_bulk_likely.py
	GELEIT_EXAMPLES=20 $(BIN)/python -m pytest tests/identity tests/history/test_history.py tests/intake/test_bulk.py tests/intake/test_live.py \
		tests/segments/test_agreement.py tests/charts/test_charts_pictures.py tests/maps/test_pictures.py tests/sources/test_csv.py

analytics-long: $(VENV)/.installed ## every analysis on LOGS random logs: kernels, reference SQL and brute force must agree (an hour)
	GELEIT_LOGS=$(LOGS) $(BIN)/python -m pytest -q tests/analytics
	GELEIT_LOGS=$(LOGS) $(BIN)/python -m pytest -q tests/web/test_journeys.py tests/web/test_grids_open.py tests/web/test_journeys_browser.py

spark-long: $(VENV)/.installed ## every question on a real Spark: a master, two workers, a Connect server (Java 17; half an hour)
	GELEIT_LOGS=1 $(BIN)/python scripts/spark_long.py

bench-bulk: $(VENV)/.installed ## from a file to customers, with DuckDB's bare reading as floor (EVENTS=10_000_000 for all)
	$(BIN)/python benchmarks/bulk.py --events $(EVENTS)

clean: ## remove the environment and the built demo
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
