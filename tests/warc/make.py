#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a WARC file as other programs do: make.py FILE < RECORDS

RECORDS is JSON, a list of {"type", "url", "date", "status", "headers", "body", …}; what is said with
"dialect" (for the whole: {"dialect": "warcio"} as the first member) is how the records look:

    warcio  WARC/1.0, a gzip member a record, the request behind its response, SHA-1 in Base32, revisits
            that name address and time but no record
    old     WARC/1.0, plain, addresses in angle brackets, line ends and blank lines as they come
    one     like warcio, in a single gzip member
"""
import base64
import gzip
import hashlib
import json
import sys
import uuid
import zlib


def digest(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def encode(body, item):
    """The body as it went over the wire."""
    for coding in item.get("coding", []):
        if coding == "gzip":
            body = gzip.compress(body)
        elif coding == "deflate":
            body = zlib.compress(body)
        elif coding == "raw":
            body = zlib.compress(body)[2:-4]
        elif coding == "chunked":
            pieces = [body[i : i + 100] for i in range(0, len(body), 100)]
            body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"
    return body


def http_head(item, length):
    lines = [f"HTTP/{item.get('version', '1.1')} {item.get('status', 200)} Whatever"] + item.get("headers", [])
    return ("\r\n".join(lines + [f"Content-Length: {length}"]) + "\r\n\r\n").encode()


def block_of(item):
    body = encode(item.get("body", "").encode(), item)
    if item["type"] in ("resource", "warcinfo", "metadata"):
        return body, body
    if item["type"] == "request":
        return b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", b""
    return http_head(item, len(body)) + (b"" if item["type"] == "revisit" else body), body


def record(item, old):
    block, payload = block_of(item)
    lines = ["WARC/1.0", f"WARC-Type: {item['type']}", f"WARC-Record-ID: {item.get('id', '<urn:uuid:%s>' % uuid.uuid4())}",
        f"WARC-Date: {item['date']}"]
    if "url" in item:
        lines.append(f"WARC-Target-URI: {'<' + item['url'] + '>' if old else item['url']}")
    if item["type"] in ("response", "revisit"):
        lines.append(f"WARC-Payload-Digest: {item.get('digest', digest(payload))}")
        lines.append("Content-Type: application/http; msgtype=response")
    lines += item.get("fields", [])
    lines.append(f"Content-Length: {item.get('length', len(block))}")
    end = "\n" if old else "\r\n"
    return (end.join(lines) + end + end).encode() + block + (b"\r\n" if old else b"\r\n\r\n")


def main(path):
    items = json.load(sys.stdin)
    dialect = items.pop(0)["dialect"]
    out = b""
    for item in items:
        data = record(item, dialect == "old")
        out += gzip.compress(data) if dialect == "warcio" else data
    with open(path, "wb") as file:
        file.write(gzip.compress(out) if dialect == "one" else out)


main(sys.argv[1])
