#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A page in the Internet leads us nowhere else: neither by an address in its body nor by its name,
# once that is another's. In namespaces of its own, where 198.51.100.7 stands for the Internet.
set -u
BUILD=${1:-${BUILD:?usage: guard.sh BUILD}}
if [ -z "${LAMPWATCH_NAMESPACE:-}" ]; then
	if command -v ip > /dev/null && unshare -rmn ip link set lo up 2> /dev/null; then
		LAMPWATCH_NAMESPACE=1 exec unshare -rmn bash "$0" "$BUILD"
	fi
	echo "1..1"
	echo "ok 1 - addresses are guarded # SKIP neither root nor a user namespace may set up a network here"
	exit 0
fi
. "$(dirname "$0")/../harness.sh"
unsanitized
ip link set lo up
ip address add 198.51.100.7/32 dev lo
hosts() { printf '127.0.0.1 localhost\n%s status.guarded.example inside.guarded.example\n' "$1" > "$work/hosts"; }
hosts 198.51.100.7
mount --bind "$work/hosts" /etc/hosts || { echo "Bail out! /etc/hosts cannot be replaced here"; exit 1; }

mkdir -p "$work/kinds"
cat > "$work/kinds/parts.yaml" <<'END'
about: a list that goes on where it says, for tests
documents:
  page: '$url'
  more: '/json/next'
require: '/json/rows[@type = "array"] and not($more and not($more/json/rows))'
indicators:
  each: '/json/rows/item | $more/json/rows/item'
  id: 'id'
  name: 'id'
  word: 'status'
levels:
  operational: [up]
  major_outage: [down]
END
# rows FILE STATUS [NEXT [ID]]
rows() { printf '{"rows":[{"id":"%s","status":"%s"}],"next":"%s"}' "${4:-mail}" "$2" "${3:-}" | put "$1"; }

serve_http www --address 0.0.0.0
serve_http other --address 0.0.0.0
rows "$work/other/secret" down "" more
host=status.guarded.example:$www_port

# configuration URL: a new archive with this one page.
configuration() {
	rm -rf "$work/archive"
	printf 'archive: archive\nkinds: kinds\nevery: 0s\nconfirm: {worse: 1, better: 1, lost: 9}\ntimeout: {connect: 2s, total: 5s}\npages:\n  - {name: page, url: "%s", kind: parts}\n' \
		"$1" > "$work/lampwatch.yaml"
}
minute=0
run() { minute=$((minute + 1)); "$lampwatch" -c "$work/lampwatch.yaml" --clock "2026-03-02T10:$(printf %02d $minute):00Z" run 2>&1 | grep -v 'runs as root'; }
lamps() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "2026-03-02T10:$(printf %02d $minute):30Z" --json status | python3 -c 'import json, sys
page = json.load(sys.stdin)["pages"][0]
print(page["observation"], *(lamp["level"] for lamp in page["indicators"] if lamp.get("id", lamp.get("name"))))'; }
asked() { grep -c . "$work/$1.log" 2> /dev/null || true; }

# ---- an address in a body ----

configuration "http://$host/list"
rows "$work/www/list" up "http://198.51.100.7:$other_port/secret"
same "a public page may go on at another public address" "" "$(run)"
before=$(asked other)
for inside in "127.0.0.1:$other_port" "localhost:$other_port" "127.0.0.1:$www_port" "[::1]:$other_port" "0.0.0.0:$other_port" "2130706433:$other_port" "[::ffff:127.0.0.1]:$other_port"; do
	configuration "http://$host/list"
	rows "$work/www/list" up "http://$inside/secret"
	check "a public page that names $inside is told so" grep -q 'lampwatch: page: document more: an address that the page gives leads into a private network: refused' <(run)
done
same "nothing in there was asked" "$before" "$(asked other)"
check "and nothing of it was kept" bash -c "! grep -rq '\"down\"' '$work/archive'"

configuration "http://127.0.0.1:$www_port/list"
rows "$work/www/more" up "" more
rows "$work/www/list" up "http://127.0.0.1:$www_port/more"
same "a private page may go on at its own address" "" "$(run)"
configuration "http://127.0.0.1:$www_port/list"
rows "$work/www/list" up "http://127.0.0.1:$other_port/secret"
check "and at no other private one" grep -q 'leads into a private network: refused' <(run)
same "which was not asked" "$before" "$(asked other)"

# ---- a name that is another's later ----

configuration "http://$host/own"
rows "$work/www/own" up
same "a public page is read" "" "$(run)"
hosts 127.0.0.1
rows "$work/www/own" down
before=$(asked www)
said=$(run)
check "when its name leads inside, that is the page's fault, and said" grep -q '^lampwatch: page: its host leads into a private network, and was public when the page was first seen: refused; where the page has really moved there, change its url$' <<< "$said"
same "once" "" "$(run)"
same "nobody in there was asked" "$before" "$(asked www)"
check "and nothing there counts as what the page says" grep -qv major_outage <(lamps)
hosts 198.51.100.7
rows "$work/www/own" up
run > /dev/null
same "when the name is right again it is read again" "fresh operational" "$(lamps)"
hosts 127.0.0.1
sed -i "s,/own\",/own?moved\"," "$work/lampwatch.yaml"
rows "$work/www/own" down
run > /dev/null
same "another url is another first sight" "fresh major_outage" "$(lamps)"

configuration "http://inside.guarded.example:$www_port/own"
run > /dev/null
same "a page that was private at first sight is read" "fresh major_outage" "$(lamps)"
hosts 198.51.100.7
rows "$work/www/own" up
run > /dev/null
same "also where it has become public" "fresh operational" "$(lamps)"

# ---- the hosts of a probe ----

# probe [KEY…]: a new archive with a probe of one host.
probe() {
	rm -rf "$work/archive"
	printf 'archive: archive\nevery: 0s\nsite: off\nprobes:\n  - name: probe\n    confirm: {worse: 1, better: 1}\n%s    checks:\n      - {name: web, http: "http://status.guarded.example:%s/own"}\n' \
		"$(printf '    %s\n' "$@")
" "$www_port" > "$work/lampwatch.yaml"
}
word() { "$lampwatch" -c "$work/lampwatch.yaml" --clock "2026-03-02T10:$(printf %02d $minute):30Z" status "${1:-probe}" | grep ' web ' | sed 's/.*web  *//; s/ since.*//'; }
# How many transcripts lie where anybody may look.
published() { find "$work/archive/probe" -name body | grep -c .; }
kept() { find "$work/archive/.state/private/probe" -name body 2> /dev/null | grep -c .; }
hosts 198.51.100.7
rows "$work/www/own" up
probe
run > /dev/null
same "a check of a public host is published" "operational 1 0" "$(word) $(published) $(kept)"
hosts 127.0.0.1
before=$(asked www)
run > /dev/null
same "when its name leads inside, that is what the check finds" "major outage (its host leads into a private network, and was public at first: refused)" "$(word)"
same "nobody in there was asked by it" "$before" "$(asked www)"
run > /dev/null
same "nor later" "$before" "$(asked www)"
sed -i 's/name: probe$/name: moved/' "$work/lampwatch.yaml"
run > /dev/null
same "under another name it begins anew" "operational" "$(word moved)"
sed -i 's/name: moved$/name: probe/' "$work/lampwatch.yaml"
hosts 198.51.100.7
run > /dev/null
same "when the name is right again, so is the check" "operational" "$(word)"
same "and all of it was published" "3 0" "$(published) $(kept)"

hosts 127.0.0.1
probe
run > /dev/null
same "a host that leads inside at first is not published" "operational 0 1" "$(word) $(published) $(kept)"
hosts 198.51.100.7
echo "status=500" > "$work/www/own.fault"
run > /dev/null
same "also where it has become public" "major outage (HTTP 500) 0 2" "$(word) $(published) $(kept)"
hosts 127.0.0.1
probe "publish: true"
run > /dev/null
same "unless the configuration says so" "major outage (HTTP 500) 1 0" "$(word) $(published) $(kept)"
rm "$work/www/own.fault"

serve_dns names
printf 'inside.example A 10.0.0.5\noutside.example A 198.51.100.7\n' > "$work/names.script"
# lookup NAME: a probe of that name alone, by the resolver of all.
lookup() {
	rm -rf "$work/archive"
	printf 'archive: archive\nevery: 0s\nsite: off\nresolver: "127.0.0.1:%s"\nprobes:\n  - {name: probe, checks: [{name: web, dns: %s}]}\n' "$names_port" "$1" > "$work/lampwatch.yaml"
}
lookup outside.example
run > /dev/null
same "a name that leads to a public address is published" "operational 1 0" "$(word) $(published) $(kept)"
lookup inside.example
run > /dev/null
same "one that leads inside is not" "operational 0 1" "$(word) $(published) $(kept)"

umount /etc/hosts
finish
