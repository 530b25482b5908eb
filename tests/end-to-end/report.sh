#!/bin/bash
# SPDX-License-Identifier: ISC
# lampwatch report over a history whose figures can be worked out by hand.
#
#   tests/end-to-end/report.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
cat > "$work/lampwatch.yaml" <<END
archive: archive
timezone: Europe/Berlin
every: 10m
flapping: off
confirm: {worse: 1, better: 1, lost: 3}
pages:
  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
END
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" "$@" 2> "$work/errors"; }
page() { statuspage_page "$work/www/api/v2/summary.json" "$@"; }
# at TIME…: a run at each of these minutes of 24 March 2026, in UTC.
at() { local time; for time in "$@"; do lampwatch --clock "2026-03-24T$time:00Z" run; done; }

# Mail: red 10:00 to 10:30, maintenance 10:30 to 11:00, degraded 11:00 to 11:30; nobody looked from 12:00 to 13:00, and what was seen at 12:00 held until 12:10; red again
# from 13:30, with the provider saying that it began at 13:20; still so at 14:00.
page none operational operational; at 09:00 09:10 09:20 09:30 09:40 09:50
page major major_outage operational; at 10:00 10:10 10:20
page maintenance under_maintenance operational; at 10:30 10:40 10:50
page minor degraded_performance operational; at 11:00 11:10 11:20
page none operational operational; at 11:30 11:40 11:50 12:00 13:00 13:10 13:20
INCIDENTS='[{"id":"i1","name":"Mail is down","status":"investigating","impact":"major","shortlink":"https://example.com/i1","started_at":"2026-03-24T13:20:00Z","created_at":"2026-03-24T13:20:00Z","updated_at":"2026-03-24T13:25:00Z","components":[{"id":"component0","name":"Mail"}],"incident_updates":[]}]'
page major major_outage operational; at 13:30 13:40 13:50
report() { lampwatch --clock 2026-03-24T14:00:00Z report "$@"; }
row() { report --csv "$@" | tr -d '\r' | grep '"Mail"'; }

same "each kind of time stands for itself" '"example","component0","Mail",2026-03-24T09:00:00Z,2026-03-24T14:00:00Z,72.727,2,7800,1800,3600,1800,3000,1800,1800' "$(row)"
same "a time asked for is cut out, in the configured zone" '"example","component0","Mail",2026-03-24T09:30:00Z,2026-03-24T10:30:00Z,50.000,1,1800,0,1800,0,0,1800,' "$(row --since 2026-03-24T10:30 --until 2026-03-24T11:29)"
same "an indicator that was always up" '100,0,15000,0,0,0,3000,0,' "$(report --csv | tr -d '\r' | grep '"Chat"' | cut -d , -f 6-)"
same "what was seen for none of the time is not up" ',0,0,0,0,0,2460,0,' "$(row --since 2026-03-24T13:10 --until 2026-03-24T13:50 | cut -d , -f 6-)"
check "the lag behind the provider's own time is told" grep -q "10 min after the page says it began" <(report)
check "an outage that goes on has no end" grep -q "to at least" <(report)
same "no line is wider than a terminal" "" "$(report | awk 'length > 80')"
same "JSON has the same figures" "3600 1800 600" "$(report --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)["pages"][0]["indicators"]
mail = next(row for row in rows if row["label"] == "Mail")
print(mail["red"]["seconds"], mail["repair"]["seconds"], mail["outages"][1]["lag_begin"])')"
report --html > "$work/report.html"
check "HTML is whole and loads nothing" python3 -c '
import sys, re
from html.parser import HTMLParser
text = open(sys.argv[1]).read()
class Check(HTMLParser):
	void = {"meta", "br", "link", "rect", "img"}
	stack = []
	def handle_starttag(self, tag, attributes):
		assert tag not in {"script", "img", "link"}, tag
		if tag not in self.void: self.stack.append(tag)
	def handle_endtag(self, tag):
		if tag not in self.void: assert self.stack.pop() == tag, tag
check = Check(); check.feed(text)
assert not check.stack and "72.727 %" in text' "$work/report.html"
mkdir "$work/hourly"; sed "s#^archive: .*#archive: hourly#; s/^every: .*/every: 0s/" "$work/lampwatch.yaml" > "$work/hourly.yaml"
page none operational operational; "$lampwatch" -c "$work/hourly.yaml" --clock 2026-03-24T09:00:00Z run 2> /dev/null
page major major_outage operational; "$lampwatch" -c "$work/hourly.yaml" --clock 2026-03-24T10:00:00Z run
same "an outage that was seen only once an hour is one all the same" "1,60,0,60,0,7080" \
	"$("$lampwatch" -c "$work/hourly.yaml" --clock 2026-03-24T11:00:00Z report --csv | tr -d '\r' | grep '"Mail"' | cut -d , -f 7-12)"
same "too little that is known makes no figure: text, CSV, JSON, HTML" "known 1 % '' ['', '1.666 %', 'known 1 %'] known 1 % " "$({
	hourly() { "$lampwatch" -c "$work/hourly.yaml" --clock 2026-03-24T11:00:00Z report "$@"; }
	hourly | grep -o 'known [0-9]* %' | sort -u
	printf "'%s'\n" "$(hourly --csv | tr -d '\r' | grep '"Mail"' | cut -d , -f 6)"
	hourly --json | python3 -c '
import json, sys
row = next(row for row in json.load(sys.stdin)["pages"][0]["indicators"] if row["label"] == "Mail")
print([row["availability"], row["known_share"], row["available"]])'
	hourly --html | grep -o '>known [^<]*' | sed 's/^>//' | sort -u; } | tr '\n' ' ')"
report --since 2027 > /dev/null; same "a time without end before its beginning is refused" 2 $?
report --since yesterday > /dev/null; same "what is no time is refused" 2 $?
report nobody > /dev/null; same "a page that is not watched is refused" 2 $?
finish
