#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Several runs at once, as when cron does not wait: each alert goes out once, the
# archive stays whole, no run complains without need, and neither a page nor a relay that hangs delays
# anything but itself.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_http slow
serve_smtp relay
echo "delay=30" > "$page.fault"

yellow() { statuspage_page "$page" major major_outage degraded_performance; }

# begin NAME: a folder and an archive of its own, with a green page seen. More pages from standard input.
begin() {
	mkdir -p "$work/$1"
	cd "$work/$1" || exit 1
	{
		cat <<-END
			archive: archive
			from: lampwatch@example.org
			operator: admin@example.org
			every: 0s
			routes:
			  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
			subscribers:
			  - {mail: ops@example.com}
			pages:
			  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		END
		cat -
	} > lampwatch.yaml
	: > "$work/relay.script"
	rm -f "$work"/relay/*.eml
	green
	"$lampwatch" -q run example
}

# at_once COUNT: that many runs, a few milliseconds apart; prints what they say, and exit statuses other than 0.
at_once() {
	local i started=()
	for ((i = 0; i < $1; i++)); do
		(sleep "0.0$((RANDOM % 8))"; "$lampwatch" run || echo "exit status $?") 2>&1 &
		started+=($!)
	done
	wait "${started[@]}"
}

# rounds COUNT: ten times a red page met by so many runs at once; prints what is wrong.
rounds() {
	local count=$1 round
	for ((round = 1; round <= 10; round++)); do
		begin "together-$count-$round" < /dev/null
		[ $((round % 2)) = 0 ] || echo "greeting delay 60" > "$work/relay.script" # so that couriers meet, too
		red
		{
			at_once "$count"
			"$lampwatch" run || echo "the run after them: exit status $?"
			[ "$(count_mails relay)" = 1 ] || echo "$(count_mails relay) mails"
			[ "$(wc -l < archive/example/chain)" = 3 ] || echo "chain: $(wc -l < archive/example/chain) lines"
			"$lampwatch" -q verify || echo "verify: $?"
			[ -z "$(ls archive/.state/intent archive/.state/incoming | grep -v :)" ] || echo "something half done is left"
		} 2>&1 | sed "s/^/round $round: /"
	done
}

same "two runs at once, ten times: silent, each alert once, archive whole" "" "$(rounds 2)"
same "four runs at once, ten times: the same" "" "$(rounds 4)"

mkdir -p "$work/first" && cd "$work/first" || exit 1
cp "$work/together-2-1/lampwatch.yaml" .
green
output=$(for i in 1 2 3 4; do ("$lampwatch" -q run || echo "exit status $?") & done 2>&1; wait)
same "four runs that meet where no archive is yet: one of them makes it" "0 2" "$("$lampwatch" -q verify; echo $?) $(wc -l < archive/example/chain)$output"

# ---- a lock that is held ----

begin held < /dev/null
flock --no-fork archive/.state/run.lock sleep 30 &
holder=$!
pids+=($holder)
await 5 eval '! flock -n archive/.state/run.lock true'
output=$("$lampwatch" run 2>&1); status=$?
same "while another run holds the lock: 0, silently" "0" "$status$output"
touch -d "11 minutes ago" archive/.state/run.lock
output=$("$lampwatch" run 2>&1); status=$?
same "held for more than ten minutes: one line and exit status 1" "1 1" "$status $(printf %s "$output" | grep -c '')"
check "which names the lock" grep -q "run.lock: held by another run for more than ten minutes" <<< "$output"
kill "$holder"
wait "$holder" 2> /dev/null
red
"$lampwatch" run
same "once it is free the next run does its work" "1" "$(count_mails relay)"

# ---- a page that hangs ----

mkdir -p "$work/slow/api/v2"
statuspage_page "$work/slow/api/v2/summary.json" none operational
echo hang > "$work/slow/api/v2/summary.json.fault"
begin hanging-page <<-END
	  - {name: slow, url: "http://127.0.0.1:$slow_port/", kind: statuspage, provider: slow, timeout: {connect: 5s, total: 6s}}
END
red
"$lampwatch" -q run &
run=$!
one_mail() { [ "$(count_mails relay)" = 1 ]; }
await 5 one_mail
kill -0 "$run" 2> /dev/null; still=$?
same "an alert is there while another page still hangs" "1 0" "$(count_mails relay) $still"
wait "$run"
same "and the run says that a page could not be read" "1" "$?"

# ---- a relay that hangs ----

begin hanging-relay < /dev/null
echo "greeting delay 6000" > "$work/relay.script"
red
"$lampwatch" run > first.output 2>&1 &
first=$!
lines_in_chain() { [ "$(wc -l < archive/example/chain)" = "$1" ]; }
lock_free() { flock -n archive/.state/run.lock true; }
await 5 lines_in_chain 3
await 3 lock_free; free=$?
yellow
"$lampwatch" run > second.output 2>&1 &
second=$!
await 4 lines_in_chain 4; kept=$?
kill -0 "$first" 2> /dev/null; still=$?
same "while a courier is busy the next run may fetch, and keeps what it sees" "0 0 0" "$free $kept $still"
wait "$first"; first=$?
wait "$second"; second=$?
same "both end well, without a word" "0 0" "$first $second$(cat first.output second.output)"
same "and the alert was sent once" "1" "$(count_mails relay)"
check "the archive is whole" "$lampwatch" verify

# The courier that a killed run leaves behind continues, and hinders no other run.
begin orphan < /dev/null
echo "greeting delay 3000" > "$work/relay.script"
red
"$lampwatch" -q run &
first=$!
await 5 eval '! flock -n archive/.state/courier.lock true'
kill -KILL "$first"
wait "$first" 2> /dev/null
# Its readers end with it, but not in the same moment; the courier is busy for two seconds more.
check "a run that was killed leaves no lock, though its courier goes on" await 1 lock_free
"$lampwatch" run; status=$?
same "the alert arrives once" "0 1" "$status $(count_mails relay)"

finish
