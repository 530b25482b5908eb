#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A page gets a new design while all is well, goes red in it, and only then is the kind repaired: the
# red is told, although the new kind can read no older page. A kind that was changed while
# the page could be read tells nothing by itself.
set -u
. "$(dirname "$0")/../harness.sh"
unsanitized

kind() { printf "about: a page\nrequire: '%s'\nindicators: {each: '%s', name: 'name', word: '%s'}\nlevels: {operational: [up], major_outage: [down]}\n" "$@" > "$work/kinds/own.yaml"; }
old() { printf '{"old":[{"name":"Mail","state":"%s","colour":"down"}]}' "$1" | put "$work/web/page"; }
new() { printf '{"new":[{"name":"Mail","status":"%s"}]}' "$1" | put "$work/web/page"; }
run() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "2014-01-24T19:0$1:00Z" run; }

mkdir "$work/kinds"
serve_http web
serve_smtp relay
cat > "$work/lampwatch.yaml" <<YAML
from: lampwatch@watch.example.org
kinds: kinds
every: 0s
pages: [{name: own, url: "http://127.0.0.1:$web_port/page", kind: own}]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: ops@example.com}]
YAML

kind /json/old /json/old/item state
old up
check "the old design is read" run 0
new down
run 1 2> "$work/complaint"
same "the new one is unreadable" 1 $?
check "the complaint says what was expected" grep -q "require: the page is not as expected (JSON): /json/old" "$work/complaint"
same "nobody is told red by then" 0 "$(count_mails relay)"
kind /json/new /json/new/item status
check "the mended kind reads it" run 2
same "the red that it finds is told" 1 "$(subjects relay | grep -c 'RED: Mail')"
check "and stands in the log as the provider's" grep -q 'changed.*Mail: operational -> major_outage' <("$lampwatch" -c "$work/lampwatch.yaml" log)

old up
kind /json/old /json/old/item state
run 3 2> /dev/null
run 4 2> /dev/null
before=$(count_mails relay)
kind /json/old /json/old/item colour
check "a kind that takes another word for it reads the same page" run 5
same "the difference is of our own making and told to nobody" "$before" "$(count_mails relay)"
check "it is in the log" grep -q 'reread.*Mail: operational -> major_outage' <("$lampwatch" -c "$work/lampwatch.yaml" log)
finish
