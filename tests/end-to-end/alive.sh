#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Who watches the watcher: the heartbeat after good runs and bad ones, runs that were missed,
# metrics, and runs that only show what they would do.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page --posts "$work/posts"
serve_smtp relay
mkdir -p "$work/posts" "$work/main"
cd "$work/main" || exit 1
base=http://127.0.0.1:$www_port
(umask 077; echo "$base/beat/HUNTER2?create=1" > beat)
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	operator: admin@example.org
	heartbeat_file: beat
	every: 0s
	pages:
	  - {name: example, url: "$base/", kind: statuspage, provider: example}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	subscribers:
	  - {mail: ops@example.com}
END

# at TIME WORD…: of the day of the tests.
at() { local time=$1; shift; "$lampwatch" --clock "2014-01-24T$time:00Z" "$@"; }
beats() { grep -c $'GET\t/beat/HUNTER2?create=1' "$work/www.log"; }
fails() { grep -c $'POST\t/beat/HUNTER2/fail?create=1' "$work/www.log"; }
last_post() { find "$work/posts" -type f | sort | tail -n 1; }

# ---- heartbeats ----

statuspage_page "$page" none operational operational
at 03:00 -q run
same "a good run has its heartbeat" "1 0" "$(beats) $(fails)"
rm "$page"; at 03:01 -q run; statuspage_page "$page" none operational operational
same "a page that cannot be read is no fault of the watch" "2 0" "$(beats) $(fails)"
echo "greeting reply 421 4.3.2 not now" > "$work/relay.script"
statuspage_page "$page" major major_outage operational
at 03:02 run; at 03:03 run
check "a run that owes messages and gets nothing out says so" test "$(fails)" -ge 1
check "in words" grep -q "messages are waiting and none can be delivered" "$(last_post)"
same "without the secret" "0" "$(sed '1,/^\r$/d' "$(last_post)" | grep -c HUNTER2)"
: > "$work/relay.script"
before=$(fails)
at 03:09 run
same "until something gets out" "$before" "$(fails)"
statuspage_page "$page" none operational operational
at 03:10 -q run

# ---- runs that were missed ----

rm -f "$work"/relay/*.eml
at 03:20 run
same "ten minutes are no gap" "" "$(subjects relay | grep "NO RUN")"
at 07:40 run
same "four hours are: the operator hears of it" "SIMULATED NO RUN for 4 h 20 min" "$(subjects relay | grep "NO RUN")"
same "and from when until when" "Fri 24 Jan 2014 03:20:00 UTC Fri 24 Jan 2014 07:40:00 UTC" \
	"$(mails relay | tail -n 1 | xargs sed -n 's/^  \(From\|Until\): *\(.*\)\r$/\2/p' | paste -sd ' ')"
at 07:41 run; at 07:42 run
same "once" "1" "$(subjects relay | grep -c "NO RUN")"
check "the mail says no more than that" bash -c "! grep -qE 'Waiting since|Seen by us' $(mails relay | tail -n 1)"
at 05:00 run
same "a clock that goes back is no gap" "1" "$(subjects relay | grep -c "NO RUN")"
at 05:01 run
same "nor is what follows" "1" "$(subjects relay | grep -c "NO RUN")"

sed 's/^archive:.*/archive: hourly/' lampwatch.yaml > hourly.yaml
for hour in 00 01 02 03 04 05 06 07; do at $hour:00 -c hourly.yaml run; done
same "where runs are an hour apart that is usual" "1" "$(subjects relay | grep -c "NO RUN for 1 h 00 min")"
grep -v operator hourly.yaml | sed 's/^archive:.*/archive: nobody/' > nobody.yaml
at 03:00 -c nobody.yaml run; at 09:00 -c nobody.yaml run 2> said
same "without an operator the gap is a line" "lampwatch: there was no run for much longer than usual" "$(cat said)"

# ---- what is delayed ----

sed 's/^archive:.*/archive: delayed/; /^operator/d' lampwatch.yaml > delayed.yaml
at 03:00 -c delayed.yaml run
echo "rcpt reply 450 4.7.1 come again" > "$work/relay.script"
statuspage_page "$page" major major_outage operational
for minute in 02 04 08 14; do at 03:$minute -c delayed.yaml run; done 2> said
same "a message that waits for some minutes is no news" "" "$(cat said)"
for minute in 18 20 25; do at 03:$minute -c delayed.yaml run; done 2> said
check "after a quarter of an hour it is a line, once" test "$(grep -c 'relay: 1 message is owed since Fri 24 Jan 2014 03:02:00 UTC: 450' said) $(wc -l < said)" = "1 1"
: > "$work/relay.script"
at 03:32 -c delayed.yaml run 2> said
same "and none when it is over" "" "$(cat said)"
statuspage_page "$page" none operational operational

# ---- metrics ----

# The text format as its documentation has it: HELP and TYPE once, before their samples, samples of
# one name together, names, labels and values of the right form.
cat > "$work/exposition.py" <<-'END'
	import re, sys
	seen, typed, helped, samples = [], set(), set(), {}
	text = open(sys.argv[1], encoding="utf-8").read()
	assert text.endswith("\n"), "ends in a line end"
	for line in text.splitlines():
	    comment = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line)
	    if comment:
	        kind, name, rest = comment.groups()
	        into = helped if kind == "HELP" else typed
	        assert name not in into and name not in seen, line
	        assert kind == "HELP" or rest in ("gauge", "counter"), line
	        into.add(name)
	        continue
	    sample = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)', line)
	    assert sample, line
	    name, labels, value = sample.groups()
	    assert name in typed and name in helped, "no TYPE or HELP: " + line
	    assert not seen or seen[-1] == name or name not in seen, "not together: " + line
	    assert (name, labels) not in samples, "twice: " + line
	    seen.append(name)
	    samples[name, labels] = float(value)
	print(len(samples))
END
metric() { sed -n "s/^$1 //p" metrics/lampwatch.prom; }
mkdir metrics
echo "metrics: metrics/lampwatch.prom" >> lampwatch.yaml
statuspage_page "$page" major partial_outage operational
at 07:50 run
check "metrics are well-formed" python3 "$work/exposition.py" metrics/lampwatch.prom
same "nothing else is left there" "lampwatch.prom" "$(ls -A metrics)"
same "anybody may read them" "644" "$(stat -c %a metrics/lampwatch.prom)"
same "the level, when it was read, and that it is fresh" "5 $(date -u -d '2014-01-24 07:50' +%s) 1 0" \
	"$(metric 'lampwatch_page_level{page="example"}') $(metric 'lampwatch_page_last_success_timestamp_seconds{page="example"}') $(metric 'lampwatch_page_condition{page="example",state="fresh"}') $(metric 'lampwatch_page_condition{page="example",state="unreachable"}')"
same "its alarm, and that it is red" "1 1" "$(metric 'lampwatch_page_open_alarms{page="example"}') $(metric 'lampwatch_page_red_indicators{page="example"}')"
sed 's/^archive: .*/archive: unread/' lampwatch.yaml > unread.yaml
rm "$page"; at 07:51 -q -c unread.yaml run
same "a page that was never read is unknown, not green" "3" "$(metric 'lampwatch_page_level{page="example"}')"
echo "greeting reply 421 4.3.2 not now" > "$work/relay.script"
at 07:51 -q run; at 07:52 -q run; at 07:53 -q run
same "failures in a row, what is owed and since when, and the exit status" "3 1 0 1" \
	"$(metric 'lampwatch_page_failed_fetches{page="example"}') $(metric 'lampwatch_outbox_deliveries{state="pending"}') $(metric lampwatch_outbox_oldest_seconds) $(metric lampwatch_run_exit_status)"
chmod 500 metrics
if [ "$(id -u)" = 0 ]; then rm -r metrics; fi
at 07:54 run > said 2>&1
check "metrics that cannot be written are a line" grep -q "lampwatch.prom" said
chmod 700 metrics 2> /dev/null

# ---- runs that only show ----

: > "$work/relay.script"; sed -i '/^metrics/d' lampwatch.yaml
sed 's/^archive: .*/archive: elsewhere/' lampwatch.yaml > elsewhere.yaml
rm -rf archive; rm -f "$work"/relay/*.eml "$work"/posts/*; : > "$work/www.log"
statuspage_page "$page" none operational operational
at 08:00 -q run
statuspage_page "$page" major major_outage partial_outage
# state: every file of the archive, except what SQLite keeps next to an open database.
state() { find archive -type f ! -name '*-wal' ! -name '*-shm' -exec sha256sum {} + | sort; find archive -type d | sort; }
state > before; beat=$(beats)
at 08:10 run --dry-run > said 2>&1; status=$?
same "a dry run says whom it would tell what" "0 mail:ops@example.com: SIMULATED RED: Mail and 1 more (Example Services)" "$status $(cat said)"
state > after
check "changes nothing" cmp before after
same "tells nobody, not even that it is alive" "0 $beat 0" "$(count_mails relay) $(beats) $(fails)"
at 08:10 run --dry-run > again 2>&1
check "as often as it is asked" cmp said again
same "as data, too" "mail:ops@example.com" "$(at 08:10 run --dry-run --json | python3 -c 'import json, sys; data = json.load(sys.stdin); print(data["deliveries"][0]["receiver"])')"
at 08:10 run
same "the run after it does what it said" "$(cut -d' ' -f2- said)" "$(decoded "$(subjects relay)")"
same "then there is nothing to say" "no message would be sent" "$(at 08:11 run --dry-run 2>&1)"
at 08:12 -c elsewhere.yaml run --dry-run > said 2>&1
same "without any archive none is made" "no message would be sent" "$(cat said; ls -d elsewhere 2> /dev/null)"
rm "$page"
at 08:13 run --dry-run > said 2>&1; status=$?
same "a page that cannot be read is said as ever" "1 2" "$status $(wc -l < said)"
finish
