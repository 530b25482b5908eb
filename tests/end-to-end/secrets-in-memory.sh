#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Who holds which secret: while a relay and three receivers do not answer, the memory of each process is searched. The run
# and the courier hold nothing that stands in a secret file; an attempt holds its own, and no other's, whether the courier
# makes it or the run: a heartbeat, a check that logs in, a time stamp, a look-up of names.
set -u
BUILD=${1:-${BUILD:?usage: secrets-in-memory.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized
[ "$(id -u)" = 0 ] || { skip "who holds which secret" "only root may look into a process that is not dumpable"; finish; exit; }

# What takes connections and datagrams, says nothing, and notes how many connections there are.
cat > "$work/silent.py" <<'END_OF_PROGRAM'
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(listener.getsockname())
open(sys.argv[1], "w").write(str(listener.getsockname()[1]))
held = []
while True:
    held.append(listener.accept())
    open(sys.argv[2], "w").write(str(len(held)))
END_OF_PROGRAM
# searched WORD… -- NAME=PID…: a line for each process: its name, and which of the words its memory holds.
cat > "$work/search.py" <<'END_OF_PROGRAM'
import sys
BLOCK, HUGE = 1 << 20, 1 << 32  # bytes; nothing of that size is but a reservation
split = sys.argv.index("--")
words = sys.argv[1:split]
def held(pid):
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, mode = line.split()[:2]
            begin, end = (int(text, 16) for text in place.split("-"))
            if "r" not in mode or end - begin > HUGE or "[vvar" in line or "[vsyscall" in line:
                continue
            tail = b""
            for at in range(begin, end, BLOCK):
                try:
                    memory.seek(at)
                    block = tail + memory.read(min(BLOCK, end - at))
                except OSError:
                    break
                found.update(word for word in words if word.encode() in block)
                tail = block[-256:]
    return found
for given in sys.argv[split + 1:]:
    name, pid = given.split("=")
    print(" ".join([name + ":", *sorted(held(pid))]))
END_OF_PROGRAM
# talks RUN PORT: which child of the run has a socket that leads to that port.
cat > "$work/talks.py" <<'END_OF_PROGRAM'
import os, sys
run, port = sys.argv[1], int(sys.argv[2])
sockets = set()
for table in ("tcp", "udp"):
    for line in open(f"/proc/net/{table}").readlines()[1:]:
        fields = line.split()
        if int(fields[2].split(":")[1], 16) == port:
            sockets.add(f"socket:[{fields[9]}]")
def has(pid):
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{name}") in sockets for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False  # it has just ended, or closed that one
found = [pid for pid in open(f"/proc/{run}/task/{run}/children").read().split() if has(pid)]
print(" ".join(found))
sys.exit(not found)
END_OF_PROGRAM
children() { cat "/proc/$1/task/$1/children"; }

secret() { ( umask 077; printf '%s\n' "$2" > "$work/$1" ); }
in_files=(office-Zn4kq1 other-Vb8xw2 address-Rt5mc3 signature-Hq7ds4 routing-Ky2pf5 beat-Ws6gj6)
secret office.password "${in_files[0]}"
secret other.password "${in_files[1]}"
secret chat.key "${in_files[3]}"
secret duty.key "${in_files[4]}"
in_configuration=inline-Lm9tb7 printed=printed-Dx3vk8
own=(login-Pz7tk4 stamp-Cv3yb8 failing-Eu5mq1) # of a check, the authority of time stamps, another heartbeat
of_pages=(page-Nc6rd2 check-Uf8zg1 reference-Jx5hv9) # in addresses of what is watched
printf '#!/bin/sh\necho %s\n' "$printed" > "$work/issue"
chmod 755 "$work/issue"

serve_silence() { # NAME: sets NAME to its address
	python3 "$work/silent.py" "$work/$1.port" "$work/$1.count" &
	pids+=($!)
	await 5 test -s "$work/$1.port"
	printf -v "$1" "127.0.0.1:%s" "$(cat "$work/$1.port")"
}
serve_silence silent
secret chat.url "http://$silent/${in_files[2]}"
secret heartbeat.url "http://$silent/${in_files[5]}"
serve_page
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
every: 0s
confirm: {worse: 1, better: 1, lost: 1}
heartbeat_file: heartbeat.url
pages:
  - {name: example, url: "http://127.0.0.1:$www_port/?key=${of_pages[0]}", kind: statuspage, provider: example}
probes:
  - name: fact
    checks: [{name: web, http: "http://user:${of_pages[1]}@127.0.0.1:$www_port/api/v2/summary.json"}]
    reference: ["http://user:${of_pages[2]}@127.0.0.1:$www_port/"]
routes:
  - {name: office, smtp: "smtp://$silent", user: alerts, password_file: office.password}
  - {name: other, smtp: "smtp://$silent", user: alerts, password_file: other.password}
subscribers:
  - {mail: ops@example.com}
webhooks:
  - {name: chat, url_file: chat.url, secret_file: chat.key}
  - {name: plain, url: "http://$silent/$in_configuration"}
  - {name: duty, template: pagerduty, url: "http://$silent/", with: {routing_key_file: duty.key}}
END
search() { python3 "$work/search.py" "${in_files[@]}" "$in_configuration" "$printed" -- "$@" 2>&1; }
search_all() { python3 "$work/search.py" "${in_files[@]}" "${own[@]}" "$in_configuration" "$printed" "${of_pages[@]}" -- "$@" 2>&1; }

statuspage_page "$page" none operational operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:00:00Z -q run &
run=$!
pids+=($run)
await 20 test -s "$work/silent.count"
beating() { local child; for child in $(children "$run"); do [ -z "$(children "$child")" ] || echo "$child"; done; }
held=$(search "run=$run" "heartbeat=$(beating)")
same "the heartbeat's process holds its address, and not the run" "run: $in_configuration
heartbeat: ${in_files[5]}" "$held"
same "nor does its fetcher hold more, or either what else is in the configuration" "heartbeat: ${in_files[5]}
fetcher: ${in_files[5]}" "$(search_all "heartbeat=$(beating)" "fetcher=$(children "$(beating)" | tr -d ' ')")"
kill "$run"
wait "$run" 2> /dev/null
rm "$work/silent.count"

# What else the run starts while it works, now that the database knows the pages, too: each waits for a server of its own, is
# looked at, and is ended.
for name in login stamp names beat; do serve_silence "$name"; done
secret login.password "${own[0]}"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 30 -subj "/CN=Example Root" 2> /dev/null
sed -e "s|^archive: .*|archive: alone|" -e "s|^heartbeat_file: .*|heartbeat: http://$beat/${own[2]}|" -e "/^routes:/i\\
timestamp: {url: 'http://$stamp/?key=${own[1]}', ca_file: ca.pem, every: 1m}\\
resolver: $names" -e "/^probes:/a\\
  - {name: mailbox, checks: [{name: imap, imap: 'imaps://$login', user: ops, password_file: login.password}]}" \
	-e "/^subscribers:/a\\
  - {mail: ops@example.net}" "$work/lampwatch.yaml" > "$work/alone.yaml"
cp -a "$work/archive" "$work/alone"
"$lampwatch" -c "$work/alone.yaml" --clock 2014-01-24T19:01:00Z -q run > "$work/alone.out" 2>&1 &
run=$!
pids+=($run)
holds() { # NAME ADDRESS SECRET: while it waits for an answer
	local talker
	check "$1 is at work" await 20 python3 "$work/talks.py" "$run" "${2#*:}"
	talker=$(python3 "$work/talks.py" "$run" "${2#*:}")
	same "and holds no secret but its own" "$1:${3:+ $3}" "$(search_all "$1=$talker")"
	kill -9 "$talker"
}
holds login "$login" "${own[0]}"
holds stamp "$stamp" "${own[1]}"
holds look-up "$names" ""
holds heartbeat "$beat" "${own[2]}"
wait "$run"

statuspage_page "$page" major major_outage operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:02:00Z -q run &
run=$!
pids+=($run)
attempts() { local child; for child in $(children "$run"); do children "$child"; done; }
are() { [ "$(attempts | wc -w)" = "$1" ]; }
check "four attempts are at work" await 20 are 4
check "and wait for an answer" await 20 grep -qx '[5-9]' "$work/silent.count"
courier=$(awk '{ print $4 }' "/proc/$(attempts | cut -d ' ' -f 1 | head -n 1)/stat")
named=()
for attempt in $(attempts); do named+=("attempt=$attempt"); done
held=$(search "run=$run" "courier=$courier" "${named[@]}")
same "a secret is in the attempt that needs it, and in no other" "attempt: address-Rt5mc3 signature-Hq7ds4
attempt: $in_configuration
attempt: office-Zn4kq1
attempt: routing-Ky2pf5" "$(grep attempt <<< "$held" | sort)"
same "the run and the courier hold none of a file" "courier: $in_configuration
run: $in_configuration" "$(grep -v attempt <<< "$held" | sort -u)"
key=$(cat "$work/archive/.state/secret")
same "of the addresses of pages and checks an attempt knows nothing" "attempt:" \
	"$(python3 "$work/search.py" "${of_pages[@]}" -- "${named[@]}" 2>&1 | sort -u | sed 's/ *$//')"
same "which the run has" "run: $(printf '%s\n' "${of_pages[@]}" | sort | paste -sd ' ')" \
	"$(python3 "$work/search.py" "${of_pages[@]}" -- "run=$run" 2>&1)"
held=$(python3 "$work/search.py" "$key" -- "run=$run" "${named[@]}" 2>&1)
same "the key of tokens is in the run, which writes them, and in no attempt" "attempt:
run: $key" "$(sort -u <<< "$held" | sed 's/ *$//')"
for child in $(attempts) "$courier"; do kill -9 "$child"; done
kill "$run"
wait "$run" 2> /dev/null

# A token that a program prints lies in memory that attempts share: only who authenticates with it still has it.
sed -i -e '/name: office/d' -e '/heartbeat_file/d' -e '/name: chat/d' -e '/name: duty/d' "$work/lampwatch.yaml"
sed -i "s|name: other.*|name: issued, smtp: 'smtp://$silent', user: alerts, token_command: [$work/issue], depends: []}|" "$work/lampwatch.yaml"
rm -rf "$work/archive"
statuspage_page "$page" none operational operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:00:00Z -q run
before=$(cat "$work/silent.count")
statuspage_page "$page" major major_outage operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:02:00Z -q run &
run=$!
pids+=($run)
connected() { [ "$(cat "$work/silent.count")" -ge $((before + 2)) ]; }
check "two attempts are at work" await 20 are 2
check "and wait for an answer, one of them with a token" await 20 connected
named=()
for attempt in $(attempts); do named+=("attempt=$attempt"); done
same "of which the other knows nothing" "attempt: $in_configuration
attempt: $printed" "$(search "${named[@]}" | sort)"
courier=$(awk '{ print $4 }' "/proc/$(attempts | cut -d ' ' -f 1 | head -n 1)/stat")
for child in $(attempts) "$courier"; do kill -9 "$child"; done
kill "$run"
wait "$run" 2> /dev/null
proxied=proxy-Gb7mw3
http_proxy="http://user:$proxied@127.0.0.1:9" "$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/serve.out" &
server=$!
pids+=($server)
await 20 test -s "$work/serve.out"
same "serve and its opener hold none at all" "serve:
opener:" "$(python3 "$work/search.py" "${in_files[@]}" "$in_configuration" "$printed" "${of_pages[@]}" "$proxied" -- "serve=$server" "opener=$(children "$server" | tr -d ' ')" 2>&1)"
finish
