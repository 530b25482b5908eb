#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What fails before the page says so is told where nothing is kept while that lasts, too, once each, with one end; and as
# silence and quiet hours want it.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page
serve_http service
serve_smtp relay
green() { statuspage_page "$page" none operational; }
red() { statuspage_page "$page" major major_outage; }
works() { rm -f "$work/service/mail.fault"; }
fails() { echo "status=500" > "$work/service/mail.fault"; }
echo "well" > "$work/service/mail"
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T$((minute / 60 + 19)):$(printf %02d $((minute % 60))):00Z" "$@" 2>&1; }
word() { decoded "$(sed -n 's/\r$//; s/^Subject: //p' "$1")" | sed -n 's/^SIMULATED //; s/:.*//p'; echo; }
told() { local mail; for mail in $(mails relay); do grep -q '^To: ops' "$mail" && word "$mail"; done | sed "/^$/d" | paste -sd ,; }
ids() { local mail; for mail in $(mails relay); do grep -q '^To: ops' "$mail" && sed -n 's/\r$//; s/^Message-ID: //p' "$mail"; done; }

# begin NAME [KEY…]: an archive that has seen both well; the keys are the subscriber's.
begin() {
	rm -f "$work"/relay/*.eml
	mkdir -p "$work/$1"; cd "$work/$1" || exit 1
	shift
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.net
		every: 0s
		site: off
		confirm: {worse: 1, better: 1}
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example, facts: {Mail: [mail/web]}}
		probes:
		  - {name: mail, confirm: {worse: 1, better: 1}, checks: [{name: web, http: "http://127.0.0.1:$service_port/mail"}]}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
		subscribers:
		  - {mail: ops@example.com, on: [red, green]${1:+, $1}}
	END
	export RUNTIME_DIRECTORY=$PWD/runtime
	mkdir -m 700 "$RUNTIME_DIRECTORY"
	green; works; at 0 run > /dev/null; at 1 run > /dev/null
}

# day: it fails, the page says so, it works, the page says that, each in two runs.
day() {
	fails; at 2 run; at 3 run
	red; at 20 run; at 21 run
	works; at 52 run; at 53 run
	green; at 80 run; at 81 run
}

begin standby
rm archive/.state/lampwatch.db*
day > said
same "beside the archive it is told once each" "FAILS HERE,RED,GREEN" "$(told)"
same "under different Message-IDs" "3" "$(ids | sort -u | grep -c .)"
same "which says once that nothing is kept" "1" "$(grep -c 'nothing is kept while that lasts' said)"

begin silence "pages: [example]"
same "that its probe goes on telling is said" \
	"mail: still told when its checks fail; it has a silence of its own" \
	"$(at 2 silence example --until 2014-01-24T19:10 --reason "our own work" | tail -n +2)"
fails; at 2 run; at 3 run
same "in a silence nobody is told" "" "$(told)"
at 11 run; at 12 run
same "what still fails when it ends is told then" "FAILS HERE" "$(told)"
works; at 13 run
same "and its end" "FAILS HERE,WORKS AGAIN HERE" "$(told)"

begin silent "pages: [example]"
at 2 silence example --until 2014-01-24T19:10 --reason "our own work" > /dev/null
fails; at 2 run; works; at 4 run; at 11 run; at 12 run
same "what began and ended in it is not told" "" "$(told)"

begin quiet "quiet: [{from: \"19:00\", to: \"20:00\"}]"
fails; at 2 run; at 3 run
same "in quiet hours nothing is delivered" "" "$(told)"
red; at 20 run
at 61 run; at 62 run
same "when they end it is one message" "1" "$(told | tr , '\n' | grep -c .)"
works; at 63 run; green; at 64 run
same "and there is one end" "GREEN" "$(told | sed 's/.*,//')"
finish
