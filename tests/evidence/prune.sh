#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What need not be kept is removed, packed or not, and the rest can still be proved. Killed at any
# place, `lampwatch prune` leaves nothing that is wrong. Needs a build with -Dsteps=true.
set -u
BUILD=${1:-${BUILD:?usage: tests/evidence/prune.sh BUILD}}
. "$(cd "$(dirname "$0")" && pwd)/../harness.sh"
unsanitized

archive=$work/archive
config=$work/lampwatch.yaml
mkdir "$work/captures"
cat > "$work/gate.yaml" <<-'END'
	about: a gate
	require: '//h1'
	page: {title: '//h1', derive: 'true()'}
	indicators: {each: '//li', name: '.', word: 'replace(@class, "^light-", "")'}
	levels: {operational: [green], major_outage: [red]}
END
for n in 1 2 3 4 5 6; do
	color=green; [ $((n % 2)) -eq 0 ] && color=red
	echo "<h1>Gate</h1><ul><li class=\"light-$color\">Gate</li></ul>" > "$work/captures/page-2014-01-2$n-1000.html"
done

# configure RETENTION
configure() {
	printf 'archive: archive\nkinds: .\npack_after: 0s\nsigning_key: key.pem\n%s\npages:\n  - {name: gate, url: "https://gate.example/", kind: gate}\n' "$1" > "$config"
}
program() { "$lampwatch" -c "$config" --clock 2014-01-26T12:00:00Z "$@" 2>&1 | grep -v 'runs as root'; return "${PIPESTATUS[0]}"; }
snapshots() { program -v verify | sed -n 's/.* \([0-9]*\) snapshots\{0,1\},.*/\1/p'; }

configure ""
program key > /dev/null
program replay "$work/captures" > /dev/null
mkdir "$work/whole"
cp -a "$archive" "$work/whole/"
same "six snapshots" 6 "$(snapshots)"
same "without a retention nothing is pruned" "0 snapshots pruned" "$(program -v prune)"

# prune RETENTION [packed]: from the whole archive.
prepare() {
	rm -rf "$archive"
	cp -a "$work/whole/archive" "$archive"
	configure ""
	[ -z "${2:-}" ] || program pack
	configure "$1"
}
for way in "" packed; do
	prepare "keep_count: 2" $way
	same "by count${way:+, packed}" "4 snapshots pruned" "$(program -v prune)"
	check "what is left is whole${way:+, packed}" program verify
	same "and is two${way:+, packed}" 2 "$(snapshots)"
	same "the lines stay, and one says what is gone${way:+, packed}" "6 pruned	7	2014-01-26T12:00:00Z	1-4	-" "$(grep -c ^snapshot "$archive/gate/chain") $(tail -n 1 "$archive/gate/chain" | cut -f 1-5)"
	check "heads are signed again${way:+, packed}" openssl pkeyutl -verify -pubin -inkey "$archive/heads.pub" -rawin -in "$archive/heads" -sigfile "$archive/heads.sig"
	same "nothing of them is left${way:+, packed}" "" "$(find "$archive/gate" | grep -E '2014-01-2[1-4]')"
	same "again there is nothing to do${way:+, packed}" "0 snapshots pruned" "$(program -v prune)"
	same "silently${way:+, packed}" "" "$(program prune)"
	same "what was pruned is not shown${way:+, packed}" 2 "$(program show gate 2014-01-23 > /dev/null; echo $?)"
	check "what stays is${way:+, packed}" program show gate 2014-01-25
	cp -a "$archive" "$work/copy"
	rm -rf "$work/copy/.state"
	check "a copy without a database is proved${way:+, packed}" "$lampwatch" verify "$work/copy"
	rm -rf "$work/copy"
	mkdir -p "$archive/gate/2014/01"
	cp -a "$work/whole/archive/gate/2014/01/2014-01-22T100000Z" "$archive/gate/2014/01/"
	program verify > /dev/null
	same "a pruned snapshot that is there again is found${way:+, packed}" 3 $?
done
prepare "keep_for: 3d"
same "by age" "3 snapshots pruned" "$(program -v prune)"
prepare "keep_for: 1h"
same "the last one stays, however old" "5 snapshots pruned" "$(program -v prune)"
check "and is proved" program verify

for way in "" packed; do
	prepare "keep_count: 3" $way
	rm -f "$work/steps"
	LAMPWATCH_STEPS_FILE=$work/steps program prune
	while read -r step; do
		prepare "keep_count: 3" $way
		LAMPWATCH_KILL_AT_STEP=$step program prune > /dev/null 2>&1
		same "killed at \"$step\"${way:+, packed}" 137 $?
		check "what is left is not taken for damage ($step${way:+, packed})" program verify
		same "the next one says nothing ($step${way:+, packed})" "" "$(program prune)"
		check "and leaves all of it whole ($step${way:+, packed})" program verify
		same "with three snapshots ($step${way:+, packed})" "3 " "$(snapshots) $(find "$archive/gate" | grep -E '2014-01-2[1-3]')"
	done < <(sort -u "$work/steps")
done
finish
