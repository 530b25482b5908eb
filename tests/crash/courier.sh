#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Which process outlives which: a courier continues when its run ends, with the terminal or by itself,
# and keeps nothing of the run's; a delivery ends with its courier, so that it is never repeated while
# it is still under way.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_smtp relay
cd "$work" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	operator: admin@example.org
	every: 0s
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END

# begin MILLISECONDS: the page turns red for the next run, to which the relay will answer so late.
begin() {
	rm -rf "$work/archive" "$work"/relay/*.eml
	: > relay.script
	statuspage_page "$page" none operational operational
	"$lampwatch" -q run
	echo "hello delay $1" > relay.script
	statuspage_page "$page" major major_outage operational
	: > relay.log
}
asked() { await 20 grep -q EHLO relay.log; }
lock_free() { flock -n "archive/.state/$1.lock" true; }
# Of the run's children only the courier has a session of its own.
courier_of() { local child; for child in $(cat "/proc/$1/task/$1/children"); do awk '$1 == $6 { print $1 }' "/proc/$child/stat"; done; } # a session of its own

# ---- the run ends ----

begin 1500
setsid "$lampwatch" -q run &
run=$!
asked
kill -KILL -- "-$run" # as a terminal that closes ends all that was begun in it
wait "$run" 2> /dev/null
await 20 lock_free courier
same "a courier goes on when all that was begun with its run is killed: the alert arrives" "1" "$(count_mails relay)"
"$lampwatch" run; status=$?
same "the next run does not repeat it" "0 1" "$status $(count_mails relay)"
check "the archive is whole" "$lampwatch" verify

begin 4000
"$lampwatch" -q run &
run=$!
asked
kill -KILL "$run"
wait "$run" 2> /dev/null
await 20 lock_free run
lock_free courier; busy=$?
same "a courier that goes on does not keep the run's lock" "1" "$busy"
await 20 lock_free courier
same "and delivers" "1" "$(count_mails relay)"

# ---- the courier ends ----

# The run waits until no process works for it, deliveries included.
begin 1500
"$lampwatch" -q run &
run=$!
asked
courier=$(courier_of "$run")
check "the run has one courier" kill -0 "$courier"
kill -KILL "$courier"
wait "$run"
same "a delivery ends with its courier" "0" "$(count_mails relay)"
: > relay.script
"$lampwatch" run; status=$?
same "and the next run delivers, once" "0 1" "$status $(subjects relay | grep -c RED)"
check "and tells the operator that one has ended early" grep -q "the courier ended early: ended by signal 9" <(cat $(mails relay))

finish
