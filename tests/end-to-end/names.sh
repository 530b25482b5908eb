#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Names and words that nothing has: a run says them once, to whoever reads what it prints and to the operator;
# `check` says them as long as they hold.
#
#   tests/end-to-end/names.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
serve_smtp relay
mkdir -p "$work/www/api/v2"
page() { statuspage_page "$work/www/api/v2/summary.json" "$@"; }
configure() { # PATTERN of the page, PATTERN of the subscriber
	cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@watch.example.org
operator: admin@example.org
every: 0s
confirm: {worse: 1, better: 1}
pages:
  - name: example
    url: http://127.0.0.1:$www_port/
    kind: statuspage
    indicators: [$1]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers:
  - {mail: ops@example.com, indicators: [$2]}
END
}
run() { "$lampwatch" -c "$work/lampwatch.yaml" run 2>&1 | grep -v 'runs as root'; }
check_words() { "$lampwatch" -c "$work/lampwatch.yaml" check 2>&1 | grep -v "is a name for examples"; }
operator() { local line count=0; while read -r line; do [[ $(decoded "$line") = "PLEASE LOOK"* ]] && count=$((count + 1)); done < <(subjects relay); echo "$count"; }

page none operational operational operational
configure "Mial, Chat" "Chat, Flies"
said=$(run)
check "a run says which pattern of a page fits nothing" grep -q 'example: "Mial" in "indicators" fits nothing.*did you mean "Mail"' <<< "$said"
check "and which of a subscriber does" grep -q 'ops@example.com: "Flies" in "indicators" fits nothing' <<< "$said"
same "but not those that fit" "" "$(grep '"Chat"' <<< "$said")"
same "the next run says nothing" "" "$(run)"
same "the operator gets one mail" 1 "$(operator)"
check "check says both, with their lines" grep -q 'lampwatch.yaml:10: .*Mial' <<< "$(check_words)"
check "also the subscriber's" grep -q 'lampwatch.yaml:13: .*Flies' <<< "$(check_words)"
configure "Mail, Chat" "Chat"
same "mended, they are said no more" "" "$(run; check_words)"
configure "Mail, Chat, Moil" "Chat"
check "another wrong name is news" grep -q '"Moil"' <<< "$(run)"
same "and one more mail" 2 "$(operator)"

configure "Mail, Chat" "Chat"
sed -i 's|^    indicators: \[Mail.*|&\n    depends_on: {Chat: example/Mail}|' "$work/lampwatch.yaml"
same "what an indicator depends on fits" "" "$(run)"
sed -i 's|example/Mail}|example/Moil}|' "$work/lampwatch.yaml"
check "and is said where it does not" grep -q 'example/Moil: "Moil" in "depends_on" fits nothing.*did you mean "Mail"' <<< "$(run)"
check "check says it, with its own line" grep -q 'lampwatch.yaml:11: .*Moil' <<< "$(check_words)"
sed -i 's|{Chat: example/Moil}|\n      Chad: example/Mail\n      Chat:\n        - example/Mail\n        - example/Moil|' "$work/lampwatch.yaml"
same "in a map over several lines, too: of what depends, and of what it depends on" "12 15" "$(check_words | sed -n 's/.*lampwatch.yaml:\([0-9]*\): .*depends_on.*/\1/p' | sort -n | paste -sd ' ')"

configure "Mail, Chat" "Chat"; run > /dev/null
page none operational odd_word operational
said=$(run)
check "a word in no table is said, with its row and the line that would map it" grep -q 'the word "odd_word" (Chat) is in no table of kind statuspage.*statuspage.yaml:[0-9]*' <<< "$said"
page none operational odd_word degraded_performance
same "once" "" "$(run)"
check "check says it" grep -q 'lampwatch.yaml:[0-9]*: .*odd_word' <<< "$(check_words)"
check "it is in the log" grep -q 'event finding.*odd_word' <<< "$("$lampwatch" -c "$work/lampwatch.yaml" log)"
same "the operator gets one mail about it" 4 "$(operator)"

page none operational operational operational; run > /dev/null
sed -i 's/"name":"Chat"/"name":"Talk"/' "$work/www/api/v2/summary.json"
check "a renamed component is said" grep -q '"Chat" in "indicators" goes on to mean what the page now calls "Talk"' <<< "$(run)"
page none operational major_outage operational
sed -i 's/"name":"Chat"/"name":"Talk"/' "$work/www/api/v2/summary.json"
same "its red is told to who asked for the former name, and nothing is said again" "" "$(run)"
check "and the mail names it" grep -q '^RED: Talk' <<< "$(subjects relay)"
check "check says the new name" grep -q 'now calls "Talk"' <<< "$(check_words)"
configure "Mail, Talk" "Talk"; run > /dev/null
same "until the configuration has it" "" "$(check_words | grep 'now calls')"

# Items of one feed with one guid.
mkdir "$work/www/feed"
feed() {
	cat <<END
<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>
<item><title>api - Operational</title><link>https://status.example.org#a</link><pubDate>Mon, 20 Oct 2025 17:07:32 +0000</pubDate><description>api is Operational</description><guid>same</guid></item>
<item><title>image - $1</title><link>https://status.example.org#b</link><pubDate>Mon, 20 Oct 2025 17:07:32 +0000</pubDate><description>image is $1</description><guid>same</guid></item>
</channel></rss>
END
}
feed Down > "$work/down.rss"
printf "levels: {operational: ['* - Operational'], major_outage: ['* - Down']}\n" > "$work/with.yaml"
same "an outage among items of one guid is not overwritten" "major_outage" \
	"$("$lampwatch" read --kind generic-feed --with "$work/with.yaml" "$work/down.rss" | sed -n 's/^page\t[^\t]*\t\([^\t]*\).*/\1/p')"
check "read -v says so" grep -q 'the id "same" is that of several incidents' <<< "$("$lampwatch" -v read --kind generic-feed --with "$work/with.yaml" "$work/down.rss" 2>&1)"
cat > "$work/feed.yaml" <<END
archive: feed
from: lampwatch@watch.example.org
operator: admin@example.org
every: 0s
pages:
  - {name: feed, url: "http://127.0.0.1:$www_port/feed.xml", kind: generic-feed, with: {levels: {operational: ['* - Operational'], major_outage: ['* - Down']}}}
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
END
before=$(operator)
feed Operational | put "$work/www/feed.xml"
said=$("$lampwatch" -c "$work/feed.yaml" run 2>&1)
check "a run says that an id is not unique" grep -q 'feed: the id "same" is that of several incidents' <<< "$said"
feed Down | put "$work/www/feed.xml"
same "once" "" "$("$lampwatch" -c "$work/feed.yaml" run 2>&1)"
same "the operator gets one mail about that too" 1 "$(($(operator) - before))"
check "check says it as well" grep -q 'feed.yaml:.*the id "same"' <<< "$("$lampwatch" -c "$work/feed.yaml" check 2>&1)"
finish
