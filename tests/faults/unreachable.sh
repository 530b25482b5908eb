#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What cannot be opened is not what is not there: every command as a user who may not enter .state;
# and archives that nobody may write, which can be looked at all the same.
. "$(dirname "$0")/../harness.sh"
unsanitized

skip_rest() { local name; for name in "$@"; do skip "$name" "$reason"; done; }

serve_page --posts "$work/posts"
serve_smtp relay
mkdir -p "$work/posts" "$work/main"
cd "$work/main" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 0s
	heartbeat_file: beat
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: northwind}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END
(umask 077; echo "http://127.0.0.1:$www_port/beat" > beat)

at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$(printf %02d "$minute"):00Z" "$@"; }
statuspage_page "$page" none operational operational
at 0 -q run
statuspage_page "$page" major major_outage operational
at 10 -q run

# ---- a user who may not enter .state ----

reason="needs root, and setpriv"
other=0
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups true 2> /dev/null; then
	chmod 711 "$work" "$work/main"; chmod 600 lampwatch.yaml; cp lampwatch.yaml other.yaml; chmod 644 other.yaml
	sed -i '/heartbeat_file/d' other.yaml
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$lampwatch" && other=1 || reason="another user cannot reach the program"
fi
as_other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

other_name=$(id -nu 65534 2> /dev/null || echo 65534) me=$(id -nu)
denied="Permission denied; use the account that owns it, or let this one use it: "
# denied WORD…: exit status 3, nothing printed, and one line that names the path, the reason and the remedy.
denied() {
	local status
	(cd "${folder:-.}" && as_other "$lampwatch" -c "$work/main/other.yaml" "$@") > "$work/out" 2> "$work/err"; status=$?
	[ "$status" = 3 ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" = 1 ] &&
		grep -qE "^lampwatch: .*(archive/\.state(/[a-z.]+)?: .*${denied%: }(: .* belongs to .*, mode [0-7]+, and this is $other_name)?|archive belongs to .*, mode [0-7]+, and this is $other_name, who cannot write to it; run lampwatch as .*)\$" "$work/err" && return
	echo "exit status $status"; cat "$work/out" "$work/err"; return 1
}
commands=(status "status --json" log "log --json" outbox "outbox --json" "outbox retry" report "report --json" "report --csv" subscribers
	"subscribers --json" routes "show example" "diff example 2014" "export --warc /tmp/x.warc" "export --evidence example 2014 /tmp/x.zip" silence
	"silence example --for 1h" "ack example" "subscribe a@example.com" "unsubscribe ops@example.com" pack prune site verify "run --dry-run")
for words in "${commands[@]}"; do
	if [ "$other" = 1 ]; then
		# shellcheck disable=SC2086
		check "who may not enter .state is told so: $words" denied $words
	else
		skip "who may not enter .state is told so: $words" "$reason"
	fi
done
# A run goes on with a standby: one line more, which says so.
denied_run() {
	local status
	install -d -o 65534 -m 700 "$work/theirs"
	as_other env RUNTIME_DIRECTORY="$work/theirs" "$lampwatch" -c other.yaml run > "$work/out" 2> "$work/err"; status=$?
	[ "$status" = 3 ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" = 2 ] &&
		head -n 1 "$work/err" | grep -qE "^lampwatch: archive belongs to .*, mode [0-7]+, and this is $other_name, who cannot write to it; run lampwatch as .*, who owns the archive\$" &&
		grep -q "nothing is kept while that lasts" "$work/err" && return
	echo "exit status $status"; cat "$work/out" "$work/err"; return 1
}
if [ "$other" = 1 ]; then check "who may not enter .state is told so: run" denied_run; else skip "who may not enter .state is told so: run" "$reason"; fi
if [ "$other" = 1 ]; then
	chmod 711 archive/.state
	check "and who may enter it, but not open the database" denied status
	chmod 700 archive/.state
	chmod 700 archive
	as_other timeout 20 "$lampwatch" -c "$work/main/other.yaml" serve --listen 127.0.0.1:0 > "$work/out" 2> "$work/err"
	check "serve does not call an archive absent that it may not enter" grep -q "archive: cannot be opened: Permission denied" "$work/err"
	chmod 755 archive
	chmod 700 "$work/main"
	as_other "$lampwatch" -c "$work/main/other.yaml" status > "$work/out" 2> "$work/err"
	same "a configuration that cannot be looked at is this machine's trouble, too" "3 $work/main/other.yaml: cannot be opened: $denied$work/main/ belongs to $me, mode 0700, and this is $other_name" "$? $(cat "$work/out" "$work/err")"
	chmod 711 "$work/main"; chmod 600 other.yaml
	as_other env -u STATE_DIRECTORY "$lampwatch" -c "$work/main/other.yaml" check > "$work/out" 2> "$work/err"
	same "and for check" "3 $work/main/other.yaml: cannot be opened: $denied$work/main/other.yaml belongs to $me, mode 0600, and this is $other_name" "$? $(cat "$work/out" "$work/err")"
	chmod 644 other.yaml
else
	skip_rest "and who may enter it, but not open the database" "serve does not call an archive absent that it may not enter" "a configuration that cannot be looked at is this machine's trouble, too" "and for check"
fi
same "what is not there is still not there: no configuration" "2" "$("$lampwatch" -c nothing.yaml status > /dev/null 2>&1; echo $?)"

# ---- archives that nobody may write ----

# copy NAME: of the archive, which everybody may read and nobody write.
copy() { rm -rf "$work/$1"; mkdir "$work/$1"; cp -a archive "$work/$1/"; cp other.yaml "$work/$1/lampwatch.yaml" 2> /dev/null || cp lampwatch.yaml "$work/$1/"; sed -i '/heartbeat_file/d' "$work/$1/lampwatch.yaml"; chmod -R a+rX,a-w "$work/$1"; }
# says NAME PATTERN WORD…: as another user, with exit status 0.
says() {
	local name=$1 pattern=$2; shift 2
	(cd "$work/$name" && as_other "$lampwatch" --clock 2014-01-24T19:20:30Z "$@") > "$work/out" 2>&1 || { echo "exit status $?"; cat "$work/out"; return 1; }
	grep -qE -- "$pattern" "$work/out" || { cat "$work/out"; return 1; }
}
looks=("status|Mail +major outage since" "log|Mail" "outbox -v|ops@example.com" "report|Mail" "show example|major_outage" "subscribers|ops@example.com" "verify -v|whole")
# look NAME WHAT
look() {
	local look
	for look in "${looks[@]}"; do
		# shellcheck disable=SC2086
		check "$2: ${look%%|*}" says "$1" "${look#*|}" ${look%%|*}
	done
}
skip_looks() { local look; for look in "${looks[@]}"; do skip "$1: ${look%%|*}" "$reason"; done; }

if [ "$other" = 1 ]; then
	copy clean
	look clean "a copy that nobody may write"
	same "of which nothing was changed" "" "$(diff -r archive "$work/clean/archive" 2>&1)"
else
	skip_looks "a copy that nobody may write"; skip "of which nothing was changed" "$reason"
fi

# Killed in the middle: the red is in the write-ahead log only.
if LAMPWATCH_KILL_AT_STEP="1 nowhere" at 11 -q run && statuspage_page "$page" major major_outage major_outage &&
	LAMPWATCH_KILL_AT_STEP="1 transaction committed" at 12 -q run; [ $? = 137 ] && [ -s archive/.state/lampwatch.db-wal ]; then
	killed=1
else
	killed=0; reason="needs a build with -Dsteps=true"
fi
looks=("status|Chat +major outage since" "log|Chat" "verify -v|whole")
if [ "$other" = 1 ] && [ "$killed" = 1 ]; then
	copy killed
	cp -a "$work/killed" "$work/as-killed" # the archive itself may go on: its courier is still there
	look killed "a copy with a log, after kill -9"
	rm -f "$work/killed/archive/.state/lampwatch.db-shm"
	look killed "and without its shared memory"
	same "and nothing is left beside it" "" "$(diff -r "$work/as-killed/archive" "$work/killed/archive" 2>&1 | grep -v "shm$")"
else
	skip_looks "a copy with a log, after kill -9"; skip_looks "and without its shared memory"; skip "and nothing is left beside it" "$reason"
fi

mounted() {
	mkdir -p "$work/mount" && mount --bind "$work/main" "$work/mount" && mount -o remount,ro,bind "$work/mount" &&
		cd "$work/mount" && "$lampwatch" -c other.yaml --clock 2014-01-24T19:20:30Z "$@"
}
export -f mounted; export work lampwatch
for words in status "log" "status --json"; do
	name="on a file system for reading only: $words"
	if [ "$killed" != 1 ] || ! unshare --mount true 2> /dev/null || [ "$(id -u)" -ne 0 ]; then
		skip "$name" "needs root, a mount namespace, and -Dsteps=true"
	else
		rm -f archive/.state/lampwatch.db-shm
		check "$name" grep -q Chat <(unshare --mount bash -c "mounted $words" 2>&1)
	fi
done

at 13 -q run
check "and the next run goes on" at 13 verify
finish
