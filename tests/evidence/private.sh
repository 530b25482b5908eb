#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What a probe with `publish: false` got lies in .state alone, and stays provable, whatever is done with the archive.
set -u
BUILD=${1:-${BUILD:?usage: private.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized
cd "$work" || exit 1

target=intern.example.net
cat > lampwatch.yaml <<END
archive: archive
timezone: UTC
pack_after: 1d
probes:
  - name: inner
    every: 1m
    publish: false
    confirm: {worse: 1, better: 1, lost: 3}
    checks:
      - {name: web, http: "https://$target/"}
END
# capture FOLDER MINUTE STATE
capture() {
	mkdir -p "$1"
	printf '{"probe":"inner","checks":[{"name":"web","target":"https://%s/","state":"%s","word":"%s","attempts":[{"address":"192.0.2.1:443"}]}]}' \
		"$target" "$3" "${3/good/}" > "$1/2014-01-24T19${2}00Z"
}
program() { "$lampwatch" -c lampwatch.yaml --clock 2014-02-24T20:00:00Z "$@"; }
# What is still being written is no snapshot's.
private() { find archive/.state/private/inner/2* -name body 2> /dev/null | sed 's|.*/inner/||; s|/body$||' | sort; }
kept() { cut -f 4 archive/inner/chain | grep / | sort; }
# leaks PATH…: files that name the target, or hold what a body alone holds.
leaks() { grep -rlE "$target|192\.0\.2\.1" "$@" --exclude-dir=.state; }

capture one 00 good; capture one 01 failed; capture one 02 good
check "it is kept" program -q replay one
same "each snapshot has a body in .state, which nobody else may read" "$(kept) 600 700" "$(private) $(stat -c %a archive/.state/private/inner/2014/01/2014-01-24T190000Z/body) $(stat -c %a archive/.state/private)"
folder=archive/inner/2014/01/2014-01-24T190100Z
same "its folder has all the rest" "SHA256SUMS capture changes reading" "$(ls "$folder" | paste -sd ' ')"
check "sha256sum passes" bash -c "cd '$folder' && sha256sum -c SHA256SUMS"
same "its capture has the digest and the length of the body" \
	"$(sha256sum < archive/.state/private/inner/2014/01/2014-01-24T190100Z/body | cut -d ' ' -f 1) $(stat -c %s archive/.state/private/inner/2014/01/2014-01-24T190100Z/body)" \
	"$(sed -n 's/^private-body-[a-z0-9]*: //p' "$folder/capture" | paste -sd ' ')"
program -q site
same "nothing outside of .state says whom it asked" "" "$(leaks archive)"
check "the site says so" grep -q 'What the checks got is not published' "$folder.html"
check "show says where it lies" grep -q "not published: archive/.state/private/inner/2014/01/2014-01-24T190100Z" <(program show inner 2014-01-24T19:01)
check "verify passes" program verify
cp -r archive altered; echo >> altered/.state/private/inner/2014/01/2014-01-24T190100Z/body
sed 's/^archive:.*/archive: altered/' lampwatch.yaml > altered.yaml
"$lampwatch" -c altered.yaml verify > said 2>&1; same "verify finds an altered one" 3 $?
check "and names it" grep -q "private/inner/2014/01/2014-01-24T190100Z/body: has been altered" said
rm -r altered/.state/private
check "a copy without them is whole" "$lampwatch" -c altered.yaml verify

program export --evidence inner 2014-01-24T19:01 bundle > said 2>&1
check "evidence leaves it out" test -f bundle/snapshot/capture -a ! -e bundle/snapshot/body
check "and says so" grep -q 'because they are not to be published' bundle/*.txt
same "a web archive leaves it out and says so" "of 3 snapshots only the reading: the bodies are not published" "$(program export --warc all.warc)"
same "neither says whom it asked" "" "$(leaks bundle all.warc)"

sed 's/^archive:.*/archive: again/' lampwatch.yaml > again.yaml
check "its bodies can be replayed" "$lampwatch" -c again.yaml -q replay archive/.state/private/inner/2014/01
same "to the same readings" "$(cat archive/inner/2014/01/*/reading)" "$(cat again/inner/2014/01/*/reading)"

check "it is packed" program pack
same "the last alone is not" "2014-01-24T190200Z" "$(basename -a archive/inner/2014/01/*/)"
check "verify passes" program verify
echo >> archive/.state/private/inner/2014/01/2014-01-24T190000Z/body
program verify > /dev/null 2>&1; same "and finds an altered one" 3 $?
truncate -s -1 archive/.state/private/inner/2014/01/2014-01-24T190000Z/body
rm archive/.state/lampwatch.db*
check "the database is made anew" program rebuild
check "verify passes" program verify
sed -i 's/^pack_after.*/keep_count: 1/' lampwatch.yaml
check "it is pruned" program prune
same "with what was private" "2014/01/2014-01-24T190200Z" "$(private)"
check "verify passes" program verify
sed -i '/^keep_count/d' lampwatch.yaml

# Ended at each place of a commit, and gone on: every snapshot has its body, and no body is left without one.
capture steps 10 failed
rm -rf before; cp -r archive before
LAMPWATCH_STEPS_FILE=$work/passed program -q replay steps > /dev/null 2>&1
capture after 11 good
wrong=""; tried=0
while read -r step; do
	rm -rf archive; cp -r before archive
	LAMPWATCH_KILL_AT_STEP=$step program -q replay steps > /dev/null 2>&1
	[ $? = 137 ] || continue
	tried=$((tried + 1))
	program verify > said 2>&1 || wrong="$wrong [$step: $(cat said)]"
	program -q run > said 2>&1 # recovers, whatever it can measure here
	program -q replay after > said 2>&1 || wrong="$wrong [$step: $(cat said)]"
	program verify > said 2>&1 || wrong="$wrong [$step: $(cat said)]"
	[ "$(private)" = "$(kept | tail -n +3)" ] && [ "$(private | grep -c 1910)" = "$(ls -d archive/inner/2014/01/*1910*Z 2> /dev/null | wc -l)" ] || wrong="$wrong [$step: $(private)]"
done < "$work/passed"
same "ended at any place, nothing of it is lost or left over" "" "$wrong"
check "there were places" test "$tried" -ge 6
finish
