#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The units that are installed: systemd takes them as they are, and calls the service well confined; the drop-in for
# sendmail takes back whatever implies NoNewPrivileges.
set -u
BUILD=${1:-${BUILD:?usage: systemd.sh BUILD}}
. "$(dirname "$0")/../harness.sh"

if ! command -v systemd-analyze > /dev/null; then
	skip "systemd takes the units" "needs systemd-analyze"; finish; exit
fi
units=$BUILD/src/install
mkdir -p "$work/lampwatch.service.d"
for unit in lampwatch lampwatch-weekly; do
	# The program need not be installed for this.
	sed 's/^ExecStart=[^ ]*/ExecStart=\/bin\/true/; /^Documentation=/d' "$units/$unit.service" > "$work/$unit.service"
	sed '/^Documentation=/d' "$root/src/install/$unit.timer" > "$work/$unit.timer"
done
same "systemd takes the units" "" "$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify "$work"/*.service "$work"/*.timer 2>&1 | grep "$work")"
exposed() { systemd-analyze security --offline=true --no-pager --threshold=30 "$1" 2>&1; }
for service in "$work"/*.service; do
	check "the exposure of ${service##*/} is at most 3.0: $(exposed "$service" | sed -n 's/.*level for .*: \([0-9.]*\).*/\1/p')" exposed "$service"
done
cp "$root/src/install/lampwatch-sendmail.conf" "$work/lampwatch.service.d/sendmail.conf"
same "systemd takes the drop-in" "" "$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify "$work/lampwatch.service" 2>&1 | grep "$work")"
# Of what implies it where User= is set: systemd.exec(5).
same "with which a program that is set-user-ID keeps its rights" "" "$(sed -n 's/^\(PrivateDevices\|Protect[A-Z][A-Za-z]*\|Restrict[A-Za-z]*\|MemoryDenyWriteExecute\|LockPersonality\|SystemCall[A-Za-z]*\|NoNewPrivileges\)=\(.*\)/\1/p' "$work/lampwatch.service" | sort -u |
	grep -vxE 'ProtectSystem|ProtectHome|ProtectProc|ProtectControlGroups|SystemCallErrorNumber' | while read -r key; do grep -q "^$key=\(no\)\?$" "$root/src/install/lampwatch-sendmail.conf" || echo "$key"; done)"
finish
