# make run: everything from nothing to a chat at http://127.0.0.1:8642. The other targets are for those who build Yoriai.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Without a terminal there is nobody to ask: whoever calls `make run` from a script has consented.
CONSENT := $(shell [ -t 0 ] || echo --yes)

.PHONY: setup run test test-all lint bench bench-prediction bench-kernel-threads bench-retrieval bench-retrieval-cost bench-answerable bench-answers bench-support bench-rating bench-many-minds bench-sandbox docs lock clean

setup: $(VENV)/ready
run: $(VENV)/run-ready
	@$(BIN)/yoriai serve --open $(CONSENT) $(ARGS)
test: setup
	$(BIN)/python -m pytest -m "not slow" --numprocesses 4 --dist loadfile --no-loadscope-reorder --reruns 1 $(ARGS)
test-all: setup
	$(BIN)/python -m pytest $(ARGS)
lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
bench: setup
	$(BIN)/python benchmarks/engine.py $(ARGS)
bench-prediction: setup
	$(BIN)/python benchmarks/prediction.py $(ARGS)
bench-kernel-threads: setup
	$(BIN)/python benchmarks/kernel_threads.py $(ARGS)
bench-retrieval: setup
	$(BIN)/python benchmarks/retrieval.py $(ARGS)
bench-retrieval-cost: setup
	$(BIN)/python benchmarks/retrieval_cost.py $(ARGS)
bench-answerable: setup
	$(BIN)/python benchmarks/answerable.py $(ARGS)
bench-answers: setup
	$(BIN)/python benchmarks/answers.py $(ARGS)
bench-support: setup
	$(BIN)/python benchmarks/support.py $(ARGS)
bench-many-minds: setup
	$(BIN)/python benchmarks/many_minds.py $(ARGS)
bench-sandbox: setup
	$(BIN)/python benchmarks/sandbox.py $(ARGS)
bench-rating: setup
	$(BIN)/python benchmarks/rating.py $(ARGS)
docs: setup
	$(BIN)/python docs/generate_settings.py

$(VENV)/run-ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@
$(VENV)/ready: $(VENV)/run-ready requirements-dev.lock
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@touch $@
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml requirements-build.in -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml requirements-build.in --group dev -o requirements-dev.lock
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
