#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the fuzz targets begin with: what the other tests read.

seeds.py CORPUS [EACH]: writes CORPUS/TARGET/seed1 and so on. Of the files that there are many of, only
each so manieth is taken. Called at the root of the sources.
"""
import base64
import glob
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import tempfile

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


def edit(place, out, put):
    """One edit of fuzz_edited()."""
    return place.to_bytes(3, "big") + bytes([out, len(put)]) + put


def response(status, body, *headers):
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body])


# The target numbers the kinds as they load; those that need parameters shift them, which a corpus survives.
for number, kind in enumerate(sorted(glob.glob("templates/pages/*.yaml"))):
    pages = "tests/pages/" + os.path.basename(kind).removesuffix(".yaml") + "/*/page*"
    plant_files("read", pages, head=bytes([number]))
    if kind.endswith("/statuspage.yaml"):  # ids that are made of a group and a name, and longer than a field
        rows = [{"id": "g", "name": "G" * 2100, "group": True}] + [
            {"name": name * 2100, "group_id": "g", "status": "operational"} for name in "AB"]
        plant("read", bytes([number - 2]) + json.dumps(  # two before it need parameters
            {"page": {"id": "abcdefghijkl", "name": "P"}, "status": {"indicator": "none"}, "components": rows, "incidents": []}).encode())
plant_files("reading", "tests/pages/*/*/reading")
plant_files("json", "tests/pages/*/*/page*", "tests/messages/*/data.json")
plant_files("kind", "templates/pages/*.yaml", "tests/hostile/kinds/*.yaml")
plant_files("config", "tests/configuration/*.yaml", "src/install/lampwatch.yaml")
for number in range(3):
    for path in sorted(glob.glob("templates/mail/*") + glob.glob("templates/webhook/*"))[::each]:
        plant("template", bytes([number]) + content(path) + b"\n----\n" + content("tests/messages/red/data.json"))
plant_texts("date", "2014-01-24T19:20:00Z", "2014-01-24 19:20:00.123+01:00", "2025-09-12 19:20:02 +0200 +0200",
            "Fri, 24 Jan 2014 19:20:00 GMT", "24 Jan 14 11:20 PST", "1390591200", "1390591200000", "2014-01-24T19", "120")
row = ["20140124190000", "http://a.example/", "text/html", "200", "Q4YULN754FHV2U6Q5JUT6Q2P57WEWNNY"]
names = ["timestamp", "original", "mimetype", "statuscode", "digest"]
for rows in [[], [names, row], [names, row, row[:3] + ["-"] + row[4:], [], ["org%2Carchive%29%2F+19980109140106%21"]]]:
    plant_texts("cdx", json.dumps(rows))
plant_texts("cdx", "\t".join(["capture", row[0], row[4], row[1]]) + "\nothers\t1\nodd\t0\nresume\tkey\n")
for said in [{"url": "http://a.example/", "job_id": "spn2-0123456789abcdef"}, {"status": "pending", "job_id": "x-1"},
             {"status": "success", "timestamp": "20140124192000", "job_id": "x"},
             {"status": "error", "status_ext": "error:no-access", "message": "no"}]:
    plant_texts("save", json.dumps(said))
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
             b"192.0.2.1:443", b"1.1", b"0123456789abcdef" * 4, b"A2" * 16, None, error]
    plant("wire", struct.pack("=3q6i2I", 0, 1, 2, 200, 1, 1, 0, 1 if error else 0, 0, 4, 0)
          + b"".join(struct.pack("=I", 2**32 - 1) if text is None else struct.pack("=I", len(text)) + text + b"\0"
                     for text in texts) + b"body")
for text, remedy, transcript, body in [  # as src/net/check_answer.c writes it
        (b"HTTP 500", 0, b'{"headers":["a: \\"b\\"","c\\u202e"],"status":500,"state":"failed","word":"HTTP 500"}', b'"}\n\0\xff'),
        (b"no socket", 5, b"", b"")]:
    plant("wire", struct.pack("=5i3I", 2, 1, 1, remedy, 0, len(text), len(transcript), len(body)) + text + transcript + body)
for protocol, said in enumerate([
        response("200 OK", "a body", "X: y", "Set-Cookie: a=b", "Location: http://me:word@a.example/?x"),
        "* OK ready\r\n* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nA001 OK done\r\nA002 OK go\r\n",
        "+OK ready\r\n+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n+OK go\r\n",
        "220 ready\r\n250-me\r\n250 STARTTLS\r\n220 go\r\n"]):
    plant("check", bytes([protocol]) + said.encode())
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

# What is edited as these say is made by the targets themselves: a byte, a line that goes, one that comes.
for head in [b"\0", b"\1"]:
    for change in [edit(40, 1, b"x"), edit(0, 70, b""), edit(90, 0, b"x\t1\n"), edit(0, 255, b"") + edit(0, 255, b"")]:
        plant("pack", head + change)
for file in range(12):
    plant("verify", bytes([file]) + edit(3, 1, b"x"))
    plant("verify", bytes([file]) + edit(10, 0, b"\n") + edit(20, 64, b"0"))
plant("verify", bytes([11]) + edit(24, 0, b"\0\0"))  # behind the head line of the chain
for place in [18, 28, 40, 60, 96, 100, 105, 1000, 4096, 8192 + 5, 20480 + 8, 65536, 100000]:
    plant("database", edit(place, 1, b"\xff"))
plant("database", edit(0, 0, b""))
plant("database", edit(5000, 255, b""))

status = "http://status.example.com"
plant_texts("url", status + "/a?b#c", "https://user:word@host.example:8443/", "http://127.0.0.1/", "http://[::1]:80/x",
            "http://localhost./", "http://0x7f.1/", "http://2130706433/", "HTTPS://EXAMPLE.COM", "http://a@b@c/",
            "http:/%%333%", "http:/%33#%33tp:/%%333%", "http://%33/")
plant_texts(
    "http", response("200 OK", "body", 'ETag: "2"', "Last-Modified: Fri, 24 Jan 2014 19:20:00 GMT", "Set-Cookie: a=b"),
    response("302 Found", "", "Location: /other?x", "Set-Cookie: a=b; path=/") + "\n----\n" + response("200 OK", "there"),
    response("301 Moved", "", "Location: http://127.0.0.1/") + "\n----\n" + response("200 OK", "secret"),
    response("307 Moved", "", "Location: http://[::ffff:10.0.0.1]:8080/") + "\n----\n" + response("200 OK", ""),
    response("308 Moved", "", "Location: http://a:b@other.example/c?d#e") + "\n----\n" + response("304 Not", ""),
    response("302 Found", "", "Location: a:b@127.0.0.1/inside") + "\n----\n" + response("200 OK", "secret"),
    response("302 Found", "", "Location: https://other.example/") + "\n----\nHTTP/1.1 200 OK\r\n\r\n\x16\x03",
    response("503 No", "", "Retry-After: 120", "cf-mitigated: challenge"),
    "HTTP/200 OK\r\n\r\nx", "HTTP/1.1 103 Early\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n" + response("200 OK", "x", "Content-Encoding: gzip"),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX: y\r\n\r\n")
for service, body in enumerate([
        "accepted", "ok", '{"ok": false, "parameters": {"retry_after": 5}, "description": "no verysecret"}',
        '{"errcode": "M_LIMIT", "error": "wait", "retry_after_ms": 2000}', '{"status": "success"}', '{"status": 1}',
        '{"sid": "SM1", "message": "no MTp2ZXJ5c2VjcmV0 here"}']):
    for code in ["200 OK", "429 Too Many", "410 Gone"]:
        plant("webhook", bytes([service]) + response(code, body, "Retry-After: 60").encode())
plant("webhook", b"\0HTTP/200 OK\r\n\r\nx")
for kind, descriptors, name in [(0, 2, "local"), (1, 1, "token"), (2, 2, "modem"), (2, 2, "local"), (3, 2, "modem")]:
    plant("launch", bytes([0, descriptors]) + struct.pack("<i65s255s255s255s65s32s32s5xq", kind, name.encode(), b"a@example.org",
                                                          b"b@example.org", b"r.1-2", b"example", b"red", b"red", 1))
for fate, status in [(0, 0), (3, 67), (6, 75), (2, 1), (7, 9)]:
    plant("launch", bytes([1, fate, status]) + b"no signal \x1b[31m\n\xff\xe2\x80\xae" * 40)
plant("webhook", b"\0" + response("404 Not", "<html>/verysecret</html>").encode())


def record(name, kind, data):
    return name + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


asked, target = b"\xc0\x0c", b"\2mx\7example\0"
plant("dns", b"\x84\0\1" + record(asked, 15, b"\0\x0a" + target))
plant("dns", b"\x84\0\2" + record(asked, 5, target) + record(target, 1, bytes([192, 0, 2, 1])))
plant("dns", b"\x84\0\2" + record(asked, 1, bytes([192, 0, 2, 1])) + record(asked, 28, bytes(15) + b"\1"))
plant("dns", b"\x84\0\2" + record(asked, 5, b"\0") + record(b"\0", 1, bytes([192, 0, 2, 1])))
plant("dns", b"\x84\0\1" + record(asked, 15, b"\0\0\0"))
plant("dns", b"\x84\3\0")

buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
    for name, body in [("a/body", b"<html>"), ("a/empty", b"")]:
        member = tarfile.TarInfo(name)
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
plant("tar", buffer.getvalue()[:2560])
plant_texts("zip", "a/body\n<html>\nb\n\n", "name")
plant_texts("wacz", "data\nhttps://status.example.com/\tStörung \"x\"\nhttps://other.example/a?b", "")
plant_texts("capture", "page: one\nreason: change\ndocument: page\nrequest-header: GET / HTTP/1.1\nrequest-header: Host: a\n"
            "document: other\naddress: 192.0.2.1:443\n", "document\n: \n")
plant_texts("heads", "lampwatch heads 1 sha256\n",
            "lampwatch heads 1 sha256\none\t2\t" + "0" * 64 + "\ntwo\t1\t" + "a" * 64 + "\n")
plant_texts("serve", "/\nHost: 127.0.0.1:8014", "/one/\nHost: localhost\nRange: bytes=1-3\nIf-Range: x",
            "/one\nHost: status.example.org", "/.state/secret\nHost: localhost", "/link/secret\nHost: localhost",
            "/one/2014/body\nHost: [127.0.0.1]\nRange: bytes=-4", "/one/chain\nHost: localhost:1\nIf-None-Match: W/\"a\", *",
            "/one/chain\nHost: LOCALHOST\nIf-Modified-Since: Fri, 24 Jan 2044 19:20:00 GMT\nRange: bytes=99-", "/\nHost: evil.example",
            "/subscribe?page=one\nHost: localhost", "/manage?token=a&page=one&on=late&floor=major_outage\nHost: localhost",
            "/subscribe\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n=mail=a%40b.example&page=one",
            "/subscribe\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n=mail=%22%3E%3Cscript%3E",
            "/unsubscribe?token=%3Cimg%3E\nHost: localhost\nX-Forwarded-For: 192.0.2.1\n=List-Unsubscribe=One-Click",
            "/confirm\nHost: localhost\nSec-Fetch-Site: cross-site\n=token=x", "/confirm\nHost: localhost\n=token=x")
plant_texts("form", "manage?token=abcdefghijklmnopqrstuvwxyz&set=0f1e2d3cff07&boxes=on&on=red", "subscribe?mail=ops%40example.org&page=one&page=two&on=red&on=-incident&floor=major_outage",
            "confirm?token=abcdefghijklmnopqrstuvwxyz", "unsubscribe?token=x&List-Unsubscribe=One-Click",
            "manage?token=a&page=one&on=late", "manage?mail=a+b%", "subscribe?mail=%C3%A9@example.org&x=%00", "198.51.100.1, 10.0.0.1",
            "fd00::/8", "2001:db8::1,::ffff:10.0.0.1")
plant_texts("address", "127.0.0.1", "[::1]", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1", "2002:7f00:1::", "fe80::1%eth0",
            "192.0.2.1", "2001:db8::1", "0177.0.0.1", "100.64.0.1", "0.0.0.1", "10.0.0.1", "169.254.169.254", "172.16.0.1",
            "192.0.0.1", "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "fc00::1", "fec0::1", "ff02::1", "::")
for number, text in enumerate(["07:00", "24:00", "2014-01-24T19:20", "2014-03-30 02:30", "2014-01-24T19:20:00Z"]):
    moment = struct.pack("<iHHBB", 1396140000, 22 * 60, 7 * 60, 1 << number, number)
    plant("window", moment + text.encode())
plant("window", struct.pack("<iHHBB", 2147432960, 0xffff, 0xfff3, 0xff, 0xff) + b"\b0 ")  # the last days of 32 bits
plant_texts("config_edit", "pages:\n  - name: one\n    url: https://a.example/\n\n  # a comment\n  - name: two\n\nroutes: []\n",
            "from: a@b.example\npages: []  # none yet\n", "pages:\n- {name: one}\n- name: two\r\n", "from: a@b.example",
            "not a map\n", "a: |\n a pages:\n   - map\n x\n\rpages:\n", "'pages':\n    -   name: one\n        url: x\nevery: 5m\n", "pages: [a]\n", "a: |\n  pages:\n   - x\npages:\n",
            "pages: []\nprobes:\n- name: one\n  checks:\n  - {name: web, tcp: \"a.example:22\"}\n", "probes: []\npages:\n  - name: one\n")
plant("config_edit", "\ufeffa: b\u0085pages: c\n".encode("utf-16-le"))
# Jobs as the run sends them: pages of three kinds, what is repeated with parts of each form, one after the other; and
# as bytes: a job of two parts, one of them kept, and one that is longer than a reader takes.
for work in range(1, 5):
    for kind, page in enumerate(["statuspage", "google-workspace", "aws-rss"]):
        address = b"https://status.example.com/?a#b "
        for path in sorted(glob.glob(f"tests/pages/{page}/*/page*"))[::each * 4]:
            plant("jobs", bytes([0, work, kind, len(address) // 4]) + address + content(path))
repeated = bytes([0, 4, 1, 2]) + b"one part" + bytes([2, 0, 5, 0, 0, 1]) + b"none"
plant("jobs", bytes([0]) + repeated)
plant("jobs", bytes([0]) + repeated * 4)
for count, length in [(2, 5), (2, 2**40), (2**40, 5)]:
    plant("jobs", b"\1" + struct.pack("<QqQ", 0, 500, count)
          + b"".join(struct.pack("<Q72s", size, name) for size, name in [(3, b""), (length, b"digest")]) + b"keptand")
reply = struct.pack("<qQQ", 0, 10, 5) + b"reading 1\n\0notes"
for mode in [b"\0", b"\1"]:
    for answer in [reply, reply[:30], reply[:24], b"", struct.pack("<qQQ", 1, 4, 0) + b"why?\0", struct.pack("<qQQ", 9, 1 << 60, 7)]:
        plant("reader", mode + answer)
texts = b"id\0http://status.example.com/\0\0\0\0\0\0/there\0"
for state, last in [(1, 10), (0, 10), (2, 10), (1, 0)]:
    record_of = struct.pack("<qqqqqqqq", 2, 1390590000, 0, 7, 0, 302, 0, 0) + texts
    plant("records", b"\0" + struct.pack("<qqqQqq", state, last, 0, 1, 0, 2 * (state == 2)) + record_of + b"why" * (state == 2))
plant("records", b"\1" + b"bodyheaders" + struct.pack("<qQ", 200, 7))
for index, outcome, text in [(0, 0, b"accepted"), (7, 0, b"accepted"), (0, 99, b"x" * 512)]:
    plant("attempt", struct.pack("<QiixxxxqBxxxiQ", index, outcome, 250, 0, 0, 0, 0) + text.ljust(512, b"\0"))

# A key: PKCS#8 of 32 bytes as they come, and a stamp over the first line of heads by an authority of a moment.
der = bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))
key = "-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PRIVATE KEY-----\n"
plant_texts("signature", key)
with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/heads", "w") as file:
        file.write("lampwatch heads 1 sha256\n")
    with open(f"{folder}/tsa.cnf", "w") as file:
        file.write("[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_cert = tsa.pem\nsigner_key = tsa.key\n"
                   "signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\n")
    for command in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -subj /CN=Stamps"
            " -addext extendedKeyUsage=critical,timeStamping",
            "ts -query -data heads -sha256 -cert -no_nonce -out heads.tsq",
            "ts -reply -config tsa.cnf -queryfile heads.tsq -out heads.tsr"]:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    plant("signature", content(f"{folder}/tsa.key"))
    plant("timestamp", content(f"{folder}/heads.tsr"))
    plant("timestamp", content(f"{folder}/tsa.pem"))
