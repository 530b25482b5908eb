#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A webhook that is a program: what it gets, what its end means, and what it cannot do.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_smtp relay
mkdir -p "$work/got"
cd "$work" || exit 1
minute=0

# program BODY: what is started. It writes to the folder got.
program() { printf '#!/bin/sh\ncd %s/got\n%s\n' "$work" "$1" > modem; chmod 755 modem; rm -rf got; mkdir got; }
# at MINUTES COMMAND…: lampwatch, so many minutes after the page was first seen.
at() { local minutes=$1; shift; "$lampwatch" --clock "$(date -u -d "2014-01-24T19:00:00Z + $minutes minutes" +%Y-%m-%dT%H:%M:%SZ)" "$@"; }
now() { at "$minute" "$@"; }
# begin LINES: a fresh archive of a page that is well; the webhook has these lines.
begin() {
	rm -rf archive relay/*.eml
	cat > lampwatch.yaml <<-YAML
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		site: off
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off, depends: [example]}
		webhooks:
		  - name: modem
		    command: [$work/modem, --to, "+49 151 \$(id) \`id\` 'x' {delivery} {{subject}}"]
		    $1
	YAML
	minute=$((minute + 10))
	statuspage_page "$page" none operational operational operational
	now -q run
}
# turns LEVEL: the page says so, and a run sees it.
turns() {
	minute=$((minute + 1))
	statuspage_page "$page" "$([ "$1" = operational ] && echo none || echo major)" "$1" operational operational
	now run > said 2>&1
	status=$?
}
state() { now --json -v outbox | python3 -c 'import json, sys; print(" ".join(d["state"] for d in json.load(sys.stdin)["deliveries"] if d["receiver"] == "webhook:modem"))'; }
reason() { now --json -v outbox | python3 -c 'import json, sys; print([d["reason"] for d in json.load(sys.stdin)["deliveries"] if d["receiver"] == "webhook:modem"][-1])'; }
takes='printf "%s\n" "$@" > arguments; tr "\0" "\n" < /proc/$$/environ | sort > environment; cat > body'
# field EXPRESSION: of what stood on standard input.
field() { python3 -c "import json; data = json.load(open('got/body')); print($1)"; }

# What hangs waits in parallel with all the others: a program, and what it has started.
printf '#!/bin/sh\ncat > /dev/null; echo begun; (sleep 300; echo late > %s/late) & echo $! > %s/left; setsid sh -c "echo \$\$ > %s/apart; exec sleep 300" & sleep 300\n' "$work" "$work" "$work" > hangs
chmod 755 hangs
cat > hangs.yaml <<-YAML
	archive: hangs
	pages: []
	webhooks: [{name: hangs, command: $work/hangs}]
YAML
{ "$lampwatch" -c hangs.yaml try hangs > hung 2>&1; echo $? > hung.status; } &
hangs=$! began=$SECONDS

program "$takes"
begin "depends: []"
now try modem > said 2>&1
same "try starts it, and says that it took the message" "modem: delivered: $work/modem: exit status 0: accepted" "$(cat said)"
same "with the generic body on its standard input" "lampwatch.test test" "$(field 'data["type"], data["data"]["first"]["type"]' | tr -d "(,')")"
same "its environment says that it is a test" "test" "$(sed -n 's/^LAMPWATCH_EVENT=//p' got/environment)"
rm -rf got/*
( ulimit -n 64; now try modem > said 2>&1 ) # fewer descriptors than the programs that may run at once would need
same "also where no more than 64 files may be open" "modem: delivered: $work/modem: exit status 0: accepted" "$(cat said)"
same "routes lists it" "  webhook:modem" "$(now routes | grep -m 1 webhook:)"

program "$takes"
turns major_outage
same "a red is handed to it" "0 delivered" "$status $(state)"
same "as JSON" "lampwatch.red Mail" "$(field 'data["type"], data["data"]["first"]["label"]' | tr -d "(,')")"
same "its arguments are those of the configuration, and nothing is put into them" \
	"$(printf '%s\n' --to "+49 151 \$(id) \`id\` 'x' {delivery} {{subject}}")" "$(cat got/arguments)"
id=$(field 'data["data"]["webhook_id"]')
same "its environment is all ours" "$(printf '%s\n' LAMPWATCH_ATTEMPT=1 LAMPWATCH_COLOUR=red LAMPWATCH_EVENT=red "LAMPWATCH_ID=$id" LAMPWATCH_PAGE=example LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin)" \
	"$(grep -v '^\(PWD\|OLDPWD\|SHLVL\|_\)=' got/environment)"
program "$takes"
turns operational
turns operational
same "and so is its green" "lampwatch.green green green" "$(field 'data["type"]') $(sed -n 's/^LAMPWATCH_\(COLOUR\|EVENT\)=//p' got/environment | tr '\n' ' ' | sed 's/ $//')"

# ---- what its end means ----

# ends BODY: the red goes to a program with this end; its state and the reason follow.
ends() { program "$1"; begin "depends: []"; turns major_outage; }
ends 'cat > /dev/null; echo "no signal" >&2; exit 75'
same "75: later" "1 pending $work/modem: exit status 75: try again later: no signal" "$status $(state) $(reason)"
first=$(now --json -v outbox | python3 -c 'import json, sys; print(json.load(sys.stdin)["deliveries"][0]["message_id"])')
program "$takes"
minute=$((minute + 1))
now -q run
same "the same message, at its second attempt" "delivered 2 $first" "$(state) $(sed -n 's/^LAMPWATCH_ATTEMPT=//p' got/environment) <$(field 'data["data"]["message_id"]')>"
ends 'exit 1'
same "1: it waits until somebody mends that" "1 pending $work/modem: exit status 1" "$status $(state) $(reason)"
ends 'exit 78'
same "78: likewise, in words" "1 pending $work/modem: exit status 78: its configuration is wrong" "$status $(state) $(reason)"
ends 'kill -KILL $$'
same "killed: later" "1 pending $work/modem: ended by signal 9" "$status $(state) $(reason)"
ends 'echo "unknown number"; exit 67'
same "67: refused for good" "dead" "$(state)"
check "which disables it" grep -q "webhook:modem  disabled since" <(now outbox)
program "$takes"
turns operational
turns operational
check "no more is started" test ! -e got/body
now outbox retry > said
check "until the operator says so" grep -q "1 webhook is enabled again" said
ends 'printf "\033[31mred\007\n\342\200\256x"; exit 75'
same "what it prints is one line without control characters" "$work/modem: exit status 75: try again later: \\u{1B}[31mred\\u{7} \\u{202E}x" "$(reason)"
ends 'head -c 100000000 /dev/zero | tr "\0" x; cat > body; exit 0'
same "a flood is read and forgotten" "0 delivered" "$status $(state)"
ends 'exit 0'
same "who reads nothing has taken it, if it says so" "0 delivered" "$status $(state)"
# ---- what a page says ----

echo '{{#events}}{{label}}{{/events}}' > own.txt
hostile='$(touch pwned) `touch pwned`; \u0027touch pwned\u0027 | LAMPWATCH_EVENT=green'
says() { statuspage_page "$page" "$1" "$2" operational operational && sed -i "s/\"Mail\"/\"${hostile//\\/\\\\}\"/" "$page"; }
program "$takes"
begin "template_file: own.txt"
says none operational
now -q run
minute=$((minute + 1))
says major major_outage
now -q run
same "what a page says is on standard input" "\$(touch pwned) \`touch pwned\`; 'touch pwned' | LAMPWATCH_EVENT=green" "$(cat got/body)"
same "and nowhere else" "0 red" "$(cat got/arguments got/environment | grep -c pwned) $(sed -n 's/^LAMPWATCH_EVENT=//p' got/environment)"
same "nor does anybody obey it" "" "$(find . -name pwned)"

# ---- as of any other webhook ----

program "$takes"
begin "template: text"
turns major_outage
same "the template says what it gets: text" "SIMULATED RED: Mail: major outage (Example Services)" "$(head -n 1 got/body)"

program "$takes"
begin "quiet: {from: '00:00', to: '24:00'}"
turns major_outage
same "in its quiet hours nothing is started" "pending" "$(state)$(ls got)"

echo '{"of": "{{#events}}{{label}}{{/events}}"}' > own.json
printf 'each: event\nneeds: [key]\nsecrets: [key]\nfields: {key: "{key}"}\n' > own.yaml
(umask 077; echo HUNTER2key > key)
program 'tr -d "\n" >> body; echo >> body; echo "$LAMPWATCH_ID" >> ids'
begin $'template_file: own.json\n    with: {key_file: key}'
minute=$((minute + 1))
statuspage_page "$page" major major_outage major_outage operational
now -q run
same "of a template with each event, it is started once for each" '{"of":"Chat","key":"HUNTER2key"} {"of":"Mail","key":"HUNTER2key"}' "$(sort got/body | paste -sd ' ')"
id=$(sed -n '1s/\.1$//p' got/ids)
same "each under an identifier of its own" "$id.1 $id.2" "$(paste -sd ' ' got/ids)"
program 'cat; exit 75'
turns operational
turns operational
check "a secret that it repeats is not told" grep -q 'try again later: .*"key":"…"' <(reason)
same "nor kept" "" "$(grep -r -l HUNTER2 archive)"

program "$takes"
begin $'on: [lost]\nsubscribers:\n  - {mail: ops@fastmail.com, second: "webhook:modem"}'
echo 'rcpt for *ops@fastmail.com* reply 550 5.1.1 no such user' > relay.script
turns major_outage
same "it is somebody's second way" "red" "$(sed -n 's/^LAMPWATCH_EVENT=//p' got/environment)"
: > relay.script

program "$takes"
begin "depends: []"
minute=$((minute + 1))
statuspage_page "$page" major major_outage operational operational
now run --dry-run > said 2>&1
same "a dry run starts nothing" "" "$(ls got)"
check "and says who would be told" grep -q webhook:modem said

begin "depends: []"
rm -f modem
turns major_outage
same "where it is missing, the last good configuration goes on" "2" "$status"
now check > said 2>&1
same "check names its line" "2 1" "$? $(grep -c "^lampwatch.yaml:12: .*$work/modem is not a program that can be run" said)"
program "$takes"
minute=$((minute + 1))
now -q run
same "when it is back, it is told, at the second attempt" "delivered 2" "$(state) $(sed -n 's/^LAMPWATCH_ATTEMPT=//p' got/environment)"

# ---- killed in the middle ----

# of PROCESS: all that it has started, and they.
of() { local child; for child in $(cat "/proc/$1/task/$1/children" 2> /dev/null); do echo "$child"; of "$child"; done; }
program 'cat > body; echo "$LAMPWATCH_ID $LAMPWATCH_ATTEMPT" >> begun; sleep 1; echo "$LAMPWATCH_ID" >> finished'
begin "depends: []"
minute=$((minute + 1))
statuspage_page "$page" major major_outage operational operational
now -q run &
run=$!
await 10 test -s got/begun
for process in "$run" $(of "$run"); do [ "$(cat "/proc/$process/comm" 2> /dev/null)" = lampwatch ] && kill -KILL "$process"; done
wait "$run" 2> /dev/null
check "what a run began that was killed goes on" await 5 test -s got/finished
same "but nobody knows" "pending" "$(state)"
minute=$((minute + 1))
now -q run
same "so it is told again, as the same message" "delivered 1 2" "$(state) $(cut -d ' ' -f 1 got/begun | sort -u | wc -l) $(sed -n '2s/.* //p' got/begun)"

wait "$hangs"
same "what hangs fails" 1 "$(cat hung.status)"
same "after half a minute, for what it is" "lampwatch: hangs: temporary: $work/hangs: did not end within 30 s: begun" "$(cat hung)"
check "and not much later" test $((SECONDS - began)) -lt 60
# Who ended and was nobody's child any more may stay a zombie where no init(8) waits for it.
ended() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2> /dev/null; }
check "with all that it has started" await 5 ended "$(cat left)"
check "also in a session of its own" await 5 ended "$(cat apart)"
finish
