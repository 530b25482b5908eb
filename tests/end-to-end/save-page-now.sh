#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Pages that change are handed to Save Page Now (wayback: save): a stand-in answers as its documentation says, and
# wrongly, and nobody else waits for it.
. "$(dirname "$0")/../harness.sh"
export PYTHONDONTWRITEBYTECODE=1
cd "$work" || exit 1

script() { put "$work/script"; }
python3 "$root/tests/servers/wayback.py" "$work/port" "$work/script" "$work/log" 600 &
pids+=($!)
await 10 test -s port || { echo "Bail out! the stand-in did not start"; exit 1; }
base=http://127.0.0.1:$(cat port)
does() { local expected=$1; shift; "$lampwatch" "$@" > said 2>&1; local status=$?; [ "$status" = "$expected" ] || { echo "exit status $status:"; cat said; return 1; }; }
says() { local status=$1 pattern=$2; shift 2; does "$status" "$@" || return 1; grep -qE -- "$pattern" said || { cat said; return 1; }; }
asked() { grep -c "$1" log; }

serve_http www
serve_smtp relay
printf 'access:wordthatnobodyknows\n' > key && chmod 600 key
page=http://status.example.com/api/v2/summary.json # by a proxy, which stands for the Internet
export http_proxy=http://127.0.0.1:$www_port no_proxy=127.0.0.1
mkdir -p www/api/v2
says_page() { statuspage_page www/api/v2/summary.json "$@"; }
{
	printf 'archive: kept\nevery: 0s\nwayback_base: %s\nwayback_key_file: key\nfrom: lampwatch@example.org\n' "$base"
	printf 'pages:\n  - {name: harbour, url: "%s", kind: statuspage, wayback: save}\n' "$page"
	printf 'routes:\n  - {name: relay, smtp: "smtp://127.0.0.1:%s", tls: off}\nsubscribers:\n  - {mail: ops@example.com}\n' "$relay_port"
} > kept.yaml
check "a page is to be handed over" does 0 -c kept.yaml check
# job SAID…: what the job says, one answer after the other.
job() { local all; all=$(printf ',%s' "$@"); printf '{"captures":[],"jobs":[%s]%s}' "${all:1}" "${more:+,$more}" | script; }
captured() { printf '{"status":"success","timestamp":"%s"}' "$(date -u -d "${1:-now}" +%Y%m%d%H%M%S)"; }
notes() { grep -c '^note' kept/harbour/chain; }
: > log
job '{"status":"pending"}' "$(captured '+1 minute')"
says_page none operational operational operational
check "at first sight" does 0 -c kept.yaml run
same "nothing is" "" "$(cat log)"
says_page major major_outage operational operational
check "when it changes" does 0 -c kept.yaml run
same "the alert goes out" 1 "$(count_mails relay)"
check "and the page is handed over" await 20 grep -q 'POST./save.LOW access:wordthatnobodyknows.url=http%3A%2F%2Fstatus.example.com%2Fapi%2Fv2%2Fsummary.json&' log
check "and its job asked, until it is done" await 30 test "$(asked 'GET./save/status/')" -ge 0
settled() { [ "$(asked 'GET./save/status/')" -ge "$1" ]; }
check "twice" await 30 settled 2
sleep 1
: > log
for step in "note's intent written" "note committed" "chain appended" "intent removed"; do
	rm -rf killed && cp -a kept killed && sed 's/^archive: .*/archive: killed/' kept.yaml > killed.yaml
	(LAMPWATCH_KILL_AT_STEP="1 $step" "$lampwatch" -c killed.yaml run; true) > said 2>&1
	check "ended at \"$step\", the next run goes on" does 0 -c killed.yaml run
	same "with one note" 1 "$(grep -c '^note' killed/harbour/chain)"
	check "and all is whole" "$lampwatch" -c killed.yaml verify
done
check "the next run" does 0 -c kept.yaml run
same "notes it in the chain" 1 "$(notes)"
snapshot=$(sed -n 's/^snapshot\t2\t[^\t]*\t\([^\t]*\)\t\([^\t]*\)\t.*/\2/p' kept/harbour/chain)
same "with the sums of the snapshot that it shows" "$snapshot" "$(sed -n 's/^note\t3\t[^\t]*\t[^\t]*\t\([^\t]*\)\t.*/\1/p' kept/harbour/chain)"
check "and its address" grep -q "^note.3.[^	]*	$base/web/[0-9]\{14\}/$page	" kept/harbour/chain
check "show has it" grep -q "^Memento: $base/web/" <("$lampwatch" -c kept.yaml show harbour)
check "with --json too" grep -q "\"memento\": \"$base/web/" <("$lampwatch" -c kept.yaml --json show harbour)
check "the archive is whole" "$lampwatch" -c kept.yaml verify
same "nothing more is asked" "" "$(cat log)"
cp -a kept copied
check "a database that was lost is made anew" bash -c "rm copied/.state/lampwatch.db*; sed 's/^archive: .*/archive: copied/' kept.yaml > copied.yaml; '$lampwatch' -c copied.yaml rebuild"
check "with the note" grep -q "^Memento: $base/web/" <("$lampwatch" -c copied.yaml show harbour)
check "and whole" "$lampwatch" -c copied.yaml verify

more='"faults":[{"path":"/save","status":429,"retry_after":600}]' job "$(captured '+1 minute')"
: > log
says_page none operational operational operational
check "it is busy" does 0 -c kept.yaml run
check "and is asked" await 20 grep -q 'POST./save' log
sleep 1
check "which costs the run nothing" does 0 -c kept.yaml run
sleep 1
same "and is not asked again before it says so" 1 "$(asked 'POST./save')"
same "no message is owed" "" "$("$lampwatch" -c kept.yaml outbox)"
same "nobody but the subscriber was told of anything" 2 "$(count_mails relay)"
check "what it knows does not hold the key" bash -c "! grep -rqa wordthatnobodyknows kept"
job "$(captured '-1 hour')"
: > log
python3 -c 'import sqlite3; d = sqlite3.connect("kept/.state/lampwatch.db"); d.execute("UPDATE save SET next_try = 0"); d.commit()'
check "it has only what was captured before" does 0 -c kept.yaml run
check "its job is asked" await 30 settled 1
sleep 1
check "which shows something else" does 0 -c kept.yaml run
same "and is not noted" 1 "$(notes)"
job "$(captured '+1 minute')"
: > log
python3 -c 'import sqlite3; d = sqlite3.connect("kept/.state/lampwatch.db"); d.execute("UPDATE save SET next_try = 0"); d.commit()'
check "it is asked again" does 0 -c kept.yaml run
check "and has captured it since" await 30 settled 1
sleep 1
check "which is told to the run" does 0 -c kept.yaml run
same "and noted" 2 "$(notes)"
job '{"status":"error","status_ext":"error:no-access","message":"wordthatnobodyknows"}'
: > log
says_page major major_outage operational operational
check "it cannot" does 0 -c kept.yaml run
check "as its job says" await 30 settled 1
sleep 1
python3 -c 'import sqlite3; d = sqlite3.connect("kept/.state/lampwatch.db"); d.execute("UPDATE save SET asked = asked - 700"); d.commit()'
check "when that has lasted, a run says so" says 0 '^lampwatch: harbour: Save Page Now does not take it: error:no-access: …; it is tried again, and nothing else waits for it$' -c kept.yaml run
check "once" does 0 -c kept.yaml run
same "and no more" "" "$(cat said)"
python3 -c 'import sqlite3; d = sqlite3.connect("kept/.state/lampwatch.db"); d.execute("UPDATE save SET asked = asked - 90000"); d.commit()'
check "after a day it is given up" does 0 -c kept.yaml run
same "without a word" " 0" "$(cat said) $(python3 -c 'import sqlite3; print(*sqlite3.connect("kept/.state/lampwatch.db").execute("SELECT count(*) FROM save").fetchone())')"
more='"faults":[{"path":"/save","delay":60,"status":503}]' job "$(captured)"
: > log
begun=$SECONDS told=$(count_mails relay)
says_page none operational operational operational
check "it hangs" does 0 -c kept.yaml run
check "and has been asked" await 20 grep -q 'POST./save' log
says_page major major_outage operational operational
check "meanwhile the page is red" does 0 -c kept.yaml run
check "neither the runs nor the alerts wait for it" test $((SECONDS - begun)) -lt 20 -a "$(count_mails relay)" -gt "$told"
check "the archive is whole to the end" "$lampwatch" -c kept.yaml verify

finish
