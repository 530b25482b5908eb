#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A mistake in the configuration stops no watching: runs go on with the last good one, with its kinds
# and templates, and say so once. What is not there goes on with nothing; what cannot be opened is
# this machine's trouble.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page --posts "$work/hooks"
serve_smtp relay
etc=$work/etc file=$work/etc/lampwatch.yaml
mkdir -p "$work/hooks" "$etc/kinds"
kind() { mkdir -p "$etc/kinds"; cp "$root/templates/pages/statuspage.yaml" "$etc/kinds/mine.yaml"; }
template() { echo '{{>part}}' > "$etc/own.txt"; echo '{{#first}}the own template says {{type}}{{/first}}' > "$etc/part.txt"; }
configuration() {
	cat <<-YAML
		archive: ../archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		confirm: {worse: 1, better: 1}
		flapping: off
		kinds: kinds
		pages: [{name: example, url: "http://127.0.0.1:$www_port/", kind: mine}]
		routes:
		  - {name: first, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
		subscribers: [{mail: ops@example.com}]
		webhooks: [{name: own, url: "http://127.0.0.1:$www_port/hook", template_file: own.txt}]
	YAML
}
minute=0
# run WORD…: sets said, without what root is told, and status.
run() { said=$("$lampwatch" -c "$file" --clock "2014-01-24T$(printf %02d:%02d $((19 + minute / 60)) $((minute % 60))):00Z" run "$@" 2>&1); status=$?; minute=$((minute + 1)); said=$(grep -v 'runs as root' <<< "$said"); }
# told ADDRESS: the subjects of what it got.
told() { local mail; for mail in $(mails relay); do grep -q "^X-Envelope-To: $1" "$mail" && decoded "$(sed -n '/^Subject:/{s/^Subject: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}' "$mail")" && echo; done | sed 's/^SIMULATED //'; }
count() { told "$1" | wc -l | tr -d ' '; }
# mail_to ADDRESS: the text of its last mail.
mail_to() { grep -l "^X-Envelope-To: $1" $(mails relay) | tail -n 1 | xargs cat | tr -d '\r' | sed -e '1,/^$/d' -e ':a;/=$/{N;s/=\n//;ba};s/=3D/=/g'; }
posts() { find "$work/hooks" -type f | wc -l | tr -d ' '; }
kept=$STATE_DIRECTORY/last-good
copies() { find "$kept" -mindepth 2 -maxdepth 2 -type d | wc -l | tr -d ' '; }

# ---- what is kept ----

kind; template; configuration > "$file"; green
run
same "a good configuration is no news" "0 " "$status $said"
same "a copy is kept, for this user only" "" "$(find "$kept" \( -type d ! -perm 700 \) -o \( -type f ! -perm 600 \))"
same "with the kinds and templates that it names" "kinds/mine.yaml lampwatch.yaml templates/own/own.txt templates/own/part.txt " \
	"$(cd "$kept"/*/*/ && find . -type f -printf '%P\n' | sort | tr '\n' ' ')"
before=$(stat -c '%i %Y' "$kept"/*/current)
run
same "it is not written again while nothing changes" "$before" "$(stat -c '%i %Y' "$kept"/*/current)"
mkdir "$(dirname "$kept"/*/current)/cut-short" # by a crash
configuration | sed 's/\[{mail: ops/[{mail: new@example.com}, {mail: ops/' > "$file"
run
same "another good one takes its place" "1 1" "$(grep -c new@example.com "$kept"/*/*/lampwatch.yaml) $(copies)"
check "check -v says that it is in force" grep -q "in force since 2014-01-24T19:02:00Z" <("$lampwatch" -c "$file" -v check)
printf '\n# later\n' >> "$file"
check "and of one that no run has seen, that it is not yet" grep -q "in force from the next run on" <("$lampwatch" -c "$file" -v check)
run

# ---- a mistake ----

configuration > "$file"; echo 'evry: 5m' >> "$file"; red
run
same "with a mistake the run goes on and exits with 2" 2 "$status"
same "it prints the mistake, in one line with its place" "$file:13: unknown key \"evry\"; did you mean \"every\"?" "$said"
same "the alert goes out" "RED: Mail: major outage (Example Services)" "$(told ops@example.com)"
same "also to whom the file no longer names" 1 "$(count new@example.com)"
same "the operator gets one mail" "CONFIGURATION NOT IN FORCE: it has a mistake" "$(told admin@example.org)"
check "which names the mistake" grep -qF "$file:13: unknown key" <(mail_to admin@example.org)
check "which configuration goes on" grep -q "that of .*19:03" <(mail_to admin@example.org)
check "and that removed people are still told" grep -q "whoever was removed is still told" <(mail_to admin@example.org)
run
same "the next run says nothing" "2 " "$status $said"
same "and mails nothing" "1 1" "$(count ops@example.com) $(count admin@example.org)"
echo 'kids: 3' >> "$file"
run
same "another mistake is printed, the first not again" "2 1 1" "$status $(grep -c kids <<< "$said") $(wc -l <<< "$said")"
same "and not mailed" 1 "$(count admin@example.org)"
"$lampwatch" -c "$file" check > "$work/check" 2>&1; status=$?
same "check exits with 2" 2 $status
check "names both" test "$(grep -c "^$file:1[34]: unknown key" "$work/check")" = 2
check "and says which one is in force" grep -q "not in force; runs go on with the last good one, that of 2014-01-24T19:03:00Z: $kept" "$work/check"
for words in status "log" "subscribe x@example.com" pack prune site "replay $work"; do
	"$lampwatch" -c "$file" $words > /dev/null 2>&1
	same "$words exits with 2" 2 $?
done
echo 'Subject: help' | "$lampwatch" -c "$file" mail-in > /dev/null 2>&1
same "mail-in answers 75, and the mail server keeps the mail" 75 $?
"$lampwatch" -c "$file" run --dry-run > "$work/dry" 2>&1
same "run --dry-run shows what the file would do: exit 2" "2 1" "$? $(grep -c evry "$work/dry")"

# ---- no YAML, no kind, no template ----

echo 'pages: [' > "$file"; green
run
same "not even YAML: the green goes out" "2 GREEN: Mail: operational again after 3 min (Example Services)" "$status $(told ops@example.com | tail -n 1)"
check "and the line is printed" grep -q "^$file:.*not YAML" <<< "$said"
: > "$file"; red
run
same "an empty file: the red goes out" "2 3" "$status $(count ops@example.com)"
configuration > "$file"; rm -r "$etc/kinds" "$etc/own.txt" "$etc/part.txt"; green
before=$(posts)
run
same "the folder of kinds and the template are gone: the green goes out" "2 4" "$status $(count ops@example.com)"
same "and the webhook's, by the template that was kept" "1 the own template says green" "$(($(posts) - before)) $(sed '1,/^\r*$/d' "$(find "$work/hooks" -type f | sort | tail -n 1)")"
template; kind; echo 'kind: [' >> "$etc/kinds/mine.yaml"; red
run
same "a kind with a mistake: the page is read by the one that was kept" "2 5" "$status $(count ops@example.com)"
same "the operator has heard once" 1 "$(count admin@example.org)"

# ---- it is mended ----

kind; green
run
same "mended: nothing is printed" "0 " "$status $said"
same "the operator is told once" "CONFIGURATION IN FORCE: it is good again" "$(told admin@example.org | tail -n 1)"
run
same "and not again" "0 2" "$status $(count admin@example.org)"
echo 'evry: 5m' >> "$file"
run
same "the next mistake is another episode" "2 1 3" "$status $(grep -c evry <<< "$said") $(count admin@example.org)"
configuration > "$file"; run

# ---- files that it names ----

touch "$etc/password"; chmod 600 "$etc/password"; echo secret > "$etc/password"
configuration | sed "/- {name: first/i\\  - {name: locked, smtp: \"smtp://127.0.0.1:1\", user: me, password_file: password}" > "$file"
run
same "no secret is kept" "0 0" "$status $(grep -rc 'secret' "$kept" | grep -cv ':0$')"
rm "$etc/password"; red
before=$(count ops@example.com)
run
same "a secret that is gone costs its own route only" "2 1" "$status $(($(count ops@example.com) - before))"
check "and is what the run says" grep -q "password_file.*cannot be read: No such file" <<< "$said"
configuration > "$file"; green; run
cd "$work" || exit 1
echo 'evry: 5m' >> "$file"; red; before=$(count ops@example.com)
"$lampwatch" -c ./etc//lampwatch.yaml --clock "2014-01-24T19:50:00Z" run > "$work/relative" 2>&1
same "however its path is written, it is the same file" "2 1" "$? $(($(count ops@example.com) - before))"

# ---- absent, and not to be opened ----

mv "$file" "$work/away"; minute=51; green; before=$(count ops@example.com)
run
same "a file that is gone: exit 2, and nothing goes on" "2 0" "$status $(($(count ops@example.com) - before))"
mkdir "$file"
run
same "a folder in its place is a mistake" "2 1" "$status $(($(count ops@example.com) - before))"
rmdir "$file"; configuration > "$file"; run

# denied NUMBER WORD…: where opening the file fails with that errno.
denied() { local number=$1; shift; failing "open $number 1 99 $file" "$lampwatch" -c "$file" "$@"; }
for reason in 13:Permission 24:"Too many open files" 5:Input/output; do
	before=$(count ops@example.com)
	if [ "$((minute % 2))" = 0 ]; then red; else green; fi
	said=$(denied "${reason%%:*}" --clock "2014-01-24T$(printf %02d:%02d $((19 + minute / 60)) $((minute % 60))):00Z" run 2>&1); status=$?; minute=$((minute + 1))
	same "a file that cannot be opened (${reason#*:}) is our trouble: 3" 3 "$status"
	same "which is one line (${reason#*:})" "1 1" "$(grep -v 'as root' <<< "$said" | wc -l) $(grep -c "${reason#*:}" <<< "$said")"
	same "and the last good one goes on (${reason#*:})" 1 "$(($(count ops@example.com) - before))"
	denied "${reason%%:*}" status > /dev/null 2>&1
	same "status, which goes on with nothing, exits with 3 (${reason#*:})" 3 $?
done

# ---- nothing is kept ----

rm -rf "$kept"; configuration > "$file"; echo 'evry: 5m' >> "$file"
run
same "without a copy nothing goes on, and the run says why" "2 1" "$status $(grep -c evry <<< "$said")"
run
same "each time, for nothing else does" "2 1" "$status $(grep -c evry <<< "$said")"

configuration > "$file"; run
for copy in "$kept"/*/*/lampwatch.yaml; do echo 'broken: [' > "$copy"; done
echo 'evry: 5m' >> "$file"
run
same "a copy that is damaged does not go on, and is named" "2 1 1" "$status $(grep -c evry <<< "$said") $(grep -c "the last good configuration cannot be used either" <<< "$said")"
configuration > "$file"; run
same "the next good configuration takes its place" "1 0" "$(grep -lw archive "$kept"/*/*/lampwatch.yaml | wc -l) $(cat "$kept"/*/*/lampwatch.yaml | grep -c broken)"

# ---- where it is kept ----

if [ -d /var/lib/lampwatch ]; then
	skip "without systemd the copy lies beside the file" "there is a /var/lib/lampwatch on this machine"
else
	unset STATE_DIRECTORY
	configuration > "$file"; minute=0
	rm -rf "$work/archive"
	run
	check "without systemd the copy lies beside the file" test -f "$etc"/.lampwatch-last-good/*/current
	echo 'evry: 5m' >> "$file"
	run
	same "and is found there" "2 1" "$status $(count_mails relay > /dev/null; "$lampwatch" -c "$file" check 2>&1 | grep -c 'last-good/')"
	chmod 755 "$etc/.lampwatch-last-good"
	"$lampwatch" -c "$file" run > "$work/open" 2>&1
	same "a folder that others may enter is not trusted" "2 1" "$? $(grep -c evry "$work/open")"
fi
finish
