#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Pages with more attributes or namespaces than any page needs cost themselves alone: six of them
# delay nobody's alert. Nor do pages that take longer than a page may, once they have.
set -u
BUILD=${1:-${BUILD:?usage: attributes.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
serve_smtp relay
mkdir -p "$work/www"
python3 - "$work/www" <<'END'
import sys
folder = sys.argv[1]
board = '<h1>Status</h1><ul><li id=mail class=up></ul>'
pages = {
    "one": "<html><p " + " ".join(f"a{i}=1" for i in range(300000)) + ">" + board,
    "two": "<html>" + board + "<p\n" + "\n".join(f"b{i}='<{i}>'" for i in range(250000)) + ">",
    "three": "<html><br " + "/".join(f"c{i}" for i in range(300000)) + "/>" + board,
    "four": "<?xml version='1.0'?><rss " + " ".join(f"xmlns:n{i}='u{i}'" for i in range(50000)) + "/>",
    "five": "<?xml version='1.0'?>" + "".join(f"<a xmlns:n{i}='u{i}'>" for i in range(250)) + "<b n1:c='1'/>" * 200000 + "</a>" * 250,
    "six": "<?xml version='1.0'?><rss " + " ".join(f"d{i}='1'" for i in range(300000)) + "/>",
}
for name, text in pages.items():
    open(f"{folder}/{name}.page", "w").write(text)
END
board() { printf '<h1>Status</h1><ul><li id=mail class=%s></ul>' "$1" | put "$work/www/$2"; }
hostile="one two three four five six"
for name in $hostile well; do board up "$name"; done
{
	cat <<-END
	archive: archive
	from: lampwatch@watch.example
	every: 0s
	confirm: {worse: 1, better: 1, lost: 9}
	routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
	subscribers: [{mail: someone@reader.example}]
	pages:
	END
	for name in $hostile well; do
		cat <<-END
		  - name: $name
		    url: http://127.0.0.1:$www_port/$name
		    kind: generic-html
		    with: {require: '//h1[. = "Status"]', indicators: {each: '//li[@class]', id: '@id', name: '@id', word: '@class'}}
		END
	done
} > "$work/lampwatch.yaml"
# What it says; its seconds of a processor, with those of its readers, are in $work/user.
run() {
	local TIMEFORMAT=%U
	{ time "$lampwatch" -c "$work/lampwatch.yaml" --clock "$1" run > "$work/said" 2>&1; } 2> "$work/user"
	grep -v 'runs as root' "$work/said"
}

same "all is well" "" "$(run 2026-03-02T10:00:00Z)"
for name in $hostile; do mv "$work/www/$name.page" "$work/www/$name"; done
board down well
said=$(run 2026-03-02T10:01:00Z)
took=$(cat "$work/user")
for name in $hostile; do
	check "$name says that it has too many" grep -qE "^lampwatch: $name: .*(an element has more than 1000 attributes|an element is in more than 200 namespaces)$" <<< "$said"
done
check "another page's alert goes out beside them" grep -q RED <(subjects relay)
# Each of the six took its reader's five seconds.
check "which cost almost nothing ($took s of a processor)" awk -v took="$took" 'BEGIN { exit took >= 8 }'
for name in $hostile; do board up "$name"; done
board up well
run 2026-03-02T10:02:00Z > /dev/null
same "and they are read again when they are pages" 7 "$("$lampwatch" -c "$work/lampwatch.yaml" --clock 2026-03-02T10:02:30Z --json status | grep -c '"observation": "fresh"')"

# ---- pages that run out of time ----

{
	printf '<h1>Status</h1><table id=board>'
	for ((i = 0; i < 4000; i++)); do printf '<tr class=row id=r%d><td>row<td>up<p>%s</tr>' $i "some words about it, and a few more of them"; done
} > "$work/slow"
slow="slow1 slow2 slow3 slow4 slow5 slow6"
{
	sed -e 's/^archive:.*/archive: slowly/' -e '/^pages:/,$d' "$work/lampwatch.yaml"
	echo "kinds: $root/tests/hostile/kinds"
	echo "pages:"
	for name in $slow; do echo "  - {name: $name, url: 'http://127.0.0.1:$www_port/$name', kind: slow}"; done
	sed -n '/- name: well/,$p' "$work/lampwatch.yaml"
} > "$work/slowly.yaml"
slowly() { "$lampwatch" -c "$work/slowly.yaml" --clock "$1" -v run > "$work/said" 2>&1; }
board up well
# slowly_red TIME: one page turns red, and comes when six others are there; what those have burnt by the time that
# its alert is out, in seconds: the parent's account has a reader's once it is gone.
slowly_red() {
	local run ticks
	rm -f "$work"/relay/*.eml
	board down well
	echo "delay=1500" > "$work/www/well.fault"
	"$lampwatch" -c "$work/slowly.yaml" --clock "$1" -v run > "$work/said" 2>&1 &
	run=$!
	while kill -0 $run 2> /dev/null && [ "$(count_mails relay)" = 0 ]; do sleep 0.1; done
	ticks=$(cut -d ' ' -f 16 "/proc/$run/stat" 2> /dev/null || echo 99999)
	burnt=$((ticks / $(getconf CLK_TCK)))
	wait $run
}
for name in $slow; do echo '<h1>Status</h1><table id=board><tr class=row id=r0><td>row<td>up</table>' > "$work/www/$name"; done
slowly 2026-03-02T10:59:00Z
for name in $slow; do cp "$work/slow" "$work/www/$name"; done
slowly_red 2026-03-02T11:00:00Z
check "a page has half a second before others have had theirs: an alert is out when six have burnt $burnt s of 30" test "$burnt" -le 5
same "pages that run out of time say so" 6 "$(grep -cE "^lampwatch: slow[1-6]: .*reading it took" "$work/said")"
rm "$work/www/well.fault"
board up well
slowly 2026-03-02T11:00:30Z
for name in $slow; do sed 's/row</Row</' "$work/slow" > "$work/www/$name"; done
slowly_red 2026-03-02T11:01:00Z
same "where they ran out last time they come after it" 0 $((burnt / 3))
finish
