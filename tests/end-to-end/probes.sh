#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Probes by the whole program: checks are confirmed, kept, told and shown as indicators of a page; what
# happened first is their word; where no reference answers, or nobody at all, it is we who are down.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
serve_smtp relay
echo "well, this is Mail" > "$work/www/mail"
echo "{}" > "$work/www/reference"
cd "$work" || exit 1

# configure [LINE…]: one probe with two checks, confirmed twice; the lines are more of its keys.
configure() {
	{
		echo "archive: archive"
		echo "from: lampwatch@example.org"
		echo "operator: admin@example.net"
		echo "every: 0s"
		echo "site: off"
		echo "probes:"
		echo "  - name: mail"
		echo "    provider: example"
		[ $# -eq 0 ] || printf '    %s\n' "$@"
		echo "    checks:"
		echo "      - {name: web, http: \"http://127.0.0.1:$www_port/mail\", contains: Mail, timeout: 2s}"
		echo "      - {name: port, tcp: \"127.0.0.1:$www_port\"}"
		echo "routes:"
		echo "  - {name: relay, smtp: \"smtp://127.0.0.1:$relay_port\", tls: off}"
		echo "subscribers:"
		echo "  - {mail: ops@example.com}"
	} > lampwatch.yaml
}
run() { "$lampwatch" --clock "2014-01-24T$1Z" run 2>&1 | grep -v 'runs as root'; }
fault() { if [ -n "$1" ]; then echo "$1" > www/mail.fault; else rm -f www/mail.fault; fi; }
bodies() { find archive/.state/private/mail -name body | sort; } # the target is a private address
last_body() { bodies | tail -n 1; }

# ---- one outage ----

configure
run 19:00:00
same "at first sight nobody is told" "0" "$(count_mails relay)"
check "the transcript is kept" grep -q '"status": *200' "$(last_body)"
first=$(bodies | wc -l)
run 19:01:00
same "what is as before is no snapshot" "$first" "$(bodies | wc -l)"
fault "status=500"
run 19:02:00
same "one that fails is not confirmed" "0" "$(count_mails relay)"
check "and kept: it answered 500" grep -q '"status": *500' "$(last_body)"
fault "hang"
run 19:03:00
same "two are: one mail" "1" "$(count_mails relay)"
same "which says what happened first" "SIMULATED RED: web: major outage (mail)" "$(subjects relay)"
check "in its words" grep -q "HTTP 500" "$(mails relay)"
check "it is a check that says so, and no page" grep -q "The check says: major outage" "$(mails relay)"
fault "delay=300"
run 19:04:00
run 19:05:00
same "two that are good end it" "2" "$(count_mails relay)"
check "the report does not say that nothing is tested" bash -c "'$lampwatch' --clock 2014-01-24T19:05:00Z report --html | grep -q 'what status pages said, and what its own checks saw'"
check "log names the check" bash -c "'$lampwatch' --clock 2014-01-24T19:05:00Z log mail | grep -q 'HTTP 500'"
check "verify finds all of it whole" "$lampwatch" verify
check "and so does the standard tool" bash -c 'for folder in archive/mail/2014/01/*/; do (cd "$folder" && sha256sum --quiet -c SHA256SUMS) || exit 1; done'
fault ""

# ---- a password that cannot be read ----

rm -rf archive relay/*.eml
echo "secret" > word && chmod 600 word
configure "confirm: {worse: 1, better: 1}"
sed -i "/{name: port/a\\      - {name: login, imap: \"imaps://127.0.0.1:1/\", user: me, password_file: word}" lampwatch.yaml
run 19:10:00
rm word
status() { sed 's/, user: me, password_file: word//' lampwatch.yaml > shown.yaml; "$lampwatch" -c shown.yaml --clock "2014-01-24T$1Z" status mail | grep -E ' (web|port|login) ' | sed 's/  */ /g; s/^ //'; }
same "it is one line, which names the file" "1" "$(run 19:11:00 | grep -c 'word: cannot be read')"
same "its check is grey, and only that one" "○ grey login unknown (not asked) since 2014-01-24 19:11 UTC;● green port operational since 2014-01-24 19:10 UTC;● green web operational since 2014-01-24 19:10 UTC;" "$(status 19:11:00 | tr '\n' ';')"
fault "status=500"
"$lampwatch" --clock 2014-01-24T19:12:00Z run > said 2>&1; status=$?
same "the others go on, and fail" "RED: web: major outage (mail)" "$(subjects relay | sed -n 's/^SIMULATED //p' | grep web)"
same "nothing more is said of it" "0" "$(grep -c 'word:' said)"
same "and the operator is told once" "1" "$(subjects relay | grep -c 'CONFIGURATION NOT IN FORCE')"
same "it is the configuration's: exit status 2" "2" "$status"
same "a red that nobody can ask about stays" "1" "$(status 19:12:00 | grep -c 'grey login')"
same "nobody is told green" "0" "$(subjects relay | grep -c 'GREEN.*login')"
same "status says why a check is red" "1" "$(status 19:12:00 | grep -c 'RED web major outage (HTTP 500) since')"
fault ""
rm -rf archive
configure
run 19:05:00

# ---- degraded, and the other words ----

# once KEYS FAULT: what `lampwatch probe` shows of one check with these keys, while the server has that fault.
once() {
	printf 'archive: archive\nprobes:\n  - {name: one, checks: [{name: web, %s}]}\n' "$1" > one.yaml
	fault "$2"
	"$lampwatch" -c one.yaml probe one 2>&1 | grep -v 'runs as root' | sed 's/  */ /g; s/ $//'
	fault ""
}
url="http: \"http://127.0.0.1:$www_port/mail\""
same "good" "● green web good" "$(once "$url" "")"
same "late" "▲ yellow web slower than 0.2 s" "$(once "$url, within: 200ms" "delay=400")"
same "no answer" "■ RED web no answer in 1 s" "$(once "$url, timeout: 1s" "hang")"
same "a drip ends at its limit" "■ RED web no answer in 1 s" "$(once "$url, timeout: 1s" "drip")"
same "another status" "■ RED web HTTP 404" "$(once "$url" "status=404")"
same "a status that is asked for" "● green web good" "$(once "$url, status: [404, 500]" "status=404")"
same "a body that lacks something" '■ RED web the body lacks "Post"' "$(once "$url, contains: Post" "")"
same "nobody listens" "■ RED web connection refused" "$(once 'http: "http://127.0.0.1:1/"' "")"
serve_http safe --tls "$work/safe.pem"
echo "Mail" > safe/mail
safe="http: \"https://localhost:$safe_port/mail\""
same "a certificate that nobody knows" "■ RED" "$(once "$safe" "" | cut -d ' ' -f 1-2)"
same "one that ca_file leads to" "● green web good" "$(once "$safe, ca_file: safe.pem" "")"
same "and that expires soon" "▲ yellow" "$(once "tls: \"localhost:$safe_port\", ca_file: safe.pem, days: 366" "" | cut -d ' ' -f 1-2)"
check "probe --json is the transcript" bash -c "'$lampwatch' -c one.yaml --json probe one 2>/dev/null | python3 -m json.tool"

check "a probe that is named twice is made once" bash -c "'$lampwatch' --clock 2014-01-24T19:06:00Z run mail mail mail"

# ---- is it us? ----

rm -rf archive relay/*.eml
configure "reference: [\"http://127.0.0.1:$www_port/reference\"]"
run 20:00:00
echo "hang" > www/reference.fault
fault "status=500"
sed -i 's/timeout: 2s/timeout: 1s/' lampwatch.yaml
same "no reference answers: a line" "1" "$(run 20:01:00 | grep -c 'mail: no reference answers')"
run 20:02:00; run 20:03:00
same "and only the operator is told, once" "SIMULATED PAGE LOST:" "$(decoded "$(subjects relay)" | cut -c 1-20)"
check "the checks are grey" bash -c "'$lampwatch' --clock 2014-01-24T20:03:00Z status mail | grep -q 'grey'"
rm www/reference.fault
run 20:04:00; run 20:05:00
check "once it answers, what fails counts" grep -q "HTTP 500" <(cat relay/*.eml)

# Where pages are watched, too, their failing counts.
rm -rf archive
fault ""
cat > lampwatch.yaml <<YAML
archive: archive
every: 0s
confirm: {lost: 1}
site: off
pages:
  - {name: a, provider: one, url: "http://127.0.0.1:1/", kind: statuspage}
  - {name: b, provider: two, url: "http://127.0.0.2:1/", kind: statuspage}
probes:
  - {name: p, provider: two, confirm: {worse: 1}, on_first_sight: alert, checks: [{name: port, tcp: "127.0.0.3:1"}]}
YAML
same "nobody answers at all: our own network" "1" "$(run 21:00:00 | grep -c 'own network')"
same "and nothing is known of the probe" "" "$("$lampwatch" --clock 2014-01-24T21:00:00Z log p)"
sed -i 's/127.0.0.3:1/127.0.0.1:1/' lampwatch.yaml
run 21:01:00 > /dev/null
check "two hosts are no network: they fail" bash -c "'$lampwatch' --clock 2014-01-24T21:01:00Z log p | grep -q 'connection refused'"
finish
