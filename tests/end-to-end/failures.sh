#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What breaks around lampwatch, one thing at a time, through the whole program: relays
# that are down, silent, undecided or forgetful, receivers that refuse, pages
# that fail or change their form, our own network, the clock. Nobody may miss an alert, get one
# that is not for them, or be told the same fault every minute.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www --posts "$work/hooks"
serve_http other --address 127.0.0.2
serve_smtp relay
serve_smtp spare
mkdir -p "$work/hooks"
page=$work/www/api/v2/summary.json second_page=$work/other/api/v2/summary.json
mkdir -p "${page%/*}" "${second_page%/*}"

green() { statuspage_page "$page" none operational operational; }
red() { statuspage_page "$page" major major_outage operational; }

# begin NAME: a folder and an archive of its own, servers that behave, a green page. What the
# configuration says in addition comes from standard input.
begin() {
	mkdir -p "$work/$1"
	cd "$work/$1" || exit 1
	cat - > extra
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
	END
	grep -q '^pages:' extra || cat >> lampwatch.yaml <<-END
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: example}
	END
	grep -q '^routes:' extra || cat >> lampwatch.yaml <<-END
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	END
	grep -q '^subscribers:' extra || cat >> lampwatch.yaml <<-END
		subscribers:
		  - {mail: ops@example.com}
	END
	cat extra >> lampwatch.yaml
	: > "$work/relay.script"; : > "$work/spare.script"
	rm -f "$work"/relay/*.eml "$work"/spare/*.eml "$work"/hooks/* "$work"/www/api/v2/* "$work"/other/api/v2/*
	green
	statuspage_page "$second_page" none operational
}

# at MINUTE WORD…: the program at that minute of a simulated hour.
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T$((minute / 60 + 10)):$(printf %02d $((minute % 60))):00Z" "$@"; }

# run MINUTE: sets output and status.
run() { output=$(at "$1" run 2>&1); status=$?; }
# runs MINUTE…: each in turn; prints what they say.
runs() { local minute; for minute in "$@"; do at "$minute" run 2>&1; done; }
baseline() { at 0 -q run; }

# What arrived at a server: receiver and the beginning of the subject, in order.
arrived() {
	local file subject
	for file in $(mails "$1"); do
		subject=$(tr -d '\r' < "$file" | sed -n '/^Subject: /{s/^Subject: //; :more; N; s/\n[ \t]/ /; tmore; s/\n.*//; p; q}')
		case $subject in *"=?"*) subject=$(decoded "$subject") ;; esac
		subject=${subject#SIMULATED }
		printf '%s %s\n' "$(sed -n 's/^X-Envelope-To: //p' "$file")" "${subject%%:*}"
	done
}
message_ids() { local file; for file in $(mails "$1"); do sed -n 's/\r$//; s/^Message-ID: //Ip' "$file"; done; }
hooks() { find "$work/hooks" -type f | wc -l | tr -d ' '; }
owed() { at 30 outbox --json | tr -d ' \n' | grep -o '"state":"[a-z]*"' | sort | uniq -c | tr -d '" \n'; }
lines() { printf %s "$1" | grep -c ''; }
whole() { check "$1: the archive is whole" at 59 verify; }

# ---- relays ----

# Begun first, for it takes as long as one waits for a greeting; looked at in the end.
begin silent <<-END
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	  - {name: spare, smtp: "smtp://127.0.0.1:$spare_port", tls: off}
END
baseline
red
echo "greeting silent" > "$work/relay.script"
began=$(date +%s)
run 1
took=$(($(date +%s) - began))
same "a relay that says nothing: the alert goes by the next route in the same run" "ops@example.com RED" "$(arrived spare)"
same "and the run ends well" "0" "$status$output"
check "within a minute" test "$took" -le 60
check "and had waited for the first" test "$took" -ge 1

begin relay-down < /dev/null
baseline
red
echo "greeting reply 421 4.3.2 not now" > "$work/relay.script"
run 1
same "while no relay takes the alert, the run says so by its exit status alone" "1" "$status$output"
same "and the alert is owed" "1state:pending" "$(owed)"
check "the operator sees to whom and why" grep -q "421 4.3.2 not now" <(at 1 outbox)
: > "$work/relay.script"
run 2
same "the alert goes out as soon as the relay is back" "ops@example.com RED" "$(arrived relay)"
same "and then nothing is owed" "0" "$status$output$(owed)"
green
runs 3 4 > "$work/output"
same "green follows its red" "ops@example.com RED,ops@example.com GREEN" "$(arrived relay | paste -sd ,)"
whole relay-down

begin over-before-it-got-out < /dev/null
baseline
red
echo "greeting reply 421 4.3.2 not now" > "$work/relay.script"
runs 1 2 > "$work/output"
green
runs 3 3 >> "$work/output" # the second try was at 2; the third is not due, and so nothing is under way
: > "$work/relay.script"
run 10
same "a red that is over before it got out becomes one message that says both" "ops@example.com RED, GREEN AGAIN" "$(arrived relay)"
same "nothing else is owed" "0" "$status$output$(owed)"
runs 11 12 13 > "$work/output"
same "nor sent later" "1" "$(count_mails relay)"

begin forgetful < /dev/null
baseline
red
echo "content first 1 keep-drop" > "$work/relay.script"
run 1
same "a relay that hangs up before its last reply: perhaps delivered, so still owed" "1 1state:pending" "$status$output $(owed)"
check "the operator sees that it was perhaps delivered" grep -q "perhaps" <(at 1 outbox)
run 2
same "it is repeated" "ops@example.com RED,ops@example.com RED" "$(arrived relay | paste -sd ,)"
same "under the same Message-ID" "1" "$(message_ids relay | sort -u | grep -c .)"
check "and is the same mail" cmp $(mails relay)
same "then nothing is owed" "0" "$status$output$(owed)"

begin greylisting < /dev/null
baseline
red
echo "rcpt greylist 1" > "$work/relay.script"
run 1
same "a relay that puts an unknown sender off: nothing arrives at once" "1 0" "$status$output $(count_mails relay)"
sleep 1.1
run 2
same "and the next try is let in" "0 ops@example.com RED" "$status$output $(arrived relay)"

begin one-bad <<-END
	subscribers:
	  - {mail: ops@example.com}
	  - {mail: nobody@example.com}
	  - {mail: boss@example.com}
END
baseline
red
echo "rcpt for *nobody* reply 550 5.1.1 no such user" > "$work/relay.script"
run 1
same "one receiver who is refused for good keeps nobody else from the alert, and the operator is told" \
	"admin@example.org UNDELIVERED,boss@example.com RED,ops@example.com RED" "$(arrived relay | sort | paste -sd ,)"
same "what was given up is shown as dead" "1state:dead" "$(owed)"
same "and is no longer owed" "0" "$status$output"
runs 2 3 4 > "$work/output"
same "nobody hears of it twice" "3" "$(count_mails relay)"

begin operator-refused < /dev/null
baseline
red
printf 'rcpt for *ops* reply 550 5.1.1 no such user\nrcpt for *admin* reply 550 5.1.1 no such user\n' > "$work/relay.script"
runs 1 2 3 4 > "$work/output"
same "where the operator is refused too, no message about a message is made of it" "2state:dead" "$(owed)"

begin one-relay-refuses <<-END
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	  - {name: spare, smtp: "smtp://127.0.0.1:$spare_port", tls: off}
END
baseline
red
echo "rcpt reply 550 5.1.1 no such user" > "$work/relay.script"
run 1
same "a relay that refuses everybody is one relay's opinion: the next is asked" "0 ops@example.com RED" "$status$output $(arrived spare)"
green
echo "greeting reply 421 not now" > "$work/spare.script"
runs 2 3 > "$work/output"
same "while the next is down, nothing is given up" "1state:pending" "$(owed)"
: > "$work/spare.script"
at 20 -q run
same "and what was refused by one goes by the other when it is back" "ops@example.com GREEN" "$(arrived spare | grep ^ops | tail -n 1)"
echo "rcpt reply 553 5.1.8 sender address rejected" > "$work/relay.script"
echo "rcpt reply 553 5.1.8 sender address rejected" > "$work/spare.script"
red
at 21 -q run
same "who does not like the sender says nothing of the receiver" "1state:pending" "$(owed)"

# Of whose mail it is known who hosts it: else both ways would be told at once.
begin second-way <<-END
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@fastmail.com, second: ops@example.net}
	  - {mail: boss@fastmail.com, second: "webhook:chat"}
	webhooks:
	  - {name: chat, url: "http://127.0.0.1:$www_port/hook", "on": [lost]}
END
baseline
red
printf 'rcpt for *ops@fastmail.com* reply 550 5.1.1 no such user\nrcpt for *boss* reply 550 5.1.1 no such user\n' > "$work/relay.script"
run 1
same "who is refused for good is told by their second address in the same run" "ops@example.net RED" "$(arrived relay)"
same "or by their webhook" "1" "$(hooks)"
same "and nothing is owed" "0" "$status$output$(owed)"
: > "$work/relay.script"
green
runs 2 3 > "$work/output"
same "green comes too" "GREEN" "$(arrived relay | sed -n 's/.* GREEN$/GREEN/p' | sort -u)"

# ---- several channels ----

begin first-broken <<-END
	routes:
	  - {name: broken, smtp: "smtp://127.0.0.1:1", tls: off}
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	webhooks:
	  - {name: away, url: "http://127.0.0.1:1/hook"}
	  - {name: gone, url: "http://127.0.0.1:$www_port/gone"}
	  - {name: chat, url: "http://127.0.0.1:$www_port/hook"}
END
echo "status=404" > "$work/www/gone.fault"
baseline
red
run 1
same "a channel that is broken does not stop the ones after it" "ops@example.com RED" "$(arrived relay)"
same "nor a webhook the next" "1" "$(find "$work/hooks" -type f -exec grep -l '^POST /hook HTTP' {} + | wc -l)"
same "a webhook that answers 404 stays owed, and so does one that cannot be reached" "1 2state:pending" "$status$output $(owed)"
check "outbox names the webhook and its answer" grep -q "404" <(at 1 outbox)
check "status says that something is owed" grep -q "2 deliveries are still owed" <(at 1 status)
run 2
same "a later run is as quiet" "1" "$status$output"

begin provider-down <<-END
	routes:
	  - {name: theirs, smtp: "smtp://127.0.0.1:$relay_port", tls: off, depends: [example]}
	  - {name: ours, smtp: "smtp://127.0.0.1:$spare_port", tls: off}
END
baseline
red
run 1
same "an alert does not go by a route that depends on the provider that is down" "0 ops@example.com RED" "$(count_mails relay) $(arrived spare)"
green
runs 2 3 > "$work/output"
same "once the provider is back, by the first route again" "ops@example.com GREEN" "$(arrived relay)"

begin last-resort <<-END
	routes:
	  - {name: theirs, smtp: "smtp://127.0.0.1:$relay_port", tls: off, depends: [example]}
	  - {name: ours, smtp: "smtp://127.0.0.1:1", tls: off}
END
baseline
red
run 1
same "but rather by that one than not at all" "0 ops@example.com RED" "$status$output $(arrived relay)"

# ---- pages ----

begin own-network <<-END
	pages:
	  - {name: one, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: one}
	  - {name: two, url: "http://127.0.0.2:$other_port/", kind: statuspage, provider: two}
	  - {name: three, url: "http://127.0.0.3:1/", kind: statuspage, provider: one}
END
baseline
for file in "$page" "$second_page"; do echo close > "$file.fault"; done
run 1
same "where no host answers at all, it is our own network: one line" "1 1" "$status $(lines "$output")"
check "that says so" grep -q "own network" <<< "$output"
output=$(runs 2 3 4 5)
same "said once, while it lasts" "" "$output"
run 6
same "with exit status 1 all along" "1" "$status"
same "no page is lost" "0" "$(count_mails relay)"
rm -f "$page.fault" "$second_page.fault"
output=$(runs 7 8 | grep -v "three: ")
same "its end is no news" "" "$output"
for file in "$page" "$second_page"; do echo close > "$file.fault"; done
run 9
check "and said again when it happens again" grep -q "own network" <<< "$output"

begin form-changed < /dev/null
baseline
red
run 1
echo '{"page": {"id": "exampleexamp"}, "status": {}}' | put "$page"
run 2
same "a page that no longer fits its kind: one line and exit status 1" "1 1" "$status $(lines "$output")"
output=$(runs 3 4 5 6 7)
same "and no more lines while it lasts" "" "$output"
run 8
same "though it is no success" "1" "$status$output"
same "after three such fetches the operator is told, once; nobody hears green" "ops@example.com RED,admin@example.org PAGE LOST" "$(arrived relay | paste -sd ,)"
check "and when the page was read last" grep -q "^  Last read: *Fri 24 Jan 2014 10:01:00 " "$(mails relay | xargs grep -l "^To: admin")"
check "status knows the difference" grep -q "unreadable" <(at 8 status)
red
runs 9 10 > "$work/output"
same "and once more when it ends; still nobody hears green" \
	"ops@example.com RED,admin@example.org PAGE LOST,admin@example.org PAGE BACK" "$(arrived relay | paste -sd ,)"
green
runs 11 12 > "$work/output"
same "until the page says so" "ops@example.com GREEN" "$(arrived relay | tail -n 1)"
whole form-changed

begin indicator-gone < /dev/null
baseline
red
run 1
green
sed 's/component0/component9/; s/"Mail"/"Post"/' "$page" | put "$page"
runs 2 3 4 > "$work/output"
same "an indicator that the page no longer lists is no green: the operator is told, once" \
	"ops@example.com RED,admin@example.org NOT LISTED" "$(arrived relay | grep -v 'boss' | sort -r -u | sed -n '/RED/p;/NOT/p' | paste -sd ,)"
same "and nobody hears green" "0" "$(arrived relay | grep -c GREEN)"

begin retry-after < /dev/null
baseline
printf 'status=503;retry-after=600' > "$page.fault"
run 1
asked=$(wc -l < "$work/www.log")
runs 2 5 9 > "$work/output"
same "a server that says when to come back is left alone until then" "$asked" "$(wc -l < "$work/www.log")"
run 12
check "and asked again after that" test "$(wc -l < "$work/www.log")" -gt "$asked"

begin fetches-count < /dev/null
baseline
red
run 1
green
run 2
same "one green fetch is not enough" "1" "$(count_mails relay)"
run 3
same "the second may be a 304" "304 ops@example.com GREEN" "$(tail -n 1 "$work/www.log" | cut -f 4) $(arrived relay | tail -n 1)"
echo no-validators > "$page.fault"
red
run 4
green
runs 5 6 > "$work/output"
same "or the same bytes again" "200 4" "$(tail -n 1 "$work/www.log" | cut -f 4) $(count_mails relay)"

begin noise <<-END
	pages:
	  - {name: one, url: "http://127.0.0.1:$www_port/", kind: statuspage, provider: one}
	  - {name: two, url: "http://127.0.0.2:$other_port/", kind: statuspage, provider: two}
END
baseline
output=$(runs 1 2 3)
same "where nothing is new a run prints nothing" "" "$output"
echo "status=500" > "$second_page.fault"
run 4
same "a fault is one line when it begins" "1 1" "$status $(lines "$output")"
check "which names the page" grep -q "two: .*500" <<< "$output"
statuspage_page "$page" major major_outage operational
run 5
same "is not said again, and disturbs no other page" "1 ops@example.com RED" "$status$output $(arrived relay)"
run 6
same "not even when the page is lost" "1 1" "$status$output $(arrived relay | grep -c LOST)"
rm "$second_page.fault"
run 7
same "and is over without a word" "0" "$status$output"
whole noise

# ---- the clock ----

begin clock-back < /dev/null
baseline
at 5 -q run
red
at 70 -q run
echo "greeting reply 421 4.3.2 not now" > "$work/relay.script"
green
at 71 -q run
at 72 -q run
: > "$work/relay.script"
run 12
same "a clock that goes back an hour holds nothing up: what was owed goes out" "ops@example.com RED,ops@example.com GREEN" "$(arrived relay | grep -v "NO RUN" | paste -sd ,)"
red
run 13
same "and news are news" "ops@example.com RED" "$(arrived relay | tail -n 1)"
whole clock-back

begin simulated < /dev/null
baseline
output=$("$lampwatch" run 2>&1); status=$?
same "a simulated archive takes no real run: exit status 2, one line" "2 1" "$status $(lines "$output")"
begin real < /dev/null
"$lampwatch" -q run
chain=$(cat archive/example/chain)
output=$(at 1 run 2>&1); status=$?
same "a real archive takes no simulated run" "2 1" "$status $(lines "$output")"
same "and nothing came of it" "$chain" "$(cat archive/example/chain)"

finish
