#!/bin/bash
# A real, small OpenStack Swift for the tests: a proxy with its S3 front, 3 nodes, memcached, on loopback.
#   swift.sh install|start|stop|status|kill-node N|kill-object N|start-node N|replicate|destroy      (nodes are 1..N)
# `install` takes memcached from Debian (as root) and Swift from PyPI, into a venv of its own.
# Needs a file system with user xattrs and nothing under /etc/swift.
# Env: SWIFT_DIR VENV PORT(8380) BASE(6200) NODES(3) REPLICAS(3) ; credentials are "test:tester" / "testing"
set -euo pipefail
DIR=${SWIFT_DIR:-/tmp/progimage-swift}; VENV=${VENV:-/tmp/progimage-swift-venv}
PORT=${PORT:-8380}; BASE=${BASE:-6200}; NODES=${NODES:-3}; REPLICAS=${REPLICAS:-3}; MC=$((BASE+99))
# running: exists and is not a zombie (pid 1 here may reap late, and kill -0 succeeds on a zombie)
running() { local st; st=$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) && [ -n "$st" ] && [ "$st" != Z ]; }
alive() { [ -s "$DIR/pid/$1" ] && running "$(cat "$DIR/pid/$1")"; }
spawn() { local n=$1; shift; alive "$n" && return 0; setsid "$@" >>"$DIR/log/$n.log" 2>&1 </dev/null & echo $! >"$DIR/pid/$n"; }
stop_one() { local f="$DIR/pid/$1" p; [ -s "$f" ] || return 0; p=$(cat "$f"); kill "-${2:-TERM}" "$p" 2>/dev/null || true
  for _ in $(seq 50); do running "$p" || break; sleep 0.1; done; kill -KILL "$p" 2>/dev/null || true; rm -f "$f"; }
port() { case $1 in object) echo $((BASE+$2*10));; container) echo $((BASE+$2*10+1));; account) echo $((BASE+$2*10+2));; esac; }
mk() {
  rm -rf "$DIR"; mkdir -p "$DIR"/{pid,log,cache}
  printf '[swift-hash]\nswift_hash_path_prefix = %s\nswift_hash_path_suffix = %s\n[storage-policy:0]\nname = one\ndefault = yes\n' pre suf >"$DIR/swift.conf"
  cd "$DIR"
  for t in object container account; do
    "$VENV/bin/swift-ring-builder" $t.builder create 5 "$REPLICAS" 0 >/dev/null
    for n in $(seq "$NODES"); do "$VENV/bin/swift-ring-builder" $t.builder add "r1z$n-127.0.0.1:$(port $t $n)/d$n" 100 >/dev/null; done
    "$VENV/bin/swift-ring-builder" $t.builder rebalance >/dev/null || [ $? = 1 ]
  done
  for n in $(seq "$NODES"); do
    mkdir -p "$DIR/node$n/d$n"
    for t in object container account; do cat >"$DIR/$t-$n.conf" <<CFG
[DEFAULT]
devices = $DIR/node$n
mount_check = false
bind_ip = 127.0.0.1
bind_port = $(port $t $n)
workers = 0
swift_dir = $DIR
user = root
log_level = WARNING
log_address = $DIR/nolog
fallocate_reserve = 0
disable_fallocate = true
recon_cache_path = $DIR/cache
rsync_module = x
[pipeline:main]
pipeline = $t-server
[app:$t-server]
use = egg:swift#$t
allow_versions = on
[$t-replicator]
sync_method = ssync
recon_cache_path = $DIR/cache
[$t-updater]
[$t-auditor]
[object-expirer]
CFG
    done
  done
  cat >"$DIR/proxy.conf" <<CFG
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $PORT
workers = ${WORKERS:-0}
swift_dir = $DIR
user = root
log_level = WARNING
log_address = $DIR/nolog
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
conn_timeout = 0.5
node_timeout = 10
recoverable_node_timeout = 5
error_suppression_interval = 5
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
dns_compliant_bucket_names = true
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$MC
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
CFG
  for f in catch_errors gatekeeper healthcheck listing_formats bulk tempurl copy slo dlo symlink; do printf '[filter:%s]\nuse = egg:swift#%s\n' $f $f >>"$DIR/proxy.conf"; done
}
# the daemons (unlike the servers) do not read swift_dir from their conf: set it before they run, so that nothing is needed in /etc/swift
daemon() { local d=$1 n=$2; shift 2; "$VENV/bin/python" -c "import sys,runpy,swift.common.utils as u; u.set_swift_dir('$DIR'); sys.argv=['swift-$d','$DIR/${d%%-*}-$n.conf']+sys.argv[1:]; runpy.run_path('$VENV/bin/swift-$d', run_name='__main__')" "$@"; }
start_node() { for t in object container account; do spawn "$t-$1" "$VENV/bin/python" "$VENV/bin/swift-$t-server" "$DIR/$t-$1.conf"; done; }
names() { echo proxy; for n in $(seq "$NODES"); do for t in object container account; do echo $t-$n; done; done; echo memcached; }
install() {
  if ! command -v memcached >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends memcached
    else
      echo "memcached is missing. On Debian or Ubuntu: sudo apt-get install memcached" >&2; exit 1
    fi
  fi
  # Marked when it is whole, so that an interrupted installation is done again.
  [ -e "$VENV/.installed" ] || {
    python3 -m venv --clear "$VENV"
    "$VENV/bin/pip" install --disable-pip-version-check -q swift==2.38.3
    touch "$VENV/.installed"
  }
}
case ${1:-start} in
  install) install;;
  start) t0=$(date +%s.%N); [ -e "$DIR/proxy.conf" ] || mk
    spawn memcached memcached -u root -l 127.0.0.1 -p "$MC" -m 64 -U 0
    for n in $(seq "$NODES"); do start_node "$n"; done
    spawn proxy "$VENV/bin/python" "$VENV/bin/swift-proxy-server" "$DIR/proxy.conf"
    for _ in $(seq 150); do [ "$(curl -s "http://127.0.0.1:$PORT/healthcheck")" = OK ] && break; sleep 0.2; done
    for n in $(seq "$NODES"); do for t in object container account; do for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$(port $t $n)/" && break; sleep 0.1; done; done; done
    echo "ready in $(echo "$(date +%s.%N) - $t0" | bc 2>/dev/null || python3 -c "import time;print(round(time.time()-$t0,1))") s: http://127.0.0.1:$PORT test:tester testing";;
  stop) for n in $(names); do stop_one "$n"; done;;
  destroy) "$0" stop; rm -rf "$DIR";;
  kill-node) for t in object container account; do stop_one "$t-$2" KILL; done; echo "node $2 killed";;
  kill-object) stop_one "object-$2" KILL; echo "object server $2 killed";;
  start-node) start_node "$2"; echo "node $2 started";;
  replicate) for n in $(seq "$NODES"); do for d in object-updater container-updater object-replicator container-replicator account-replicator; do daemon $d "$n" once -v >"$DIR/log/$d-$n.log" 2>&1 || { echo "$d $n failed"; tail -n 2 "$DIR/log/$d-$n.log"; }; done; done;;
  status) for n in $(names); do printf '%-14s %s\n' "$n" "$(alive $n && awk '/VmRSS/{print int($2/1024)" MiB"}' /proc/$(cat $DIR/pid/$n)/status || echo down)"; done;;
esac
