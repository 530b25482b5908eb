#!/bin/bash
# SPDX-License-Identifier: ISC
# lampwatch read: from files, from standard input and over HTTP; what it prints,
# what it complains about, and its exit status.
BUILD=${BUILD:-$1}
. "$(dirname "$0")/../harness.sh"
pages=$root/tests/pages

# run STATUS COMMAND…: output in $work/out, complaints in $work/error.
run() {
	local expected=$1 status
	shift
	"$lampwatch" "$@" >"$work/out" 2>"$work/error" </dev/null
	status=$?
	[ $status -eq "$expected" ] || { echo "status $status, expected $expected"; cat "$work/error"; return 1; }
}
# complains STATUS LINE COMMAND…: prints nothing on standard output, and LINE among its complaints.
complains() {
	local expected=$1 line=$2
	shift 2
	run "$expected" "$@" || return 1
	[ ! -s "$work/out" ] || { echo "printed:"; cat "$work/out"; return 1; }
	grep -qF -- "$line" "$work/error" || { echo "no \"$line\" in:"; cat "$work/error"; return 1; }
}
one_line() { complains "$@" && [ "$(wc -l <"$work/error")" -eq 1 ]; }
reads() { run 0 "${@:2}" && diff "$1" "$work/out"; }

check "a file is read by the kind that fits" reads "$pages/statuspage/normal/reading" read "$pages/statuspage/normal/page"
check "a file is read by the kind that is named" reads "$pages/aws-rss/incident/reading" read --kind aws-rss "$pages/aws-rss/incident/page"
check "further files are the kind's further documents" reads "$pages/google-workspace/incident/reading" \
	read --kind google-workspace "$pages/google-workspace/incident/page" "$pages/google-workspace/incident/products"
check "a kind may be a file" reads "$pages/slack/normal/reading" read --kind "$root/templates/pages/slack.yaml" "$pages/slack/normal/page"
from_standard_input() { "$lampwatch" read --kind slack - <"$pages/slack/normal/page" | diff "$pages/slack/normal/reading" -; }
check "- is standard input" from_standard_input
json() { run 0 --json read "$pages/slack/normal/page" && [ "$(wc -l <"$work/out")" -eq 1 ] && grep -q '^{"format":1,"title":"Slack","level":"operational",' "$work/out"; }
check "--json prints one object" json
report() { run 0 read -v "$pages/statuspage/normal/page" && grep -q '^statuspage: 0 rows merged, 0 words unknown' "$work/error"; }
check "-v reports on standard error" report

check "an unreadable page is one line and status 1" one_line 1 "kind slack: require: " read --kind slack "$pages/slack/login-wall/page"
check "a page that no kind fits is one line and status 1" one_line 1 "none of the" read "$pages/slack/login-wall/page"
check "a missing file is one line and status 1" one_line 1 "$work/none" read "$work/none"
check "an unknown kind is named with the nearest one, status 2" one_line 2 'did you mean "statuspage"' read --kind statuspag x
check "a kind is no path" complains 2 'no kind "..' read --kind ..  x
echo "incidents: {eech: x}" >"$work/with.yaml"
check "parameters that are wrong are said with their line, status 2" complains 2 "$work/with.yaml:1: unknown key \"eech\"" \
	read --kind slack --with "$work/with.yaml" x
check "an option that there is not is a matter of usage" complains 2 "its options are" read --nonsense x
check "no file at all is a matter of usage" complains 2 "usage: lampwatch read" read
check "an address stands alone" complains 2 "must be the only argument" read http://127.0.0.1:1/ x
check "more files than documents is a matter of usage" complains 2 "more files" read --kind slack "$pages/slack/normal/page" "$pages/slack/normal/page"

serve_http web
at=http://127.0.0.1:$web_port
mkdir -p "$work/web/api/v2"
cp "$pages/statuspage/normal/page" "$work/web/api/v2/summary.json"
cp "$pages/google-workspace/incident/page" "$work/web/incidents.json"
cp "$pages/google-workspace/incident/products" "$work/web/products.json"
cp "$pages/slack/login-wall/page" "$work/web/login"
check "an address is fetched where its kind says" reads "$pages/statuspage/normal/reading" read --kind statuspage "$at/"
check "its further documents are fetched too" reads "$pages/google-workspace/incident/reading" read --kind google-workspace "$at/incidents.json"
check "the kind is told from what stands at the address" reads "$pages/statuspage/normal/reading" read "$at/api/v2/summary.json"
check "and then its further documents are fetched" reads "$pages/google-workspace/incident/reading" read "$at/incidents.json"
check "an address with no page is one line and status 1" one_line 1 "HTTP 404" read --kind slack "$at/none"
check "what a kind would look for behind an address is found there" reads "$pages/statuspage/normal/reading" read "$at/login"
rm -r "$work/web/api"
check "a login wall at the address is one line and status 1" one_line 1 "none of the" read "$at/login"
check "a server that is not there is one line and status 1" one_line 1 "127.0.0.1" read --kind slack http://127.0.0.1:9/
finish
