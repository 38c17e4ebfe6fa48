#!/bin/bash
# A real, small Ceph cluster for the tests: 1 monitor, 3 storage daemons, 1 S3 gateway, on loopback, without systemd.
#   ceph.sh start|stop|status|kill-osd N|start-osd N|kill-rgw|destroy
# Packages: apt-get install -y --no-install-recommends ceph-mon ceph-osd ceph-mgr radosgw ceph-common
# LC_DEBUG=10 at the first start makes a lifecycle 'day' last 10 s.
# With CEPH_IS_MADE=1 `start` repairs a cluster, but makes none.
# Env: CEPH_DIR RGW_PORT MON_PORT OSDS(3) SIZE(3) MIN_SIZE(2) MGR(0|1) ACCESS SECRET STORE(bluestore|memstore)
set -euo pipefail
DIR=${CEPH_DIR:-/tmp/progimage-ceph}
RGW_PORT=${RGW_PORT:-7480}; MON_PORT=${MON_PORT:-40300}
OSDS=${OSDS:-3}; SIZE=${SIZE:-3}; MIN_SIZE=${MIN_SIZE:-2}; MGR=${MGR:-0}; STORE=${STORE:-bluestore}
ACCESS=${ACCESS:-testaccess}; SECRET=${SECRET:-testsecret}
CONF=$DIR/ceph.conf
C="ceph -c $CONF --connect-timeout 10"

# running: exists and is not a zombie (pid 1 here may reap late, and kill -0 succeeds on a zombie)
running() { local st; st=$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) && [ -n "$st" ] && [ "$st" != Z ]; }
pidfile() { echo "$DIR/pid/$1"; }
alive() { local f; f=$(pidfile "$1"); [ -s "$f" ] && running "$(cat "$f")"; }
# run a daemon in the foreground mode, in its own session; it notes its pid before it is one
spawn() { local name=$1; shift
  setsid sh -c 'echo $$ >"$0"; exec "$@"' "$(pidfile "$name")" "$@" >"$DIR/log/$name.out" 2>&1 </dev/null 9>&- &
  for _ in $(seq 100); do alive "$name" && return 0; sleep 0.05; done; }
stop_one() { # name [signal [tenths of a second before KILL]]
  local f p; f=$(pidfile "$1"); [ -s "$f" ] || return 0; p=$(cat "$f")
  kill "-${2:-TERM}" "$p" 2>/dev/null || true
  for _ in $(seq "${3:-100}"); do running "$p" || { rm -f "$f"; return 0; }; sleep 0.1; done
  kill -KILL "$p" 2>/dev/null || true; rm -f "$f"; }
start_osd() { alive "osd.$1" || spawn "osd.$1" ceph-osd -c "$CONF" -i "$1" -f; }
# everything that was started with this configuration, whatever became of its pid file
ours() { { grep -lzxFf - /proc/[0-9]*/cmdline 2>/dev/null || true; } <<<"$CONF" | cut -d/ -f3; }
destroy() { local left
  for _ in $(seq 100); do left=$(ours); [ -n "$left" ] || break; kill -KILL $left 2>/dev/null || true; sleep 0.1; done
  [ -z "$left" ] || { echo "these do not end:" $left >&2; exit 1; }
  rm -rf "$DIR" "$DIR.lock"; }

mk() {
  rm -rf "$DIR"; mkdir -p "$DIR"/{pid,log,run,mon.a,mgr.x,rgw}
  local fsid; fsid=$(cat /proc/sys/kernel/random/uuid)
  cat >"$CONF" <<CFG
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$MON_PORT/0,v1:127.0.0.1:$((MON_PORT+1))/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind ipv6 = false
ms bind port min = $((MON_PORT+100))
ms bind port max = $((MON_PORT+300))
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $DIR/keyring
run dir = $DIR/run
admin socket = $DIR/run/\$name.asok
log file = $DIR/log/\$name.log
log to stderr = false
crash dir = $DIR/run
osd pool default size = $SIZE
osd pool default min size = $MIN_SIZE
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool delete = true
mon pg warn min per osd = 0
mon max pg per osd = 2000
mon data avail warn = 2
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
mon osd reporter subtree level = osd
mon osd min down reporters = 1
[mon]
mon data = $DIR/mon.\$id
mon warn on insecure global id reclaim = false
mon warn on insecure global id reclaim allowed = false
mon warn on pool no redundancy = false
mon osd down out interval = 600
[mgr]
mgr data = $DIR/mgr.\$id
mgr initial modules =
mgr disabled modules = rook diskprediction_local cephadm k8sevents test_orchestrator
[osd]
osd data = $DIR/osd.\$id
osd objectstore = $STORE
bluestore block size = 4294967296
bluestore fsck on mount = false
osd memory target = 939524096
bluestore cache autotune = false
bluestore cache size = 67108864
osd op num shards = 2
osd op num threads per shard = 1
osd heartbeat interval = 2
osd heartbeat grace = 8
osd scrub begin hour = 3
osd scrub end hour = 4
memstore device bytes = 2147483648
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$RGW_PORT tcp_nodelay=1
rgw data = $DIR/rgw
rgw thread pool size = 64
rgw lc debug interval = ${LC_DEBUG:--1}
rgw enable usage log = false
rgw gc obj min wait = 60
CFG
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$MON_PORT,v1:127.0.0.1:$((MON_PORT+1))]" "$DIR/monmap" >/dev/null
  # one keyring for all of them (radosgw insists on cephx: 'auth client required = none' leaves it at -13)
  local k="$DIR/keyring"
  ceph-authtool --create-keyring "$k" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  ceph-authtool "$k" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  ceph-authtool "$k" --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx' --cap mgr 'allow rw' >/dev/null
  ceph-authtool "$k" --gen-key -n mgr.x --cap mon 'allow profile mgr' --cap osd 'allow *' --cap mds 'allow *' >/dev/null
  for i in $(seq 0 $((OSDS-1))); do
    ceph-authtool "$k" --gen-key -n "osd.$i" --cap mon 'allow profile osd' --cap osd 'allow *' --cap mgr 'allow profile osd' >/dev/null
  done
  ceph-mon -c "$CONF" -i a --mkfs --monmap "$DIR/monmap" --keyring "$DIR/keyring"
}

start() {
  local t0=$SECONDS fresh=0 made=()
  if [ ! -e "$CONF" ]; then
    [ -z "${CEPH_IS_MADE:-}" ] || { echo "this cluster was destroyed" >&2; exit 1; }
    mk; fresh=1
  fi
  alive mon.a || spawn mon.a ceph-mon -c "$CONF" -i a -f
  for _ in $(seq 60); do alive mon.a || { echo "mon died:"; tail -n 5 "$DIR/log/mon.a.out" "$DIR/log/mon.a.log"; exit 1; }; $C mon stat >/dev/null 2>&1 && break; sleep 0.3; done
  if [ $fresh = 1 ]; then
    for i in $(seq 0 $((OSDS-1))); do
      u=$(cat /proc/sys/kernel/random/uuid); mkdir -p "$DIR/osd.$i"; $C osd create "$u" >/dev/null
      ceph-osd -c "$CONF" -i "$i" --mkfs --osd-uuid "$u" >"$DIR/log/mkfs.$i.out" 2>&1 9>&- &
      made+=($!)
    done; wait "${made[@]}" || true
  fi
  for i in $(seq 0 $((OSDS-1))); do start_osd "$i"; done
  if [ "$MGR" = 1 ]; then alive mgr.x || spawn mgr.x ceph-mgr -c "$CONF" -i x -f; fi
  for _ in $(seq 200); do [ "$($C osd stat -f json 2>/dev/null | grep -o '"num_up_osds":[0-9]*')" = "\"num_up_osds\":$OSDS" ] && break; sleep 0.3; done
  alive rgw || spawn rgw radosgw -c "$CONF" -n client.rgw -f
  if [ $fresh = 1 ]; then
    radosgw-admin -c "$CONF" -n client.rgw user create --uid=test --display-name=test --access-key="$ACCESS" --secret-key="$SECRET" >"$DIR/log/user.out" 2>&1
  fi
  for _ in $(seq 300); do curl -m 5 -s -o /dev/null "http://127.0.0.1:$RGW_PORT/" && break; sleep 0.2; done
  curl -m 5 -s -o /dev/null -w "rgw http %{http_code}\n" "http://127.0.0.1:$RGW_PORT/"
  echo "ready in $((SECONDS-t0)) s: http://127.0.0.1:$RGW_PORT $ACCESS $SECRET"
}
mkdir -p "$(dirname "$DIR")"
# One at a time: who destroys waits for who starts, or daemons started late would live on.
if [ "${1:-}" != status ]; then
  until exec 9>"$DIR.lock"; flock 9; [ "$DIR.lock" -ef /proc/self/fd/9 ]; do :; done
fi
case ${1:-start} in
  start) start;;
  stop) stop_one rgw TERM 10  # the gateway keeps no state, and takes more than 15 s over a TERM
    for n in mgr.x $(seq -f 'osd.%g' 0 $((OSDS-1))) mon.a; do stop_one "$n"; done;;
  destroy) destroy;;
  kill-osd) stop_one "osd.$2" KILL; echo "osd.$2 killed";;
  start-osd) start_osd "$2";;
  kill-rgw) stop_one rgw KILL; echo "gateway killed";;
  status) $C -s; $C osd tree;;
  *) sed -n 2,8p "$0"; exit 2;;
esac
