#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Real servers are stopped, broken, frozen and started again while runs go on, one a minute: nginx, Dovecot for IMAP and
# POP3, Postfix, dnsmasq. Each check is red with its word, told once, and green again. Runs only with LAMPWATCH_PEERS=1.
. "$(dirname "$0")/../harness.sh"
unsanitized
[ "${LAMPWATCH_PEERS:-}" = 1 ] || { skip "outages of real servers" "needs --peers"; finish; exit; }
. "$root/tests/real-servers.sh"
for server in nginx dovecot postfix dnsmasq; do have $server || { skip "outages of real servers" "needs $server, and root"; finish; exit; }; done

serve_smtp out
cat "$work/good.pem" "$work/old.pem" > "$work/authorities.pem"
(umask 077; echo swordfish > "$work/password")
cd "$work" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	every: 0s
	site: off
	probes:
	  - name: mail
	    flapping: off
    timeout: {connect: 2s, total: 5s}
	    checks:
	      - {name: web, http: "https://localhost:$secure/", contains: Gmail, ca_file: authorities.pem}
	      - {name: imap, imap: "imaps://localhost:$imaps", ca_file: authorities.pem}
	      - {name: login, imap: "imap://localhost:$imap", ca_file: authorities.pem, user: ops, password_file: password}
	      - {name: pop3, pop3: "pop3://localhost:$pop3", ca_file: authorities.pem}
	      - {name: smtp, smtp: "smtp://localhost:$smtp", ca_file: authorities.pem}
	      - {name: dns, dns: good.example, server: "127.0.0.1:$name", answer: 192.0.2.1}
	routes:
	  - {name: out, smtp: "smtp://127.0.0.1:$out_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END
minute=0
run() {
	printf -v now '2014-01-24T%02d:%02d:00Z' $((10 + minute / 60)) $((minute % 60))
	minute=$((minute + 1))
	"$lampwatch" --clock "$now" run 2>&1 | grep -v "runs as root" >> said
}
# words: "CHECK WORD" of what is not good, by name.
words() { "$lampwatch" --clock "$now" --json status mail | python3 -c '
import json, sys
for indicator in json.load(sys.stdin)["pages"][0]["indicators"]:
    if indicator["id"] and indicator["level"] != "operational": print(indicator["name"] + ": " + indicator["word"])'; }
# told: the subjects since the last time.
told() { local mail; for mail in $(mails out); do decoded "$(sed -n 's/\r$//; s/^Subject: SIMULATED //p' "$mail")"; echo; rm "$mail"; done; }
# outage NAME WORDS RED GREEN: two runs while it lasts; then `mend` is called, and there are two more.
outage() {
	run
	same "$1: once is not confirmed" "" "$(told)"
	run
	same "$1: each says what happened" "$2" "$(words)"
	same "$1: it is told once" "$3" "$(told)"
	mend
	run; run
	same "$1: all is well again" "" "$(words)"
	same "$1: which is told once" "$4" "$(told)"
}
restart() { end "$1"; "start_$@"; }

start_nginx; start_dovecot; start_postfix; start_dnsmasq
run
same "all is well" "" "$(words)"

for server in nginx dovecot postfix dnsmasq; do end $server; done
mend() { start_nginx; start_dovecot; start_postfix; start_dnsmasq; }
outage "stopped" "dns: no name server could answer
imap: connection refused
login: connection refused
pop3: connection refused
smtp: connection refused
web: connection refused" "RED: dns and 5 more (mail)" "GREEN: dns and 5 more after 2 min (mail)"

restart nginx old; restart dovecot old; restart postfix old; restart dnsmasq 192.0.2.2
mend() { restart nginx; restart dovecot; restart postfix; restart dnsmasq; }
outage "broken" "dns: the records lack \"192.0.2.1\"
imap: certificate expired 2014-01-23
login: certificate expired 2014-01-23
pop3: certificate expired 2014-01-23
smtp: certificate expired 2014-01-23
web: certificate expired 2014-01-23" "RED: dns and 5 more (mail)" "GREEN: dns and 5 more after 2 min (mail)"

restart nginx good "location / { return 500; }"; restart dovecot good another; restart postfix good none
kill -STOP "${process[dnsmasq]}" # it is there, and says nothing
mend() { restart nginx; restart dovecot; restart postfix; kill -CONT "${process[dnsmasq]}"; }
outage "otherwise broken" "dns: no answer within the time
login: login refused
smtp: STARTTLS is not offered
web: HTTP 500" "RED: dns and 3 more (mail)" "GREEN: dns and 3 more after 2 min (mail)"

restart nginx good "location / { return 200 closed; }"
mend() { restart nginx; }
outage "one alone" 'web: the body lacks "Gmail"' "RED: web: major outage (mail)" "GREEN: web: operational again after 2 min (mail)"

same "no run had anything to say" "" "$(cat said)"
check "the archive is whole" "$lampwatch" --clock "$now" verify
finish
