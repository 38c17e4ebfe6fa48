#!/usr/bin/env bash
# Resolve what pyproject.toml asks for, and write requirements*.txt with the hash of every file
# that PyPI has of each version: `make lock`. Versions that are locked stay as they are; a package
# to renew is named: `make lock UPGRADE="pillow boto3"`.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
upgrade=()
for package in ${UPGRADE:-}; do upgrade+=(--upgrade-package "$package"); done

lock() { # FILE, what it is for, options of uv
  local file=$1 purpose=$2
  shift 2
  "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header "${upgrade[@]}" "$@" --output-file "$file"
  printf '# %s. Generated from pyproject.toml by `make lock`; do not edit.\n%s\n' \
    "$purpose" "$(cat "$file")" >"$file"
}

# The largest comes first, so that all of them agree.
lock requirements-dev.txt "The server, all that its tests need, and the documentation's generator" \
  --extra server --extra otel --extra celery --extra svg --extra pdf --extra jxl --extra faces --extra deep --group build --group dev --group site
lock requirements.txt "The server" --constraint requirements-dev.txt --extra server --group build
for extra in otel celery sqs svg pdf jxl faces deep; do
  lock "requirements/$extra.txt" "The extra '$extra'" --constraint requirements-dev.txt \
    --extra "$extra"
done
