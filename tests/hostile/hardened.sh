#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The program as it is built for use, read with readelf: what makes a mistake of ours harder to use is in it;
# and each look would notice if it were not.
set -u
BUILD=${1:-${BUILD:?usage: hardened.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

# Each takes a program.
is_movable() { readelf -hW "$1" | grep -q 'Type: *DYN (Position-Independent'; }
is_bound_at_once() { readelf -dW "$1" | grep -q 'FLAGS_1.* NOW'; }
is_sealed() { readelf -lW "$1" | grep -q '^ *GNU_RELRO'; }
has_no_code_on_the_stack() { readelf -lW "$1" | grep '^ *GNU_STACK' | grep -qv 'RWE'; }
has_guards_on_the_stack() { readelf -W --dyn-syms "$1" | grep -q '__stack_chk_fail'; }
is_fortified() { readelf -W --dyn-syms "$1" | grep -qE '__(v?s?n?printf|memcpy|memmove|memset|str[a-z]*|read|poll)_chk'; }
begins_where_jumps_may_lead() { objdump -d --no-show-raw-insn "$1" | grep -A 1 '<main>:' | grep -qE 'endbr64|paciasp|bti'; }

bare=$work/bare
echo 'int printf(const char *, ...); int main(int n, char **w) { char t[9]; t[n % 9] = w[0][0]; return printf(t); }' > "$bare.c"
check "a bare program is built" cc -w -O1 -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,norelro,-z,lazy,-z,execstack \
	"$(case "$(uname -m)" in x86_64) echo -fcf-protection=none ;; *) echo -mbranch-protection=none ;; esac)" "$bare.c" -o "$bare"

# holds NAME LOOK
holds() {
	check "the program $1" "$2" "$lampwatch"
	check "and a bare one does not" bash -c "$(declare -f "$2"); ! $2 '$bare'"
}

holds "can lie anywhere in memory" is_movable
holds "looks up its libraries' functions before it begins" is_bound_at_once
holds "seals their addresses" is_sealed
holds "has no code on its stack" has_no_code_on_the_stack
holds "guards its stack" has_guards_on_the_stack
holds "counts what it copies where the compiler can" is_fortified
case "$(uname -m)" in
x86_64 | aarch64) holds "begins functions where jumps may lead" begins_where_jumps_may_lead ;;
*) skip "the program begins functions where jumps may lead" "$(uname -m) has no such mark" ;;
esac
finish
