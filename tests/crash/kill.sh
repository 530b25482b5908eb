#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Kills lampwatch (SIGKILL) at every place where something could be left half done, in
# the run, in its courier, or in an attempt, and runs it again: the archive must be the same
# as without a crash, and every alert must have arrived.
#
# A page turns red and green again, another becomes unreadable and comes back; the
# first route refuses, so that every mail goes over the second; a webhook is told everything.
# That is six runs. Each place of each of them is one test, and so is each place of the run after
# a crash. Needs a build with -Dsteps=true.
. "$(dirname "$0")/../harness.sh"
unsanitized

runs=(0 1 2 3 4 5)
workers=$(nproc 2>/dev/null || echo 2)
[ "$workers" -gt 4 ] && workers=4

time_of() { printf '2014-01-24T19:%02d:00Z' "$1"; }

# ---- a worker: servers and folders of its own ----

# start N: sets up $work/N.
start() {
	local n=$1
	mkdir -p "$work/$n" "$work/hooks$n"
	serve_http "mail$n" --posts "$work/hooks$n"
	serve_http "files$n"
	serve_smtp "first$n"; echo "greeting reply 421 4.3.2 not now" > "$work/first$n.script"
	serve_smtp "second$n"
	mkdir -p "$work/mail$n/api/v2" "$work/files$n/api/v2"
	local mail=mail${n}_port files=files${n}_port first=first${n}_port second=second${n}_port
	cat > "$work/$n/lampwatch.yaml" <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		pages:
		  - {name: mail, url: "http://127.0.0.1:${!mail}/", kind: statuspage, provider: mail}
		  - {name: files, url: "http://127.0.0.1:${!files}/", kind: statuspage, provider: files}
		routes:
		  - {name: first, smtp: "smtp://127.0.0.1:${!first}", tls: off}
		  - {name: second, smtp: "smtp://127.0.0.1:${!second}", tls: off}
		subscribers:
		  - {mail: ops@example.com}
		  - {mail: boss@example.com, on: [red, green, lost]}
		webhooks:
		  - {name: hook, url: "http://127.0.0.1:${!mail}/hook"}
	END
}

# publish WORKER RUN: what the two pages say at that run.
publish() {
	local mail=$work/mail$1/api/v2/summary.json files=$work/files$1/api/v2/summary.json
	case $2 in
	1) statuspage_page "$mail" major major_outage degraded_performance ;;
	*) statuspage_page "$mail" none operational operational ;;
	esac
	case $2 in
	2 | 3 | 4) echo '{"page": {"id": "exampleexamp"}}' | put "$files" ;;
	*) statuspage_page "$files" none operational operational operational ;;
	esac
}

# program WORKER RUN WORD…
program() {
	local n=$1 run=$2; shift 2
	"$lampwatch" -c "$work/$n/lampwatch.yaml" --clock "$(time_of "$run")" "$@"
}

# Keeps, or brings back, all that a run leaves behind.
keep() { rm -rf "$work/$1/before$2"; mkdir "$work/$1/before$2"; cp -a "$work/$1/archive" "$work/second$1" "$work/hooks$1" "$work/$1/before$2/" 2>/dev/null; }
bring_back() {
	local n=$1 from=$work/$1/before$2
	rm -rf "$work/$n/archive" "$work/second$n"/*.eml "$work/hooks$n"/*
	[ ! -d "$from/archive" ] || cp -a "$from/archive" "$work/$n/archive"
	cp -a "$from/second$n/." "$work/second$n/"
	cp -a "$from/hooks$n/." "$work/hooks$n/"
}

# A courier may outlive the run that was killed.
courier_gone() { [ ! -e "$work/$1/archive/.state/courier.lock" ] || flock -n "$work/$1/archive/.state/courier.lock" true; }

# ---- what came of it ----

# One line a message, in the order in which they came: receiver, subject, Message-ID, In-Reply-To, digest.
messages() {
	local files to subject rest
	files=$(mails "second$1")
	[ -z "$files" ] || while IFS=$'\t' read -r to subject rest; do
		case $subject in *"=?"*) subject=$(decoded "$subject") ;; esac
		case $subject in *"TROUBLE HERE: the courier ended early"*) continue ;; esac # so it has, in some of the cases
		printf '%s\t%s\t%s\n' "$to" "${subject#SIMULATED }" "$rest"
	done < <(paste <(awk '
		function put() { print value["X-Envelope-To"] "\t" value["Subject"] "\t" value["Message-ID"] "\t" value["In-Reply-To"]; delete value }
		{ sub(/\r$/, "") }
		FNR == 1 { if (NR > 1) put(); body = 0 }
		/^$/ { body = 1 }
		body { next }
		/^[ \t]/ { sub(/^[ \t]+/, " "); value[name] = value[name] $0; next }
		{ name = $0; sub(/:.*/, "", name); value[name] = $0; sub(/^[^:]*: */, "", value[name]) }
		END { put() }' $files) <(sha256sum $files | cut -d ' ' -f 1))
	files=$(find "$work/hooks$1" -type f | sort)
	[ -z "$files" ] || awk '
		function put() { print "hook\t" subject "\t" id "\t\t-" }
		{ sub(/\r$/, "") }
		FNR == 1 && NR > 1 { put() }
		tolower($1) == "webhook-id:" { id = $2 }
		match($0, /"subject": *"[^"]*"/) {
			subject = substr($0, RSTART, RLENGTH)
			gsub(/^"subject": *"|"$/, "", subject)
			sub(/^SIMULATED /, "", subject)
		}
		END { put() }' $files
}

# What the archive says was read, without what differs from run to run of the same times.
readings() {
	local page
	for page in mail files; do
		(cd "$work/$1/archive/$page" && cut -f 1-4 chain && find . -name reading -o -name changes | sort | xargs sha256sum)
	done
}

history_of() {
	program "$1" 9 log --json --limit 1000 | tr '{' '\n' | sed -n 's/.*"page": *"\([a-z]*\)".*"what": *"\([a-z]*\)".*"type": *"\([^"]*\)".*"id": *"\([^"]*\)".*/\1 \2 \3 \4/p' | sort
}

# heads names the last line of each chain.
heads_right() {
	local page sequence digest
	while IFS=$'\t' read -r page sequence digest; do
		[ "$digest" = "$(tail -n 1 "$work/$1/archive/$page/chain" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)" ] || { echo "heads: $page is behind its chain"; return 1; }
		[ "$sequence" = "$(($(wc -l < "$work/$1/archive/$page/chain") - 1))" ] || { echo "heads: $page: $sequence"; return 1; }
	done < <(tail -n +2 "$work/$1/archive/heads")
}

# Prints what is wrong; nothing if all is as it is without a crash. $3: repeats are allowed.
complaints() {
	local n=$1 got=$work/$1/messages expected=$work/$1/expected.messages
	program "$n" 9 -q verify 2>&1 || echo "verify ended with $?"
	find "$work/$n/archive" -name SHA256SUMS -execdir sha256sum --strict --quiet -c {} \; 2>&1
	readings "$n" | diff "$work/$n/expected.readings" - | sed 's/^/archive: /'
	history_of "$n" | diff "$work/$n/expected.history" - | sed 's/^/history: /'
	heads_right "$n"
	program "$n" 9 outbox --json | tr -d ' \n' | grep -q '"deliveries":\[\]' || { echo "something is still owed:"; program "$n" 9 outbox; }
	[ -z "$(ls "$work/$n/archive/.state/incoming" "$work/$n/archive/.state/intent" | grep -v :)" ] || echo "something half done is left in .state"
	messages "$n" > "$got"
	diff <(cut -f 1,2 "$expected" | sort) <(cut -f 1,2,3 "$got" | sort -u | cut -f 1,2) | sed 's/^/messages: /'
	[ "$(cut -f 3 "$got" | sort -u | wc -l)" = "$(wc -l < "$expected")" ] || echo "a repeat has another Message-ID, or two messages share one"
	[ "$(cut -f 3,5 "$got" | sort -u | wc -l)" = "$(wc -l < "$expected")" ] || echo "a repeat is not the same bytes"
	[ "$2" = repeats ] || [ "$(wc -l < "$got")" = "$(wc -l < "$expected")" ] || echo "messages came twice although no delivery was under way"
	awk -F '\t' '
		$2 ~ /^RED/ { red[$1] = $3; if ($1 in green) print "red after green to " $1 }
		$2 ~ /^GREEN/ { green[$1] = 1; if (!($1 in red)) print "green before red to " $1
			if ($1 != "hook" && $4 != red[$1]) print "green does not answer its red to " $1 }' "$got"
}

# ---- the scenario ----

# finish_from WORKER RUN: the runs from there on, then until nothing is due; prints what it should not.
finish_from() {
	local n=$1 run status=0
	for ((run = $2; run < 12; run++)); do
		publish "$n" "$run"
		program "$n" "$run" -q run; status=$?
		[ "$run" -lt 6 ] || [ "$status" -ne 0 ] || break
	done
	[ "$status" = 0 ] || echo "it never came to rest: exit status $status"
}

undisturbed() {
	local n=$1 run
	mkdir -p "$work/hooks$n"
	for run in "${runs[@]}"; do
		publish "$n" "$run"
		keep "$n" "$run"
		: > "$work/$n/steps$run"
		LAMPWATCH_STEPS_FILE=$work/$n/steps$run program "$n" "$run" -q run
	done
	finish_from "$n" 6 > "$work/$n/undisturbed"
	messages "$n" > "$work/$n/expected.messages"
	readings "$n" > "$work/$n/expected.readings"
	history_of "$n" > "$work/$n/expected.history"
}

# disturb WORKER RUN STEP: the run, ended there; says so where it was not.
disturb() {
	local n=$1 run=$2 step=$3
	: > "$work/$n/steps"
	LAMPWATCH_STEPS_FILE=$work/$n/steps LAMPWATCH_KILL_AT_STEP=$step program "$n" "$run" -q run > "$work/$n/output" 2>&1
	grep -qx "$step" "$work/$n/steps" || echo "was never there: $step"
}

# Between a delivery's intent and its record a repeat cannot be avoided; everywhere else nothing may
# come twice.
repeats() { case $1 in *"intent to send"* | *"not yet"* | *"delivery recorded"*) echo repeats ;; *) echo none ;; esac; }

# one_case WORKER RUN STEP [STEP]: crashes at the first, and, where given, again at the second in the run after.
one_case() {
	local n=$1 run=$2 step=$3 second=${4:-} name wrong
	name="run $run ended at \"$step\""
	[ -z "$second" ] || name+=", the next at \"$second\""
	bring_back "$n" "$run"
	publish "$n" "$run"
	wrong=$(
		disturb "$n" "$run" "$step"
		[ -z "$second" ] || disturb "$n" "$run" "$second"
		finish_from "$n" "$run"
		await 20 courier_gone "$n" || echo "a courier is still there"
		complaints "$n" "$(repeats "$step$second")"
	)
	same "$name" "" "$wrong"
}

# The places that the run after a crash passes: those of adopting a folder, and its own.
steps_after() {
	local n=$1 run=$2 step=$3
	bring_back "$n" "$run"
	publish "$n" "$run"
	disturb "$n" "$run" "$step"
	: > "$work/$n/steps"
	LAMPWATCH_STEPS_FILE=$work/$n/steps program "$n" "$run" -q run > "$work/$n/output" 2>&1
	sort -u "$work/$n/steps"
}

# A power failure can leave what a killed process cannot: half a line.
torn_chain() {
	local n=$1 wrong
	bring_back "$n" 1
	publish "$n" 1
	wrong=$(
		disturb "$n" 1 "1 transaction committed"
		printf 'snapshot\t2\t2014-01-2' >> "$work/$n/archive/mail/chain"
		finish_from "$n" 1
		complaints "$n" none
	)
	same "half a line at the end of a chain is replaced by the whole one" "" "$wrong"
}

# ---- all of it ----

for ((n = 0; n < workers; n++)); do start "$n"; done
for ((n = 0; n < workers; n++)); do undisturbed "$n" 2> "$work/$n/errors" & undisturbed_pids[n]=$!; done
for ((n = 0; n < workers; n++)); do wait "${undisturbed_pids[$n]}"; done

if [ ! -s "$work/0/steps1" ]; then
	skip "a run that is killed loses nothing" "needs a build with -Dsteps=true"
	finish
	exit
fi
same "the undisturbed runs come to rest without a word" "" "$(cat "$work/0/undisturbed" "$work/0/errors")"
same "and everybody got what they are owed, by the second route" "admin@example.org	PAGE BACK: files
admin@example.org	PAGE LOST: files
boss@example.com	GREEN: Mail
boss@example.com	PAGE BACK: files
boss@example.com	PAGE LOST: files
boss@example.com	RED: Mail
hook	GREEN: Mail
hook	RED: Mail
ops@example.com	GREEN: Mail
ops@example.com	RED: Mail" "$(cut -f 1,2 "$work/0/expected.messages" | sed 's/\(: [A-Za-z]*\).*/\1/' | sort)"

for run in "${runs[@]}"; do
	sort -u "$work/0/steps$run" | sed "s/^/$run|/"
done > "$work/cases"
steps_after 0 1 "1 folder renamed" | sed 's/^/1|1 folder renamed|/' >> "$work/cases"

work_off() {
	local n=$1 i=0 run step second
	while IFS='|' read -r run step second; do
		[ $((i++ % workers)) = "$n" ] && one_case "$n" "$run" "$step" "$second"
	done < "$work/cases"
	[ "$n" = 0 ] && torn_chain 0
}

passed_before=$passed
for ((n = 0; n < workers; n++)); do work_off "$n" > "$work/$n/results" & work_pids[n]=$!; done
for ((n = 0; n < workers; n++)); do wait "${work_pids[$n]}"; done
for ((n = 0; n < workers; n++)); do
	cat "$work/$n/results"
	passed=$((passed + $(grep -c '^ok' "$work/$n/results")))
	failed=$((failed + $(grep -c '^not ok' "$work/$n/results")))
done
same "every place of every run had its turn" "$(($(wc -l < "$work/cases") + 1))" "$((passed + failed - passed_before))"
finish
