#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Letters of strangers and floods of letters: who is answered, where, how often, and what the
# operator hears of it.
set -u
BUILD=${1:-${BUILD:?usage: letters.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
serve_smtp relay
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
operator: admin@example.org
mail_in: lampwatch@example.org
mail_in_allow: ["*@example.com", "*@gmail.com", "*@googlemail.com"]
every: 0s
pages:
  - {name: harbour, url: "http://127.0.0.1:$www_port/", kind: statuspage}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
subscribers:
  - {mail: told@stranger.example}
END
clock=2026-03-01T12:00:00Z
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$clock" "$@" 2> "$work/errors"; }
# letter SENDER FROM SUBJECT: SENDER is the envelope's; "none" leaves Return-Path out.
letter() {
	{
		[ "$1" = none ] || printf 'Return-Path: <%s>\n' "$1"
		printf 'From: Somebody <%s>\nTo: lampwatch@example.org\nSubject: %s\nMessage-ID: <%s.%s@example.com>\n\n' "$2" "$3" "$RANDOM" "$RANDOM"
	} | lampwatch mail-in
}
send() { lampwatch run > /dev/null; }
count_to() { grep -il "^X-Envelope-To: $1" $(mails relay) /dev/null | wc -l | tr -d ' '; }
newest() { grep -il "^X-Envelope-To: $1" $(mails relay) /dev/null | tail -n 1; }
statuspage_page "$work/www/api/v2/summary.json" none operational
send

# ---- who ----
for word in status help subscribe "subscribe harbour" unsubscribe nonsense ""; do
	letter stranger@stranger.example stranger@stranger.example "$word"
done
send
check "a stranger is told that he is one" grep -q 'takes no subscriptions from stranger@stranger.example' "$(newest stranger@stranger.example)"
check "and learns no page's name or address, whatever he asks" bash -c "! grep -liE 'harbour|127.0.0.1:$www_port' $(echo $(grep -il '^X-Envelope-To: stranger@' $(mails relay) /dev/null))"
letter told@stranger.example told@stranger.example status; send
check "whoever is told of the pages may ask about them" grep -q harbour "$(newest told@stranger.example)"
letter friend@example.com friend@example.com status; send
check "whoever may write is answered" grep -q harbour "$(newest friend@example.com)"

# ---- where ----
letter real@example.com victim@example.com help; send
same "the envelope's sender is answered, not whom From names" "1 0" "$(count_to real@example.com) $(count_to victim@example.com)"
letter "" nobody@example.com help
letter stranger@stranger.example friend2@example.com status; send
same "a null sender gets nothing, and a stranger's envelope is a stranger's" "0 0" "$(count_to nobody@example.com) $(count_to friend2@example.com)"
letter none plain@example.com help; send
same "where the mail server does not say who sent it, From counts" 1 "$(count_to plain@example.com)"

# ---- how often ----
for spelling in many@example.com MANY@example.com Many+1@Example.com many+2@example.com many+x+y@EXAMPLE.COM many+3@example.com many@example.com; do
	letter "$spelling" "$spelling" help
done
send
same "a mailbox gets five answers a day, however it is spelt" 5 "$(count_to 'many')"
for spelling in dots@gmail.com d.ots@gmail.com do.ts@googlemail.com d.o.t.s+1@gmail.com DOTS@GoogleMail.com dot.s@gmail.com; do
	letter "$spelling" "$spelling" help
done
send
same "also where dots do not count" 5 "$(count_to 'd[.]*o[.]*t[.]*s')"
letter a.b@example.com a.b@example.com help; letter ab@example.com ab@example.com help; send
same "elsewhere they do" "1 1" "$(count_to 'a[.]b@') $(count_to 'ab@')"

for spelling in asks@example.com asks+1@example.com ASKS@example.com asks@example.com; do letter "$spelling" "$spelling" subscribe; done
send
same "one question at a time goes to a mailbox" 1 "$(count_to 'asks')"
clock=2026-03-03T12:30:00Z
letter asks@example.com asks@example.com subscribe; send
same "and another when nobody can answer that one any more" 2 "$(count_to 'asks')"

# ---- a flood ----
clock=2026-03-10T12:00:00Z
# What 490 letters of others leave behind.
python3 - "$work/archive/.state/lampwatch.db" "$(date -d "$clock" +%s)" <<'END'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.executemany("INSERT INTO answer (sender, time) VALUES (?, ?)", [(f"{i:064x}", int(sys.argv[2])) for i in range(490)])
database.commit()
END
for ((i = 0; i < 14; i++)); do letter "flood$i@example.com" "flood$i@example.com" nonsense; done
send; send
same "all together get 500 answers a day" 10 "$(count_to 'flood')"
same "the operator hears of it, once" 1 "$(grep -l 'LETTERS to lampwatch@example.org stay unanswered' $(grep -il '^X-Envelope-To: admin@' $(mails relay) /dev/null) /dev/null | wc -l | tr -d ' ')"
clock=2026-03-11T12:00:01Z
letter next@example.com next@example.com help; send
same "the next day there are answers again" 1 "$(count_to next@)"
finish
