#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Signal, not noise: flapping is announced once and settled once; what several pages do in one run is
# two messages; quiet hours, our own maintenance and silences hold back and lose nothing, even in the
# nights when clocks change; reminders, ack, and floors.
set -u
. "$(dirname "$0")/../harness.sh"
unsanitized

# begin NAME YAML: a new archive, with pages a, b and c, and no mails.
begin() {
	cat > "$work/lampwatch.yaml" <<YAML
from: lampwatch@watch.example.org
archive: $1
timezone: Europe/Berlin
resolver: 127.0.0.1:9
every: 0s
confirm: {worse: 1, better: 1}
pages:
  - {name: a, url: "http://127.0.0.1:$a_port/", kind: statuspage}
  - {name: b, url: "http://127.0.0.1:$b_port/", kind: statuspage}
  - {name: c, url: "http://127.0.0.1:$c_port/", kind: statuspage}
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
$2
YAML
	rm -rf "$work/relay"; mkdir "$work/relay"; : > "$work/relay.script"
	local page; for page in a b c; do page "$page" operational; done
}
page() { statuspage_page "$work/page" none "${@:2}"; sed "s/Example Services/Page $1/" "$work/page" | put "$work/$1/api/v2/summary.json"; }
# at TIME COMMAND…: what it prints, except what root is told.
at() {
	local clock=$1 status; shift
	"$lampwatch" -c "$work/lampwatch.yaml" --clock "$clock" "$@" 2> "$work/error"; status=$?
	grep -v 'runs as root' "$work/error"
	return $status
}
run() { at "$1" run; }
told() { subjects relay | sed 's/^SIMULATED //' | tr '\n' '|'; }
decoded_mail() { xargs cat | tr -d '\r' | sed ':a;/=$/{N;s/=\n//;ba};s/=3D/=/g'; }
last() { mails relay | tail -1 | decoded_mail; }
both="subscribers: [{mail: ops@example.com}]"

for p in a b c; do serve_http $p; mkdir -p "$work/$p/api/v2"; done
serve_smtp relay

# ---- several pages in one run ----

begin grouping "$both"
run 2026-11-23T12:00:00Z
for p in a b c; do page $p major_outage; done
run 2026-11-23T12:01:00Z
same "three pages in one run are two messages" 2 "$(count_mails relay)"
same "of which the second is about two pages, and says which" 1 "$(told | grep -c 'RED: Mail and 1 more (2 pages: [abc], [abc])')"
same "and shows each with its events" "== Page|RED: Mail|== Page|RED: Mail|" \
	"$(mails relay | xargs grep -l '(2 pages' | decoded_mail | sed -n '/^Content-Type: text\/html/q;s/^== Page [abc]$/== Page/p;/^RED: /p' | tr '\n' '|')"
for p in a b c; do page $p operational; done
run 2026-11-23T12:02:00Z
same "and so are their greens" 4 "$(count_mails relay)"
same "each page's once" "Page a|Page b|Page c|" "$(mails relay | tail -2 | xargs cat | grep -o 'Page [abc]' | sort -u | tr '\n' '|')"
same "nothing is left" "" "$(at 2026-11-23T12:02:00Z outbox)"

begin refused "$both"
run 2026-11-23T12:00:00Z
echo 'rcpt reply 451 later' > "$work/relay.script"
for p in a b c; do page $p major_outage; done
run 2026-11-23T12:01:00Z
# Which page came first is chance; what is being sent just now is not to be met: nothing is due yet.
first=$(at 2026-11-23T12:01:00Z outbox | sed -n '1s/.* //p')
over=$(tr -d "$first" <<< abc | cut -c1)
page "$over" operational
run 2026-11-23T12:01:30Z
: > "$work/relay.script"
at 2026-11-23T12:03:00Z outbox retry > /dev/null
run 2026-11-23T12:03:00Z
all=$(mails relay | xargs cat | tr -d '\r')
same "a red that waits among others and is over is told as both, and the rest stays" 2:1 "$(grep -c '^RED: Mail' <<< "$all"):$(grep -c '^RED, GREEN AGAIN: Mail' <<< "$all")"
for p in a b c; do page $p operational; done
run 2026-11-23T12:04:00Z
same "their greens follow, and no other" 2 "$(mails relay | xargs cat | tr -d '\r' | grep -c '^GREEN: Mail')"

# ---- flapping, through the whole program ----

begin flapping "subscribers: [{mail: ops@example.com}, {mail: plain@example.com, on: [red, green]}]"
sed -i 's/confirm: .*/confirm: {worse: 1, better: 2}/' "$work/lampwatch.yaml"
run 2026-11-23T12:00:00Z
minute=0 state=operational
step() { minute=$((minute + ${1:-1})); run "$(date -u -d "2026-11-23T12:00:00Z + $minute min" +%FT%TZ)"; }
flip() { [ $state = operational ] && state=major_outage || state=operational; page a $state; }
for i in 1 2 3 4 5 6 7; do flip; step; done
ops() { grep -l "^X-Envelope-To: <\{0,1\}$1@" $(mails relay) | xargs -r -n1 sed -n 's/^Subject: SIMULATED \([A-Z ,]*\):.*/\1/p' | tr '\n' '|'; }
same "many changes in a row are one red and one notice" "RED|FLAPPING|" "$(ops ops)"
same "who wants red and green only hears the red" "RED|" "$(ops plain)"
check "status says that it flaps" grep -q 'Mail .*flapping' <(at 2026-11-23T12:08:00Z status a)
page a operational; state=operational
for i in $(seq 1 16); do step 5; done
same "it settles once" "RED|FLAPPING|SETTLED|" "$(ops ops)"
same "and is plainly green to who heard it red" "RED|GREEN|" "$(ops plain)"
check "the settled state is said with since when" grep -q 'Mail: operational for' <(told)
flip; step 5
same "after that a red is a red" "RED|FLAPPING|SETTLED|RED|" "$(ops ops)"

# ---- quiet hours ----

quiet="subscribers: [{mail: ops@example.com, quiet: {from: '22:00', to: '07:00'}}]"
# night NAME RED BEFORE END: red in the night; nothing a minute before its end, told at the end.
night() {
	begin "$1" "$quiet"
	run "$2T12:00:00Z"; page a major_outage
	run "$3"
	run "$4"
	same "$1: quiet hours hold a red to their last second" 0 "$(count_mails relay)"
	check "$1: outbox says until when" grep -q "held until $6 07:00 CE" <(at "$4" outbox)
	run "$5"
	same "$1: and it is told when they end" "RED: Mail: major outage (Page a)|" "$(told)"
}
night winter 2026-11-23 2026-11-23T22:30:00Z 2026-11-24T05:59:59Z 2026-11-24T06:00:00Z 2026-11-24
night spring-forward 2026-03-28 2026-03-28T21:00:00Z 2026-03-29T04:59:59Z 2026-03-29T05:00:00Z 2026-03-29
night fall-back 2026-10-24 2026-10-25T00:30:00Z 2026-10-25T05:59:59Z 2026-10-25T06:00:00Z 2026-10-25
begin over "$quiet"
run 2026-11-23T12:00:00Z
page a major_outage; page b major_outage; run 2026-11-23T22:00:00Z
page a operational; run 2026-11-23T23:00:00Z
check "a run that holds something is done" run 2026-11-23T23:01:00Z
run 2026-11-24T06:00:00Z
same "what was over by then is one message that says both, beside what is not" "1 RED: Mail|RED, GREEN AGAIN: Mail|" "$(count_mails relay) $(last | sed -n '/^Content-Type: text\/html/q;/^RED.*: Mail/p' | sort -r | tr '\n' '|')"

# ---- our own maintenance, and silence ----

begin maintenance "$both
maintenance: [{pages: [a], from: '02:00', to: '04:00', days: sun, reason: new cables}]"
run 2026-11-28T12:00:00Z
page b major_outage; run 2026-11-29T00:30:00Z
page b operational
page a major_outage; run 2026-11-29T01:30:00Z
same "what is not worked on is told as ever" "RED: Mail: major outage (Page b)|GREEN: Mail: operational again after 1 h 00 min (Page b)|" "$(told)"
check "status says that it is silent and why" grep -q 'maintenance: nobody is told until 2026-11-29 04:00 CET: new cables' <(at 2026-11-29T01:30:00Z status)
page a operational; run 2026-11-29T01:40:00Z
page a operational major_outage; run 2026-11-29T02:59:59Z
same "what begins in it is not told" 2 "$(count_mails relay)"
check "but logged" grep -q 'changed indicator .*Mail: operational -> major_outage' <(at 2026-11-29T03:00:00Z log a)
run 2026-11-29T03:00:00Z
same "what is still red at its end is told then, and the rest never" "RED: Chat: major outage (Page a)|" "$(told | cut -d'|' -f3-)"
begin maintenance-green "$both
maintenance: [{begins: 2026-11-29T02:00:00+01:00, ends: '2026-11-29T03:00:00Z'}]"
run 2026-11-28T12:00:00Z
page a major_outage; run 2026-11-29T00:59:00Z
page a operational; run 2026-11-29T02:00:00Z
same "a green for a red that was told before" 1 "$(count_mails relay)"
run 2026-11-29T03:00:00Z
same "goes out at the end" "GREEN: Mail: operational again after 1 h 01 min (Page a)|" "$(told | cut -d'|' -f2-)"

begin silence "$both"
run 2026-11-23T12:00:00Z
same "a silence is confirmed" "a: nobody is told until 2026-11-23 14:00 CET" "$(at 2026-11-23T12:00:00Z silence a --until 14:00 --reason 'we know')"
same "a time that is none is named" "2 silence: \"soon\" is not a time" \
	"$(out=$(at 2026-11-23T12:00:00Z silence a --until soon 2>&1); echo "$? $(grep -o 'silence: "soon" is not a time' <<< "$out")")"
same "and listed" "a: silence until 2026-11-23 14:00 CET: we know" "$(at 2026-11-23T12:30:00Z silence)"
page a major_outage; run 2026-11-23T12:30:00Z
same "nobody is told of a silent page" 0 "$(count_mails relay)"
run 2026-11-23T13:00:00Z
same "what is red when it ends is told then" "RED: Mail: major outage (Page a)|" "$(told)"
at 2026-11-23T13:01:00Z silence a --for 2h > /dev/null
page a operational; run 2026-11-23T13:10:00Z
same "a silence can be ended" "a: notifications are on again" "$(at 2026-11-23T13:20:00Z silence a --end)"
run 2026-11-23T13:20:00Z
same "and then the green is told" 2 "$(count_mails relay)"
for words in "a" "a --until yesterday" "a --until 2026-11-23T12:00:00Z" "nobody --for 1h" "a --for 1h --end" "a --for 400d"; do
	at 2026-11-23T13:20:00Z silence $words > "$work/out"; status=$?
	same "silence $words is refused" 2 $status
done

# ---- reminders, and who answers ----

begin reminders "subscribers: [{mail: ops@example.com, on: [red, green, update]}]
remind: 4h"
run 2026-11-23T12:00:00Z
page a major_outage; run 2026-11-23T12:01:00Z
run 2026-11-23T16:00:59Z
same "no reminder before its time" 1 "$(count_mails relay)"
run 2026-11-23T16:01:00Z; run 2026-11-23T16:02:00Z
same "one reminder each four hours" "STILL RED: Mail: major outage for 4 h 00 min (Page a)|" "$(told | cut -d'|' -f2-)"
run 2026-11-23T20:01:00Z
same "and another, which is another message" "3 3" "$(count_mails relay) $(mails relay | xargs cat | grep -i '^Message-ID:' | sort -u | wc -l | tr -d ' ')"
same "ack says what it acknowledged" "acknowledged: Mail" "$(at 2026-11-23T20:02:00Z ack a)"
INCIDENTS='[{"id":"i1","name":"Mail is slow","status":"investigating","impact":"major","shortlink":"","created_at":"2026-11-23T12:00:00Z","updated_at":"2026-11-23T20:02:00Z","incident_updates":[],"components":[{"id":"component0","name":"Mail"}]}]' page a major_outage
run 2026-11-24T00:01:00Z; run 2026-11-24T04:01:00Z
same "then there are no reminders and no updates" 3 "$(count_mails relay)"
check "status shows it" grep -q 'Mail .*acknowledged' <(at 2026-11-24T04:01:00Z status a)
check "and log" grep -q 'event acknowledged  Mail' <(at 2026-11-24T04:01:00Z log a)
page a operational; run 2026-11-24T05:00:00Z
same "its green still comes" 1 "$(told | grep -c 'GREEN: Mail')"
at 2026-11-24T05:00:00Z ack a > "$work/out"
same "where nothing is red there is nothing to acknowledge" 2 $?

# ---- an alarm that gets worse ----

begin floors "subscribers: [{mail: ops@example.com}, {mail: high@example.com, floor: major_outage}]"
run 2026-11-23T12:00:00Z
page a partial_outage; run 2026-11-23T12:01:00Z
same "who asked for the worst only does not hear of less" "RED|:" "$(ops ops):$(ops high)"
page a major_outage; run 2026-11-23T12:02:00Z
same "an alarm that gets worse reaches whoever has not heard of it, and nobody twice" "RED|:RED, WORSE|" "$(ops ops):$(ops high)"
page a partial_outage; run 2026-11-23T12:03:00Z
page a major_outage; run 2026-11-23T12:04:00Z
page a operational; run 2026-11-23T12:05:00Z
same "and its green goes to both" "RED|GREEN|:RED, WORSE|GREEN|" "$(ops ops):$(ops high)"
finish
