#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# One change among a thousand pages with a hundred thousand snapshots: what is written for it.
set -u
BUILD=${1:-${BUILD:?usage: scale.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
cat > "$work/lampwatch.yaml" <<YAML
archive: $archive
from: lampwatch@watch.example.org
every: 5m
site: on
pages:
  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
YAML
names=("Git Operations" "API Requests" "Webhooks" "Issues" "Pull Requests" "Actions" "Packages" "Pages" "Codespaces" "Assistant" "Email delivery" "Search and navigation")
# page STATUS: twelve components, of which the first has this status.
page() {
	local i
	{
		printf '{"page":{"id":"exampleexamp","name":"Example Services","url":"https://status.example.com"},"status":{"indicator":"none","description":"-"},"components":['
		for i in "${!names[@]}"; do
			printf '%s{"id":"component%d","name":"%s","status":"%s","group":false,"group_id":null}' "${separator:-}" "$i" "${names[$i]}" "$([ "$i" = 0 ] && echo "$1" || echo operational)"
			local separator=,
		done
		printf '],"incidents":[],"scheduled_maintenances":[]}'
	} | put "$work/www/api/v2/summary.json"
}
run() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" run 2>&1 | grep -v 'runs as root'; }
stamps() { (cd "$archive" && find . -path ./.state -prune -o -type f -printf '%p %T@\n' | sort); }

page operational
run 2026-03-02T10:00:00Z
python3 "$root/tests/site/past.py" "$archive" example 1000 100
stamps > "$work/before"
page major_outage
run 2026-03-02T10:05:00Z
stamps > "$work/after"
page=example/2026/03
written=$(diff "$work/before" "$work/after" | sed -n 's/^> //p' | cut -d ' ' -f 1 | grep -vE '/(chain|heads)$|T100500Z/' | sort)
same "the files that one change among a thousand pages rewrites are few" "./example/2026/01/example-100.html
./$page/2026-03-02.html
./$page/2026-03-02T100500Z.html
./$page/index.html
./example/2026/index.html
./example/availability.html
./example/badge-git-operations-$(printf component0 | sha256sum | cut -c 1-6).svg
./example/feed.xml
./example/index.html
./example/index.json
./feed.xml
./index.html
./index.json" "$written"
size=$(stat -c %s "$archive/index.html")
check "the index of a thousand pages has less than 500 kB ($size bytes)" test "$size" -lt 500000
same "the index names every page" 1000 "$(grep -c '^<li><a href="[a-z0-9-]*/index.html">' "$archive/index.html")"
check "at most eight indicators of each by name, and the rest by number" grep -q '^<p>\([^,]*, \)\{7\}[^,]* and 4 more</p>' "$archive/index.html"
same "the page that is red comes first" example "$(sed -n 's|^<li><a href="\([a-z0-9-]*\)/index.html">.*|\1|p' "$archive/index.html" | head -1)"
finish
