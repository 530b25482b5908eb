#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# A clone with no folder next to it: a test that reads ../shared passes and skips by name what it does
# not find. Everything else is the same there, and is not run twice.
set -u
BUILD=$1
. "$(dirname "$0")/../harness.sh"

# In the clone; BUILD's programs read the clone's files.
alone() { (cd "$work/clone" && unset LAMPWATCH_SHARED && timeout 300 "$@") > "$work/log" 2>&1; }
# skips NAME COMMAND…: the command passes, and names what it skips.
skips() {
	local name=$1; shift
	check "$name passes with nothing beside the clone" alone "$@"
	check "$name names what it skips" grep -qi '# *skip\|^skipped: ' "$work/log"
}

if [ ! -d "$root/../shared" ]; then
	skip "a clone with nothing beside it passes" "nothing is beside this one: the suite itself says it"
elif ! git clone -q "$root" "$work/clone" 2> "$work/error"; then
	skip "a clone with nothing beside it passes" "this is no checkout that git can clone"
else
	same "three programs read what lies beside" "end-to-end/flapping-day.sh pages/run unit/template.c " \
		"$(cd "$root/tests" && grep -rlF '../shared' --include=run --include='*.sh' --include='*.c' . |
			sed 's,^\./,,' | grep -vE '^(bench|elsewhere)/' | sort | tr '\n' ' ')"
	skips unit/template tests/run "$BUILD" unit/template
	skips pages tests/pages/run "$BUILD" --captures
	skips end-to-end/flapping-day tests/run "$BUILD" end-to-end/flapping-day
fi
finish
