# Two commands matter: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests start the service hundreds of times; each start would compile it again.
unexport PYTHONDONTWRITEBYTECODE
# The suites that hold for any store, here over Ceph, and those about real servers.
S3_TESTS := tests/system/s3 tests/stores/s3/test_store.py::TestS3Store tests/stores/test_probe.py \
  tests/stores/test_service_on_s3.py tests/api tests/ingest/resumable/test_uploads.py tests/library/test_library.py \
  tests/library/test_owners.py tests/renditions/test_renditions.py tests/maintenance/test_reindex.py tests/library/search/test_catalogue.py \
  tests/system/serving/test_restore.py

.PHONY: engine-checksums run test test-server test-fronts test-origins test-s3 test-abuse test-faults test-nginx test-topology test-nodes test-api nginx test-tus-js test-typescript test-generated test-signing test-celery test-console test-iiif browser pictures bench bench-smoke bench-tools client reference docs lock scan audit test-package lint types check clean help

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run ## Install what is needed and serve on 127.0.0.1:8000 over ./var/store
	@exec $(BIN)/progimage serve --create-store

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/pytest -n auto

test-server: $(VENV)/.dev ## Test a real server: its sockets, processes and signals, full disks, hostile clients
	@$(BIN)/pytest -n auto tests/system/serving

test-nginx: $(VENV)/.dev nginx ## Test deploy/nginx.conf with a real nginx, installed if root can
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" $(BIN)/pytest tests/system/nginx

test-fronts: $(VENV)/.dev ## Compare with a thumbor that is installed beside us; run the loaders of the docs; needs Node
	@$(BIN)/pytest tests/system/fronts

test-origins: $(VENV)/.dev ## Serve and adopt a thousand photographs of a folder, a web server and a real Ceph
	@tests/system/s3/run.sh $(BIN)/pytest -s tests/system/origins

test-topology: $(VENV)/.dev nginx ## Kill a node of two behind deploy/nginx-cluster.conf, under load
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" $(BIN)/pytest tests/system/topology

test-nodes: $(VENV)/.dev nginx ## Hold three nodes on a folder and a Ceph to their promises; restart each
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" tests/system/s3/run.sh $(BIN)/pytest tests/system/nodes

test-api: $(VENV)/.dev ## Ask a live server all that its description allows: Schemathesis, three minutes
	@$(BIN)/pytest tests/system/api

nginx:
	@export PATH="$$PATH:/usr/sbin:/usr/local/sbin"; \
	if ! command -v nginx >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends nginx; \
	  else \
	    echo "nginx is missing. On Debian or Ubuntu: sudo apt-get install nginx" >&2; exit 1; \
	  fi; \
	fi

test-tus-js: $(VENV)/.dev ## Test resumable uploads with tus-js-client too; needs Node and npm
	@command -v npm >/dev/null || \
	  { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	@npm ci --silent --prefix tests/system/serving/tus_js
	@TUS_JS_IS_NEEDED=1 $(BIN)/pytest tests/system/serving/test_resumable.py

test-generated: $(VENV)/.openapi-generator ## Write clients in Python and TypeScript with openapi-generator and use them; needs Node and npm
	@command -v npm >/dev/null || \
	  { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	@$(BIN)/pytest tests/system/generated

test-typescript: $(VENV)/.dev ## Compile the TypeScript client and test it with a real server; needs Node and npm
	@command -v npm >/dev/null || \
	  { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	@$(BIN)/pytest tests/system/typescript

test-signing: $(VENV)/.dev ## Run the examples that sign links, in five languages, installed if root can
	@missing=; \
	for pair in node:nodejs php:php-cli go:golang-go ruby:ruby; do \
	  command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends $$missing; \
	  else \
	    echo "Missing. On Debian or Ubuntu: sudo apt-get install$$missing" >&2; exit 1; \
	  fi; \
	fi
	@SIGNING_IS_NEEDED=1 $(BIN)/pytest tests/system/signing

test-celery: $(VENV)/.dev ## Test workers by Celery with a real Redis, installed if root can
	@if ! command -v redis-server >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends redis-server; \
	  else \
	    echo "redis-server is missing. On Debian or Ubuntu: sudo apt-get install redis-server" >&2; exit 1; \
	  fi; \
	fi; \
	$(BIN)/pytest tests/system/celery

test-console: browser ## Test the console in a real Chromium, installed if root can; needs npm
	@command -v npm >/dev/null || \
	  { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	@npm ci --silent --prefix tests/system/console
	@$(BIN)/pytest -n 2 tests/system/console

test-iiif: $(VENV)/.iiif $(VENV)/.viewers browser ## Test IIIF with the consortium's validator, and with viewers in a real Chromium; needs npm
	@$(BIN)/pytest tests/system/iiif

pictures: browser ## Make the pictures of the documentation
	@$(BIN)/pip install --disable-pip-version-check -q --no-deps -r tools/pictures/requirements.txt
	@$(BIN)/python -m tools.pictures

browser: $(VENV)/.browser
	@if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends chromium; \
	  else \
	    echo "Chromium is missing. On Debian or Ubuntu: sudo apt-get install chromium" >&2; exit 1; \
	  fi; \
	fi

test-s3: $(VENV)/.dev ## Test over a real Ceph and a real OpenStack Swift, installed if root can
	@tests/system/s3/swift.sh install
	@PROGIMAGE_TEST_SWIFT=1 tests/system/s3/run.sh $(BIN)/pytest $(S3_TESTS)

test-abuse: $(VENV)/.dev nginx ## Attack a real server, also behind nginx, with slow clients, long texts and costly requests
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" $(BIN)/pytest tests/system/abuse

test-faults: $(VENV)/.dev ## Kill nodes and parts of a real Ceph under load, cut power and network, set clocks wrong
	@missing=; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$$missing libfaketime"; \
	export PATH="$$PATH:/usr/sbin"; \
	for pair in strace:strace mkfs.ext4:e2fsprogs mkfs.xfs:xfsprogs; do \
	  command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends $$missing; \
	  else \
	    echo "Missing. On Debian or Ubuntu: sudo apt-get install$$missing" >&2; exit 1; \
	  fi; \
	fi
	@tests/system/s3/run.sh $(BIN)/pytest tests/system/faults

bench: $(VENV)/.dev bench-tools browser ## Measure beside thumbor, ipx and nginx: about an hour
	@$(BIN)/python -m bench

bench-smoke: $(VENV)/.dev bench-tools browser ## Prove that the benchmarks run
	@$(BIN)/python -m bench --smoke

bench-tools:
	@export PATH="$$PATH:/usr/sbin:/usr/local/sbin"; missing=; \
	for pair in wrk:wrk nginx:nginx node:nodejs npm:npm psql:postgresql redis-server:redis-server; do \
	  command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends $$missing; \
	  else \
	    echo "Missing. On Debian or Ubuntu: sudo apt-get install$$missing" >&2; exit 1; \
	  fi; \
	fi

reference: $(VENV)/.dev ## Write the documentation pages that follow from the code
	@$(BIN)/python -m tools.reference >/dev/null

engine-checksums: $(VENV)/.dev ## Write the table of what the image engine makes, after ENGINE_VERSION was raised
	@$(BIN)/python -m tools.engine_checksums

client: $(VENV)/.dev ## Generate the client's operations and its blocking half
	@$(BIN)/python -m tools.client

docs: $(VENV)/.dev ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict && echo "open site/index.html"

lock: $(VENV)/.dev ## Write requirements*.txt again from pyproject.toml; UPGRADE="name …" renews packages
	@$(BIN)/pip install --disable-pip-version-check -q uv==0.13.9
	@UV=$(BIN)/uv tools/lock.sh

scan: $(VENV)/.dev ## Compare every locked package with the advisories in tools/advisories.json, offline
	@$(BIN)/python -m tools.audit

ADVISORIES ?= https://github.com/pypa/advisory-database

audit: $(VENV)/.dev ## Renew tools/advisories.json from the PyPA's database, scan, and ask PyPI too
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  git clone -q --depth 1 $(ADVISORIES) "$$folder/clone" && \
	  $(BIN)/python -m tools.audit refresh "$$folder/clone"
	@$(BIN)/pip install --disable-pip-version-check -q pip-audit==2.10.1
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

test-package: $(VENV)/.dev ## Build the wheel, install it elsewhere, serve from there
	@$(BIN)/pytest tests/system/package

lint: $(VENV)/.dev ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

check: lint types test ## All that must hold before a commit

clean: ## Remove the environment; pictures under var/ stay
	@rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ProgImage needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Without build isolation, since that would fetch the build's own packages without hashes.
$(VENV)/.run: $(VENV)/bin/python requirements.txt pyproject.toml
	@echo "Installing ProgImage and the packages it needs into $(VENV). This happens once and takes about a minute."
	@$(BIN)/pip install --disable-pip-version-check -q --require-hashes -r requirements.txt
	@$(BIN)/pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing the packages that the tests need."
	@$(BIN)/pip install --disable-pip-version-check -q --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.iiif: $(VENV)/.dev tests/system/iiif/requirements.txt
	@$(PYTHON) -m venv $(VENV)/iiif-validator
	@$(VENV)/iiif-validator/bin/pip install --disable-pip-version-check -q -r tests/system/iiif/requirements.txt
	@touch $@

# The packages alone: what they depend on is in their bundles, and would be 700 MB.
$(VENV)/.viewers: tests/system/iiif/viewers.sha256
	@command -v npm >/dev/null || \
	  { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	@rm -rf $(VENV)/iiif-viewers && mkdir -p $(VENV)/iiif-viewers
	@cd $(VENV)/iiif-viewers && \
	  npm pack --silent $$(sed -E 's/.*  (.*)-([0-9.]+)\.tgz/\1@\2/' $(CURDIR)/tests/system/iiif/viewers.sha256) >/dev/null && \
	  sha256sum --check --quiet $(CURDIR)/tests/system/iiif/viewers.sha256 && \
	  for file in *.tgz; do \
	    name=$${file%%-[0-9]*} && mkdir $$name && tar -xzf $$file -C $$name --strip-components=1 && rm $$file || exit 1; \
	  done
	@touch $@

$(VENV)/.openapi-generator: $(VENV)/.dev tests/system/generated/requirements.txt
	@test -x $(VENV)/openapi-generator/bin/python || $(PYTHON) -m venv $(VENV)/openapi-generator
	@$(VENV)/openapi-generator/bin/pip install --disable-pip-version-check -q -r tests/system/generated/requirements.txt
	@touch $@

$(VENV)/.browser: $(VENV)/.dev tests/system/console/requirements.txt
	@$(BIN)/pip install --disable-pip-version-check -q -r tests/system/console/requirements.txt
	@touch $@
