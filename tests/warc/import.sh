#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# lampwatch import: what was exported comes back unchanged; WARC files in the dialects of wget, warcio
# and others; folders of captures; and everything that can be wrong with them.
. "$(dirname "$0")/../harness.sh"
. "$(dirname "$0")/archive.bash"

serve_http www
serve_smtp relay
cd "$work" || exit 1
make_archive
does() { local expected=$1; shift; "$lampwatch" "$@" > said 2>&1; local status=$?; [ "$status" = "$expected" ] || { echo "exit status $status:"; cat said; return 1; }; }
says() { local status=$1 pattern=$2; shift 2; does "$status" "$@" || return 1; grep -qE -- "$pattern" said || { cat said; return 1; }; }
# into NAME: a configuration whose archive is NAME.
into() { configuration "$1" > "$1.yaml"; echo "$1.yaml"; }
# contents ARCHIVE FILE: the digests of all files of that name, with their places.
contents() { (cd "$1" && find . -path ./.state -prune -o -name "$2" -print0 | sort -z | xargs -0 sha256sum); }

# ---- there and back ----
"$lampwatch" export --warc all.warc.gz
"$lampwatch" export --warc all.warc
check "what was exported is imported" does 1 -q -c "$(into back)" import all.warc.gz
for file in reading changes body body-2; do same "each $file is the same" "$(contents archive $file)" "$(contents back $file)"; done
same "and all changes in the log" "$("$lampwatch" log | grep ' changed ' | sort)" "$("$lampwatch" -c back.yaml log | grep ' changed ' | sort)"
check "the archive is whole" "$lampwatch" -c back.yaml verify
capture=$(find back/harbour -path '*T192000Z/capture')
same "where it is from" "all.warc.gz $(sha256sum < all.warc.gz | cut -c 1-64)" "$(sed -n 's/^imported-\(from\|sha256\): //p' "$capture" | xargs)"
check "and which record" grep -q "^WARC-Record-ID: $(sed -n 's/^imported-record: //p' "$capture")" <(tr -d '\r' < all.warc)
check "a simulated archive makes a simulated one" grep -q '^simulated: yes' "$capture"
check "plain, it is the same" does 1 -q -c "$(into plain)" import all.warc
same "digest by digest" "$(contents back reading)" "$(contents plain reading)"
"$lampwatch" -c back.yaml export --warc back.warc
check "what was imported can be exported" python3 "$root/tests/warc/examine.py" back.warc
same "again with the same payloads" "$(grep -a '^WARC-Payload-Digest' all.warc | sort)" "$(grep -a '^WARC-Payload-Digest' back.warc | sort)"
check "a second time: 2, and what can be done" says 2 '^lampwatch: [a-z]+: its history already reaches 2014-01-24T19:5.:00Z .*--since 2014-01-24T19:5.:01Z$' -c back.yaml import all.warc
check "of that time on there is nothing more" does 0 -c back.yaml import --since 2014-01-24T19:53:01 all.warc
check "one page of it" does 0 -q -c "$(into desk)" import --page desk all.warc
same "and no other" "desk heads" "$(cd desk && ls -d desk harbour board heads 2> /dev/null | xargs)"

# ---- what others write ----
# page_of STATUS…: one line of JSON.
page_of() { statuspage_page "$work/made.json" "$@"; cat "$work/made.json"; }
green=$(page_of none operational operational operational) red=$(page_of major major_outage operational operational)
json() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }
address=http://127.0.0.1:$www_port/api/v2/summary.json
# made FILE DIALECT MEMBER…: a WARC file of these records.
made() { local file=$1 dialect=$2 all="" item; shift 2; for item in "$@"; do all+=",$item"; done; printf '[{"dialect":"%s"}%s]' "$dialect" "$all" | python3 "$root/tests/warc/make.py" "$file"; }
# record DATE BODY [MORE]: a response of the page.
record() { printf '{"type":"response","url":"%s","date":"%s","body":%s%s}' "$address" "$1" "$(json "$2")" "${3:+,$3}"; }
# levels ARCHIVE: what Mail was at each snapshot of harbour.
levels() { cat $(find "$1/harbour" -name reading | sort) | sed -n 's/^indicator\tcomponent0\t\tMail\t\([a-z_]*\)\t.*/\1/p' | xargs; }

warcinfo='{"type":"warcinfo","date":"2014-01-24T19:00:00Z","body":"software: other"}'
request='{"type":"request","url":"'$address'","date":"2014-01-24T19:20:00Z"}'
for dialect in warcio old one; do
	made "$dialect.warc" "$dialect" "$warcinfo" "$(record 2014-01-24T19:20:00Z "$red" '"coding":["gzip","chunked"],"headers":["Content-Encoding: gzip","Transfer-Encoding: chunked"]')" \
		"$request" "$(record 2014-01-24T19:00:00.123456Z "$green")" "$(record 2014-01-24T19:52:00Z "$green" '"coding":["raw"],"headers":["Content-Encoding: deflate"]')"
	check "in the dialect \"$dialect\", in any order" does 0 -c "$(into "$dialect")" import "$dialect.warc"
	same "read as it was, by the time" "operational major_outage operational" "$(levels "$dialect")"
	same "and not simulated" 0 "$(cat $(find "$dialect" -name capture) | grep -c '^simulated')"
done

revisit='{"type":"revisit","url":"'$address'","date":"2014-01-24T19:52:00Z","fields":["WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest","WARC-Refers-To-Target-URI: '$address'","WARC-Refers-To-Date: 2014-01-24T19:00:00Z"],"digest":"sha1:ANOTHERDIGESTTHANTHEONEOFTHEORIGINAL"}'
not_modified='{"type":"revisit","url":"'$address'","date":"2014-01-24T19:53:00Z","status":304,"fields":["WARC-Profile: http://netpreserve.org/warc/1.0/revisit/server-not-modified","WARC-Refers-To-Target-URI: '$address'","WARC-Refers-To-Date: 2014-01-24T19:00:00Z"],"digest":"sha1:X"}'
made revisit.warc warcio "$(record 2014-01-24T19:00:00Z "$green")" "$(record 2014-01-24T19:20:00Z "$red")" "$revisit" "$not_modified"
check "revisits" does 0 -c "$(into revisit)" import revisit.warc
same "say again what they refer to" "operational major_outage operational" "$(levels revisit)"
same "what was not modified confirms it" "2014-01-24T19:53:00Z" "$("$lampwatch" -c revisit.yaml --json status | sed -n 's/.*"last_success": "\(2014.*\)",/\1/p')"
made lone.warc warcio "$(record 2014-01-24T19:20:00Z "$red")" "$revisit"
check "a revisit of what is not there is named: 1" says 1 '^lampwatch: harbour: 2014-01-24T19:52:00Z is left out: lone.warc: record <urn:uuid:.*: is a revisit, and the record it refers to is not in the file$' -c "$(into lone)" import lone.warc
same "the rest is imported" "major_outage" "$(levels lone)"

made moved.warc warcio "$(record 2014-01-24T19:00:00Z "" '"status":302,"headers":["Location: /elsewhere"]')" \
	'{"type":"response","url":"http://127.0.0.1:'$www_port'/elsewhere","date":"2014-01-24T19:00:01Z","body":'"$(json "$green")"'}'
check "a redirect is followed" does 0 -c "$(into moved)" import moved.warc
same "to what it led to" "operational http://127.0.0.1:$www_port/elsewhere" "$(levels moved) $(sed -n 's/^final: //p' "$(find moved -name capture)")"
made other.warc warcio '{"type":"response","url":"http://status.example.com/was-here","date":"2014-01-24T19:00:00Z","body":'"$(json "$green")"'}'
check "an address that is no page's: 2, and what can be done" says 2 '^lampwatch: none of the 1 response belongs to a page of the configuration; --page NAME --url ADDRESS' -c "$(into other)" import other.warc
check "unless it is said whose it is" does 0 -c other.yaml import --page harbour --url http://status.example.com/was-here other.warc
same "then it is" "operational" "$(levels other)"
made failed.warc warcio "$(record 2014-01-24T19:00:00Z "$green")" "$(record 2014-01-24T19:20:00Z "down" '"status":503')" "$(record 2014-01-24T19:52:00Z "$green")"
check "a 503 is a fetch that failed: 1" says 1 '^lampwatch: harbour: 2014-01-24T19:20:00Z: HTTP 503$' -c "$(into failed)" import failed.warc
made half.warc warcio '{"type":"response","url":"http://127.0.0.1:'$www_port'/summary.json","date":"2014-01-24T19:00:00Z","body":"{\"page\":{\"name\":\"Desk\",\"url\":\"http://127.0.0.1/\",\"status\":\"UP\"}}"}'
check "a document that is missing: 1" says 1 '^lampwatch: desk: 2014-01-24T19:00:00Z is left out: document components of the page is not in the file' -c "$(into half)" import half.warc
made label.warc warcio "$(record 2014-01-24T19:00:00Z "$green" '"headers":["Content-Encoding: br"]')"
check "what is only labelled so is taken as it is" does 0 -c "$(into label)" import label.warc
made coding.warc warcio "$(record 2014-01-24T19:00:00Z $'\v\002coded' '"headers":["Content-Encoding: br"]')"
check "a coding that is not known: 1" says 1 'record <urn:uuid:.*: is in a coding that is not known, "br"$' -c "$(into coding)" import coding.warc
made decoded.warc warcio "$(record 2014-01-24T19:00:00Z "$green" '"headers":["Content-Encoding: gzip","Transfer-Encoding: chunked"]')"
check "decoded already, though the head does not say so" does 0 -c "$(into decoded)" import decoded.warc
same "and read" "operational" "$(levels decoded)"
made truncated.warc warcio "$(record 2014-01-24T19:00:00Z "$green" '"fields":["WARC-Truncated: time"]')"
check "a body that was truncated when it was recorded: 1" says 1 'was truncated when it was recorded$' -c "$(into truncated)" import truncated.warc

# ---- damage ----
made whole.warc old "$(record 2014-01-24T19:00:00Z "$green")" "$(record 2014-01-24T19:20:00Z "$red")"
check "only what is not later" does 0 -c "$(into until)" import --until 2014-01-24T19:10 whole.warc
same "is imported" "operational" "$(levels until)"
head -c -100 whole.warc > cut.warc
check "a file that is cut off: 1, and where" says 1 '^lampwatch: cut.warc: byte [0-9]+: the record is cut off$' -c "$(into cut)" import cut.warc
same "what stands before it is imported" "operational" "$(levels cut)"
gzip -c whole.warc | head -c -30 > cut.warc.gz
check "a gzip file that is cut off: 1" says 1 '^lampwatch: cut.warc.gz: the gzip member at byte 0 is cut off$' -c "$(into cutgz)" import cut.warc.gz
same "likewise" "operational" "$(levels cutgz)"
check "no WARC file: 2" says 2 '^lampwatch: made.json: byte 0: no WARC record$' -c "$(into none)" import made.json
check "no file: 2" says 2 '^lampwatch: nothing: cannot be opened' -c none.yaml import nothing
check "no word: 2" does 2 -c none.yaml import
check "--url without --page: 2" does 2 -c none.yaml import --url http://a.example/ whole.warc
check "a page that is none: 2" says 2 'no page "habour"' -c none.yaml import --page habour whole.warc
check "a time that is none: 2" says 2 '"yesterday" is not a time' -c none.yaml import --since yesterday whole.warc
made future.warc warcio "$(record 2999-01-01T00:00:00Z "$green")"
check "the future: 2" says 2 'is dated 2999-01-01T00:00:00Z, which is in the future' -c none.yaml import future.warc

# ---- folders ----
mkdir -p captures/harbour/2014-01-24T192000Z
echo "$green" > captures/harbour/20140124T190000.json
echo "$red" > captures/harbour/2014-01-24T192000Z/body
printf 'HTTP/1.1 200 Fine\r\nContent-Type: application/json\r\n\r\n' > captures/harbour/2014-01-24T192000Z/headers
check "a folder of captures" does 0 -c "$(into folder)" import captures
same "is read by its times" "operational major_outage" "$(levels folder)"
same "and says where each is from" "20140124T190000.json 2014-01-24T192000Z/body" "$(cat $(find folder -name capture | sort) | sed -n 's/^imported-from: //p' | xargs)"
check "with the headers that lie there" cmp captures/harbour/2014-01-24T192000Z/headers "$(find folder -path '*T192000Z/headers')"
check "an empty folder: 2" says 2 'no capture found' -c none.yaml import www
check "its archive is whole" "$lampwatch" -c folder.yaml verify

# ---- nobody is told, and runs continue from there ----
{
	configuration told
	printf 'from: lampwatch@example.org\noperator: admin@example.org\nroutes:\n  - {name: relay, smtp: "smtp://127.0.0.1:%s", tls: off}\n' "$relay_port"
	printf 'subscribers:\n  - {mail: ops@example.com}\nwebhooks:\n  - {name: chat, url: "http://127.0.0.1:%s/hook"}\n' "$www_port"
} > told.yaml
check "with people who would be told" does 0 -c told.yaml import --page harbour whole.warc
same "the red is in the log" 1 "$("$lampwatch" -c told.yaml log | grep -c 'harbour  event red  Mail: ')"
same "and nobody is owed anything" "" "$("$lampwatch" -c told.yaml outbox)"
rm "$work/www/api/v2/summary.json.fault"
statuspage_page "$work/www/api/v2/summary.json" none operational operational operational
check "a run goes on from there" does 0 -c told.yaml run harbour
check "a run goes on from there, once more" does 0 -c told.yaml run harbour
same "the green of a red that nobody was told of is not told" "operational major_outage operational 0" "$(levels told) $(count_mails relay)"
check "nothing can be put in before what was seen" says 2 'harbour: its history already reaches' -c told.yaml import --page harbour whole.warc
check "it is whole" "$lampwatch" -c told.yaml verify

# ---- ended in the middle ----
for step in "1 intent written" "1 folder renamed" "2 folder renamed" "2 transaction committed" "2 chain appended"; do
	name=$(echo "killed-$step" | tr ' ' -)
	sed "s/^archive: .*/archive: $name/" told.yaml > "$name.yaml"
	(LAMPWATCH_KILL_AT_STEP=$step "$lampwatch" -c "$name.yaml" import --page harbour whole.warc; true) > said 2>&1
	"$lampwatch" -c "$name.yaml" import --page harbour whole.warc > said 2>&1 ||
		"$lampwatch" -c "$name.yaml" import --page harbour --since "$(sed -n 's/.*--since //p' said)" whole.warc > said 2>&1
	same "ended at \"$step\", and done again: all is there, and nobody told" "operational major_outage 0 0" "$(levels "$name") $(count_mails relay) $("$lampwatch" -c "$name.yaml" outbox | wc -l)"
	check "and it is whole" "$lampwatch" -c "$name.yaml" verify
done
sed "s/^archive: .*/archive: killed/" told.yaml > killed.yaml
(LAMPWATCH_KILL_AT_STEP="2 folder renamed" "$lampwatch" -c killed.yaml import --page harbour whole.warc; true) > said 2>&1
"$lampwatch" -c killed.yaml -q run desk > said 2>&1
same "what it left is no news to the next run" "operational 0 0" "$(levels killed) $(count_mails relay) $("$lampwatch" -c killed.yaml outbox | wc -l)"

# ---- wget ----
if command -v wget > /dev/null; then
	printf 'gzip;chunked' > "$work/www/api/v2/summary.json.fault"
	statuspage_page "$work/www/api/v2/summary.json" none operational operational operational
	wget -q --no-proxy --warc-file=first -O /dev/null --header 'Accept-Encoding: gzip' "$address"
	sleep 1
	statuspage_page "$work/www/api/v2/summary.json" major major_outage operational operational
	wget -q --no-proxy --warc-file=second --no-warc-compression -O /dev/null "http://127.0.0.1:$www_port/board/" "$address"
	check "what wget has saved, compressed and not, in chunks" does 0 -c "$(into wget)" import --page harbour second.warc first.warc.gz
	same "is read" "operational major_outage" "$(levels wget)"
	check "all pages that are in it" does 0 -c "$(into both)" import second.warc
	same "each as its own" "board harbour" "$(cd both && ls -d board desk harbour 2> /dev/null | xargs)"
else
	for name in "what wget has saved, compressed and not, in chunks" "is read" "all pages that are in it" "each as its own"; do skip "$name" "needs wget"; done
fi
finish
