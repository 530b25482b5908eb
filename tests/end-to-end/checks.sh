#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Checks of real servers on high ports of 127.0.0.1, each run from a private folder: nginx, Dovecot for
# IMAP and POP3, Postfix for SMTP (which needs root), dnsmasq; each of them well, broken, stopped and
# started again. Runs only with LAMPWATCH_PEERS=1.
. "$(dirname "$0")/../harness.sh"

web=("nginx answers" "a body with its text" "500" "it is slow" "a header" "over HTTPS" "an expired certificate" "a name that its certificate lacks"
	"it is stopped" "and started again")
mail=("IMAP with TLS" "IMAP with STARTTLS" "POP3 with TLS" "POP3 with STARTTLS" "an IMAP login" "a POP3 login" "a wrong password at IMAP" "a wrong password at POP3"
	"a handshake alone" "a certificate that ends soon" "its capabilities are kept" "and no password" "it is said goodbye" "Dovecot is stopped" "and started again"
	"a login by the whole program" "and its wrong password" "a password that has become unreadable is no fault of the server" "and none of them is kept or said")
relay=("SMTP with STARTTLS" "no greeting comes before its connection" "an SMTP login" "they are said goodbye" "a wrong password at SMTP" "Postfix without STARTTLS" "Postfix is stopped" "and started again")
dns=("an address" "an exchanger" "a text" "an answer that is not there" "a name that is not there" "dnsmasq is stopped" "and started again")
skip_each() { local reason=$1 name; shift; for name; do skip "$name" "$reason"; done; }
if [ "${LAMPWATCH_PEERS:-}" != 1 ]; then skip_each "needs --peers" "${web[@]}" "${mail[@]}" "${relay[@]}" "${dns[@]}"; finish; exit; fi
. "$root/tests/real-servers.sh"

# once CHECK…: "STATE WORD" of each, one a line; what came with it is in $work/answers.
once() {
	"$BUILD/tests/check-once" "$@" > "$work/answers" 2>> "$work/complaints"
	local head word
	while IFS=$'\t' read -r head word _; do case $word in "{"*) word= ;; esac; set -- $head; echo "$2${word:+ $word}"; done < "$work/answers"
}
expect() { same "$1" "$2" "$(once "$3")"; }
ca=ca_file=$work/good.pem

# ---- nginx ----
if have nginx; then
	start_nginx
	expect "${web[0]}" "good" "http=http://127.0.0.1:$plain/"
	expect "${web[1]}" "good" "http=http://127.0.0.1:$plain/ contains=Gmail matches=G.ail"
	expect "${web[2]}" "failed HTTP 500" "http=http://127.0.0.1:$plain/broken"
	expect "${web[3]}" "slow slower than 0.5 s" "http=http://127.0.0.1:$plain/slow within=500 total=8000"
	expect "${web[4]}" "good" "http=http://127.0.0.1:$plain/ header=Server:+nginx"
	expect "${web[5]}" "good" "http=https://localhost:$secure/ $ca"
	expect "${web[6]}" "failed certificate expired 2014-01-23" "http=https://localhost:$old/ ca_file=$work/old.pem"
	expect "${web[7]}" "failed certificate is for another name" "http=https://localhost:$other/ ca_file=$work/other.pem"
	end nginx
	expect "${web[8]}" "failed connection refused" "http=http://127.0.0.1:$plain/"
	start_nginx
	expect "${web[9]}" "good" "http=http://127.0.0.1:$plain/"
	end nginx
else
	skip_each "needs nginx" "${web[@]}"
fi

# ---- Dovecot, and who may log in for Postfix, too ----
if have dovecot; then
	start_dovecot
	expect "${mail[0]}" "good" "imap=imaps://localhost:$imaps $ca"
	expect "${mail[1]}" "good" "imap=imap://localhost:$imap $ca"
	expect "${mail[2]}" "good" "pop3=pop3s://localhost:$pop3s $ca"
	expect "${mail[3]}" "good" "pop3=pop3://localhost:$pop3 $ca"
	right="user=ops password=swordfish total=20000" wrong="user=ops password=wrong-horse total=20000"
	expect "${mail[4]}" "good" "imap=imaps://localhost:$imaps $ca $right"
	cp "$work/answers" "$work/kept"
	expect "${mail[5]}" "good" "pop3=pop3://localhost:$pop3 $ca $right"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[6]}" "failed login refused" "imap=imap://localhost:$imap $ca $wrong"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[7]}" "failed login refused" "pop3=pop3s://localhost:$pop3s $ca $wrong"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[8]}" "good" "tls=localhost:$imaps $ca"
	expect "${mail[9]}" "slow certificate expires $ends" "tls=localhost:$imaps $ca days=14"
	same "${mail[10]}" "1 1" "$(grep -c '"capabilities":.*"\* CAPABILITY IMAP4rev1[^"]*AUTH=PLAIN' <(head -n 1 "$work/kept")) $(grep -c '"greeting":."+OK Dovecot' <(sed -n 2p "$work/kept"))"
	secret() { printf '\0ops\0%s' "$1" | base64; }
	same "${mail[11]}" "4 0" "$(wc -l < "$work/kept") $(grep -c -e swordfish -e wrong-horse -e "$(secret swordfish)" -e "$(secret wrong-horse)" "$work/kept")"
	same "${mail[12]}" "2" "$(grep -c 'Logged out' "$work/dovecot/log")"
	end dovecot
	expect "${mail[13]}" "failed connection refused" "imap=imaps://localhost:$imaps $ca"
	start_dovecot
	expect "${mail[14]}" "good" "imap=imaps://localhost:$imaps $ca"
	# Of two checks of a probe one logs in, in a process of its own.
	(umask 077; echo swordfish > "$work/right"; echo wrong-horse > "$work/wrong")
	probe() {
		printf 'archive: archive\nprobes:\n  - name: mail\n    checks:\n      - {name: web, imap: "imaps://localhost:%s", ca_file: good.pem}\n' "$imaps"
		printf '      - {name: login, imap: "imaps://localhost:%s", ca_file: good.pem, user: ops, password_file: %s}\n' "$imaps" "$1"
	}
	shown() { (cd "$work" && "$lampwatch" -c "$1.yaml" probe mail 2>&1 | grep -v "runs as root" | tee -a said | sed 's/  */ /g; s/ $//'); }
	probe right > "$work/right.yaml"; probe wrong > "$work/wrong.yaml"
	same "${mail[15]}" "● green web good
● green login good" "$(shown right)"
	same "${mail[16]}" "● green web good
■ RED login login refused" "$(shown wrong)"
	(cd "$work" && "$lampwatch" -c right.yaml run 2>&1 | grep -v "runs as root" > said.run; "$lampwatch" -c right.yaml --json probe mail >> said 2> /dev/null)
	mv "$work/right" "$work/away"
	same "${mail[17]}" "" "$(shown right | grep RED)"
	same "${mail[18]}" "1" "$(cd "$work" && grep -l -r -e swordfish -e wrong-horse said said.run archive away 2> /dev/null | wc -l)"
else
	skip_each "needs dovecot" "${mail[@]}"
fi

# ---- Postfix ----
if have postfix; then
	start_postfix
	expect "${relay[0]}" "good" "smtp=smtp://localhost:$smtp $ca"
	many=(); for _ in $(seq 12); do many+=("smtp=smtp://localhost:$smtp $ca"); done
	same "${relay[1]}" "12" "$("$BUILD/tests/check-once" "${many[@]}" | sed 's/.*\t{/{/' | python3 -c '
import json, sys
print(sum(one["connect_ms"] <= one["first_byte_ms"] for one in map(json.loads, sys.stdin)))')"
	expect "${relay[2]}" "good" "smtp=smtp://localhost:$smtp $ca $right"
	logged() { [ "$(grep -c ' disconnect from ' "$postfix/log")" -ge 14 ]; }
	await 10 logged
	same "${relay[3]}" "0 14" "$(grep -c 'lost connection after [^C]' "$postfix/log") $(grep -c 'disconnect from .* quit=1' "$postfix/log")"
	expect "${relay[4]}" "failed login refused" "smtp=smtp://localhost:$smtp $ca $wrong"
	expect "${relay[5]}" "failed STARTTLS is not offered" "smtp=smtp://localhost:$bare $ca"
	end postfix
	expect "${relay[6]}" "failed connection refused" "smtp=smtp://localhost:$smtp $ca"
	start_postfix
	expect "${relay[7]}" "good" "smtp=smtp://localhost:$smtp $ca"
	end postfix
else
	skip_each "needs root, postfix and dovecot" "${relay[@]}"
fi
[ -z "${process[dovecot]:-}" ] || end dovecot

# ---- dnsmasq ----
if have dnsmasq; then
	start_dnsmasq
	at="server=127.0.0.1:$name"
	expect "${dns[0]}" "good" "dns=good.example $at answers=192.0.2.1"
	expect "${dns[1]}" "good" "dns=good.example $at record=MX answers=mx.good.example"
	expect "${dns[2]}" "good" "dns=good.example $at record=TXT answers=v=spf1+-all"
	expect "${dns[3]}" 'failed the records lack "192.0.2.2"' "dns=good.example $at answers=192.0.2.2"
	expect "${dns[4]}" "failed no such name" "dns=nosuch.example $at"
	end dnsmasq
	expect "${dns[5]}" "failed no name server could answer" "dns=good.example $at"
	start_dnsmasq
	expect "${dns[6]}" "good" "dns=good.example $at"
	end dnsmasq
else
	skip_each "needs dnsmasq" "${dns[@]}"
fi
same "nothing complains" "" "$(cat "$work/complaints" 2> /dev/null)"
finish
