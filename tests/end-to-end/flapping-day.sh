#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# One component that flaps all day is at most eight messages and ends with how it settled, on days of our own
# making and on one that was captured.
set -u
. "$(dirname "$0")/../harness.sh"
unsanitized

# at TIME COMMAND…: what it prints, except what root is told.
at() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$@" 2> >(grep -v 'runs as root' > "$work/error"); }
serve_smtp relay

# series FOLDER STEP START LENGTHS…: captures each STEP minutes, changing after each of the lengths.
series() {
	local folder=$1 step=$2 now level=operational length; now=$(date -u -d "$3" +%s); shift 3
	mkdir -p "$folder"
	for length in "$@"; do
		statuspage_page "$work/capture" none operational $level operational
		for ((i = 0; i < length; i += step)); do
			cp "$work/capture" "$folder/$(date -u -d "@$now" +%Y%m%dT%H%M%S)"; now=$((now + step * 60))
		done
		[ $level = operational ] && level=major_outage || level=operational
	done
}
day() {
	cat > "$work/lampwatch.yaml" <<YAML
from: lampwatch@watch.example.org
archive: day-$1
resolver: 127.0.0.1:9
pages: [{name: a, url: "http://127.0.0.1:1/", kind: ${3:-statuspage}, red: degraded${4:+, $4}}]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: ops@example.com}]
YAML
	at 2026-11-25T00:00:00Z replay "$2"
	at 2026-11-25T00:00:00Z log --limit 1000 | grep ' event ' > "$work/$1.events"
	# Red and settled at one time are one message.
	cut -c1-16 "$work/$1.events" | sort -u | wc -l | tr -d ' '
}
series "$work/slow" 5 2026-11-23T06:00:00Z 45 40 20 45 15 50 20 25 15 40 20 45 15 50 20 25 15 40 25 45 20 40 20 45 15 50 180
count=$(day slow "$work/slow")
check "twelve hours of changes every half hour are at most eight messages ($count)" test "$count" -le 8
check "and end with the settled state" grep -q 'event settled.*operational' <(head -2 "$work/slow.events")
series "$work/outages" 5 2026-11-23T06:00:00Z 60 10 240 15 400
day outages "$work/outages" > "$work/out"
same "two outages in a day are two reds and two greens" "4 green red green red " "$(cat "$work/out") $(sed 's/.*event \([a-z]*\).*/\1/' "$work/outages.events" | tr '\n' ' ')"
# sparse FOLDER TIME…: captures of these times alone, green and red in turn.
sparse() {
	local folder=$1 level=operational time; shift
	mkdir -p "$folder"
	for time in "$@"; do
		statuspage_page "$work/capture" none operational $level operational
		cp "$work/capture" "$folder/$(date -u -d "$time" +%Y%m%dT%H%M%S)"
		[ $level = operational ] && level=major_outage || level=operational
	done
}
reds() { sed 's/.*event \([a-z]*\).*/\1/' "$work/$1.events" | tr '\n' ' '; }
sparse "$work/apart" 2026-01-01T08:00:00Z 2026-02-15T08:00:00Z 2026-02-15T09:00:00Z 2026-04-01T09:00:00Z 2026-04-01T10:00:00Z 2026-05-16T10:00:00Z 2026-05-16T11:00:00Z
day apart "$work/apart" statuspage "confirm: {better: 1}" > /dev/null
same "three outages of an hour, 45 days apart, of which only the changes were seen, are three reds" "green red green red green red " "$(reds apart)"
sparse "$work/daily" 2026-11-01T08:00:00Z 2026-11-03T08:00:00Z 2026-11-03T10:00:00Z 2026-11-06T08:00:00Z 2026-11-06T10:00:00Z 2026-11-09T08:00:00Z 2026-11-09T10:00:00Z
statuspage_page "$work/capture" none operational operational operational
for d in 02 04 05 07 08 10 11; do cp "$work/capture" "$work/daily/202611${d}T080000"; done
day daily "$work/daily" statuspage "every: 1d, confirm: {better: 1}" > /dev/null
same "outages on the third, sixth and ninth day of a page that is fetched daily are three reds" "green red green red green red " "$(reds daily)"
captures=$root/../shared/captures/upptime
if ls "$captures"/series-bunce-* > /dev/null 2>&1; then
	# What the page said, every five minutes from the first capture to two hours after the last.
	mkdir "$work/captured" "$work/each"
	now=$(date -u -d 2026-08-17T07:36:00Z +%s)
	while [ "$now" -le "$(date -u -d 2026-08-17T13:45:00Z +%s)" ]; do
		stamp=$(date -u -d "@$now" +%Y%m%dT%H%M)
		for f in "$captures"/series-bunce-*; do t=${f##*bunce-}; [[ ${t%.json} > $stamp ]] || latest=$f; done
		ln -s "$latest" "$work/captured/${stamp}00"; now=$((now + 300))
	done
	for f in "$captures"/series-bunce-*; do t=${f##*bunce-}; ln -s "$f" "$work/each/${t%.json}00"; done
	count=$(day captured "$work/captured" upptime)
	check "the captured day is at most eight messages ($count)" test "$count" -le 8
	check "and ends with the settled state" grep -q 'event settled.*major_outage' <(head -2 "$work/captured.events")
	count=$(day each "$work/each" upptime)
	check "also where nothing but the captures is seen ($count)" test "$count" -le 8
else
	skip "the captured day is at most eight messages" "no ../shared/captures"
fi
finish
