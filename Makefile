# Each target makes .venv first; `make setup` does only that.
.PHONY: setup demo screenshots run test faults soak fuzz fuzz-api bench bench-faults bench-control lint format lock clean

setup:
	@tools/setup run

demo: setup
	@exec .venv/bin/bascule demo

# Needs root: Chromium looks at a Bascule in a network of its own.
screenshots:
	@tools/setup dev
	@tools/debian-packages
	@PYTHONPATH=tests exec .venv/bin/python -m bed.screenshots docs/screenshots

run: setup
	@test -n "$(CONFIG)" || { echo "say which configuration: make run CONFIG=FILE" >&2; exit 2; }
	@exec .venv/bin/bascule run --config "$(CONFIG)"

test:
	@exec tools/test

soak:
	@SOAK_SECONDS=$${SOAK_SECONDS:-1800} exec tools/test -s -n 0 tests/whole/test_soak.py

faults:
	@FAULTS_EVERY=1 exec tools/test -s -n 0 tests/whole/test_failing_effects.py tests/whole/test_kill_points.py

FUZZ_SECONDS ?= 600

fuzz:
	@tools/setup dev
	@PYTHONPATH=tests exec .venv/bin/python -m fuzz --seconds "$(FUZZ_SECONDS)" $(if $(FUZZ_SEED),--seed "$(FUZZ_SEED)") $(FUZZ_TARGETS)

# API_EXAMPLES (of each resource: so many requests that fit the document, and as many that do not) and API_SEED may be given.
fuzz-api:
	@API_EXAMPLES=$${API_EXAMPLES:-50} exec tools/test -n 0 --timeout 0 tests/whole/test_api.py

# BENCH_ROUNDS (10), BENCH_SECONDS (1, of each load) and BENCH_RESULTS (bench/results) may be given. Needs root.
bench:
	@exec tools/bench paths

bench-faults:
	@exec tools/bench faults

bench-control:
	@exec tools/bench control

lint:
	@exec tools/lint

format:
	@tools/setup dev
	.venv/bin/ruff check --fix src tests bench
	.venv/bin/ruff format src tests bench

lock:
	@tools/setup dev
	tools/lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
