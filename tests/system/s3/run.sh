#!/bin/bash
# Run a command beside a fresh Ceph, whose address the tests find in the environment:
#   tests/system/s3/run.sh .venv/bin/pytest tests/stores
# Root gets the packages installed; KEEP=1 leaves Ceph running, for the next run.
set -euo pipefail
cd "$(dirname "$0")/../../.."
packages="ceph-mon ceph-osd ceph-mgr radosgw ceph-common curl"
missing=
for name in monmaptool ceph-mon ceph-osd radosgw ceph ceph-authtool curl; do
  command -v "$name" >/dev/null || missing=1
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages
  else
    echo "Ceph is missing. On Debian or Ubuntu: sudo apt-get install --no-install-recommends $packages" >&2
    exit 1
  fi
fi
# Two runs on one machine must not share a cluster, unless it is one to be kept.
if [ -z "${KEEP:-}" ]; then
  export RGW_PORT=${RGW_PORT:-$((20000 + RANDOM % 5000))} MON_PORT=${MON_PORT:-$((25000 + RANDOM % 18 * 400))}
fi
export RGW_PORT=${RGW_PORT:-7480}
export CEPH_DIR=${CEPH_DIR:-/tmp/progimage-ceph-$RGW_PORT}
[ -n "${KEEP:-}" ] || trap 'tests/system/s3/ceph.sh destroy' EXIT
# The command ends first: tests of faults start again what they killed, and would do so
# after the end of everything.
trap : INT TERM HUP
tests/system/s3/ceph.sh start
export CEPH_IS_MADE=1
export AWS_ACCESS_KEY_ID=testaccess AWS_SECRET_ACCESS_KEY=testsecret AWS_EC2_METADATA_DISABLED=true
export PROGIMAGE_TEST_S3_URL="s3://progimage-tests/{prefix}?endpoint_url=http://127.0.0.1:$RGW_PORT&region=us-east-1&read_timeout_s=30"
.venv/bin/python -m tests.system.s3.real
"$@"
