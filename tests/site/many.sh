#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Where many pages are to be written, two threads share them: every file has the bytes that one thread gives it.
set -u
BUILD=${1-${BUILD-}}
. "$(dirname "$0")/../harness.sh"

readonly PAGES=24
serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
{
	printf 'archive: %s\nfrom: lampwatch@watch.example.org\nsite: on\nconfirm: {worse: 1, better: 1}\npages:\n' "$archive"
	for i in $(seq $PAGES); do
		printf '  - {name: page-%d, url: "http://127.0.0.1:%s/", kind: statuspage, every: 0s}\n' "$i" "$www_port"
	done
} > "$work/lampwatch.yaml"
# page STATUS: two components, of which the first has this status.
page() {
	printf '{"page":{"id":"exampleexamp","name":"Example","url":"https://status.example.com"},"status":{"indicator":"none","description":"-"},"components":[{"id":"a","name":"Mail","status":"%s","group":false,"group_id":null},{"id":"b","name":"Web","status":"operational","group":false,"group_id":null}],"incidents":[],"scheduled_maintenances":[]}' \
		"$1" | put "$work/www/api/v2/summary.json"
}
at() { "$lampwatch" -q -c "$work/lampwatch.yaml" --clock "$@" 2>&1 | grep -v 'runs as root'; }
sums() { (cd "$archive" && find . -path ./.state -prune -o -type f -exec sha256sum {} + | sort -k 2); }

page operational
for i in $(seq $PAGES); do at 2026-03-02T10:00:00Z run "page-$i"; done
page major_outage
for i in $(seq $PAGES); do at 2026-03-02T10:05:00Z run "page-$i"; done
sums > "$work/one"
find "$archive" \( -name '*.html' -o -name '*.xml' -o -name '*.svg' \) -exec truncate -s 0 {} +
at 2026-03-02T10:05:00Z site
sums > "$work/two"
same "what two threads write is what one writes" "" "$(diff "$work/one" "$work/two")"
same "each page has its files" $PAGES "$(grep -c '/availability.html$' "$work/two")"
finish
