#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Servers that do wrong what a check could meet: check_server.py PORTS CERTIFICATES LIFETIME

Each way of it has a port of its own on every address; PORTS gets "NAME PORT" lines, whole, when all
of them listen. CERTIFICATES is a folder of NAME.pem, certificate and key in one. Ends by SIGTERM, with
its lifetime (seconds), or when nobody is its parent any more.
"""
import gzip
import os
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

PORTS, CERTIFICATES, LIFETIME = sys.argv[1], sys.argv[2], float(sys.argv[3])
warnings.simplefilter("ignore", DeprecationWarning)  # of old TLS, which is meant
MANY = 64 * 1024
sys.setswitchinterval(0.0005)  # who floods must not keep the others waiting
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def line(connection):
    """The next line that is said to us; b"" at the end."""
    text = b""
    while not text.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        text += byte
    return text


def request(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(4096)
        if not piece:
            return
        text += piece


def forever(connection, piece):
    while True:
        connection.sendall(piece)


def wait(connection):
    while connection.recv(4096):
        pass


def after_request(*pieces, last=None):
    """Answers a request: pieces, then the last without end; then waits."""
    def serve(connection):
        request(connection)
        for piece in pieces:
            connection.sendall(piece)
        if last:
            forever(connection, last)
        wait(connection)
    return serve


def drip(connection):
    request(connection)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"x" * 10000:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def dripped(*pieces, last):
    """Says pieces at once, then the last one byte after the other, again and again."""
    def serve(connection):
        for piece in pieces:
            connection.sendall(piece)
        while True:
            for byte in last:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
    return serve


def good(connection):
    request(connection)
    connection.sendall(RESPONSE)


def reset(connection):
    request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def moved(connection, target):
    request(connection)
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())


def say(*pieces, last=None):
    """Says pieces at once, then the last without end; then waits."""
    def serve(connection):
        for piece in pieces:
            connection.sendall(piece)
        if last:
            forever(connection, last)
        wait(connection)
    return serve


def converse(greeting, *answers):
    """A greeting, then an answer for each line; "TLS": a handshake in between; then waits."""
    def serve(connection):
        connection.sendall(greeting)
        for answer in answers:
            said = line(connection)
            if not said:
                return
            tag = said.split()[0]
            connection.sendall(answer.replace(b"TAG", tag).replace(b"SAID", said.strip()))
            if answer.endswith(b"begin\r\n"):
                connection = wrapped(connection, "good")
        wait(connection)
    return serve


def wrapped(connection, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{CERTIFICATES}/{name}.pem")
    return context.wrap_socket(connection, server_side=True)


def secure(name, serve):
    return lambda connection: serve(wrapped(connection, name))


def older(connection):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(f"{CERTIFICATES}/good.pem")
    wait(context.wrap_socket(connection, server_side=True))


def alert(connection):
    connection.recv(4096)
    connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal, handshake_failure
    wait(connection)


def bomb(layers):
    """64 MiB of nothing, packed so many times."""
    body = bytes(64 * 1024 * 1024)
    for _ in range(layers):
        body = gzip.compress(body, 9)
    coding = ", ".join(["gzip"] * layers)
    return f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


HTTP = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HTTP + b"Transfer-Encoding: chunked\r\n\r\n"
# The beginning of a ServerHello that announces as much as a record may have, and a record that changes nothing.
HELLO, NOTHING = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", b"\x14\x03\x03\x00\x01\x01"
IMAP = b"* OK ready\r\n"
CAPABILITIES = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n"
WAYS = {
    "good": good,
    "endless-headers": after_request(HTTP, last=b"X-Many: of these\r\n" * 1000),
    "endless-header": after_request(HTTP + b"X-Long: ", last=b"a" * MANY),
    "endless-interim": after_request(last=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "endless-body": after_request(HTTP + b"Content-Length: 10000000000\r\n\r\n", last=b"b" * MANY),
    "endless-chunks": after_request(HTTP + b"Transfer-Encoding: chunked\r\n\r\n", last=b"1000\r\n" + b"c" * 4096 + b"\r\n"),
    "endless-extension": after_request(CHUNKED + b"5;", last=b"e" * MANY),
    "endless-size": after_request(CHUNKED, last=b"0" * MANY),
    "endless-trailers": after_request(CHUNKED + b"5\r\nhello\r\n0\r\n", last=b"X-Many: of these\r\n" * 1000),
    "endless-location": after_request(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/", last=b"l" * MANY),
    "many-cookies": after_request(HTTP + b"".join(b"Set-Cookie: c%d=secret\r\n" % i for i in range(2000)) + b"Content-Length: 5\r\n\r\nhello"),
    "no-status": after_request(b"HTTP/1.1 99999999999 many\r\nContent-Length: 5\r\n\r\nhello"),
    "bomb": after_request(bomb(1)),
    "bombs": after_request(bomb(3)),
    "catastrophe": after_request(HTTP + b"Content-Length: 4001\r\n\r\n" + b"a" * 4000 + b"b"),
    "header-drip": dripped(HTTP, last=b"X-Slow: yes\r\n"),
    "drip": drip,
    "silent": wait,
    "no-end": after_request(HTTP + b"Content-Length: 100\r\n\r\nhalf"),
    "short": lambda connection: (request(connection), connection.sendall(HTTP + b"Content-Length: 100\r\n\r\nhalf")),
    "garbage": after_request(b"\x00\xff garbage \r\n\r\n" * 10),
    "closed": lambda connection: request(connection),
    "reset": reset,
    "loop": lambda connection: moved(connection, "/again?secret"),
    "inside": lambda connection: moved(connection, f"http://inside.example:{ports['good']}/"),
    "to-four": lambda connection: moved(connection, f"http://four.example:{ports['good']}/"),
    "file": lambda connection: moved(connection, "file:///etc/passwd"),
    "damaged-gzip": after_request(HTTP + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08\x00garbag"),
    "tls-good": secure("good", good),
    "tls-expired": secure("expired", wait),
    "tls-other": secure("other", wait),
    "tls-stranger": secure("stranger", wait),
    "tls-old": older,
    "tls-alert": alert,
    "tls-hangs": lambda connection: (connection.recv(1), wait(connection)),
    "tls-drip": dripped(HELLO, last=b"x"),
    "tls-endless": lambda connection: (connection.recv(4096), forever(connection, NOTHING * 1000)),
    "tls-names": secure("names", wait),
    "tls-some-names": secure("some-names", wait),
    "drip-smtp": dripped(last=b"220-and more\r\n"),
    "drip-pop3": dripped(b"+OK ready\r\n", last=b"+OK\r\n"),
    "capabilities-smtp": converse(b"220 ready\r\n", b"250-SIZE\r\n" * 20000),
    "capabilities-pop3": converse(b"+OK ready\r\n", b"+OK\r\n" + b"SASL PLAIN\r\n" * 20000),
    "steers-smtp": converse(b"220 \x1b[31m\x00\xff\xe2\x80\xae ready\r\n", b"250-me\r\n250 \x1b]0;title\x07\r\n"),
    "many-lines-smtp": say(last=b"220-and more\r\n" * 1000),
    "many-lines-imap": say(IMAP, last=b"* OK and more\r\n" * 1000),
    "long-line": say(b"220 ", last=b"l" * MANY),
    "literal": converse(IMAP, b"* CAPABILITY {999999999}\r\n" + b"L" * MANY * 100),
    "literals": converse(IMAP, b"* X {10}\r\n0123456789\r\n" * 20000),
    "injects-imap": converse(IMAP, CAPABILITIES, b"TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
    "injects-pop3": converse(b"+OK ready\r\n", b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n", b"+OK go\r\n+OK more\r\n"),
    "injects-smtp": converse(b"220 ready\r\n", b"250-me\r\n250 STARTTLS\r\n", b"220 go\r\n250 AUTH PLAIN\r\n"),
    "offers-none": converse(IMAP, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n"),
    "refuses-tls": converse(IMAP, CAPABILITIES, b"TAG NO not today\r\n"),
    "preauth": converse(b"* PREAUTH hello\r\n", CAPABILITIES),
    "busy": say(b"421 too many\r\n"),
    "good-imap": secure("good", converse(IMAP, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nTAG OK done\r\n",
                                         b"TAG OK [CAPABILITY IMAP4rev1] in\r\n")),
    "echoes": secure("good", converse(IMAP, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nTAG OK done\r\n",
                                      b"* OK SAID swordfish\r\n* CAPABILITY swordfish\r\nTAG NO SAID swordfish\r\n")),
    "asks-none": secure("good", converse(b"220 ready\r\n", b"250 me\r\n")),
    "in-already": secure("good", converse(b"* PREAUTH hello\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n")),
    "starttls": converse(IMAP, CAPABILITIES, b"TAG OK begin\r\n", b"* CAPABILITY IMAP4rev1 INSIDE\r\nTAG OK done\r\n"),
}
ports = {}


def run(serve, connection):
    try:
        serve(connection)
    except (OSError, ValueError):
        pass
    finally:
        try:
            connection.close()
        except OSError:
            pass


def accept(listener, serve):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=run, args=(serve, connection), daemon=True).start()


def listen(family, address, port):
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, port))
    listener.listen(64)
    return listener


for name, serve in WAYS.items():
    listener = listen(socket.AF_INET, "0.0.0.0", 0)
    ports[name] = listener.getsockname()[1]
    threading.Thread(target=accept, args=(listener, serve), daemon=True).start()
    if name in ("good", "to-four"):
        six = listen(socket.AF_INET6, "::", ports[name])
        threading.Thread(target=accept, args=(six, serve), daemon=True).start()
with open(PORTS + ".part", "w") as file:
    file.writelines(f"{name} {port}\n" for name, port in ports.items())
os.rename(PORTS + ".part", PORTS)
ends, parent = time.monotonic() + LIFETIME, os.getppid()
while time.monotonic() < ends and os.getppid() == parent:
    time.sleep(0.5)
