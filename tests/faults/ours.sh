#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A failure of this machine's is never silent, never a page's, and never taken for a state: calls of
# a run fail (tests/faults/fail.c), then good runs follow.
. "$(dirname "$0")/../harness.sh"
unsanitized

EIO=5 EINTR=4 EAGAIN=11 ENOMEM=12 EACCES=13 ENFILE=23 EMFILE=24 ENOSPC=28 ENOLCK=37

serve_page --posts "$work/posts"
serve_smtp relay
mkdir -p "$work/posts" "$work/main" "$work/kinds"
cd "$work/main" || exit 1
(umask 077; echo "http://127.0.0.1:$www_port/beat" > beat)
cp "$root/templates/pages/statuspage.yaml" "$work/kinds/own.yaml"
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	operator: admin@example.org
	heartbeat_file: beat
	kinds: $work/kinds
	every: 0s
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: own, provider: example}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END

minute=0
# run [CALL NUMBER FIRST LAST [PART]]: a minute later; sets status and output.
run() {
	minute=$((minute + 1))
	output=$(failing "$*" "$lampwatch" --clock "$(date -u -d "2014-01-24T10:00:00Z + $minute minutes" +%FT%TZ)" run 2>&1)
	status=$?
}
begin() { rm -rf archive "$work"/relay/*.eml; minute=0; green; run; }
# What people are told; who is told that nothing is kept: tests/end-to-end/untold.sh.
told() { local line; subjects relay | while read -r line; do decoded "$line"; echo; done | sed -n 's/^SIMULATED \([A-Z, ]*\):.*/\1/p' | grep -v "NOTHING IS KEPT" | paste -sd ,; }
ids() { grep -l '^To: ops' $(mails relay) /dev/null | xargs grep -h '^Message-ID' | sort -u | wc -l; }
beats() { grep -c $'GET\t/beat' "$work/www.log"; }
fails() { grep -c $'POST\t/beat/fail' "$work/www.log"; }
verified() { "$lampwatch" --clock 2014-01-24T12:00:00Z verify 2>&1 | grep -v "NOT SIGNED"; }
# The run goes on with a standby where it can, and says so.
standby="lampwatch: nothing is kept while that lasts, and people are told all the same"
lines() { grep -vxF -e "$standby" -e "" <<< "$output" | sort -u | wc -l; }
# ours NAME PATTERN: the last run ended with 3 and one line that fits.
ours() { if [ "$status" = 3 ] && [ "$(lines)" = 1 ] && grep -qE -- "$2" <<< "$output"; then pass "$1"; else fail "$1" "exit status $status" "$output"; fi; }

# ---- locks ----

begin; red
for number in $ENOLCK $EIO; do
	before="$(beats) $(fails)"
	run flock $number 1 99 .state/run.lock
	ours "a lock that the file system does not give is not held by another ($number)" "archive/\.state/run\.lock: cannot be locked: "
	same "and the heartbeat says so ($number)" "${before% *} $((${before#* } + 1))" "$(beats) $(fails)"
done
run flock $EINTR 1 2 .state/run.lock
same "an interrupted lock is taken all the same" "0 RED" "$status $(told)"

begin; red
before=$(beats)
run open $EACCES 1 99 .state/courier.lock
ours "a lock of the courier that cannot be opened is said" "archive/\.state/courier\.lock: cannot be opened: Permission denied; use the account that owns it"
same "the alert goes out, and no heartbeat says that all is well" "RED $before" "$(told) $(beats)"
run open $EACCES 1 99 .state/courier.lock
same "one line when it begins, none while it lasts" "3 " "$status $output"
run
same "and once the lock can be had, nothing is told again" "0 RED" "$status $(told)"
run flock $ENOLCK 1 99 .state/courier.lock
ours "likewise one that the file system does not give" "courier\.lock: cannot be locked: No locks available"
green; run; run

# ---- the courier ----

begin; red
run fork $EAGAIN 3 3 # the first two are the servers that fork for the run
ours "no process for the courier: it is said, and what to do" "no process can be made: Resource temporarily unavailable; raise the limit of processes"
same "and nobody hears of the database's locks" "" "$(grep -i lock <<< "$output")"
run
same "the next run has one, and tells" "0 RED,TROUBLE HERE" "$status $(told | tr , '\n' | sort | paste -sd ,)"

begin; red
run fork@1 $EAGAIN 1 99
check "no process for a delivery: what is owed says why, and what to do" bash -c 'grep -q "no process can be made: .*; raise the limit of processes" <<< "$1"' - "$("$lampwatch" --clock 2014-01-24T10:03:00Z -v outbox)"

# ---- reads of the database: the page is known, green, and turns red while one of them fails ----

begin
cp -a archive known
wrong="" silent="" unsent="" n=0 untouched=0 failed_reads=0
while n=$((n + 1)); [ $untouched -lt 3 ] && [ $n -le 200 ]; do
	rm -rf archive "$work"/relay/*.eml; cp -a known archive; minute=1; red
	run pread $EIO $n $n lampwatch.db
	first="$status $output"
	case $status in
	0) untouched=$((untouched + 1)) ;; # there were not so many, or one was done without
	3) untouched=0; failed_reads=$((failed_reads + 1)); [ -n "$output" ] || silent="$silent $n" ;;
	*) wrong="$wrong $n:$first" ;;
	esac
	grep -qE "UNIQUE|never|PAGE LOST" <<< "$output" && wrong="$wrong $n:$first"
	[ "$status" = 0 ] || run
	[ "$status" = 0 ] || wrong="$wrong $n:then $status $output"
	[ "$(told | tr , '\n' | grep -v TROUBLE | sort -u | paste -sd ,)" = RED ] || unsent="$unsent $n:$(told)"
	[ -z "$(verified)" ] || wrong="$wrong $n:$(verified)"
done
check "reads of the database were made to fail" test $failed_reads -ge 10
same "a failed read of the database is not \"no rows\": the run says so or does without" "" "$wrong"
same "never silent" "" "$silent"
same "and the red is told" "" "$unsent"
rm -rf known

# each_read WORD…: each read of the database fails once; what the command says then is never "nothing".
each_read() {
	local n=0 untouched=0 wrong="" failed=0 good output status name=${*: -1}
	good=$("$lampwatch" "$@" 2>&1)
	while n=$((n + 1)); [ $untouched -lt 8 ] && [ $n -le 200 ]; do # where opening fails, it is opened alone
		output=$(failing "pread $EIO $n $n lampwatch.db" "$lampwatch" "$@" 2>&1); status=$?
		case $status in
		0) untouched=$((untouched + 1)); [ "$output" = "$good" ] || wrong="$wrong $n:$output" ;;
		3) untouched=0; failed=$((failed + 1)); grep -q "lampwatch.db: " <<< "$output" || wrong="$wrong $n:$output" ;;
		*) wrong="$wrong $n:$status $output" ;;
		esac
	done
	same "$name: a failed read of the database is said, with 3" "" "$wrong"
	check "$name: there were some" test $failed -ge 3
}
begin; red; run
each_read check
each_read --clock 2014-01-24T12:00:00Z status
each_read --clock 2014-01-24T12:00:00Z log

# ---- the files that people write ----

begin; red
declare -A files=([the configuration]=main/lampwatch.yaml ["a kind"]=kinds/own.yaml ["the providers"]=templates/providers.yaml)
for what in "the configuration" "a kind" "the providers"; do
	for number in $EMFILE $ENFILE $ENOMEM $EIO $EACCES; do
		call=open; [ $number = $EIO ] && call=read
		part=${files[$what]}; part=${part#main/}
		run $call $number 1 9 "$part"
		if [ "$status" = 3 ] && [ "$(grep -vc "the last good configuration cannot be used either" <<< "$output")" = 1 ] && ! grep -qE "not YAML|cannot be parsed" <<< "$output" && grep -qE ": cannot be (opened|read): .*; " <<< "$output"; then
			pass "$what that this machine cannot read: exit status 3 ($number)"
		else
			fail "$what that this machine cannot read: exit status 3 ($number)" "exit status $status" "$output"
		fi
	done
done
begin; red
run open $EMFILE 1 99 mail/subject.txt
same "a template of mail: 3, and the mail goes out in plain words" "3 red: Mail (example)" "$status $(subjects relay | grep "^red:")"
check "and the template is not blamed" grep -q "subject.txt: cannot be opened: Too many open files" <<< "$output"

# ---- what reads pages, and what fetches them: never a lost page ----

# unread NAME PATTERN CALL NUMBER: for five runs, then it passes.
unread() {
	local name=$1 pattern=$2 i said="" all=""; shift 2
	begin; red
	for i in 1 2 3 4 5; do run "$1" "$2" "${3:-1}" 9999; said="$said${output:+$output
}"; all="$all$status"; done
	same "$name: each of the runs is ours" "33333" "$all"
	if [ "$(printf %s "$said" | wc -l)" = 1 ] && grep -qE "$pattern" <<< "$said"; then pass "$name: one line when it begins"; else fail "$name: one line when it begins" "$said"; fi
	same "$name: nobody is told that the page is lost" "" "$(told)"
	check "$name: nor is it shown so" grep -q "example: \(fresh\|stale\)" <("$lampwatch" --clock "2014-01-24T10:0$minute:30Z" status)
	for i in 1 2 3 4 5 6; do run; done # a delivery that failed is tried again after a while
	same "$name: then all is told, and the operator of the trouble" "0 RED,TROUBLE HERE" "$status $(told | tr , '\n' | sort | paste -sd ,)"
}
unread "no process for a reader" "no process can be made: Resource temporarily unavailable; raise the limit of processes" fork $EAGAIN
unread "no pipe for a reader" "no process can be made: Too many open files; raise this process's limit" pipe2 $EMFILE
unread "no socket for a page" "no connection can be made: Too many open files" socket $EMFILE

begin; red
run sendto $ENOMEM 1 1
same "a request that could not be sent is sent on another connection" "0 RED" "$status $(told)"

# ---- the courier ----

# Each fork and each pipe of the run, once: absorbed or said, and told in the end.
for call in fork fork@1 clone pipe2 pipe2@1 poll@0 poll@1; do
	wrong=""
	for n in 1 2 3 4 5; do
		begin; red
		run $call $([ ${call%@*} = pipe2 ] && echo $EMFILE || echo $EAGAIN) $n $n
		first="$status $output"
		case $status in 0) ;; 3) [ "$(lines)" = 1 ] || wrong="$wrong $n:$first" ;; *) wrong="$wrong $n:$first" ;; esac
		run; run
		[ "$status $(told | tr , '\n' | grep -v TROUBLE | paste -sd ,)" = "0 RED" ] || wrong="$wrong $n:$first, then $status $output $(told)"
	done
	same "one $call that fails: absorbed or said, and the red is told" "" "$wrong"
done
begin; red
run poll@1 $ENOMEM 1 999999
same "no poll in the courier: sent all the same" "RED" "$(told)"

# Its first allocations, before it has opened the database: none of them is for its filter, which is there.
wrong=""
for n in $(seq 1 4 25); do
	begin; red
	run malloc@1 $ENOMEM $n $n
	first="$status $output"
	run
	case "$status $(told | sed 's/,TROUBLE HERE//; s/TROUBLE HERE,//') $first" in *confine*) ;; "0 RED 3 "*"the courier ended early: exit status 3"*) continue ;; esac
	wrong="$wrong $n:$first, then $status $output $(told)"
done
same "a courier without memory for its beginning is said, and the red is told" "" "$wrong"

begin; red
run pwrite@1 $EIO 1 9999 lampwatch.db-wal
ours "what the courier cannot write down is said" "the database cannot be written: "
same "and sent anyway" "RED" "$(told)"
run
same "again under the same Message-ID, as nothing says that it was" "0 1" "$status $(ids)"

begin; red
run pwrite $ENOSPC 1 9999 lampwatch.db-wal
same "where neither the archive nor the standby can be written, the red is told" "3 RED" "$status $(told)"

# ---- the shared memory of the database ----

begin; red
run pwrite $ENOSPC 1 999 lampwatch.db-shm
ours "shared memory that cannot be sized is said" "lampwatch\.db: .*No space left on device; make room"
same "and the alert is sent anyway" "RED" "$(told | sed 's/,TROUBLE HERE//; s/TROUBLE HERE,//')"
run
same "the next run goes on" "0 " "$status $(verified)"
finish
