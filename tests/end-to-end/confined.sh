#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# All that a run does is done with the confinement in force: mail by libesmtp and over TLS, a webhook, sendmail, a page
# that is not in UTF-8, and the archive over HTTP; and -v says what is in force. And a reader knows no secret, a fetcher
# none but those of its pages.
set -u
BUILD=${1:-${BUILD:?usage: confined.sh BUILD}}
. "$(dirname "$0")/../harness.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key" -out "$work/certificate" 2> /dev/null
cat "$work/key" >> "$work/certificate"
serve_page
serve_smtp plain
serve_smtp secure --tls starttls --cert "$work/certificate" --key "$work/certificate"
printf '#!/bin/sh\ncat > %s/queued\ngrep NoNewPrivs /proc/self/status > %s/privileges\n' "$work" "$work" > "$work/sendmail"
chmod 755 "$work/sendmail"
# What reads the page of others asks for a conversion, which is loaded when it is needed.
cat > "$work/www/other.html" <<-'END'
	<!DOCTYPE html><html><head><meta charset="koi8-r"><title>x</title></head><body>
	<table><tr><td class="name">
END
printf '\xf0\xcf\xde\xd4\xc1' >> "$work/www/other.html"
printf '</td><td class="state">up</td></tr></table></body></html>\n' >> "$work/www/other.html"

# begin ROUTE [WEBHOOK]: an archive of its own, whose only route is that.
begin() {
	rm -rf "$work/archive"
	cat > "$work/lampwatch.yaml" <<-END
		archive: archive
		from: lampwatch@example.org
		every: 0s
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
		  - name: other
		    url: "http://127.0.0.1:$www_port/other.html"
		    kind: generic-html
		    with: {require: "//table", indicators: {each: "//tr", name: "td[@class='name']", word: "td[@class='state']"}}
		routes: [{name: way, $1}]
		subscribers:
		  - {mail: ops@example.com}
		  - {mail: others@example.com}
		webhooks:
		  ${2:-}
		  - {name: chat, url: "http://127.0.0.1:$www_port/hook", template: generic}
	END
	statuspage_page "$page" none operational operational operational
	"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:00:00Z -q run
	first=$?
	statuspage_page "$page" major major_outage operational operational
	output=$("$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:02:00Z -v run 2>&1)
	status=$?
}
owed() { "$lampwatch" -c "$work/lampwatch.yaml" outbox; }

begin "smtp: \"smtp://127.0.0.1:$plain_port\", tls: off"
same "a first run ends well" 0 "$first"
same "by SMTP: a run ends well" 0 "$status"
same "two mails are there" 2 "$(ls "$work"/plain/*.eml | wc -l)"
same "nothing is owed" "" "$(owed)"
check "the webhook was told" grep -q "POST.*/hook" "$work/www.log"
check "a page in another encoding was read" grep -q "Почта" "$work"/archive/other/2014/01/*/reading
for role in reader fetcher attempt courier serve opener verify; do
	check "-v run says what $role is kept from" grep -qE "^$role +[0-9]+ \(seccomp\)" <<< "$output"
done
check "without programs to start there is no launcher" bash -c '! grep -q "^launcher" <<< "$1"' - "$output"
check "nothing was refused" bash -c '! grep -qE "confinement|confined:" <<< "$1"' - "$(grep -v '^confined ' <<< "$output")"
check "-v check says it, too, in 80 columns" bash -c '"$1" -c "$2" -v check | grep -E "^(confined|reader|fetcher|attempt|courier|serve|opener|verify) " | awk "length > 80 { bad = 1 } END { exit bad || NR != 8 }"' - "$lampwatch" "$work/lampwatch.yaml"

begin "smtp: \"smtp://127.0.0.1:$secure_port\", ca_file: certificate"
same "with TLS: a run ends well" "0 2" "$status $(ls "$work"/secure/*.eml | wc -l)"
begin "sendmail: \"$work/sendmail\""
same "by sendmail: a run ends well" "0 " "$status $(owed)"
check "the program got the mail" grep -q "^Subject:" "$work/queued"
check "the launcher is not held, as -v run says" grep -qE "^launcher +not held +any +any$" <<< "$output"
sed "s|^routes:.*|routes: [{name: way, smtp: 'smtp://127.0.0.1:$plain_port', user: me, token_command: [/bin/true]}]|" "$work/lampwatch.yaml" > "$work/token.yaml"
check "where it starts token commands alone it gains no privileges, as -v check says" bash -c '"$1" -c "$2" -v check | grep -qE "^launcher +not held, no_new_privs +any +any$"' - "$lampwatch" "$work/token.yaml"
same "which may gain its queue's group" "NoNewPrivs:0" "$(tr -d '\t' < "$work/privileges")"
check "nothing was refused" bash -c '! grep -qE "confinement|confined:" <<< "$1"' - "$(grep -v '^confined ' <<< "$output")"

printf '#!/bin/sh\ncat > %s/told\ngrep NoNewPrivs /proc/self/status > %s/modem.privileges\n' "$work" "$work" > "$work/modem"
chmod 755 "$work/modem"
begin "sendmail: \"$work/sendmail\"" "- {name: modem, command: \"$work/modem\"}"
same "by a program: a run ends well" "0 " "$status $(owed)"
check "the program was told" grep -q '"lampwatch.red"' "$work/told"
same "and gains no privileges, beside a sendmail program that may" "NoNewPrivs:1" "$(tr -d '\t' < "$work/modem.privileges")"
check "nothing was refused" bash -c '! grep -qE "confinement|confined:" <<< "$1"' - "$(grep -v '^confined ' <<< "$output")"

# ---- kernels that offer less ----

# older CALLS COMMAND…: where there are no such system calls (ENOSYS), by their numbers.
cat > "$work/older" <<'END'
#!/usr/bin/env python3
import ctypes, os, struct, sys
LOAD_NUMBER, RETURN_IF_NOT, RETURN = (0x20, 0, 0, 0), (0x15, 0, 1), 0x06
ENOSYS, ALLOW, NO_NEW_PRIVS, SECCOMP, FILTER = 0x00050026, 0x7fff0000, 38, 22, 2
steps = [LOAD_NUMBER]
for call in sys.argv[1].split(","):
    steps += [(*RETURN_IF_NOT, int(call)), (RETURN, 0, 0, ENOSYS)]
steps.append((RETURN, 0, 0, ALLOW))
program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
whole = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or prctl(SECCOMP, FILTER, whole, 0, 0) != 0:
    sys.exit("no filter can be made here")
os.execv(sys.argv[2], sys.argv[2:])
END
chmod 755 "$work/older"
landlock_create_ruleset=444
case "$(uname -m)" in x86_64) seccomp=317 ;; *) seccomp=277 ;; esac
printf '#!/bin/sh\nexec "%s/older" "$LACKING" "%s" "$@"\n' "$work" "$lampwatch" > "$work/on-older"
chmod 755 "$work/on-older"
# less WHAT CALLS SHOWN: as at the beginning; and -v says of a reader and the courier what is not in force.
less() {
	local here=$lampwatch
	export LACKING=$2
	lampwatch=$work/on-older
	rm -f "$work"/plain/*.eml
	begin "smtp: \"smtp://127.0.0.1:$plain_port\", tls: off"
	lampwatch=$here
	same "without $1 a run ends well" "0 0 2 " "$first $status $(ls "$work/plain" | grep -c eml) $(owed)"
	same "nothing is said of it but by -v" "reader courier" \
		"$(grep -E "^(reader|courier) .*$3" <<< "$output" | cut -d ' ' -f 1 | paste -sd ' ')"
}
less Landlock $landlock_create_ruleset "any: no Landlock"
less seccomp $seccomp "any: no seccomp"
less both $landlock_create_ruleset,$seccomp "any: no seccomp +any: no Landlock"

"$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/serve.out" 2> "$work/serve.errors" &
server=$!
pids+=($server)
await 5 test -s "$work/serve.out"
check "serve answers" cmp "$work/archive/index.html" <(curl -s --max-time 10 "$(cat "$work/serve.out")")
statuspage_page "$page" none operational operational operational
"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:04:00Z -q run
check "and what a later run has written" cmp "$work/archive/index.html" <(curl -s --max-time 10 "$(cat "$work/serve.out")")
same "and is confined" "NoNewPrivs:1 Seccomp:2" \
	"$(tr -d '\t' < "/proc/$server/status" | grep -E '^(NoNewPrivs|Seccomp):' | paste -sd ' ')"
opener=$(cat "/proc/$server/task/$server/children")
same "and so is what opens files for it" "NoNewPrivs:1 Seccomp:2" \
	"$(tr -d '\t' < "/proc/${opener% }/status" | grep -E '^(NoNewPrivs|Seccomp):' | paste -sd ' ')"
same "and both were refused nothing" "" "$(cat "$work/serve.errors")"
kill -KILL $opener
wait "$server"
same "without it, serve ends and says so" "3 lampwatch: the process that opens files has ended" "$? $(cat "$work/serve.errors")"

if command -v cc > /dev/null; then
	printf '#include <signal.h>\n#include <sys/socket.h>\nstatic void ask(int signal) { (void)signal; socket(AF_INET, SOCK_STREAM, 0); }\n__attribute__((constructor)) static void begin(void) { signal(SIGUSR1, ask); }\n' > "$work/greedy.c"
	cc -shared -fPIC -o "$work/greedy.so" "$work/greedy.c"
	LD_PRELOAD=$work/greedy.so ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/greedy.out" 2> "$work/greedy.errors" &
	server=$!
	pids+=($server)
	await 5 test -s "$work/greedy.out"
	kill -USR1 $server
	await 5 test -s "$work/greedy.errors"
	check "one that is refused a call serves on" cmp "$work/archive/index.html" <(curl -s --max-time 10 "$(cat "$work/greedy.out")")
	kill $server
	wait $server
	same "and ends as our own fault, with its role and the call" \
		'3 lampwatch: the confinement of serve refuses "socket"; please report it' "$? $(cat "$work/greedy.errors")"
fi

if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null; then
	skip "another user serves the archive, and cannot read .state" "only root may become one"
else
	chmod 711 "$work"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$lampwatch" -c "$work/lampwatch.yaml" serve --listen 127.0.0.1:0 > "$work/other.address" 2> "$work/other.errors" &
	pids+=($!)
	await 5 test -s "$work/other.address"
	check "another user serves the archive" cmp "$work/archive/index.html" <(curl -s --max-time 10 "$(cat "$work/other.address")")
	check "and cannot read .state" bash -c '! setpriv --reuid=65534 --regid=65534 --clear-groups ls "$1" 2> /dev/null' - "$work/archive/.state"
	chmod 700 "$work"
fi

# ---- a fetcher that ends ----

children() { cat "/proc/$1/task/$1/children" 2> /dev/null; }
# child_of RUN DESCRIPTORS: its child that is confined, and may have so many: 64 in a reader, 2048 in a fetcher.
child_of() {
	local child
	for child in $(children "$1"); do
		grep -q "^Seccomp:.*2" "/proc/$child/status" 2> /dev/null || continue
		grep -q "^Max open files *$2 " "/proc/$child/limits" 2> /dev/null && { echo "$child"; return; }
	done
}
serve_http stuck
printf hang > "$work/stuck/.fault"
mkdir -p "$work/stuck/api/v2"
printf hang > "$work/stuck/api/v2/.fault"
rm -rf "$work/archive"
cat > "$work/lampwatch.yaml" <<-END
	archive: archive
	every: 0s
	limits: {in_flight: 1}
	pages:
	  - {name: one, url: "http://127.0.0.1:$stuck_port/", kind: statuspage}
	  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
END
hanging() { [ "$(awk -v port=":$(printf %04X "$stuck_port")" '$3 ~ port "$" && $4 == "01"' /proc/net/tcp | wc -l)" = 1 ]; }
"$lampwatch" -c "$work/lampwatch.yaml" run > "$work/ended.out" 2>&1 &
run=$!
pids+=($run)
check "a page hangs" await 20 hanging
kill -KILL "$(child_of $run 2048)"
wait $run
same "a fetcher that is killed is our own fault" 3 $?
same "said once" 1 "$(grep -c "the process that fetches pages has ended (ended by signal 9)" "$work/ended.out")"
same "and nothing else is" "" "$(grep -vE "process that fetches|runs as root" "$work/ended.out")"
same "another one fetches what had not begun" "example" "$(cd "$work/archive" && ls -d */ | tr -d /)"

# ---- what a reader knows ----

# knows PID WORD…: those of the words that stand in what that process can write in its memory.
knows() {
	python3 - "$@" <<-'END' || echo gone
		import sys
		process, words = sys.argv[1], sys.argv[2:]
		found = set()
		with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
		    for line in maps:
		        place, mode = line.split()[:2]
		        begin, end = (int(number, 16) for number in place.split("-"))
		        if not mode.startswith("rw") or end - begin > 1 << 28:  # a sanitizer's own
		            continue
		        try:
		            memory.seek(begin)
		            bytes = memory.read(end - begin)
		        except (OSError, OverflowError, ValueError):
		            continue
		        found |= {word for word in words if word.encode() in bytes}
		print(*sorted(found))
	END
}
if [ "$(id -u)" != 0 ]; then
	skip "a reader knows no secret of the configuration" "only root may look"
else
	printf 'pass-swordfish' > "$work/password"
	chmod 600 "$work/password"
	# The conversions of strings of XPath take longest: several seconds for this page.
	python3 -c 'print("<!DOCTYPE html><title>x</title>" + "<b>text</b>" * 100000)' > "$work/www/slow.html"
	rm -rf "$work/archive"
	cat > "$work/lampwatch.yaml" <<-END
		archive: archive
		from: lampwatch@example.org
		every: 0s
		pages:
		  - {name: other, url: "http://127.0.0.1:$www_port/other.html?key=page-swordfish", kind: statuspage}
		  - name: slow
		    url: "http://user:slow-swordfish@127.0.0.1:$www_port/slow.html"
		    kind: generic-html
		    with: {require: "//b", indicators: {each: "//b[string(/) = .]", name: ".", word: "'up'"}}
		routes: [{name: way, smtp: "smtp://127.0.0.1:$secure_port", ca_file: certificate, user: lampwatch, password_file: password}]
		subscribers: [{mail: ops@example.com}]
		webhooks: [{name: chat, url: "http://127.0.0.1:$www_port/hook-swordfish", template: generic}]
	END
	secrets=(hook-swordfish page-swordfish pass-swordfish slow-swordfish)
	http_proxy= "$lampwatch" -c "$work/lampwatch.yaml" run > "$work/slow.out" 2>&1 &
	run=$!
	pids+=($run)
	# It stands still at its work; what was found at the end of that is looked for again.
	reading() {
		reader=$(child_of $run 64) && [ -n "$reader" ] && [ "$(awk '{ print $14 }' "/proc/$reader/stat")" -gt 10 ] &&
			kill -STOP "$run" "$reader" && sleep 0.1 && grep -q '^State:.*T' "/proc/$reader/status" && return
		kill -CONT "$run"
		return 1
	}
	await 20 reading
	same "a page is being read" 0 $?
	fetcher=$(child_of $run 2048)
	kill -STOP "$fetcher"
	same "a reader at work knows no secret of the configuration" "" "$(knows "$reader" "${secrets[@]}")"
	same "the fetcher knows that of an address that it was given, and nobody else's" "slow-swordfish" \
		"$(knows "$fetcher" hook-swordfish pass-swordfish slow-swordfish)"
	same "the run knows what lampwatch.yaml itself says, and nothing of a file" "hook-swordfish page-swordfish slow-swordfish" "$(knows "$run" "${secrets[@]}")"
	kill -CONT "$reader" "$fetcher" "$run"
	kill "$run"
	wait "$run" 2> /dev/null
fi
finish
