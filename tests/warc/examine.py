#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds a web archive against what the standards demand, with nothing of lampwatch's own code.

    examine.py [--records N] FILE.warc | FILE.warc.gz | FILE.wacz

WARC 1.1 (ISO 28500:2017): fields, lengths, dates, digests, what refers to what, one gzip member a
record. CDXJ (beside a WARC, inside of a WACZ): sorted bytewise, every record it ought to have, at its
place. WACZ 1.1.1: the files, their digests. Prints the first thing that is wrong of each record, and
ends with 1 where there was any. With N, there have to be so many records.
"""
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from urllib.parse import urlsplit

MANDATORY = ("warc-type", "warc-record-id", "warc-date", "content-length")
TYPES = ("warcinfo", "request", "response", "resource", "revisit", "metadata")
WITH_TARGET = ("request", "response", "resource", "revisit")
REFERS_FORBIDDEN = ("warcinfo", "request", "response", "resource")
ID = re.compile(r"<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
TARGET = re.compile(r"[a-z][a-z0-9+.-]*:[!#$%&'()*+,/0-9:;=?@A-Z\[\]_a-z~.-]+")
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
COMPLAINTS = []


def complain(where, what):
    COMPLAINTS.append(f"{where}: {what}")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Record:
    def __init__(self, offset, length, fields, block):
        self.offset, self.length, self.fields, self.block = offset, length, fields, block
        self.type = self.first("warc-type")

    def first(self, name):
        return next((value for key, value in self.fields if key == name), None)

    def payload(self):
        if self.type == "resource":
            return self.block
        return self.block.partition(b"\r\n\r\n")[2]

    def http(self, name):
        for line in self.block.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode("latin-1").lower() == name:
                return value.strip().decode("utf-8", "replace")
        return None


def parse_record(where, data, offset, length):
    """One record that begins at the beginning of data; gives it, and how many bytes it took."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if not blank or lines[0] != b"WARC/1.1":
        complain(where, "does not begin with WARC/1.1 and end with a blank line")
        return None, 0
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b": ")
        if not colon or not re.fullmatch(rb"[A-Za-z0-9-]+", name) or re.search(rb"[\x00-\x1f\x7f]", value):
            complain(where, f"has a line that is no field: {line!r}")
        fields.append((name.decode("latin-1").lower(), value.decode("utf-8", "replace")))
    number = dict(fields).get("content-length", "")
    if not number.isdigit():
        complain(where, "has no Content-Length")
        return None, 0
    block, end = rest[: int(number)], rest[int(number) : int(number) + 4]
    if len(block) != int(number) or end != b"\r\n\r\n":
        complain(where, "its block is not as long as Content-Length says")
        return None, 0
    taken = len(head) + 4 + len(block) + 4
    return Record(offset, length if length else taken, fields, block), taken


def read_members(data):
    """Each gzip member: its place, its length, what it holds."""
    offset = 0
    while offset < len(data):
        member = zlib.decompressobj(31)
        try:
            held = member.decompress(data[offset:])
        except zlib.error as error:
            complain(f"byte {offset}", f"is no gzip member: {error}")
            return
        if not member.eof:
            complain(f"byte {offset}", "the gzip member is cut off")
            return
        length = len(data) - offset - len(member.unused_data)
        yield offset, length, held
        offset += length


def read_records(data):
    if data[:2] == b"\x1f\x8b":
        for offset, length, held in read_members(data):
            record, taken = parse_record(f"byte {offset}", held, offset, length)
            if record is None:
                return
            if taken != len(held):
                complain(f"byte {offset}", "the gzip member holds more than one record")
            yield record
        return
    offset = 0
    while offset < len(data):
        record, taken = parse_record(f"byte {offset}", data[offset:], offset, 0)
        if record is None:
            return
        yield record
        offset += taken


def check_fields(where, record):
    names = [key for key, _ in record.fields]
    for name in MANDATORY:
        if name not in names:
            complain(where, f"has no {name}")
    for name in set(names) - {"warc-concurrent-to"}:
        if names.count(name) > 1:
            complain(where, f"has {name} twice")
    if record.type not in TYPES:
        complain(where, f"is of type {record.type}")
    if not ID.fullmatch(record.first("warc-record-id") or ""):
        complain(where, "its WARC-Record-ID is none")
    if not DATE.fullmatch(record.first("warc-date") or ""):
        complain(where, "its WARC-Date is none")
    target = record.first("warc-target-uri")
    if (record.type in WITH_TARGET and target is None) or (record.type == "warcinfo" and target is not None):
        complain(where, "WARC-Target-URI is missing, or ought to be")
    if target is not None and not TARGET.fullmatch(target):
        complain(where, f"its WARC-Target-URI is no bare URI: {target}")
    if record.first("warc-refers-to") is not None and record.type in REFERS_FORBIDDEN:
        complain(where, "may not have WARC-Refers-To")
    if record.first("warc-filename") is not None and record.type != "warcinfo":
        complain(where, "may not have WARC-Filename")
    if record.first("warc-payload-digest") is not None and record.type in ("warcinfo", "metadata"):
        complain(where, "has no payload, and a digest of it")
    wanted = {"request": "application/http;msgtype=request", "response": "application/http;msgtype=response",
        "warcinfo": "application/warc-fields", "metadata": "application/warc-fields"}.get(record.type)
    if wanted is not None and record.first("content-type") != wanted:
        complain(where, f"its Content-Type is {record.first('content-type')}")


def check_http(where, record):
    head = record.block.partition(b"\r\n\r\n")[0] + b"\r\n"
    lines = head.split(b"\r\n")[:-1]
    begins = rb"HTTP/1\.1 \d{3} .*" if record.type != "request" else rb"[A-Z]+ \S+ HTTP/1\.1"
    if not re.fullmatch(begins, lines[0]):
        complain(where, f"its first line is not HTTP/1.1's: {lines[0]!r}")
    for line in lines[1:]:
        if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\x00-\x08\x0a-\x1f\x7f]*", line):
            complain(where, f"has a header that is none: {line!r}")
    if record.type == "request":
        return
    if record.http("transfer-encoding") or record.http("content-encoding"):
        complain(where, "says that its body is encoded, and it is not")
    if record.type == "response" and record.http("content-length") != str(len(record.payload())):
        complain(where, "its HTTP Content-Length is not that of the body")


def check_digests(where, record):
    if record.first("warc-block-digest") != sha256(record.block):
        complain(where, "its block has another digest")
    if record.type in ("response", "resource") and record.first("warc-payload-digest") != sha256(record.payload()):
        complain(where, "its payload has another digest")


def check_revisit(where, record, before):
    """What it repeats stands before it, with the address, the time and the digest that it names."""
    if record.first("warc-profile") != IDENTICAL:
        complain(where, "its WARC-Profile is not that of an identical payload")
    original = before.get(record.first("warc-refers-to"))
    if original is None or original.type not in ("response", "resource"):
        complain(where, "refers to nothing that stands before it")
        return
    for own, its in (("warc-refers-to-target-uri", "warc-target-uri"), ("warc-refers-to-date", "warc-date"),
            ("warc-payload-digest", "warc-payload-digest")):
        if record.first(own) != original.first(its):
            complain(where, f"{own} is not that of the original")
    if record.payload():
        complain(where, "has a payload of its own")


def check_metadata(where, record, by_id):
    """What it holds of the snapshot's files is what their digests say, bodies and headers being elsewhere."""
    described = by_id.get(record.first("warc-refers-to"))
    if described is None:
        complain(where, "describes nothing that is there")
    files, sums = {}, {}
    for line in record.block.decode("utf-8").split("\r\n"):
        key, _, value = line.partition(": ")
        if key in ("capture", "reading", "changes"):
            files[key] = files.get(key, "") + value + "\n"
        elif key == "sha256sums":
            sums[value[66:]] = value[:64]
    if "capture" not in sums or ("reading" in sums) != ("reading" in files):
        complain(where, "has not all files of the snapshot")
    for name, digest in sums.items():
        if name in ("capture", "reading", "changes") and hashlib.sha256(files.get(name, "").encode()).hexdigest() != digest:
            complain(where, f"{name} is not the one that was kept")
    if described is not None and described.first("warc-payload-digest") != "sha256:" + sums.get("body", ""):
        complain(where, "describes another body")


def check_concurrent(records, by_id):
    for record in records:
        for key, value in record.fields:
            other = by_id.get(value)
            if key == "warc-concurrent-to" and other is None:
                complain(record.first("warc-record-id"), "is concurrent to nothing that is there")
            elif key == "warc-concurrent-to" and record.type == "request" and (
                    other.first("warc-date") != record.first("warc-date") or
                    other.first("warc-target-uri") != record.first("warc-target-uri")):
                complain(record.first("warc-record-id"), "is not of one capture with what it is concurrent to")


def check_warc(data, wanted):
    records = list(read_records(data))
    by_id, before = {}, {}
    for record in records:
        where = f"byte {record.offset} ({record.type})"
        check_fields(where, record)
        check_digests(where, record)
        if record.type in ("request", "response", "revisit") and record.block:
            check_http(where, record)
        if record.first("warc-record-id") in by_id:
            complain(where, "has the id of another record")
        by_id[record.first("warc-record-id")] = record
    for record in records:
        where = f"byte {record.offset} ({record.type})"
        if record.type == "revisit":
            check_revisit(where, record, before)
        if record.type == "metadata":
            check_metadata(where, record, by_id)
        before[record.first("warc-record-id")] = record
    check_concurrent(records, by_id)
    if not records or records[0].type != "warcinfo":
        complain("the file", "does not begin with a warcinfo record")
    if wanted is not None and len(records) != wanted:
        complain("the file", f"has {len(records)} records, not {wanted}")
    return records


def surt(url):
    """The key of an address, by another way than the program's."""
    parts = urlsplit(url.lower())
    host = re.sub(r"^www\d*\.", "", parts.hostname or "")
    port = f":{parts.port}" if parts.port and parts.port != {"http": 80, "https": 443}[parts.scheme] else ""
    return ",".join(reversed(host.split("."))) + port + ")" + (parts.path or "/") + ("?" + parts.query if parts.query else "")


def expected_line(record, filename):
    date = re.sub(r"[-:TZ]", "", record.first("warc-date"))[:14]
    kind = record.http("content-type") if record.type == "response" else record.first("content-type")
    entry = {"url": record.first("warc-target-uri"), "digest": record.first("warc-payload-digest"),
        "length": str(record.length), "offset": str(record.offset), "filename": filename}
    mime = "warc/revisit" if record.type == "revisit" else (kind or "").split(";")[0].strip()
    if mime:
        entry["mime"] = mime
    if record.type != "resource":
        entry["status"] = record.block[9:12].decode()
    return surt(entry["url"]), date, entry


def check_index(text, records, filename):
    lines = text.split(b"\n")
    if lines.pop() != b"" or lines != sorted(lines):
        complain("the index", "is not sorted bytewise, or does not end with a newline")
    found = []
    for line in lines:
        key, date, entry = line.decode().split(" ", 2)
        found.append((key, date, json.loads(entry)))
    wanted = [expected_line(record, filename) for record in records if record.type in ("response", "revisit", "resource")]
    order = lambda line: json.dumps(line, sort_keys=True)
    for line in sorted(wanted, key=order):
        if line not in found:
            complain("the index", f"has not this line: {line}")
    if len(found) != len(wanted):
        complain("the index", f"has {len(found)} lines, not {len(wanted)}")


def check_pages(text, records):
    lines = [json.loads(line) for line in text.decode().splitlines()]
    if lines[0].get("format") != "json-pages-1.0" or "id" not in lines[0] or "title" not in lines[0]:
        complain("the list of pages", "has no header")
    there = {(record.first("warc-target-uri"), record.first("warc-date")) for record in records
        if record.type in ("response", "revisit", "resource")}
    for page in lines[1:]:
        if (page["url"], page["ts"]) not in there:
            complain("the list of pages", f"names what is not there: {page}")
    if len(lines) < 2 or len({page["id"] for page in lines}) != len(lines):
        complain("the list of pages", "is empty, or has an id twice")


def check_wacz(data, wanted):
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        broken = archive.testzip()
    except zipfile.BadZipFile as error:
        complain("the file", f"is no ZIP: {error}")
        return
    if broken is not None:
        complain(broken, "has another CRC-32")
        return
    names = archive.namelist()
    if sorted(names) != ["archive/data.warc.gz", "datapackage-digest.json", "datapackage.json", "indexes/index.cdx", "pages/pages.jsonl"]:
        complain("the file", f"has other files than it ought to: {names}")
        return
    if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
        complain("the file", "has files that are compressed")
    package, digest = (json.loads(archive.read(name)) for name in ("datapackage.json", "datapackage-digest.json"))
    if digest != {"path": "datapackage.json", "hash": sha256(archive.read("datapackage.json"))}:
        complain("datapackage-digest.json", "is not that of datapackage.json")
    if package.get("profile") != "data-package" or package.get("wacz_version") != "1.1.1":
        complain("datapackage.json", "is not of WACZ 1.1.1")
    if sorted(item["path"] for item in package["resources"]) != sorted(name for name in names if "/" in name):
        complain("datapackage.json", "does not list what is there")
    for item in package["resources"]:
        content = archive.read(item["path"]) if item["path"] in names else b""
        if item["hash"] != sha256(content) or item["bytes"] != len(content) or item["name"] != item["path"].split("/")[1]:
            complain(item["path"], "is not what datapackage.json says")
    records = check_warc(archive.read("archive/data.warc.gz"), wanted)
    check_index(archive.read("indexes/index.cdx"), records, "data.warc.gz")
    check_pages(archive.read("pages/pages.jsonl"), records)


def main(arguments):
    wanted = None
    if arguments[0] == "--records":
        wanted, arguments = int(arguments[1]), arguments[2:]
    path = arguments[0]
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".wacz"):
        check_wacz(data, wanted)
    else:
        records = check_warc(data, wanted)
        with open(path + ".cdxj", "rb") as file:
            check_index(file.read(), records, path.rsplit("/", 1)[-1])
    print("\n".join(COMPLAINTS), end="\n" if COMPLAINTS else "")
    return 1 if COMPLAINTS else 0


sys.exit(main(sys.argv[1:]))
