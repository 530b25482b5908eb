#!/bin/bash
# SPDX-License-Identifier: ISC
# The ledger of 24 January 2014: what the panel said and what the service did, minute by minute.
#
#   tests/end-to-end/ledger.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

# configure ARCHIVE NEED: facts of an indicator that is listed, and of one that is not.
configure() {
	cat > "$work/lampwatch.yaml" <<-END
	archive: $1
	timezone: UTC
	site: off
	pages:
	  - name: panel
	    url: https://status.example.com/
	    kind: statuspage
	    provider: example
	    every: 1m
	    confirm: {worse: 1, better: 1, lost: 3}
	    facts: {Mail: [mail/web, mail/imap]}
	    need: $2
	probes:
	  - name: mail
	    provider: example
	    every: 1m
	    checks:
	      - {name: web, http: "https://mail.example.com/", within: 5s}
	      - {name: imap, imap: "imaps://imap.example.com/"}
	END
}

# probe TIME WEB IMAP, panel TIME STATUS INCIDENTS: one capture each.
probe() {
	mkdir -p "$work/captures/mail"
	printf '{"probe":"mail","checks":[{"name":"web","state":"%s","word":"%s","attempts":[]},{"name":"imap","state":"%s","word":"%s","attempts":[]}]}' \
		"$2" "${2/good/}" "$3" "${3/good/}" > "$work/captures/mail/2014-01-24T${1}00Z"
}
panel() {
	mkdir -p "$work/captures/panel"
	INCIDENTS=$3 statuspage_page "$work/captures/panel/2014-01-24T${1}00Z" "${4:-none}" "$2" operational
}

# Every minute from 18:50 to 20:40: web fails from 19:02 to 19:52, imap from 19:04 to 19:50; the lamp is red
# from 19:20 to 20:23, and says that it began at 19:12. One failure at 18:55 is none: nobody confirms it.
incident='[{"id":"i1","name":"Mail is down","status":"investigating","impact":"major","shortlink":"https://example.com/i1","started_at":"2014-01-24T19:12:00Z","created_at":"2014-01-24T19:12:00Z","updated_at":"2014-01-24T19:20:00Z","components":[{"id":"component0","name":"Mail"}],"incident_updates":[]}]'
for ((minute = 18 * 60 + 50; minute <= 20 * 60 + 40; minute++)); do
	printf -v at '%02d%02d' $((minute / 60)) $((minute % 60))
	web=good imap=good
	[[ $at < 1902 || $at > 1951 ]] || web=failed
	[[ $at < 1904 || $at > 1949 ]] || imap=failed
	[ "$at" != 1855 ] || web=failed
	probe "$at" $web $imap
	if [[ $at < 1920 || $at > 2022 ]]; then panel "$at" operational '[]'; else panel "$at" major_outage "$incident" major; fi
done

lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" "$@"; }
report() { lampwatch --clock 2014-01-24T20:41:00Z report --lag "$@"; }
row() { report --csv "$@" | tr -d '\r' | sed 1d; }

configure archive any
check "captures of the panel and of the probe are played" lampwatch -q replay "$work/captures"
same "failed at 19:02, red 18 min later; back at 19:52, green 31 min later; said to begin at 19:12" \
	'"example","panel","component0","Mail",2014-01-24T19:02:00Z,2014-01-24T19:52:00Z,2014-01-24T19:20:00Z,2014-01-24T20:23:00Z,2014-01-24T19:12:00Z,known,1080,known,1860' "$(row)"
check "people read it" grep -Pzq 'Mail: 1 outage\n +lamp red after +18 min +18 min(.|\n)*lamp green after +31 min +31 min(.|\n)*lamp red 2014-01-24 19:20 UTC, 18 min later' <(report)
same "no line is wider than a terminal" "" "$(report | awk 'length > 80')"
same "JSON has the same" "1080 1860 1 0 2014-01-24T19:52:00Z" "$(report --json | python3 -c '
import json, sys
provider, = json.load(sys.stdin)["providers"]
mail, = provider["indicators"]
print(mail["incidents"][0]["began"]["seconds"], provider["figures"]["ended"]["worst"], mail["figures"]["count"],
      mail["figures"]["began"]["never"], mail["incidents"][0]["fact"]["end"])')"
report --html > "$work/ledger.html"
check "HTML is whole and loads nothing" python3 -c '
import sys
from html.parser import HTMLParser
text = open(sys.argv[1]).read()
class Check(HTMLParser):
	void = {"meta", "br"}
	stack = []
	def handle_starttag(self, tag, attributes):
		assert tag not in {"script", "img", "link"}, tag
		if tag not in self.void: self.stack.append(tag)
	def handle_endtag(self, tag):
		if tag not in self.void: assert self.stack.pop() == tag, tag
check = Check(); check.feed(text)
assert not check.stack and "18 min later" in text and "31 min later" in text and "{{" not in text' "$work/ledger.html"
same "an outage that the period touches is whole" 1 "$(row --since 2014-01-24T20:00 --until 2014-01-24T20:10 | wc -l)"
same "one outside of it is not there" "" "$(row --since 2014-01-24T20:30)"
same "a page without facts says so in one line" "none of these pages has facts: nothing shows how its service really is" "$(report mail)"
lampwatch --clock 2014-01-24T20:41:00Z report --lag nobody > /dev/null 2>&1; same "a page that is not there: 2" 2 $?


# The folders have it all.
before=$(row)
rm "$work"/archive/.state/lampwatch.db*
lampwatch --clock 2014-01-24T20:41:00Z -q rebuild
same "after rebuild the ledger says the same" "$before" "$(row)"

configure both all
lampwatch -q replay "$work/captures"
same "where all checks must fail, it failed from 19:04 to 19:50" "2014-01-24T19:04:00Z,2014-01-24T19:50:00Z" "$(row | cut -d , -f 5-6)"

# The page is never read between 19:10 and 19:30: nobody saw its lamp turn.
configure gap any
rm "$work"/captures/panel/2014-01-24T191[1-9]00Z "$work"/captures/panel/2014-01-24T192?00Z
lampwatch -q replay "$work/captures"
same "a lamp that nobody saw turn has no lag" "unknown,,known,1860" "$(row | cut -d , -f 10-)"

configure never any
for file in "$work"/captures/panel/*; do cp "$work/captures/panel/2014-01-24T185000Z" "$file.part"; mv "$file.part" "$file"; done
for at in 1911 1912 1913 1914 1915 1916 1917 1918 1919 1920 1921 1922 1923 1924 1925 1926 1927 1928 1929; do panel $at operational '[]'; done
lampwatch -q replay "$work/captures"
same "a page that never says so: not before an hour has passed" "not yet,,none," "$(row | cut -d , -f 10-)"
for ((minute = 41; minute <= 59; minute++)); do panel "20$minute" operational '[]'; probe "20$minute" good good; done
configure later any
lampwatch -q replay "$work/captures"
same "then it has never" "never,,none," "$(lampwatch --clock 2014-01-24T21:00:00Z report --lag --csv | tr -d '\r' | sed 1d | cut -d , -f 10-)"

sed -i '/facts:/d; /need:/d' "$work/lampwatch.yaml"
same "an archive without facts says so in one line" "no page has facts: nothing here shows how a service really is" "$(report)"
finish
