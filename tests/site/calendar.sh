#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The calendars of announced maintenance: what a run writes is what tests/site/calendar/ has, lines are folded as RFC 5545
# has it, what changes keeps its UID and gets a higher SEQUENCE, what vanished before it began is cancelled. With python3-icalendar
# installed that parser reads all of it.
set -u
BUILD=${1:-${BUILD:?usage: calendar.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized
golden=$root/tests/site/calendar

serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
cat > "$work/lampwatch.yaml" <<-YAML
archive: $archive
from: lampwatch@watch.example.org
timezone: Europe/Berlin
every: 15m
site_url: https://status.example.org/lamps
pages:
  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
  - {name: desk, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: "Desk, Inc.", indicators: [Mail]}
YAML
run() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" run 2>&1 | grep -v 'runs as root'; }
# page FILE MAINTENANCE…: all is well, and these are announced.
page() {
	local file=$1 list; shift
	list=$(IFS=,; echo "$*")
	statuspage_page "$file.whole" none operational operational operational
	sed "s|\"scheduled_maintenances\":\[\]|\"scheduled_maintenances\":[$(sed 's/[\\&|]/\\&/g' <<< "$list")]|" "$file.whole" | put "$file"
}
# maintenance ID NAME STATE FROM TO UPDATED TEXT URL COMPONENT
maintenance() {
	local to=null updated=null said=""
	[ -z "$5" ] || to="\"$5\""
	[ -z "$6" ] || updated="\"$6\""
	[ -z "$7" ] || said='{"id":"u","status":"scheduled","body":"'$7'","display_at":"2026-03-01T08:00:00Z"}'
	printf '%s' '{"id":"'"$1"'","name":"'"$2"'","status":"'"$3"'","scheduled_for":"'"$4"'","scheduled_until":'"$to"',"updated_at":'"$updated"',' \
		'"shortlink":"'"$8"'","incident_updates":['"$said"'],"components":[{"id":"'"$9"'"}]}'
}
# The same without what differs from archive to archive.
known() { tr -d '\r' < "$1" | sed -E 's/^UID:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/UID:(uuid)/'; }
uids() { tr -d '\r' < "$1" | sed -n 's/^UID://p' | sort; }
# compare NAME FILE: with the golden; UPDATE=1 writes that.
compare() {
	[ -z "${UPDATE:-}" ] || known "$2" > "$golden/$1.txt"
	same "$1.txt is what was written" "$(cat "$golden/$1.txt")" "$(known "$2")"
}

disks=$(maintenance m1 'New disks; faster, and \\ back | Größere Platten für alle Postfächer im Rechenzentrum Süd, 大阪、東京、名古屋、札幌、福岡' \
	scheduled 2026-03-08T02:00:00Z 2026-03-08T04:00:00Z 2026-03-01T08:00:00Z 'Reading is slow.\nEND:VEVENT\nDo not be late; \"we\" are not' 'https://status.example.com/i/m1?a=1,2;3' component0)
roof=$(maintenance m2 'New roof' scheduled 2026-03-10T02:00:00Z '' '' '' 'no address' component1)
past=$(maintenance m3 'Odd end' scheduled 2026-03-11T02:00:00Z 2026-03-11T01:00:00Z '' '' "https://status.example.com/i/m3\\nATTACH:x" component2)
lost=$(maintenance m4 'No beginning' scheduled '' 2026-03-11T01:00:00Z '' '' '' component2)
running=$(maintenance m5 'Already begun' in_progress 2026-03-01T09:00:00Z 2026-03-01T12:00:00Z 2026-03-01T09:00:00Z '' https://status.example.com/i/m5 component0)
page "$work/www/api/v2/summary.json" "$disks" "$roof" "$past" "$lost" "$running"
same "a run that writes calendars says nothing of it" "" "$(run 2026-03-01T10:00:00Z)"
compare announced "$archive/example/calendar.ics"
compare chosen "$archive/desk/calendar.ics"
compare all "$archive/calendar.ics"
uids "$archive/calendar.ics" > "$work/uids"
same "each maintenance is one event of its own" 6 "$(sort -u "$work/uids" | wc -l | tr -d ' ')"
cp "$archive/example/calendar.ics" "$work/calendar.before"
cp "$archive/calendar.ics" "$work/all.before"

run 2026-03-02T10:00:00Z
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-02T11:00:00Z -q site
check "a day later, nothing said anew, it is the same byte by byte" cmp "$work/calendar.before" "$archive/example/calendar.ics"
check "and so is that of all pages" cmp "$work/all.before" "$archive/calendar.ics"

later=$(maintenance m1 'New disks' scheduled 2026-03-08T03:00:00Z 2026-03-08T05:00:00Z 2026-03-03T08:00:00Z '' https://status.example.com/i/m1 component0)
page "$work/www/api/v2/summary.json" "$later" "$past"
run 2026-03-03T10:00:00Z
compare changed "$archive/example/calendar.ics"
same "what changed, and what was cancelled, keeps its UID" "" "$(uids "$archive/calendar.ics" | comm -13 "$work/uids" -)"
cp "$archive/example/calendar.ics" "$work/calendar.before"
rm "$archive"/.state/lampwatch.db*
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-03T10:30:00Z -q rebuild
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-03T10:30:00Z -q site
check "from a database that was lost and made anew it is the same" cmp "$work/calendar.before" "$archive/example/calendar.ics"
page "$work/www/api/v2/summary.json" "$later" "$past" "$roof"
run 2026-03-03T11:00:00Z
same "what is announced again is confirmed again, one revision later" "SEQUENCE:2 STATUS:CONFIRMED" \
	"$(tr -d '\r' < "$archive/example/calendar.ics" | awk '/^SEQUENCE/ {s = $0} /^STATUS/ {t = $0} /^DTSTART:20260310/ {print s, t}')"
page "$work/www/api/v2/summary.json"
run 2026-03-08T03:30:00Z
same "of what has begun and left the page nothing is known: it is left out" "" "$(grep -c DTSTART:20260308T03 "$archive/example/calendar.ics" | grep -v '^0')"
for file in calendar example/calendar desk/calendar; do
	same "$file.ics: lines end by CRLF and have 75 octets at most" "" "$(LC_ALL=C awk '!/\r$/ || length($0) > 76' "$archive/$file.ics")"
	check "$file.ics is UTF-8, line by line" python3 -c 'import sys; [line.decode() for line in open(sys.argv[1], "rb")]' "$archive/$file.ics"
done

if ! /usr/bin/python3 -c 'import icalendar' 2>/dev/null; then
	skip "what is written, a parser reads" "python3-icalendar is not installed"
	skip "a calendar without maintenance is one too" "python3-icalendar is not installed"
else
	check "what is written, a parser reads" /usr/bin/python3 "$root/tests/site/events.py" "$work/all.before" 6
	check "a calendar without maintenance is one too" /usr/bin/python3 "$root/tests/site/events.py" "$archive/desk/calendar.ics" 0
fi
check "every link to it leads somewhere" python3 "$root/tests/site/check.py" "$archive"
finish
