#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Packed snapshots are the same snapshots: shown, verified, exported, and unpacked by zstd and tar
# alone. Killed at any place, `lampwatch pack` loses nothing. Needs a build with -Dsteps=true.
set -u
BUILD=${1:-${BUILD:?usage: tests/evidence/pack.sh BUILD}}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../harness.sh"
unsanitized

archive=$work/archive
config=$work/lampwatch.yaml
mkdir "$work/captures"

# A page of some 70 kB of which little changes from one capture to the next.
captures() {
	python3 - "$work/captures" "$1" <<-'END'
		import random, sys
		random.seed(1)
		folder, count = sys.argv[1], int(sys.argv[2])
		prose = "".join(f'<p id="p{i}" class="c{random.getrandbits(40):x}">{random.getrandbits(200):x}</p>\n' for i in range(720))
		for n in range(count):
		    color = "green" if n % 2 == 0 else "red"
		    page = f'<html><body data-token="{random.getrandbits(128):x}">\n<h1>Example</h1><ul><li class="light-{color}">Gate</li></ul>\n<time>{n:02d}:07</time>{prose}</body></html>\n'
		    with open(f"{folder}/page-2014-01-24-{10 + n // 60:02d}{n % 60:02d}.html", "w") as file:
		        file.write(page)
	END
}
cat > "$work/gate.yaml" <<-'END'
	about: a gate
	require: '//h1'
	page: {title: '//h1', derive: 'true()'}
	indicators: {each: '//li', name: '.', word: 'replace(@class, "^light-", "")'}
	levels: {operational: [green], major_outage: [red]}
END
cat > "$config" <<-END
	archive: archive
	kinds: .
	pack_after: 1d
	pages:
	  - {name: gate, url: "https://gate.example/", kind: gate}
END
program() { "$lampwatch" -c "$config" "$@" 2>&1 | grep -v 'runs as root'; return "${PIPESTATUS[0]}"; }
pack() { program --clock 2014-03-01T00:00:00Z pack "$@"; }
month=$archive/gate/2014/01
folders() { find "$month" -mindepth 1 -maxdepth 1 -type d | wc -l | tr -d ' '; }

# fill COUNT: an archive of so many snapshots, kept as it is in $work/unpacked.
fill() {
	rm -rf "$archive" "$work/captures" "$work/unpacked"
	mkdir "$work/captures" "$work/unpacked"
	captures "$1"
	program replay "$work/captures" > "$work/replayed" 2>&1 || sed 's/^/# /' "$work/replayed"
	cp -a "$archive" "$work/unpacked/"
	same "$1 captures are kept" "$1" "$(folders)"
}

fill 4
program show gate 2014-01-24T10:02 > "$work/shown"
same "nothing is packed before its time" "" "$(program --clock 2014-01-24T12:00:00Z pack)"
same "and nothing is gone" 4 "$(folders)"

# ---- killed at every place, for one snapshot after the other ----

steps=$(LAMPWATCH_STEPS_FILE=$work/steps pack; cut -d ' ' -f 2- "$work/steps" | sort -u)
same "packing passes its places" "folder moved away|folder removed|frame appended|pack line appended|packed read back" "$(tr '\n' '|' <<< "$steps" | sed 's/|$//')"
same "only the last is left as a folder" 1 "$(folders)"
cp -a "$archive" "$work/packed"
while read -r step; do
	for n in 1 3; do
		rm -rf "$archive"
		cp -a "$work/unpacked/archive" "$archive"
		LAMPWATCH_KILL_AT_STEP="$n $step" pack > /dev/null 2>&1
		same "killed at \"$n $step\"" 137 $?
		check "what is left is not taken for damage ($n $step)" program verify
		same "a snapshot is shown as before ($n $step)" "$(cat "$work/shown")" "$(program show gate 2014-01-24T10:02)"
		same "the next one goes on ($n $step)" "0 1" "$(pack > /dev/null; echo "$?") $(folders)"
		check "to the same bytes ($n $step)" cmp "$month/packed" "$work/packed/gate/2014/01/packed"
		check "and the same index ($n $step)" cmp "$month/packed.index" "$work/packed/gate/2014/01/packed.index"
	done
done <<< "$steps"

# ---- the same snapshots ----

fill 56
program export --warc "$work/before.warc" > /dev/null
program show gate 2014-01-24T10:31 > "$work/shown"
same "packing says nothing" "" "$(pack)"
rm -rf "$work/packed"
cp -a "$archive" "$work/packed"
same "a snapshot is shown as before" "$(cat "$work/shown")" "$(program show gate 2014-01-24T10:31)"
counted() { "$lampwatch" -v verify "$1" | sed "s,^$1: ,,"; }
same "verify counts what it counted" "$(counted "$work/unpacked/archive")" "$(counted "$archive")"
same "again, nothing is left to do" "0 snapshots packed" "$(pack -v)"
program export --warc "$work/after.warc" > /dev/null
same "exported, they are the same" "$(grep -a '^WARC-Payload-Digest' "$work/before.warc" | sort | sha256sum)" "$(grep -a '^WARC-Payload-Digest' "$work/after.warc" | sort | sha256sum)"
check "with evidence too" program export --evidence gate 2014-01-24T10:31 "$work/evidence"
check "whose digests are right" bash -c "cd '$work/evidence/snapshot' && sha256sum --quiet -c SHA256SUMS"
rm -rf "$work/copy"
cp -a "$archive" "$work/copy"
rm -rf "$work/copy/.state"
check "a copy without a database is proved" "$lampwatch" verify "$work/copy"

# ---- small ----

size=$(stat -c %s "$month/packed")
keys=$(awk -F '\t' '$5 == "-" { sum += $3; n++ } END { print sum, n }' "$month/packed.index")
average=$(((size - ${keys% *}) / (55 - ${keys#* })))
same "every fiftieth stands alone" "1 51" "$(awk -F '\t' 'NR > 1 && $5 == "-" { printf "%s%d", sep, NR - 1; sep = " " }' "$month/packed.index")"
echo "# of a page of $(stat -c %s "$work/unpacked/archive/gate/2014/01/2014-01-24T103100Z/body") bytes a small change costs $average, all its files"
check "a small change of a large page costs at most 400 bytes" test "$average" -le 400

# ---- by hand, as lampwatch-archive(5) says ----

if command -v zstd > /dev/null; then
	mkdir "$work/hand"
	cd "$work/hand" || exit 1
	: > before.tar
	tail -n +2 "$month/packed.index" | while IFS=$'\t' read -r name offset length size base _; do
		tail -c +$((offset + 1)) "$month/packed" | head -c "$length" > frame
		if [ "$base" = - ]; then zstd -q -d -f frame -o this.tar; else zstd -q -d -f --patch-from=before.tar frame -o this.tar; fi || echo "failed: $name"
		tar xf this.tar
		mv this.tar before.tar
	done > failed
	same "zstd and tar unpack all of it" "" "$(cat failed)"
	rm -f frame before.tar this.tar failed
	cp -a "$month"/2014-*Z .
	check "byte for byte" diff -r "$work/hand" "$work/unpacked/archive/gate/2014/01"
	cd "$work" || exit 1
else
	skip "zstd and tar unpack all of it" "zstd is not installed"
fi

# ---- a run that comes meanwhile ----

fill 100
sed '/^pages:/,$d' "$config" > "$work/idle.yaml"
echo "pages: []" >> "$work/idle.yaml"
"$lampwatch" -c "$config" --clock 2014-03-01T00:00:00Z pack > "$work/packing" 2>&1 &
packer=$!
await 5 test -e "$archive/.state/packing"
kill -STOP "$packer" # as if it were slow, longer than its turn
touch -d yesterday "$archive/.state/run.lock"
{ "$lampwatch" -c "$work/idle.yaml" --clock 2014-03-01T00:00:00Z run > "$work/ran" 2>&1; echo "$? $(folders)" > "$work/turn"; } &
waiting=$!
sleep 5.5
kill -CONT "$packer"
wait "$waiting"
read -r ended left < "$work/turn"
same "a run that comes meanwhile waits, and is not lost" "0 today" "$ended $(find "$archive/.state/run.lock" -mmin -1 | sed 's/.*/today/')"
check "it has its turn before all is packed" test "$left" -gt 1
wait "$packer"
same "and packing goes on" "1" "$(folders)"

# ---- and damage is found ----

# damaged NAME COMMAND…: done to the pack, verify names it; then it is put back.
damaged() {
	local name=$1 out
	shift
	"$@"
	out=$("$lampwatch" verify "$archive" 2>&1)
	same "$name is found" "3 packed" "$? $(grep -o packed <<< "$out" | head -n 1)"
	rm -rf "$archive"
	cp -a "$work/packed" "$archive"
}
flip() { python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[int(sys.argv[2])] ^= 1; open(sys.argv[1], "wb").write(b)' "$@"; }
damaged "a bit of a frame" flip "$month/packed" 40000
damaged "a bit of the last frame" flip "$month/packed" $((size - 10))
damaged "a bit of the index" flip "$month/packed.index" 100
damaged "a byte behind the last frame" bash -c "printf x >> '$month/packed'"
damaged "a frame that was cut" truncate -s -1 "$month/packed"
damaged "a line that was cut" truncate -s -1 "$month/packed.index"
damaged "a line that was taken off" sed -i '$d' "$month/packed.index"
damaged "another file of frames" cp "$month/packed" "$month/packed-2"
damaged "an index that is gone" rm "$month/packed.index"
damaged "a file of frames that is gone" rm "$month/packed"
finish
