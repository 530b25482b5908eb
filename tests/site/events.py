#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Reads a calendar as somebody else does: events.py FILE EVENTS

Fails where it does not parse, where an event lacks what RFC 5545 asks for, has a property twice that may stand once, or a
time that is none, where two events have the same UID, and where it has not that many events.
"""
import datetime
import sys

import icalendar

ONCE = "UID DTSTAMP DTSTART DTEND SUMMARY DESCRIPTION SEQUENCE STATUS URL LAST-MODIFIED TRANSP".split()
path, count = sys.argv[1], int(sys.argv[2])
calendar = icalendar.Calendar.from_ical(open(path, "rb").read())
wrong = [f"{component.name}: {error}" for component in calendar.walk() for error in component.errors]
events = calendar.walk("VEVENT")
known = set()

for name in ("VERSION", "PRODID"):
    if name not in calendar:
        wrong.append(f"no {name}")
if not calendar.subcomponents:
    wrong.append("no component")
for event in events:
    name = str(event.get("SUMMARY"))
    for key in ("UID", "DTSTAMP", "DTSTART"):
        if key not in event:
            wrong.append(f"{name}: no {key}")
    for key in ONCE:
        if isinstance(event.get(key), list):
            wrong.append(f"{name}: {key} stands there twice")
    begin, end = event.decoded("DTSTART"), event.decoded("DTEND", None)
    if not isinstance(begin, datetime.datetime) or begin.tzinfo is None:
        wrong.append(f"{name}: its beginning has no zone")
    if end is not None and end <= begin:
        wrong.append(f"{name}: it ends before it begins")
    if str(event["UID"]) in known:
        wrong.append(f"{name}: a UID that another has")
    known.add(str(event["UID"]))
    print(begin, end, event["SEQUENCE"], event["STATUS"], name, repr(str(event["DESCRIPTION"])), event.get("URL"),
          [str(word) for word in event["CATEGORIES"].cats], sep="\t")
if len(events) != count:
    wrong.append(f"{len(events)} events, not {count}")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
