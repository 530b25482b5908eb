#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Alters the first body of a page and makes everything agree with it again that needs no key.

forge.py ARCHIVE PAGE
"""
import glob
import hashlib
import sys

archive, page = sys.argv[1:3]


def digest(content):
    return hashlib.sha256(content).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


folder = sorted(glob.glob(f"{archive}/{page}/*/*/*Z"))[0]
body = read(f"{folder}/body")
write(f"{folder}/body", body + b" ")
write(f"{folder}/SHA256SUMS", read(f"{folder}/SHA256SUMS").replace(
    digest(body).encode(), digest(body + b" ").encode()))
lines = read(f"{archive}/{page}/chain").split(b"\n")[:-1]
for i in range(1, len(lines)):
    fields = lines[i].split(b"\t")
    fields[4] = digest(read(f"{archive}/{page}/{fields[3].decode()}/SHA256SUMS")).encode()
    fields[5] = digest(lines[i - 1]).encode()
    lines[i] = b"\t".join(fields)
write(f"{archive}/{page}/chain", b"".join(line + b"\n" for line in lines))
heads = read(f"{archive}/heads").split(b"\n")[:-1]
for i in range(1, len(heads)):
    fields = heads[i].split(b"\t")
    if fields[0] == page.encode():
        fields[2] = digest(lines[-1]).encode()
        heads[i] = b"\t".join(fields)
write(f"{archive}/heads", b"".join(line + b"\n" for line in heads))
