#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The archive over HTTP: what is sent, as what, and what is never sent.
set -u
BUILD=${1:-${BUILD:?usage: serve.sh BUILD}}
. "$(dirname "$0")/../harness.sh"

serve_http www
mkdir -p "$work/www/api/v2"
archive=$work/archive
printf 'archive: %s\nfrom: lampwatch@watch.example.org\nevery: 0s\npages:\n  - {name: example, url: "http://127.0.0.1:%s/", kind: statuspage}\n' \
	"$archive" "$www_port" > "$work/lampwatch.yaml"
statuspage_page "$work/www/api/v2/summary.json" none operational operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-02T10:00:00Z -q run
printf 'outside' > "$work/outside"
ln -s "$work/outside" "$archive/link.html"
ln -s "$work" "$archive/folder-link"
ln -s .state "$archive/state-link"
mkfifo "$archive/pipe.html"
printf '<script>alert(1)</script>' > "$archive/example/2026/03/2026-03-02T100000Z/odd.html"
printf 0123456789 > "$archive/example/ten"

"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/serve.out" 2> "$work/serve.errors" &
pid=$!
pids+=($pid)
await 5 test -s "$work/serve.out" || { echo "Bail out! lampwatch serve did not start"; exit 1; }
url=$(cat "$work/serve.out")
ask() { curl -s --max-time 10 --path-as-is "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }
header() { local name=$1; shift; ask -D - -o /dev/null "$@" | tr -d '\r' | sed -n "s/^$name: //Ip"; }

check "the index is what lies on the disk" cmp "$archive/index.html" <(ask "$url")
check "a page's own as well" cmp "$archive/example/index.html" <(ask "${url}example/")
same "a folder without its stroke leads to the one with it" "301 example/" "$(status "${url}example") $(header Location "${url}example")"

while read -r path type; do
	same "$path has the type $type" "$type" "$(header Content-Type "$url$path")"
done <<-TYPES
	index.html text/html; charset=utf-8
	style.css text/css; charset=utf-8
	example/badge.svg image/svg+xml
	feed.xml application/atom+xml
	calendar.ics text/calendar; charset=utf-8
	index.json application/json
	example/chain text/plain; charset=utf-8
	example/2026/03/2026-03-02T100000Z/body text/plain
	example/2026/03/2026-03-02T100000Z/odd.html text/plain
TYPES
for path in index.html example/2026/03/2026-03-02T100000Z/body nothing; do
	same "$path: nosniff, no referrer" "nosniff no-referrer" "$(header X-Content-Type-Options "$url$path") $(header Referrer-Policy "$url$path")"
	check "$path: nothing in it may run, and nobody else may frame it" \
		grep -q "^default-src 'none';.*frame-ancestors 'self'" <<< "$(header Content-Security-Policy "$url$path")"
done
check "what status pages sent is sandboxed" grep -q sandbox <<< "$(header Content-Security-Policy "${url}example/2026/03/2026-03-02T100000Z/body")"

for path in .state/lampwatch.db .state/ example/../.state/lampwatch.db example/%2e%2e/.state/lampwatch.db %2e%2e/outside ../outside \
	/etc/passwd //index.html example//index.html ./index.html link.html folder-link/outside state-link/lampwatch.db pipe.html \
	example/2026/03/2026-03-02T100000Z/ example/. "index.html/" "index.html/x" nothing; do
	same "/$path is not to be had" 404 "$(status "$url$path")"
done

etag=$(header ETag "$url")
same "who has it already gets 304, without a body" "304 0" "$(ask -o /dev/null -w '%{http_code} %{size_download}' -H "If-None-Match: \"x\", W/$etag" "$url")"
same "another tag gets it" 200 "$(status -H 'If-None-Match: "x"' "$url")"
same "the tag wins over the date" 200 "$(status -H 'If-None-Match: "x"' -H "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT" "$url")"
same "a date will do" 304 "$(status -H "If-Modified-Since: $(header Last-Modified "$url")" "$url")"
same "a date before that gets it" 200 "$(status -H "If-Modified-Since: Fri, 01 Jan 2010 00:00:00 GMT" "$url")"

ten=${url}example/ten
same "a range" "206 bytes 2-4/10 234" "$(status -H 'Range: bytes=2-4' "$ten") $(header Content-Range -H 'Range: bytes=2-4' "$ten") $(ask -r 2-4 "$ten")"
same "from somewhere on" "789" "$(ask -r 7- "$ten")"
same "the last few" "89" "$(ask -r -2 "$ten")"
same "more than there is" "0123456789" "$(ask -r -200 "$ten")"
same "up to beyond the end" "9" "$(ask -r 9-100 "$ten")"
same "nothing of it is there" "416 bytes */10" "$(status -r 10-12 "$ten") $(header Content-Range -r 10-12 "$ten")"
same "what is no range is none" "200" "$(status -H 'Range: bytes=4-2' "$ten")"
same "several ranges get the whole" "200" "$(status -H 'Range: bytes=0-1,4-5' "$ten")"
same "a part of what is another file by now is of no use" "0123456789" "$(ask -r 2-4 -H 'If-Range: "x"' "$ten")"
same "HEAD has the length and no body" "10 0" "$(header Content-Length -I "$ten") $(ask -I -o /dev/null -w '%{size_download}' "$ten")"
same "only GET and HEAD" "405 GET, HEAD" "$(status -X POST -d x "$url") $(header Allow -X POST -d x "$url")"
same "a header that is too long is refused" 431 "$(status -H "X-Long: $(head -c 60000 /dev/zero | tr '\0' x)" "$url")"
same "one connection serves many requests" 1 "$(curl -sv --max-time 10 "$url" "${url}example/" "${url}style.css" 2>&1 > /dev/null | grep -c 'Connected to')"

kill -TERM "$pid"
wait "$pid"
same "SIGTERM ends it, with 0" 0 $?
same "it has said nothing on standard error" "" "$(cat "$work/serve.errors")"
same "what is no address is a mistake of usage" 2 "$("$lampwatch" -c "$work/lampwatch.yaml" serve --listen localhost:80 > /dev/null 2>&1; echo $?)"
rm -rf "$archive"
same "without an archive there is nothing to serve" 3 "$("$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > /dev/null 2>&1; echo $?)"
finish
