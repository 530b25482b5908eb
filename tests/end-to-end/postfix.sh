#!/bin/bash
# SPDX-License-Identifier: ISC
# Mail to a real server: Postfix, run from a private folder on a high port of
# 127.0.0.1, with STARTTLS, CHUNKING and its usual TLS session tickets. Runs only
# with LAMPWATCH_PEERS=1, as root, which Postfix's own user switching needs.
#
#   tests/end-to-end/postfix.sh BUILD
BUILD=$1
. "$(dirname "$0")/../harness.sh"
unsanitized

names=("20 mails in a row arrive over STARTTLS, byte for byte" "none of them takes more than a few seconds" "they went by BDAT"
	"a recipient refused with 450 is temporary, although BDAT ends with 5xx" "a recipient refused with 550 is the receiver's fault"
	"a relay that may not relay is the route's fault" "a mail that is too large is the route's fault"
	"a certificate for another name sends nothing" "a certificate that nobody vouches for sends nothing"
	"one that speaks TLS 1.3 only takes twenty mails, too" "and none for another name"
	"lampwatch init sends its test message through it" "and an alert arrives within three minutes of its first question")

. "$root/tests/postfix.sh"
need_postfix

other_port=$(free_port) newest_port=$(free_port) newest_other_port=$(free_port)
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" -addext "subjectAltName=$3" \
		-keyout "$postfix/$1.key" -out "$postfix/$1.pem" 2>/dev/null
}
certificate good localhost DNS:localhost,IP:127.0.0.1
certificate other elsewhere DNS:elsewhere.example

serve_postfix "127.0.0.1:$other_port inet n - n - - smtpd
	-o smtpd_tls_cert_file=$postfix/other.pem -o smtpd_tls_key_file=$postfix/other.key
127.0.0.1:$newest_port inet n - n - - smtpd
	-o smtpd_tls_protocols=TLSv1.3
127.0.0.1:$newest_other_port inet n - n - - smtpd
	-o smtpd_tls_protocols=TLSv1.3 -o smtpd_tls_cert_file=$postfix/other.pem -o smtpd_tls_key_file=$postfix/other.key" <<END
myhostname = mx.example.com
mydestination =
mynetworks = 127.0.0.2/32
alias_maps =
alias_database =
virtual_mailbox_maps = static:ops/
smtpd_recipient_restrictions = check_recipient_access inline:{{busy@example.com=450 4.2.0 busy} {nobody@example.com=550 5.1.1 unknown}},
	permit_mynetworks, reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = $postfix/good.pem
smtpd_tls_key_file = $postfix/good.key
message_size_limit = 200000
END

# compose NUMBER [LINES]: a mail with what a transport could get wrong.
compose() {
	printf 'From: Lampwatch <lampwatch@example.org>\r\nTo: ops@example.com\r\nSubject: number %s\r\n' "$1"
	printf 'Date: Fri, 24 Jan 2014 19:20:00 +0000\r\nMessage-ID: <e.%s@example.org>\r\nX-Folded: one\r\n two\r\n\r\n' "$1"
	printf '.\r\n..\r\n.dot at the start\r\n\r\nnumber %s\r\n' "$1"
	yes "$(printf 'a line of some length, to fill more than one chunk with\r')" | head -n "${2:-40}"
}

# deliver TO FILE [OPTION…]: prints the outcome.
deliver() {
	local to=$1 file=$2; shift 2
	"$BUILD/tests/mail-send" --route "smtp://localhost:$port" --ca "$postfix/good.pem" --from lampwatch@example.org --to "$to" "$@" "$file"
}

arrived() { find "$postfix/mail/ops/new" -type f 2>/dev/null | wc -l; }
has_arrived() { [ "$(arrived)" -ge "$1" ]; }

# What Postfix puts in front ends where our first line begins; its line ends are local.
is_whole() { grep -l "^Subject: number $1\$" "$postfix"/mail/ops/new/* | while read -r file; do sed -n '/^From: Lampwatch/,$p' "$file"; done | cmp - <(tr -d '\r' < "$work/$1.eml"); }

faults="" slowest=0
for ((i = 1; i <= 20; i++)); do
	compose $i > "$work/$i.eml"
	began=$(date +%s%N)
	result=$(deliver ops@example.com "$work/$i.eml")
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -gt "$slowest" ] && slowest=$took
	[[ $result == "delivered 250"* ]] || faults+="number $i: $result after $took ms"$'\n'
done
await 10 has_arrived 20 || faults+="$(arrived) of 20 are in the mailbox"$'\n'
for ((i = 1; i <= 20; i++)); do is_whole $i > "$work/difference" 2>&1 || faults+="number $i: $(cat "$work/difference")"$'\n'; done
same "${names[0]}" "" "$faults"
check "${names[1]}" test "$slowest" -lt 5000
check "${names[2]}" grep -q 'disconnect from .* bdat=3' "$postfix/log"

# outcome NAME START OUTPUT
outcome() { if [[ $3 == "$2"* ]]; then pass "$1"; else fail "$1" "expected: $2" "got:      $3"; fi; }
outcome "${names[3]}" "temporary 450 450 4.2.0" "$(deliver busy@example.com "$work/1.eml")"
outcome "${names[4]}" "receiver 550 550 5.1.1" "$(deliver nobody@example.com "$work/1.eml")"
outcome "${names[5]}" "route 554 554 5.7.1" "$(deliver ops@elsewhere.example "$work/1.eml")"
compose large 5000 > "$work/large.eml"
outcome "${names[6]}" "route 552 552 5.3.4" "$(deliver ops@example.com "$work/large.eml")"

before=$(grep -c ' client=' "$postfix/log")
outcome "${names[8]}" "route 0 localhost: the server's certificate: self-signed certificate" \
	"$(deliver ops@example.com "$work/1.eml" --ca "$postfix/other.pem")"
port=$other_port
result=$(deliver ops@example.com "$work/1.eml" --ca "$postfix/other.pem")
[ "$(grep -c ' client=' "$postfix/log")" = "$before" ] || result+=" (but a mail was begun)"
outcome "${names[7]}" "route 0 localhost: the server's certificate: hostname mismatch" "$result"

port=$newest_port faults=""
for ((i = 1; i <= 20; i++)); do
	result=$(deliver ops@example.com "$work/$i.eml")
	[[ $result == "delivered 250"* ]] || faults+="number $i: $result"$'\n'
done
same "${names[9]}" "" "$faults"
port=$newest_other_port
outcome "${names[10]}" "route 0 localhost:$port: while starting TLS: SSL" "$(deliver ops@example.com "$work/1.eml" --ca "$postfix/other.pem")"

# From nothing to an alert: lampwatch init, and an outage.
serve_page
mkdir -p "$work/new"
statuspage_page "$page" none operational
rm -f "$postfix/mail/ops/new"/*
began=$SECONDS
(cd "$work/new" && "$lampwatch" -c lampwatch.yaml init --archive archive --mail ops@example.com --relay "smtp://127.0.0.1:$port" \
	--service "http://127.0.0.1:$www_port/" --schedule none) > "$work/init" 2>&1 < /dev/null
arrived() { grep -qs "^Subject: $1" "$postfix/mail/ops/new"/*; }
if await 20 arrived TEST; then pass "${names[11]}"; else fail "${names[11]}" "$(cat "$work/init")"; fi
statuspage_page "$page" major major_outage
"$lampwatch" -q -c "$work/new/lampwatch.yaml" run "$(sed -n '/^pages:/,$s/^  - name: //p' "$work/new/lampwatch.yaml")" 2> "$work/run"
if await 20 arrived RED && [ $((SECONDS - began)) -lt 180 ]; then pass "${names[12]}"; else fail "${names[12]}" "$(cat "$work/run")"; fi
echo "# $((SECONDS - began)) s from the first question to the alert"
finish
