#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A token in place of a password: asked for once in a run, used for all mails of the route, told to
# nobody; and where there is none, the other routes go on.
. "$(dirname "$0")/../harness.sh"
unsanitized

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key" -out "$work/certificate" 2> /dev/null
cat "$work/key" >> "$work/certificate"
serve_page
serve_smtp office --tls starttls --cert "$work/certificate" --key "$work/certificate"
serve_smtp spare
printf '%s\n' "token alerts swordfish.0123456789" "require auth" "without AUTH" "with AUTH XOAUTH2 OAUTHBEARER" > "$work/office.script"
cd "$work" || exit 1
minute=0

# program BODY: what issues the token.
program() { printf '#!/bin/sh\necho run >> %s/runs\n%s\n' "$work" "$1" > issue; chmod 755 issue; rm -f runs; }
runs() { cat runs 2> /dev/null | wc -l | tr -d ' '; }
# begin LINES: a fresh archive; the first route is office with these lines.
begin() {
	rm -rf archive office/*.eml spare/*.eml
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		every: 0s
		site: off
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		routes:
		  - {name: office, smtp: "smtp://127.0.0.1:$office_port", ca_file: certificate, user: alerts, $1}
		  - {name: spare, smtp: "smtp://127.0.0.1:$spare_port", tls: off}
		subscribers:
	END
	for i in $(seq 1 "${2:-5}"); do echo "  - {mail: person$i@example.com}" >> lampwatch.yaml; done
	minute=$((minute + 1))
	statuspage_page "$page" none operational operational operational
	"$lampwatch" --clock "2014-01-24T19:$((10 + minute)):00Z" -q run
}
# red: what the run prints, and how long it takes in $took.
red() {
	minute=$((minute + 1))
	statuspage_page "$page" major major_outage operational operational
	rm -f runs
	took=$SECONDS
	output=$("$lampwatch" --clock "2014-01-24T19:$((10 + minute)):00Z" run 2>&1)
	took=$((SECONDS - took))
}
# Everything that anybody may see, and everything that is kept.
told() {
	echo "$output"
	for words in "-v outbox" "--json outbox" routes "--json routes" status log "-v check" "try --to ops@example.com office"; do
		"$lampwatch" --clock "2014-01-24T19:$((10 + minute)):00Z" $words 2>&1
	done
	cat -- spare/*.eml office/*.eml 2> /dev/null
	find archive -type f -exec cat {} +
}
hidden() { ! told | grep -q -a "swordfish\|c3dvcmRmaXNo\|hunter"; }

program 'echo swordfish.0123456789; echo hunter3 >&2'
begin "token_command: [$work/issue], depends: []" 60
red
same "sixty mails go by the route that authenticates with a token" "60 0" "$(count_mails office) $(count_mails spare)"
same "which was asked for once" 1 "$(runs)"
same "and nothing is said" "" "$(grep -v 'turned\|RED\|red' <<< "$output" | grep -i 'token\|hunter')"
check "nobody is told the token" hidden
check "try uses it" bash -c "'$lampwatch' --clock 2014-01-24T20:00:00Z try --to ops@example.com office | grep -q delivered"
check "routes says that the route has one" bash -c "'$lampwatch' --clock 2014-01-24T20:00:00Z routes | grep -q '^  office .*(token)'"

program 'echo hunter2; echo hunter3 >&2; exit 3'
begin "token_command: [$work/issue], depends: []"
red
same "where the command fails the mails go by the other route, in the same run" "0 5" "$(count_mails office) $(count_mails spare)"
same "and it is not run again for each of them" 1 "$(runs)"
same "try says why, in one line" "1" "$("$lampwatch" --clock 2014-01-24T20:00:00Z try --to ops@example.com office 2>&1 | grep -c "token_command: $work/issue: exit status 3")"
check "and nothing of what the command said" hidden

program 'sleep 600'
begin "token_command: [$work/issue], depends: []"
red
same "a command that hangs costs its route ten seconds" "0 5" "$(count_mails office) $(count_mails spare)"
check "and no more" test $took -lt 40

begin "token_file: issued, depends: []"
red
same "without the file the mails go by the other route" "0 5" "$(count_mails office) $(count_mails spare)"
check "and check says so" bash -c "'$lampwatch' check 2>&1 | grep -q 'warning: \"token_file\": .*issued: cannot be read: No such file'"
(umask 077 && printf 'swordfish.0123456789\r\n' > issued)
begin "token_file: issued, depends: []"
red
same "with it, by its own" "5 0" "$(count_mails office) $(count_mails spare)"
check "which nobody is told either" hidden

(umask 077 && echo swordfish.expired > issued)
begin "token_file: issued, depends: []"
red
same "a token that the relay refuses: by the other route" "0 5" "$(count_mails office) $(count_mails spare)"
check "which tells no token either" hidden
finish
