#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# State that is lost, damaged or older than the archive is seen before anything is appended: runs go on
# beside it, tell what is red, append nothing and say so once, until `lampwatch rebuild` makes the
# database from the folders.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_smtp relay
chat_red() { statuspage_page "$page" major operational major_outage; }
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T$((minute / 60 + 10)):$(printf %02d $((minute % 60))):00Z" "$@"; }
run() { output=$(at "$1" run 2>&1); status=$?; }
runs() { local minute; for minute in "$@"; do at "$minute" run 2>&1; echo "$?"; done; }
what() { grep -a -o -m 1 -E '^(RED, GREEN AGAIN|RED|GREEN|NOTHING IS KEPT)\b' "$1"; }
told() { local f; for f in $(mails relay); do grep -q "^To: ${1:-ops}" "$f" && what "$f"; done | paste -sd ,; }
ids() { local f; for f in $(mails relay); do grep -q "^To: ops" "$f" && sed -n 's/\r$//; s/^Message-ID: //p' "$f"; done; }
chain() { cat archive/example/chain; }

# begin NAME: an archive that has seen one outage, and is green.
begin() {
	mkdir -p "$work/$1"; cd "$work/$1" || exit 1
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
		subscribers:
		  - {mail: ops@example.com}
	END
	export RUNTIME_DIRECTORY=$PWD/runtime
	mkdir -m 700 "$RUNTIME_DIRECTORY"
	green; at 0 -q run; red; at 1 run; green; at 2 run; at 3 run
	rm -f "$work"/relay/*.eml
}

# lost NAME BREAK: red while it is lost, then rebuilt, then green.
lost() {
	begin "$1"
	at 4 log > log.before
	$2
	before=$(chain)
	red
	run 5
	same "$1: what is red is told" "RED" "$(told)"
	same "$1: the operator hears" "NOTHING IS KEPT" "$(told admin)"
	check "$1: and that nobody knows who subscribed, as nothing is left to know it from" grep -q -z -E "who\s+subscribed\s+by\s+mail\s+or\s+by\s+command,\s+and\s+who\s+left,\s+is\s+not\s+known" "$work"/relay/*.eml
	same "$1: exit status 3" "3" "$status"
	check "$1: it names what helps" grep -q "lampwatch rebuild" <<< "$output"
	same "$1: once" "3 3" "$(echo $(runs 6 7))"
	same "$1: nothing is appended" "$before" "$(chain)"
	check "$1: it is rebuilt" at 8 -q rebuild
	same "$1: what is told of the past is what was told" "$(grep -c . log.before)" "$(at 8 log | grep -c .)"
	same "$1: from there on it is as ever" "0 0" "$(echo $(runs 9 10))"
	check "$1: the archive is whole" at 11 verify
	same "$1: nothing is told again" "RED" "$(told)"
	green
	same "$1: and green follows" "0 0 RED,GREEN" "$(echo $(runs 12 13)) $(told)"
	same "$1: nothing else to the operator" "NOTHING IS KEPT" "$(told admin)"
	check "$1: the archive is whole to the end" at 14 verify
}

deleted() { rm archive/.state/lampwatch.db*; }
lost "a database that was deleted" deleted
no_state() { cp -a archive new; rm -r archive; mkdir archive; cp -a new/* archive/; }
lost "a copy without .state" no_state
emptied() { rm -f archive/.state/lampwatch.db-*; : > archive/.state/lampwatch.db; }
lost "a database of no bytes" emptied
begin commands
deleted
every_command() {
	local words output status
	for words in check status log outbox routes report silence "show example" "silence example --for 1h" "ack example" "subscribe new@example.com" "unsubscribe ops@example.com" site; do
		output=$(at 5 $words 2>&1); status=$?
		if [ $status != 3 ] || ! grep -q "lampwatch.db: is lost: .*lampwatch rebuild" <<< "$output"; then echo "$words: $status $output"; fi
	done
}
same "a lost database is not an archive that is yet to be made: every command says so" "" "$(every_command)"
check "and none makes another" test ! -e archive/.state/lampwatch.db
red
run 6; run 7
same "nor do runs, which go on beside it: every command still says so" "3 RED" "$status $(told)$(every_command)"
check "and there is none" test ! -e archive/.state/lampwatch.db
begin emptied
emptied
red
run 6; run 7
same "one without a byte is none, and is not made into one that knows nothing" "3 RED 0" "$status $(told) $(stat -c %s archive/.state/lampwatch.db)$(every_command)"
older() { cp archive/.state/lampwatch.db older.db; chat_red; at 3 run; green; at 3 run; at 4 run; before=$(ids); rm -f "$work"/relay/*.eml archive/.state/lampwatch.db*; cp older.db archive/.state/lampwatch.db; at 4 log > log.before; }
begin older
older
first=$(sed -n 's/.*\t//p' archive/example/chain | tail -n 1)
run 5
same "an older database: it is seen" "3" "$status"
check "an older database: said" grep -q "is older than the archive" <<< "$output"
check "an older database: rebuilt" at 6 -q rebuild
same "an older database: what was there lies beside it" "1" "$(ls archive/.state/lampwatch.db.2* | grep -c 'Z$')"
same "an older database: as ever" "0 " "$(runs 7) $(at 7 -q verify 2>&1)"
red
run 8
same "an older database: the next outage has a Message-ID of its own" "2 1 3" "$(grep -c . <<< "$before") $(ids | grep -c .) $(printf '%s\n%s\n' "$before" "$(ids)" | sort -u | wc -l)"

# ---- a chain whose last line is another one ----

begin altered
sed -i '$s/.$/x/' archive/example/chain
before=$(chain)
red
run 5
same "a chain whose last line was altered: it is seen before anything is appended" "3 $before" "$status $(chain)"
check "it is said as verify would" grep -q "example/chain: line [0-9]* is not the one that was written there" <<< "$output"
same "and what is red is told" "RED" "$(told)"

# ---- a red that began before ----

begin red-before
red
at 4 run
was=$(ids)
rm archive/.state/lampwatch.db*
run 5
same "a red that was told before the loss is told again under its own Message-ID" "$was" "$(ids | sort -u)"

# ---- rebuild while a run is at work ----

same "while a run is at work it refuses" "1" "$(flock archive/.state/run.lock "$lampwatch" rebuild > /dev/null 2>&1; echo $?)"

# ---- people ----

begin people
at 4 subscribe --page example new@example.com > /dev/null
cp archive/.state/lampwatch.db older.db
at 4 unsubscribe ops@example.com > /dev/null
at 4 silence example --until 10:06 --reason work > /dev/null
same "what people ask for is kept" "600" "$(stat -c %a archive/.state/people)"
rm -f archive/.state/lampwatch.db*
cp older.db archive/.state/lampwatch.db
run 5
same "a leaving outweighs an older database" "new@example.com active,ops@example.com unsubscribed" \
	"$(at 5 subscribers | awk '/@/ {sub(",", "", $2); print $1, $2}' | sort | paste -sd ,)"
rm -f archive/.state/lampwatch.db*
at 6 -q rebuild
same "and comes back on rebuild" "new@example.com active,ops@example.com unsubscribed" \
	"$(at 6 subscribers | awk '/@/ {sub(",", "", $2); print $1, $2}' | sort | paste -sd ,)"
rm -f archive/.state/lampwatch.db* archive/.state/people
check "where it is lost too, rebuild says so" grep -q "is not known" <<< "$(at 7 rebuild)"
finish
