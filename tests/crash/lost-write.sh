#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A write to a relay that fails, though the connection is well: each in turn, by each library. It is
# noticed at once and not when the reply fails to come; no mail arrives with a hole in it; and the mail
# goes by the next route.
. "$(dirname "$0")/../harness.sh"
unsanitized

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key" -out "$work/certificate" 2> /dev/null
cat "$work/key" >> "$work/certificate"
serve_smtp plain
serve_smtp chunks
serve_smtp far
serve_smtp starttls --tls starttls --cert "$work/certificate" --key "$work/certificate"
serve_smtp newest --tls starttls --cert "$work/certificate" --key "$work/certificate"
serve_smtp implicit --tls implicit --cert "$work/certificate" --key "$work/certificate"
echo "with CHUNKING" > "$work/chunks.script"
printf 'with CHUNKING\nrcpt delay 300\n' > "$work/far.script" # its refusals come when all is written
echo "tls1.3" > "$work/newest.script"

{
	printf 'From: lampwatch@example.org\r\nTo: ops@example.com\r\nSubject: x\r\nMessage-ID: <1@example.org>\r\n'
	printf 'Date: Fri, 24 Jan 2014 19:20:00 +0000\r\n\r\n'
	for i in $(seq 1 20); do printf '.line %s of a mail that takes many writes %0850d\r\n' "$i" 0; done
} > "$work/mail"

# lose PORT NTH ERROR COMMAND…: as it would be run, with that write lost.
lose() {
	: > "$work/lost"
	LAMPWATCH_LOSE_PORT=$1 LAMPWATCH_LOSE_NTH=$2 LAMPWATCH_LOSE_ERROR=$3 LAMPWATCH_LOSE_LOG=$work/lost LAMPWATCH_STEPS_FILE=$work/lost \
		LD_PRELOAD=$BUILD/tests/liblose.so ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "${@:4}"
}

was_lost() { grep -qx lost "$work/lost"; }

# try NAME SCHEME TLS: what came of the mail for each write that was lost, until none is left to lose;
# then it arrives.
try() {
	local name=$1 port errors=(EIO EPIPE ECONNRESET) n=0 lost=0 slow="" wrong="" outcome took kept began
	port=${name}_port port=${!port}
	while [ $n -lt 40 ]; do
		n=$((n + 1))
		rm -f "$work/$name"/*.eml
		began=$(date +%s%N)
		outcome=$(lose "$port" $n "${errors[n % 3]}" "$BUILD/tests/mail-send" --route "$2://127.0.0.1:$port" --tls "$3" \
			--ca "$work/certificate" --from lampwatch@example.org --to ops@example.com "$work/mail" | cut -d ' ' -f 1)
		took=$((($(date +%s%N) - began) / 1000000))
		kept=$(count_mails "$name")
		was_lost || break
		lost=$((lost + 1))
		[ $took -lt 8000 ] || slow+=" write $n: $took ms"
		# What was lost after the mail's end does not matter.
		if [ "$outcome" = delivered ]; then
			{ [ "$kept" = 1 ] && tail -n +3 "$work/$name"/*.eml | cmp -s - "$work/mail"; } || wrong+=" write $n: delivered, kept $kept"
		else
			[ "$kept" = 0 ] && [ "$outcome" = temporary ] || wrong+=" write $n: $outcome, kept $kept"
		fi
	done
	check "$name: writes were lost" test $lost -ge 5
	same "$name: no mail arrives with a hole, or is not known to have arrived" "" "$wrong"
	same "$name: each lost write is noticed at once" "" "$slow"
	same "$name: with nothing lost it arrives" "delivered 1" "$outcome $kept"
}

try plain smtp off
try chunks smtp off
try far smtp off
try starttls smtp required
try newest smtp required
try implicit smtps required

# ---- the next route ----

serve_page
serve_smtp second
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
every: 0s
site: off
pages:
  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
routes:
  - {name: first, smtp: "smtp://127.0.0.1:$plain_port", tls: off}
  - {name: second, smtp: "smtp://127.0.0.1:$second_port", tls: off}
subscribers:
  - {mail: ops@example.com}
END
rm -f "$work/plain"/*.eml
cd "$work" || exit 1
statuspage_page "$page" none operational operational operational
"$lampwatch" --clock 2014-01-24T19:00:00Z -q run
statuspage_page "$page" major major_outage operational operational
began=$SECONDS
lose "$plain_port" 2 EIO "$lampwatch" --clock 2014-01-24T19:01:00Z -q run
check "a write of the run was lost" was_lost
same "the mail goes by the next route in the same run" "0 1" "$(count_mails plain) $(count_mails second)"
check "at once" test $((SECONDS - began)) -lt 15
check "and is delivered" bash -c "'$lampwatch' --clock 2014-01-24T19:02:00Z -v outbox | grep -q delivered"
same "and nothing is owed" "" "$("$lampwatch" --clock 2014-01-24T19:02:00Z outbox)"
finish
