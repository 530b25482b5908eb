#!/bin/bash
# SPDX-License-Identifier: ISC
# mail-in behind a real Postfix, as lampwatch(1) says: an alias that runs the
# command as the owner of the alias file, extensions behind "+", mail that comes
# back from a mailbox that does not exist. Runs only with LAMPWATCH_PEERS=1, as root,
# which Postfix's own user switching needs.
#
#   tests/end-to-end/mail-in-postfix.sh BUILD
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

names=("a letter to the alias is answered" "the answer confirms, through Postfix's lower-cased extension" "the command runs as the alias file's owner"
	"an alert to a mailbox that does not exist comes back and is counted" "the second one suspends the address"
	"where nothing can be kept Postfix keeps the letter" "and brings it again" "the token that unsubscribes works through the alias"
	"Postfix's log shows no bounce of a letter to us")
. "$root/tests/postfix.sh"
need_postfix

# The alias's owner has no rights anywhere else: what he needs lies in a folder of his own.
owner=mail
home=$work/home
mkdir -p "$home" "$work/site/api/v2"
cp "$lampwatch" "$home/lampwatch"
cp -r "$root/templates" "$home/templates"
serve_http site
cat > "$home/lampwatch.yaml" <<END
archive: $home/archive
from: lampwatch@example.org
mail_in: lampwatch@example.org
operator: admin@example.com
every: 0s
flapping: off
pages:
  - {name: one, url: "http://127.0.0.1:$site_port/", kind: statuspage}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$port", tls: off}
subscribers:
  - {mail: gone@example.com}
END
printf '#!/bin/sh\nLAMPWATCH_TEMPLATES=%s exec %s -c %s mail-in\n' "$home/templates" "$home/lampwatch" "$home/lampwatch.yaml" > "$home/mail-in"
printf 'lampwatch: "|%s"\n' "$home/mail-in" > "$home/aliases"
chmod 755 "$home/mail-in"
chown -R $owner "$home"

serve_postfix <<END
myhostname = mx.example.org
mydestination = example.org
mynetworks = 127.0.0.0/8
recipient_delimiter = +
local_recipient_maps =
alias_maps = hash:$home/aliases
alias_database = hash:$home/aliases
virtual_mailbox_maps = inline:{friend@example.com=friend/,admin@example.com=admin/}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
minimal_backoff_time = 1s
queue_run_delay = 1s
END
setpriv --reuid=$owner --clear-groups env MAIL_CONFIG="$postfix/config" postalias -c "$postfix/config" "hash:$home/aliases" 2> "$work/alias.log"

as_owner() { setpriv --reuid=$owner --clear-groups env LAMPWATCH_TEMPLATES="$home/templates" "$home/lampwatch" -c "$home/lampwatch.yaml" "$@"; }
run() { as_owner run 2>> "$work/run.errors"; }
state() { as_owner subscribers | sed -n "s/^$1  \([a-z]*\).*/\1/p"; }
is_state() { [ "$(state "$1")" = "$2" ]; }
# letter FROM TO SUBJECT
letter() {
	printf 'From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: Fri, 24 Jan 2014 19:20:00 +0000\r\nMessage-ID: <%s@example.com>\r\n\r\n\r\n' "$1" "$2" "$3" "$RANDOM$RANDOM" > "$work/letter"
	"$BUILD/tests/mail-send" --route "smtp://127.0.0.1:$port" --tls off --from "$1" --to "$2" "$work/letter" > "$work/sent"
}
field() { sed -n "/^$1:/{s/^$1: //;:a;N;/\n[ \t]/{s/\n[ \t]/ /;ba};s/\n.*//;p;q}" "$2"; }
newest() { find "$postfix/mail/$1/new" -type f -printf '%T@ %p\n' 2> /dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2-; }
has_mail() { [ "$(find "$postfix/mail/$1/new" -type f 2> /dev/null | wc -l)" -ge "$2" ]; }
page() { statuspage_page "$work/site/api/v2/summary.json" "$@"; }

page none operational; run
letter friend@example.com lampwatch@example.org "subscribe one"
await 10 is_state friend@example.com asked
run
check "${names[0]}" await 10 has_mail friend 1
letter friend@example.com "$(field Reply-To "$(newest friend)")" yes
check "${names[1]}" await 10 is_state friend@example.com active
same "${names[2]}" "$owner" "$(stat -c %U "$home/archive/.state/lampwatch.db")"
page major major_outage; run
bounces() { sqlite_count bounce; }
sqlite_count() { python3 -c "import sqlite3,sys; print(sqlite3.connect('file:$home/archive/.state/lampwatch.db?mode=ro', uri=True).execute('SELECT count(*) FROM $1').fetchone()[0])"; }
has_bounces() { [ "$(bounces)" -ge "$1" ]; }
check "${names[3]}" await 10 has_bounces 1
page none operational; run; run; sleep 1; run
check "${names[4]}" await 10 is_state gone@example.com suspended

mv "$home/archive" "$home/away"; touch "$home/archive"
letter friend@example.com lampwatch@example.org status
deferred() { grep -q 'to=<lampwatch@example.org>.*status=deferred' "$postfix/log"; }
check "${names[5]}" await 10 deferred
rm "$home/archive"; mv "$home/away" "$home/archive"
before=$(find "$postfix/mail/friend/new" -type f | wc -l)
again() { run; has_mail friend $((before + 1)); }
check "${names[6]}" await 20 again
alert=$(grep -l '^List-Unsubscribe' "$postfix"/mail/friend/new/* | tail -n 1)
unsubscribe=$(field List-Unsubscribe "$alert"); unsubscribe=${unsubscribe#<mailto:}
letter friend@example.com "${unsubscribe%%\?*}" unsubscribe
check "${names[7]}" await 10 is_state friend@example.com unsubscribed
same "${names[8]}" "" "$(grep 'to=<lampwatch.*status=bounced' "$postfix/log")"
finish
