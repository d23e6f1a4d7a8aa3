# The verbs of Cadenza; `make` alone lists them. All they need besides make: Python 3.11 to 3.13 with pip.
# PYTHON=python3.12 chooses another interpreter; ARGS="..." is handed on to the program that a verb calls.

FOUND := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
PYTHON ?= $(or $(FOUND),python3)

VENV := .venv
IN := $(VENV)/bin/python
PIP := $(IN) -m pip --disable-pip-version-check install --quiet --quiet --no-input
MODULES := bot jobs worker model sandbox web benchmarks
DATA ?= data
OUT ?= runs/piano

.DEFAULT_GOAL := help
.PHONY: help run test test-fast fuzz faults audit licences check bench train fix lock resolve digests clean

help:
	@echo 'make run     start the whole system here; with DISCORD_TOKEN set, on the real Discord'
	@echo 'make test    run all tests, on all cores; make test-fast: those without network, processes and TensorFlow'
	@echo 'make fuzz    read thousands of damaged and hostile files; ARGS="--inputs 20000 --seed 7"'
	@echo 'make faults  kill and freeze real processes under a load of commands; ARGS="--commands 1000 --seed 7"'
	@echo 'make check   format, lint and types, without changing a file'
	@echo 'make bench   measure drawing, load, rendering, preparing and training beside their baselines'
	@echo 'make train   train a model: make train DATA=folder-or-archive OUT=runs/piano'
	@echo 'make fix     let the formatter and the linter mend what they can'
	@echo 'make lock    write the pinned lists in requirements/ from pyproject.toml; ARGS=--upgrade takes newer versions'
	@echo 'make resolve check that each list installs from wheels on every platform (asks the package index)'
	@echo 'make audit   look for known weaknesses in the pinned packages (asks the package index)'
	@echo 'make licences list the licence of every package'
	@echo 'make digests pin the base images in Dockerfile and docker-compose.yml (asks the image registry)'
	@echo 'make clean   remove .venv and caches; var/, runs/ and .env stay'

run: $(VENV)/.run
	@exec $(IN) -m sandbox $(ARGS)

test: $(VENV)/.dev
	@exec $(IN) -m pytest $(ARGS)

# every part runs, so that one go shows every problem
test-fast: $(VENV)/.dev
	@exec $(IN) -m pytest -m fast $(ARGS)

check: $(VENV)/.dev
	@status=0; \
	echo 'format:'; $(IN) -m ruff format --check . || status=1; \
	echo 'lint:'; $(IN) -m ruff check . || status=1; \
	echo 'types:'; $(IN) -m mypy $(MODULES:%=-p %) || status=1; \
	exit $$status

fuzz: $(VENV)/.dev
	@exec $(IN) -m tests.fuzz.fuzzing $(ARGS)

faults: $(VENV)/.dev
	@exec $(IN) -m tests.faults.breaking $(ARGS)

bench: $(VENV)/.run
	@exec $(IN) -m benchmarks $(ARGS)

train: $(VENV)/.train
	@exec $(IN) -m model train --data $(DATA) --out $(OUT) --backend torch $(ARGS)

fix: $(VENV)/.dev
	@$(IN) -m ruff check --fix . ; $(IN) -m ruff format .

# One version of a package for all lists: dev.txt holds them all and constrains the others. What a list pins already
# stays, unless ARGS=--upgrade. s3fs: botocore asks for python-dateutil below 3, but rq's croniter needs 4.
LOCK := $(IN) -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-annotate --only-binary :all: --custom-compile-command 'make lock'

lock: $(VENV)/.dev
	@$(LOCK) $(ARGS) --extra dev pyproject.toml -o requirements/dev.txt
	@for group in bot worker worker-gpu sandbox train; do \
	$(LOCK) $(ARGS) -c requirements/dev.txt --extra "$$group" pyproject.toml -o "requirements/$$group.txt" || exit 1; done
	@$(LOCK) $(ARGS) --no-deps --group no-deps -o requirements/no-deps.txt
	@grep '^python-dateutil==' requirements/dev.txt | tr -d '\\' \
	| $(LOCK) $(ARGS) -c requirements/dev.txt --overrides - --group s3 -o requirements/s3.txt
	@git --no-pager diff --stat -- requirements

resolve: $(VENV)/.dev
	@exec $(IN) requirements/resolve.py

# nothing is installed for it: the hashes in the lists say what is meant. --strict: what cannot be looked up is a fault
audit: $(VENV)/.dev
	@status=0; for list in bot worker sandbox train s3; do echo "$$list:"; \
	$(IN) -m uv tool run --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes \
	-r "requirements/$$list.txt" $(ARGS) || status=1; done; exit $$status

licences: $(VENV)/.run
	@exec $(IN) requirements/licences.py $(ARGS)

digests:
	@exec sh deploy/digests.sh

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says that its lists are installed; with all of them in place nothing asks the network any more.

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	echo 'Cadenza needs Python 3.11, 3.12 or 3.13, and "$(PYTHON)" is' \
	"$$($(PYTHON) --version 2>/dev/null || echo 'not there'). Install one, or name it: make PYTHON=python3.12 ..." >&2; \
	exit 1; }
	@test -x $(IN) || { echo 'making $(VENV) with $(PYTHON)'; $(PYTHON) -m venv $(VENV) >/dev/null 2>&1; } || { \
	rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(IN) install --quiet pip; } || { \
	rm -rf $(VENV); echo 'No virtual environment could be made: install venv or pip for $(PYTHON) (Debian: python3-venv).' >&2; \
	exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements/bot.txt requirements/worker.txt requirements/sandbox.txt requirements/no-deps.txt
	@echo 'installing what running needs into $(VENV) (about 2 GB, a few minutes, only this once)'
	@$(PIP) --require-hashes --only-binary :all: -r requirements/bot.txt -r requirements/worker.txt -r requirements/sandbox.txt
	@$(PIP) --require-hashes --only-binary :all: --no-deps -r requirements/no-deps.txt
	@$(IN) -m model.generation
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo 'installing what the tests need'
	@$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

$(VENV)/.train: $(VENV)/.run requirements/train.txt requirements/torch.txt
	@echo 'installing PyTorch, which trains several times faster'
	@$(PIP) --require-hashes --only-binary :all: -r requirements/train.txt
	@$(PIP) -r requirements/torch.txt
	@touch $@
