#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A body ends where its coding says that it ends, labels that are wrong are stepped over, and said
# once, and cookies live for one fetch.
set -u
BUILD=${1:-${BUILD:?usage: codings.sh BUILD}}
. "$(dirname "$0")/../harness.sh"

serve_http www
cat > "$work/lampwatch.yaml" <<END
archive: archive
every: 0s
confirm: {worse: 1, better: 1, lost: 9}
pages:
  - name: page
    url: http://127.0.0.1:$www_port/page
    kind: generic-html
    with:
      require: '//h1[. = "Status"]'
      indicators: {each: '//li[@class]', id: '@id', name: '@id', word: '@class'}
      incidents: {each: '//p', id: '.', title: '.', word: '"down"'}
END
minute=0
run() { minute=$((minute + 1)); "$lampwatch" -c "$work/lampwatch.yaml" --clock "2026-03-02T10:$(printf %02d $minute):00Z" run 2>&1 | grep -v 'runs as root'; }
lamp() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "2026-03-02T10:$(printf %02d $minute):30Z" --json status | python3 -c 'import json, sys
page = json.load(sys.stdin)["pages"][0]
print(page["observation"], *(lamp["level"] for lamp in page["indicators"] if lamp["name"] == "mail"))'; }
snapshots() { find "$work/archive/page" -name body | wc -l | tr -d ' '; }
# page STATUS FAULT
page() { printf '<h1>Status</h1>\n<ul><li id=mail class=%s></ul><!-- %s -->' "$1" "$(seq 200)" | put "$work/www/page"; printf '%s' "$2" > "$work/www/page.fault"; }

page up gzip
same "what is compressed is read" "" "$(run)"
same "as what it is" "fresh operational" "$(lamp)"
before=$(snapshots)
for cut in 1 4 8 100 300; do
	page down "gzip;cut=$cut;close-delimited"
	said=$(run)
	[ "$cut" != 1 ] || check "a body without its end is a failed fetch, and said" grep -q '^lampwatch: page: the body is not compressed as it says$' <<< "$said"
	same "what is cut $cut bytes before its end turns no lamp" "operational" "$(lamp | cut -d ' ' -f 2)"
done
same "and is not kept as the page" "$before" "$(snapshots)"
page down gzip
run > /dev/null
same "the whole is read again" "fresh major_outage" "$(lamp)"

for coding in utf-8 aws-chunked gzip deflate br zstd; do
	page up "coding=$coding;no-validators"
	same "what is labelled $coding and is not is said" \
		"lampwatch: page: the body is labelled \"Content-Encoding: $coding\", which is not how it is encoded; it is taken as it is" "$(run)"
	same "and read ($coding)" "fresh operational" "$(lamp)"
	same "once ($coding)" "" "$(run; run)"
done
page up ""
same "that it is right again is no news" "" "$(run)"
page up "coding=utf-8"
check "that it is wrong again is" grep -q 'labelled "Content-Encoding: utf-8"' <(run)
page up "coding=identity"
same "identity is a label like none" "" "$(run)"

page down "cookie;no-validators"
same "a page that sets a cookie and leads to itself is read" "" "$(run)"
same "as what it is, behind its cookie" "fresh major_outage" "$(lamp)"
run > /dev/null
same "which is forgotten after each fetch" 2 "$(grep -c '	302	' "$work/www.log")"
check "and kept nowhere" bash -c "! grep -rqi 'seen=yes' '$work/archive'"
finish
