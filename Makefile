# The two commands of the README: `make demo` and `make test`. Both make their own virtual environment in .venv.
#   make test TORCH=torch==2.10.0      another PyTorch
#   make test PYTEST_ARGS="tests/ops -x"
PYTHON ?= python3
VENV ?= .venv
TORCH ?= $(shell grep -m1 '^torch' constraints.txt)
PYTEST_ARGS ?=
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt $(wildcard cuda_ext/CMakeLists.txt cuda_ext/*.cpp cuda_ext/*/*.h cuda_ext/*/*.cpp cuda_ext/*/*.cu)

.PHONY: demo test lint install clean

demo: install
	$(BIN)/python -m pcc.evaluation.demo data/sample
	$(BIN)/python train.py experiment=smoke overwrite=true
	$(BIN)/python eval.py data=eval_sample model=runs/smoke/smoke.safetensors

test: install
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: $(VENV)/installed

# Editable: tests and scripts use the sources here; a change under cuda_ext builds the extension anew.
$(VENV)/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	echo "$(TORCH)" > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet -c $(VENV)/constraints.txt -e ".[train,eval,cluster,io,dev]"
	touch $@

clean:
	rm -rf $(VENV) build runs outputs
