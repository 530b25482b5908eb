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
  - {mail: Named@example.com, pages: [t*], second: spare@example.net, on: [red, green, -incident, -early], quiet: {from: "03:00", to: "04:00"}}
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
body() { python3 -c 'import email, sys; print(email.message_from_binary_file(open(sys.argv[1], "rb")).get_payload(decode=True).decode())' "$1" 2> /dev/null; }
# link FORM ADDRESS: that stands in the newest mail to it, without site_url.
link() { body "$(newest "$2")" | sed -n "s|^$site_url\($1?[^ ]*\)\$|\1|p" | sed -n 1p; }
state() { lampwatch subscribers | sed -n "s/^$1  \([a-z]*\).*/\1/p"; }
spooled() { find "$spool" -type f | wc -l | tr -d ' '; }

same "without an archive there is nothing to serve" 3 "$(lampwatch serve --listen 127.0.0.1:0 > /dev/null 2>&1; echo $?)"
green one; green two; run
same "a run makes the spool, for its owner alone" 700 "$(stat -c %a "$spool")"
"$lampwatch" -c "$work/lampwatch.yaml" --clock "$clock" serve --listen 127.0.0.1:0 > "$work/serve.out" 2> "$work/serve.errors" &
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
cp -p "$spool"/* "$work/request"
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
cp -p "$work/request" "$spool/0001"
run
same "what a crash left there to be done again does nothing" "$before" "$(count_mails relay)"
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
both() { python3 -c 'import email, sys; [print(part.get_payload(decode=True).decode()) for part in email.message_from_binary_file(open(sys.argv[1], "rb")).get_payload()]' "$1"; }
link_of_alert=${unsubscribe##*<}; link_of_alert=${link_of_alert%>}
same "and its text and its HTML have that link" "1 1" "$(both "$alert" | grep -cxF "           $link_of_alert") $(both "$alert" | grep -cF "<a href=\"$link_of_alert\">")"

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

# ---- what is refused ----
same "what is too long" 413 "$(status -d "mail=$(head -c 17000 /dev/zero | tr '\0' x)" "${url}subscribe")"
head -c 17000 /dev/zero | tr '\0' x > "$work/long"
same "and says no length" 000 "$(status -H "Transfer-Encoding: chunked" --data-binary "@$work/long" "${url}subscribe")"
# raw LINE…: one request with these header lines and that body; the status, and how many answers came.
raw() { python3 - "$url" "$@" <<'PYTHON'
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1].rstrip("/").rsplit(":", 1)[1])), 20)
connection.settimeout(5)
connection.sendall(("\r\n".join(sys.argv[2:]) + "\r\n\r\nmail=a@example.comGET /confirm HTTP/1.1\r\nHost: status.example.org\r\n\r\n").encode())
answer = b""
try:
    while piece := connection.recv(65536):
        answer += piece
    print(answer[9:12].decode(), answer.count(b"HTTP/1.1 "))
except TimeoutError:
    print(answer[9:12].decode(), answer.count(b"HTTP/1.1 "), "open")
PYTHON
}
type="Content-Type: application/x-www-form-urlencoded" host="Host: status.example.org"
for lines in "Content-Length: 18|Content-Length: 5" "Content-Length: 18|Content-Length: 18" "Content-Length: 18|Transfer-Encoding: chunked" "Content-Length: 18|Host: evil.example"; do
	same "what can be taken for two requests: $lines" "400 1" "$(raw "POST /subscribe HTTP/1.1" "$host" "$type" "${lines%|*}" "${lines#*|}")"
done
same "and two hosts of a GET" "400 1" "$(raw "GET /index.html HTTP/1.1" "$host" "$host")"
same "another type of content" 415 "$(status -H "Content-Type: application/json" -d '{"mail": "a@example.com"}' "${url}subscribe")"
same "and as a file" 415 "$(status -F mail=a@example.com "${url}subscribe")"
same "another site's form" "403 403" "$(status -H "Sec-Fetch-Site: cross-site" -d mail=a@example.com "${url}subscribe") $(status -H "Sec-Fetch-Site: same-site" -d mail=a@example.com "${url}subscribe")"
same "not even for links, by which one leaves" 403 "$(status -H "Sec-Fetch-Site: cross-site" -d mail=named@example.com "${url}unsubscribe")"
same "for another host" 421 "$(curl -s --max-time 20 -o /dev/null -w '%{http_code}' -H "Host: evil.example" -d mail=a@example.com "${url}subscribe")"
same "to what is no form" "405 GET, HEAD" "$(status -d mail=a@example.com "${url}index.html") $(head_of Allow -d mail=a@example.com "${url}index.html")"
same "by another method" "405 GET, HEAD, POST" "$(status -X PUT -d mail=a@example.com "${url}subscribe") $(head_of Allow -X PUT -d mail=a@example.com "${url}subscribe")"
for fields in "" "mail=nobody" "mail=a@example.com page=../x" "mail=a@example.com on=read" "token=$(head -c 65 /dev/zero | tr '\0' a)" $'mail=a@example.com\nBcc:b@example.com'; do
	# shellcheck disable=SC2086
	same "what is none: $(head -n 1 <<< "${fields:-nothing}")" 422 "$(IFS=' '; post subscribe x= $fields)"
done
post subscribe 'mail="><b>@example.com' page=two > /dev/null
check "what was typed stays, as text" grep -q 'value="&quot;&gt;&lt;b&gt;@example.com"' "$work/answer"
same "no box ticked is an answer of its own, whoever asks" "422 422 1 1" \
	"$(post subscribe mail=a@example.com boxes=on) $(cp "$work/answer" "$work/answer.none"; post manage token=abc boxes=on page=one) $(grep -c "tick at least one" "$work/answer.none") $(grep -c "tick at least one" "$work/answer")"
same "in which none is ticked" 0 "$(grep -c 'name="on".* checked' "$work/answer")"
check "and the page that was is" grep -q 'value="one" checked' "$work/answer"
same "none of it is in the spool" 0 "$(spooled)"
same "20 in a day from one client, however it spells its address" "20 200, 1 429, " \
	"$(for ((i = 0; i < 21; i++)); do from="2001:db8:1:2::$i" post subscribe mail=flood@example.com; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
same "and whatever it says of itself" "20 200, 1 429, " \
	"$(for ((i = 0; i < 21; i++)); do status --interface 127.0.0.2 -H "X-Forwarded-For: 192.0.2.$i" -d mail=flood@example.com "${url}subscribe"; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
same "a client behind two of ours is one" "20 200, 1 429, " \
	"$(for ((i = 0; i < 21; i++)); do from="192.0.2.$i, 203.0.113.7, 10.0.0.$i" post subscribe mail=flood@example.com; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
same "who had too many can still leave" 200 "$(from=203.0.113.7 post "$click")"
run
same "60 forms for one mailbox are one mail" 1 "$(count_to flood@example.com)"
same "who may not subscribe is answered alike" 200 "$(post subscribe mail=one@refused.example)"
run
same "and gets no mail" 0 "$(count_to one@refused.example)"
same "nor does a stranger who asks for links" "200 200 0" "$(post manage mail=stranger@example.com) $(post unsubscribe mail=stranger@example.com; run) $(count_to stranger@example.com)"

# ---- who is in the configuration, who left, and who is late ----
post unsubscribe mail=named@example.com > /dev/null; run
manage=$(link manage named@example.com)
check "who is in the configuration gets links, with what is so now" grep -q "&page=two&on=red" <<< "$manage"
token=${manage#*token=}; token=${token%%&*}
post manage "token=$token" page=one > /dev/null; run
same "may choose anew, and keeps the second address" "spare@example.net one" \
	"$(lampwatch --json subscribers | python3 -c 'import json, sys; [print(s["second"], *s["pages"]) for s in json.load(sys.stdin)["subscribers"] if s["mail"].lower() == "named@example.com"]')"
check "and what no form asks" grep -q -- "-incident, -early of one" <(lampwatch subscribers | grep -A 2 named@example.com)
post subscribe mail=slow@example.com page=one > /dev/null; run
late=$(link confirm slow@example.com)
day=3; run
post confirm "${late#*\?}" > /dev/null; run
same "48 hours later it is too late" "" "$(state slow@example.com)"
check "and a mail says so" grep -q "no longer counts" <(body "$(newest slow@example.com)")
green one; run
day=4 hour=3 before=$(count_to named@example.com); red one; run
same "the quiet hours of the file hold" 0 "$(($(count_to named@example.com) - before))"
hour=12; run
same "and end" 1 "$(($(count_to named@example.com) - before))"
post subscribe mail=friend@example.com page=one > /dev/null; run
same "who has left is asked before anything" unsubscribed "$(state friend@example.com | head -n 1)"
confirm=$(link confirm friend@example.com)
post manage "${confirm#*\?}" page=two > /dev/null; run
check "the first link can also choose anew" grep -q two <(lampwatch subscribers | grep -A 2 "friend@example.com  active")

# ---- the spool ----
echo secret > "$work/outside"
ln -s "$work/outside" "$spool/0-link"
ln -s ../secret "$spool/1-link"
mkfifo "$spool/2-pipe"
mkdir -p "$spool/3-folder/below"
head -c 20000 /dev/zero > "$spool/4-large"
printf 'subscribe?mail=\000' > "$spool/5-nul"
printf 'subscribe?mail=a@example.com\nBcc: b@example.com' > "$spool/6-lines"
printf 'subscribe?mail=last@example.com' > "$spool/7-good"
: > "$spool/8-empty"
touch -d '1 hour ago' "$spool/.9-begun.new"
: > "$work/run.errors"
run
same "what lies there and is no request is removed" "" "$(ls -A "$spool")"
same "without a word" "" "$(cat "$work/run.errors")"
same "what it led to stays" secret "$(cat "$work/outside")"
check "and so does our own" test -s "$work/archive/.state/secret"
same "what came after it is done" 1 "$(count_to last@example.com)"

printf 'subscribe?mail=kept@example.com' > "$spool/0-denied"
: > "$work/run.errors"
failing "open 5 1 9 spool/0-denied" run
same "what this machine cannot read stays, and a line says so" "1 1" "$(ls "$spool" | wc -l) $(grep -c "0-denied: cannot be opened" "$work/run.errors")"
run
same "and is done when it can" "0 1" "$(ls "$spool" | wc -l) $(count_to kept@example.com)"

same "50 of one client's wait at a time" "50 200, 10 503, " \
	"$(for ((i = 0; i < 60; i++)); do from=203.0.113.50 post confirm token=abc; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
same "and its neighbour's" 200 "$(from=203.0.113.51 post confirm token=abc)"
same "which are 200 together" "149 200, 1 503, " \
	"$(for ((i = 0; i < 150; i++)); do from=203.0.113.$((52 + i / 40)) post confirm token=abc; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
same "others are taken" "200 201" "$(from=203.0.114.1 post confirm token=abc) $(spooled)"
run; run
same "and all are when a run has been" "200 1" "$(from=203.0.113.50 post confirm token=abc) $(spooled)"
run

for ((i = 100; i < 600; i++)); do : > "$spool/$i"; done
same "where much lies there, nobody is asked" "503 60" "$(post subscribe mail=full@example.com) $(head_of Retry-After -d mail=full@example.com "${url}subscribe")"
same "but may leave" 200 "$(post "$click" List-Unsubscribe=One-Click)"
for ((i = 600; i < 1100; i++)); do : > "$spool/$i"; done
same "until it is full" 503 "$(post "$click" List-Unsubscribe=One-Click)"
same "which is 1000 files" 1001 "$(ls "$spool" | wc -l)"
before=$(grep -l "^X-Envelope-To: admin" $(mails relay) | wc -l)
run
same "a run takes some of it" 801 "$(ls "$spool" | wc -l)"
run; run; run; run; run
same "and others the rest" 0 "$(ls "$spool" | wc -l)"
same "the operator hears once" 1 "$(($(count_to admin@example.org) - before))"
check "that nobody is heard" grep -q "not even who" <(both "$(newest admin@example.org)")
check "what it is about" grep -q "FORMS of lampwatch serve are refused" <(decoded "$(header Subject "$(newest admin@example.org)")")

# ---- more pages than a link has room for by their names ----
{
	sed '/^pages:/,$d; s/^archive: .*/archive: many/' "$work/lampwatch.yaml"
	sed -n '/^routes:/,/^subscribers:/p' "$work/lampwatch.yaml"
	echo "  - {mail: many@example.com, pages: [page-1*, page-2*], on: [red]}"
	echo "pages:"
	for ((i = 1; i <= 200; i++)); do echo "  - {name: page-$i, url: \"http://127.0.0.1:$one_port/\", kind: statuspage}"; done
} > "$work/many.yaml"
many() { "$lampwatch" -c "$work/many.yaml" --clock "$clock" "$@"; }
# serve_many: its address.
serve_many() { : > "$work/many.out"; "$lampwatch" -c "$work/many.yaml" serve --listen 127.0.0.1:0 > "$work/many.out" 2> "$work/many.errors" & served=$!; pids+=("$served"); await 5 test -s "$work/many.out"; cat "$work/many.out" > "$work/many.url"; }
many run 2> "$work/many.said"
serve_many
same "who has 123 pages asks for the links" 200 "$(status -d mail=many@example.com "$(cat "$work/many.url")manage")"
many run
manage=$(link manage many@example.com)
check "which are short" test ${#manage} -gt 80 -a ${#manage} -lt 200
same "and tick the 123" "200 123 77" "$(status "$(cat "$work/many.url")$manage") $(grep -c 'name="page".* checked' "$work/answer") $(grep -c 'name="page" value="[^"]*">' "$work/answer")"
token=${manage#*token=}; token=${token%%&*}
fields=(-d "token=$token" -d boxes=on -d on=red)
for ((i = 2; i <= 200; i++)); do fields+=(-d "page=page-$i"); done
same "another choice, of 199" "200 199" "$(status "${fields[@]}" "$(cat "$work/many.url")manage"; many run) $(many --json subscribers | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["subscribers"][0]["pages"]))')"
kill "$served"
sed -i 's/page-200,/page-other,/' "$work/many.yaml"
serve_many
same "a link that was made for other pages says so" "200 1 0" "$(status "$(cat "$work/many.url")$manage") $(grep -c "pages that are watched have changed" "$work/answer") $(grep -c 'name="page".* checked' "$work/answer")"

# ---- floods ----
resident() { sed -n 's/^VmRSS:[ \t]*\([0-9]*\).*/\1/p' "/proc/$serve/status"; }
before=$(resident)
check "3,000 forms, 200 slow senders and 200 who send nothing cost no memory" python3 - "$url" "$before" "/proc/$serve/status" <<'PYTHON'
import http.client, re, socket, sys
host = sys.argv[1].split("/")[2]
connection = http.client.HTTPConnection(host, timeout=20)
for number in range(3000):
    address = f"203.{number // 65536}.{number // 256 % 256}.{number % 256}"
    connection.request("POST", "/subscribe", "mail=" + "x" * 8000, {
        "Host": "status.example.org", "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address})
    connection.getresponse().read()
name, port = host.split(":")
slow = []
for number in range(400):
    one = socket.create_connection((name, int(port)))
    if number % 2:
        one.sendall(b"POST /subscribe HTTP/1.1\r\nHost: status.example.org\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000\r\n\r\nmail=")
    slow.append(one)
rss = int(re.search(r"VmRSS:\s*(\d+)", open(sys.argv[3]).read()).group(1))
grown = rss - int(sys.argv[2])
print(f"{grown} kB more")
sys.exit(grown > 20000)
PYTHON
same "and others are still served" 200 "$(await 5 test "$(status "${url}subscribe")" = 200; status "${url}subscribe")"
port=${url##*:}
exec 4<> "/dev/tcp/127.0.0.1/${port%/}"
printf 'POST /subscribe HTTP/1.1\r\nHost: status.example.org\r\nContent-Length: 10\r\n\r\nmail=' >&4
begun=$SECONDS
timeout 40 cat <&4 > /dev/null
exec 4>&-
check "a sender who stops is left after 20 seconds" test $((SECONDS - begun)) -ge 15 -a $((SECONDS - begun)) -le 30
same "serve was refused nothing and has said nothing" "" "$(cat "$work/serve.errors")"

# ---- without any of it ----
sed 's/^subscribe: true/subscribe: false/; /^trusted_proxies/d' "$work/lampwatch.yaml" > "$work/off.yaml"
"$lampwatch" -c "$work/off.yaml" serve --listen 127.0.0.1:0 > "$work/off.out" 2> "$work/off.errors" &
pids+=($!)
await 5 test -s "$work/off.out"
off=$(cat "$work/off.out")
same "where nobody may subscribe there are no forms" "404 405" "$(status "${off}subscribe") $(status -d mail=a@example.com "${off}subscribe")"
# What setfacl writes (acl(5)), as lampwatch(1) has it: acl PATH access|default OWNER:MODE USER:MODE…
acl() {
	python3 - "$@" <<-'PYTHON'
	import os, struct, sys
	path, kind, owner, *users = sys.argv[1:]
	mode = lambda text: sum(bit for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if letter in text)
	named = sorted((int(user.split(":")[0]), mode(user.split(":")[1])) for user in users)
	mask = 0
	for _, bits in named:
	    mask |= bits
	entries = [(1, mode(owner), -1)] + [(2, bits, user) for user, bits in named] + [(4, 0, -1), (16, mask, -1), (32, 0, -1)]
	os.setxattr(path, f"system.posix_acl_{kind}", struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries))
	PYTHON
}
as_user() { setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }
if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null || ! { mkdir "$work/probe" && acl "$work/probe" access rwx 65534:x 2> /dev/null; }; then
	skip "another user takes forms" "only root may become one, where there are lists of access"
	skip "and only the archive's owner reads them" "the same"
else
	chmod 711 "$work"
	acl "$work/archive/.state" access rwx 65533:x 65534:x
	chown 65533 "$spool"
	acl "$spool" access rwx 65534:rwx
	acl "$spool" default rw 65533:rw
	setpriv --reuid=65534 --regid=65534 --clear-groups "$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/other.out" 2> "$work/other.errors" &
	pids+=($!)
	await 5 test -s "$work/other.out"
	same "another user takes forms" "200 1" "$(status -d mail=a@example.com "$(cat "$work/other.out")subscribe") $(spooled)"
	same "and only the archive's owner reads them" "subscribe?&mail=a@example.com 1 1" \
		"$(as_user 65533 sh -c 'cat "$1"/*' - "$spool") $(as_user 65532 ls "$spool" > /dev/null 2>&1 || echo 1) $(as_user 65534 cat "$work/archive/.state/secret" > /dev/null 2>&1 || echo 1)"
	cat "$work/other.errors"
	chown 0 "$spool"
	run
fi
mv "$spool" "$work/spool"
lampwatch serve --listen 127.0.0.1:0 > /dev/null 2> "$work/said"
same "without a spool serve does not begin" "3 1" "$? $(grep -c "spool: cannot be written to; a run makes it" "$work/said")"
mv "$work/spool" "$spool"
sed -i 's|^site_url: .*|site_url: http://status.example.org/|' "$work/lampwatch.yaml"
green one; run; red one; run
same "without https mails have no link for one click" "0 0" "$(grep -c '^List-Unsubscribe-Post' "$(newest named@example.com)") $(header List-Unsubscribe "$(newest named@example.com)" | grep -c http)"
sed -i "s|^site_url: .*|site_url: $site_url|" "$work/lampwatch.yaml"
same "no address and no token stands in the log or on standard error" "" \
	"$( { lampwatch log; lampwatch status; cat "$work/run.errors" "$work/serve.errors"; } | grep -E 'friend@|named@|token=' | head -n 3)"

# ---- a person in Chromium, through nginx ----
persons=("a person subscribes in Chromium, through nginx" "looks at each form: axe-core finds nothing, narrow and wide, light and dark" "confirms, gets an alert"
	"changes it" "and leaves by one click, which is nginx's POST to us" "by the page" "what is wrong is said, and what was typed stays" "and so is that no box is ticked" "the client is who nginx says it is")
skip_persons() { local name; for name in "${persons[@]}"; do skip "$name" "$1"; done; finish; exit; }
[ "${LAMPWATCH_PEERS:-}" = 1 ] || skip_persons "needs --peers"
PATH=$PATH:/usr/sbin
chromium=$(command -v chromium || command -v chromium-browser)
for program in "$chromium" nginx node npm; do command -v "$program" > /dev/null || skip_persons "needs nginx, Chromium, node, npm"; done
npm_packages "$root/tests/site"

port=$(free_port) nginx=$work/nginx
mkdir -p "$nginx"/{logs,temporary}
chmod 711 "$work" # its workers are another user where we are root
[ "$(id -u)" != 0 ] || chmod 777 "$nginx/temporary"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=status.example.org \
	-addext subjectAltName=DNS:status.example.org -keyout "$nginx/key.pem" -out "$nginx/certificate.pem" 2> /dev/null
cat > "$nginx/nginx.conf" <<END
daemon off;
pid $nginx/pid;
error_log $nginx/logs/error;
worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path $nginx/temporary;
	proxy_temp_path $nginx/temporary;
	fastcgi_temp_path $nginx/temporary;
	uwsgi_temp_path $nginx/temporary;
	scgi_temp_path $nginx/temporary;
	server {
		listen 127.0.0.1:$port ssl;
		server_name status.example.org;
		ssl_certificate $nginx/certificate.pem;
		ssl_certificate_key $nginx/key.pem;
		location / {
			proxy_pass ${url%/};
			proxy_set_header Host \$host;
			proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
		}
	}
}
END
nginx -p "$nginx" -e "$nginx/logs/error" -c "$nginx/nginx.conf" > "$work/nginx.output" 2>&1 &
pids+=($!)
answers() { (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; }
await 10 answers || { echo "Bail out! nginx did not start"; sed 's/^/# /' "$work/nginx.output" "$nginx/logs/error"; exit 1; }
sed -i "s|^site_url: .*|site_url: https://status.example.org:$port/|" "$work/lampwatch.yaml"
site_url=https://status.example.org:$port/
pictures=${LAMPWATCH_PICTURES:--}
fill_in() { node "$root/tests/end-to-end/fill-in.cjs" "$chromium" "$pictures" "$@"; }

green one; green two; run
same "${persons[0]}" "" "$(fill_in "${site_url}index.html" "follow Subscribe" "look subscribe" "type Your mail address=person@example.com" "tick two" "untick when it keeps changing between the two" "press Send me the mail" "look mailed")"
run
same "${persons[1]}" "" "$(fill_in "$site_url$(link confirm person@example.com)" "look confirm" "press Confirm" "look confirmed"
	fill_in "${site_url}manage" "look manage"; fill_in "${site_url}unsubscribe" "look unsubscribe")"
run; red two; run
alert=$(newest person@example.com)
check "${persons[2]}" grep -q "^Subject: .*RED" "$alert"
fill_in "${site_url}subscribe" "follow Change or end it" "type Your mail address=person@example.com" "press Send me the links" "look links" > "$work/chromium"
run
fill_in "$site_url$(link manage person@example.com)" "look manage-token" "tick one" "untick two" "press Save" "look managed" >> "$work/chromium"
run; before=$(count_to person@example.com); green two; run; red two; run
same "${persons[3]}" "$((before + 1)) " "$(red one; run; count_to person@example.com) $(cat "$work/chromium")"
unsubscribe=$(header List-Unsubscribe "$(newest person@example.com)"); click=${unsubscribe##*, <}; click=${click%>}
over_nginx() { curl -s --max-time 20 --cacert "$nginx/certificate.pem" --resolve "status.example.org:$port:127.0.0.1" -o "$work/answer" -w '%{http_code}' "$@"; }
same "${persons[4]}" "200 unsubscribed" "$(over_nginx -d List-Unsubscribe=One-Click "$click"; run) $(state person@example.com)"
post subscribe mail=other@example.com > /dev/null; run; confirm=$(link confirm other@example.com); post confirm "${confirm#*\?}" > /dev/null; run; green one; run; red one; run
unsubscribe=$(header List-Unsubscribe "$(newest other@example.com)"); click=${unsubscribe##*, <}; click=${click%>}
same "${persons[5]}" " unsubscribed" "$(fill_in "$click" "look unsubscribe-token" "press Unsubscribe" "look unsubscribed"; run) $(state other@example.com)"
same "${persons[6]}" "Something is missing, or cannot be what it should be: is this your mail address?" \
	"$(fill_in "${site_url}subscribe" "type Your mail address=a..person@example.com" "press Send me the mail" "look wrong" say | sed -n 1p)"
same "${persons[7]}" "Please tick at least one thing that you want to be told. To be told nothing, unsubscribe." \
	"$(fill_in "${site_url}subscribe" "type Your mail address=person@example.com" "untick when something turns red" "untick when it is green again" "untick when it keeps changing between the two" \
		"press Send me the mail" "look nothing" say | sed -n 1p)"
same "${persons[8]}" "20 200, 1 429, " "$(for ((i = 0; i < 21; i++)); do over_nginx --interface 127.0.0.3 -H "X-Forwarded-For: 192.0.2.$i" -d mail=flood@example.com "${site_url}subscribe"; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
finish
