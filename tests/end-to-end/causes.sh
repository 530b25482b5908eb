#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# One cause, one thread: what depends on Gmail falls with it, in the same run and later; who was told of
# Gmail reads of it in that thread, who was not gets a plain red, and what outlasts it is said once.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_smtp relay
mkdir "$work/home"; cd "$work/home" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 1h
	confirm: {worse: 1, better: 1}
	pages:
	  - {name: desk, url: "https://desk.example.com/", kind: statuspage, depends_on: {Mail: google/Mail}, join: 10m}
	  - {name: google, url: "https://google.example.com/", kind: statuspage}
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers:
	  - {mail: ops@example.com, on: [red, green]}
	  - {mail: helpdesk@example.com, on: [red, green], pages: [desk]}
	END

# at HH:MM PAGE LEVEL…: what was fetched then.
at() {
	local time=$1
	shift
	while [ $# -gt 0 ]; do
		mkdir -p "turn/$1"
		statuspage_page "turn/$1/2014-01-24T${time/:/}00Z" none "$2" operational
		shift 2
	done
	output=$("$lampwatch" replay --deliver turn 2>&1) || fail "the turn at $time" "$output"
	rm -rf turn
}
to() { for mail in $(find "$work/relay" -name '*.eml' -printf '%T@ %p\n' | sort -n | cut -d ' ' -f 2); do grep -q "^X-Envelope-To: $1@" "$mail" && echo "$mail"; done; }
nth() { to "$1" | sed -n "$2p"; }
field() { sed -n "s/\r\$//; s/^$1: //p" "$2" | head -n 1; }
subject() { decoded "$(sed -n '/^Subject:/{s/^Subject: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}' "$1")" | sed 's/^SIMULATED //'; }
subjects_to() { local mail; for mail in $(to "$1"); do subject "$mail"; echo; done; }
now() { "$lampwatch" --clock "2014-01-24T$1:30Z" "${@:2}"; }

at 18:58 google operational desk operational
at 19:20 google major_outage
at 19:25 google major_outage desk partial_outage
same "what follows says so" "RED: Mail: partial outage, follows from Mail (Example Services)" "$(subject "$(nth ops 2)")"
same "in the thread of its cause" "$(field Message-ID "$(nth ops 1)")" "$(field In-Reply-To "$(nth ops 2)")"
check "with the place and the time of it" grep -q "follows from Mail (google/Mail, red since 19:20 UTC)" <(tr -d '\r' < "$(nth ops 2)")
same "who was not told of the cause gets a plain red" "RED: Mail: partial outage (Example Services)" "$(subject "$(nth helpdesk 1)")"
same "that answers nothing" "" "$(field In-Reply-To "$(nth helpdesk 1)")"
check "status says what it follows from" grep -q "Mail partial outage since 2014-01-24 19:25 UTC, follows from google/Mail" <(now 19:26 status | tr -s ' \n' ' ')
check "routes shows what falls with what" grep -q "What falls with what: google/Mail desk/Mail" <(now 19:26 routes | tr -s ' \n' ' ')
same "also as data" "desk Mail google/Mail" "$(now 19:26 routes --json | python3 -c 'import json, sys; print(*(word for d in json.load(sys.stdin)["dependants"] for word in (d["page"], d["indicator"], *d["depends_on"])))')"
check "and so does the page of the cause" grep -q "What fell with it" <(now 19:27 site > /dev/null; cat archive/google/index.html)
at 20:00 google operational desk partial_outage
at 20:09 google operational desk partial_outage
same "while the cause has only just ended nothing is said" 3 "$(to ops | wc -l)"
at 20:10 google operational desk partial_outage
at 20:30 google operational desk partial_outage
same "then it is said, once" "STILL RED: Mail: partial outage, no longer explained by Mail (Example Services)" "$(subjects_to ops | sed -n '4,$p')"
same "in the thread of the red" "$(field Message-ID "$(nth ops 2)")" "$(field In-Reply-To "$(nth ops 4)")"
at 21:00 google operational desk operational
same "its green is where its red is" "$(field Message-ID "$(nth ops 2)")" "$(field In-Reply-To "$(nth ops 5)")"
same "who knew of no cause hears of its end alone" "RED GREEN" "$(subjects_to helpdesk | sed 's/:.*//' | paste -sd ' ')"
at 22:00 desk partial_outage google major_outage
same "what was captured at one time stands in one message, too" "RED: Mail and 1 more (2 pages: google, desk)" "$(subjects_to ops | sed -n '6,$p')"
check "the archive is whole" now 22:05 verify

# What our own checks see is a cause, too, and what follows may be one itself: all at once, in their order.
mkdir "$work/chain"; cd "$work/chain" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	confirm: {worse: 1, better: 1}
	pages:
	  - {name: aaa, url: "https://aaa.example.com/", kind: statuspage, depends_on: {Chat: aaa/Mail, Mail: desk/Mail}}
	  - {name: desk, url: "https://desk.example.com/", kind: statuspage, depends_on: google/Mail}
	  - {name: google, url: "https://google.example.com/", kind: statuspage, facts: {Mail: [mail/web]}}
	probes:
	  - {name: mail, provider: google, confirm: {worse: 1, better: 1}, checks: [{name: web, http: "https://mail.example.com/"}]}
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers: [{mail: chain@example.com, on: [red, green]}]
	END
# found HH:MM STATE WORD [PAGE LEVEL…]: of the check, and at the same time of pages.
found() {
	mkdir -p turn/mail
	printf '{"probe": "mail", "checks": [{"name": "web", "type": "http", "target": "https://mail.example.com/", "state": "%s", "word": "%s", "attempts": []}]}' "$2" "$3" > "turn/mail/2014-01-24T${1/:/}00Z"
	at "$1" "${@:4}"
}
at 19:00 aaa operational desk operational google operational
found 19:01 good ""
found 19:02 failed "HTTP 500" aaa major_outage desk major_outage google operational
same "first what fails here, then what follows from it, and what from that" "FAILS HERE: Mail, RED: Mail, RED: Mail" \
	"$(sed -n 's/\r$//; /^\(RED\|FAILS HERE\): /p' "$(nth chain 1)" | head -n 3 | paste -sd , | sed 's/,/, /g')"
same "and their pages in that order" "FAILS HERE: Mail and 2 more, some RED (3 pages: google, desk, aaa)" "$(subjects_to chain)"

# The cause is the last to answer, while other pages change and are kept.
serve_http slow
serve_http others
mkdir "$work/late"; cd "$work/late" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 0s
	site: off
	pages:
	  - {name: desk, url: "http://127.0.0.1:$others_port/", kind: statuspage, depends_on: google/Mail}
	  - {name: google, url: "http://127.0.0.1:$slow_port/", kind: statuspage}
	$(for i in $(seq 9); do echo "  - {name: other$i, url: \"http://127.0.0.1:$others_port/\", kind: statuspage}"; done)
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers: [{mail: late@example.com, pages: [desk, google]}]
	END
mkdir -p "$work"/{slow,others}/api/v2
all() { for server in slow others; do statuspage_page "$work/$server/api/v2/summary.json" none "$1"; done; }
all operational
"$lampwatch" -q run
all major_outage
echo "delay=600" > "$work/slow/api/v2/summary.json.fault"
"$lampwatch" -q run
same "a cause that comes last is still the first in the message" "RED: Mail and 1 more (2 pages: google, desk)" "$(subjects_to late)"

# After a pause: what is known of the cause is old, but it was read in the same run, and has not changed.
rm "$work/slow/api/v2/summary.json.fault"
mkdir "$work/pause"; sed 's/late@/pause@/; /other[0-9]/d' lampwatch.yaml > "$work/pause/lampwatch.yaml"; cd "$work/pause" || exit 1
all operational
now 19:00 -q run
statuspage_page "$work/slow/api/v2/summary.json" none major_outage
now 19:20 -q run
statuspage_page "$work/others/api/v2/summary.json" none major_outage
now 19:50 -q run
same "what falls after a pause follows from what was red before it" "RED: Mail: major outage, follows from Mail (Example Services)" "$(subjects_to pause | tail -n 1)"

# Three trees, one after the other: a receiver gets the first at once, and the others as one message.
serve_http slower
mkdir -p "$work/trees" "$work/slower/api/v2"; cd "$work/trees" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 0s
	site: off
	pages:
	$(for server in others slow slower; do port=${server}_port
		echo "  - {name: $server-1, url: \"http://127.0.0.1:${!port}/\", kind: statuspage}"
		echo "  - {name: $server-2, url: \"http://127.0.0.1:${!port}/\", kind: statuspage, depends_on: $server-1/Mail}"
	done)
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers: [{mail: trees@example.com}]
	END
all() { for server in others slow slower; do statuspage_page "$work/$server/api/v2/summary.json" none "$1"; done; }
all operational
"$lampwatch" -q run
all major_outage
echo "delay=600" > "$work/slow/api/v2/summary.json.fault"
echo "delay=1200" > "$work/slower/api/v2/summary.json.fault"
"$lampwatch" -q run
same "of three trees a receiver gets two messages" "RED: Mail and 1 more (2 pages: others-1, others-2)
RED: Mail and 3 more (4 pages: slow-1, slower-1, slow-2 and 1 more)" "$(subjects_to trees)"

# Killed when the folders are in place and the database knows nothing of them: what is taken over comes in that order, too,
# whatever the file system lists first.
mkdir -p "$work/torn" "$work/torn_page/api/v2"; cd "$work/torn" || exit 1
serve_http torn_page
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 0s
	site: off
	pages:
	$(for name in a b c d e f g h; do echo "  - {name: $name, url: \"http://127.0.0.1:$torn_page_port/\", kind: statuspage, depends_on: google/Mail}"; done)
	  - {name: google, url: "http://127.0.0.1:$torn_page_port/", kind: statuspage}
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers: [{mail: torn@example.com}]
	END
statuspage_page "$work/torn_page/api/v2/summary.json" none operational
"$lampwatch" -q run
statuspage_page "$work/torn_page/api/v2/summary.json" none major_outage
(LAMPWATCH_KILL_AT_STEP="9 folder renamed" "$lampwatch" -q run; echo "$?" > status) 2> said
if [ "$(cat status)" = 137 ]; then
	"$lampwatch" -q run
	same "what a crash left follows from its cause all the same" 8 "$("$lampwatch" status | grep -c 'follows from google/Mail')"
else
	skip "what a crash left follows from its cause all the same" "needs a build with -Dsteps=true"
fi
finish
