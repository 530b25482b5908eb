#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A time stamping authority on loopback (RFC 3161 section 3.4), by `openssl ts`.

authority.py FOLDER PORT-FILE: FOLDER holds what `openssl ts -reply` needs (tsa.cnf). What it
answers to /NAME is said by the file FOLDER/mode at the time: good, error (status 500), late (the same
after three seconds), refuse (a
proper refusal), again (the answer before), other (another answer's bytes: a stamp over
something else), empty, junk.
"""
import http.server
import os
import subprocess
import sys
import time

folder, port_file = sys.argv[1:3]


def stamp(query):
    with open(f"{folder}/query", "wb") as file:
        file.write(query)
    return subprocess.run(
        ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"],
        cwd=folder, check=True, capture_output=True).stdout


def other():
    query = subprocess.run(["openssl", "ts", "-query", "-data", "tsa.cnf", "-sha256", "-cert"],
                           cwd=folder, check=True, capture_output=True).stdout
    return stamp(query)


class Authority(http.server.BaseHTTPRequestHandler):
    last = b""

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        with open(f"{folder}/mode") as file:
            mode = file.read().strip()
        with open(f"{folder}/log", "a") as file:
            file.write(f"{mode}\t{self.headers['Content-Type']}\t{len(query)}\n")
        if mode == "late":
            time.sleep(3)
        if mode in ("error", "late"):
            self.send_error(500)
            return
        answer = {"good": lambda: stamp(query), "refuse": lambda: stamp(b"junk"),
                  "again": lambda: Authority.last, "other": other, "empty": lambda: b"",
                  "junk": lambda: b"<html>Welcome to our hotspot</html>"}[mode]()
        if mode == "good":
            Authority.last = answer
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
with open(port_file + ".part", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".part", port_file)
server.serve_forever()
