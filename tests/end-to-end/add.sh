#!/bin/bash
# SPDX-License-Identifier: ISC
# lampwatch add and lampwatch kinds: which kind is found and why, what becomes of the
# configuration, and what is refused. Pages of several kinds over HTTP, and saved ones.
BUILD=${BUILD:-$1}
. "$(dirname "$0")/../harness.sh"
pages=$root/tests/pages
expected=$root/tests/end-to-end/add
cd "$work" || exit 1

# run STATUS WORD…: output in out, complaints in error, neither with a port or a path of this machine.
run() {
	local wanted=$1 status
	shift
	"$lampwatch" "$@" >out 2>error </dev/null
	status=$?
	sed -i "s|127\.0\.0\.1:[0-9]*|HOST|g; s|$root/||g; s|$work|WORK|g" out error
	[ $status -eq "$wanted" ] || { echo "status $status, expected $wanted"; cat out error; return 1; }
}
# prints FILE STATUS WORD…: what is printed is the expected file, within 80 columns.
prints() {
	local file=$expected/$1
	shift
	run "$@" || return 1
	[ -z "${LAMPWATCH_UPDATE:-}" ] || cp out "$file"
	diff "$file" out || return 1
	[ "$(wc -L <out)" -le 80 ] || { echo "wider than 80 columns"; return 1; }
}
# complains TEXT STATUS WORD…: one of the complaints holds the text.
complains() { local text=$1; shift; run "$@" || return 1; grep -qF -- "$text" error || { cat error; return 1; }; }
# unchanged COMMAND…: the configuration stays as it is.
unchanged() { cp lampwatch.yaml before; "$@" || return 1; cmp before lampwatch.yaml; }
# only_added LINES: since `before`, that many lines were added and none was changed or lost.
only_added() {
	diff before lampwatch.yaml >changes
	! grep -q '^<' changes && [ "$(grep -c '^>' changes)" -eq "$1" ] || { cat changes; return 1; }
}
configuration() {
	cat >lampwatch.yaml <<-'END'
		# Ours.
		archive: archive     # here
		pages:
		  # the first one
		  - name: first      # for ever
		    url: https://first.example/
		    kind: slack
		    #keep: all

		# Who sends.
		from: watch@example.org
	END
}

serve_http web
serve_http elsewhere
at=http://127.0.0.1:$web_port
mkdir -p web/api/v2 elsewhere/cstate
cp "$pages/statuspage/incident/page" web/api/v2/summary.json
cp "$pages/statuspage-html/normal/page" web/index.html
cp "$pages/slack/login-wall/page" elsewhere/index.html
cp "$pages/google-workspace/incident/page" elsewhere/incidents.json
cp "$pages/google-workspace/incident/products" elsewhere/products.json
cp "$pages/cstate/incident/page" elsewhere/cstate/index.json
other=http://127.0.0.1:$elsewhere_port

# --- without a configuration ---
check "without a configuration the lines are printed" prints no-configuration 0 add "$at/"
check "and no file is made" test ! -e lampwatch.yaml
check "quietly, nothing but the lines" prints quiet 0 -q add "$at/"
pasted() { { echo pages:; "$lampwatch" -q add "$at/"; } >pasted.yaml && "$lampwatch" -c pasted.yaml check; }
check "and these are a configuration" pasted

# --- into a configuration ---
configuration
cp lampwatch.yaml before
chmod 640 lampwatch.yaml
check "a page is found by the JSON behind it, and added" prints added 0 -v add "$at/"
check "nothing but its lines has changed" only_added 3
same "the file's mode is kept" 640 "$(stat -c %a lampwatch.yaml)"
check "the result is a configuration" "$lampwatch" check
check "and the page can be watched" "$lampwatch" run 127.0.0.1
check "it is not added twice" unchanged prints watched 0 add "$at/"
check "nor under another address that leads to the same data" unchanged prints watched-elsewhere 0 add "$at/api/v2/summary.json"
check "a name that is taken is refused" unchanged complains 'lampwatch.yaml:5: the page "first" exists already' 2 add --name first "$other/incidents.json"
check "a name that is none is refused" unchanged complains "a page's name" 2 add --name "A b" "$other/incidents.json"
cp lampwatch.yaml before
check "--name and --provider are obeyed" prints named 0 add --name desk --provider desks "$other/incidents.json"
check "which adds one line more" only_added 4
cp lampwatch.yaml before
check "a kind below the root of its host is found" prints below 0 add "$other/cstate/"
check "and its name is made unique" grep -q 'name: 127.0.0.1-2$' lampwatch.yaml
check "--dry-run changes nothing" unchanged prints dry 0 add --dry-run --name other --kind statuspage-html "$at/index.html"
mkdir real; ln -sf real/lampwatch.yaml lampwatch.yaml
configuration
check "a symbolic link stays one" run 0 add "$at/"
check "and leads to the file that was changed" test -L lampwatch.yaml -a "$(grep -c 'kind: statuspage' real/lampwatch.yaml)" = 1
rm lampwatch.yaml

# --- what cannot be added ---
configuration
sed -i 's/^from:.*/form: x/' lampwatch.yaml
check "a configuration with errors is not touched" unchanged complains 'lampwatch.yaml:11: unknown key "form"' 2 add "$at/"
printf 'pages: [{name: a, url: "https://a.example/", kind: slack}]\n' >lampwatch.yaml
check "pages in brackets are left to their author, who gets the lines" unchanged complains "are written in brackets" 2 add "$at/"
check "(these)" grep -q '  - name: 127.0.0.1' out
configuration
check "a configuration that is not there is an error" complains "none.yaml" 2 -c none.yaml add "$at/"
mkdir .lampwatch.yaml.new
check "a configuration that cannot be written is status 3, and stays whole" unchanged complains .lampwatch.yaml.new 3 add "$at/"
rmdir .lampwatch.yaml.new

# --- what is no page, or more than one ---
check "a login wall is of no kind" unchanged complains "none of the" 1 add "$other/index.html"
check "an address with nothing behind it is said" unchanged complains "HTTP 404" 1 add "$other/none/"
mkdir -p elsewhere/walled && cp elsewhere/index.html elsewhere/walled && echo "status=403;header=cf-mitigated: challenge" > elsewhere/walled/index.html.fault
check "a challenge that only a browser can answer is called that" unchanged complains "HTTP 403: a challenge that only a browser can answer" 1 add "$other/walled/"
for host in "https://bücher.invalid/" "bücher.invalid"; do
	check "$host: the form that is needed is named" unchanged complains "xn-- form (RFC 5891)" "$([ "$host" = bücher.invalid ] && echo 2 || echo 1)" add "$host"
done
check "a host name alone is an address by https" unchanged complains "HOST no connection" 1 add 127.0.0.1
check "a server that is not there is said" unchanged complains "no connection" 1 add http://127.0.0.1:9/
check "a kind that does not fit is said" unchanged complains "kind slack: " 1 add --kind slack "$at/index.html"
check "a kind that there is not is said" unchanged complains 'did you mean "slack"?' 2 add --kind slakc "$at/"
check "a kind that wants parameters cannot be added so" unchanged complains "require" 2 add --kind generic-html "$at/index.html"

# --- one family: the kind that sees most is taken, and what the others would lack is said ---
serve_http family
mkdir -p family/proxy family/api/v1 family/api/v2
cp "$pages/incidentio-proxy/normal/page" family/proxy/127.0.0.1
cp "$pages/incidentio/normal/page" family/api/v2/summary.json
cp "$pages/incidentio-widget/normal/page" family/api/v1/summary
printf 'nothing here\n' >family/index.html
check "of one family the kind that sees most is taken" prints family 0 add --dry-run "http://127.0.0.1:$family_port/"
rm family/proxy/127.0.0.1
check "where that is not there, the next" prints family-next 0 add --dry-run "http://127.0.0.1:$family_port/"
check "read agrees" run 0 read "http://127.0.0.1:$family_port/"
check "(it has the components of the second address)" grep -q '^indicator' out

# one_of BETTER CASE PATH OTHER CASE PATH: a host has both, and the first is taken; without it, the second.
one_of() {
	rm -rf family/*
	mkdir -p "family/$(dirname "$3")" "family/$(dirname "$6")"
	cp "$pages/$4/$5/page" "family/$6"
	run 0 add --dry-run "http://127.0.0.1:$family_port/" || return 1
	grep -q "^    kind: $4$" out || return 1
	cp "$pages/$1/$2/page" "family/$3"
	run 0 add --dry-run "http://127.0.0.1:$family_port/" && grep -q "^    kind: $1$" out
}
while read -r words; do
	# shellcheck disable=SC2086 # six words
	check "a host that has ${words%% *} and another kind of its family is no riddle" one_of $words
done <<-END
	rootly normal index.html rootly-api normal api/v1/status.json
	site24x7 normal sp/api/u/summary_details site24x7-feed normal rss
	openstatus normal feed/json openstatus-summary normal api/status/summary.json
	incidentio normal api/v2/summary.json incidentio-feed normal history.atom
	statuscast-html normal index.html statuscast normal status.json
	statuspage-html normal index.html statuspage-feed incident history.atom
END

mkdir kinds; cp "$root/templates/pages/statuspage.yaml" kinds/ours.yaml
sed -i '1s/.*/kinds: kinds/' lampwatch.yaml
check "two kinds that fit are both named, and none is taken" unchanged complains "several kinds fit" 2 add "$at/"
check "(the one)" grep -q '^  ours ' error
check "(and the other)" grep -q '^  statuspage ' error
cp lampwatch.yaml before
check "until --kind says which" run 0 add --kind ours "$at/"
check "(which is added)" only_added 3
check "(as that kind)" grep -q '    kind: ours' lampwatch.yaml
sed -i 's/^require:/require:\n  - "\/json\/nothing"/' kinds/ours.yaml
configuration
sed -i '1s/.*/kinds: kinds/' lampwatch.yaml
check "a kind that fits at first glance and cannot read the page is no rival" prints rival 0 add --dry-run "$at/"

# --- redirects ---
configuration
mkdir -p web/moved; : >web/moved/index.html; echo "redirect=$other/incidents.json" >web/moved/index.html.fault
check "a page that has moved to another host is added where it is" prints moved 0 add --name moved "$at/moved/index.html"
check "(there)" grep -q "url: $other/incidents.json" lampwatch.yaml
mkdir -p web/loop; : >web/loop/x; echo "redirect-loop" >web/loop/x.fault
configuration
check "a redirect that never ends is no hang" unchanged run 1 add --kind google-apps-rss "$at/loop/x"

# --- the catalogue ---
mkdir templates; cp -r "$root/templates/." templates/
cat >templates/catalogue.yaml <<-END
	- {name: Northwind Cloud, aliases: [nw], url: "$at/", kind: statuspage, provider: northwind, mail: [mail.example]}
	- {name: Almanac, url: "$other/incidents.json", kind: slack}
	- {name: Unnamed, url: "$other/cstate/"}
END
export LAMPWATCH_TEMPLATES=$work/templates
# The program is a stand-in: nothing is sent here.
cat >>lampwatch.yaml <<-'END'
	routes: [{name: office, sendmail: /bin/true}]
	subscribers:
	  - mail: ops@mail.example
	  - {mail: boss@mail.example, second: boss@example.org}
END
cp lampwatch.yaml before
check "a service is added by its name, and whose mail depends on it is told" prints by-name 0 add "northwind CLOUD"
check "(with its provider)" only_added 4
check "where the catalogue is out of date, the page is searched" complains "the catalogue is out of date: kind slack" 0 add almanac
check "(and found)" grep -q "    kind: google-workspace" lampwatch.yaml
check "an address of the catalogue has its name" prints by-address 0 add --dry-run "$at"
check "a name that is not in it is told, with the nearest" unchanged complains 'did you mean "Almanac"?' 2 add almanack
check "a word is searched for" prints search 0 add --search north
mkdir three; cp templates/probes.yaml three
for name in Component Onedrop "Square One"; do echo "- {name: $name, url: \"https://example.org/${#name}\"}"; done > three/catalogue.yaml
same "the word itself is found first, what begins with it next, then what has it inside" "Square Onedrop Component" \
	"$(LAMPWATCH_TEMPLATES=$work/three "$lampwatch" add --search one | awk '{print $1}' | xargs)"
check "a page whose kind the catalogue does not know is found" run 0 add --dry-run unnamed
check "(with the kind of what is there)" grep -q "    kind: cstate" out
check "--search says that it does not know it" prints search-unnamed 0 add --search unna

# --- a list on standard input ---
# listed STATUS WORD…: add is given the list.
listed() {
	local wanted=$1 status
	shift
	"$lampwatch" "$@" <list >out 2>error
	status=$?
	sed -i "s|127\.0\.0\.1:[0-9]*|HOST|g; s|$root/||g; s|$work|WORK|g" out error
	[ $status -eq "$wanted" ] || { echo "status $status, expected $wanted"; cat out error; return 1; }
}
list_prints() { local file=$expected/$1; shift; listed "$@" || return 1; [ -z "${LAMPWATCH_UPDATE:-}" ] || cp out "$file"; diff "$file" out; }
cp lampwatch.yaml kept
cat >list <<-END
	# Ours.
	  nw	
	Almanack

	$other/cstate/
	NORTHWIND cloud
	$other/none/
	un-named
END
configuration
check "--dry-run prints the lines, and what became of each between them" unchanged list_prints list-dry 2 add --dry-run -
cp lampwatch.yaml before
check "a list is added, a line for each entry, and goes on after errors; the worst status counts" list_prints list 2 add -
check "(two pages)" only_added 7
check "(why not is said)" grep -q 'did you mean "Almanac"' error
check "(of each)" grep -q "/none/: HTTP 404" error
check "a second time all of them are watched already" list_prints list-again 2 add -
check "an empty list is said" unchanged complains "none of up to 1000 names and addresses" 2 add -
yes nw | head -1001 >list
check "a list that is too long is refused as a whole" unchanged listed 2 add -
check "(and said)" grep -q "more than 1000 names and addresses" error
check "(nothing is looked at)" test ! -s out
echo nw >list
check "the pages of a list have their own names" unchanged listed 2 add --name x -
cp "$pages/slack/normal/page" list
check "a saved page is no list" unchanged listed 2 add -
check "(and said)" grep -q "is a file; --dry-run says what it is" error
mv kept lampwatch.yaml
check "in vain is status 1, and said" complains "no service of the catalogue has \"nothing-of-that-name\"" 1 add --search nothing-of-that-name
check "a broken catalogue is said with its line" complains "catalogue.yaml:1:" 2 add --search x < <(echo '- {name: x}' >templates/catalogue.yaml)

# --- probes ---
cat >templates/catalogue.yaml <<-END
	- {name: Northwind Cloud, aliases: [nw], url: "$at/", kind: statuspage, provider: northwind}
END
cat >templates/probes.yaml <<-'END'
	- name: Northwind Mail
	  aliases: [nw mail]
	  provider: northwind
	  page: nw
	  checks:
	    - {name: web, http: "https://mail.example/", status: [200, 302]}
	    - {name: imap, imap: "imaps://mail.example/"}
	  facts: {Virtual machines: [web, imap], Billing: [web]}
	- {name: Northwind Cloud, provider: northwind, page: nw, checks: [{name: ssh, tcp: "cloud.example:22"}]}
	- {name: Alone, checks: [{name: dns, dns: alone.example, server: 192.0.2.1}]}
	- {name: Broken, checks: [{name: web, ftp: "ftp://broken.example/"}]}
END
rm lampwatch.yaml
check "without a configuration the lines of a probe are printed, and how to watch its page" prints probe-no-configuration 0 add --probe "northwind MAIL"
check "and no file is made" test ! -e lampwatch.yaml
check "quietly, nothing but the lines" prints probe-quiet 0 -q add --probe "nw mail"
pasted_probe() { { echo probes:; "$lampwatch" -q add --probe "nw mail"; } >pasted.yaml && "$lampwatch" -c pasted.yaml check; }
check "and these are a configuration" pasted_probe
configuration
check "--dry-run changes nothing" unchanged prints probe-dry 0 add --dry-run --name mail --probe nwmail
cp lampwatch.yaml before
chmod 640 lampwatch.yaml
check "a probe is added" prints probe-added 0 add --probe nwmail
check "nothing but its lines has changed" only_added 7
same "the file's mode is kept" 640 "$(stat -c %a lampwatch.yaml)"
check "the result is a configuration" "$lampwatch" check
check "it is not added twice" unchanged complains 'lampwatch.yaml:14: the probe "northwind-mail" exists already' 2 add --probe nwmail
check "nor under the name of a page" unchanged complains 'lampwatch.yaml:5: the page "first" exists already: https://first.example/' 2 add --name first --probe nwmail
check "nor a page under its name" unchanged complains 'the probe "northwind-mail" exists already' 2 add --name northwind-mail "$at/"
cp lampwatch.yaml before
check "another name is" run 0 add --name ours --provider us --probe nwmail
check "(with its own provider)" grep -q '^    provider: us$' lampwatch.yaml
check "which adds five lines" only_added 5
check "its status page is added" run 0 add nw
check "and a probe that is called like it is called otherwise" prints probe-of-page 0 add --probe "Northwind Cloud"
check "once" unchanged complains 'the probe "northwind-cloud-probe" exists already' 2 add --probe "Northwind Cloud"
check "facts are told for the page that is watched" prints probe-of-watched 0 add --dry-run --name again --probe nwmail
sed -i "s|url: $at/\$|url: $at/api/v2/summary.json|" lampwatch.yaml
check "(which is found at another address of the same data)" prints probe-of-watched 0 add --dry-run --name again --probe nwmail
check "(so it is once the probe is added)" run 0 add --name again --probe nwmail
take_advice() { grep '^    facts:$\|^      .*: \[again/' out >facts && [ "$(wc -l <facts)" -eq 3 ] && sed -i '/^    kind: statuspage$/r facts' lampwatch.yaml && "$lampwatch" check; }
check "and what is told is what the page takes" take_advice
check "a probe of a service whose page is not known has no advice" prints probe-alone 0 add --probe alone
check "-q says nothing" prints probe-nothing 0 -q add --name hush --probe alone
check "(and adds)" grep -q '^  - name: hush$' lampwatch.yaml
check "a service that is not known is told, with the nearest" unchanged complains 'did you mean "nw mail"?' 2 add --probe nwmial
check "one that is like none is told" unchanged complains "add --search looks for a part of a name" 2 add --probe zzzzzzzz
check "--search finds probes" prints probe-search 0 add --search NORTH
check "(also where there is nothing else)" run 0 add --search alon
check "checks that are none are not added" unchanged complains 'unknown key "ftp"' 2 add --probe broken
check "(and their lines are said)" grep -q 'ftp://broken.example/' out
printf 'archive: a\nprobes: [{name: a, checks: [{name: b, tcp: "c.example:22"}]}]\n' >lampwatch.yaml
check "probes in brackets are left to their author" unchanged complains "the probes are written in brackets" 2 add --probe nwmail
sed -i 's/^archive/arkive/' lampwatch.yaml
check "a configuration with errors is not touched" unchanged complains 'unknown key "arkive"' 2 add --probe nwmail
configuration
mkdir .lampwatch.yaml.new
check "one that cannot be written is status 3" unchanged complains .lampwatch.yaml.new 3 add --probe nwmail
rmdir .lampwatch.yaml.new
check "a probe has no address" complains "usage:" 2 add --probe nwmail "$at/"
check "nor a kind" complains "usage:" 2 add --probe nwmail --kind slack
check "--search and --probe exclude one another" complains "usage:" 2 add --probe nwmail --search north
echo '- {name: x}' >templates/probes.yaml
check "a broken table is said with its line" complains 'probes.yaml:1: "checks" is missing' 2 add --probe x
check "also by check" complains 'probes.yaml:1: "checks" is missing' 2 check
export LAMPWATCH_TEMPLATES=$root/templates

# Every one of ours, one after the other, in one configuration.
all_probes() {
	local name before=$lampwatch
	printf 'archive: a\n' >lampwatch.yaml
	sed -n 's/^- name: //p' "$root/templates/probes.yaml" >names
	unsanitized
	while read -r name; do "$lampwatch" add --probe "$name" >out || { echo "$name"; return 1; }; done <names
	lampwatch=$before
	[ "$(grep -c '^  - name: ' lampwatch.yaml)" -eq "$(wc -l <names)" ] && [ "$(wc -l <names)" -ge 30 ]
}
check "every probe of the table is added, with advice" all_probes
silent_check() { "$lampwatch" check >out 2>&1 && [ ! -s out ] || { cat out; return 1; }; }
check "and together they are a configuration without a warning" silent_check

# --- saved pages ---
rm -f lampwatch.yaml
check "a saved page is told without the network" prints saved 0 add --dry-run "$pages/slack/normal/page"
check "with its address" prints saved-address 0 add -n --url https://desk.example/ "$pages/statuspage/incident/page"
from_standard_input() { "$lampwatch" add --dry-run - <"$pages/slack/normal/page" >out && grep -q '    kind: slack' out; }
check "- is standard input" from_standard_input
check "a saved page whose kind wants more documents is told too" prints saved-part 0 add --dry-run "$pages/google-workspace/incident/page"
check "a saved login wall is of no kind" complains "none of the" 1 add --dry-run "$pages/slack/login-wall/page"
check "a file without --dry-run is a matter of usage" complains "dry-run" 2 add "$pages/slack/normal/page"
check "no word at all is a matter of usage" complains "usage:" 2 add
check "two words are a matter of usage" complains "usage:" 2 add a b
check "an option that there is not is a matter of usage" complains "usage:" 2 add --nonsense "$at/"
sed 's/Northwind Cloud/North\\u001b[31mwind\\u202e/' "$pages/statuspage/incident/page" >steering
escapes() { run 0 add --dry-run steering && ! grep -q $'\033' out && grep -qF $'North\ufffd[31mwind\\u{202E}' out; }
check "what steers a terminal is shown, not obeyed" escapes

# --- kinds ---
listed() { run 0 kinds && [ "$(wc -l <out)" -eq "$(find "$root/templates/pages" -name '*.yaml' | wc -l)" ] && grep -q '^slack  *live  *Slack Status' out && [ "$(wc -L <out)" -le 80 ]; }
check "kinds lists every kind, one a line" listed
printf 'kinds: kinds\n' >lampwatch.yaml
check "and marks the user's own" run 0 kinds
check "(so)" grep -q '^ours .*(yours) Atlassian' out
sed 's/^seen: .*/seen: never/' "$root/templates/pages/slack.yaml" >kinds/slack.yaml
check "add warns of one that follows documentation alone" run 0 add --dry-run "$pages/slack/normal/page"
check "(so)" grep -q 'documentation alone' out
rm lampwatch.yaml
check "--test shows what each expression selects" prints test 0 kinds --test "$root/templates/pages/statuspage.yaml" "$pages/statuspage/incident/page"
check "of all the documents" prints test-two 0 kinds --test google-workspace "$pages/google-workspace/incident/page" "$pages/google-workspace/incident/products"
check "and of a page that does not fit, as far as it went" prints test-unfit 1 kinds --test slack "$pages/slack/login-wall/page"
check "(with the reason)" grep -q "kind slack: require: the page is not as expected" error
sed 's/major_outage/on_holiday/' "$pages/statuspage/incident/page" >holiday
check "a word in no table is pointed at" prints test-unknown 0 kinds --test statuspage holiday
cat >with.yaml <<-'END'
	require: '//table'
	indicators: {each: '//tr[td]', name: 'td[1]', word: 'td[2]'}
END
echo '<table><tr><td>Mail</td><td>up</td></tr><tr><td>Chat</td><td></td></tr></table>' >table.html
check "with parameters" prints test-with 0 kinds --test generic-html --with with.yaml table.html
cat >lines.yaml <<-'END'
	about: Lines whose incidents stand in the same rows
	require: '/json/lines[@type = "array"]/item[id and state]'
	indicators: {each: '/json/lines/item', id: 'id', name: 'id', word: 'state'}
	incidents: {each: '/json/lines/item', id: 'id', title: 'state', word: 'state', started: 'when'}
	levels: {operational: [up], partial_outage: [Part Suspended]}
END
cat >lines.json <<-'END'
	{"lines": [{"id": "7", "state": "Part Suspended", "when": "2020-01-01T00:00:00Z"}, {"id": "7", "state": "Part Suspended"}, {"id": "8", "state": "up"}]}
END
check "rows that became one are counted by their ids, words by where they stand" prints test-merged 0 kinds --test ./lines.yaml lines.json
sed 's/"id"/"code"/g' lines.json >codes.json
check "how far a condition finds something is said" prints test-require 1 kinds --test ./lines.yaml codes.json
: >empty
not_of_this_kind() { run 1 kinds --test ./lines.yaml empty && grep -qx '  no: this page is not of this kind' out; }
check "an empty file is not of this kind" not_of_this_kind
twice_the_same() { run 0 -v read --kind ./lines.yaml lines.json && grep -qF 'several incidents ("Part Suspended", and 1 more): they' error; }
check "two titles that are the same are quoted once" twice_the_same
check "a kind that is wrong is said with its line" complains "broken.yaml:1: " 2 kinds --test ./broken.yaml table.html < <(echo 'aboot: x' >broken.yaml)
printf 'about: x\nrequire: "/"\nindicators: {each: "nosuch()", name: ".", word: "."}\nlevels: {operational: [up]}\nlet: {x: "nosuch()"}\naboot: x\n' >wrong.yaml
in_order() { run 2 kinds --test ./wrong.yaml table.html && [ "$(cut -d: -f2 error)" = $'3\n5\n6' ]; }
check "and several in the order of their lines" in_order
check "a page that is not there is said" complains none.html 1 kinds --test slack none.html
check "more pages than documents are too many" complains "more files" 2 kinds --test slack table.html table.html
cat >board.json <<-'END'
	{"board": [{"code": "a", "label": "Mail", "state": "operational"}, {"code": "b", "label": "Chat", "state": "Wonky"},
	 {"code": "c", "label": "Maps", "state": "major_outage"}]}
END
check "--sketch writes a kind from a saved page" prints sketch 0 kinds --sketch board.json
cp out sketched.yaml
check "which reads that page, and leaves the word grey that nobody knows" prints sketch-test 0 kinds --test sketched.yaml board.json
check "and refuses another" complains "the page is not as expected" 1 kinds --test ./sketched.yaml table.html
check "from standard input as well" diff "$expected/sketch" <("$lampwatch" kinds --sketch - <board.json)
check "no rows with a known word is said" complains "table.html: no rows with a word found" 1 kinds --sketch table.html
python3 -c 'for i in range(10000): print("<div class=\"g%d\"><p>Mail<i>up</i><p>Chat<i>up</i></div>" % i)' >hostile.html
bounded() { timeout 60 "$lampwatch" kinds --sketch hostile.html >out 2>error; [ $? -le 1 ] && [ "$(wc -c <out)" -le 65536 ] && [ -s out -o -s error ]; }
check "a page of ten thousand groups is bounded" bounded
check "a page that is not there is said" complains none.html 1 kinds --sketch none.html
check "--test and --sketch exclude one another" complains "usage:" 2 kinds --test slack --sketch board.json
check "a page without --test is a matter of usage" complains "usage:" 2 kinds table.html
check "--test without a page is a matter of usage" complains "usage:" 2 kinds --test slack
check "and what is wrong is said" complains "--test needs a saved page" 2 kinds --test slack
check "--sketch takes one page" complains "--sketch takes one page" 2 kinds --sketch board.json table.html
check "--url without --test is refused" complains "belong to --test" 2 kinds --url https://status.example/
check "a kind that is nowhere is told apart from a file" complains "written ./nosuch or nosuch.yaml" 2 kinds --test nosuch table.html
finish
