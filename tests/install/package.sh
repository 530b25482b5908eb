#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The Debian package in a root of Debian 13: tests/install/in-root says what it is held to. The same on Debian 12:
# tests/elsewhere/run 12 package.
BUILD=$1
. "$(dirname "$0")/../harness.sh"

name="the package is built, installed, upgraded, removed and purged on Debian 13"
able() { [ "$(id -u)" -eq 0 ] && command -v mmdebstrap && command -v git; }
if [ -z "$LAMPWATCH_PEERS" ] && ! able > /dev/null; then
	skip "$name" "takes root, git and mmdebstrap"
	finish; exit
fi
bash "$root/tests/elsewhere/run" 13 package 2> "$work/errors"; status=$?
[ $status -eq 2 ] || exit $status
if [ -z "$LAMPWATCH_PEERS" ]; then skip "$name" "$(tail -n 1 "$work/errors")"; else fail "$name" "$(cat "$work/errors")"; fi
finish
