#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""repack.py OLD.wacz NEW.wacz PATTERN REPLACEMENT: each record of the WARC file in it changed by a
regular expression, and the index put right, so that only what was meant to be wrong is."""
import gzip
import json
import re
import sys
import zipfile
import zlib

old, new, pattern, replacement = sys.argv[1:]


def members(data):
    left = data
    while left:
        member = zlib.decompressobj(31)
        yield len(data) - len(left), member.decompress(left)
        left = member.unused_data


def put_right(line, moved):
    key, time, entry = line.split(" ", 2)
    entry = json.loads(entry)
    entry["offset"], entry["length"] = moved[entry["offset"]]
    return f"{key} {time} {json.dumps(entry)}\n"


with zipfile.ZipFile(old) as whole, zipfile.ZipFile(new, "w") as copy:
    out, moved = b"", {}
    for offset, record in members(whole.read("archive/data.warc.gz")):
        changed = gzip.compress(re.sub(pattern.encode(), replacement.encode(), record))
        moved[str(offset)] = (str(len(out)), str(len(changed)))
        out += changed
    lines = whole.read("indexes/index.cdx").decode().splitlines()
    replaced = {"archive/data.warc.gz": out, "indexes/index.cdx": "".join(put_right(line, moved) for line in lines)}
    for name in whole.namelist():
        copy.writestr(name, replaced.get(name, whole.read(name)))
