#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# 24 January 2014, with a probe: what fails is told before the page says so, by the route that does not
# depend on it; the red that follows is in the same thread, and there is one end. And every other order of
# the four turns: it fails, it works again, the lamp turns red, it turns green.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_smtp first
serve_smtp second
serve_http www --posts "$work/hooks"
mkdir -p "$work/hooks" "$work/www/v2"
echo 'status=202;body={"status": "success"}' > "$work/www/v2/enqueue.fault"
home=$work/home
mkdir "$home"; cd "$home" || exit 1

# begin [ON…]: a new archive, of a page that is green and a probe that finds nothing wrong.
begin() {
	rm -rf "$home"/* "$work"/first/*.eml "$work"/second/*.eml "$work"/hooks/*
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		every: 1h
		confirm: {worse: 1, better: 1}
		pages:
		  - name: google
		    url: https://status.example.com/
		    kind: statuspage
		    facts: {Mail: [mail/web]}
		probes:
		  - name: mail
		    provider: google
		    confirm: {worse: 1, better: 1}
		    checks: [{name: web, http: "https://mail.example.com/"}]
		routes:
		  - {name: first, smtp: "smtp://127.0.0.1:$first_port", tls: off, depends: [google]}
		  - {name: second, smtp: "smtp://127.0.0.1:$second_port", tls: off}
		subscribers:
		  - {mail: ops@example.com, on: [${1:-red, green}]}
		webhooks:
		  - {name: pager, url: "http://127.0.0.1:$www_port/", template: pagerduty, on: [red, green], with: {routing_key_file: key}}
	END
	echo 0123456789abcdef0123456789abcdef > key; chmod 600 key
	works 18:58; green 18:58
}

# at HH:MM: what lies in turn/ is what was fetched then.
at() {
	output=$("$lampwatch" replay --deliver turn 2>&1); status=$?
	[ $status -eq 0 ] || fail "the turn at $1" "$output"
	rm -rf turn
}
probe() {
	mkdir -p turn/mail
	printf '{"probe": "mail", "checks": [{"name": "web", "type": "http", "target": "https://mail.example.com/", "state": "%s", "word": "%s", "attempts": []}]}' "$2" "$3" > "turn/mail/2014-01-24T${1/:/}00Z"
	at "$1"
}
page() { mkdir -p turn/google; statuspage_page "turn/google/2014-01-24T${1/:/}00Z" "$2" "$3" operational; at "$1"; }
works() { probe "$1" good ""; }
fails() { probe "$1" failed "HTTP 500"; }
green() { page "$1" none operational; }
red() { page "$1" major major_outage; }

# In the order in which they came.
arrived() { find "$work/first" "$work/second" -name '*.eml' -printf '%T@ %p\n' | sort -n | cut -d ' ' -f 2; }
nth() { arrived | sed -n "$1p"; }
field() { sed -n "s/\r\$//; s/^$1: //p" "$2" | head -n 1; }
subject() { decoded "$(sed -n '/^Subject:/{s/^Subject: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}' "$1")" | sed 's/^SIMULATED //'; }
# said: with which word each mail begins.
said() { local mail; for mail in $(arrived); do subject "$mail" | sed 's/:.*//'; echo; done | paste -sd ,; }
pages() { cat "$work"/hooks/* 2> /dev/null | grep -o '"event_action":"[a-z]*","dedup_key":"[^"]*"' | sed 's/"event_action":"//; s/","dedup_key":"/ /; s/"$//' | paste -sd ,; }
now() { "$lampwatch" --clock "2014-01-24T$1:30Z" "${@:2}"; }

# ---- the day itself ----

begin
fails 19:02
same "at 19:02 it is told that it fails" "FAILS HERE: Mail: web: HTTP 500 since 19:02 UTC; the page is still green (Example Services)" "$(subject "$(nth 1)")"
same "by the second route, since the first depends on it" "0 1" "$(count_mails first) $(count_mails second)"
check "status says both" grep -q "green Mail operational since 2014-01-24 18:58 UTC, fails here since" <(now 19:03 status | tr -s ' \n' ' ')
check "and which check" grep -q "(mail/web: HTTP 500)" <(now 19:03 status | tr -s ' \n' ' ')
same "so does --json" "bad mail/web HTTP 500" "$(now 19:03 --json status | python3 -c 'import json, sys; fact = json.load(sys.stdin)["pages"][0]["indicators"][1]["fact"]; print(fact["state"], fact["checks"][0]["check"], fact["checks"][0]["word"])')"
check "and log" grep -q "google event early Mail: major_outage (web: HTTP 500 since 19:02 UTC)" <(now 19:03 log | tr -s ' \n' ' ')
evidence() { sed -n 's/\r$//; s/^Evidence:  *\([^ ]*\) in the archive/\1/p' "$1" | paste -sd ' '; }
same "its evidence is what the probe found" "$(cd archive && echo mail/2014/01/*T190200Z)" "$(evidence "$(nth 1)")"
check "which verify --mail finds there" now 19:03 verify --mail "$(nth 1)"
red 19:20
same "at 19:20 the page says so too, 18 minutes later" "RED: Mail: major outage, 18 min after it failed here (Example Services)" "$(subject "$(nth 2)")"
same "and proves it itself" "$(cd archive && echo google/2014/01/*T192000Z)" "$(evidence "$(nth 2)")"
same "in the same thread" "$(field Message-ID "$(nth 1)")" "$(field In-Reply-To "$(nth 2)")"
works 19:52
same "that it works again is not told while the page is red" 2 "$(($(count_mails first) + $(count_mails second)))"
green 20:23
same "at 20:23 the page's green ends it" "GREEN: Mail: operational again after 1 h 03 min (Example Services)" "$(subject "$(nth 3)")"
same "and nothing else was told" "FAILS HERE,RED,GREEN" "$(said)"
check "none of them says that the service is not tested" bash -c "! grep -l 'does not test' $(arrived | paste -sd ' ')"
key=lampwatch/google/component0
same "the pager had one incident, and it is resolved" "trigger $key,trigger $key,resolve $key" "$(pages)"
check "the archive is whole" now 20:30 verify

# ---- several pages with one fact ----

begin
for name in two three; do
	sed -i "/^probes:/i\\  - {name: $name, url: \"https://$name.example.com/\", kind: statuspage, facts: {Mail: [mail/web]}}" lampwatch.yaml
	mkdir -p "turn/$name" && statuspage_page "turn/$name/2014-01-24T185800Z" none operational operational
	at 18:58
done
fails 19:02
same "the first is told at once, the others in one message" "2" "$(arrived | grep -c .)"
proof=mail/2014/01/2014-01-24T190200Z
same "each of the three pages names the probe's snapshot" "$proof $proof $proof" "$(evidence "$(nth 1)") $(evidence "$(nth 2)")"
check "and is proved by it" now 19:03 verify --mail "$(nth 2)"
sed '/^Digest:/y/0123456789/1234567890/' "$(nth 2)" > altered.eml
check "which an altered digest is not" bash -c "! '$lampwatch' --clock 2014-01-24T19:03:30Z verify --mail altered.eml"

# ---- every other order ----

# order NAME EXPECTED PAGER TURN…
order() {
	local name=$1 expected=$2 pager=$3 minute=0
	shift 3
	begin "${on:-}"
	for turn in "$@"; do minute=$((minute + 5)); $turn "19:$(printf %02d $minute)"; done
	same "$name" "$expected" "$(said)"
	same "$name: the pager" "$pager" "$(pages | sed "s|$key|it|g")"
}
order "the page never says so" "FAILS HERE,WORKS AGAIN HERE" "trigger it,resolve it" fails works
check "and the end says that" grep -q "the page never said so" <(subject "$(nth 2)")
order "the lamp turns green too soon" "FAILS HERE,RED,GREEN, BUT FAILS HERE,WORKS AGAIN HERE" "trigger it,trigger it,resolve it" fails red green works
order "it works before the lamp turns" "FAILS HERE,WORKS AGAIN HERE,RED,GREEN" "trigger it,resolve it,trigger it,resolve it" fails works red green
order "the lamp is first, and last" "RED,GREEN" "trigger it,resolve it" red fails works green
order "the lamp is first, and green too soon" "RED,GREEN, BUT FAILS HERE,WORKS AGAIN HERE" "trigger it,resolve it" red fails green works
order "one after the other" "RED,GREEN,FAILS HERE,WORKS AGAIN HERE" "trigger it,resolve it,trigger it,resolve it" red green fails works
on="red, green, late" order "whoever asks hears that the page is late" "FAILS HERE,RED,WORKS HERE,GREEN" "trigger it,trigger it,resolve it" fails red works green
on="red, green, -early" order "and may leave out what we see" "RED,GREEN" "trigger it,trigger it,resolve it" fails red works green

# ---- a page that lists only what is in trouble, as that of 2014 did ----

feed() { mkdir -p turn/google; cp "$root/tests/pages/google-apps-rss/$2/page" "turn/google/2014-01-24T${1/:/}00Z"; at "$1"; }
begin
sed 's/kind: statuspage/kind: google-apps-rss/; s/{Mail: /{Letterbox: /' lampwatch.yaml > feed.yaml
rm -rf archive "$work"/first/*.eml "$work"/second/*.eml "$work"/hooks/*
mv feed.yaml lampwatch.yaml
works 18:58; feed 18:58 normal
fails 19:02
same "what it does not list is as green as all the rest" "FAILS HERE" "$(said)"
check "status shows it" grep -q "green Letterbox operational, not listed, fails here since 2014-01-24 19:02 UTC (mail/web: HTTP 500)" <(now 19:03 status | tr -s ' \n' ' ')
same "so does --json" "Letterbox bad" "$(now 19:03 --json status | python3 -c 'import json, sys; last = json.load(sys.stdin)["pages"][0]["indicators"][-1]; print(last["name"], last["fact"]["state"])')"
feed 19:20 incident
check "the red that follows says how much later" grep -q "Letterbox.*18 min after it failed here" <(subject "$(nth 2)")
same "in the same thread" "$(field Message-ID "$(nth 1)")" "$(field In-Reply-To "$(nth 2)")"
works 19:52
feed 20:23 resolved
same "and there is one end" "FAILS HERE,RED,GREEN" "$(said)"
same "also for the pager" "trigger lampwatch/google/Letterbox,resolve lampwatch/google/Letterbox" "$(pages | tr , '\n' | grep Letterbox | uniq | paste -sd ,)"

# ---- what is done about it ----

begin
fails 19:02
same "ack says what it acknowledged" "acknowledged: Mail" "$(now 19:04 ack google)"
rm archive/.state/lampwatch.db*
check "rebuild" now 19:05 rebuild
check "what fails here is open again, and answered for" \
	grep -q "Mail operational since 2014-01-24 18:58 UTC, acknowledged, fails here since 2014-01-24 19:02 UTC" <(now 19:06 status | tr -s ' \n' ' ')
same "a plugin of a monitoring system says so" "LAMPWATCH CRITICAL: red: google: Mail (fails here), mail: web | red=2 unknown=0 yellow=0" "$(now 19:06 status --nagios)"
red 19:20
check "whoever answers for it answers for the red, too" grep -q "Mail major outage.*acknowledged, fails" <(now 19:21 status | tr -s ' \n' ' ')
same "what was told is told again, under the Message-ID that it had" "2 1" "$(subjects second | grep -c FAILS) $(for mail in $(arrived); do subject "$mail" | grep -q FAILS && field Message-ID "$mail"; done | sort -u | wc -l)"
works 19:30
green 19:40
check "and ends" grep -q "GREEN$" <(said)
finish
