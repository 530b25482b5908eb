#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Who may ask `lampwatch serve`, and how much of it one address gets.
set -u
BUILD=${1:-${BUILD:?usage: limits.sh BUILD}}
. "$(dirname "$0")/../harness.sh"

mkdir -p "$work/archive"
echo hello > "$work/archive/index.html"
printf 'archive: archive\nserve_hosts: [status.example.org]\n' > "$work/lampwatch.yaml"
"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 0.0.0.0:0 > "$work/out" 2> "$work/errors" &
server=$!
pids+=($server)
await 5 test -s "$work/out" || { echo "Bail out! lampwatch serve did not start"; exit 1; }
port=$(sed 's,.*:\([0-9]*\)/$,\1,' "$work/out")
"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/out-own" 2>> "$work/errors" &
pids+=($!)
await 5 test -s "$work/out-own"
own=$(sed 's,.*:\([0-9]*\)/$,\1,' "$work/out-own")
status() { curl -s --max-time 10 -o /dev/null -w '%{http_code}' "$@"; }

for host in "127.0.0.1:$own" 127.0.0.1 localhost "localhost:$own" status.example.org STATUS.example.org:80; do
	same "Host: $host is ours" 200 "$(status -H "Host: $host" "http://127.0.0.1:$own/")"
done
for host in evil.example "evil.example:$own" 127.0.0.1.evil.example status.example.org.evil.example 127.0.0.2 10.0.0.1 "[::1]" ""; do
	check "Host: $host is not" grep -qx '421\|400' <(status -H "Host:${host:+ }$host" -H "${host:+X-A: b}${host:-Host;}" "http://127.0.0.1:$own/")
done
same "a refusal shows nothing of the archive" 0 "$(curl -s --max-time 10 -H 'Host: evil.example' "http://127.0.0.1:$own/" | grep -c hello)"
same "where it listens on all addresses, each of them is ours" "200 421" "$(status "http://127.0.0.1:$port/") $(status -H 'Host: evil.example' "http://127.0.0.1:$port/")"

# 300 connections of one address that send a byte a second: the others are served, and so is this
# one as soon as the time for a request is over.
python3 - "$port" > "$work/dripped" <<'END' &
import select, socket, sys, time
peers = []
for _ in range(300):
    peer = socket.socket()
    peer.bind(("127.0.0.3", 0))
    peer.connect(("127.0.0.1", int(sys.argv[1])))
    peer.setblocking(False)
    peers.append(peer)
begin = time.monotonic()
text = b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 1000
def alive(peer, i):
    try:
        if select.select([peer], [], [], 0)[0] and not peer.recv(1):
            return False
        peer.send(text[i:i + 1])
        return True
    except BlockingIOError:
        return True
    except OSError:
        return False
for i in range(60):
    peers = [peer for peer in peers if alive(peer, i)]
    if i == 2:
        print("at first", len(peers), flush=True)
    if not peers:
        break
    time.sleep(max(0, begin + i + 1 - time.monotonic()))
print("ended", int(time.monotonic() - begin), flush=True)
END
drip=$!
pids+=($drip)
await 20 grep -q "at first" "$work/dripped"
check "one address gets at most 64 connections" test "$(sed -n 's/at first //p' "$work/dripped")" -le 64
same "while it drips, another one is answered" 200 "$(status --interface 127.0.0.4 "http://127.0.0.1:$port/")"
wait $drip
took=$(sed -n 's/ended //p' "$work/dripped")
check "no request drips for longer than its time ($took s)" test "$took" -ge 15 -a "$took" -le 40
same "then that address is answered too" 200 "$(status --interface 127.0.0.3 "http://127.0.0.1:$port/")"
kill -TERM $server
wait $server
same "SIGTERM ends it, with 0" 0 $?
same "it has said nothing on standard error" "" "$(grep -v 'runs as root' "$work/errors")"
finish
