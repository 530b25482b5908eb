#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Alerts about a provider reach people over routes that do not need it: DNS tells which provider hosts
# a route or an address, while all is well, and the answer is used when it is not. One SMTP sink for each
# provider; nothing may talk to the one of the provider that is red. First with a name server
# of our own; with LAMPWATCH_PEERS=1 everything again with dnsmasq.
BUILD=${1:-$BUILD}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page --posts "$work/hooks"
mkdir -p "$work/hooks"
serve_smtp google --address 127.0.0.8
serve_smtp own --address 127.0.0.9
serve_dns names
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=somebody.else.example -keyout "$work/certificate" -out "$work/certificate.pem" 2> /dev/null
cat "$work/certificate.pem" >> "$work/certificate"

# at MINUTE WORD…: the program at that minute of a simulated day.
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T$(printf %02d $((minute / 60))):$(printf %02d $((minute % 60))):00Z" "$@" 2>&1; }
# begin NAME: an archive of its own; routes, subscribers and webhooks come from standard input.
begin() {
	mkdir -p "$work/$1"
	cd "$work/$1" || exit 1
	{
		printf '%s\n' "archive: archive" "from: lampwatch@own.example" "every: 0s" "resolver: 127.0.0.1:$dns_port" \
			"pages:" "  - {name: gmail, url: \"http://127.0.0.1:$www_port/\", kind: statuspage, provider: google}"
		cat
	} > lampwatch.yaml
	rm -f "$work"/google/*.eml "$work"/own/*.eml "$work"/hooks/*
	: > "$work/google.log"
	green
}
connections() { grep -c '(connected)' "$work/$1.log"; }
receivers() { local f; for f in $(mails "$1"); do sed -n 's/^X-Envelope-To: //p' "$f"; done | sort | tr '\n' ' '; }

# The whole of it, with a name server at $dns_port that knows what is written below.
all() {
	local with=$1 output status

	begin "mistake-$with" <<-END
		routes:
		  - {name: relay, smtp: "smtp://smtp.gmail.com:587"}
		subscribers:
		  - mail: ops@gmail.com
	END
	output=$("$lampwatch" routes 2>&1); status=$?
	same "$with: alerts about Gmail, through Gmail, to Gmail: routes says so and exits with 1" \
		"1  NOT reached: ops@gmail.com: hosted at google; no second way" "$status$(grep NOT <<< "$output")"
	same "$with: and that the relay's name gives it away" "    needs google (name smtp.gmail.com)" "$(sed -n '/relay/{n;p}' <<< "$output")"

	begin "chains-$with" <<-END
		routes:
		  - {name: alias, smtp: "smtp://relay.example:587"}
		  - {name: own, smtp: "smtp://127.0.0.9:$own_port", tls: off}
		subscribers:
		  - mail: a@corp.example
		  - mail: b@vanity.example
		  - mail: c@null.example
		  - mail: d@absent.example
		  - mail: e@implicit.example
		  - mail: f@gateway.example
	END
	output=$("$lampwatch" routes 2>&1); status=$?
	same "$with: the aliases of a relay are seen" "    needs google (CNAME smtp.gmail.com)" "$(sed -n '/^  alias/{n;p}' <<< "$output")"
	same "$with: the MX of a domain" "    needs google (MX aspmx.l.google.com)" "$(sed -n '/a@corp/{n;p;q}' <<< "$output")"
	same "$with: the aliases of an MX" "    needs google (CNAME aspmx.l.google.com)" "$(sed -n '/b@vanity/{n;p;q}' <<< "$output")"
	same "$with: a null MX is never reached" 1 "$(grep -c 'NOT reached: c@null.example: its domain takes no mail' <<< "$output")"
	same "$with: what DNS does not know is said, for an own relay may know it" "    DNS knows no such domain|  perhaps NOT reached: d@absent.example: DNS knows no such domain" \
		"$(grep 'DNS knows no such domain' <<< "$output" | paste -sd '|')"
	same "$with: a gateway hides what lies behind" 1 "$(grep -c 'behind the gateway mimecast' <<< "$output")"
	same "$with: so nobody is promised more than is known" 1 "$(grep -c '^Everybody else is still reached, as far as is known.$' <<< "$output")"
	same "$with: without an MX the address record counts" "    needs no provider that is known" "$(sed -n '/e@implicit/{n;p}' <<< "$output")"

	begin "absent-$with" <<-END
		routes:
		  - {name: own, smtp: "smtp://127.0.0.9:$own_port", tls: off}
		subscribers:
		  - mail: d@absent.example
		  - {mail: g@absent.example, second: e@implicit.example}
	END
	output=$("$lampwatch" routes 2>&1); status=$?
	same "$with: and it does not count as reached" "0Always:|  perhaps NOT reached: d@absent.example: DNS knows no such domain|Everybody else is still reached." \
		"$status$(grep -E '^Always|NOT|reached\.' <<< "$output" | paste -sd '|')"

	begin "red-$with" <<-END
		routes:
		  - {name: google, smtp: "smtp://127.0.0.8:$google_port", tls: off, depends: google}
		  - {name: own, smtp: "smtp://127.0.0.9:$own_port", tls: off}
		subscribers:
		  - {mail: boss@corp.example, second: boss@own.example}
		  - {mail: chief@vanity.example, second: "webhook:chat"}
		  - {mail: maybe@gateway.example, second: maybe@own.example}
		  - {mail: ops@own.example}
		  - {mail: lonely@corp.example}
		webhooks:
		  - {name: chat, url: "http://127.0.0.1:$www_port/hook", "on": [lost]}
		operator: admin@own.example
	END
	at 0 -q run
	red
	: > "$work/names.log"
	output=$(at 1 run); status=$?
	same "$with: who is hosted at what is red is told by the second way, where nobody knows by both" \
		"admin@own.example boss@own.example lonely@corp.example maybe@gateway.example maybe@own.example ops@own.example " "$(receivers own)"
	same "$with: or by a webhook" "1" "$(find "$work/hooks" -type f | wc -l | tr -d ' ')"
	same "$with: of whom no way reaches a line is said" "0lampwatch: gmail: google is in trouble, and no route reaches 1 receiver until it recovers; \`lampwatch status\` names them" "$status$output"
	check "$with: and the operator gets a mail that names them" grep -q "lonely@corp.example: hosted at google; no second" <(mails own | xargs grep -l "^X-Envelope-To: admin" | xargs cat | tr -d '\r')
	same "$with: status names them" "google is in trouble; cannot be reached until it recovers:   lonely@corp.example: hosted at google; no second way" \
		"$(at 1 status | grep -A1 'cannot be reached' | tr '\n' ' ' | sed 's/ $//')"
	same "$with: what is red is not spoken to" "0" "$(connections google)"
	same "$with: nor is any name looked up meanwhile" "" "$(cat "$work/names.log")"
	same "$with: the first ways wait for it" "2" "$(at 1 outbox | grep -c '^.*mail:boss@corp.example\|mail:chief@vanity.example')"
	green
	at 2 -q run; at 3 -q run; at 4 -q run
	same "$with: and get what they are owed once it is back" "boss@corp.example chief@vanity.example" \
		"$(echo "$(receivers own) $(receivers google)" | tr ' ' '\n' | grep 'boss@corp\|vanity' | sort -u | xargs)"
	same "$with: by its own relay too" "spoken to" "$([ "$(connections google)" -gt 0 ] && echo spoken to)"
}

dns_port=$names_port
cat > "$work/names.script" <<END
corp.example MX 1 aspmx.l.google.com
vanity.example MX 10 mx.vanity.example
mx.vanity.example CNAME aspmx.l.google.com
aspmx.l.google.com A 127.0.0.8
null.example MX 0 .
implicit.example A 127.0.0.9
own.example MX 10 mx.own.example
mx.own.example A 127.0.0.9
gateway.example MX 10 eu.mimecast.com
relay.example CNAME smtp.gmail.com
smtp.gmail.com A 127.0.0.8
END
all ours

begin again <<END
routes:
  - {name: own, smtp: "smtp://127.0.0.9:$own_port", tls: off}
subscribers:
$(for i in $(seq 1 60); do echo "  - mail: person$i@own.example"; done)
END
: > "$work/names.log"
at 0 -q run
same "sixty people of one domain cost one question, and one for its exchanger" \
	"own.example MX udp mx.own.example A udp mx.own.example AAAA udp" "$(xargs < "$work/names.log")"
at 1439 -q run
same "which is not asked again within a day" "3" "$(wc -l < "$work/names.log" | tr -d ' ')"
next() { "$lampwatch" --clock "2014-01-2$1T00:00:00Z" "${@:2}" 2>&1; }
next 5 -q run
same "but after a day" "6" "$(wc -l < "$work/names.log" | tr -d ' ')"
sed -i '/^own.example/s/.*/own.example silent/' "$work/names.script"
next 6 -q run
same "silence leaves what was known" "    needs no provider that is known" "$(next 6 routes | sed -n '/person/{n;p}')"
rm -f "$work"/own/*.eml
red
next 7 -q run
same "and stops no delivery" "60" "$(count_mails own)"

# ---- without a relay: to the mail servers of each domain ----

# Both sinks on one port: a route has one for all domains.
rm -f "$work/backup.port"
serve_smtp backup --address 127.0.0.10 --port "$own_port"
serve_smtp secured --address 127.0.0.11 --port "$own_port" --tls starttls --cert "$work/certificate" --key "$work/certificate"
cat > "$work/names.script" <<END
one.example MX 20 mx.backup.example
one.example MX 10 mx.dead.example
mx.dead.example A 127.0.0.12
mx.backup.example A 127.0.0.10
two.example MX 10 mx.secured.example
mx.secured.example CNAME host.secured.example
host.secured.example A 127.0.0.11
three.example A 127.0.0.9
four.example MX 0 .
END
begin direct <<END
routes:
  - {name: direct, mx: direct, port: $own_port}
subscribers:
  - {mail: a@one.example}
  - {mail: b@one.example}
  - {mail: c@two.example}
  - {mail: d@three.example}
  - {mail: e@four.example}
END
at 0 -q run
red
: > "$work/names.log"
at 1 run > /dev/null
same "the second of two mail servers takes what the first does not" "a@one.example b@one.example " "$(receivers backup)"
same "in one session" "1" "$(connections backup)"
same "TLS where it is offered, whatever the certificate says, and under the server's own name" "c@two.example mx.secured.example" \
	"$(receivers secured)$(grep -A1 '(name)' "$work/secured.log" | sed -n '2s/.*\t//p')"
same "without an MX to the domain's own address" "d@three.example " "$(receivers own)"
same "a domain that takes no mail is a dead letter, with the reason" "1" "$(at 1 outbox | grep -c 'four.example: the domain takes no mail')"
same "and no name is looked up while it is red" "" "$(cat "$work/names.log")"

# ---- the same with a real name server ----

if [ -n "${LAMPWATCH_PEERS:-}" ]; then
	cat > "$work/dnsmasq.conf" <<-END
		listen-address=127.0.0.1
		bind-interfaces
		no-resolv
		no-hosts
		pid-file=
		user=
		group=
		local=/#/
		log-queries
		log-facility=$work/names.log
		mx-host=corp.example,aspmx.l.google.com,1
		mx-host=vanity.example,mx.vanity.example,10
		cname=mx.vanity.example,aspmx.l.google.com
		host-record=aspmx.l.google.com,127.0.0.8
		mx-host=null.example,.,0
		host-record=implicit.example,127.0.0.9
		mx-host=own.example,mx.own.example,10
		host-record=mx.own.example,127.0.0.9
		mx-host=gateway.example,eu.mimecast.com,10
		cname=relay.example,smtp.gmail.com
		host-record=smtp.gmail.com,127.0.0.8
	END
	for dns_port in 15353 25353 35353; do
		dnsmasq --keep-in-foreground --conf-file="$work/dnsmasq.conf" --port=$dns_port &
		dnsmasq=$!
		sleep 0.3
		kill -0 $dnsmasq 2>/dev/null && break
	done
	pids+=("$dnsmasq")
	await 5 grep -q started "$work/names.log" || { echo "Bail out! dnsmasq did not start"; exit 1; }
	all dnsmasq
else
	skip "dnsmasq" "LAMPWATCH_PEERS is not 1"
fi

finish
