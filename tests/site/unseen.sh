#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Time in which nobody looked is grey everywhere on the site, and is as long as `report` says.
set -u
BUILD=${1:-${BUILD:?usage: unseen.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
config() { # config EVERY
	cat > "$work/lampwatch.yaml" <<-YAML
	archive: $archive
	from: lampwatch@watch.example.org
	every: $1
	confirm: {worse: 1, better: 1, lost: 3}
	site: on
	pages:
	  - {name: quiet, url: "http://127.0.0.1:$www_port/", kind: statuspage}
	YAML
}
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" -q --clock "$@" 2> "$work/errors"; }
# at TIME…: a run at each.
at() { local time; for time in "$@"; do lampwatch "$time" run; done; }
page() { statuspage_page "$work/www/api/v2/summary.json" "$@"; }
# grey FILE: how often which grey pieces are drawn in its strips.
grey() { sed -n 's/.*class="strip".*<path class="x" d="\([^"]*\)".*/\1/p' "$1" | sort | uniq -c | sed 's/^ *//'; }
# unknown PAGE: seconds of the whole page that report does not know, in the days of a strip.
unknown() { lampwatch "$now" report --since 2026-01-01 --csv "$1" | tr -d '\r' | grep '^"[a-z]*","",' | cut -d , -f 12; }

# Seen until 00:10 on 1 March, which holds until 00:20; then nobody looks until 00:00 on 21 March, when nothing has changed.
config 10m
page none operational operational operational
at 2026-03-01T00:00:00Z 2026-03-01T00:10:00Z 2026-03-21T00:00:00Z
now=2026-03-21T00:00:00Z
same "a run after three weeks without one greys their days, though nothing changed" "4 M69 9h20" "$(grey "$archive/quiet/index.html")"
check "in the index, too" grep -q 'quiet<svg [^>]*aria-label="21 days: 20 grey"' "$archive/index.html"
check "since when a lamp is green is not said without what of that was unseen" \
	grep -q 'since <time datetime="2026-03-01T00:00:00Z">[^<]*</time>, 19 d 23 h of it unseen<' "$archive/quiet/index.html"
check "nor in a badge" grep -q 'operational, since 2026-03-01T00:00:00Z, 19 d 23 h of it unseen<' "$archive/quiet/badge.svg"

at 2026-03-21T00:10:00Z
page major major_outage operational operational
at 2026-03-21T00:20:00Z
now=2026-03-21T00:20:00Z
same "the day on which the gap began is grey from there on" "4 M4 9h284" "$(grey "$archive/quiet/2026/03/2026-03-01.html")"
same "a month's cells of two hours are grey, the first of which is partly seen" "4 M0 9h240" "$(grey "$archive/quiet/2026/03/index.html")"
check "its list of days says grey" grep -q '2026-03-01.html"[^>]*>2026-03-01</a> <b class="grey">grey</b>' "$archive/quiet/2026/03/index.html"
same "a year's days are grey, and its months" "1 M0 9h20 4 M59 9h20" "$(grey "$archive/quiet/2026/index.html" | tr '\n' ' ' | sed 's/ $//')"
check "a change says how much of the time before was unseen" \
	grep -q 'was <b class="green">green</b> <span class="level">operational</span> for 20 d 0 h, 19 d 23 h of it unseen<' "$archive/quiet/2026/03/2026-03-21.html"
check "report knows as little" test "$(unknown quiet)" = $((20 * 86400 - 20 * 60))
check "availability.html as much as report" grep -q '>19 d 23 h</td>' "$archive/quiet/availability.html"

# Nobody looks for nine hours; then it has changed.
page none operational operational operational
at 2026-03-21T09:20:00Z
check "what was last seen long before it changed was so until then, and unseen after" \
	grep -q 'was <b class="red">red</b> <span class="level">major outage</span> for 10 min, then unseen for 8 h 50 min<' "$archive/quiet/2026/03/2026-03-21.html"

# It fails for one run: less than a gap, but no reading.
at 2026-03-21T09:30:00Z
put "$work/www/api/v2/summary.json" <<< '{"page": "is no more"}'
at 2026-03-21T09:40:00Z
check "a lamp of a page that cannot be read says since when it is unseen" \
	grep -q 'unseen since <time datetime="2026-03-21T09:40:00Z">' "$archive/quiet/index.html"
page none operational operational operational
at 2026-03-21T09:45:00Z
now=2026-03-21T09:45:00Z
same "report does not know what could not be read" $((20 * 86400 - 20 * 60 + 8 * 3600 + 50 * 60 + 300)) "$(unknown quiet)"
same "and the day is grey in the same minutes" "4 M6 9h106m4 0h1" "$(grey "$archive/quiet/2026/03/2026-03-21.html")"
lampwatch "$now" site
same "built from nothing, the day is the same" "4 M6 9h106m4 0h1" "$(grey "$archive/quiet/2026/03/2026-03-21.html")"

# What is red in the morning and green since is green on the next day, before anything is written of it.
archive=$work/seldom
config 8h
page none operational operational operational
at 2026-03-01T00:00:00Z
page major major_outage operational operational
at 2026-03-01T08:00:00Z
page none operational operational operational
at 2026-03-01T16:00:00Z 2026-03-02T00:00:00Z
check "a day of which nothing is written yet has the colour that holds, not the worst of the day before" \
	grep -q 'quiet<svg [^>]*aria-label="2 days: 1 red"' "$archive/index.html"
sed -i '/name: quiet/d; s/^pages:.*/pages: []/' "$work/lampwatch.yaml"
at 2026-03-04T12:00:00Z
check "a page that is no longer watched turns grey" grep -q 'quiet<svg [^>]*aria-label="4 days: 1 red, 3 grey"' "$archive/index.html"

# A pause of 20 minutes leaves its day green, one of 20 hours does not; what was seen red stays red, however little of its day was seen.
archive=$work/pauses
config 8h
page none operational operational operational
at 2026-03-01T00:00:00Z 2026-03-01T08:00:00Z 2026-03-01T16:00:00Z
config 5m
at 2026-03-01T16:05:00Z 2026-03-01T16:30:00Z
config 4h
at 2026-03-02T00:00:00Z 2026-03-03T00:00:00Z
now=2026-03-03T00:00:00Z
same "report knows of both pauses" $((20 * 3600 + 20 * 60)) "$(unknown quiet)"
same "a day with a pause of 20 minutes is green, a day unseen for 20 hours is grey" "4 M88 9h1" "$(grey "$archive/quiet/index.html")"
check "in the index, too" grep -q 'quiet<svg [^>]*aria-label="3 days: 1 grey"' "$archive/index.html"
page major major_outage operational operational
at 2026-03-03T04:00:00Z
page none operational operational operational
at 2026-03-04T00:00:00Z
check "a day of which a third was seen, some of it red, is red" \
	grep -q 'quiet<svg [^>]*aria-label="4 days: 1 red, 1 grey"' "$archive/index.html"
finish
