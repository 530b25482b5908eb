#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Names that would deceive who looks at the site, and a page of 16,000 indicators.
set -u
BUILD=${1:-${BUILD:?usage: names.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
archive=$work/archive
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@watch.example
every: 0s
site: on
confirm: {worse: 1, better: 1, lost: 9}
pages:
END
for name in names many; do
	cat >> "$work/lampwatch.yaml" <<-END
	  - name: $name
	    url: http://127.0.0.1:$www_port/$name
	    kind: generic-json
	    with: {require: '/json/rows', page: {title: '/json/title'}, indicators: {each: '/json/rows/item'}}
	END
done
page() { # STATUS
	python3 - "$1" "$work/www" <<'END'
import json, sys
status, folder = sys.argv[1:]
odd = ["\u202e", "\u2066", "\u009b", "\u2028", "\u2029", "\u200f", "\u061c", "\u0085"]
title = "Board " + "".join(odd)
rows = [{"id": f"odd{i}", "name": f"Mail {character}liam{character}", "status": status} for i, character in enumerate(odd)]
json.dump({"title": title, "rows": rows}, open(f"{folder}/names", "w"))
rows = [{"id": f"row{i}", "name": f"Service number {i} of a page without end", "status": status if i % 2 else "operational"} for i in range(16000)]
json.dump({"title": "Many", "rows": rows}, open(f"{folder}/many", "w"))
END
}
run() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" run > "$work/said" 2>&1; echo "$? $(grep -v 'runs as root' "$work/said")"; }
page operational
same "names and many indicators: the first sight" "0 " "$(run 2026-03-02T10:00:00Z)"
page down
same "all of them red" "0 " "$(run 2026-03-02T10:05:00Z)"
same "site writes all of it again" 0 "$("$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-02T10:06:00Z site > /dev/null 2> "$work/said"; echo $?)"
check "what is too many for one page is said" grep -q 'And 15[0-9]* more, red for as long or less' "$archive/many/availability.html"
deceptive=$(printf '\u202e|\u2066|\u009b|\u2028|\u2029|\u200f|\u061c|\u0085')
same "no page of the site has a character that deceives" "" "$(cd "$archive" && grep -rlE "$deceptive" --include='*.html' --include='*.xml' --include='*.svg' . | sort)"
check "availability shows them as they are written" grep -qF 'Mail \u{202E}liam\u{202E}' "$archive/names/availability.html"
for form in "" --html --csv; do
	"$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-02T10:06:00Z report $form names > "$work/report" 2>&1
	check "nor has report $form" bash -c "! grep -qE '$deceptive' '$work/report'"
done
finish
