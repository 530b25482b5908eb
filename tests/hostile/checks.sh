#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Whatever a checked server does, each check ends at its own limit with a word for it, and costs no
# other check its time. In namespaces of its own, where 198.51.100.7 stands for the Internet.
set -u
BUILD=${1:-${BUILD:?usage: checks.sh BUILD}}
if [ -z "${LAMPWATCH_NAMESPACE:-}" ]; then
	if command -v ip > /dev/null && unshare -rmn ip link set lo up 2> /dev/null; then
		LAMPWATCH_NAMESPACE=1 exec unshare -rmn bash "$0" "$BUILD"
	fi
	echo "1..1"
	echo "ok 1 - checks are bounded # SKIP neither root nor a user namespace may set up a network here"
	exit 0
fi
. "$(dirname "$0")/../harness.sh"
ip link set lo up
ip address add 198.51.100.7/32 dev lo
printf '127.0.0.1 localhost inside.example\n::1 localhost\n198.51.100.7 public.example four.example\n' > "$work/hosts"
mount --bind "$work/hosts" /etc/hosts || { echo "Bail out! /etc/hosts cannot be replaced here"; exit 1; }

# certificate NAME HOSTS FROM TO: NAME.pem with its key; what is signed by our own authority is believed.
mkdir "$work/certificates"; cd "$work/certificates" || exit 1
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2> /dev/null; }
key authority; key unknown
for name in authority unknown; do openssl req -x509 -key $name.key -days 2 -subj /CN=$name -out $name.crt; done
printf '[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=.\ndatabase=index\nserial=serial\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n' > ca.conf
: > index; echo 01 > serial
certificate() {
	key "$1"
	{ printf '[req]\ndistinguished_name=dn\nreq_extensions=own\n[dn]\n[own]\nsubjectAltName=@hosts\n[hosts]\n'; printf '%s\n' $2 | sed = | sed 'N; s/^/DNS./; s/\n/=/'; } > "$1.conf"
	openssl req -new -config "$1.conf" -key "$1.key" -subj "/CN=$1" -out "$1.csr"
	openssl ca -batch -config ca.conf -cert "${5:-authority}.crt" -keyfile "${5:-authority}.key" -startdate "$3" -enddate "$4" -in "$1.csr" -out "$1.crt" -notext 2> "$1.log"
	cat "$1.crt" "$1.key" > "$1.pem"
}
soon=$(date -u -d '+5 days' +%Y%m%d%H%M%SZ) ends=$(date -u -d '+5 days' +%F)
certificate good localhost 20140101000000Z "$soon"
certificate expired localhost 20130101000000Z 20140123190000Z
certificate other elsewhere.example 20140101000000Z "$soon"
certificate stranger localhost 20140101000000Z "$soon" unknown
certificate names "$(seq -f 'n%g.example' 10000) localhost" 20140101000000Z "$soon"
certificate some-names "$(seq -f 'n%g.example' 1000) localhost" 20140101000000Z "$soon"
cd "$work" || exit 1

python3 "$root/tests/hostile/check_server.py" "$work/ports" "$work/certificates" 300 &
pids+=($!)
await 20 test -s "$work/ports" || { echo "Bail out! the servers did not start"; exit 1; }
while read -r name port; do printf -v "port_${name//-/_}" %s "$port"; done < "$work/ports"
port() { local name=port_${1//-/_}; echo "${!name}"; }
serve_dns names
cat > "$work/names.script" <<END
good.example A 192.0.2.1
good.example MX 10 mx.good.example
good.example TXT v=spf1 -all
garbage.example garbage
garbage.example A 192.0.2.1
silent.example silent
silent.example A 192.0.2.1
other.example wrong-id
other.example A 192.0.2.1
stray.example stray good.example A 192.0.2.66
stray.example A 192.0.2.1
fails.example fail
refuses.example refuse
loop.example CNAME loop.example
round.example CNAME trip.example
trip.example CNAME round.example
many.example A 192.0.2.1
many.example repeat 1000
END

# Of each what it is called, the check, and "STATE WORD", or several of which one is right.
ca=ca_file=$work/certificates/authority.crt
cases=() expected=() titles=()
case_of() { titles+=("$1"); cases+=("$2"); expected+=("$3"); }
http() { case_of "$1" "http=http://127.0.0.1:$(port "$1")/ total=2000 $2" "$3"; }
mail() { case_of "$2" "$1=$1://localhost:$(port "$2") $ca total=2000 ${4:-}" "$3"; }
long=total=60000 # what is too much is so at once
http endless-headers "$long" "failed the header is too large"
http endless-header "$long" "failed the header is too large"
# libcurl has limits of its own, and no word for them.
http endless-interim "" "failed no answer in 2 s|failed connection lost|failed the header is too large"
http endless-body "$long" "failed the answer is larger than 8 MiB"
http endless-chunks "$long" "failed the answer is larger than 8 MiB"
http drip "" "failed the answer is not complete in 2 s"
http silent "" "failed no answer in 2 s"
http no-end "" "failed the answer is not complete in 2 s"
http short "" "failed the body ends early"
http garbage "" "failed the answer is not HTTP"
http closed "" "failed closed without an answer"
http reset "" "failed connection lost"
http loop "redirects=3" "failed HTTP 302"
http loop "redirects=3 status=302" "good "
http file "redirects=3" "failed leads to what is neither http nor https"
http damaged-gzip "" "failed the body is not compressed as it says"
tls() { case_of "$1" "tls=localhost:$(port "$1") $ca total=2000 $2" "$3"; }
tls tls-good "" "good "
tls tls-good "days=14" "slow certificate expires $ends"
tls tls-expired "" "failed certificate expired 2014-01-23"
tls tls-other "" "failed certificate is for another name"
tls tls-stranger "" "failed certificate not trusted: unable to get local issuer certificate"
tls tls-old "" "failed TLS fails"
tls tls-alert "" "failed TLS fails"
tls tls-hangs "" "failed no TLS in 2 s"
tls silent "" "failed no TLS in 2 s"
mail smtp many-lines-smtp "failed the server says too much" "$long"
mail imap many-lines-imap "failed the server says too much" "$long"
# libcurl 7.88 takes a line that is longer than its buffer for the end of the connection.
mail smtp long-line "failed connection lost|failed the server says too much"
mail imap literal "failed connection lost|failed the server says too much"
mail imap literals "failed the server says too much" "$long"
mail imap silent "failed no answer in 2 s"
mail imap injects-imap "failed more is said before TLS begins"
mail pop3 injects-pop3 "failed more is said before TLS begins"
mail smtp injects-smtp "failed more is said before TLS begins"
mail imap offers-none "failed STARTTLS is not offered"
mail imap refuses-tls "failed STARTTLS is refused"
mail imap preauth "failed STARTTLS is not offered"
mail smtp busy "failed SMTP 421"
mail imap good "failed no answer in 2 s"
mail imap starttls "good "
dns() { case_of "$1 $2" "dns=$1 server=127.0.0.1:$names_port record=$2 total=2000 $3" "$4"; }
dns good.example A "answers=192.0.2.1" "good "
dns good.example MX "answers=mx.good.example" "good "
dns good.example TXT "answers=v=spf1-all" "good "
dns good.example AAAA "" "failed no AAAA record"
dns good.example A "answers=192.0.2.2" 'failed the records lack "192.0.2.2"'
dns garbage.example A "" "failed no answer within the time|failed a malformed answer"
dns silent.example A "" "failed no answer within the time"
dns other.example A "" "failed no answer within the time"
dns stray.example A "answers=192.0.2.66" 'failed the records lack "192.0.2.66"'
dns fails.example A "" "failed no name server could answer"
dns refuses.example A "" "failed no name server could answer"
dns nosuch.example A "" "failed no such name"
case_of "nobody" "tcp=127.0.0.1:1" "failed connection refused"
case_of "somebody" "tcp=127.0.0.1:$(port silent)" "good "
case_of "no such host" "tcp=nosuch.example:80" "failed no such host"
for i in 1 2 3; do case_of "a good one beside them" "http=http://127.0.0.1:$(port good)/$i contains=hello within=1000" "good "; done

# ask: all of them at once.
ask() {
	local i head word transcript took state lines
	"$BUILD/tests/check-once" "${cases[@]}" > asked 2> complaints
	same "there is an answer to each, and no complaint" "${#cases[@]} 0" "$(grep -c . asked) $(wc -l < complaints)"
	mapfile -t lines < asked
	for ((i = 0; i < ${#cases[@]}; i++)); do
		IFS=$'\t' read -r head word transcript <<< "${lines[i]}"
		[ -n "$transcript" ] || { transcript=$word word=; } # an empty word
		read -r took state _ _ <<< "$head"
		if [ "$took" -gt 10000 ] || { [ "$took" -gt 4000 ] && [[ ${cases[i]} != *"$long"* ]]; }; then fail "${titles[i]}: ${expected[i]}" "after $took ms"
		elif [[ "|${expected[i]}|" == *"|$state $word|"* ]]; then pass "${titles[i]}: ${expected[i]}"
		else fail "${titles[i]}: ${expected[i]}" "$state $word"; fi
	done
	cat asked >> answers
	cases=() expected=() titles=()
}
ask

# And what others thought of since: endless where it is not looked for, packed, slow, and dear to look at.
http endless-extension "$long" "failed the answer is larger than 8 MiB"
http endless-size "$long" "failed connection lost"
http endless-trailers "$long" "failed the header is too large"
http endless-location "$long" "failed the header is too large"
http many-cookies "$long" "good "
http no-status "$long" "failed the answer is not HTTP"
http bomb "$long" "failed the body is longer than 8388608 bytes when decompressed"
http bombs "$long" "failed the body is longer than 8388608 bytes when decompressed"
http catastrophe "$long matches=^(aa*)*$" "failed a regular expression could not be applied: match limit exceeded"
http header-drip "" "failed no answer in 2 s"
tls tls-drip "" "failed no TLS in 2 s"
tls tls-endless "$long" "failed TLS fails"
tls tls-names "$long" "failed TLS fails"
tls tls-some-names "$long" "good "
mail smtp drip-smtp "failed no answer in 2 s"
mail pop3 drip-pop3 "failed no answer in 2 s"
# The limit of Debian's libcurl 7.88 is lower than ours.
mail smtp capabilities-smtp "failed connection lost|failed the server says too much" "$long"
mail pop3 capabilities-pop3 "failed connection lost|failed the server says too much" "$long"
mail smtp steers-smtp "failed STARTTLS is not offered" "$long"
case_of "a handshake of $(port tls-drip) that never ends, in IMAP" "imap=imaps://localhost:$(port tls-drip) $ca total=2000" "failed no answer in 2 s"
dns loop.example A "" "failed no A record"
dns round.example A "" "failed no A record"
dns many.example A "answers=192.0.2.1" "good "
for i in 4 5 6; do case_of "a good one beside them" "http=http://127.0.0.1:$(port good)/$i contains=hello within=1000" "good "; done
ask

# ---- what is written down ----
transcript() { grep -m 1 -F "$1" answers | sed 's/^.*\t//'; }
is_json() { cut -f 3 answers | python3 -c 'import json, sys
for line in sys.stdin:
    assert json.loads(line)["state"] in ("good", "slow", "failed"), line'; }
check "every transcript is JSON" is_json
body() { transcript "$1" | python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(len(answer["body"]), answer["body_length"])'; }
same "of a body without end the beginning is kept" "65536 8388608" "$(body 'larger than 8 MiB')"
same "of an address no query is kept" "0" "$(grep -c 'again?secret' answers)"

# ---- logins ----
# login NAME: made in this process, which is held as an attempt is.
login() { "$BUILD/tests/check-once" "$1=$1s://localhost:$(port "$2") $ca user=ops password=swordfish total=2000" 2>&1; }
word() { local head word _; IFS=$'\t' read -r head word _; case $word in "{"*) word= ;; esac; set -- $head; echo "$2 $word"; }
same "a login" "good " "$(login imap good-imap | word)"
same "one that is refused" "failed login refused" "$(login imap echoes | word)"
same "what repeats the password is not kept" "0" "$({ login imap echoes; login imap good-imap; } | grep -c 'swordfish\|AG9wcwBzd29yZGZpc2g')"
same "a server that offers no login" "failed no login is offered" "$(login smtp asks-none | word)"
same "one that asks for none" "failed no login is offered" "$(login imap in-already | word)"

# ---- private addresses ----
once() { "$BUILD/tests/check-once" "$@" | word; }
same "a redirect from a public page into a private network" "failed a redirect into a private network was refused" "$(once "http=http://public.example:$(port inside)/ redirects=3")"
same "one from a private page" "good " "$(once "http=http://127.0.0.1:$(port inside)/ redirects=3")"
for check in "http=http://inside.example:$(port good)/" "http=http://127.0.0.1:$(port good)/" "tcp=inside.example:$(port good)" "tls=localhost:$(port tls-good) $ca" \
	"imap=imaps://localhost:$(port good-imap) $ca" "smtp=smtp://inside.example:$(port busy)"; do
	same "guarded: ${check%%:*}" "failed was public" "$(once --guard "$check")"
done
same "guarded, a public one" "good " "$(once --guard "http=http://public.example:$(port good)/")"

same "half a mebibyte" "failed the answer is larger than 0.5 MiB" "$(once --body 524288 "http=http://127.0.0.1:$(port endless-body)/")"

# ---- families ----
same "a host without IPv6" "absent no IPv6 address" "$(once --family 6 "http=http://four.example:$(port good)/")"
same "with it" "good " "$(once --family 6 "http=http://localhost:$(port good)/")"
same "an IPv4 address has none" "absent no IPv6 address" "$(once --family 6 "tcp=127.0.0.1:$(port good)")"
same "an IPv6 address is no IPv4" "absent no IPv4 address" "$(once --family 4 "tcp=[::1]:$(port good)")"
same "a redirect to a host without it fails" "failed no IPv6 address" "$(once --family 6 "http=http://localhost:$(port to-four)/ redirects=3")"
same "no host has no address of any family" "absent no IPv4 address" "$(once --family 4 "tcp=nosuch.example:80")"
finish
