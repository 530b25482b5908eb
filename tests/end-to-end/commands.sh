#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Every subcommand as lampwatch(1) has it: exit statuses, what goes to which
# stream, --json against another parser, prefixes of times, and what verify finds.
. "$(dirname "$0")/../harness.sh"

serve_page --posts "$work/hooks"
serve_smtp relay
mkdir -p "$work/hooks" "$work/main"
cd "$work/main" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	operator: admin@example.org
	every: 0s
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: northwind}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
	webhooks:
	  - {name: away, url: "http://127.0.0.1:1/hook"}
	  - {name: chat, url: "http://127.0.0.1:$www_port/hook", "on": [lost]}
END

# at MINUTE WORD…
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$(printf %02d "$minute"):00Z" "$@"; }
# does STATUS WORD…: runs lampwatch with these words; what it says is in $work/said; false where the exit status is another.
does() { local expected=$1; shift; "$lampwatch" "$@" > "$work/said" 2>&1; local status=$?; [ "$status" = "$expected" ] || { echo "exit status $status:"; cat "$work/said"; return 1; }; }
# prints STATUS PATTERN WORD…: and what it prints fits the pattern.
prints() { local status=$1 pattern=$2; shift 2; does "$status" "$@" || return 1; grep -qE -- "$pattern" "$work/said" || { cat "$work/said"; return 1; }; }
# is_json WORD…: valid, and of format 1.
is_json() { "$lampwatch" "$@" | python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["format"] != 1)'; }
# member EXPRESSION WORD…: prints a part of the JSON.
member() { local expression=$1; shift; "$lampwatch" "$@" --json | python3 -c "import json, sys; data = json.load(sys.stdin); print($expression)"; }

# ---- before there is anything ----

wrong=""
for words in "silence nowhere --for 1h" "silence example --for soon" "silence example" "ack nowhere" "ack example" "subscribe nobody" \
	"subscribe --page nowhere new@example.com" "subscribe --on blue new@example.com" "unsubscribe nobody@example.com"; do
	does 2 $words > /dev/null || wrong="$wrong; $words"
done
same "a command that is used wrongly: 2" "" "$wrong"
check "nothing is silent yet" does 0 silence
check "and nothing is made for any of these" test ! -e archive

check "without a configuration it is said how to make one" bash -c "cd '$work/hooks' && '$lampwatch' status 2>&1 | grep -q 'lampwatch init'"
check "status before the first run" prints 0 "never read" status
check "log before the first run" does 0 log
check "outbox before the first run" does 0 outbox
check "show before the first run: no snapshot" prints 2 "no snapshot" show example
check "verify before the first run: no archive" prints 3 "no archive" verify

# ---- three runs: green; red; one more turns yellow, and an incident is written about ----

statuspage_page "$page" none operational operational
at 0 -q run
statuspage_page "$page" major major_outage operational
at 10 run > runs 2>&1
INCIDENTS='[{"id":"incident1incid","name":"It is down","status":"investigating","impact":"major","created_at":"2014-01-24T19:00:00Z","shortlink":"http://stspg.io/1","components":[{"id":"component0"}],"incident_updates":[{"display_at":"2014-01-24T19:00:30Z","status":"investigating","body":"We look into it."}]}]' \
	statuspage_page "$page" major major_outage degraded_performance
at 20 run >> runs 2>&1
same "runs print nothing" "" "$(cat runs)"

# ---- the words ----

# What reads our output may go before its end; a disk that is full is another matter.
for words in kinds "check --schema"; do
	python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
print(subprocess.run(sys.argv[1:], stdout=writer).returncode)' "$lampwatch" $words > "$work/ended" 2> "$work/said"
	same "where the reader of $words has gone, it ends by SIGPIPE" -13 "$(cat "$work/ended")"
	same "and says nothing" "" "$(cat "$work/said")"
done
for words in kinds --help --version "report --help"; do
	"$lampwatch" $words > /dev/full 2> "$work/said"
	same "what $words cannot write is 3" "3 lampwatch: standard output cannot be written" "$? $(cat "$work/said")"
done
check "--help goes to standard output" grep -q "^usage: lampwatch" <("$lampwatch" --help 2> /dev/null)
same "within 80 columns" "" "$("$lampwatch" --help | awk 'length > 80')"
check "--version" prints 0 '^lampwatch [0-9]+\.[0-9]+' --version
for word in version -V; do same "$word too" "$("$lampwatch" --version)" "$("$lampwatch" "$word")"; done
same "help is --help" "$("$lampwatch" --help)" "$("$lampwatch" help)"
same "help of help, too" "$("$lampwatch" --help)" "$("$lampwatch" help help)"
same "and help COMMAND is COMMAND --help" "$("$lampwatch" log --help)" "$("$lampwatch" help log)"
check "no command: 2, and the usage" prints 2 "^usage: lampwatch"
check "an unknown command: 2, and the nearest" prints 2 'did you mean "status"' statsu
check "an unknown page: 2, and the nearest" prints 2 'did you mean "example"' status exampel
check "an unknown page of run" prints 2 'did you mean "example"' --clock 2014-01-24T19:21:00Z run exampel
check "an unknown option: 2, and which command has it not" prints 2 "^lampwatch log: unrecognized option" log --sideways
check "an unknown probe: 2, and no page is meant" prints 2 'no probe "exampel"$' probe exampel
check "a --clock that is no time: 2" prints 2 "takes a time" --clock yesterday status
check "an option without its value: 2" prints 2 "takes a value" status -c
check "a configuration that is not there: 2" prints 2 "elsewhere.yaml" -c elsewhere.yaml status
for command in run read check status log show diff outbox routes try verify replay; do
	check "--help behind $command" prints 0 "lampwatch $command" "$command" --help
done
for command in show diff try replay; do check "$command without its words: 2" does 2 "$command"; done
same "global options stand before the command or after it" "$(at 30 --json status)" "$(at 30 status --json)"
same "-c too" "$("$lampwatch" -c lampwatch.yaml log)" "$(cd / && "$lampwatch" log -c "$work/main/lampwatch.yaml")"
check "check: 0 and nothing, but that names of examples are names of examples" does 0 check
same "and really nothing else" "" "$(grep -v "lampwatch.yaml:2: warning: example.org is a name for examples (RFC 2606)" "$work/said")"
check "check -v counts" prints 0 "1 page" check -v

# ---- looking ----

check "status names the page, how well it is known, and what is not green" prints 0 "example: fresh" --clock 2014-01-24T19:21:00Z status
check "the red one" grep -q "RED .*Mail .*major outage" "$work/said"
check "the yellow one" grep -q "yellow Chat .*degraded" "$work/said"
check "stale once it is too old" prints 0 "example: stale, last seen" --clock 2014-01-24T23:00:00Z status
same "in a pipe there is no colour" "0" "$(at 21 status | grep -c $'\033')"
for words in status "status example" log "show example" "diff example 2014" outbox routes; do
	check "$words --json is JSON of format 1" is_json $words --json
done
same "status as data" "example red 1" "$(member 'data["pages"][0]["name"], data["pages"][0]["colour"], data["owed"]' --clock 2014-01-24T19:21:00Z status)"
check "log: the newest first" prints 0 "^.*19:20 UTC  example  event" log --limit 1
same "and as many as asked for" "2" "$("$lampwatch" log -n 2 | wc -l)"
same "since a time" "0" "$("$lampwatch" log --since 2014-01-25 | wc -l)"
check "since the beginning of a time" grep -q "19:10 UTC" <("$lampwatch" log -s 2014-01-24)
check "show: the last one" prints 0 "snapshot 3," show example
for time in 2014-01-24T19:10:00Z 2014-01-24T19:10 2014-01-24T19:15; do check "show at $time: the second" prints 0 "snapshot 2," show example "$time"; done
for time in 2014 2014-01 2014-01-24 2014-01-24T19 2015; do check "show at $time: the last" prints 0 "snapshot 3," show example "$time"; done
check "show before the first: 2" prints 2 "no snapshot at or before 2013" show example 2013
check "show at what is no time: 2" prints 2 "is not a time" show example soon
same "show as data has the reading" "reading 1" "$(member 'data["reading"].split("\n")[0]' show example)"
check "diff of two" prints 0 "Mail: operational -> major_outage" diff example 2014-01-24T19:00 2014-01-24T19:10
same "is without what came later" "0" "$(grep -c Chat "$work/said")"
check "diff up to the last" prints 0 "Chat: operational -> degraded" diff example 2014-01-24T19:00
same "diff of one with itself" "" "$("$lampwatch" diff example 2014 2014)"

# ---- on a terminal of 80 columns ----

# terminal MINUTE WORD…: what is shown there, without colours.
terminal() { local minute=$1; shift; script -qec "stty cols 80; '$lampwatch' --clock 2014-01-24T19:$minute:00Z $*" /dev/null < /dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g'; }
sed -e "/^subscribers:/,+1d" -e "s#^archive: .*#archive: narrow#" -e "s#name: example,#name: a-page,#" lampwatch.yaml > narrow.yaml
long="Virtual machines of the southern region of Northern Europe, second zone"
cp "$page" "$work/kept"
sed "s/Mail/$long/" "$page" > "$page.part" && mv "$page.part" "$page"
at 40 -q -c narrow.yaml run
statuspage_page "$page" none operational operational
sed "s/Mail/$long/" "$page" > "$page.part" && mv "$page.part" "$page"
at 41 -q -c narrow.yaml run; at 42 -q -c narrow.yaml run
terminal 43 -c narrow.yaml log > "$work/shown"
same "log fits" "" "$(python3 -c 'import sys; [print(line) for line in sys.stdin.read().splitlines() if len(line) > 80]' < "$work/shown")"
check "and the new state stands below the name, if need be" grep -q "^  *major_outage -> operational" "$work/shown"
mv "$page" "$page.away"
at 44 -q -c narrow.yaml run
terminal 45 -c narrow.yaml status > "$work/shown"
same "status fits" "" "$(python3 -c 'import sys; [print(line) for line in sys.stdin.read().splitlines() if len(line) > 80]' < "$work/shown")"
same "and no word is cut in two" "0" "$(tr -s ' \n' '\n' < "$work/shown" | grep -vxFc -f <(at 45 -c narrow.yaml status | tr -s ' ' '\n'))"
mv "$page.away" "$page"

# ---- for Nagios ----

statuspage_page "$page" none operational operational
sed -e "/^subscribers:/,+1d" -e "s#^archive: .*#archive: watch#" lampwatch.yaml > watch.yaml
nagios() { at "$1" -c watch.yaml status --nagios "${@:2}"; echo "$?"; }
grep -v '^  *- {name: example\|^pages:' watch.yaml > nothing.yaml
same "where no page is watched, that is said" "no page is watched yet: \`lampwatch add NAME\` adds one" "$(at 50 -c nothing.yaml status)"
same "and nothing is known" $'LAMPWATCH UNKNOWN: unknown: no page is watched | red=0 unknown=1 yellow=0\n3' \
	"$(at 50 -c nothing.yaml status --nagios; echo "$?")"
check "for scripts, too" prints 1 "no page is watched" -c nothing.yaml status --fail
same "what has never been read is unknown" $'LAMPWATCH UNKNOWN: unknown: example (never read) | red=0 unknown=1 yellow=0\n3' "$(nagios 50)"
at 50 -q -c watch.yaml run
same "all is well" $'LAMPWATCH OK: nothing is red or yellow | red=0 unknown=0 yellow=0\n0' "$(nagios 50)"
statuspage_page "$page" minor degraded_performance operational
at 51 -q -c watch.yaml run
same "yellow is a warning" $'LAMPWATCH WARNING: yellow: example: Mail | red=0 unknown=0 yellow=1\n1' "$(nagios 51)"
statuspage_page "$page" major degraded_performance major_outage
at 52 -q -c watch.yaml run
same "red is critical" $'LAMPWATCH CRITICAL: red: example: Chat; yellow: example: Mail | red=1 unknown=0 yellow=1\n2' "$(nagios 52)"
fail_status() { at "$1" -c watch.yaml status --fail "${@:2}" > "$work/said"; echo "$?"; }
same "for scripts: red is 1, as text and as JSON" "1 1 red" "$(fail_status 52) $(fail_status 52 --json) $(python3 -c 'import json, sys; print(json.load(sys.stdin)["pages"][0]["colour"])' < "$work/said")"
same "without --fail it is what was printed that says so" 0 "$(at 52 -c watch.yaml status > "$work/said"; echo "$?")"
same "what is not known is 1 as well" 1 "$(fail_status 59)"
same "a page that is not watched is 2" 2 "$(fail_status 52 exampel 2> /dev/null)"
sed -e "s/\"Chat\"/\"Ch|at 'a'; \\\\\"b\\\\\" \`id\` \$(id) \\\\\\\\n < > \\\\u202e$(printf 'é%.0s' {1..60})\"/" "$page" | put "$page"
at 53 -q -c watch.yaml run
out=$(nagios 53)
same "a name cannot end the line, begin figures, or mean something to a shell, and is cut" 0 \
	"$(LC_ALL=C grep -v -c "^LAMPWATCH [A-Z]*: [^|\`\$&'\"<>\\\\]* | red=[0-9]* unknown=[0-9]* yellow=[0-9]*$" <<< "$(head -n -1 <<< "$out")")"
check "it is one line: $(head -n 1 <<< "$out")" test "$(wc -l <<< "$out")" = 2 -a "$(tail -n 1 <<< "$out")" = 2
statuspage_page "$page" minor degraded_performance operational
at 54 -q -c watch.yaml run; at 55 -q -c watch.yaml run
same "yellow is no failure" 0 "$(fail_status 55)"
same "too old is unknown" $'LAMPWATCH UNKNOWN: unknown: example (stale) | red=0 unknown=1 yellow=0\n3' "$(nagios 59)"
same "and so is a page that is not watched" "3" "$(nagios 52 exampel 2> /dev/null | tail -n 1)"
check "--json has states of its own" prints 3 "^LAMPWATCH UNKNOWN: " status --nagios --json
check "--fail is another way to ask" prints 3 "^LAMPWATCH UNKNOWN: " status --nagios --fail
check "wrong usage is no outage: 3" prints 3 "^LAMPWATCH UNKNOWN: " status --nagios --nothing
echo "archive: [" > wrong.yaml
same "nor is a wrong configuration" "LAMPWATCH UNKNOWN: lampwatch itself is in trouble; lampwatch check says more
3" \
	"$(at 52 -c wrong.yaml status --nagios 2> /dev/null; echo "$?")"
mv "$work/kept" "$page"

# ---- the outbox ----

check "outbox: to whom, and why not yet" prints 0 "webhook:away  pending" outbox
check "with the reason" grep -q "no connection" "$work/said"
check "-v: what was delivered, too" prints 0 "mail:ops@example.com  delivered" outbox -v
id=$(member 'data["deliveries"][0]["id"]' outbox)
check "retry of one" prints 0 "1 will go out with the next run" outbox retry "$id"
check "retry of all" prints 0 "1 will go out with the next run" outbox retry
check "retry of nothing: 1" prints 1 "no delivery with the number 999 is owed" outbox retry 999
check "drop without a number: 2" does 2 outbox drop
check "an unknown word: 2" does 2 outbox burn
at 21 run > runs 2>&1; status=$?
same "an owed message: exit status 1, without a word" "1" "$status$(cat runs)"
check "drop" does 0 outbox drop "$id"
at 22 run > runs 2>&1; status=$?
same "then nothing is owed" "0" "$status$(cat runs)"
statuspage_page "$page" none operational operational
at 23 -q run; at 24 -q run
same "nor is the green of what was dropped; the others get theirs" "2 []" "$(count_mails relay) $(member 'data["deliveries"]' outbox)"

# ---- routes and tries ----

check "routes: what is left" prints 0 "mail goes by relay" routes
sed "s/tls: off}/tls: off, depends: [northwind]}/" lampwatch.yaml > dependent.yaml
check "routes where none is left: 1" prints 1 "no independent route" -c dependent.yaml routes
check "and as data" is_json -c dependent.yaml routes --json
rm -f "$work"/relay/*.eml
check "try a route" prints 0 "relay: delivered" try relay
same "sends a test to the operator" "admin@example.org" "$(sed -n 's/^X-Envelope-To: //p' $(mails relay))"
check "that says so" grep -q "TEST: lampwatch can reach you" <(subjects relay)
rm -f "$work"/relay/*.eml
check "try --to another" does 0 try --to ops@example.com relay
same "goes there" "ops@example.com" "$(sed -n 's/^X-Envelope-To: //p' $(mails relay))"
check "try --to what is no address: 2" prints 2 "takes an address" try --to "ops @example.com" relay
check "try a webhook" does 0 try chat
same "posts" "1" "$(find "$work/hooks" -type f | wc -l)"
check "try what does not work: 1, and why" prints 1 "away: .*no connection" try away
check "try what does not exist: 2" prints 2 'no route and no webhook "elsewhere"' try elsewhere
check "try as data" is_json try --json relay
same "no trial is ever owed" "[]" "$(member 'data["deliveries"]' outbox)"

# ---- reading, and replaying ----

check "read a file" prints 0 "^indicator.component0..Mail.operational" read "$page"
check "read standard input" prints 0 "^indicator.component0" read - < "$page"
check "read as data" is_json read --json "$page"
check "read what is no page: 1" does 1 read "$work/main/lampwatch.yaml"

rm -f "$work"/relay/*.eml
sed "s/^archive: archive/archive: again/" lampwatch.yaml > again.yaml
check "replay of our own snapshots" does 0 -q -c again.yaml replay archive/example/2014/01
same "reads the same, at the same times" "$(cd archive/example && sha256sum $(find . -name reading | sort))" "$(cd again/example && sha256sum $(find . -name reading | sort))"
check "its archive is whole" does 0 -c again.yaml verify
check "what would have been told is in its outbox" prints 0 "mail:ops@example.com  pending" -c again.yaml outbox
same "and nobody was told" "0" "$(count_mails relay)"
mkdir -p captures/example
for minute in 00 10 20; do cp "archive/example/2014/01/2014-01-24T19${minute}00Z/body" "captures/example/2014-01-24-19$minute.json"; done
sed "s/^archive: archive/archive: thrice/" lampwatch.yaml > thrice.yaml
check "replay of files named by their time" does 0 -q -c thrice.yaml replay captures
same "keeps each" "3" "$(find thrice/example -name reading | wc -l)"
sed "s/^archive: archive/archive: told/; /away/d" lampwatch.yaml > told.yaml
rm -f "$work"/relay/*.eml
check "replay --deliver" does 0 -q -c told.yaml replay --deliver captures
same "tells" "ops@example.com" "$(sed -n 's/^X-Envelope-To: //p' $(mails relay))"
check "replay of an empty folder: 2" prints 2 "no capture found" replay "$work/hooks"
"$lampwatch" -q -c "$work/main/again.yaml" run > runs 2>&1; status=$?
same "a replayed archive takes no real run" "2" "$status"

# ---- verify ----

check "verify: 0, and what it does not prove" prints 0 ": NOT SIGNED: " verify
check "verify -q: 0, and nothing" does 0 verify -q
same "and really nothing" "" "$(cat "$work/said")"
check "verify -v counts" prints 0 "^whole: 1 page, 4 snapshots, [0-9]+ files, not signed, 0 time stamps$" verify -v

# damage NAME PATTERN COMMAND…: on a copy of the archive; verify must then name what is wrong, and end with 3.
damage() {
	local name=$1 pattern=$2; shift 2
	rm -rf "$work/damaged"
	mkdir "$work/damaged"
	cp -a archive lampwatch.yaml "$work/damaged/"
	(cd "$work/damaged/archive/example" && "$@") || { fail "$name" "the damage could not be done"; return; }
	check "verify finds $name" prints 3 "$pattern" -c "$work/damaged/lampwatch.yaml" verify
	same "and says it in one line" "1" "$(wc -l < "$work/said")"
}
second=2014/01/2014-01-24T191000Z
append() { echo >> "$1"; }
resum() { append "$second/body"; (cd "$second" && sha256sum body headers capture reading changes > SHA256SUMS); }
swap() { awk 'NR == 3 { kept = $0; next } { print } NR == 4 { print kept }' chain > chain.new && mv chain.new chain; }
shorten() { sed -i '$d' chain; }
reword() { sed -i '3s/19:10:00/19:09:00/' chain; }
rechain() { # a chain that agrees with itself, but no longer with the database
	resum
	python3 - "$(sha256sum < $second/SHA256SUMS | cut -d ' ' -f 1)" <<-'END'
		import hashlib, sys
		lines = open("chain").read().splitlines()
		fields = lines[2].split("\t"); fields[4] = sys.argv[1]; lines[2] = "\t".join(fields)
		for i in range(3, len(lines)):
		    fields = lines[i].split("\t"); fields[5] = hashlib.sha256(lines[i - 1].encode()).hexdigest(); lines[i] = "\t".join(fields)
		open("chain", "w").write("\n".join(lines) + "\n")
	END
}
query() { python3 -c 'import sqlite3, sys; d = sqlite3.connect("../.state/lampwatch.db"); assert d.execute(sys.argv[1]).rowcount > 0; d.commit()' "$1"; }
strange_page() { mkdir ../stranger && cp chain ../stranger/chain; }

damage "an altered body" "$second/body: has been altered" append "$second/body"
damage "an altered reading" "$second/reading: has been altered" sed -i s/major_outage/operational/ "$second/reading"
damage "a deleted file" "$second/headers" rm "$second/headers"
damage "an added file" "$second/added: has been added" touch "$second/added"
damage "an altered body with new digests" "$second/SHA256SUMS: has been altered" resum
damage "a deleted folder" "$second" rm -r "$second"
damage "an added folder" "2014/01/2014-01-24T191500Z: has been added" cp -a "$second" 2014/01/2014-01-24T191500Z
damage "swapped lines of a chain" "chain: line" swap
damage "a chain that lost its end" "chain: does not end" shorten
damage "a line of a chain that says another time" "chain: line" reword
damage "a chain rewritten from there on" "chain: line 3 is not the one that the database holds" rechain
damage "a chain that is gone" "chain" rm chain
damage "a page that nobody watched" "stranger/chain: has been added: it belongs to no page" strange_page
damage "an altered row of the database" "chain" query "UPDATE snapshot SET folder = '2014/01/elsewhere' WHERE sequence = 2"
damage "a deleted row of the database" "chain: line 3 is not in the database" query "DELETE FROM snapshot WHERE sequence = 2"
damage "a database that is none" "lampwatch.db" cp chain ../.state/lampwatch.db
finish
