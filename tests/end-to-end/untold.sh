#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Nobody is left untold when nothing can be written: the run goes on with a standby outside of the
# archive. Red and green come once each, under the Message-IDs that they would have had; the operator is
# told too, once; each run ends with 3, also for whom it beats, and its first one says why.
. "$(dirname "$0")/../harness.sh"
unsanitized

nobody=65534
if [ "$(id -u)" != 0 ] || ! setpriv --reuid $nobody --regid $nobody --clear-groups true 2> /dev/null; then
	skip "nobody is left untold" "needs root, to be somebody else"; finish; exit
fi
if [ -z "${LAMPWATCH_NAMESPACE:-}" ]; then # what is mounted here ends with it
	unshare --mount --ipc true 2> /dev/null || { skip "nobody is left untold" "no mounts here"; finish; exit; }
	rm -rf "$work"
	LAMPWATCH_NAMESPACE=1 exec unshare --mount --ipc --propagation private bash "$0" "$@"
fi
serve_page --posts "$work/hooks"
serve_smtp relay
mkdir -p "$work/hooks"
mkdir -p "$work/www/v2"
echo 'status=202;body={"status": "success"}' > "$work/www/v2/enqueue.fault"
chmod 755 "$work"
printf '#!/bin/sh\necho "$LAMPWATCH_EVENT $LAMPWATCH_ID" >> %s/modem.log\n' "$work" > "$work/modem"; chmod 755 "$work/modem"
at() { local minute=$1; shift; "${as[@]}" "$lampwatch" --clock "2014-01-24T$((minute / 60 + 10)):$(printf %02d $((minute % 60))):00Z" "$@"; }
run() { output=$(at "$1" run 2>&1); status=$?; outputs+="$output"; statuses+="$status "; }
own() { chown -R $nobody:$nobody "$1"; }
as=(setpriv --reuid $nobody --regid $nobody --clear-groups)

# begin NAME: an archive of an unprivileged user in a folder of its own, with a green page.
begin() {
	home=$work/$1
	mkdir -p "$home"
	cd "$home" || exit 1
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		heartbeat: http://127.0.0.1:$www_port/beat
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
		subscribers:
		  - {mail: ops@example.com}
		webhooks:
		  - {name: pager, url: "http://127.0.0.1:$www_port/", template: pagerduty, with: {routing_key_file: key}}
		  - {name: modem, command: [$work/modem]}
	END
	echo 0123456789abcdef0123456789abcdef > key; chmod 600 key
	export RUNTIME_DIRECTORY=$home/runtime
	mkdir -p -m 700 "$RUNTIME_DIRECTORY"
	rm -f "$work"/relay/*.eml "$work"/hooks/*
	: > "$work/modem.log"; own "$work/modem.log"
	own "$home"
	green
	at 0 run
	at 1 run
	outputs="" statuses=""
	rm -rf "$home.twin"
	cp -a "$home" "$home.twin"
}
# what FILE: the word that its text begins with.
what() { grep -a -o -m 1 -E '^(RED|GREEN|NOTHING IS KEPT|RED, GREEN AGAIN)\b' "$1"; }
told() { local f; for f in $(mails relay); do printf '%s %s\n' "$(sed -n 's/\r$//; s/^To: //p' "$f" | head -n 1)" "$(what "$f")"; done | sort | paste -sd ,; }
ids() { local f; for f in $(mails relay); do grep -q "^To: ops" "$f" && sed -n 's/\r$//; s/^Message-ID: //p' "$f"; done; }
beats() { tail -n +$((beaten + 1)) "$work/www.log" | grep -o $'\t/beat[^ \t]*' | sed 's/.*beat//; s/^$/good/' | paste -sd ' '; }
pagers() { cat "$work"/hooks/* 2> /dev/null | grep -o '"event_action": *"[a-z]*"' | sed 's/.*"\([a-z]*\)"$/\1/' | paste -sd ' '; }

# The same outage where nothing is wrong: what its Message-IDs are.
twin() {
	local here=$PWD
	cd "$home.twin" || exit 1
	rm -f "$work"/relay/*.eml "$work"/hooks/*
	red; RUNTIME_DIRECTORY=$PWD/runtime at 2 run
	green; for minute in 5 6; do RUNTIME_DIRECTORY=$PWD/runtime at $minute run; done
	expected=$(ids) expected_modem=$(cat "$work/modem.log")
	rm -f "$work"/relay/*.eml "$work"/hooks/*
	: > "$work/modem.log"
	cd "$here" || exit 1
}

# outage NAME: red and green while it lasts.
outage() {
	beaten=$(wc -l < "$work/www.log")
	red
	run 2; first=$output
	same "$1: at once, the operator too" "admin@example.org NOTHING IS KEPT,ops@example.com RED" "$(told)"
	check "$1: whoever looks is told that the archive is behind" \
		grep -q "nothing can be kept; .*$RUNTIME_DIRECTORY" <<< "$(at 2 status 2>&1)"
	run 3
	green
	run 5; run 6
	same "$1: red and green come once each, and the operator is told once" \
		"admin@example.org NOTHING IS KEPT,ops@example.com GREEN,ops@example.com RED" "$(told)"
	same "$1: the pager gets its resolve" "trigger resolve" "$(pagers)"
	same "$1: the modem, a program, gets both once" "red green" "$(cut -d ' ' -f 1 "$work/modem.log" | paste -sd ' ')"
	[ -z "$expected" ] ||
		same "$1: under the same identifiers" "$expected_modem" "$(cat "$work/modem.log")"
	[ -z "$expected" ] ||
		same "$1: under the Message-IDs that they would have had" "$expected" "$(ids)"
	same "$1: each run ends with 3" "3 3 3 3 " "$statuses"
	same "$1: and the heartbeat fails" "/fail /fail /fail /fail" "$(beats)"
	check "$1: the first says why" test -n "$first"
	same "$1: and no other" "$first" "$outputs"
}

# after NAME: the archive can be written again.
after() {
	run 8
	same "$1: afterwards the run is as ever" "0  good" "${statuses#3 3 3 3 } $(beats | grep -o 'good$')"
	check "$1: the archive is whole" at 10 verify
	same "$1: and no longer behind" "" "$(at 10 log 2>&1 > /dev/null)"
	same "$1: nothing is told again" "3" "$(count_mails relay)"
	red; run 11
	same "$1: the next outage has Message-IDs of its own" "RED 3" "$(told | grep -o 'ops@example.com RED' | wc -l | sed 's/^2$/RED/') $(ids | sort -u | wc -l)"
}

# fault NAME BREAK MEND
fault() {
	[[ -z ${ONLY:-} || $1 == *$ONLY* ]] || return
	begin "$1"
	case $1 in *" state "* | *garbage* | *read-only* | *chain* | *page*) twin ;; *) expected="" ;; esac
	$2; outage "$1"
	$3; after "$1"
}

nothing() { :; }
chmod_state() { chmod 0500 archive/.state; }
chmod_back() { chmod 0700 archive/.state; }
fault "a folder for state that cannot be written" chmod_state chmod_back

read_only() { mount --bind archive archive && mount -o remount,bind,ro archive; }
writable() { umount archive; }
fault "a file system that is read-only" read_only writable

lock_of_root() { rm archive/.state/run.lock; (umask 077; : > archive/.state/run.lock); }
lock_back() { own archive; }
fault "a lock of root's" lock_of_root lock_back
courier_of_root() { rm -f archive/.state/courier.lock; (umask 077; : > archive/.state/courier.lock); }
fault "a courier's lock of root's" courier_of_root lock_back
of_root() { chown -R 0:0 archive; }
fault "an archive of root's" of_root lock_back

chain_closed() { chmod 000 archive/example/chain; }
chain_open() { chmod 644 archive/example/chain; }
fault "a chain that cannot be opened" chain_closed chain_open
page_closed() { chown -R 0:0 archive/example; chmod 700 archive/example; }
page_open() { chmod 755 archive/example; own archive; }
fault "a page's folder that only root may enter" page_closed page_open

# A pipe makes whoever opens it wait for ever, as long as nobody stands at its other end.
chain_pipe() { mv archive/example/chain chain.kept; mkfifo archive/example/chain; own archive; }
chain_file() { mv chain.kept archive/example/chain; }
fault "a chain that is a pipe" chain_pipe chain_file
# As a mount whose server is gone: neither there nor not there.
nowhere_to_go() { mv archive archive.kept; ln -s archive archive; }
back() { rm archive; mv archive.kept archive; }
fault "an archive that cannot be looked at" nowhere_to_go back

# rebuilt: what is there cannot be used, and the database comes from the folders.
rebuilt() { at 8 rebuild > rebuilt.log 2>&1 || cat rebuilt.log; }
garbage() { head -c 100000 /dev/urandom > archive/.state/lampwatch.db; rm -f archive/.state/lampwatch.db-*; }
fault "a database that is garbage" garbage rebuilt
cut_in_half() { rm -f archive/.state/lampwatch.db-*; truncate -s 50000 archive/.state/lampwatch.db; }
fault "a database that is cut" cut_in_half rebuilt
zeroed() { rm -f archive/.state/lampwatch.db-*; dd if=/dev/zero of=archive/.state/lampwatch.db bs=100 count=1 conv=notrunc status=none; }
fault "a database with a zeroed header" zeroed rebuilt
version() { python3 -c 'import sqlite3, sys; c = sqlite3.connect("archive/.state/lampwatch.db"); print(*c.execute("PRAGMA user_version" + "".join(sys.argv[1:])).fetchone() or "")' "$@"; }
flipped() {
	rm -f archive/.state/lampwatch.db-*
	python3 - <<-END
		import sqlite3
		path = "archive/.state/lampwatch.db"
		root, = sqlite3.connect(path).execute("SELECT rootpage FROM sqlite_master WHERE name = 'page' AND type = 'table'").fetchone()
		with open(path, "r+b") as file:
		    file.seek((root - 1) * 4096)
		    page = bytes(byte ^ 0x10 for byte in file.read(4096))
		    file.seek((root - 1) * 4096)
		    file.write(page)
	END
}
fault "a database of which one page was flipped" flipped rebuilt
newer() { known=$(version); version =99; own archive; }
older() { version "=$known"; own archive; }
fault "a database of a newer version" newer older
database_pipe() { rm -f archive/.state/lampwatch.db*; mkfifo archive/.state/lampwatch.db; own archive; }
fault "a database that is a pipe" database_pipe rebuilt
foreign() { rm -f archive/.state/lampwatch.db*; python3 -c 'import sqlite3; c = sqlite3.connect("archive/.state/lampwatch.db"); c.execute("CREATE TABLE page (x)"); c.commit()'; own archive; }
fault "a database of another program" foreign rebuilt

# ---- a limit on the size of files ----

begin "a limit"
red
as=(prlimit --fsize=8192 "${as[@]}")
run 2
same "a limit on the size of files is as a full disk" "3 RED" "$status $(told | grep -o 'RED')"
as=("${as[@]:2}")
run 3
same "and no run is ended by it" "0" "$status"

# ---- a new archive in the place of the one that could not be written ----

begin "a new archive"
chmod_state; red; run 2
rm -rf archive; run 3; run 4
same "a new archive takes the standby of the one before, and goes on" "3 0 0 " "$statuses"
green; run 6; run 7
same "and tells how it ends, once" "admin@example.org NOTHING IS KEPT,ops@example.com GREEN,ops@example.com RED" "$(told)"
check "it is whole" at 8 verify

# ---- where the standby lies ----

begin "a folder of somebody else's"
chmod_state
mkdir -m 700 "$home/temporary"; own "$home/temporary"
chown 0:0 "$RUNTIME_DIRECTORY"
red
output=$(TMPDIR=$home/temporary at 2 run 2>&1); TMPDIR=$home/temporary at 3 run
same "a folder of somebody else's is stepped over" "RED" "$(told | grep -o 'RED')"
check "and said" grep -q "$RUNTIME_DIRECTORY: is somebody else's" <<< "$output"
ln -s "$home/temporary" "$home/link"
rm -rf "$home/temporary/"*
red
output=$(RUNTIME_DIRECTORY=$home/link TMPDIR=$home/temporary at 4 run 2>&1)
check "and so is a link" grep -q "link: is somebody else's" <<< "$output"

begin "nowhere"
chmod_state
mount -t tmpfs -o ro none /var/tmp; mount -t tmpfs -o ro none /dev/shm
nowhere() { RUNTIME_DIRECTORY=/nonexistent TMPDIR=/nonexistent XDG_RUNTIME_DIR=/nonexistent at "$1" run 2>&1; echo "$?"; }
red
output=$(nowhere 2)
same "where nothing at all can be written, people are told" "admin@example.org NOTHING IS KEPT,ops@example.com RED" "$(told)"
same "and once within the hour" "3 3 2" "$(nowhere 3) $(nowhere 30) $(count_mails relay)"
nowhere 63 > /dev/null
same "then again, under the same Message-ID" "4 2 1" "$(count_mails relay) $(ids | wc -l) $(ids | sort -u | wc -l)"

# What we see ourselves, which one answer does not confirm.
serve_http service
echo well > "$work/service/mail"
facts() {
	sed -i '/kind: statuspage/s/}$/, facts: {Mail: [mail\/web]}}/' lampwatch.yaml
	cat >> lampwatch.yaml <<-END
		probes:
		  - {name: mail, provider: us, checks: [{name: web, http: "http://127.0.0.1:$service_port/mail"}]}
	END
}
words() { local f; for f in $(mails relay); do grep -q '^To: ops' "$f" && decoded "$(sed -n 's/\r$//; s/^Subject: SIMULATED //p' "$f")" | sed 's/:.*/\n/'; done | paste -sd ,; }
begin "nowhere, with a probe"
facts; at 1 run > /dev/null
chmod_state
echo "status=500" > "$work/service/mail.fault"
nowhere 2 > /dev/null; nowhere 3 > /dev/null; nowhere 4 > /dev/null
same "where nothing can be written, what fails here is told, once within the hour" "FAILS HERE" "$(words)"
red; nowhere 20 > /dev/null
# Of the page nobody knows how it was lately: where the check is looked at first, it speaks for itself, too.
reds() { words | sed 's/RED,RED$/RED/'; }
same "and the red" "FAILS HERE,RED" "$(reds)"
rm "$work/service/mail.fault"; green
nowhere 50 > /dev/null
chmod_back
run 52; run 53
same "what is over when the archive can be written again is not told again" "FAILS HERE,RED" "$(reds)"
check "and the archive is whole" at 54 verify
finish
