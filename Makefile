# Everything with Python 3.11 and make only: uv is fetched into .tools/ on the first run.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
# The lock is obeyed as it stands; a second run needs no network.
RUN := $(UV) run --frozen

.PHONY: demo demo-check test test-slow search check bench docs examples messages screens clean

demo: .venv/ready
	$(RUN) doseway demo

# The same without a browser, and as fast as it goes.
demo-check: .venv/ready
	$(RUN) doseway demo --check

test: .venv/ready
	$(RUN) pytest -n auto -m "not slow"

# Dask is installed beside the rest, by this target alone.
test-slow: .venv/ready
	$(RUN) --extra dask pytest -n auto -m slow

# Looks for new counterexamples at random, where `make test` tries the same ones each time.
search: .venv/ready
	$(RUN) pytest -n auto -m hypothesis --hypothesis-profile=search

check: .venv/ready
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

# ONLY=name measures one workload again, ONLY=--resume goes on where a run was broken off.
bench: .venv/ready
	$(RUN) --group bench python -m benchmarks $(ONLY)

docs: .venv/ready
	$(UV) run --frozen --group docs sphinx-build -n -W -b html docs build/docs

examples: .venv/ready
	$(RUN) python examples/make_examples.py

# Brings the pages' translations up to date with the source, and compiles them.
messages: .venv/ready
	$(RUN) python web/messages.py

# Pictures of every page, light, dark and on a phone, in build/screens.
screens: .venv/ready
	DOSEWAY_SCREENS=build/screens $(RUN) pytest -n 2 tests/ui/test_pages.py

.venv/ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

.tools/bin/uv:
	$(PYTHON) -m venv .tools 2>/dev/null || { echo "Python's venv module is missing: install python3-venv (Debian) and run make again." >&2; exit 1; }
	.tools/bin/pip install --quiet --disable-pip-version-check uv

clean:
	rm -rf web/node_modules src/doseway/ui/static .venv .tools build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
