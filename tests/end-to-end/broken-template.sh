#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A broken template stops no alert: the mail goes out in plain words, with the data as it is, over the
# same route and to the same receiver, and whoever runs lampwatch is told why.
. "$(dirname "$0")/../harness.sh"

serve_page
serve_smtp relay
cp -r "$root/templates" "$work/templates"
export LAMPWATCH_TEMPLATES=$work/templates
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@watch.example.org
every: 0s
pages: [{name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}]
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: ops@example.com}]
END
# run MINUTE: sets output and status.
run() { output=$("$lampwatch" -c "$work/lampwatch.yaml" --clock "2014-01-24T19:$1:00Z" run 2> "$work/error"); status=$?; output+=$(grep -v 'runs as root' "$work/error"); }
# The text of a mail whose body is quoted-printable.
text() { tr -d '\r' < "$1" | sed -e '1,/^$/d' -e ':a;/=$/{N;s/=\n//;ba};s/=3D/=/g'; }

statuspage_page "$page" none operational operational
run 00
statuspage_page "$page" major major_outage operational
echo '{{#first}} without an end' > "$work/templates/mail/body.txt"
run 20
same "the run says which template is broken, in one line and by its exit status" "2 1" "$status $(grep -c 'mail/body.txt' <<< "$output")"
same "the alert goes out all the same" 1 "$(count_mails relay)"
mail=$(mails relay)
check "to who was to have it" grep -q '^X-Envelope-To: ops@example.com' "$mail"
same "its subject has the news in few words" "red: Mail (example)" "$(subjects relay)"
check "its text says what is wrong" grep -q "A template of this lampwatch is broken" <(text "$mail")
same "and holds the data, whole" "major_outage" \
	"$(text "$mail" | sed 1,/^$/d | python3 -c 'import json, sys; print(json.load(sys.stdin)["first"]["after"]["level"])')"
cp "$root/templates/mail/body.txt" "$work/templates/mail/body.txt"
statuspage_page "$page" none operational operational
run 21
run 22
same "with the template mended the green has its usual form" "0:" "$status:$output"
check "and answers the plain mail" grep -qF "In-Reply-To: $(tr -d '\r' < "$mail" | sed -n 's/^Message-ID: //p')" "$(mails relay | tail -1)"
finish
