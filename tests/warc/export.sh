#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# lampwatch export: WARC, gzip and plain, and WACZ, checked against the standards by a separate program
# (examine.py), which is itself tested with files that are wrong in every way it looks for.
. "$(dirname "$0")/../harness.sh"
. "$(dirname "$0")/archive.bash"
examine() { python3 "$root/tests/warc/examine.py" "$@"; }

serve_http www
cd "$work" || exit 1
make_archive
records=$(($(find archive -name body -o -name 'body-*' | wc -l) * 2 + $(find archive -name SHA256SUMS | wc -l) + 1))
same "the archive that is exported has ten snapshots" 10 "$(find archive -name SHA256SUMS | wc -l)"

# ---- what is written ----
check "WARC, compressed" "$lampwatch" export --warc all.warc.gz
check "WARC, plain" "$lampwatch" export --warc all.warc
check "WACZ" "$lampwatch" export --wacz all.wacz
for file in all.warc.gz all.warc all.wacz; do check "$file holds to the standards" examine --records "$records" "$file"; done
same "nothing else is left beside them" "all.wacz all.warc all.warc.cdxj all.warc.gz all.warc.gz.cdxj" "$(echo all.* .all*new* | sed 's/ \.all.*//')"
same "gzip itself reads it to the end" "$(sed '/^WARC-Filename/d' all.warc | grep -ac '^WARC/1.1')" "$(zcat all.warc.gz | grep -ac '^WARC/1.1')"
count() { grep -ac "^WARC-Type: $1" all.warc; }
same "a request for each document" 12 "$(count request)"
same "payloads that were written before are revisits" "9 3" "$(count response) $(count revisit)"
same "one record about each snapshot, with its reading" "10 9" "$(count metadata) $(grep -ac '^reading: reading 1' all.warc)"
same "what was compressed is so no more, and its length is right" 0 "$(grep -aic '^\(content\|transfer\)-encoding' all.warc)"
check "a header with control characters is one line" grep -aq $'^X-Evil: a WARC/1.1\tb c\r$' <(tr '\t' ' ' < all.warc | sed 's/a WARC\/1.1 b/a WARC\/1.1\tb/')
same "no record begins in it" "$records" "$(grep -ac '^WARC/1.1' all.warc)"
same "no secret" 0 "$(grep -ac geheim all.warc)"
check "a simulated archive says so" grep -aq '^simulated: yes' all.warc
check "WARC-Date is when the capture began; here, the time that was given" grep -aq '^WARC-Date: 2014-01-24T19:20:00Z' all.warc
same "the pages of a WACZ, in words" 3 "$(unzip -p all.wacz pages/pages.jsonl | grep -c '"title":"harbour: Example Services (operational)"\|"title":"board: could not be read"')"

"$lampwatch" export --warc again.warc.gz
same "the same again is the same, except for the first record" "$(zcat all.warc.gz | sed '1,/^WARC-Type: request/d' | sha256sum)" "$(zcat again.warc.gz | sed '1,/^WARC-Type: request/d' | sha256sum)"
"$lampwatch" export --warc desk.warc desk board
same "only the pages that are named" "board desk" "$(sed -n 's/^page: \(.*\)\r/\1/p' desk.warc | sort -u | xargs)"
check "and that is whole by itself" examine desk.warc

# ---- what cannot be written, or read ----
does() { local expected=$1; shift; "$lampwatch" "$@" > said 2>&1; local status=$?; [ "$status" = "$expected" ] || { echo "exit status $status:"; cat said; return 1; }; }
says() { local status=$1 pattern=$2; shift 2; does "$status" "$@" || return 1; grep -qE -- "$pattern" said || { cat said; return 1; }; }
check "no word: 2" does 2 export
check "both: 2" does 2 export --warc a.warc --wacz a.wacz
check "a page that is none: 2" says 2 'no page "habour"; did you mean "harbour"' export --warc a.warc habour
check "a folder that is none: 3" says 3 '^lampwatch: nowhere/a.warc: cannot be written' export --warc nowhere/a.warc
mkdir full
check "a WACZ that cannot be written: 3" says 3 '^lampwatch: nowhere/a.wacz: cannot be written' export --wacz nowhere/a.wacz
(ulimit -f 100; trap '' XFSZ; "$lampwatch" export --warc full/a.warc) > said 2>&1
same "a disk that is full: 3, one line, and no file" "3 1 0" "$? $(grep -c '^lampwatch: full/a.warc.*: cannot be written' said) $(find full -type f | wc -l)"
(ulimit -f 100; trap '' XFSZ; "$lampwatch" export --wacz full/a.wacz) > said 2>&1
same "a WACZ that cannot be written leaves nothing" "3 1 0" "$? $(grep -c '^lampwatch: full/a.wacz: cannot be written' said) $(find full -type f | wc -l)"

cp -r archive damaged && sed 's/^archive: .*/archive: damaged/' lampwatch.yaml > damaged.yaml
echo x >> damaged/harbour/2014/01/2014-01-24T191200Z/body
rm damaged/desk/2014/01/2014-01-24T190000Z/headers-2
"$lampwatch" -c damaged.yaml export --warc rest.warc > said 2>&1
same "what is damaged is named, a line each: 3" "3 2" "$? $(wc -l < said)"
check "the altered body" grep -q '^lampwatch: .*harbour/2014/01/2014-01-24T191200Z/body: has been altered.*; the snapshot is left out$' said
check "the missing headers" grep -q '^lampwatch: .*desk/2014/01/2014-01-24T190000Z/headers-2: cannot be opened.*; the snapshot is left out$' said
same "the rest is there" 8 "$(grep -ac '^WARC-Type: metadata' rest.warc)"
check "and whole" examine rest.warc
check "export writes nothing into the archive" "$lampwatch" verify

# ---- the judge is judged ----
# spoil NAME FILE PYTHON: the bytes d of a copy are changed; examine.py must complain.
spoil() {
	local name=$1 file=$2 change=$3
	mkdir -p spoilt && cp "$file" spoilt/ && cp "$file.cdxj" spoilt/ 2>/dev/null
	python3 - "spoilt/$file" "$change" <<-'END'
		import re, sys, zlib, gzip
		path, change = sys.argv[1:]
		d = before = open(path, "rb").read()
		d = eval(change)
		assert d != before, "nothing was changed"
		open(path, "wb").write(d)
	END
	if examine --records "$records" "spoilt/$file" > said 2>&1; then fail "found: $name" "nothing was said"
	elif grep -q Traceback said; then fail "found: $name" "$(cat said)"
	else pass "found: $name"; fi
}
spoil "a byte of a body" all.warc 'd.replace(b"Mail is closed", b"Mail is clased", 1)'
spoil "a byte of a header" all.warc 'd.replace(b"HTTP/1.1 200", b"HTTP/1.1 201", 1)'
spoil "a byte of a reading" all.warc 'd.replace(b"reading: page", b"reading: pagE", 1)'
spoil "another block digest" all.warc 're.sub(rb"(WARC-Block-Digest: sha256:)..", rb"\g<1>00", d, count=1)'
spoil "another payload digest" all.warc 're.sub(rb"(WARC-Payload-Digest: sha256:)..", rb"\g<1>00", d, count=1)'
spoil "a length that is too small" all.warc 're.sub(rb"(Content-Length: )(\d+)(\r\n\r\n[A-Z])", lambda m: m[1] + str(int(m[2]) - 1).encode() + m[3], d, count=1)'
spoil "a length that is too large" all.warc 're.sub(rb"(Content-Length: )(\d+)(\r\n\r\n[A-Z])", lambda m: m[1] + str(int(m[2]) + 1).encode() + m[3], d, count=1)'
for field in WARC-Type WARC-Record-ID WARC-Date WARC-Target-URI WARC-Profile WARC-Refers-To-Date; do
	spoil "no $field" all.warc "re.sub(rb'$field: [^\r]*\r\n', b'', d, count=1)"
done
spoil "a field twice" all.warc 're.sub(rb"(WARC-Date: [^\r]*\r\n)", rb"\1\1", d, count=1)'
spoil "an id twice" all.warc 're.sub(rb"(WARC-Type: request\r\nWARC-Record-ID: )[^\r]*", rb"\1<urn:uuid:00000000-0000-8000-8000-000000000000>", d, count=2)'
spoil "angle brackets around an address" all.warc 're.sub(rb"WARC-Target-URI: ([^\r]*)", rb"WARC-Target-URI: <\1>", d, count=1)'
spoil "WARC/1.0" all.warc 'd.replace(b"WARC/1.1", b"WARC/1.0", 1)'
spoil "a revisit of what is not there" all.warc 're.sub(rb"(WARC-Refers-To: <urn:uuid:)[0-9a-f]{8}", rb"\g<1>00000000", d)'
spoil "a file that is cut off" all.warc 'd[:-100]'
spoil "a file that is cut off between two records" all.warc 'd[:d.rindex(b"WARC/1.1")]'
spoil "two records in one gzip member" all.warc.gz 'gzip.compress(gzip.decompress(d))'
spoil "a gzip file that is cut off" all.warc.gz 'd[:-20]'
spoil "a damaged gzip member" all.warc.gz 'd[:2000] + bytes([d[2000] ^ 255]) + d[2001:]'
spoil "a WACZ with a changed byte" all.wacz 'd[:2000] + bytes([d[2000] ^ 255]) + d[2001:]'
spoil "a WACZ whose package has another digest" all.wacz 'd.replace(b"sha256:", b"sha256:0", 1) if False else d.replace(b"\"bytes\": ", b"\"bytes\":  ", 1)[:-1]'
for change in 's/"offset": "\([0-9]*\)"/"offset": "1\1"/' 's/ 20140124192000 / 20140124192001 /' '1{h;d};$G' 's/"length": "\([0-9]*\)"/"length": "9\1"/' '1d' 's/warc.revisit/text\/html/'; do
	cp all.warc spoilt/all.warc
	sed "$change" all.warc.cdxj > spoilt/all.warc.cdxj
	if cmp -s all.warc.cdxj spoilt/all.warc.cdxj; then fail "found: an index changed by $change" "nothing was changed"
	elif examine spoilt/all.warc > said 2>&1; then fail "found: an index changed by $change"; else check "found: an index changed by $change" grep -q '^the index' said; fi
done
finish
