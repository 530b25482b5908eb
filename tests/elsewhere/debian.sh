# SPDX-License-Identifier: ISC
# The build, with warnings as errors, and the unit tests in a bare root of Debian 13, whose libraries are newer than
# those of Debian 12. The whole suite there: tests/elsewhere/run.
BUILD=$1
source "$(dirname "$0")/../harness.sh"

here="builds without warnings and passes the unit tests on Debian 13"
able() { [ "$(id -u)" -eq 0 ] && command -v mmdebstrap && command -v git; }

if [ -z "$LAMPWATCH_PEERS" ] && ! able > /dev/null; then
	skip "$here" "takes root, git and mmdebstrap"
else
	bash "$root/tests/elsewhere/run" 13 unit > "$work/log" 2>&1; status=$?
	if [ $status -eq 2 ] && [ -z "$LAMPWATCH_PEERS" ]; then
		skip "$here" "$(tail -n 1 "$work/log")"
	else
		same "$here" "0 0" "$status $(sed -n '$s/.* passed, \([0-9]*\) failed.*/\1/p' "$work/log")"
		[ $status -eq 0 ] || tail -n 60 "$work/log" | sed 's/^/# /'
	fi
fi
finish
