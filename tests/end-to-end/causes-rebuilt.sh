#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What was told before the database was lost is told again under the Message-IDs that it had: what
# stood in the message of its cause, what came in its thread, and what has nothing to do with it.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_smtp relay
for page in first desk google other; do serve_http "$page"; done

# publish PAGE MAIL CHAT
publish() { mkdir -p "$work/$1/api/v2"; statuspage_page "$work/$1/api/v2/summary.json" none "$2" "$3"; }
# What fails in a run would else be seen only by what comes after it, where nothing says why.
run_at() { check "$name: the run at 19:$1" at "$1" run; }
at() { "$lampwatch" --clock "2014-01-24T19:$1:00Z" -q "${@:2}"; }
ids() { local mail; for mail in $(find "$work/relay" -name '*.eml'); do sed -n 's/\r$//; s/^Message-ID: //p' "$mail" | head -n 1; done | sort; }
follows() { local mail; for mail in $(find "$work/relay" -name '*.eml'); do tr -d '\r' < "$mail" | grep -o "follows from Mail (google/Mail"; done | grep -c .; }

# What is told after it is what was told before it.
rebuilt() {
	local before
	before=$(ids)
	follows > before.follows
	rm archive/.state/lampwatch.db* "$work"/relay/*.eml
	check "$name: rebuild" at 10 rebuild
	run_at 11; run_at 12
	same "$name: nothing is told under another Message-ID" "$before" "$(ids)"
	same "$name: and it says what it follows from" "$(cat before.follows)" "$(follows)"
}

# begin NAME: all is green; what follows stands before and after its cause.
begin() {
	name=$1
	mkdir "$work/$name"; cd "$work/$name" || exit 1
	rm -f "$work"/relay/*.eml
	cat > lampwatch.yaml <<-END
		archive: archive
		from: lampwatch@example.org
		every: 0s
		confirm: {worse: 1, better: 1}
		pages:
		  - {name: first, url: "http://127.0.0.1:$first_port/", kind: statuspage, depends_on: google/Mail}
		  - {name: other, url: "http://127.0.0.1:$other_port/", kind: statuspage}
		  - {name: google, url: "http://127.0.0.1:$google_port/", kind: statuspage, indicators: [Mail, Chat]}
		  - {name: desk, url: "http://127.0.0.1:$desk_port/", kind: statuspage, depends_on: google/Mail, indicators: [Mail, Chat]}
		routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
		subscribers:
		  - {mail: ops@example.com, on: [red, green]}
		  - {mail: helpdesk@example.com, on: [red, green], pages: [desk]}
	END
	for page in first desk google other; do publish "$page" operational operational; done
	run_at 00
}

begin "in one message"
publish google major_outage operational
publish first partial_outage operational
publish desk partial_outage operational
run_at 01
same "three pages in one message to ops, one to the help desk" 2 "$(ids | grep -c .)"
rebuilt

begin "in its thread"
publish google major_outage operational
run_at 01
publish first partial_outage operational
publish desk partial_outage operational
publish other operational major_outage
run_at 02
publish desk partial_outage major_outage
run_at 03
rebuilt
finish
