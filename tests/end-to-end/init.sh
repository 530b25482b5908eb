#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# lampwatch init: from nothing to an alert, on a terminal and by options; and everything that can go wrong on the way.
. "$(dirname "$0")/../harness.sh"
unsanitized

mkdir "$work/at"
cd "$work/at" || exit 1
serve_page
serve_smtp relay
statuspage_page "$page" none operational operational
url=http://127.0.0.1:$www_port/
relay=smtp://127.0.0.1:$relay_port

# A catalogue of our own: of the services of the real one, tests fetch none.
cp -r "$root/templates" "$work/templates"
export LAMPWATCH_TEMPLATES=$work/templates
cat > "$work/templates/catalogue.yaml" <<-YAML
	- {name: Example, aliases: [example services], url: "$url", kind: statuspage, provider: example-group}
	- {name: Gone, url: "http://127.0.0.1:9/", kind: statuspage}
	- {name: Unknown Kind, url: "http://127.0.0.1:9/other"}
YAML

echo '{}' > "$work/lampwatch.schema.json" # where an installation has it

# begin: a new, empty folder.
begin() { cd "$work" && rm -rf at && mkdir at && cd at && rm -f "$work"/relay/*.eml; : > "$work/relay.script"; }
# terminal QUESTION|ANSWER…: lampwatch init, answered by somebody; sets shown and status.
terminal() { printf '%s\n' "$@" > "$work/answers"; shown=$(python3 "$root/tests/end-to-end/answer.py" "$work/answers" "$lampwatch" -c lampwatch.yaml init 2>&1); status=$?; }
# options WORD…: without a terminal.
options() { shown=$("$lampwatch" -c lampwatch.yaml init "$@" 2>&1 < /dev/null); status=$?; }
all=(--archive archive --mail ops@example.com --mail second@example.com --relay "$relay" --service example --schedule cron)
shows() { grep -qF -- "$1" <<< "$shown"; }
left() { find . -mindepth 1 | sort; }
with() { local name=$1; shift; if "$@"; then pass "$name"; else fail "$name" "$shown"; fi; }

# ---- on a terminal ----

terminal "1. |archive" "2. |ops@example.com, second@example.com" "machine's own|$relay" "The user|" "(empty: none yet)|Example Services" "5. |cron"
same "five questions are answered" 0 $status
same "each question fits a terminal of 80 columns" "" "$(grep -E '^([1-5]\.|  ) ' <<< "$shown" | sed '/^Next:/,$d' | grep '.\{81\}')"
with "the test message went out" shows "relay: delivered"
same "to the first of those who are told" 1 "$(grep -lE '^X-Envelope-To: ops@example.com' $(mails relay) | wc -l)"
with "the service was found" shows "Example Services: watched"
with "the run is shown" shows "$ lampwatch -c lampwatch.yaml run"
with "and what the page says" shows "Mail"
with "and what is left where a provider is down" shows "example-group"
with "and what comes next" shows "-c $work/at/lampwatch.yaml run"
check "check calls it good" "$lampwatch" -c lampwatch.yaml check
check "there is an archive" test -f archive/example/chain
same "nothing else is left" $'./archive\n./lampwatch.yaml' "$(left | grep -v archive/)"
same "nobody else but, of root's, the group of the archive reads it" "$([ "$(id -u)" = 0 ] && echo 640 || echo 600)" "$(stat -c %a lampwatch.yaml)"
same "an editor is told where the schema is" "# yaml-language-server: \$schema=$work/lampwatch.schema.json" "$(head -n 1 lampwatch.yaml)"
check "the provider is the catalogue's" grep -qx '    provider: example-group' lampwatch.yaml
check "the loopback needs no TLS" grep -qx '    tls: off # .*' lampwatch.yaml
check "nothing of the draft's name stays" bash -c '! grep -q draft lampwatch.yaml'
statuspage_page "$page" major major_outage operational
"$lampwatch" -q -c lampwatch.yaml run example
same "an outage is told to both" 2 "$(grep -lE '^Subject: .*RED' $(mails relay) | wc -l)"
statuspage_page "$page" none operational operational
before=$(cat lampwatch.yaml)
terminal
same "a configuration that is there is refused" 2 $status
with "by its name" shows "lampwatch.yaml exists already, and is not touched"
same "and not touched" "$before" "$(cat lampwatch.yaml)"

begin
terminal "1. |/dev/null/archive" "1. |~/archive" "1. |archive" "2. |nobody" "2. |" "2. |ops@example.com" "machine's own|http://relay" "machine's own|$relay" "The user|" \
	"(empty: none yet)|example, exmple" "(empty: none yet)|" "5. |at" "5. |none"
same "wrong answers are asked for again" 0 $status
with "a folder that cannot be made" shows "/dev/null/archive: cannot be written to: Not a directory"
with "a shell's home" shows '"~" is no folder here, as in "~/archive"'
with "an address that is none" shows '"nobody" is no address such as ops@example.com'
with "nobody" shows "somebody must be told"
with "a relay that is none" shows "is a relay such as smtp://relay.example.net:587"
with "a service that is not known, and the nearest" shows '"exmple" is neither an address (https://...) nor in the catalogue; did you mean "Example"?'
with "a word that starts nothing" shows "a run is started by timer, cron or none of them"
with "none of them" shows "lampwatch.yaml run      # once a minute"
check "those that were known are watched" grep -q 'name: example' lampwatch.yaml

begin
echo 'mail reply 550 not here' > "$work/relay.script"
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|" "Another|another" "machine's own|$relay" "The user|" "Another|go on" "(empty: none yet)|" "5. |cron"
same "a relay that takes nothing is told by the exit status" 1 $status
with "and in words" shows "550 not here"
check "who goes on has a configuration" "$lampwatch" -c lampwatch.yaml check

begin
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|watch@example.net" "The password|s3cret word" "Another|go on" "(empty: none yet)|" "5. |cron"
with "no password goes out where there is no TLS" shows "TLS"
same "it is in a file of its own" "s3cret word" "$(cat relay.password)"
same "which nobody else reads" 600 "$(stat -c %a relay.password)"
check "and was never shown" bash -c '! grep -q s3cret <<< "$1"' - "$shown"
check "the configuration names it" grep -qx '    password_file: relay.password' lampwatch.yaml
check "an address that logs in is the sender" grep -qx 'from: watch@example.net' lampwatch.yaml
check "check calls that good" "$lampwatch" -c lampwatch.yaml check
rm lampwatch.yaml
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|watch" "The password|other" "The file|^C"
same "a password that is there is not overwritten" "s3cret word" "$(cat relay.password)"
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|watch" "The password|" "The file|relay.password" "Another|^C"
same "but taken where it is named, and not taken away" "s3cret word" "$(cat relay.password)"

# ---- what is stopped leaves nothing ----

for stop in ^C ^D; do
	for number in 1 2 3 4 5; do
		begin
		answers=("1. |archive" "2. |ops@example.com" "machine's own|$relay" "(empty: none yet)|example" "5. |none")
		answers[number - 1]="$number. |$stop"
		steps=("${answers[@]:0:3}" "The user|" "${answers[@]:3}")
		[ $number -gt 3 ] || steps=("${answers[@]:0:number}")
		[ $number -ne 4 ] || steps=("${answers[@]:0:3}" "The user|" "(empty: none yet)|$stop")
		terminal "${steps[@]}"
		same "$stop at question $number leaves nothing" "" "$(left)"
		if [ $stop = ^C ]; then same "and ends by the signal" 130 $status; else same "and ends with 2" 2 $status; fi
		with "and says so" shows "stopped; nothing was written"
	done
done
begin
echo 'greeting silent' > "$work/relay.script"
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|" "A test message|^C"
same "^C while the relay is tried leaves nothing" "130 " "$status $(left)"
begin
shown=$("$lampwatch" -c new/lampwatch.yaml init "${all[@]}" --mail nobody 2>&1 < /dev/null; ls -A)
check "nor does what is refused make a folder" bash -c '! grep -qx new <<< "$1"' - "$shown"
begin
terminal "1. |archive" "2. |ops@example.com" "machine's own|$relay" "The user|somebody" "The password|s3cret" "Another|^C"
same "a password is not left behind either" "" "$(left)"
check "and was never shown" bash -c '! grep -q s3cret <<< "$1"' - "$shown"

# ---- by options ----

begin
options
same "without a terminal and without options" 2 $status
same "it says which are missing" "lampwatch init: asks on a terminal; without one it needs these options too: --archive --mail --relay --service --schedule" "$shown"
options "${all[@]:0:8}"
same "or only the rest of them" "lampwatch init: asks on a terminal; without one it needs these options too: --service --schedule" "$shown"
same "and nothing is there" "" "$(left)"
options "${all[@]}" --from watch@example.org
same "with all of them nothing is asked" 0 $status
check "the sender is as it was given" grep -qx 'from: watch@example.org' lampwatch.yaml
same "both are told" 2 "$(grep -c '^  - mail: ' lampwatch.yaml)"
same "nobody else is told" 1 "$(count_mails relay)"
begin
"$lampwatch" -q -c lampwatch.yaml init "${all[@]}" --service none 2>&1 < /dev/null | grep -v "is a name for examples" > "$work/quiet"
same "with -q nothing is said that is not wrong" "" "$(grep -v "runs will be root's\|runs as root" "$work/quiet")"

# wrong TEXT WORD…: is refused, says that, and leaves nothing.
wrong() {
	local text=$1; shift
	begin; options "$@"
	same "refused: $text" 2 $status
	with "  in these words" shows "$text"
	same "  and nothing is there" "" "$(left)"
}
wrong '"nobody" is no address' "${all[@]}" --mail nobody
wrong 'is a relay such as smtp://relay.example.net:587' "${all[@]}" --relay relay
wrong '"user" needs "password_file"' "${all[@]}" --user watch
wrong 'no.password' "${all[@]}" --user watch --password-file no.password
wrong 'nor in the catalogue' "${all[@]}" --service nowhere
wrong 'a run is started by timer, cron or none of them' "${all[@]}" --schedule monthly
wrong 'usage: lampwatch init' "${all[@]}" word

begin
options "${all[@]}" --service gone --service "Unknown Kind" --service "$url"
same "pages that cannot be read fail nothing" 1 $status
with "one that the catalogue knows is watched" shows "gone: cannot be read now; watched all the same, as the catalogue has it"
with "one that it does not is left to do" shows "Unknown Kind: cannot be read now, and what kind of page it is is not known"
check "which the file says, too" grep -qx '  # Could not be read at first: lampwatch add Unknown Kind' lampwatch.yaml
same "one that is named twice is watched once" "example gone" "$(sed -n '/^pages:/,$s/^  - name: //p' lampwatch.yaml | tr '\n' ' ' | sed 's/ $//')"
check "check calls that good, too" "$lampwatch" -c lampwatch.yaml check
check "and a page can be added" "$lampwatch" -q -c lampwatch.yaml add --name again "http://127.0.0.1:$www_port/index.html" --dry-run --kind statuspage

begin
options --archive archive --mail ops@example.com --relay "smtp://127.0.0.1:9" --service none --schedule none
same "without a relay that answers, and without a service, there is a configuration" 1 $status
check "which is good" "$lampwatch" -c lampwatch.yaml check
with "and it is said that nothing is watched" shows "no page is watched yet: \`lampwatch add NAME\` adds one"

# ---- root writes for the owner of the archive ----

owner=65534 group=$(id -g 65534 2> /dev/null || echo 65534)
as_owner() { setpriv --reuid=$owner --regid="$group" --clear-groups "$@"; }
begin
chmod 711 "$work"; chmod -R go+rX "$work/templates"; cp "$lampwatch" "$work/lampwatch"
if [ "$(id -u)" != 0 ] || ! as_owner "$work/lampwatch" --version > /dev/null 2>&1; then
	skip "root writes for the owner of the archive" "needs root, and a program that others can run"
else
	chmod 755 .; mkdir home; chown "$owner:$group" home
	terminal "1. |home/archive" "2. |ops@example.com" "machine's own|$relay" "The user|watch" "The password|s3cret" "Another|go on" "(empty: none yet)|example" "5. |none"
	same "root's file is read by the owner's group" "0 $group 640" "$(stat -c '%u %g %a' lampwatch.yaml)"
	same "the password is the owner's" "$owner $group 600" "$(stat -c '%u %g %a' relay.password)"
	same "so is the archive" "$owner $group" "$(stat -c '%u %g' home/archive)"
	mkdir roots; cd roots || exit 1; rm -f "$work"/relay/*.eml
	shown=$(as_owner "$work/lampwatch" init "${all[@]:2}" --archive "$work/at/home/other" 2>&1 < /dev/null)
	same "a folder that cannot be written to is 3" 3 $?
	with "and said" shows "cannot be written to"
	same "before anything is tried" 0 "$(count_mails relay)"
	cd ..
	check "the owner's runs go on" as_owner "$work/lampwatch" -c lampwatch.yaml run
fi

# ---- what cannot be written ----

begin
mkdir lampwatch.yaml.draft
options "${all[@]}"
same "where the draft cannot be written" 3 $status
same "there is no configuration" "./lampwatch.yaml.draft" "$(left)"
finish
