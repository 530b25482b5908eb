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
body() { python3 -c 'import email, sys; print(email.message_from_binary_file(open(sys.argv[1], "rb")).get_payload(decode=True).decode())' "$1" 2> /dev/null; }
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

# ---- a person in Chromium, through nginx ----
persons=("a person subscribes in Chromium, through nginx" "looks at each form: axe-core finds nothing, narrow and wide, light and dark" "confirms, gets an alert"
	"changes it" "and leaves by one click, which is nginx's POST to us" "by the page" "what is wrong is said, and what was typed stays" "the client is who nginx says it is")
skip_persons() { local name; for name in "${persons[@]}"; do skip "$name" "$1"; done; finish; exit; }
[ "${LAMPWATCH_PEERS:-}" = 1 ] || skip_persons "needs --peers"
PATH=$PATH:/usr/sbin
chromium=$(command -v chromium || command -v chromium-browser)
for program in "$chromium" nginx node npm; do command -v "$program" > /dev/null || skip_persons "needs nginx, Chromium, node, npm"; done
npm_packages "$root/tests/site"

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }
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
same "${persons[7]}" "20 200, 1 429, " "$(for ((i = 0; i < 21; i++)); do over_nginx --interface 127.0.0.2 -H "X-Forwarded-For: 192.0.2.$i" -d mail=flood@example.com "${site_url}subscribe"; echo; done | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')"
finish
