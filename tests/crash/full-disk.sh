#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A disk that fills up: first the reserve is used up, so that the alert is kept and
# sent as usual; if even that does not help, the run goes on with a standby outside of the archive: red
# and green go out, once each. Once there is space again, everything is as if nothing had happened.
#
# The archive is on a small file system of its own (tmpfs), which takes root or a user
# namespace.
. "$(dirname "$0")/../harness.sh"
unsanitized

names=("a disk that is full" "an alert whatever space is left")
skip_all() { local name; for name in "${names[@]}"; do skip "$name" "$1"; done; finish; exit; }

disk=$work/disk
mkdir -p "$disk"
if ! mount -t tmpfs -o size=32m lampwatch-test "$disk" 2> /dev/null; then
	[ -z "${LAMPWATCH_NAMESPACE:-}" ] || skip_all "neither root nor a user namespace may mount here"
	rm -rf "$work"
	unshare -rm true 2> /dev/null || skip_all "neither root nor a user namespace may mount here"
	LAMPWATCH_NAMESPACE=1 exec unshare -rm bash "$0" "$@"
fi
trap 'umount "$work/kept" 2> /dev/null; umount "$disk"; cleanup' EXIT

serve_page
serve_smtp relay
cd "$work" || exit 1
cat > lampwatch.yaml <<-END
	archive: $disk/archive
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

at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T$((minute / 60 + 10)):$(printf %02d $((minute % 60))):00Z" "$@"; }
run() { output=$(at "$1" run 2>&1); status=$?; }
begin() { rm -rf "$disk"/* "$disk"/.[a-z]* "$work"/relay/*.eml; green; at 0 -q run; }
# leave KILOBYTES: fills the disk except for this much.
leave() { rm -f "$disk/filling"; head -c "$(($(df --output=avail -k "$disk" | tail -n 1) - $1))K" /dev/zero > "$disk/filling"; }
subjects_of() { subjects relay | sed -n 's/^SIMULATED \([A-Z, ]*\):.*/\1/p' | paste -sd ,; }

# ---- the reserve ----

begin
check "a reserve of 8 MiB is there" test "$(stat -c %s "$disk/archive/.state/reserve")" = 8388608
leave 0
red
run 1
same "on a full disk the reserve is freed: the alert is kept and sent" "RED" "$(subjects_of)"
same "as if nothing were wrong" "0" "$status$output"
same "the snapshot is there" "2" "$(find "$disk/archive/example" -name reading | wc -l)"
check "the archive is whole" at 2 verify
green
rm "$disk/filling"
run 2
run 3
same "green follows" "RED,GREEN" "$(subjects_of)"
check "and the reserve is there again" test -s "$disk/archive/.state/reserve"

# The database can be opened with what is left; the snapshot, which has a megabyte, cannot be kept.
begin
leave 256
red
cp "$page" "$work/red" # not within the pipe: two that write a page at once would be one too many
{ cat "$work/red"; head -c 1M /dev/zero | tr '\0' ' '; } | put "$page"
run 1
same "where only the snapshot finds no room the reserve is freed for it: the alert is kept and sent" "RED" "$(subjects_of)"
same "with exit status 0, without a word" "0" "$status$output"
same "the snapshot is there" "2" "$(find "$disk/archive/example" -name reading | wc -l)"
check "in the reserve's place" test ! -e "$disk/archive/.state/reserve"
rm "$disk/filling"

# ---- without a reserve ----

# empty KILOBYTES: so much is left, and no reserve.
empty() { rm -f "$disk/archive/.state/reserve"; leave "$1"; }

# What subscribers were told; the operator is told once that nothing is kept.
told() { local f; for f in $(mails relay); do grep -q '^To: ops' "$f" && grep -a -o -m 1 -E '^(RED, GREEN AGAIN|RED|GREEN)\b' "$f"; done | paste -sd ,; }
to_operator() { grep -l '^NOTHING IS KEPT' $(mails relay) /dev/null | wc -l; }

begin
red
empty 0
run 1
same "where no reserve is left, the alert goes out all the same" "RED" "$(told)"
same "with exit status 3" "3" "$status"
check "and a line that says why" grep -q "full" <<< "$output"
same "and one that says what follows" "2" "$(printf '%s\n' "$output" | wc -l)"
same "the operator is told" "1" "$(to_operator)"
output=$(for minute in 2 3 30; do at "$minute" run; echo "$?"; done 2>&1)
same "not again, though every run ends with 3" "3 3 3 RED" "$(echo $output) $(told)"
green
output=$(for minute in 31 32 59 62; do at "$minute" run; echo "$?"; done 2>&1)
same "green goes out while the disk is still full, once" "3 3 3 3 RED,GREEN" "$(echo $output) $(told)"
same "and the operator was told once" "1" "$(to_operator)"
rm "$disk/filling"
run 63
same "with space again the run is as ever" "0 " "$status $output"
check "the archive is whole" at 64 verify
red
run 65
same "the next outage is another one" "RED,GREEN,RED 3" "$(told) $(for f in $(mails relay); do grep -q '^To: ops' "$f" && sed -n 's/^Message-ID: //p' "$f"; done | sort -u | wc -l)"
same "and kept, as what changed meanwhile" "3" "$(find "$disk/archive/example" -name reading | wc -l)"
check "nothing is owed" test -z "$(at 66 outbox)"

# ---- what we see before the page says so ----

serve_http service
echo well > "$work/service/mail"
cp lampwatch.yaml alone.yaml
sed -i '/kind: statuspage/s/}$/, facts: {Mail: [mail\/web]}}/' lampwatch.yaml
cat >> lampwatch.yaml <<-END
	probes:
	  - {name: mail, checks: [{name: web, http: "http://127.0.0.1:$service_port/mail"}]}
END
words() { local f; for f in $(mails relay); do grep -q '^To: ops' "$f" && decoded "$(sed -n 's/\r$//; s/^Subject: SIMULATED //p' "$f")" | sed 's/:.*/\n/'; done | paste -sd ,; }
begin
empty 0
echo "status=500" > "$work/service/mail.fault"
run 1; run 2; run 3
same "on a full disk it is told that it fails here, once" "FAILS HERE" "$(words)"
red
run 4; run 5
rm "$work/service/mail.fault"
run 6; run 7
green
run 8; run 9
same "and the red that follows, and one end" "FAILS HERE,RED,GREEN" "$(words)"
rm "$disk/filling"
run 10; run 11
same "with space again nothing is told again" "0  FAILS HERE,RED,GREEN" "$status $output $(words)"
check "the archive is whole" at 12 verify
check "nothing is owed" test -z "$(at 12 outbox)"
mv alone.yaml lampwatch.yaml

# ---- and the usual folder for what is temporary is on the same disk ----

runtime=$RUNTIME_DIRECTORY
begin
unset RUNTIME_DIRECTORY XDG_RUNTIME_DIR
export TMPDIR=$disk/tmp; mkdir "$TMPDIR"
red
empty 0
run 1; run 2
green
run 3; run 4
same "where the first folder is on the full disk, too, the next is taken: red and green, once each" "RED,GREEN" "$(told)"
rm "$disk/filling"
run 5
same "and with space again nothing is told again" "0  RED,GREEN" "$status $output $(told)"
unset TMPDIR; export RUNTIME_DIRECTORY=$runtime

# ---- it is not mounted ----

begin
mkdir "$work/kept"; mount --bind "$disk" "$work/kept"; umount "$disk"
red
run 1
same "where the archive's file system is not mounted, what is red is told" "3 RED" "$status $(told)"
check "and a line says what to do" grep -q "archive: the archive is not there, nor the file system that it was on; mount it, or begin a new archive" <<< "$output"
run 2
same "once, and nothing is made there" "3 $(ls -d "$disk")" "$status $output$(find "$disk")"
mount --bind "$work/kept" "$disk"; umount "$work/kept"
run 3
same "once it is mounted nothing is told again" "0  RED" "$status $output $(told)"
green
run 4; run 5
same "and green follows" "0 RED,GREEN" "$status $(told)"
check "the archive is whole" at 6 -q verify

# ---- and if a new one is meant ----

begin
mount --bind "$disk" "$work/kept"; umount "$disk"
red
run 1
at 2 -q rebuild > rebuilt 2>&1
run 3; run 4
same "rebuild begins a new archive in its place" "0  RED" "$status $output$(cat rebuilt) $(told)"
rm -r "$disk/archive"
mount --bind "$work/kept" "$disk"; umount "$work/kept"
at 5 -q run # from here on it is there again

# ---- whatever is left ----

# Whether the alert could be kept or not, it is there after the run; one that was kept is repeated
# under its Message-ID at most.
wrong=$(for left in 4 16 32 48 64 80 96 112 128 136 144 152 160 168 176 192 256; do
	begin
	red
	empty "$left"
	run 1
	[ "$(told)" = RED ] || echo "$left kB left: alerts: $(told); $status $output"
	case "$status$(at 1 outbox 2> /dev/null | grep -c pending)" in
	00 | 11 | 3*) ;; # kept and recorded; kept, but its delivery could not be recorded; could not be kept
	*) echo "$left kB left: exit status $status: $output" ;;
	esac
	at 1 --clock 2014-01-24T10:01:30Z run > /dev/null 2>&1 # a second commit that may fail
	[ "$(told)" = RED ] || echo "$left kB left: told again while the disk is full: $(told)"
	rm "$disk/filling"
	run 2
	[ "$(told)" = RED ] || echo "$left kB left: told again: $(told)"
	[ "$status" = 0 ] || echo "$left kB left: exit status $status afterwards: $output"
	at 3 -q verify || echo "$left kB left: verify ends with $?"
	green
	run 3
	run 4
	[ "$(told)" = RED,GREEN ] || echo "$left kB left: green does not follow: $(told)"
	[ -z "$(at 5 outbox)" ] || echo "$left kB left: $(at 5 outbox)"
done 2>&1)
same "an alert whatever space is left, and no harm done" "" "$wrong"
finish
