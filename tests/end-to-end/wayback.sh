#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# History from the Wayback Machine (import --wayback): a stand-in answers as its documentation says, and wrongly.
. "$(dirname "$0")/../harness.sh"
export PYTHONDONTWRITEBYTECODE=1
cd "$work" || exit 1

script() { put "$work/script" ; }
python3 "$root/tests/servers/wayback.py" "$work/port" "$work/script" "$work/log" 600 &
pids+=($!)
await 10 test -s port || { echo "Bail out! the stand-in did not start"; exit 1; }
base=http://127.0.0.1:$(cat port)
address=http://status.example.com/api/v2/summary.json

page_of() { statuspage_page made.json "$@"; cat made.json; }
green=$(page_of none operational operational operational) red=$(page_of major major_outage operational operational) yellow=$(page_of minor degraded_performance operational operational)
json() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }
# capture STAMP BODY [MORE]
capture() { printf '{"stamp":"%s","body":%s%s}' "$1" "$(json "$2")" "${3:+,$3}"; }
# listed [MORE,] CAPTURE…: what the stand-in has.
listed() { local more=$1 all; shift; all=$(printf ',%s' "$@"); printf '{%s"captures":[%s]}' "$more" "${all:1}" | script; : > log; }
# into NAME: a configuration whose archive is NAME.
into() { printf 'archive: %s\nevery: 0s\nwayback_base: "%s/"\npages:\n  - {name: harbour, url: "http://status.example.com", kind: statuspage, provider: harbour}\n%s' "$1" "$base" "${2:-}" > "$1.yaml"; echo "$1.yaml"; }
does() { local expected=$1; shift; "$lampwatch" "$@" > said 2>&1; local status=$?; [ "$status" = "$expected" ] || { echo "exit status $status:"; cat said; return 1; }; }
says() { local status=$1 pattern=$2; shift 2; does "$status" "$@" || return 1; grep -qE -- "$pattern" said || { cat said; return 1; }; }
levels() { cat $(find "$1/harbour" -name reading | sort) | sed -n 's/^indicator\tcomponent0\t\tMail\t\([a-z_]*\)\t.*/\1/p' | xargs; }
asked() { grep -c "$1" log; }

# ---- what it has ----
three=("$(capture 20140124190000 "$green")" "$(capture 20140124192000 "$red" '"coding":"gzip"')" "$(capture 20140124195200 "$green" '"mimetype":"warc/revisit","status":"-"')")
listed '"rows":2,"fields":["digest","mimetype","original","statuscode","timestamp"],' "${three[@]}" "$(capture 20140124200000 moved '"status":"301"')" "$(capture 20140124200100 down '"status":"503"')" "$(capture 20140124200200 lost '"status":"-"')"
check "the captures of an address are imported" does 0 -v -c "$(into plain)" import --wayback $address
same "what was said, in its order, and a revisit that says again what was said before" "operational major_outage operational" "$(levels plain)"
check "redirects, errors and what has no status are counted" grep -q '^3 more are redirects, errors or without a status' said
same "a page of the list after the other, by its key" "3 2" "$(asked 'GET./cdx/') $(asked 'resumeKey=org%2Cexample%29%2F+')"
same "each body once" 3 "$(asked 'GET./web/')"
same "each says where it is from" "$base/web/20140124192000id_/$address" "$(sed -n 's/^imported-from: //p' plain/harbour/2014/01/2014-01-24T192000Z/capture)"
same "with the digest of what was kept" "$(sha256sum < plain/harbour/2014/01/2014-01-24T192000Z/body | cut -c 1-64)" "$(sed -n 's/^imported-sha256: //p' plain/harbour/2014/01/2014-01-24T192000Z/capture)"
check "its coding is undone" cmp plain/harbour/2014/01/2014-01-24T192000Z/body <(printf %s "$red")
same "nothing is left aside" "" "$(ls -A plain/.state/wayback)"
check "and the archive is whole" "$lampwatch" -c plain.yaml verify
: > log
check "again: nothing is fetched that is there" does 0 -c plain.yaml import --wayback $address
same "nothing" 0 "$(asked 'GET./web/')"
listed '' "${three[@]}" "$(capture 20140125100000 "$yellow")"
check "later there is more" does 0 -c plain.yaml import --wayback $address
same "which is all that is fetched" "1 operational major_outage operational degraded" "$(asked 'GET./web/') $(levels plain)"
check "some of it" does 0 -c "$(into some)" import --wayback $address --since 2014-01-24T19:10 --until 2014-01-24T19:30
same "is asked for by its time" "major_outage 1" "$(levels some) $(asked 'from=20140124191000&to=20140124193059')"
check "whose page it is can be said" does 0 -c "$(into other)" import --page harbour --wayback http://status.example.com/old
check "and must be, where no page has the address: 2" says 2 'no page of the configuration has the address' -c other.yaml import --wayback http://status.example.com/old
check "not both: 2" does 2 -c other.yaml import --wayback $address file.warc
"$lampwatch" -c "$(into lived)" --clock 2026-03-01T10:00:00Z import --wayback $address > said 2>&1
sed -i "s/^every/confirm: {lost: 1}\nevery/" lived.yaml
"$lampwatch" -c lived.yaml --clock 2026-03-01T10:05:00Z run > said 2>&1
listed '' "${three[@]}" "$(capture 20140125100000 "$yellow")" "$(capture 20150125100000 "$green")"
check "what lies before what a run has seen cannot be put in: 2" says 2 'harbour: its history already reaches 2026-03-01T10:05:00Z' -c lived.yaml --clock 2026-03-01T10:10:00Z import --wayback $address
same "and is not fetched" 0 "$(asked 'GET./web/')"

# ---- when it is busy ----
listed '"faults":[{"path":"/cdx","times":1,"status":429,"retry_after":2},{"path":"/web/20140124192000","times":2,"status":503}],' "${three[@]}"
begun=$SECONDS
check "it is asked again, when it says so" does 0 -c "$(into busy)" import --wayback $address
check "and not before" test $((SECONDS - begun)) -ge 3
same "then all is there" "operational major_outage operational" "$(levels busy)"
listed '"faults":[{"path":"/web/20140124192000","status":429,"retry_after":7200}],' "${three[@]}"
check "it wants more than an hour: 1, and how it goes on" says 1 '^lampwatch: harbour: http://127.0.0.1:[0-9]+: HTTP 429; the same command goes on where this one ends$' -c "$(into ended)" import --wayback $address
same "nothing is imported with a hole in it" "" "$(find ended/harbour -name reading 2> /dev/null)"
listed '' "${three[@]}"
check "then it goes on" does 0 -c ended.yaml import --wayback $address
same "and fetches what it has not" "2 operational major_outage operational" "$(asked 'GET./web/') $(levels ended)"
for step in "1 folder renamed" "2 transaction committed"; do
	name=$(echo "killed-$step" | tr ' ' -)
	listed '' "${three[@]}"
	(LAMPWATCH_KILL_AT_STEP=$step "$lampwatch" -c "$(into "$name")" import --wayback $address; true) > said 2>&1
	check "ended at \"$step\": it goes on" does 0 -c "$name.yaml" import --wayback $address
	same "with all of it, each fetched once" "3 operational major_outage operational" "$(asked 'GET./web/') $(levels "$name")"
	check "and it is whole" "$lampwatch" -c "$name.yaml" verify
done

# ---- when it is wrong ----
listed '' "$(capture 20140124190000 "$green")" "$(capture 20140124192000 "$red" '"served":"<html>an error page</html>"')" "$(capture 20140124195200 "$yellow")"
check "another body than was captured: 1, and it is left out" says 1 '^lampwatch: harbour: 2014-01-24T19:20:00Z is left out: what came is not what was captured: its SHA-1 is [A-Z2-7]{32}, and the list says [A-Z2-7]{32}$' -c "$(into wrong)" import --wayback $address
same "the rest is imported" "operational degraded" "$(levels wrong)"
listed '"faults":[{"path":"/web/20140124192000","body":"{\"page\":","cut":100}],' "${three[@]}"
check "a body that is cut short, whenever it is asked for: 1" says 1 '2014-01-24T19:20:00Z is left out: ' -c "$(into cut)" import --wayback $address
listed '"faults":[{"path":"/web/20140124192000","status":302,"location":"http://127.0.0.1:1/inside"}],' "${three[@]}"
check "no redirect is followed: 1" says 1 '2014-01-24T19:20:00Z is left out: the answer leads to another capture, or away \(HTTP 302\)$' -c "$(into redirect)" import --wayback $address
listed '"faults":[{"path":"/cdx","status":302,"location":"http://127.0.0.1:1/inside"}],' "${three[@]}"
check "nor of the list: 1" says 1 'leads to another capture, or away \(HTTP 302\)' -c "$(into listless)" import --wayback $address
listed '"faults":[{"path":"/cdx","body":"<html>Temporarily offline</html>","type":"text/html"}],' "${three[@]}"
check "an error page in place of the list: 1" says 1 '^lampwatch: harbour: http://127.0.0.1:[0-9]+: ' -c "$(into html)" import --wayback $address
listed '' "$(capture 20140124190000 "$green")" "$(capture 20140124192000 "$red" '"original":"http://127.0.0.1:1/inside"')" "$(capture 20140124192100 "$red" '"row":["yesterday","x","text/html","200","y"]')" "$(capture 20140124192200 "$red" '"row":{"a":1}')" "$(capture 20140230000000 "$red")"
check "rows that lead elsewhere or are nonsense: 1, and how many" says 1 '^lampwatch: harbour: 4 rows of the list of captures make no sense, and are left out$' -c "$(into rows)" import --wayback $address
same "nobody is asked for them" "1 operational" "$(asked 'GET./web/') $(levels rows)"
listed '"key":"org%2Cexample%29%2F+1",' "$(capture 20140124190000 "$green")"
check "a key that never ends: 1" says 1 'the list of captures does not end' -c "$(into endless)" import --wayback $address
same "soon" 2 "$(asked 'GET./cdx/')"
listed '' "$(capture 20140124192000 "$red")" "$(capture 20140124190000 "$green")"
check "a list that goes back: 1" says 1 'the list of captures goes back from 20140124192000 to 20140124190000' -c "$(into back)" import --wayback $address
listed '"key":"a&url=http://127.0.0.1/",' "$(capture 20140124190000 "$green")"
check "a key that would say more than a key: 1" says 1 'the resumption key makes no sense' -c "$(into key)" import --wayback $address
listed '"fields":["timestamp","digest"],' "${three[@]}"
check "a list without its fields: 1" says 1 'the list has no field "original"' -c "$(into fields)" import --wayback $address

finish
