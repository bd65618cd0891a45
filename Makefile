# make run opens the console on the bundled tape; make test proves the project. Both build what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := bench/.peers/.ready

REPLAYS := long-cascade short-squeeze informed-selloff quiet-night gap-and-reconnect

.PHONY: run test test-long lint bench replays pictures clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(READY)
	$(BIN)/lobterm replay replays/long-cascade.parquet --at 07:54:12

test: $(READY)
	$(BIN)/python -m pytest -q

test-long: $(READY)
	$(BIN)/python -m pytest -q -m 'long or not long'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# hftbacktest wants an older numpy than ours, so it lives apart
$(PEERS): bench/peers-constraints.txt
	$(PYTHON) -m venv bench/.peers
	bench/.peers/bin/python -m pip install --quiet --disable-pip-version-check -c bench/peers-constraints.txt hftbacktest
	@touch $@

bench: $(READY) $(PEERS)
	$(BIN)/python bench/replay.py
	$(BIN)/python bench/import_raw.py
	$(BIN)/python bench/decoder.py
	$(BIN)/python bench/tape.py
	$(BIN)/python bench/engine.py

# the bundled tapes anew, with what the engine says of them: a change of either shows in git
replays: $(READY)
	for name in $(REPLAYS); do \
	  $(BIN)/lobterm tape simulate --scenario $$name --seed 7 --seconds 1260 --book-ms 1000 --touch-ms 100 --far-ms 30000 \
	    --warm 1800 --out replays/$$name.parquet || exit 1; \
	done
	$(BIN)/python replays/golden.py

# the README's pictures anew, from a bundled market: the same to the byte
pictures: $(READY)
	$(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV) bench/.peers
