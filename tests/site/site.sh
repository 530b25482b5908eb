#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The pages to browse the archive: what a run writes, what `site` writes, what a hostile page can do in them.
set -u
BUILD=${1:-${BUILD:?usage: site.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2" "$work/www/evil"
archive=$work/archive
config() {
	cat > "$work/lampwatch.yaml" <<-YAML
	archive: $archive
	from: lampwatch@watch.example.org
	timezone: ${zone:-Europe/Berlin}
	every: ${every:-15m}
	site: ${site:-on}
	pages:
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
	  - name: evil
	    url: http://127.0.0.1:$www_port/evil/
	    kind: generic-html
	    with:
	      require: '//table[@id = "board"]//tr[td]'
	      indicators: {each: '//table[@id = "board"]//tr[td]', name: 'td[1]', word: 'td[2]'}
	      levels: {operational: [at work], major_outage: [closed]}
	YAML
}
run() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" run; }
site() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" -q site; }
# Every file of the site with its content's digest; the folders of snapshots are no part of it.
files() { (cd "$archive" && find . -path ./.state -prune -o -type f \( -name '*.html' -o -name '*.svg' -o -name '*.json' -o -name '*.xml' -o -name '*.css' \) -print0 | sort -z | xargs -0 sha256sum); }
# What differs between two such lists: the names.
differ() { sort "$1" "$2" | uniq -u | sed 's/^[0-9a-f]*  //' | sort -u; }

# evil WORD: a page that tries everything, in its names and in its body.
evil() {
	cat <<-HTML
	<!DOCTYPE html><html><head><meta charset="utf-8"><title>Evil</title>
	<meta http-equiv="refresh" content="0; url=http://127.0.0.1:$www_port/refreshed">
	<base href="http://127.0.0.1:$www_port/based/" target="_top">
	<link rel="stylesheet" href="http://127.0.0.1:$www_port/style.css"><link rel="prefetch" href="http://127.0.0.1:$www_port/prefetched">
	<script>alert("ran"); top.location = "http://127.0.0.1:$www_port/top";</script>
	<style>@import "http://127.0.0.1:$www_port/imported.css"; body { background: url(http://127.0.0.1:$www_port/background) }</style>
	</head><body onload="alert('ran')"><img src="http://127.0.0.1:$www_port/picture" onerror="alert('ran')">
	<a href="http://127.0.0.1:$www_port/clicked" target="_top" style="display: block; height: 9em">Click here to go on</a>
	<a href="http://127.0.0.1:$www_port/clicked" style="display: block; height: 9em">or here</a>
	<iframe src="http://127.0.0.1:$www_port/frame"></iframe><object data="http://127.0.0.1:$www_port/object"></object>
	<form action="http://127.0.0.1:$www_port/form"><input autofocus onfocus="alert('ran')"></form>
	<svg onload="alert('ran')"><script>alert("ran")</script></svg></iframe></textarea></title></pre>
	<table id="board"><tr><td>&lt;script&gt;alert("ran")&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;</td><td>$1</td></tr>
	<tr><td>&#x202E;drawkcab&#x202C; "&gt;&lt;/a&gt;{{page}}</td><td>at work</td></tr></table></body></html>
	HTML
}

statuspage_page "$work/www/api/v2/summary.json" none operational operational operational
evil "at work" | put "$work/www/evil/index.html"
config
out=$(run 2026-03-28T22:30:00Z 2>&1)
same "a run that writes the site says nothing of it" "" "$(grep -v 'runs as root' <<< "$out")"
check "the index and a page's own are there after the first run" test -s "$archive/index.html" -a -s "$archive/example/index.html" -a -s "$archive/evil/index.html"

files > "$work/before"
run 2026-03-28T22:45:00Z
files > "$work/after"
same "a run in which nothing changed writes nothing" "" "$(differ "$work/before" "$work/after")"

INCIDENTS='[{"id":"i1","name":"Mail <b>waits</b>","status":"investigating","impact":"major","created_at":"2026-03-28T23:10:00Z","updated_at":"2026-03-28T23:10:00Z","incident_updates":[{"id":"u1","status":"investigating","body":"We look into it & will tell.","display_at":"2026-03-28T23:10:00Z"}],"components":[{"id":"component0"}]}]' \
	statuspage_page "$work/www/api/v2/summary.json" major partial_outage operational operational
run 2026-03-28T23:10:00Z
files > "$work/after"
same "a change is written in the files of its page, its days and the index, and in no others" \
	"./example/2026/03/2026-03-28.html
./example/2026/03/2026-03-28T223000Z.html
./example/2026/03/2026-03-28T231000Z.html
./example/2026/03/2026-03-29.html
./example/2026/03/index.html
./example/2026/index.html
./example/availability.html
./example/badge-mail-$(printf component0 | sha256sum | cut -c 1-6).svg
./example/badge.svg
./example/feed.xml
./example/index.html
./example/index.json
./feed.xml
./index.html
./index.json" "$(differ "$work/before" "$work/after")"
check "the day is that of the configured zone" grep -q '2026-03-29 00:10 CET' "$archive/example/2026/03/2026-03-29.html"
check "times are also there for machines, in UTC" grep -q '<time datetime="2026-03-28T23:10:00Z">' "$archive/example/2026/03/2026-03-29.html"
check "a change has its before, its after and how long it was so" \
	grep -qz 'was <b class="green">green</b> <span class="level">operational</span> for 40 min.*<b class="red">red</b> <span class="level">partial outage' "$archive/example/2026/03/2026-03-29.html"
check "the provider's words stand there" grep -q 'We look into it &amp; will tell.' "$archive/example/2026/03/2026-03-28T231000Z.html"

evil closed | put "$work/www/evil/index.html"
run 2026-03-29T10:00:00Z
check "words that differ in the page's text are marked" grep -q '<del>at work</del><ins>closed</ins>' "$archive/evil/2026/03/2026-03-29T100000Z.html"
same "each colour has the shape that it has in mails" "red ■ yellow ▲ blue ◆ green ● grey ○" \
	"$(sed -n 's/.* b\.\([a-z]*\)::before { content: "\([^ ]*\) .*/\1 \2/p' "$archive/style.css" | paste -sd ' ')"
# From 29 December on 90 days; the 28th and 29th of March are the last but one and the last.
check "a page's strips lead to its days, each up to the next" grep -q '<a href="2026/03/index.html">March 2026</a> <a href="2026/03/2026-03-28.html" style="--at:88;--span:1">28</a> <a href="2026/03/2026-03-29.html" style="--at:89;--span:1">29</a>' "$archive/example/index.html"
check "those of a month too" grep -q '2026-03-28.html" style="--at:27;--span:1">2026-03-28</a>' "$archive/example/2026/03/index.html"
check "those of a year to its months" grep -q '2026/03/index.html" style="--at:59;--span:306">March</a>' "$archive/example/2026/index.html"
check "and the month's own strip there as well" grep -q 'href="../../example/2026/03/index.html"><svg class="strip"' "$archive/example/2026/index.html"
check "what deceives the eye is made visible" grep -q 'u{202E}drawkcab' "$archive/evil/index.html"
check "every page is whole, links lead somewhere and nowhere out, nothing runs" python3 "$root/tests/site/check.py" "$archive"
snapshot=$archive/evil/2026/03/2026-03-29T100000Z
sum=$(sed -n "s/^sha256sum SHA256SUMS *<i># \([0-9a-f]*\)<.*/\1/p" "$snapshot.html")
same "the digest that a snapshot's page names is the one that sha256sum gives" "$(sha256sum < "$snapshot/SHA256SUMS" | cut -d ' ' -f 1)" "$sum"
line=$(sed -n 's|^sed -n \([0-9]*\)p .*|\1|p' "$snapshot.html")
same "the line of the chain that it names holds that digest" "$sum" "$(sed -n "${line}p" "$archive/evil/chain" | cut -f 5)"
check "verify takes the site for no damage" "$lampwatch" -c "$work/lampwatch.yaml" verify

files > "$work/before"
site 2026-03-29T10:00:00Z
files > "$work/after"
same "rebuilt, a page is what the runs had written" "$(grep ' ./evil/' "$work/before")" "$(grep ' ./evil/' "$work/after")"
(cd "$archive" && find . -path ./.state -prune -o -type f -name '*.*' -print0 | xargs -0 rm)
site 2026-03-29T10:00:00Z
cp "$work/after" "$work/before"
files > "$work/after"
same "from nothing it becomes the same again" "" "$(differ "$work/before" "$work/after")"

site=off config
statuspage_page "$work/www/api/v2/summary.json" none operational operational operational
run 2026-03-29T11:00:00Z
files > "$work/after"
same "site: off: a run writes none of it" "" "$(differ "$work/before" "$work/after")"
site=on every=0s config
run 2026-03-29T11:01:00Z
check "what was missed, because it was off or cut short, the next run writes" test -s "$archive/example/2026/03/2026-03-29T110000Z.html"
check "after all of this every page is whole" python3 "$root/tests/site/check.py" "$archive"

run 2026-03-29T11:04:00Z
mv "$work/www/api" "$work/www/gone"
run 2026-03-29T11:05:00Z 2> "$work/errors"
check "a page that cannot be reached is grey in the index" \
	grep -Pzq '>example<svg .*</svg></a><b class="grey">grey</b>\n<p><i>unreachable, last seen 2026-03-29 13:04 CEST' "$archive/index.html"
mv "$work/www/gone" "$work/www/api"
run 2026-03-29T11:06:00Z
check "and has its colour again when it can" grep -q '<a href="example/index.html">example<svg .*</svg></a><b class="green">' "$archive/index.html"

run 2026-03-29T11:09:00Z
cp "$work/www/api/v2/summary.json" "$work/good"
put "$work/www/api/v2/summary.json" <<< '{"page": "is no more"}'
for minute in 10 11 12; do run "2026-03-29T11:$minute:00Z" 2> /dev/null; done
put "$work/www/api/v2/summary.json" < "$work/good"
run 2026-03-29T11:20:00Z
day=$archive/example/2026/03/2026-03-29.html
# Cells of 5 minutes from 23:00 UTC on: no run from 23:10 (held until 23:25) to 10:00, nor from there (until 10:15) to 11:00; no reading from 11:10 to 11:20.
same "while it could not be read, or nobody looked, its strips are grey, and not before" "      4 M5 9h127m3 0h9m2 0h2" \
	"$(sed -n 's/.*<path class="x" d="\([^"]*\)".*/\1/p' "$day" | uniq -c)"
check "that it was lost and is back stands there, too" grep -Pzq 'The page cannot be read(.|\n)*The page is lost(.|\n)*The page is back(.|\n)*The page can be read again' "$day"

if [ -z "${LAMPWATCH_PEERS:-}" ]; then
	skip "html-validate finds nothing" "needs --peers: node, npm, Chromium"
	skip "from a file manager, in Chromium: axe-core finds nothing, nothing runs, nothing is loaded" "needs --peers"
	skip "from lampwatch serve: the same" "needs --peers"
	skip "the hostile page's own server was asked for nothing, whatever is clicked" "needs --peers"
	finish
	exit
fi

npm_packages "$root/tests/site"
chromium=$(command -v chromium || command -v chromium-browser)
mapfile -t all < <(find "$archive" -name '*.html')
march=2026/03
kinds=(index.html example/index.html example/availability.html example/2026/index.html example/$march/index.html example/$march/2026-03-29.html
	example/$march/2026-03-28T231000Z.html evil/index.html evil/$march/2026-03-29T100000Z.html)
# Where a thing stands on a strip is its own style.
echo '{"root": true, "extends": ["html-validate:recommended"], "rules": {"no-inline-style": "off"}}' > "$work/htmlvalidate.json"
check "html-validate finds nothing" node "$NODE_PATH/html-validate/bin/html-validate.mjs" --config "$work/htmlvalidate.json" "${all[@]}"
: > "$work/www.log"
pictures=${LAMPWATCH_PICTURES:--}
check "from a file manager, in Chromium: axe-core finds nothing, nothing runs, nothing is loaded" \
	node "$root/tests/site/browse.cjs" "$chromium" "$pictures" "file://$archive/" "${kinds[@]}"
"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/serve.out" & pids+=($!)
await 5 test -s "$work/serve.out"
check "from lampwatch serve: the same" node "$root/tests/site/browse.cjs" "$chromium" - "$(cat "$work/serve.out")" \
	index.html example/$march/2026-03-29.html evil/$march/2026-03-29T100000Z.html
same "the hostile page's own server was asked for nothing, whatever is clicked" "" "$(grep -v 'summary.json' "$work/www.log")"
finish
