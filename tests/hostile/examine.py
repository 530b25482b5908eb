# SPDX-License-Identifier: ISC
#
# What came out, looked at as a receiver would:
#
#   examine.py mails FOLDER       each mail is one mail and harmless; prints "page<TAB>subject" for each
#   examine.py posts FOLDER       each body of a POST is JSON and calls nobody
#   examine.py terminal COMMAND…  the command's output, in a pipe and on a terminal, steers no terminal
#   examine.py limits FILE COMMAND…  runs it; FILE gets its seconds and the peak of its largest process in MB
#
# Exit status 1 and a line for each thing that is wrong.
import email
import email.policy
import html.parser
import json
import os
import pty
import re
import resource
import subprocess
import sys
import time
import unicodedata

HEADERS = {"date", "from", "to", "subject", "message-id", "list-id", "list-unsubscribe", "auto-submitted",
           "x-auto-response-suppress", "mime-version", "content-type", "content-transfer-encoding", "in-reply-to",
           "references", "x-envelope-from", "x-envelope-to"}
wrong = []


def complain(*words):
    wrong.append(" ".join(str(word) for word in words))


def deceptive(text):
    return [hex(ord(c)) for c in text
            if c not in "\n\r\t" and (unicodedata.category(c) == "Cc" or c in "\u061c\u200e\u200f\u2028\u2029" or
                                      "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069")]


class Page(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        if tag in ("script", "img", "iframe", "object", "embed", "link", "form", "base"):
            complain("HTML has an element", tag)
        for name, value in attributes:
            if name.startswith("on"):
                complain("HTML has a handler", name, value)
            if name in ("href", "src") and not re.match(r"https?://|mailto:", value or ""):
                complain("HTML leads to", value)


def look_at_mail(path):
    with open(path, "rb") as file:
        raw = file.read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for name in mail.keys():
        if name.lower() not in HEADERS:
            complain(path, "has a header", name)
    for name in ("To", "Subject", "Message-ID", "Content-Type"):
        if len(mail.get_all(name, [])) != 1:
            complain(path, "has not one", name)
    if b"\r" in raw.replace(b"\r\n", b""):
        complain(path, "has a bare CR")
    if mail.defects:
        complain(path, mail.defects)
    parts = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    if parts != ["text/plain", "text/html"]:
        complain(path, "has the parts", parts)
    for part in mail.walk():
        if part.is_multipart():
            continue
        text = part.get_content()
        if deceptive(text):
            complain(path, part.get_content_type(), "has", deceptive(text)[:5])
        if part.get_content_type() == "text/html":
            Page().feed(text)
    subject = str(mail["Subject"])
    if deceptive(subject):
        complain(path, "subject has", deceptive(subject))
    print("%s\t%s" % (str(mail["List-Id"]).strip("<>").split(".")[0], subject))


def mails(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".eml"):
            look_at_mail(os.path.join(folder, name))


def posts(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            body = file.read().split(b"\r\n\r\n", 1)[1]
        try:
            value = json.loads(body)
        except ValueError as error:
            complain(name, error)
            continue
        chat = "blocks" in value or "content" in value or "embeds" in value
        if chat and ("<!channel>" in json.dumps(value) or "<@U1>" in json.dumps(value)):
            complain(name, "calls somebody:", body[:300])


def on_terminal(command):
    output = []

    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)
    while True:
        try:
            block = os.read(descriptor, 65536)
        except OSError:
            break
        if not block:
            break
        output.append(block)
    os.waitpid(pid, 0)
    return b"".join(output)


def terminal(command):
    piped = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
    seen = on_terminal(command)
    if not piped.strip() and "outbox" not in command:
        complain("no output:", command)
    for where, output in (("in a pipe", piped), ("on a terminal", seen)):
        try:
            text = output.decode()
        except UnicodeDecodeError as error:
            complain(where, error)
            continue
        if "\x1b[38;5;201m" in text or "\x1b]" in text:
            complain(where, "foreign escapes:", command)
        if where == "on a terminal":
            text = re.sub("\x1b\\[[0-9;]*[mK]", "", text)
        if deceptive(text):
            complain(where, deceptive(text)[:5], command)


def limits(file, command):
    begin = time.monotonic()
    status = subprocess.run(command, check=False).returncode
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    with open(file, "w") as out:
        print("%d %d" % (time.monotonic() - begin, peak), file=out)
    sys.exit(status if status >= 0 else 128 - status)


action, arguments = sys.argv[1], sys.argv[2:]
if action == "limits":
    limits(arguments[0], arguments[1:])
elif action == "terminal":
    terminal(arguments)
else:
    {"mails": mails, "posts": posts}[action](arguments[0])
for line in wrong:
    print(line, file=sys.stderr)
sys.exit(1 if wrong else 0)
