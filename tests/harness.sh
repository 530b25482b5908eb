# SPDX-License-Identifier: ISC
# What the shell tests share: a private folder, servers that end with the test,
# and the lines of TAP. Source it with BUILD set to the build folder; call `finish` last.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lampwatch=$BUILD/src/lampwatch
work=$(mktemp -d "${TMPDIR:-/tmp}/lampwatch-test.XXXXXX")
export LAMPWATCH_TEMPLATES=$root/templates
export LC_ALL=C.UTF-8
export STATE_DIRECTORY=$work/.state-directory # where runs keep the last good configuration
mkdir "$STATE_DIRECTORY"
export RUNTIME_DIRECTORY=$work/runtime # where a run goes on that cannot write its archive
mkdir -m 700 "$RUNTIME_DIRECTORY"
export LAMPWATCH_RESOLVER=${LAMPWATCH_RESOLVER:-127.0.0.1:9} # nobody listens there
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
pids=()
passed=0 failed=0

# What is asked for the order of what it does, over many runs, has no sanitizers, where the build has both: it starts
# three times as fast. What reads foreign bytes has them: the unit tests, pages, messages, hostile, fuzz and others.
unsanitized() { [ ! -x "$BUILD/tests/lampwatch" ] || lampwatch=$BUILD/tests/lampwatch; }

# A port that was free a moment ago, for a server that cannot choose one itself.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }

# failing CALLS COMMAND…: with calls that fail as tests/faults/fail.c says; "": none.
failing() {
	local calls=$1 library=fail; shift
	case $calls in malloc*) library=fail-memory ;; esac
	LAMPWATCH_FAIL=$calls LD_PRELOAD=${calls:+$BUILD/tests/lib$library.so} ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "$@"
}

# Ends every server by its own process id, and removes the folder; LAMPWATCH_KEEP leaves it.
cleanup() {
	local pid
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
	if [ -n "${LAMPWATCH_KEEP:-}" ]; then echo "# kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 1' INT TERM

pass() { passed=$((passed + 1)); echo "ok $((passed + failed)) - $1"; }
fail() { failed=$((failed + 1)); echo "not ok $((passed + failed)) - $1"; shift; local line; for line in "$@"; do printf '%s\n' "$line" | sed 's/^/#   /'; done; }
skip() { passed=$((passed + 1)); echo "ok $passed - $1 # SKIP $2"; }
# check NAME COMMAND…: passes where the command succeeds.
check() { local name=$1 out; shift; if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "$*" "$out"; fi; }
# same NAME EXPECTED GOT
same() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected: $2" "got:      $3"; fi; }
finish() { echo "1..$((passed + failed))"; [ "$failed" -eq 0 ]; }

# Waits until the command succeeds, at most the given seconds.
await() { local i seconds=$1; shift; for ((i = 0; i < seconds * 20; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; return 1; }

# serve_http NAME [OPTION…]: its root is $work/NAME; sets NAME_port.
serve_http() {
	local name=$1; shift
	mkdir -p "$work/$name"
	"$BUILD/tests/http-server" --port-file "$work/$name.port" --root "$work/$name" --log "$work/$name.log" --lifetime 900 "$@" &
	pids+=($!)
	await 5 test -s "$work/$name.port" || { echo "Bail out! the HTTP server did not start"; exit 1; }
	printf -v "${name}_port" %s "$(cat "$work/$name.port")"
}

# serve_smtp NAME [OPTION…]: mails go to $work/NAME, the script is $work/NAME.script; sets NAME_port and NAME_pid.
serve_smtp() {
	local name=$1; shift
	mkdir -p "$work/$name"; : >> "$work/$name.script"
	"$BUILD/tests/smtp-server" --port-file "$work/$name.port" --mails "$work/$name" --script "$work/$name.script" --log "$work/$name.log" --lifetime 900 "$@" &
	pids+=($!); printf -v "${name}_pid" %s "$!"
	await 5 test -s "$work/$name.port" || { echo "Bail out! the SMTP server did not start"; exit 1; }
	printf -v "${name}_port" %s "$(cat "$work/$name.port")"
}

# serve_dns NAME: a name server that says what $work/NAME.script does (tests/servers/dns.c); sets NAME_port.
serve_dns() {
	local name=$1; : >> "$work/$name.script"
	"$BUILD/tests/dns-server" --port-file "$work/$name.port" --script "$work/$name.script" --log "$work/$name.log" --lifetime 900 &
	pids+=($!)
	await 5 test -s "$work/$name.port" || { echo "Bail out! the name server did not start"; exit 1; }
	printf -v "${name}_port" %s "$(cat "$work/$name.port")"
}

# put FILE < TEXT: the file appears whole, as a page does that somebody publishes.
put() { cat > "$1.part" && mv "$1.part" "$1"; }

# npm_packages FOLDER: installs what FOLDER/package.json names, once for each content of that file, into a
# cache outside of the repository, without running anything of theirs; sets NODE_PATH.
npm_packages() {
	local cache="${XDG_CACHE_HOME:-$HOME/.cache}/lampwatch-test/$(sha256sum < "$1/package.json" | cut -c 1-16)"
	if [ ! -e "$cache/whole" ]; then
		mkdir -p "$cache" && cp "$1/package.json" "$cache" &&
			(cd "$cache" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts) > "$cache/log" 2>&1 ||
			{ echo "Bail out! npm could not install what $1/package.json names: $(tail -n 3 "$cache/log")"; exit 1; }
		touch "$cache/whole"
	fi
	export NODE_PATH=$cache/node_modules
}

mails() { find "$work/$1" -name '*.eml' 2>/dev/null | sort; }
count_mails() { mails "$1" | wc -l | tr -d ' '; }
# decoded SUBJECT: without encoded words (RFC 2047).
decoded() {
	local word whole=""
	for word in $1; do
		case $word in
		"=?UTF-8?B?"*"?=") word=${word#"=?UTF-8?B?"}; whole+=$(printf %s "${word%"?="}" | base64 -d) ;;
		*) whole+=${whole:+ }$word ;;
		esac
	done
	printf %s "$whole"
}

subjects() { local f; for f in $(mails "$1"); do sed -n '/^Subject:/{s/^Subject: //;:a;N;/\n[ \t]/{s/\r\{0,1\}\n[ \t]/ /;ba};s/\r\{0,1\}\n.*//;p;q}' "$f"; done; }

# statuspage_page FILE INDICATOR STATUS [STATUS…]: a page in Statuspage's format; the components are Mail, Chat, Files.
statuspage_page() {
	local file=$1 indicator=$2 names=(Mail Chat Files) i=0 separator=""; shift 2
	{
		printf '{"page":{"id":"exampleexamp","name":"Example Services","url":"https://status.example.com"},'
		printf '"status":{"indicator":"%s","description":"-"},"components":[' "$indicator"
		for status in "$@"; do
			printf '%s{"id":"component%d","name":"%s","status":"%s","group":false,"group_id":null}' "$separator" "$i" "${names[$i]}" "$status"
			separator=,; i=$((i + 1))
		done
		printf '],"incidents":%s,"scheduled_maintenances":[]}' "${INCIDENTS:-[]}"
	} | put "$file"
}

# serve_page [OPTION…]: $page, such a page, on an HTTP server of the name www; green and red say how its first component is.
serve_page() { serve_http www "$@"; page=$work/www/api/v2/summary.json; mkdir -p "${page%/*}"; }
green() { statuspage_page "$page" none operational operational; }
red() { statuspage_page "$page" major major_outage operational; }
