#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A power failure loses what was written and not synced. A test cannot cut the power, so it logs in
# order what is written, synced and renamed (tests/crash/order.c); nothing may be renamed, removed or
# committed before what it needs is on the disk.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_smtp relay
work=$(realpath "$work")
cd "$work" || exit 1
cat > lampwatch.yaml <<-END
	archive: $work/archive
	from: lampwatch@example.org
	operator: admin@example.org
	every: 0s
	site: off
	pack_after: 1d
	keep_count: 2
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END

# noted WORD…: lampwatch with its order noted in $work/order.
noted() {
	: > order
	LAMPWATCH_ORDER_LOG=$work/order LD_PRELOAD=$BUILD/tests/liborder.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "$lampwatch" "$@"
}
at() { echo "2014-01-24T19:$1:00Z"; }

# Prints each step for which something was not on the disk. A process answers for what it wrote itself:
# the bytes of a file, and which names a folder has. A rename may come before the folders above its
# place are synced, a commit may not. Locks, the reserve and what is shared with SQLite hold nothing, what
# comes in moves away again, and the database is SQLite's own matter until it has committed.
too_early() {
	awk -F '\t' -v archive="$work/archive" '
		function folder(path) { sub("/[^/]*$", "", path); return path }
		function base(path) { sub("^.*/", "", path); return path }
		function counts(path) {
			return index(path "/", archive "/") == 1 && path !~ /\/\.state\/([a-z]*\.lock|reserve|incoming|lampwatch\.db-shm)$/
		}
		function is_database(path) { return path ~ /\/lampwatch\.db(-[a-z]*)?$/ }
		function unsynced(path) { if (counts(path)) missing[$1, path] = path }
		function synced(path) { delete missing[$1, path] }
		# database: of it, too. of: a snapshot that comes in needs its own files and its intent, and those of no
		# other page. Each fault is told once.
		function need(database, of, key) {
			for (key in missing)
				if (index(key, $1 SUBSEP) == 1 && (database || !is_database(missing[key])) &&
						(of == "" || index(missing[key] "/", of "/") == 1 || missing[key] ~ "/\\.state/intent(/" base(of) ")?$") &&
						!($4 != "" && index($4, missing[key] "/") == 1)) {
					print $2 " " $3 " " $4 " before " missing[key] " is on disk"
					delete missing[key]
				}
		}
		$2 == "write" { unsynced($3) }
		$2 == "sync" { synced($3) }
		$2 == "create" && counts($3) && !is_database($3) { unsynced(folder($3)) }
		$2 == "syncfs" { for (key in missing) if (index(key, $1 SUBSEP) == 1) delete missing[key] }
		# An intent is needed by what it names, and needs nothing itself: one that is torn names nothing that is there.
		$2 == "rename" && $4 ~ /\/\.state\/intent\// { if (($1, $3) in missing) { synced($3); unsynced($4) } unsynced(folder($4)); next }
		$2 == "rename" && counts($4) { synced(folder($3)); need(0, $3 ~ /\/\.state\/incoming\// ? $3 : ""); unsynced(folder($3)); unsynced(folder($4)) }
		$2 == "remove" && counts($3) && !is_database($3) { synced($3); synced(folder($3)); need(0) }
		$2 == "commit" { need(0) }
		$2 == "committed" { need(1) }
		{ last[$1] = $1 }
		END { if (NR == 0) print "nothing was noted"; for (process in last) { $0 = process "\tend\t\t"; need(0) } }' order | sed "s|$work/||g" | sort -u
}
steps() { cut -f 2 order | sort -u | paste -sd ' '; }

# in_order NAME WORD…: one test.
in_order() {
	local name=$1; shift
	noted "$@"
	same "$name" "" "$(too_early)"
}

"$lampwatch" --clock "$(at 00)" -q run 2> /dev/null # makes the archive, which may be lost while it is empty
statuspage_page "$page" none operational operational
in_order "the first snapshot of a page" --clock "$(at 01)" -q run
statuspage_page "$page" major major_outage operational
in_order "an alert, which is kept before it is committed, and committed before it is sent" --clock "$(at 02)" -q run
same "all that is looked for was there" "commit committed create remove rename sync write" "$(steps)"
same "and the alert was sent" "1" "$(count_mails relay)"
echo nonsense | put "$page"
in_order "a page that cannot be read" --clock "$(at 03)" -q run
check "the archive is whole" "$lampwatch" --clock "$(at 04)" verify
in_order "pruning" --clock "$(at 05)" prune
in_order "packing, which puts snapshots in the place of others" --clock 2014-03-01T00:00:00Z pack
same "one snapshot was pruned, two are packed" "pruned 0" \
	"$(cut -f 1 archive/example/chain | grep pruned) $(find archive/example -name reading | wc -l)"
check "and it is whole" "$lampwatch" --clock 2014-03-01T00:00:00Z verify

# A crash between making a month's folder and syncing those above it leaves an empty one.
mkdir archive/example/2014/03
statuspage_page "$page" none operational operational
noted --clock 2014-03-02T00:00:00Z -q run
same "a month whose folder a crash left empty is as durable as a new one" "archive archive/example archive/example/2014" \
	"$(awk -F '\t' '$2 == "rename" && $4 ~ /2014-03-02/ { exit } $2 == "sync" { print $3 }' order | sed "s|^$work/||" | grep -xE 'archive(/example(/2014)?)?' | sort -u | paste -sd ' ')"
check "and the archive is whole" "$lampwatch" --clock 2014-03-02T00:01:00Z verify

# ---- bodies that are not to be published ----

rm -rf archive
{
	sed '/^pages:/,$d' lampwatch.yaml
	printf 'probes:\n  - {name: inner, publish: false, checks: [{name: web, http: "https://intern.example.net/"}]}\n'
} > private.yaml
mkdir -p captures/inner
echo '{"probe":"inner","checks":[{"name":"web","state":"good","word":"","attempts":[]}]}' > captures/inner/2014-01-24T190100Z
"$lampwatch" -c private.yaml --clock "$(at 00)" -q run no-such-page 2> /dev/null; mkdir -p archive
in_order "a body that is not to be published, which is there before its snapshot" -c private.yaml -q replay captures
same "and was renamed before it" "archive/.state/private/inner/2014/01/2014-01-24T190100Z archive/inner/2014/01/2014-01-24T190100Z" \
	"$(awk -F '\t' '$2 == "rename" { print $4 }' order | sed "s|^$work/||" | grep 2014-01-24T | paste -sd ' ')"
rm -rf archive

# ---- many that arrive together ----

many() { seq -f p%g 1 60; }
{
	sed '/^pages:/,$d; s/^every:.*/every: 0s\nlimits: {per_host: 32}/' lampwatch.yaml
	echo "pages:"
	for name in $(many); do echo "  - {name: $name, url: 'http://127.0.0.1:$www_port/', kind: statuspage, provider: example}"; done
	sed -n '/^routes:/,$p' lampwatch.yaml
} > many.yaml
count() { grep -c $'\t'"$1"$'\t' order; }
lines() { local name; for name in $(many); do cat "archive/$name/chain" 2> /dev/null; done | grep -c ^snapshot; }
begin() { rm -rf archive; statuspage_page "$page" none operational operational; }

begin
"$lampwatch" -c many.yaml --clock "$(at 00)" -q run no-such-page 2> /dev/null; mkdir -p archive
in_order "sixty snapshots, which share what makes them durable" -c many.yaml --clock "$(at 01)" -q run
same "each is there" 60 "$(lines)"
check "they share transactions: $(count commit)" test "$(count commit)" -le 50
check "and the archive is whole" "$lampwatch" -c many.yaml --clock "$(at 02)" verify
rm -f relay/*.eml
statuspage_page "$page" major major_outage operational
in_order "sixty alerts" -c many.yaml --clock "$(at 03)" -q run
same "each is there" 120 "$(lines)"
check "and was told" test "$(cat relay/*.eml | sed -z 's/=\r*\n//g' | grep -o '^Page: *Example' | wc -l)" -ge 1
check "and the archive is whole" "$lampwatch" -c many.yaml --clock "$(at 04)" verify

# While another program writes: what an alert stands on is synced by itself, for syncfs() waits for everybody's writing.
# From a page's intent until its removal the folder is synced, the transaction committed, and the courier woken.
held_up() {
	awk -F '\t' '
		$2 == "rename" && $4 ~ /\/\.state\/intent\/p[1-4][0-9]$/ { sub("^.*/", "", $4); owing[$4] = $1 }
		$2 == "remove" && $3 ~ /\/\.state\/intent\// { sub("^.*/", "", $3); delete owing[$3] }
		$2 == "syncfs" { for (page in owing) if (owing[page] == $1) print page }
		$2 == "committed" { for (page in owing) seen[page] }
		END { for (page in seen) n++; print n + 0 " alerts" }' order | sort -u | paste -sd ' '
}
{ sed '/^subscribers:/,$d' many.yaml; echo "subscribers: [{mail: ops@example.com, pages: [$(seq -f p%g -s ', ' 10 49)]}]"; } > owing.yaml
begin
"$lampwatch" -c owing.yaml --clock "$(at 01)" -q run
rm -f relay/*.eml
statuspage_page "$page" major major_outage operational
dd if=/dev/zero of="$work/written" bs=1M count=300 conv=fsync status=none &
writing=$!
in_order "forty alerts among sixty pages, while another program writes" -c owing.yaml --clock "$(at 03)" -q run
kill "$writing" 2> /dev/null
wait "$writing" 2> /dev/null
rm -f "$work/written"
same "none of them waits for what others write" "40 alerts" "$(held_up)"
check "and they are told" test "$(count_mails relay)" -ge 1

begin
mkdir archive
: > archive/p30 # where its folder would be
noted -c many.yaml --clock "$(at 01)" run > said 2>&1
same "one that cannot be kept is said, and costs no other" "3 59 1" "$? $(lines) $(grep -c p30 said)"
rm archive/p30
"$lampwatch" -c many.yaml --clock "$(at 02)" -q run > said 2>&1
same "and follows when it can" "0 60" "$? $(lines)"
check "and the archive is whole" "$lampwatch" -c many.yaml --clock "$(at 03)" verify

finish
