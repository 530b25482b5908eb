#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gives an archive a long past and many neighbours: past.py ARCHIVE PAGE PAGES SNAPSHOTS

PAGE, which a run has seen, gets SNAPSHOTS snapshots before today, each with a change; beside it PAGES - 1 others stand
with as many, as if all of it had been written to the site already. No folders are made: a run looks at none of them.
"""
import random
import sqlite3
import sys

archive, name, pages, snapshots = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
database = sqlite3.connect(f"{archive}/.state/lampwatch.db")
random.seed(20140124)


def columns(table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def copy(table, key, new):
    """Copies the rows of PAGE under another name."""
    names = columns(table)
    chosen = ", ".join("?" if column == key else column for column in names)
    database.execute(f"INSERT INTO {table} SELECT {chosen} FROM {table} WHERE {key} = ?", (new, name))


now, first, item, label = database.execute(
    "SELECT s.time, s.sequence, l.id, l.name FROM snapshot s JOIN lamp l USING (page) WHERE s.page = ? AND l.id <> ''"
    " ORDER BY s.sequence DESC, l.id LIMIT 1", (name,)).fetchone()
line, = database.execute("SELECT line FROM snapshot WHERE page = ? AND sequence = 1", (name,)).fetchone()
others = [f"other-{i:04d}" for i in range(1, pages)]
for other in others:
    for table, key in (("page", "name"), ("lamp", "page"), ("reading", "page"), ("site", "page")):
        copy(table, key, other)
database.execute("DELETE FROM snapshot")
database.execute("DELETE FROM change")
for nth, page in enumerate([name] + others):
    for i in range(1, snapshots + 1):
        time = now - (snapshots - i) * 86400 // 4 - 7 * nth
        folder = f"2026/01/{page}-{i}"
        # The one that the chain has, a run compares with it.
        database.execute("INSERT INTO snapshot (page, sequence, time, folder, sums, line) VALUES (?, ?, ?, ?, '', ?)",
                         (page, i, time, folder, line if page == name and i == 1 else ""))
        before, after = ("operational", "degraded") if i % 2 else ("degraded", "operational")
        database.execute("INSERT INTO change (page, time, snapshot, type, item, name, before, after, text, anew)"
                         " VALUES (?, ?, ?, 'indicator', ?, ?, ?, ?, '', 0)", (page, time, i, item, label, before, after))
    strip = "".join(random.choice("g" * 36 + "yrbx") for _ in range(90))
    database.execute("UPDATE site SET snapshot = ?, strip = ? WHERE page = ?", (snapshots, strip, page))
database.execute("UPDATE page SET snapshot = ?", (snapshots,))
last = database.execute("SELECT max(id), (SELECT ifnull(max(id), 0) FROM event) FROM change").fetchone()
database.execute("UPDATE fact SET value = ? WHERE name = 'site'", (f"{last[0]} {last[1]}",))
database.commit()
