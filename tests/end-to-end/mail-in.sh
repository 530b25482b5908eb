#!/bin/bash
# SPDX-License-Identifier: ISC
# People who subscribe, confirm, ask and leave by mail, mail that comes back, and
# the commands that do the same: mails go into `lampwatch mail-in` as a mail
# server's pipe passes them, answers come out of a real outbox over SMTP.
#
#   tests/end-to-end/mail-in.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http one
serve_http two
mkdir -p "$work"/{one,two}/api/v2
serve_smtp relay
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
operator: admin@example.org
mail_in: lampwatch@example.org
mail_in_allow: ["!*@refused.example"]
confirm: {worse: 1, better: 1, lost: 3}
every: 0s
flapping: off
pages:
  - {name: one, url: "http://127.0.0.1:$one_port/", kind: statuspage}
  - {name: two, url: "http://127.0.0.1:$two_port/", kind: statuspage}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
subscribers:
  - {mail: Named@example.com}
END
clock=2026-03-01T12:00:00Z
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$clock" "$@"; }
green() { statuspage_page "$work/$1/api/v2/summary.json" none operational operational; }
red() { statuspage_page "$work/$1/api/v2/summary.json" major major_outage operational; }
minute=0
run() { minute=$((minute + 1)); printf -v clock '2026-03-01T%02d:%02d:00Z' $((12 + minute / 60)) $((minute % 60)); lampwatch run 2>> "$work/run.errors"; }

# letter FROM TO SUBJECT [HEADER…]: from a person, unless a header says otherwise.
letter() {
	local from=$1 to=$2 subject=$3; shift 3
	{
		printf 'From %s Sun Mar  1 12:00:00 2026\nReturn-Path: <%s>\nX-Original-To: %s\nDelivered-To: lampwatch@example.org\n' "$from" "$from" "$to"
		printf 'From: Somebody <%s>\nTo: %s\nSubject: %s\nMessage-ID: <%s.%s@example.com>\n' "$from" "$to" "$subject" "$RANDOM" "$RANDOM"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '\n'
	} | lampwatch mail-in > "$work/said" 2>&1
	local status=$?
	[ ! -s "$work/said" ] || echo "mail-in said: $(cat "$work/said")"
	return $status
}
# returned STATUS TO: a report of a mail server.
returned() {
	printf 'Return-Path: <>\nDelivered-To: %s\nFrom: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nSorry.\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; who@example.com\nAction: failed\nStatus: %s\n\n--x--\n' "$2" "$1" |
		lampwatch mail-in
}
# newest TO: the file of the newest mail to the address.
newest() { grep -l "^X-Envelope-To: $1" $(mails relay) | tail -n 1; }
header() { sed -n "/^$1:/{s/^$1: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}" "$2"; }
count_to() { grep -l "^X-Envelope-To: $1" $(mails relay) 2> /dev/null | wc -l; }
state() { lampwatch subscribers | sed -n "s/^$1  \([a-z]*\).*/\1/p"; }

green one; green two; run
check "a letter that asks to subscribe is taken without a word" letter friend@example.com lampwatch@example.org "Subscribe one"
same "nothing is told before it is confirmed" asked "$(state friend@example.com)"
run
question=$(newest friend@example.com)
confirm=$(header Reply-To "$question")
check "the question says how to confirm" grep -q "^$confirm" "$question"
check "its signature has the mark that readers know, with the blank" grep -q "^--=20" "$question"
same "it is an answer that no machine answers" "auto-replied All" "$(header Auto-Submitted "$question") $(header X-Auto-Response-Suppress "$question")"
letter friend@example.com "$confirm" "Re: on holiday" "Auto-Submitted: auto-replied"
same "an absent person's machine does not confirm" asked "$(state friend@example.com)"
letter stranger@example.com "${confirm/+c-???/+c-aaa}" "Re:"
same "a wrong token confirms nothing" asked "$(state friend@example.com)"
letter other@example.com "$(tr a-z A-Z <<< "${confirm%@*}")@example.org" "Re: yes"
same "the token confirms, whoever writes and in whatever case" active "$(state friend@example.com)"
run
check "a welcome is sent" grep -q "now gets a mail when these" "$(newest friend@example.com)"

red one; run
alert=$(newest friend@example.com)
check "who has confirmed is told" grep -q "^Subject: .*RED" "$alert"
unsubscribe=$(header List-Unsubscribe "$alert"); unsubscribe=${unsubscribe#<mailto:}; unsubscribe=${unsubscribe%%\?*}
check "the alert says how to unsubscribe" grep -q "$unsubscribe" <(tr -d '\n' < "$alert" | sed 's/=$//;s/=\r//g')
sender=$(header X-Envelope-From "$alert")
check "its envelope's sender is of its own" test "${sender#lampwatch+b-}" != "$sender"
before=$(count_to friend@example.com)
letter friend@example.com lampwatch@example.org unsubscribe; run
same "a From line alone unsubscribes nobody" active "$(state friend@example.com)"
check "but the way to do it is sent to the address" grep -q "trust a From line" "$(newest friend@example.com)"
letter anybody@example.net "$unsubscribe" "whatever"
same "the token unsubscribes" unsubscribed "$(state friend@example.com)"
run; after=$(count_to friend@example.com)
green one; run; run
same "who has unsubscribed hears no more, not even green" "$after" "$(count_to friend@example.com)"

letter friend@example.com lampwatch@example.org subscribe; run
same "a forged wish to subscribe again changes nothing before it is confirmed" unsubscribed "$(state friend@example.com | head -n 1)"
red one; run; green one; run; run
same "and whoever has unsubscribed hears nothing but the question" "$((after + 1))" "$(count_to friend@example.com)"
first=$(header Reply-To "$(newest friend@example.com)")
letter friend@example.com lampwatch@example.org "subscribe two"; run
letter friend@example.com "$first" "Re: yes"
same "an older question is still good when somebody asks another" active "$(state friend@example.com)"
run
lampwatch unsubscribe friend@example.com

red two; run
named=$(newest Named@example.com); left=$(header List-Unsubscribe "$named"); left=${left#<mailto:}
letter named@example.com "${left%%\?*}" "" ; green two; run; count=$(count_to Named@example.com)
red two; run; red one; run
same "an unsubscription wins over the configuration" "$count" "$(count_to Named@example.com)"
green one; green two; run

check "status is answered" letter asker@example.com lampwatch@example.org "status two"
run
check "with what the page says" grep -q "^GREEN .*two" "$(newest asker@example.com)"
letter asker@example.com lampwatch@example.org "what now"; run
check "what is not understood is answered with help" grep -q "lampwatch does not understand" "$(newest asker@example.com)"
letter wrong@example.com lampwatch@example.org "subscribe three"; run
check "a page that is none is named" grep -q 'No page called "three" is watched' "$(newest wrong@example.com)"
letter wrong@example.com lampwatch@example.org unsubscribe; run
check "who is not subscribed is told so" grep -q "there is nothing to end" "$(newest wrong@example.com)"
letter odd@example.com lampwatch@example.org $'st\001\003\005range'; run
check "a letter's control characters stay what they are" grep -qF 'st\u{1}\u{3}\u{5}range' "$(newest odd@example.com)"
for ((i = 0; i < 6; i++)); do letter asker@example.com lampwatch@example.org help; done; run; run
same "nobody is answered more than five times a day" 5 "$(count_to asker@example.com)"
letter list@example.com lampwatch@example.org help "List-Id: <a.example.com>"
letter daemon@example.com lampwatch@example.org help "Precedence: bulk"
letter lampwatch@example.org lampwatch@example.org help; run
same "what no person wrote gets no answer" "0 0" "$(count_to list@example.com) $(count_to daemon@example.com)"
letter one@refused.example lampwatch@example.org subscribe; run
check "who may not subscribe is told so" grep -q "takes no subscriptions" "$(newest one@refused.example)"

letter late@example.com lampwatch@example.org subscribe; run
late=$(header Reply-To "$(newest late@example.com)")
clock=2026-03-03T13:30:00Z; letter late@example.com "$late" yes
same "a question that is older than 48 hours can be answered no more" "" "$(state late@example.com)"
minute=0; printf -v clock '2026-03-03T13:31:00Z'
run() { minute=$((minute + 1)); printf -v clock '2026-03-03T%02d:%02d:00Z' $((14 + minute / 60)) $((minute % 60)); lampwatch run 2>> "$work/run.errors"; }

run
check "and who answers it is told so" grep -q "after more than 48 hours" "$(newest late@example.com)"
check "subscribe by command needs no confirmation" lampwatch subscribe --page one --on red --on green --floor partial_outage ops@example.net
red one; run
sender=$(header X-Envelope-From "$(newest ops@example.net)")
returned 4.2.2 "$sender"; returned 4.4.1 "$sender"; returned 4.2.2 "$sender"; returned 4.2.2 "$sender"
same "four mails that are only late suspend nobody" active "$(state ops@example.net)"
returned 5.1.1 "$sender"
same "one that came back does not either" active "$(state ops@example.net)"
returned 5.1.1 "${sender/+b-??/+b-aa}"
same "a forged report counts for nothing" active "$(state ops@example.net)"
returned 5.1.1 "$sender"
same "the second one within a week does" suspended "$(state ops@example.net)"
run
check "and the operator hears of it" grep -q "twice within a" "$(newest admin@example.org)"
lampwatch subscribe ops@example.net 2> "$work/said"
same "who is suspended is not subscribed by mistake" "2 lampwatch: ops@example.net is suspended: mail to it was permanently refused twice within a week; --again subscribes it anyway" "$? $(cat "$work/said")"
check "but may be on purpose" lampwatch subscribe --again ops@example.net
same "which subscribes it" active "$(state ops@example.net)"
red two; run
lampwatch subscribe --page two --second spare@example.com Named@example.com 2> /dev/null || lampwatch subscribe --again --page two --second spare@example.com Named@example.com
green one; green two; run; run; before=$(count_to Named@example.com)
red one; run
same "what a command says of an address that the configuration names holds" "$before" "$(count_to Named@example.com)"
red two; run
same "and is told" "$((before + 1))" "$(count_to Named@example.com)"
spare=$(newest spare@example.com); spare=$(header List-Unsubscribe "${spare:-/dev/null}"); spare=${spare#<mailto:}
check "a second way has an address of its own that ends it" test -n "$spare"
letter spare@example.com "${spare%%\?*}" ""; green two; run; run; before=$(count_to spare@example.com)
red two; run
same "and that ends it" "$before" "$(count_to spare@example.com)"
echo "rcpt reply 450 later" > "$work/relay.script"; green two; run; run; before=$(count_to Named@example.com)
check "something is owed" grep -q Named <(lampwatch outbox)
lampwatch unsubscribe Named@example.com
rm "$work/relay.script"; clock=2026-03-03T23:00:00Z; lampwatch run 2>> "$work/run.errors"
same "who is unsubscribed is sent nothing that was owed before" "$before" "$(count_to Named@example.com)"
check "unsubscribe by command" lampwatch unsubscribe OPS@example.net
same "takes it off" unsubscribed "$(state ops@example.net)"
lampwatch unsubscribe nobody@example.net 2> /dev/null
same "who never subscribed cannot be taken off" 2 $?

head -c 3000000 /dev/zero | tr '\0' 'x' | lampwatch mail-in
same "a letter without end is read to its end and dropped" 0 $?
chmod 000 "$work/archive/.state" 2> /dev/null
if [ "$(id -u)" = 0 ]; then mv "$work/archive" "$work/away"; touch "$work/archive"; fi
letter friend@example.com lampwatch@example.org help > /dev/null
same "where nothing can be kept the mail server is asked to try again" 75 $?
if [ "$(id -u)" = 0 ]; then rm "$work/archive"; mv "$work/away" "$work/archive"; fi
chmod 700 "$work/archive/.state"
same "what is wrong with the configuration is not told to who wrote" "75 " \
	"$(: | "$lampwatch" -c "$work/nowhere.yaml" mail-in > "$work/said" 2>&1; echo "$? $(cat "$work/said")")"

same "no address and no token stands in the log or on standard error" "" \
	"$( { lampwatch log; lampwatch status; cat "$work/run.errors"; } | grep -E 'friend@|asker@|ops@example.net|\+[ucb]-' | head -n 3)"
finish
