# SPDX-License-Identifier: ISC
"""oracle.py RENDER TEMPLATES CASES: Python's email package reads our mails.

What it understands must be what went in, without a defect, and the bytes must
keep to RFC 5322: CRLF only, 7-bit, short lines. Prints what differs.
"""
import email.policy
import json
import os
import re
import sys

from renderer import Renderer

program, templates, cases = sys.argv[1:]
renderer = Renderer(program, templates)
complaints = 0

SUBJECTS = [
    "RED: Gmail: major outage",
    "RED: Störung bei Gmail – größerer Ausfall",
    "🔴" * 60,
    "a" * 300,
    "é" * 300,
    ("word " * 60).strip(),
    "=?utf-8?B?R1JFRU4=?= =?utf-8?Q?fine?=",
    "נכשל GREEN",
    "two  blanks and\u00a0one that does not break",
    "e\u0301" * 50 + "👩‍💻" * 20,
    '"quoted", <angled> (comment) a@b: c; \\ ,',
    "x" * 68, "x" * 69, "x" * 70, "x" * 71,
    "",
]
TEXTS = [
    "plain\n",
    "no end of line",
    "",
    "\n\n\n",
    "From here\n.\n..\n>From\n--\n-- \n--=_boundary\n",
    "blank at the end \ntab\t\n   \n",
    "=3D = =20 =\n",
    "ä" * 500 + "\n" + "🔴" * 200 + "\n" + "w" * 5000 + "\n",
    "CRLF\r\nand LF\n",
    "\x1b[31mred\x1b[0m \u202eeslaf\n",
    "." * 300 + "\n" + " " * 300 + "\n" + "\t" * 300 + "\n",
]
ADDRESSES = ["lampwatch+u-abcdefghijklmnopqrstuvwxyz@example.org", "o'neil&co=+u-x@example.org", "x" * 60 + "@" + "y" * 50 + ".org"]
REFUSED = ["a\r\nBcc: x@example.net", "a\nb", "a\rb", "a\r\n\r\nbody", "\x1b[2J"]


def complain(what, detail):
    global complaints
    complaints += 1
    print(f"{what}: {detail}")


def check_bytes(what, raw, longest):
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        complain(what, "bare CR or LF")
    if re.search(rb"[^\t\r\n -~]", raw):
        complain(what, "a byte that is no printable ASCII")
    head, _, body = raw.partition(b"\r\n\r\n")
    if max(map(len, head.split(b"\r\n"))) > longest:
        complain(what, f"a header line over {longest}")
    if max(map(len, body.split(b"\r\n"))) > 78:
        complain(what, "a body line over 78")
    if re.search(rb"(^|\n)(\.|From )", body):
        complain(what, "a line that old software takes for its own")


def parsed(what, raw, longest=78):
    check_bytes(what, raw, longest)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for part in message.walk():
        if part.defects:
            complain(what, f"defects: {part.defects}")
        for name, value in part.items():
            if value.defects:
                complain(what, f"defects in {name}: {value.defects}")
    return message


def content(message, kind):
    return message.get_body((kind,)).get_content().replace("\r\n", "\n").rstrip("\n")


def check_fields(what, message):
    expected = {
        "From": "lampwatch <lampwatch@example.org>",
        "To": "ops@example.com",
        "Date": "Fri, 24 Jan 2014 19:20:10 +0000",
        "Message-ID": "<e.1.red.0123456789abcdef@example.org>",
        "In-Reply-To": "<e.0.red.fedcba9876543210@example.org>",
        "References": "<e.0.red.fedcba9876543210@example.org>",
        "List-Id": "<google.alerts.example.org>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    }
    for name, value in expected.items():
        if message.get_all(name) is None or [str(v) for v in message.get_all(name)] != [value]:
            complain(what, f"{name} is {message.get_all(name)}")
    others = set(message.keys()) - set(expected)
    allowed = {"Subject", "Content-Type", "Content-Transfer-Encoding"}
    if others - allowed:
        complain(what, f"fields that nobody wrote: {others - allowed}")


def check_write(subject, text, html):
    what = f"{subject[:30]!r} {text[:20]!r}"
    data = {"subject": subject, "text": text}
    if html is not None:
        data["html"] = html
    [(good, mail)] = renderer.data(data, "write")
    if not good:
        complain(what, mail)
        return
    message = parsed(what, mail)
    check_fields(what, message)
    if message["Subject"] != subject:
        complain(what, f"subject became {message['Subject']!r}")
    if content(message, "plain") != text.replace("\r\n", "\n").rstrip("\n"):
        complain(what, f"text became {content(message, 'plain')!r}")
    if html is not None and content(message, "html") != html.replace("\r\n", "\n").rstrip("\n"):
        complain(what, f"HTML became {content(message, 'html')!r}")
    if html is not None and [p.get_content_type() for p in message.iter_parts()] != ["text/plain", "text/html"]:
        complain(what, "the parts are not text, then HTML")


def check_case(name):
    def golden(file):
        with open(os.path.join(cases, name, file), encoding="utf-8", newline="") as stream:
            return stream.read().rstrip("\n")

    [(good, mail)] = renderer.file(os.path.join(cases, name, "data.json"), "mail")
    if not good:
        complain(name, mail)
        return
    message = parsed(name, mail)
    check_fields(name, message)
    if message["Subject"] != golden("subject"):
        complain(name, f"subject became {message['Subject']!r}")
    if content(message, "plain") != golden("body.txt"):
        complain(name, "the text is not that of body.txt")
    if content(message, "plain").count("\n-- \n") != 1:
        complain(name, "readers see no mark before the signature (RFC 3676 section 4.3)")
    if content(message, "html") != golden("body.html"):
        complain(name, "the HTML is not that of body.html")


def check_copy(name, address):
    """What is the receiver's own reads in its copy as if the whole mail had been made for it."""
    with open(os.path.join(cases, name, "data.json"), encoding="utf-8") as stream:
        data = json.load(stream)
    data["unsubscribe"] = address
    (good, copy), (_, text), (_, html) = renderer.data(data, "mail", "body.txt", "body.html")
    text, html = text.decode(), html.decode()
    if not good:
        complain(name, copy)
        return
    message = parsed(f"{name}, a copy", copy, 998)  # an address cannot be folded
    if message["List-Unsubscribe"] != f"<mailto:{address}?subject=unsubscribe>":
        complain(name, f"List-Unsubscribe is {message['List-Unsubscribe']}")
    if address not in text or content(message, "plain") != text.rstrip("\n"):
        complain(name, "the text of a copy is not that of body.txt")
    if content(message, "html") != html.rstrip("\n"):
        complain(name, "the HTML of a copy is not that of body.html")


for subject in SUBJECTS:
    check_write(subject, "text\n", "<p>text</p>\n")
for text in TEXTS:
    check_write("subject", text, None)
    check_write("subject", text, text)
for value in REFUSED:
    for field in ("subject", "to", "from"):
        data = {"subject": "s", "text": "t", field: value}
        if renderer.data(data, "write")[0][0]:
            complain(repr(value), f"was taken as {field}")
names = sorted(entry.name for entry in os.scandir(cases) if os.path.exists(os.path.join(entry.path, "data.json")))
for name in names:
    check_case(name)
    for address in ADDRESSES:
        check_copy(name, address)
if renderer.end() != 0:
    complain(program, "does not end well")
print(f"{len(SUBJECTS)} subjects, {len(TEXTS)} texts, {len(REFUSED)} injections, {len(names)} cases")
sys.exit(1 if complaints else 0)
