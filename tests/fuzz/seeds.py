#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the fuzz targets begin with: what the other tests read.

seeds.py CORPUS [EACH]: writes CORPUS/TARGET/seed1 and so on. Of the files that there are many of, only
each so manieth is taken. Called at the root of the sources.
"""
import glob
import hashlib
import json
import os
import struct
import subprocess
import sys

corpus, each = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
counts = {}


def plant(target, data):
    counts[target] = counts.get(target, 0) + 1
    os.makedirs(f"{corpus}/{target}", exist_ok=True)
    with open(f"{corpus}/{target}/seed{counts[target]}", "wb") as file:
        file.write(data)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def plant_files(target, *patterns, head=b""):
    for path in [path for pattern in patterns for path in sorted(glob.glob(pattern))][::each]:
        plant(target, head + content(path))


def plant_texts(target, *texts):
    for text in texts:
        plant(target, text.encode())


# The target numbers the kinds as they load; those that need parameters shift them, which a corpus survives.
for number, kind in enumerate(sorted(glob.glob("templates/pages/*.yaml"))):
    pages = "tests/pages/" + os.path.basename(kind).removesuffix(".yaml") + "/*/page*"
    plant_files("read", pages, head=bytes([number]))
plant_files("reading", "tests/pages/*/*/reading")
plant_files("json", "tests/pages/*/*/page*", "tests/messages/*/data.json")
plant_files("kind", "templates/pages/*.yaml", "tests/hostile/kinds/*.yaml")
plant_files("config", "tests/configuration/*.yaml", "src/install/lampwatch.yaml")
for number in range(3):
    for path in sorted(glob.glob("templates/mail/*") + glob.glob("templates/webhook/*"))[::each]:
        plant("template", bytes([number]) + content(path) + b"\n----\n" + content("tests/messages/red/data.json"))
plant_texts("date", "2014-01-24T19:20:00Z", "2014-01-24 19:20:00.123+01:00", "2025-09-12 19:20:02 +0200 +0200",
            "Fri, 24 Jan 2014 19:20:00 GMT", "24 Jan 14 11:20 PST", "1390591200", "1390591200000", "2014-01-24T19", "120")
first = "lampwatch chain 1 sha256"
plant_texts("chain", first + "\n", "\t".join([
    first + "\nsnapshot", "1", "2014-01-24T19:20:00Z", "2014/01/2014-01-24T192000Z", "0" * 64,
    hashlib.sha256(first.encode()).hexdigest()]) + "\n")
plant_texts("mime", "SIMULATED RED: Mail: major outage (Board)", "Störung — 📧", "=?utf-8?q?x?=",
            "From here\n.\nand on\r\n", "<e.3.red.a5b8932707811592@watch.example>")
plant_texts(
    "smtp_transcript",
    "220 relay\r\n>EHLO x\r\n250-relay\r\n250 STARTTLS\r\n>MAIL FROM:<a@b.example>\r\n250 2.1.0 ok\r\n"
    ">RCPT TO:<c@d.example>\r\n550 5.1.1 no\r\n>QUIT\r\n221 bye\r\n",
    "220 relay\r\n>EHLO x\r\n250 relay\r\n>AUTH PLAIN AGEAYg==\r\n535 5.7.8 no\r\n>DATA\r\n354 go\r\n>x\r\n.\r\n"
    "250 2.0.0 queued\r\n")
plant_texts(
    "incoming_mail",
    "From a@example.com Fri\nReturn-Path: <a@example.com>\nX-Original-To: lampwatch+u-abc@example.org\n"
    "From: A <a@example.com>\nSubject: Re: subscribe one\n\n",
    "Return-Path: <>\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
    "Status: 5.1.1 (x)\n--x--\n",
    "Auto-Submitted: auto-replied\nPrecedence: bulk\nList-Id: <a>\nMessage-ID:\n <1@a>\n\n> x\nstatus\n",
    "lampwatch+b-12-abcdefghijklmnopqrstuvwxyz@example.org")
for error in [None, b"no connection"]:  # as src/net/http_wire.c writes it
    texts = [b"HTTP/1.1 200 OK\r\n\r\n", b'"1"', None, b"https://example.org/", b"", b"GET / HTTP/1.1\r\n\r\n",
             b"192.0.2.1:443", b"1.1", b"0123456789abcdef" * 4, None, error]
    plant("wire", struct.pack("=3q5iI", 0, 1, 2, 200, 1, 1, 1 if error else 0, 0, 4)
          + b"".join(struct.pack("=I", 2**32 - 1) if text is None else struct.pack("=I", len(text)) + text + b"\0"
                     for text in texts) + b"body")
os.makedirs(f"{corpus}/warc", exist_ok=True)
for dialect in ["warcio", "old", "one"]:
    records = [
        {"dialect": dialect},
        {"type": "warcinfo", "date": "2014-01-24T19:00:00Z", "body": "software: x"},
        {"type": "response", "url": "http://a.example/", "date": "2014-01-24T19:20:00.5Z", "body": "a body",
         "coding": ["gzip", "chunked"],
         "headers": ["Content-Encoding: gzip", "Transfer-Encoding: chunked", "X-Folded: a\r\n b"]},
        {"type": "revisit", "url": "http://a.example/", "date": "2014-01-24T19:52:00Z",
         "fields": ["WARC-Refers-To-Date: 2014-01-24T19:20:00Z"]}]
    subprocess.run([sys.executable, "tests/warc/make.py", f"{corpus}/warc/{dialect}"], input=json.dumps(records),
                   text=True, check=True)
