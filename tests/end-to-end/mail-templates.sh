#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# mail_templates: a file of one's own takes the place of ours, one by one. One that is broken loses no mail:
# runs go on with the last that were good, and the operator hears of it.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_smtp relay
mkdir -p "$work/own"
cd "$work" || exit 1
export STATE_DIRECTORY=$work/state RUNTIME_DIRECTORY=$work/runtime
mkdir -m 700 state
cat > lampwatch.yaml <<END
archive: archive
from: lampwatch@example.org
operator: admin@example.org
every: 0s
mail_templates: own
pages: [{name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: ops@example.com}]
END
run() { output=$("$lampwatch" --clock "2014-01-24T19:$1:00Z" run 2> error); status=$?; output+=$(grep -v 'runs as root' error); }
to() { local f; for f in $(grep -l "^To: $1" relay/*.eml | sort); do sed -n 's/\r$//; s/^Subject: //p' "$f"; done | paste -sd '|'; }
text() { tr -d '\r' < "$1" | sed -e '1,/^$/d' -e ':a;/=$/{N;s/=\n//;ba}'; }

echo '{{#first}}{{#is_red}}Ouch{{/is_red}}{{^is_red}}Ah{{/is_red}}: {{label}}{{/first}}' > own/subject.txt
printf '\nKept as %s\n' '{{snapshot.path}}' > own/evidence.txt
green; run 00
same "a folder of one's own is taken quietly" "0:" "$status:$output"
red; run 20
same "its subject is the mail's" "Ouch: Mail" "$(to ops)"
mail=$(grep -l '^To: ops' relay/*.eml)
check "its part stands in the text" grep -q "^Kept as example/2014/01/2014-01-24T192000Z$" <(text "$mail")
check "all else is ours" grep -q "^  The page says:  major outage (before: operational)$" <(text "$mail")

# An editor leaves it half written.
echo '{{#first}}Oh{{#is_red}}' > own/subject.txt
green; run 21
same "a broken one is said with its line, by an exit status of 2" "2 1" "$status $(grep -c 'own/subject.txt:1: ' <<< "$output")"
check "check says the same" grep -q 'own/subject.txt:1: ' <("$lampwatch" check 2>&1)
run 22
same "once" "2:" "$status:$output"
same "its mails are made by the last good ones" "Ouch: Mail|Ah: Mail" "$(to ops)"
same "the operator hears of it once, by them" "1" "$(grep -l '^Subject: Ah: lampwatch.yaml' relay/*.eml | wc -l)"
check "and which file it is" grep -q 'own/subject.txt:1: ' <(text "$(grep -l '^Subject: Ah: lampwatch.yaml' relay/*.eml)" | tr -s ' \n' ' ')

rm own/subject.txt; mkfifo own/subject.txt
run 22
same "a pipe makes nobody wait" "2 1" "$status $(timeout 10 "$lampwatch" check 2>&1 | grep -c 'own/subject.txt: .*a pipe or a device is in the place of a file')"
rm own/subject.txt
echo '{{>event}}' > own/event.txt
check "check finds parts that name each other without end" grep -q 'partial event: .*nested deeper' <("$lampwatch" check 2>&1)
rm own/event.txt
echo '{{#first}}Mended: {{label}}{{/first}}' > own/subject.txt
red; run 23
same "mended it is in force again" "0 Ouch: Mail|Ah: Mail|Mended: Mail" "$status $(to ops)"
green; run 24; run 25
rm -r state; mkdir -m 700 state
echo '{{>none}}' > own/subject.txt; red; run 26
same "where no good one is known, the run says so" "2 1" "$status $(grep -c 'none.txt' <<< "$output")"
echo '{{#first}}Late: {{label}}{{/first}}' > own/subject.txt; run 27
same "and the next good one tells what happened" "Late: Mail" "$(to ops | sed 's/.*|//')"
finish
