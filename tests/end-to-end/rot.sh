#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Pages change shape: one that stops fitting its kind, one that loses half of its indicators and one
# that redirects to another host are announced to the operator once; meanwhile nothing turns green.
set -u
. "$(dirname "$0")/../harness.sh"
unsanitized

own() {
	local name separator=""
	{ printf '{"old":['; for name in "$@"; do printf '%s{"name":"%s","state":"%s"}' "$separator" "${name%=*}" "${name#*=}"; separator=,; done; printf ']}'; } | put "$work/web/page"
}
config() {
	cat > "$work/lampwatch.yaml" <<YAML
from: lampwatch@watch.example.org
operator: admin@example.org
archive: $1
kinds: kinds
every: 0s
pages: [{name: own, url: "http://127.0.0.1:$web_port/page", kind: own}]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: ops@example.com}]
YAML
}
minute=0
run() { minute=$((minute + 1)); "$lampwatch" -c "$work/lampwatch.yaml" --clock "2014-01-24T19:$(printf %02d $minute):00Z" run "$@" 2>> "$work/complaints"; }
runs() { local i; for ((i = 0; i < $1; i++)); do run; done; }
begin() { config "$1"; rm -rf "$work/relay"; mkdir "$work/relay"; : > "$work/complaints"; }
mail_text() { local f; for f in $(mails relay); do tr -d '\r' < "$f" | sed ':a;/=$/{N;s/=\n//;ba}'; done; }
told() { mail_text | tr '\n' ' ' | tr -s ' ' | grep -qF "$1"; }

mkdir "$work/kinds"
printf "about: a page\nrequire: /json/old\nindicators: {each: /json/old/item, name: name, word: state}\nlevels: {operational: [up], major_outage: [down]}\n" > "$work/kinds/own.yaml"
serve_http web
serve_http other --address 127.0.0.2
serve_smtp relay

begin unfit
own Mail=up Chat=down
run
statuspage_page "$work/web/page" none operational operational
runs 5
same "a page that stops fitting its kind is announced once" 1 "$(count_mails relay)"
check "with what was expected" told "require: the page is not as expected (JSON): /json/old"
check "the other kind that would read it is named" told "kind statuspage would read it"

printf "about: the page's other address\nafter: own\nlacks: names\nrequire: /json/new\n" > "$work/kinds/next.yaml"
begin gone
own Mail=up Chat=down
run
echo "status=404" > "$work/web/page.fault"
runs 5
same "a page that is not there any more is announced once" 1 "$(count_mails relay)"
check "the next kind of its family is named" told "HTTP 404 Not Found; kind next reads pages of the same family"
rm "$work/web/page.fault" "$work/kinds/next.yaml"

begin half
own Mail=up Chat=up Files=up Search=up
run
own Mail=down Chat=up Files=up Search=up
run
same "a red is told" 1 "$(count_mails relay)"
own Files=up Search=up
runs 2
same "half of the indicators gone: nothing turns green, nothing is told at first" 1 "$(count_mails relay)"
runs 3
same "the operator is told once" 2 "$(count_mails relay)"
check "with what was expected and found" told "of 4 indicators that were expected, 2 are no longer listed"
same "one line on standard error says so, when it begins" 1 "$(grep -c "^lampwatch: own:" "$work/complaints")"
check "the archive is whole" "$lampwatch" -c "$work/lampwatch.yaml" verify
run own
check "who runs the page by name takes it as it is" grep -q 'gone.*Mail' <("$lampwatch" -c "$work/lampwatch.yaml" log)
run
same "and the next run has nothing to complain of" 0 $?

begin moved
own Mail=up Chat=down
run
cp "$work/web/page" "$work/other/page"
printf 'redirect=http://127.0.0.2:%s/page' "$other_port" > "$work/web/page.fault"
sed -i 's/down/up/' "$work/other/page"
runs 5
same "a page that redirects to another host is announced once" 1 "$(count_mails relay)"
check "with both hosts" told "redirects to another host: 127.0.0.2, where 127.0.0.1 was expected"
rm "$work/web/page.fault"
run
same "back where it was, the operator is told that too" 2 "$(count_mails relay)"

begin moved-as-it-was
run
cp "$work/web/page" "$work/other/page"
printf 'redirect=http://127.0.0.2:%s/page' "$other_port" > "$work/web/page.fault"
runs 5
same "also where the same page stands there" 1 "$(count_mails relay)"

begin first-sight
printf 'redirect=http://127.0.0.2:%s/page' "$other_port" > "$work/web/page.fault"
runs 5
same "a redirect that is there at first sight is normal" 0 "$(count_mails relay)"
finish
