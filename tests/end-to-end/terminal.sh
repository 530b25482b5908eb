#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What a terminal of 60, 80 and 120 columns shows of long names, wide characters and marks that combine: names are cut,
# states, times and numbers never, and no line is longer. In a pipe nothing is cut.
. "$(dirname "$0")/../harness.sh"

serve_http www
serve_smtp relay
mkdir -p "$work/www/api/v2"
long=a-page-with-a-name-of-sixty-four-characters-which-is-the-longest
mailbox=somebody.with.an.address.that.takes.more.than.half.of.a.line@department.example.com
cat > "$work/lampwatch.yaml" <<END
archive: archive
from: lampwatch@example.org
every: 0s
confirm: {worse: 1, better: 1}
pages:
  - {name: $long, url: "http://127.0.0.1:$www_port/", kind: statuspage}
  - {name: other, url: "http://127.0.0.1:$www_port/", kind: statuspage, indicators: [nothing]}
routes:
  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
subscribers:
  - {mail: $mailbox}
END
page() { # STATUS
	python3 - "$1" > "$work/www/api/v2/part" <<'END'
import json, sys
names = ["国际消息传递和通知服务以及更多的服务和更多的名字还有更多的服务和更多的名字", "🚀 Starts of 🛰 rockets of all kinds and from all places at all times of the year",
         "Cafe\u0301 ou\u0300 l\u2019on se\u0301journe\u0301 tre\u0300s longtemps avant de\u0301ja\u0300 partir", "Web", "Donaudampfschifffahrtsgesellschaftskapitaenskajuetenschluessel"]
print(json.dumps({"page": {"id": "exampleexamp", "name": "Example", "url": "https://status.example.com"},
    "status": {"indicator": "major" if sys.argv[1] != "operational" else "none", "description": "-"}, "incidents": [], "scheduled_maintenances": [],
    "components": [{"id": f"c{i}", "name": name, "status": sys.argv[1], "group": False, "group_id": None} for i, name in enumerate(names)]}))
END
	mv "$work/www/api/v2/part" "$work/www/api/v2/summary.json"
}
at() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "2014-01-24T19:$1:00Z" "${@:2}"; }
page operational; at 00 -q run > "$work/said" 2>&1
page major_outage; echo "mail reply 450 later" > "$work/relay.script"; at 01 -q run > "$work/said" 2>&1
at 02 silence $long --for 2h --reason "a reason in words that go on for longer than a line of a terminal has columns, and some more" > "$work/said" 2>&1

# shown COLUMNS WORD…: on a terminal, without colours.
shown() { script -qec "stty cols $1; '$lampwatch' -c '$work/lampwatch.yaml' --clock 2014-01-24T19:03:00Z ${*:2}" /dev/null < /dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g'; }
# What is wrong with the lines of TERMINAL, beside the whole in PIPE: lines that are too long, words that are neither
# whole nor cut with "…", and states, times and numbers that are missing.
cat > "$work/compare.py" <<'END'
import re, sys, unicodedata
columns, terminal, pipe = int(sys.argv[1]), open(sys.argv[2]).read(), open(sys.argv[3]).read()
def width(text):
    return sum(0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
for line in terminal.splitlines():
    if width(line) > columns and not re.fullmatch(r"\S*/\S+|\s*[0-9a-f]{64}", line): print(f"{width(line)} columns: {line}")
words = set(pipe.split())
for word in terminal.split():
    if word not in words and "…" not in word: print(f"in two: {word}")
    elif "…" in word and not any(w.startswith(word[:word.index("…")]) for w in words): print(f"not the begin of a word: {word}")
facts = re.compile(r"(?<![\w-])(?:operational|partial_outage|major_outage|partial outage|major outage|pending|active|attempts?|again|event|changed|since|until|RED|green|fresh|\d{4}-\d\d-\d\d|\d\d:\d\d|CET|UTC|\d+)(?![\w-])")
have, want = ([sorted(facts.findall(re.sub(r"\s+", " ", text))) for text in (terminal, pipe)])
if have != want: print(f"lost: {[f for f in set(want) if have.count(f) != want.count(f)]}")
END
for words in log status "status -v" "status $long" "show $long" subscribers outbox routes; do
	"$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:03:00Z $words > "$work/pipe" 2>&1
	[ "$words" != outbox ] || cp "$work/pipe" "$work/owed"
	check "in a pipe nothing of $words is cut" bash -c "test -s '$work/pipe' && ! grep -q … '$work/pipe'"
	for columns in 60 80 120; do
		shown $columns $words > "$work/terminal"
		same "$words on $columns columns" "" "$(python3 "$work/compare.py" $columns "$work/terminal" "$work/pipe")"
	done
done
check "the outbox has what the relay said" grep -q "450 later" "$work/owed"
check "names are cut where that makes a line fit" grep -q "a-page-with-a-name-of-.*…: fresh, read 2014-01-24 19:01 UTC" <(shown 80 status)
check "a wide name is cut at a whole character" grep -qE "^  ■ RED    国际消息传递和通知服务以… +major outage since" <(shown 80 status)
check "a mark stays with its letter" grep -q "$(printf 'Cafe\u0301 ou\u0300 l\u2019on se\u0301journe\u0301 tre\u0300…')" <(shown 80 status)

check "for Nagios a long name of a page leaves room for its indicator's" grep -q "a-page-with-a-name-of-si…: 国际消息传递和通知" <("$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T19:03:00Z status --nagios)

# What has the same answer is said once.
for i in $(seq 200); do echo "  - {name: page$i, url: \"http://127.0.0.1:$www_port/$i\", kind: statuspage}"; done > "$work/pages"
sed -e "/^  - {name: other/r $work/pages" -e 's/tls: off}/tls: off, depends: [page7]}/' -e '/^routes:/a\  - {name: spare, smtp: "smtp://127.0.0.1:1", tls: off}' \
	-e "s/^archive: .*/archive: many/" "$work/lampwatch.yaml" > "$work/many.yaml"
many() { "$lampwatch" -c "$work/many.yaml" --clock 2014-01-24T19:03:00Z routes "$@" 2>&1; }
check "routes of 200 pages are few lines ($(many | wc -l))" test "$(many | wc -l)" -lt 20
same "what differs stands apart" "If page7 is down:|  mail goes by spare" "$(many | grep -A1 '^If page7' | paste -sd '|')"
same "that nobody is left out is said once" 1 "$(many | grep -c 'everybody is still reached')"
same "-v names all" 200 "$(many -v | tr -s ' ,' '\n' | grep -x 'page[0-9]*' | sort -u | wc -l)"
same "and as data there are all" 202 "$(many --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["providers"]))')"

# What falls with what: in the order of the configuration, each part whole in one place; and 4,000 pages take no time.
cat > "$work/causes.yaml" <<END
archive: causes
from: lampwatch@example.org
pages:
  - {name: z, url: "http://127.0.0.1:1/z", kind: statuspage, depends_on: {Web: [b/Web, a/Web]}}
  - {name: b, url: "http://127.0.0.1:1/b", kind: statuspage, depends_on: a/Web}
  - {name: c, url: "http://127.0.0.1:1/c", kind: statuspage, depends_on: {Web: b/*}}
  - {name: a, url: "http://127.0.0.1:1/a", kind: statuspage}
  - {name: e, url: "http://127.0.0.1:1/e", kind: statuspage, depends_on: {Web: [a/Web, z/Web]}}
END
same "what falls with what" "  b/Web|    z/Web|      e/Web|  a/Web|    z/Web, with what is shown above|    b/*|      c/Web|    e/Web" \
	"$("$lampwatch" -c "$work/causes.yaml" routes | sed -n '/^What falls/,$p' | sed 1d | paste -sd '|')"
python3 - > "$work/chains.yaml" <<'END'
print("archive: chains\nfrom: lampwatch@example.org\npages:")
for i in range(4000):
    print(f"  - {{name: p{i}, url: 'http://127.0.0.1:1/{i}', kind: statuspage{'' if i % 40 == 0 else f', depends_on: {{Web: p{i - 1}/Web}}'}}}")
END
begin=$(date +%s%N)
same "of 4,000 pages each has its line" 4000 "$("$lampwatch" -c "$work/chains.yaml" routes | grep -c '^ *p[0-9]*/Web$')"
took=$((($(date +%s%N) - begin) / 1000000))
check "in a moment ($took ms)" test "$took" -lt 5000
finish
