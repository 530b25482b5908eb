#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Web archives in other people's programs: wabac and, in Chromium, ReplayWeb.page replay them; warcio and
# js-wacz index them; and what warcio writes is imported. Runs only with LAMPWATCH_PEERS=1; the npm
# packages (package.json) are kept in a cache folder of the user, outside of the repository.
. "$(dirname "$0")/../harness.sh"
. "$(dirname "$0")/archive.bash"

names=("wabac replays every record of a WACZ" "and of WARC, compressed" "and plain"
	"and of an archive without headers" "a revisit that does not say where its original is, is missed" "a changed body is noticed"
	"warcio finds the same records at the same places" "in a plain file, too" "and every other record" "js-wacz makes the same index"
	"ReplayWeb.page shows the archived page" "with its script, as it was" "and another at another time" "what warcio has written is imported" "and read")
skip_all() { local name; for name in "${names[@]}"; do skip "$name" "$1"; done; finish; exit; }

[ "${LAMPWATCH_PEERS:-}" = 1 ] || skip_all "needs --peers"
for program in node npm chromium; do command -v $program > /dev/null || skip_all "needs $program"; done

here=$root/tests/warc
npm_packages "$here"
packages=${NODE_PATH%/node_modules}
bounded() { timeout --kill-after=5 100 node "$@"; }
replay() { bounded "$here/replay.mjs" "$packages" "$@" 2>&1; }

serve_http www
cd "$work" || exit 1
make_archive
for file in all.warc.gz all.warc; do "$lampwatch" export --warc $file; done
"$lampwatch" export --wacz all.wacz
same "${names[0]}" "12 replayed" "$(replay all.wacz all.warc.gz.cdxj)"
same "${names[1]}" "12 replayed" "$(replay all.warc.gz all.warc.gz.cdxj)"
same "${names[2]}" "12 replayed" "$(replay all.warc all.warc.cdxj)"

mkdir -p captures/board
for minute in 00 20; do cp "$(find archive/board -path "*T19${minute}00Z/body")" "captures/board/20140124T19${minute}00.html"; done
configuration saved > saved.yaml
"$lampwatch" -q -c saved.yaml import captures
"$lampwatch" -c saved.yaml export --warc saved.warc.gz && "$lampwatch" -c saved.yaml export --wacz saved.wacz
same "${names[3]}" "2 replayed" "$(replay saved.wacz saved.warc.gz.cdxj)"

repack() { python3 "$here/repack.py" all.wacz "$@"; }
repack lost.wacz 'WARC-Refers-To[^\r]*\r\n' ''
same "${names[4]}" "9 replayed" "$(replay lost.wacz all.warc.gz.cdxj | tail -n 1)"
repack changed.wacz 'Mail is closed' 'Mail is clased'
same "${names[5]}" "11 replayed" "$(replay changed.wacz all.warc.gz.cdxj | tail -n 1)"

# plainly [LESS]: the lines of an index, in one form for all. warcio leaves the name of the digest out, and
# counts a record of a plain file without the two empty lines behind it, which are four bytes.
plainly() { LESS=${1:-0} python3 -c '
import json, os, sys
for line in sys.stdin:
	key, time, entry = line.split(" ", 2)
	entry = json.loads(entry)
	entry = {name: str(entry[name]) for name in ("url", "mime", "status", "digest", "length", "offset")}
	entry["digest"] = entry["digest"].split(":")[-1]
	entry["length"] = str(int(entry["length"]) - int(os.environ["LESS"]))
	print(key, time, json.dumps(entry, sort_keys=True))' | sort; }
warcio() { bounded "$packages/node_modules/warcio/dist/cli.js" "$@" 2>&1; }
same "${names[6]}" "$(plainly < all.warc.gz.cdxj)" "$(warcio cdx-index all.warc.gz | plainly)"
same "${names[7]}" "$(plainly 4 < all.warc.cdxj)" "$(warcio cdx-index all.warc | plainly)"
same "${names[8]}" "$(python3 -c '
import zlib
data = left = open("all.warc.gz", "rb").read()
while left:
	member = zlib.decompressobj(31)
	held = member.decompress(left)
	print(len(data) - len(left), held.split(b"WARC-Type: ")[1].split(b"\r")[0].decode())
	left = member.unused_data')" "$(warcio index all.warc.gz | sed 's/^{"offset":\([0-9]*\),"warc-type":"\([a-z]*\)".*/\1 \2/')"
bounded "$packages/node_modules/@harvard-lil/js-wacz/bin/cli.js" create -f all.warc.gz -o theirs.wacz > js-wacz.log 2>&1
same "${names[9]}" "$(plainly < all.warc.gz.cdxj)" "$(python3 -c 'import zipfile; print(zipfile.ZipFile("theirs.wacz").read("indexes/index.cdx").decode(), end="")' 2>&1 | plainly)"

board=http://127.0.0.1:$www_port/board/
view() { bounded "$here/view.mjs" "$packages" "$(command -v chromium)" all.wacz "$board" "$1" "$work/$1.png" > "$1.text" 2> view.log; }
view 20140124192000
check "${names[10]}" grep -q 'Mail is closed' 20140124192000.text
check "${names[11]}" grep -qx 'A script has run' 20140124192000.text
view 20140124195300
check "${names[12]}" grep -q 'Mail.open' 20140124195300.text

green=$(find archive/harbour -path '*T190000Z/body') red=$(find archive/harbour -path '*T192000Z/body')
configuration theirs > theirs.yaml
bounded "$here/write.mjs" "$packages" theirs.warc.gz "http://127.0.0.1:$www_port/api/v2/summary.json" \
	2014-01-24T19:00:00.500Z "$green" 2014-01-24T19:20:00Z "$red" 2014-01-24T19:52:00Z "$green" > write.log 2>&1
check "${names[13]}" "$lampwatch" -q -c theirs.yaml import theirs.warc.gz
same "${names[14]}" "operational major_outage operational" "$(cat $(find theirs/harbour -name reading | sort) | sed -n 's/^indicator\tcomponent0\t\tMail\t\([a-z_]*\)\t.*/\1/p' | xargs)"
finish
