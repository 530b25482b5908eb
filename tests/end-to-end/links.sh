#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Every mail, post and feed entry leads to the page about its snapshot, where the archive is published; the
# page is there after the run; what is sent twice leads to the same; where there is no such page, nothing leads to it.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_http hook --posts "$work/posts"
serve_smtp relay
mkdir -p "$work/posts"
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$minute:00Z" "$@"; }
config() {
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:${1:-$relay_port}", tls: off}
		subscribers:
		  - {mail: ops@example.com}
		webhooks:
		  - {name: generic, url: "http://127.0.0.1:$hook_port/"}
	END
	shift
	printf '%s\n' "$@" >> lampwatch.yaml
}
# begin NAME KEY…: an archive of a green page.
begin() {
	local name=$1; shift
	mkdir -p "$work/$name"; cd "$work/$name" || exit 1
	export RUNTIME_DIRECTORY=$PWD/runtime
	mkdir -m 700 "$RUNTIME_DIRECTORY"
	rm -f "$work"/relay/*.eml "$work"/posts/*
	config "" "$@"
	green; at 00 run
}
# What a file links below the site: in the mail's text, in its HTML, in the post.
links() { python3 - "$@" <<-'END'
	import email, email.policy, re, sys
	for path in sys.argv[1:]:
	    mail = email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
	    for part in ("plain", "html"):
	        text = mail.get_body((part,)).get_content()
	        print(part, *sorted(set(re.findall(r"https://status\.example\.org[^\s\"<>]*", text))))
	END
}
posts() { cat "$work"/posts/* | sed '1,/^\r$/d' | python3 -c 'import json, sys; snapshot = json.load(sys.stdin)["data"]["snapshot"] or {}; print(snapshot.get("url", "none"))'; }
feed() { grep -o 'href="[^"]*"' "$1" | sort -u | paste -sd ' '; }
to() { grep -l "^To: $1" "$work"/relay/*.eml; }

begin published "site_url: https://status.example.org/outages/"
red; at 20 run
base=https://status.example.org/outages
proof=example/2014/01/2014-01-24T192000Z.html
same "a mail leads there, in its text and in its HTML" "plain $base/$proof html $base/$proof" "$(links $(to ops) | paste -sd ' ')"
same "so does a post" "$base/$proof" "$(posts)"
check "the page is there when the run is over" grep -q "major outage" "archive/$proof"
same "a feed's addresses are absolute, of the page" \
	"href=\"$base/example/2014/01/2014-01-24T190000Z.html\" href=\"$base/$proof\" href=\"$base/example/feed.xml\" href=\"$base/example/index.html\"" "$(feed archive/example/feed.xml)"
same "and of all" \
	"href=\"$base/$proof\" href=\"$base/feed.xml\" href=\"$base/index.html\"" "$(feed archive/feed.xml)"
# Each address of the feed is that of a file.
missing() { local address; for address in $(grep -o "$base[^\"]*" "$1"); do [ -e "archive/${address#"$base"/}" ] || echo "$address"; done; }
same "all of them are there" "" "$(missing archive/feed.xml)$(missing archive/example/feed.xml)"

begin twice "site_url: https://status.example.org"
config 1 "site_url: https://status.example.org"
red; at 20 run > /dev/null 2>&1
rm archive/.state/lampwatch.db*
check "a database is lost before its red went out, and made again" at 21 -q rebuild
config "" "site_url: https://status.example.org"
at 22 run
same "the message that is made again leads to the same page" "plain https://status.example.org/$proof html https://status.example.org/$proof" "$(links $(to ops) | paste -sd ' ')"

begin beside "site_url: https://status.example.org"
rm archive/.state/lampwatch.db*
red; at 20 run > /dev/null 2>&1
same "what could not be kept leads nowhere" "plain html" "$(links $(to ops) | paste -sd ' ')"
at 21 -q rebuild; at 22 run; green; at 23 run; at 24 run
same "what is kept again does" "plain https://status.example.org/example/2014/01/2014-01-24T192300Z.html" "$(links "$(to ops | tail -n 1)" | grep plain)"

echo good > "$work/www/health"
check="confirm: {worse: 1, better: 1}, checks: [{name: web, http: \"http://127.0.0.1:$www_port/health\"}]"
begin several "site_url: https://status.example.org" \
	"probes: [{name: one, publish: false, $check}, {name: two, publish: false, $check}, {name: three, publish: false, $check}]"
rm "$work/www/health"; at 20 run
found() { printf 'https://status.example.org/%s/2014/01/2014-01-24T192000Z.html\n' "$@" | sort; }
same "three probes at once are two messages" 2 "$(to ops | grep -c .)"
for part in plain html; do
	same "and lead to each of them, in $part" "$(found one two three)" "$(links $(to ops) | sed -n "s/^$part //p" | tr ' ' '\n' | sort)"
done
check "the pages are there, and say what is not published" grep -q "What the checks got is not published" archive/{one,two,three}/2014/01/2014-01-24T192000Z.html
same "so do the posts" "$(found one two three)" "$(for post in "$work"/posts/*; do sed '1,/^\r$/d' "$post"; done | python3 -c '
import json, sys
decoder, text = json.JSONDecoder(), sys.stdin.read().strip()
while text:
    body, end = decoder.raw_decode(text)
    text, data = text[end:].strip(), body["data"]
    for event in data["events"]:
        print((data["snapshot"] or {}).get("url") or event["page"]["snapshot_url"])' | sort)"

begin unwritten "site_url: https://status.example.org" "site: off"
red; at 20 run
same "without a site nothing leads there" "plain html none" "$(links $(to ops) | paste -sd ' ') $(posts)"

begin unpublished
red; at 20 run
same "nor where it is published nowhere" "plain html none" "$(links $(to ops) | paste -sd ' ') $(posts)"
same "and the feeds' addresses are relative" 'href="../example/2014/01/2014-01-24T190000Z.html" href="../example/2014/01/2014-01-24T192000Z.html" href="../example/index.html" href="feed.xml"' "$(feed archive/example/feed.xml)"
finish
