#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Alters one thing in an archive at a time, and has it verified.

alter.py VERIFIER FOLDER OLDER [copy]: FOLDER/archive is whole, OLDER the same one some runs before;
beside it lie public.pem and ca.pem, to verify it with. VERIFIER is the program of verifier.c. One
line for each alteration: "caught" or "missed", a tab, what was done, a tab, what was found. With
`copy` the archive is verified as one without a database. Where to alter is taken from the archive itself: every file that is not known to
be the site's, every line of every list, every folder, every row and column that evidence leans on.
"""
import fnmatch
import glob
import os
import re
import shutil
import sqlite3
import subprocess
import sys

program, base, older = sys.argv[1:4]
copy = sys.argv[4:]
archive = f"{base}/archive"
aside = f"{base}/aside"
verifier = subprocess.Popen(
    [program, archive, f"{base}/public.pem", f"{base}/ca.pem", *copy], text=True, bufsize=1,
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

# The site's, which can be made again from what is proved.
SITE = ["*.html", "feed.xml", "calendar.ics", "index.json", "badge*.svg", "*.css"]

# Columns that are no evidence: when something was fetched, what is compared with what.
COLUMNS = {
    "page": ["name", "snapshot", "folder", "sums", "head"],
    "snapshot": ["page", "sequence", "time", "folder", "sums", "line"],
    "change": ["page", "time", "snapshot", "type", "item", "name", "before", "after", "text"],
    "reading": ["text", "sha256"],
    "stamp": ["folder", "sums"],
    "note": ["page", "sequence", "line"],
}
WHERE = {"change": "snapshot > 0"}
FACTS = ["heads", "heads_key"]


def verify():
    verifier.stdin.write("\n")
    return verifier.stdout.readline().strip()


# A copy without its database does not tell that there was one stamp more: it proves less, and
# nothing that is false.
NOT_OF_A_COPY = re.compile(r"heads\.stamps/(\S*/)?: (deleted|a copy of it added)$")


def report(what):
    if copy and NOT_OF_A_COPY.match(what):
        return
    found = verify()
    print("caught" if found.startswith("wrong ") else "missed", what, found, sep="\t")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def relative(path):
    return os.path.relpath(path, archive)


def evidence_files():
    for folder, folders, files in os.walk(archive):
        if ".state" in folders:
            folders.remove(".state")
        folders.sort()
        for name in sorted(files):
            if not any(fnmatch.fnmatch(name, pattern) for pattern in SITE):
                yield os.path.join(folder, name)


def others_like(path):
    """Another file with the same name and other content: a snapshot's, or a page's."""
    for other in evidence_files():
        if other != path and os.path.basename(other) == os.path.basename(path) and \
                read(other) != read(path):
            return other
    return None


def lines_of(content):
    return content.split(b"\n")[:-1]


def of_lines(lines):
    return b"".join(line + b"\n" for line in lines)


def alter_lines(path, whole):
    lines = lines_of(whole)
    for i, line in enumerate(lines):
        yield f"line {i + 1} deleted", of_lines(lines[:i] + lines[i + 1:])
        yield f"line {i + 1} twice", of_lines(lines[:i + 1] + lines[i:])
        if i + 1 < len(lines):
            yield f"lines {i + 1} and {i + 2} swapped", \
                of_lines(lines[:i] + [lines[i + 1], line] + lines[i + 2:])
        if b"2014-" in line:
            yield f"line {i + 1} back-dated", \
                of_lines(lines[:i] + [line.replace(b"2014-", b"2013-", 1)] + lines[i + 1:])
        for j, field in enumerate(line.split(b"\t")):
            fields = line.split(b"\t")
            fields[j] = field[:-1] + bytes([field[-1] ^ 1]) if field else b"x"
            yield f"line {i + 1}, field {j + 1} altered", \
                of_lines(lines[:i] + [b"\t".join(fields)] + lines[i + 1:])


def alter_file(path):
    whole = read(path)
    middle = len(whole) // 2
    if whole:
        yield "one bit altered", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:]
        yield "truncated", whole[:-1]
        yield "emptied", b""
    yield "longer", whole + b"\n"
    before = path.replace(archive, older, 1)
    if os.path.exists(before) and read(before) != whole:
        yield "back to what it was some runs before", read(before)
    if path in (f"{archive}/mail/chain", f"{archive}/heads"):
        yield from alter_lines(path, whole)


def alter_files():
    for path in list(evidence_files()):
        whole = read(path)
        for what, content in alter_file(path):
            if content != whole:
                write(path, content)
                report(f"{relative(path)}: {what}")
        write(path, whole)
        shutil.move(path, aside)
        report(f"{relative(path)}: deleted")
        shutil.move(aside, path)
        other = others_like(path)
        if other:
            content = read(other)
            write(path, content)
            write(other, whole)
            report(f"{relative(path)}: swapped with {relative(other)}")
            write(path, whole)
            write(other, content)


def folders():
    """Every folder of a snapshot or a stamp, and those above."""
    for folder, below, _ in os.walk(archive):
        if ".state" in below:
            below.remove(".state")
        below.sort()
        if folder != archive:
            yield folder


def alter_leaf(folder):
    name = relative(folder)
    last = os.path.basename(folder)
    other = last.replace("2014", "2013") if "2014" in last else last + "0"
    renamed = os.path.join(os.path.dirname(folder), other)
    os.rename(folder, renamed)
    report(f"{name}/: renamed")
    os.rename(renamed, folder)
    for added in ("added", ".added"):
        write(f"{folder}/{added}", b"x")
        report(f"{name}/: {added} added")
        os.unlink(f"{folder}/{added}")
    shutil.copytree(folder, folder + "-9")
    report(f"{name}/: a copy of it added")
    shutil.rmtree(folder + "-9")


def alter_folders():
    for folder in list(folders()):
        shutil.move(folder, aside)
        report(f"{relative(folder)}/: deleted")
        shutil.move(aside, folder)
        if folder.endswith("Z"):
            alter_leaf(folder)
        os.mkdir(folder + "/added")
        report(f"{relative(folder)}/: a folder added")
        os.rmdir(folder + "/added")
    os.mkdir(archive + "/added")
    report("a folder added")
    os.rmdir(archive + "/added")


def alter_between_pages():
    pages = sorted(os.path.dirname(chain) for chain in glob.glob(f"{archive}/*/chain"))
    for page, other in [(page, other) for page in pages for other in pages if page != other]:
        snapshot = sorted(glob.glob(f"{page}/*/*/*Z"))[-1]
        target = snapshot.replace(page, other, 1)
        there = os.path.exists(target)
        if there:
            shutil.move(target, aside)
        os.rename(snapshot, target)
        report(f"{relative(snapshot)}: moved to {os.path.basename(other)}")
        os.rename(target, snapshot)
        if there:
            shutil.move(aside, target)


def altered(value):
    if isinstance(value, int):
        return value + 1
    return "x" if value is None or value == "" else value[:-1] + chr(ord(value[-1]) ^ 1)


def alter_database():
    path = f"{archive}/.state/lampwatch.db"
    whole = read(path)

    def attempt(what, sql, values):
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode=DELETE")
        try:
            database.execute(sql, values)
        except sqlite3.IntegrityError:
            return  # the database itself refuses
        finally:
            database.commit()
            database.close()
        report(what)
        for extra in glob.glob(path + "-*"):
            os.unlink(extra)
        write(path, whole)

    database = sqlite3.connect(path)
    rows = []
    for table, columns in COLUMNS.items():
        key = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[5]]
        names = ", ".join(key + columns)
        for row in database.execute(f"SELECT {names} FROM {table} WHERE {WHERE.get(table, 1)}"):
            rows.append((table, key, columns, row))
    facts = [(name, database.execute("SELECT value FROM fact WHERE name = ?",
                                     (name,)).fetchone()[0]) for name in FACTS]
    database.close()
    for table, key, columns, row in rows:
        where = " AND ".join(f"{name} = ?" for name in key)
        keys = row[:len(key)]
        label = f"database: {table} {'/'.join(map(str, keys))}"
        for column, value in zip(columns, row[len(key):]):
            attempt(f"{label}: {column} altered",
                    f"UPDATE {table} SET {column} = ? WHERE {where}", (altered(value), *keys))
        attempt(f"{label}: deleted", f"DELETE FROM {table} WHERE {where}", keys)
    for table, key, columns, row in rows:
        number = {"snapshot": "sequence", "change": "id", "note": "sequence"}.get(table)
        if number:
            where = " AND ".join(f"{name} = ?" for name in key)
            rest = [c for c in columns if c not in key]
            names = ", ".join(key + rest)
            values = ", ".join(f"{n} + 1000" if n == number else n for n in key + rest)
            attempt(f"database: {table} {'/'.join(map(str, row[:len(key)]))}: a copy added",
                    f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {where}",
                    row[:len(key)])
    for name, value in facts:
        attempt(f"database: fact {name}: altered", "UPDATE fact SET value = ? WHERE name = ?",
                (altered(value), name))
    os.unlink(path)
    report("database: deleted")
    write(path, whole)


found = verify()
assert found == "whole", found
alter_files()
alter_folders()
alter_between_pages()
if not copy:
    alter_database()
assert verify() == "whole", "not put back as it was"
verifier.stdin.close()
assert verifier.wait() == 0
