#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What whoever tries lampwatch sees first: the demonstration succeeds, fits on a terminal of 80 columns and 30 lines, names what
# is there, and shows everything with -v.
set -u
BUILD=${1:-${BUILD:?usage: demonstration.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

mkdir -p "$work/build/src"
ln -s "$lampwatch" "$work/build/src/lampwatch"
ln -s "$BUILD/tests" "$work/build/tests"
export DEMONSTRATION_ARCHIVE=$work/archive
demonstration() { "$root/tests/demonstration/run" "$work/build" "$@" > "$work/said" 2> "$work/errors"; echo "$?"; }

same "the demonstration succeeds" 0 "$(demonstration)"
same "without a complaint" "" "$(grep -v 'runs as root' "$work/errors")"
lines=$(wc -l < "$work/said")
check "it is one screenful: $lines lines" test "$lines" -ge 24 -a "$lines" -le 29
same "no line is wider than a terminal, paths left out" "" "$(grep -v '^  [a-z ]* /' "$work/said" | awk 'length > 80')"
same "four mails are told, by which way, and in which thread" "3 1 3" \
	"$(grep -c 'other-relay brings' "$work/said") $(grep -c 'google-relay brings' "$work/said") $(grep -c 'in the same thread' "$work/said")"
same "what each says stands below" "FAILS HERE: Gmail RED: Gmail RED: Tickets by mail GREEN: Gmail" \
	"$(sed -n 's/^ *\(\(FAILS HERE\|RED\|GREEN\): \(Gmail\|Tickets by mail\)\).*/\1/p' "$work/said" | paste -sd ' ')"
for path in $(sed -n 's/^  in a browser  //p; s/^  the ledger    //p; s/^  the mails     //p' "$work/said"); do
	check "$(basename "$path") is where it says" test -s "$path"
done
same "with -v it succeeds, too" 0 "$(demonstration -v)"
check "and shows the mails, the lamps, the log, the ledger and the archive" awk '
	/^ *\| Subject: SIMULATED RED/ {mail = 1} /■ RED +google: fresh/ {lamp = 1} /event red  Gmail/ {log_ = 1}
	/lamp red after/ {ledger = 1} /SHA256SUMS$/ {files = 1} END {exit !(mail && lamp && log_ && ledger && files)}' "$work/said"

same "quickstart --help names each word that it takes" "build deb packages test" \
	"$("$root/quickstart" --help | sed -n 's,^\./quickstart \([a-z]*\) .*,\1,p' | sort -u | grep . | xargs)"
finish
