#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Three secret words stand in every address, header and file of the configuration, and in nothing that
# anybody gets: mails, webhooks' texts, pages, outputs, logs, arguments of programs, core files.
set -u
BUILD=${1:-${BUILD:?usage: secrets.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized
user=wurzelsieben password=zederacht query=quelleneun
words="$user|$password|$query"

serve_http www
serve_http hooks --posts "$work/posts"
mkdir -p "$work/posts" "$work/www/api/v2" "$work/kinds" "$work/got"
serve_smtp relay
closed=9 # nobody listens there
secret() { ( umask 077; printf '%s\n' "$2" > "$work/$1" ); }
at() { printf '%s://%s:%s@127.0.0.1:%s%s?key=%s' "$1" "$user" "$password" "$2" "$3" "$query"; }

# A kind whose links follow from the page's own address.
cat > "$work/kinds/linked.yaml" <<'END'
about: a page with links, for tests
documents: {page: '$url', more: 'resolve-uri("/more", $url)'}
require: '//table[@id = "board"]'
page: {title: '//h1'}
indicators:
  each: '//tr'
  id: '@id'
  name: 'td[1]'
  word: 'td[2]'
incidents:
  each: '//a'
  id: '@href'
  title: '.'
  word: '"down"'
  state: '"open"'
  url: 'resolve-uri(@href, $url)'
  updates: {each: '.', state: '"open"', text: 'resolve-uri(@href, $url)'}
levels:
  operational: [up]
  major_outage: [down]
END
# board STATUS
board() {
	printf '<h1>Board</h1><table id="board"><tr id="mail"><td>Mail</td><td>%s</td></tr></table>%s' "$1" \
		"$([ "$1" = up ] || echo '<a href="incident/1">It is down</a>')" | put "$work/www/board"
}
printf '<p>more</p>' > "$work/www/more"

# A mail program that notes how it was called, and by whom.
cat > "$work/mailer" <<'END'
#!/bin/sh
folder=$(dirname "$0")/got
{ printf '%s\n' "$@"; tr '\0' '\n' < /proc/$PPID/cmdline; tr '\0' '\n' < /proc/self/environ; } >> "$folder/arguments"
cat >> "$folder/mailed"
END
chmod +x "$work/mailer"
secret relay.password "$password"
secret hook.secret "whsec_$(printf %s "$password$query$user" | base64 -w 0)"
secret hook.url "$(at http "$hooks_port" /hook)"
secret heartbeat.url "$(at http $closed /beat)"
secret pager.token "$password"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out "$work/authority.pem" -subj "/CN=Authority" 2> /dev/null

cat > "$work/lampwatch.yaml" <<END
archive: archive
kinds: kinds
from: lampwatch@watch.example
operator: operator@reader.example
mail_in: lampwatch@watch.example
confirm: {worse: 1, better: 1, lost: 1}
flapping: off
every: 0s
timeout: {connect: 2s, total: 5s}
metrics: got/metrics
heartbeat_file: heartbeat.url
timestamp: {url: "$(at http $closed /stamp)", ca_file: authority.pem, every: 1m}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
  - {name: dead, smtp: "smtps://127.0.0.1:$closed", user: $user, password_file: relay.password}
  - {name: program, sendmail: $work/mailer}
subscribers:
  - {mail: someone@reader.example, on: [red, green, update, flapping, lost]}
webhooks:
$(for service in slack discord teams mattermost google-chat generic; do
	printf '  - {name: %s, url_file: hook.url, secret_file: hook.secret, template: %s, on: [red, green, update, lost]}\n' "$service" "$service"
done | sed '/slack\|discord\|teams\|mattermost\|google-chat/s/ secret_file: hook.secret,//')
  - {name: gone, url: "$(at http $closed /hook)", on: [red]}
  - {name: pager, template: telegram, url_file: hook.url, with: {chat_id: "-1", token_file: pager.token}, on: [red]}
pages:
  - {name: board, url: "$(at http "$www_port" /board)", kind: linked}
  - {name: pages, url: "$(at http "$www_port" /)", kind: statuspage}
  - {name: closed, url: "$(at http $closed /page)", kind: linked}
  - {name: missing, url: "$(at http "$www_port" /missing)", kind: linked}
END
lampwatch() { "$lampwatch" -c "$work/lampwatch.yaml" "$@"; }
# An output that is looked at, with its errors.
out() { local name=$1; shift; lampwatch "$@" > "$work/got/$name" 2>&1; }

board up; statuspage_page "$work/www/api/v2/summary.json" none operational
out run-1 -v run
board down; statuspage_page "$work/www/api/v2/summary.json" major major_outage
out run-2 -v run
sleep 1
out run-3 -v run
out dry run --dry-run
for command in status log routes outbox subscribers report check silence; do
	out "$command" "$command"
	out "$command.json" --json "$command"
	out "$command.v" -v "$command"
done
out show show board; out show.json --json show board; out diff diff board 2020 2100
out read read --kind "$work/kinds/linked.yaml" "$(at http "$www_port" /board)"
out add add --dry-run --kind "$work/kinds/linked.yaml" --name board "$(at http "$www_port" /board)"
out try try slack; out try-dead try dead; out try-gone try gone
out verify verify; out key key
out warc export --warc "$work/got/web.warc"
out wacz export --wacz "$work/web.wacz" && (cd "$work/got" && unzip -qo "$work/web.wacz" && gunzip -f archive/*.gz 2> /dev/null)
out evidence export --evidence board 2100 "$work/got/evidence"
out site site
for word in status help; do
	printf 'Return-Path: <someone@reader.example>\nFrom: someone@reader.example\nSubject: %s\n\n' "$word" | lampwatch mail-in > "$work/got/mail-in-$word" 2>&1
done
out run-4 -v run
"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/got/serve" 2>&1 &
server=$!
pids+=($server)
await 5 test -s "$work/got/serve"
same "a core file of it holds nothing: there is none" "0 0" "$(sed -n 's/^Max core file size *\([^ ]*\) *\([^ ]*\).*/\1 \2/p' "/proc/$server/limits")"
tr '\0' '\n' < "/proc/$server/cmdline" > "$work/got/serve.arguments"
core=$(cd "$work" && python3 - "$lampwatch" "$work/lampwatch.yaml" <<'END'
import os, resource, signal, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_CORE)[1]))
process = subprocess.Popen([sys.argv[1], "-c", sys.argv[2], "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE)
process.stdout.readline()
os.kill(process.pid, signal.SIGSEGV)
print(os.WCOREDUMP(os.waitpid(process.pid, 0)[1]))
END
)
same "not even where one was asked for" False "$core"

# What the operator typed as an argument is his; "add" repeats it as the line that he asked for.
check "the pages were read" grep -q 'RED' "$work/got/status"
check "mails went out" test "$(count_mails relay)" -ge 3
check "and webhooks" test "$(find "$work/posts" -type f | wc -l)" -ge 6
check "letters were answered" grep -lq "someone@reader.example" $(mails relay)
# What a receiver's own address has is his; the texts that he gets are looked at without that.
mkdir "$work/posted"
for post in "$work"/posts/*; do sed -e '1d' -e '/^[Aa]uthorization:/d' "$post" > "$work/posted/${post##*/}"; done
# leaks FOLDER…: files with one of the words, also in other forms of it.
leaks() {
	local encoded
	encoded=$(for word in $user $password $query; do printf '|%s|%s' "$(printf %s "$word" | base64 -w 0 | cut -c 1-12)" "$(printf %s "$word" | rev)"; done)
	grep -rlaE "$words$encoded" "$@" | sed "s,^$work/,," | grep -v '^got/add$' | sort
}
# Mails as they are, and as a reader shows them: quoted-printable cuts words in two.
mkdir "$work/letters"
cp $(mails relay) "$work/letters"
python3 - "$work/letters" <<'END'
import email, email.policy, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("*.eml"):
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    texts = [f"{name}: {value}" for name, value in mail.items()]
    texts += [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    path.with_suffix(".txt").write_text("\n".join(texts))
END
same "no output has them" "" "$(leaks "$work/got")"
check "mails were decoded" grep -q "RED" "$work"/letters/*.txt
same "no mail" "" "$(leaks "$work/letters")"
same "nothing that a webhook gets" "" "$(leaks "$work/posted")"
same "nothing in the archive that may be published" "" "$(find "$work/archive" -path "$work/archive/.state" -prune -o -type f -print0 | xargs -0 grep -laE "$words")"
check "though they are in use" grep -q "key=$query" "$work/www.log"
finish
