#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# People who subscribe, confirm, change and leave by the forms of `lampwatch serve`, and those who would flood or
# forge them: what is sent goes through the spool into a run, and mails go out over SMTP.
#
#   tests/end-to-end/subscribe-form.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http one
serve_http two
mkdir -p "$work"/{one,two}/api/v2
serve_smtp relay
site_url=https://status.example.org/outages/ spool=$work/archive/.state/spool
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
operator: admin@example.org
mail_in: lampwatch@example.org
mail_in_allow: ["!*@refused.example"]
site_url: $site_url
subscribe: true
trusted_proxies: [127.0.0.1, "10.0.0.0/8"]
confirm: {worse: 1, better: 1, lost: 3}
every: 0s
flapping: off
pages:
  - {name: one, url: "http://127.0.0.1:$one_port/", kind: statuspage}
  - {name: two, url: "http://127.0.0.1:$two_port/", kind: statuspage}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
subscribers:
  - {mail: Named@example.com, pages: [t*], second: spare@example.net}
END
clock=2026-03-01T12:00:00Z
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$clock" "$@"; }
green() { statuspage_page "$work/$1/api/v2/summary.json" none operational operational; }
red() { statuspage_page "$work/$1/api/v2/summary.json" major major_outage operational; }
minute=0 hour=12 day=1
run() { minute=$((minute + 1)); printf -v clock '2026-03-%02dT%02d:%02d:00Z' "$day" "$((hour + minute / 60))" "$((minute % 60))"; lampwatch run 2>> "$work/run.errors"; }

newest() { grep -l "^X-Envelope-To: $1" $(mails relay) | tail -n 1; }
count_to() { grep -l "^X-Envelope-To: $1" $(mails relay) 2> /dev/null | wc -l; }
header() { sed -n "/^$1:/{s/^$1: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}" "$2"; }
body() { python3 -c 'import email, sys; print(email.message_from_binary_file(open(sys.argv[1], "rb")).get_payload(decode=True).decode())' "$1"; }
# link FORM ADDRESS: that stands in the newest mail to it, without site_url.
link() { body "$(newest "$2")" | sed -n "s|^$site_url\($1?[^ ]*\)\$|\1|p" | sed -n 1p; }
state() { lampwatch subscribers | sed -n "s/^$1  \([a-z]*\).*/\1/p"; }
spooled() { find "$spool" -type f | wc -l | tr -d ' '; }

same "without an archive there is nothing to serve" 3 "$(lampwatch serve --listen 127.0.0.1:0 > /dev/null 2>&1; echo $?)"
green one; green two; run
same "a run makes the spool, for its owner alone" 700 "$(stat -c %a "$spool")"
lampwatch serve --listen 127.0.0.1:0 > "$work/serve.out" 2> "$work/serve.errors" &
serve=$!
pids+=($serve)
await 5 test -s "$work/serve.out" || { echo "Bail out! lampwatch serve did not start"; cat "$work/serve.errors"; exit 1; }
url=$(cat "$work/serve.out")
ask() { curl -s --max-time 20 -H "Host: status.example.org" "$@"; }
status() { ask -o "$work/answer" -w '%{http_code}' "$@"; }
head_of() { local name=$1; shift; ask -D - -o /dev/null "$@" | tr -d '\r' | sed -n "s/^$name: //Ip"; }
client=0 # each request comes from somebody else, unless a test says otherwise
# post FORM [FIELD=VALUE…]: as a browser does; prints the status.
post() {
	local path=$1 fields=() field; shift
	for field in "$@"; do fields+=(--data-urlencode "$field"); done
	client=$((client + 1))
	status -H "X-Forwarded-For: ${from:-198.51.$((client / 250)).$((client % 250))}" ${fields[@]:+"${fields[@]}"} "${headers[@]}" "$url$path"
}
headers=(-H "Sec-Fetch-Site: same-origin")

for form in subscribe confirm manage unsubscribe; do
	same "/$form is there" 200 "$(status "$url$form")"
	same "/$form: nobody keeps it, learns of it, frames it or runs anything in it" \
		"no-store|no-referrer|default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" \
		"$(head_of Cache-Control "$url$form")|$(head_of Referrer-Policy "$url$form")|$(head_of Content-Security-Policy "$url$form")"
done
status "${url}manage?token=abc&page=two&on=red&floor=major_outage" > /dev/null
check "a link fills the form in" grep -q 'value="two" checked' "$work/answer"
check "with its floor" grep -q 'value="major_outage" checked' "$work/answer"
status "${url}manage?token=%22%3E%3Cscript%3E" > /dev/null
check "and nothing else gets into it" grep -q '&quot;&gt;&lt;script&gt;' "$work/answer"
same "GET changes nothing" 0 "$(spooled)"

same "subscribe" 200 "$(post subscribe mail=friend@example.com page=one on=red on=green on=update floor=partial_outage)"
cp "$work/answer" "$work/answer.new"
same "leaves one file" 1 "$(spooled)"
same "for nobody else" 640 "$(find "$spool" -type f -exec stat -c %a {} \; | head -n 1)"
run
same "which the run takes away" 0 "$(spooled)"
same "nothing is told before it is confirmed" asked "$(state friend@example.com)"
question=$(newest friend@example.com)
check "the question says what was asked for" grep -q "Told of: red, green, update" <(body "$question")
same "and is no answer to a mail" auto-generated "$(header Auto-Submitted "$question")"
confirm=$(link confirm friend@example.com)
check "and has a link" test -n "$confirm"
before=$(count_mails relay)
same "the same again" 200 "$(post subscribe mail=friend@example.com)"
run
same "sends no second question" "$before" "$(count_mails relay)"
same "to look at the link changes nothing" 200 "$(status "$url$confirm")"
run
same "indeed" asked "$(state friend@example.com)"
forged=${confirm%????}aaaa
same "a forged token is answered like any" "200 200" "$(post confirm "${forged#*\?}") $(cp "$work/answer" "$work/answer.forged"; post confirm "${confirm#*\?}")"
same "word for word" "" "$(diff "$work/answer.forged" "$work/answer")"
run
same "the right one subscribes" active "$(state friend@example.com)"
check "a welcome is sent" grep -q "now gets a mail when these" <(body "$(newest friend@example.com)")
before=$(count_mails relay)
post confirm "${confirm#*\?}" > /dev/null; run
same "a token is good once" "$before active" "$(count_mails relay) $(state friend@example.com)"
red two; run
same "a page that was not chosen is not told of" 2 "$(count_to friend@example.com)"
red one; run
alert=$(newest friend@example.com)
check "a page that was chosen is" grep -q "^Subject: .*RED" "$alert"
unsubscribe=$(header List-Unsubscribe "$alert")
check "the alert can be ended by mail, and by a POST" grep -qE "^<mailto:lampwatch\+u-[a-z2-7]{26}@example.org\?subject=unsubscribe>, <${site_url}unsubscribe\?token=[a-z2-7]{26}>$" <<< "$unsubscribe"
same "by one click" "List-Unsubscribe=One-Click" "$(header List-Unsubscribe-Post "$alert")"

same "who is subscribed" 200 "$(post subscribe mail=friend@example.com)"
same "and who is not get the same answer" "" "$(diff "$work/answer" "$work/answer.new")"
run
manage=$(link manage friend@example.com)
check "and who is gets links instead of a question" grep -q "&page=one&on=red&on=green&on=update" <<< "$manage"
same "the same link by the other form is not sent twice" "200 $(count_to friend@example.com)" "$(post manage mail=friend@example.com; run) $(count_to friend@example.com)"
status "$url$manage" > /dev/null
check "the link shows what is so now" grep -q 'value="one" checked' "$work/answer"
token=${manage#*token=}; token=${token%%&*}
same "a page that is none" 200 "$(post manage "token=$token" page=three)"
run
check "changes nothing" grep -q "one" <(lampwatch subscribers | grep -A 2 friend)
same "another choice" 200 "$(post manage "token=$token" page=two on=red floor=degraded)"
run
check "holds" grep -q "two" <(lampwatch subscribers | grep -A 2 friend)
before=$(count_mails relay)
post manage "token=$token" page=one > /dev/null; run
same "and the link is good once" "$before" "$(count_mails relay)"

click=${unsubscribe##*<$site_url}; click=${click%>}
headers=()
same "a provider's one click, as a browser's form" 200 "$(post "$click" List-Unsubscribe=One-Click)"
run
same "ends it" unsubscribed "$(state friend@example.com)"
check "and a farewell is sent" grep -q "gets no more alerts" <(body "$(newest friend@example.com)")
before=$(count_to friend@example.com)
same "again, as RFC 8058 would have it" 200 "$(status -F List-Unsubscribe=One-Click "$url$click")"
run; green two; run; red two; run
same "it stays so, without a word" "$before" "$(count_to friend@example.com)"
headers=(-H "Sec-Fetch-Site: same-origin")
finish
