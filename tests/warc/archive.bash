# SPDX-License-Identifier: ISC
# What the tests of web archives share: three pages on loopback, and what happened to them in half an
# hour. Source it after harness.sh, in the folder for the archive, and call make_archive.

# instatus_page STATUS: a page of two documents.
instatus_page() {
	mkdir -p "$work/www/v2"
	printf '{"page":{"name":"Example Desk","url":"http://127.0.0.1/","status":"%s"}}' "$1" | put "$work/www/summary.json"
	printf '{"components":[{"id":"c1","name":"Calls","status":"%s","group":null}]}' "$2" | put "$work/www/v2/components.json"
}

# Enough to fill a disk of 100 kB, compressed or not.
filler=$(head -c 120000 /dev/urandom | base64 -w 0)

# board_page LIGHT WORD: HTML, for people, with a style of its own and a script.
board_page() {
	mkdir -p "$work/www/board"
	put "$work/www/board/index.html" <<-END
		<!DOCTYPE html>
		<html><head><title>Harbour Hosting: the board</title><style>td { color: #123456 }</style></head><body>
		<script>document.title = "A script has run";</script>
		<table id="board"><tr class="$1"><td class="name">Mail</td><td>$2</td></tr>
		<tr class="green"><td class="name">Web</td><td>Café open</td></tr></table>
		<!-- $filler -->
		</body></html>
	END
}

# configuration ARCHIVE > FILE
configuration() {
	cat <<-END
		archive: $1
		every: 0s
		pages:
		  - {name: harbour, url: "http://user:geheim@127.0.0.1:$www_port/?token=geheim", kind: statuspage}
		  - {name: desk, url: "http://127.0.0.1:$www_port/desk", kind: instatus}
		  - name: board
		    url: "http://127.0.0.1:$www_port/board/"
		    kind: generic-html
		    with:
		      require: '//table[@id = "board"]'
		      indicators: {each: '//tr', name: 'td[@class = "name"]', word: '@class'}
		      levels: {operational: [green], degraded: [amber], major_outage: [red]}
	END
}

at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$(printf %02d "$minute"):00Z" "$@"; }

# Ten snapshots: harbour is green, yellow, red and green again (as it was); desk changes in its second
# document alone; board goes red, is a page that cannot be read, and is readable again.
make_archive() {
	local page=$work/www/api/v2/summary.json
	mkdir -p "${page%/*}"
	configuration archive > lampwatch.yaml
	# served compressed and in chunks, with a header that would break a line
	printf 'gzip;chunked;header=X-Evil: a\rWARC/1.1\tb\x01c' > "$page.fault"
	statuspage_page "$page" none operational operational operational
	instatus_page UP OPERATIONAL
	board_page green open
	at 0 -q run
	at 8 -q run
	statuspage_page "$page" minor degraded_performance operational operational
	at 12 -q run
	statuspage_page "$page" major major_outage operational operational
	instatus_page UP MAJOROUTAGE
	board_page red "Mail is closed"
	at 20 -q run
	statuspage_page "$page" none operational operational operational
	printf '<!DOCTYPE html><title>Log in</title><form></form>' | put "$work/www/board/index.html"
	at 52 -q run
	board_page green open
	at 53 -q run
}
