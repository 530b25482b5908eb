#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What people write of a service: four weeks of a feed in which little is usual, then the crowd of 24 January 2014,
# which is told as a fact while the page is still green; then it is over. A feed that stops is grey. And a server that
# answers 304 to whoever asks is not asked so: the window moves on.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_smtp relay
serve_http www
home=$work/home
mkdir "$home"; cd "$home" || exit 1

# configure [KEY…]: of the page of kind crowd.
configure() {
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		every: 1m
		red: degraded
		confirm: {worse: 1, better: 1}
		pages:
		  - {name: google, url: "https://status.example.com/", kind: statuspage, red: partial_outage, facts: {Mail: [chatter/crowd]}}
		  - {name: chatter, url: "${url:-https://social.example.com/tags/mail.rss}", kind: crowd, match: '\b(down|outage)\b', within: 30m, times: 4, least: 5${1:+, $1}}
		routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
		subscribers:
		  - {mail: ops@example.com, pages: [google]}
		  - {mail: curious@example.com, pages: [chatter], on: [red, update]}
	END
}

# feed FILE NOW: an RSS feed as it stands at NOW (MONTH-DAYTHH:MM): the newest twenty of three entries an hour, one of
# which matches, by day and night, and of what crowd/ holds: lines of TIME TITLE; nothing after the time in stop.
cat > feed.py <<'END'
import datetime, os, sys
now = datetime.datetime.fromisoformat("2014-" + sys.argv[1])
end = min(now, datetime.datetime.fromisoformat("2014-" + open("stop").read().strip())) if os.path.exists("stop") else now
hour, entries = end.replace(minute=0), []
for i in range(12):
	for minute, title in ((5, "How do I colour a label?"), (25, "A filter for the newsletter"), (45, "Is Mail down for you?")):
		entries.append((hour - datetime.timedelta(hours=i) + datetime.timedelta(minutes=minute), title))
for line in open("crowd") if os.path.exists("crowd") else []:
	time, title = line.rstrip().split(" ", 1)
	entries.append((datetime.datetime.fromisoformat("2014-" + time), title))
entries = sorted((entry for entry in entries if entry[0] <= end), reverse=True)[:20]
print('<?xml version="1.0"?><rss version="2.0"><channel><title>#mail</title>')
for time, title in entries:
	print("<item><guid>%s</guid><pubDate>%s +0000</pubDate><description>&lt;p&gt;%s&lt;/p&gt;</description></item>"
		% (time.strftime("%m%d%H%M") + title.replace(" ", ""), time.strftime("%a, %d %b %Y %H:%M:%S"), title))
print("</channel></rss>")
END
feed() { mkdir -p turn/chatter; python3 feed.py "$1" > "turn/chatter/2014-${1/:/}00Z"; }
green() { mkdir -p turn/google; statuspage_page "turn/google/2014-${1/:/}00Z" none operational operational operational; }
play() { output=$("$lampwatch" replay --deliver turn 2>&1); status=$?; [ $status -eq 0 ] || fail "a replay" "$output"; rm -rf turn; }
now() { "$lampwatch" --clock "2014-$1:30Z" "${@:2}" 2>&1; }
flat() { tr -s ' \n' ' '; }
snapshots() { find archive/chatter -name SHA256SUMS | wc -l; }
crowd_of() { now "$1" status chatter | flat; }
rows() { python3 -c 'import sqlite3, sys; print(*sqlite3.connect("archive/.state/lampwatch.db").execute(sys.argv[1]).fetchone())' "$1"; }
told() { subjects relay | while read -r subject; do decoded "$subject"; echo; done | sed 's/^SIMULATED //' | sort; }

# ---- four weeks ----

configure
green 01-02T18:58; feed 01-02T18:58; play
check "at first nothing is usual" grep -q "grey crowd unknown" <(crowd_of 01-02T18:58)
same "and the archive has one snapshot" 1 "$(snapshots)"
for day in 02 03 04 05 06 07; do feed "01-${day}T19:05"; feed "01-${day}T20:30"; done; feed 01-08T19:00; play
check "nor is it after six days" grep -q "grey crowd unknown" <(crowd_of 01-08T19:00)
seq -f '01-08T19:0%g Mail is down' 1 9 > crowd
feed 01-08T19:10; play
check "then least alone makes no crowd" grep -q "grey crowd unknown" <(crowd_of 01-08T19:10)
rm crowd; feed 01-08T20:30
for day in 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do feed "01-${day}T19:00"; feed "01-${day}T20:30"; done
for minute in 10 20 30 40 50 58; do feed "01-24T18:$minute"; green "01-24T18:$minute"; done
play
check "then it is as usual" grep -q "green crowd operational" <(crowd_of 01-24T18:58)
same "of which one snapshot was kept, whatever the feed said" 2 "$(snapshots)"
same "nobody was told" "" "$(told)"

# ---- beside a check ----

sed 's|facts: {Mail: \[chatter/crowd\]}|facts: {Mail: [mail/web, chatter/crowd]}|; s|^routes:|probes: [{name: mail, confirm: {worse: 1, better: 1}, checks: [{name: web, http: "https://mail.example.com/"}]}]\n&|; s|archive: archive|archive: beside|' lampwatch.yaml > beside.yaml
probe() {
	mkdir -p turn/mail
	printf '{"probe": "mail", "checks": [{"name": "web", "type": "http", "target": "https://mail.example.com/", "state": "%s", "word": "%s", "attempts": []}]}' "$2" "$3" > "turn/mail/2014-${1/:/}00Z"
}
feed 01-02T19:00; green 01-02T19:00; probe 01-02T19:00 good ""
feed 01-02T19:01; green 01-02T19:01; probe 01-02T19:01 failed "HTTP 500"
feed 01-02T19:02; green 01-02T19:02; probe 01-02T19:02 good ""
output=$("$lampwatch" -c beside.yaml replay --deliver turn 2>&1) || fail "a replay beside a check" "$output"
rm -rf turn
same "a crowd of which nothing is known does not keep a check from being right" "FAILS HERE,WORKS AGAIN HERE" "$(told | sed 's/:.*//' | paste -sd ,)"
check "nor the ledger from knowing when it began and ended" grep -q "failed 2014-01-02 19:01 UTC.*works again 2014-01-02 19:02 UTC" \
	<(now 01-02T19:10 -c beside.yaml report --lag | flat)
rm -f "$work"/relay/*.eml

# ---- the crowd ----

{ for minute in 02 03 04 05; do echo "01-24T19:$minute Mail is DOWN, error 500"; done; echo "01-24T19:05 What a nice day"; } > crowd
feed 01-24T19:05; green 01-24T19:05; play
same "five within half an hour, where it is one, are a crowd: told as a fact, to whom the page is named" \
	"FAILS HERE: Mail: crowd: 5 entries within 30 min, usually 1 since 19:05 UTC; the page is still green (Example…" "$(told | grep -v '#mail')"
check "it is yellow, and no red, though the file says red: degraded" grep -q "yellow crowd degraded" <(crowd_of 01-24T19:05)
check "status says which fact" grep -q "green Mail operational.*fails here since 2014-01-24 19:05 UTC (chatter/crowd: 5 entries within 30 min, usually 1)" <(now 01-24T19:05 status | flat)
check "the incident's text is what people write" grep -q "19:05.*Mail is DOWN, error 500" <(now 01-24T19:05 show chatter | flat)
check "and nothing else" sh -c '! printf %s "$1" | grep -q "nice day"' - "$(now 01-24T19:05 show chatter)"
seq -f '01-24T19:%02g Is it an outage?' 6 20 >> crowd
feed 01-24T19:10; feed 01-24T19:20; play
same "that the crowd goes on is no news" 3 "$(snapshots)"
feed 01-24T19:48; play
check "five less one or two are still a crowd" grep -q "yellow crowd degraded" <(crowd_of 01-24T19:48)
feed 01-24T19:58; green 01-24T19:58; play
check "then it is over" grep -q "green crowd operational" <(crowd_of 01-24T19:58)
same "and told" 1 "$(told | grep -c 'WORKS AGAIN HERE: Mail')"
check "whoever asks for updates of the crowd gets them" grep -q "5 entries within 30 min, usually 1" <(told | grep '#mail')
check "and in their words" grep -q "More people write of it than usual" "$(grep -l '^Subject:.*UPDATE: 5 entries' "$work"/relay/*.eml | head -n 1)"
check "the ledger has it" grep -q "Mail: 1 outage" <(now 01-24T20:00 report --lag | flat)
check "the archive is whole" now 01-24T20:00 verify

# ---- a feed that stops ----

echo 01-24T20:00 > stop
feed 01-24T20:20; play
check "half an hour of silence is nothing" grep -q "green crowd operational" <(crowd_of 01-24T20:20)
feed 01-24T20:40; green 01-24T20:40; play
check "one of more than twice what is usual is a feed that has stopped" grep -q "grey crowd unknown" <(crowd_of 01-24T20:40)
check "which says nothing of the page" sh -c '! printf %s "$1" | grep -q "fails here"' - "$(now 01-24T20:40 status google)"
rm stop
feed 01-24T21:00; play
check "until it goes on" grep -q "green crowd operational" <(crowd_of 01-24T21:00)

# ---- red while the crowd is quiet ----

mkdir -p turn/google; statuspage_page turn/google/2014-01-24T210000Z none major_outage operational operational
play
same "a page is red" "1" "$(rows "SELECT count(*) FROM alarm WHERE kind = 'red' AND closed IS NULL")"
same "a quiet crowd proves nothing: the lamp is not late" 0 "$(rows "SELECT count(*) FROM alarm WHERE kind = 'late'")"
now 01-24T21:10 -q site > site.out
day=archive/google/2014/01/2014-01-24.html
same "nor on the site, in any place" "1 0" "$(grep -c 'class="sides"' "$day") $(grep -c 'still red</td>\|class="late"\|Still red while' "$day")"

# ---- rows ----

before=$(rows "SELECT count(*) FROM crowd")
feed 01-24T21:01; play
same "no two windows stand within a quarter of an hour" "$before" "$(rows "SELECT count(*) FROM crowd")"
feed 02-28T19:00; play
same "nor any longer than four weeks" 1 "$(rows "SELECT count(*) FROM crowd")"
check "and what is usual has to be learned again" grep -q "grey crowd unknown" <(crowd_of 02-28T19:00)
rm archive/.state/lampwatch.db*
check "rebuild" now 02-28T19:05 rebuild
check "of the snapshots makes what they say" grep -q "grey crowd unknown" <(crowd_of 02-28T19:05)

# ---- over the network ----

rm -rf archive
url=http://127.0.0.1:$www_port/mail.rss configure "timeout: {connect: 5s, total: 5s}"
sed -i '/name: google/d; s/pages: \[google\]/pages: [chatter]/' lampwatch.yaml
python3 feed.py 01-24T19:00 > "$work/www/mail.rss"
for minute in 00 02 04; do now "01-24T19:$minute" run chatter; done > out 2>&1
same "the whole feed is asked for each time" "- 200,- 200,- 200" "$(cut -f 3,4 "$work/www.log" | tr '\t' ' ' | paste -sd ,)"
now 01-24T21:00 run chatter >> out
check "so that a feed with the same bytes has stopped" grep -q "grey crowd unknown " <(crowd_of 01-24T21:00)
same "what was counted is kept for four weeks" 1 "$(rows "SELECT count(*) > 0 FROM crowd")"
sed -i 's/name: chatter, .*/name: plain, url: "http:\/\/127.0.0.1:9\/", kind: statuspage}/; /mail: curious/d; s/pages: \[chatter\]/pages: [plain]/' lampwatch.yaml
now 02-21T19:00 run > /dev/null
same "also of a page that nobody watches any more" 1 "$(rows "SELECT count(*) > 0 FROM crowd")"
now 02-28T19:00 run > /dev/null
same "and no longer" 0 "$(rows "SELECT count(*) FROM crowd")"
finish
