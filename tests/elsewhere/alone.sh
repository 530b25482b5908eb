# SPDX-License-Identifier: ISC
# A clone with nothing beside it: the programs that read ../shared skip by name what they do not find, and pass.
# Everything else is the same there, and is not run twice.
BUILD=$1
source "$(dirname "$0")/../harness.sh"

readers() {
	(cd "$root/tests" && grep -rlF '../shared' --include=run --include='*.sh' --include='*.c' .) |
		sed -E 's,^\./,,; s,(/run|\.sh|\.c)$,,' | grep -vE '^(bench|elsewhere)(/|$)' | sort
}

if [ ! -d "$root/../shared" ]; then
	skip "a clone with nothing beside it passes" "nothing is beside this one: the suite itself says it"
elif ! git clone -q "$root" "$work/clone" 2> "$work/error"; then
	skip "a clone with nothing beside it passes" "this is no checkout that git can clone"
else
	mapfile -t names < <(readers)
	check "there are programs that read what lies beside" test ${#names[@]} -gt 0
	unset LAMPWATCH_SHARED
	for name in "${names[@]}"; do
		"$work/clone/tests/run" "$BUILD" "$name" > "$work/log" 2>&1; status=$?
		same "$name passes with nothing beside the clone" 0 "$status"
		check "$name names what it skips" grep -q "^skipped: $name: " "$work/log"
	done
fi
finish
