#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# On a page with facts, what it said stands beside what was measured: in two strips, minute by minute, and in the
# ledger of its provider. What is measured writes the page again, though the page itself has not changed.
set -u
BUILD=${1:-${BUILD:?usage: ledger.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
config() { # config FACTS
	cat > "$work/lampwatch.yaml" <<-YAML
	archive: $archive
	from: lampwatch@watch.example.org
	every: 10m
	confirm: {worse: 1, better: 1, lost: 3}
	metrics: metrics
	pages:
	  - {name: panel, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: "Example & Co"$1}
	probes:
	  - name: mail
	    provider: "Example & Co"
	    every: 10m
	    confirm: {worse: 1, better: 1, lost: 3}
	    checks:
	      - {name: web, http: "https://mail.example.com/"}
	      - {name: other, tcp: "mail.example.com:25"}
	YAML
}
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" -q "$@" 2>> "$work/errors"; }
page() { statuspage_page "$work/www/api/v2/summary.json" "$@"; }
# at TIME WEB OTHER: both are observed then.
at() {
	rm -rf "$work/captures"; mkdir -p "$work/captures/mail"
	printf '{"probe":"mail","checks":[{"name":"web","state":"%s","word":"%s","attempts":[]},{"name":"other","state":"%s","word":"%s","attempts":[]}]}' \
		"$2" "${2/good/}" "$3" "${3/good/}" > "$work/captures/mail/2014-01-24T${1/:/}00Z"
	lampwatch replay "$work/captures"
	lampwatch --clock "2014-01-24T$1:00Z" run panel
}
# metric NAME TYPE
metric() { sed -n "s/^lampwatch_page_${1}_seconds{page=\"panel\",indicator=\"component0\",name=\"Mail\",type=\"$2\"} //p" "$work/metrics"; }
day=$archive/panel/2014/01/2014-01-24.html
ledger() { cat "$archive"/ledger-example-co-*.html; }
# row NUMBER: the text of a row of the day's two sides.
row() { grep -A 99 'class="sides"' "$day" | grep '^<tr><td>' | sed -n "$1p" | sed 's/<[^>]*>/ /g; s/  */ /g; s/^ //; s/ $//; s/ – /–/'; }

config ', facts: {Mail: [mail/web]}'
page none operational operational operational
at 18:50 good good
at 19:00 good good
at 19:10 failed good
check "what is measured writes the page's day, though the page says what it said" grep -q 'measured here, by mail' "$day"
same "the service fails, and the lamp is green: early" "19:10–19:10 green operational failed not red" "$(row 3)"
check "a day that goes on says until when it is told" grep -q 'As of <time datetime="2014-01-24T19:10:00Z">.*; the day goes on' "$day"
check "the ledger says: not yet" grep -q 'data-name="Delay">not yet<' <(ledger)
at 19:20 failed failed
same "the metrics say for how long the two disagree, and of no lag yet" "600 0  " "$(metric disagreement early) $(metric disagreement late) $(metric lag red) $(metric lag green)"
check "what no fact names stays with the probe" bash -c "! grep -q '<span class=\"name\">other' '$day'"
page major major_outage operational operational
at 19:30 failed failed
page major major_outage operational operational
at 19:40 failed failed
at 19:50 good good
at 20:00 good good
same "and the other way round" "0 600 1200 " "$(metric disagreement early) $(metric disagreement late) $(metric lag red) $(metric lag green)"
page none operational operational operational
at 20:20 good good
same "once they agree, the lags stay" "0 0 1200 1800" "$(metric disagreement early) $(metric disagreement late) $(metric lag red) $(metric lag green)"
same "each minute has what the page said and what the service did" \
	"18:50–19:10 green operational worked|19:10–19:30 green operational failed not red|19:30–19:50 red major outage failed|19:50–20:20 red major outage worked still red" \
	"$(row 2)|$(row 3)|$(row 4)|$(row 5)"
same "both are listed in one order of time" "18:50 18:50 19:10 19:10 19:30 19:50 19:50 20:20" "$(sed -n '/id="moments"/,$p' "$day" | grep -o '^<p class="when">.*T[0-9:]*Z' | sed 's/.*T\(.....\):00Z/\1/' | paste -sd ' ')"
check "two strips, with the differences hatched, and for how long" grep -Pzq 'class="lanes"[^>]*><span class="late" style="left:82\.63%;width:2\.08%"></span><span class="early" style="left:79\.86%;width:1\.38%"></span></p>\n<svg class="strip"[^>]*aria-label="measured here, (.|\n)*Not red while it failed: 20 min\. Still red while it worked: 30 min\.' "$day"
check "what happened is in words" bash -c "! grep -q major_outage '$day'"
check "a legend says in words which is which" grep -q 'Stripes above the lower strip: it failed here, and the lamp was not red' "$day"
same "the same on the page's own index, and its month and year" 3 "$(grep -l 'class="lanes"' "$archive/panel/index.html" "$archive/panel/2014/index.html" "$archive/panel/2014/01/index.html" | wc -l)"
same "the ledger has the lags" "20 min later|30 min later" "$(ledger | sed -n 's|.*data-name="Delay">\(.*\)</td>|\1|p' | paste -sd '|')"
check "its times lead to the snapshots of that minute" grep -Pzq 'href="mail/2014/01/2014-01-24T191000Z.html"(.|\n)*href="panel/2014/01/2014-01-24T193000Z.html"(.|\n)*href="mail/2014/01/2014-01-24T195000Z.html"(.|\n)*href="panel/2014/01/2014-01-24T202000Z.html"' <(ledger)
for page in index.html panel/index.html mail/index.html; do check "$page leads to the ledger" grep -q 'ledger-example-co-[0-9a-f]*.html">' "$archive/$page"; done
check "a probe has no address" grep -q 'none: our own checks' "$archive/mail/index.html"
said() { grep -o 'What our checks measured\|The page said\|>Why<\|In its own words\|How it was [a-z]*' "$1" | paste -sd '|'; }
same "a snapshot of a probe speaks of checks, one of a page of the page" "What our checks measured|>Why<|How it was measured, The page said|In its own words|How it was fetched" \
	"$(said "$archive/mail/2014/01/2014-01-24T191000Z.html"), $(said "$archive/panel/2014/01/2014-01-24T193000Z.html")"
check "every page is whole, links lead somewhere and nowhere out, nothing runs" python3 "$root/tests/site/check.py" "$archive"
says() { lampwatch --clock 2014-01-24T20:20:00Z report --html "$1" | grep -o 'and what its own checks saw\|It does not test the services themselves'; }
same "a report of a page says that the service is not tested; of a probe, that it is" "It does not test the services themselves, and what its own checks saw" "$(says panel), $(says mail)"
check "verify takes the ledger for no damage" "$lampwatch" -c "$work/lampwatch.yaml" verify
cp "$day" "$work/day.html"; ledger > "$work/ledger.html"
lampwatch --clock 2014-01-24T20:20:00Z site
check "rebuilt, they are what the runs had written" cmp "$day" "$work/day.html"
check "the ledger too" cmp <(ledger) "$work/ledger.html"
if [ -z "${LAMPWATCH_PEERS:-}" ]; then
	skip "in Chromium: axe-core finds nothing, and no table is cut" "needs --peers: node, npm, Chromium"
else
	npm_packages "$root/tests/site"
	check "in Chromium: axe-core finds nothing, and no table is cut" node "$root/tests/site/browse.cjs" "$(command -v chromium || command -v chromium-browser)" \
		"${LAMPWATCH_PICTURES:--}" "file://$archive/" index.html panel/index.html panel/2014/01/2014-01-24.html "$(basename "$archive"/ledger-*.html)"
fi

at 23:59 good good
lampwatch --clock 2014-01-25T00:10:00Z run panel
check "once it is over, it says so no more" bash -c "! grep -q 'the day goes on' '$day'"
rm -f "$archive"/ledger-*.html
config ""
lampwatch --clock 2014-01-24T20:20:00Z site
same "without facts there is no ledger" "" "$(ls "$archive" | grep ledger; grep -l 'ledger\|class="fact"' "$archive/index.html" "$archive/panel/index.html" "$day")"

# A page that lists only what is in trouble has never listed Gmail: it says that it is well.
mkdir -p "$work/www/appsstatus/rss"
cat > "$work/www/appsstatus/rss/en" <<'XML'
<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Apps Status Dashboard</title><link>http://www.google.com/appsstatus/rss/en</link><description>-</description></channel></rss>
XML
archive=$work/feed
config ', facts: {Gmail: [mail/web]}'
sed -i "s|http://127.0.0.1:$www_port/\", kind: statuspage|http://127.0.0.1:$www_port/appsstatus/rss/en\", kind: google-apps-rss|" "$work/lampwatch.yaml"
at 18:50 good good
at 19:00 good good
at 19:10 failed good
at 19:20 good good
day=$archive/panel/2014/01/2014-01-24.html
same "an indicator that the page has never listed has two sides as well" "18:50–19:10 green not listed worked|19:10–19:20 green not listed failed not red" "$(row 2)|$(row 3)"
check "and two strips" grep -q 'class="lanes"' "$archive/panel/index.html"
finish
