#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# One cause, one thread, as somebody sees it who reads mail: a real Postfix delivers to mailboxes, and a real
# Dovecot says which mails are one thread (RFC 5256, by References). Runs only with LAMPWATCH_PEERS=1, as
# root, which Postfix's own user switching needs.
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

names=("all mails are in the mailboxes" "who was told of the cause has all of it in one thread" "who was not has a thread of the follower alone"
	"what fell in the same run is one mail, and its ends are in its thread" "the thread holds where the route failed first")
. "$root/tests/postfix.sh"
need_postfix
imap=/usr/lib/dovecot/imap
[ -x "$imap" ] || skip_all "needs dovecot's imap"

serve_postfix <<-END
	myhostname = mx.example.com
	mydestination =
	mynetworks = 127.0.0.0/8
	alias_maps =
	alias_database =
	virtual_mailbox_maps = inline:{ops@example.com=ops/,helpdesk@example.com=helpdesk/}
	smtpd_recipient_restrictions = permit_mynetworks, reject
	END

# begin: a new archive, and empty mailboxes.
begin() {
	rm -rf "$work/home" "$postfix"/mail/*
	mkdir "$work/home"; cd "$work/home" || exit 1
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		every: 1h
		confirm: {worse: 1, better: 1}
		pages:
		  - {name: desk, url: "https://desk.example.com/", kind: statuspage, depends_on: google/Mail, join: 10m}
		  - {name: google, url: "https://google.example.com/", kind: statuspage}
		routes: [{name: relay, smtp: "smtp://127.0.0.1:${1:-$port}", tls: off}]
		subscribers:
		  - {mail: ops@example.com, on: [red, green]}
		  - {mail: helpdesk@example.com, on: [red, green], pages: [desk]}
		END
	at 18:58 desk operational google operational
}
# at HH:MM PAGE LEVEL…: what was fetched then; what it owes arrives before the next.
at() {
	local time=$1
	shift
	while [ $# -gt 0 ]; do
		mkdir -p turn/"$1"
		statuspage_page "turn/$1/2014-01-24T${time/:/}00Z" none "$2" operational
		shift 2
	done
	"$lampwatch" replay --deliver turn > output 2>&1
	rm -rf turn
	await 10 settled
}
arrived() { find "$postfix/mail" -path '*/new/*' -type f | wc -l; }
# Postfix has nothing left, and what it took is in the mailboxes.
settled() { [ -z "$(find "$postfix"/queue/{incoming,active,deferred,maildrop} -type f)" ]; }

# threads MAILBOX: one line each, as Dovecot has them, with subjects in place of numbers.
threads() {
	cat > "$work/imap.conf" <<-END
		base_dir = $work/run
		log_path = $work/imap.log
		mail_location = maildir:$postfix/mail/$1
		mail_uid = postfix
		mail_gid = postfix
		first_valid_uid = 0
		first_valid_gid = 0
		ssl = no
		END
	mkdir -p "$work/run"
	printf 'a SELECT INBOX\r\nb FETCH 1:* (BODY[HEADER.FIELDS (SUBJECT)])\r\nc THREAD REFERENCES UTF-8 ALL\r\nd LOGOUT\r\n' |
		USER=root HOME=$work "$imap" -c "$work/imap.conf" 2> "$work/imap.errors" | python3 -c '
import re, sys
text = sys.stdin.read().replace("\r\n", "\n")
said = {n: re.sub(r"\n\s", " ", s) for n, s in re.findall(r"\* (\d+) FETCH .*?\nSubject: (?:SIMULATED )?(.*?)\n\n", text, re.S)}
tree = re.search(r"\* THREAD (.*)", text).group(1)
depth, line = 0, ""
for part in re.findall(r"[()]|\d+", tree):
	depth += {"(": 1, ")": -1}.get(part, 0)
	if part.isdigit():
		line += (", " if line else "") + said[part]
	if depth == 0:
		print(line)
		line = ""
'
}

begin
at 19:20 google major_outage
at 19:25 google major_outage desk partial_outage
at 20:00 google operational desk partial_outage
at 20:10 google operational desk partial_outage
at 21:00 google operational desk operational
same "${names[0]}" 7 "$(arrived)"
ops=$(threads ops)
same "${names[1]}" "RED: Mail: major outage (Example Services), RED: Mail: partial outage, follows from Mail (Example Services), STILL RED: Mail: partial outage, no longer explained by Mail (Example Services), GREEN: Mail: operational again after 1 h 35 min (Example Services), GREEN: Mail: operational again after 40 min (Example Services)" "$ops"
same "${names[2]}" "RED: Mail: partial outage (Example Services), GREEN: Mail: operational again after 1 h 35 min (Example Services)" "$(threads helpdesk)"

begin
at 19:20 desk partial_outage google major_outage
at 19:40 google operational
at 19:45 desk operational google operational
same "${names[3]}" "RED: Mail and 1 more (2 pages: google, desk), GREEN: Mail: operational again after 20 min (Example Services), GREEN: Mail: operational again after 25 min (Example Services)" "$(threads ops)"

begin 1 # where nobody listens
at 19:20 google major_outage
at 19:25 google major_outage desk partial_outage
sed -i "s|127.0.0.1:1\"|127.0.0.1:$port\"|" lampwatch.yaml
at 19:40 google major_outage desk partial_outage
at 19:50 google operational desk operational
same "${names[4]}" "RED: Mail: major outage (Example Services), RED: Mail: partial outage, follows from Mail (Example Services), GREEN: Mail and 1 more after 30 min (2 pages: google, desk)" "$(threads ops)"
finish
