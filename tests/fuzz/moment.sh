#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Each fuzz target for a moment, without libFuzzer: its seeds, and seeds changed at random, always in the
# same way. FUZZ_RANDOM=N changes them differently, FUZZ_SECONDS=N takes longer;
# tests/fuzz/run searches.
set -u
BUILD=${BUILD:-${1:?usage: tests/fuzz/moment.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
cd "$root" || exit 1
export TMPDIR=$work

check "there are seeds" python3 tests/fuzz/seeds.py "$work/corpus" 8

# fuzz TARGET: leaves the input that broke it next to the build.
fuzz() {
	local target=$1 found=$BUILD/tests/fuzz-$1.found
	if "$BUILD/tests/fuzz-$target" "${FUZZ_SECONDS:-0.3}" "${FUZZ_RANDOM:-1}" "$work/input" "$work/corpus/$target"/* > "$work/tried" 2> "$work/error"; then
		pass "$target: nothing found in $(cat "$work/tried")"
	else
		cp "$work/input" "$found"
		fail "$target: an input breaks it" "the input: $found" "$(grep -m 3 -E 'ERROR|runtime error|fuzz/.*: ' "$work/error" || tail -n 3 "$work/error")"
	fi
}

for file in "$BUILD"/tests/fuzz-*; do
	case $file in *.p | *.found) ;; *) fuzz "${file##*/fuzz-}" ;; esac
done
same "every target was built and run" "$(grep -l LLVMFuzzerTestOneInput tests/fuzz/*.c | grep -vc /drive.c)" $((passed + failed - 1))
finish
