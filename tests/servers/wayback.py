#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A stand-in for the Wayback Machine: its CDX server, its mementos and Save Page Now, as their documentation says,
and wrongly as it is told to.

  wayback.py PORT-FILE SCRIPT LOG LIFETIME

SCRIPT is read again at each request, a JSON map:

  captures  a list of {stamp, body, original?, mimetype?, status?, coding?, digest?, served?, row?}: `coding: gzip` is
            what it was served in, `digest` says something else than is true, `served` is another body,
            `row` stands in its place
  rows      of a page of the list (beside the limit that is asked for)
  fields    the order of the fields, whatever is asked for
  faults    a list of {path, times?, status?, retry_after?, body?, type?, cut?, location?, delay?}: for addresses that begin with
            path, the first so many times
  key       what every page says is its resumption key
  jobs      a list of what Save Page Now's job says, one answer after the other; the last one stays
LOG gets a line for each request: method, target, Authorization, body.
"""
import base64
import gzip
import hashlib
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
port_file, script_path, log_path, lifetime = sys.argv[1:5]
met = {}
asked = {"jobs": 0}


def script():
    with open(script_path, encoding="utf-8") as file:
        return json.load(file)


def payload(capture, key="body"):
    body = capture.get(key, capture["body"]).encode()
    return gzip.compress(body, mtime=0) if capture.get("coding") == "gzip" else body


def digest(body):
    return base64.b32encode(hashlib.sha1(body).digest()).decode()


def row(capture, url, fields):
    said = {
        "urlkey": "key",
        "timestamp": capture["stamp"],
        "original": capture.get("original", url),
        "mimetype": capture.get("mimetype", "text/html"),
        "statuscode": capture.get("status", "200"),
        "digest": capture.get("digest", digest(payload(capture))),
        "length": "1",
    }
    return capture["row"] if "row" in capture else [said[name] for name in fields]


def cdx(told, query):
    url = query["url"][0]
    fields = query.get("fl", [",".join(FIELDS)])[0].split(",")
    fields = [name for name in told.get("fields", fields) if name in fields]
    taken = []
    for capture in told["captures"]:
        stamp = capture["stamp"]
        if stamp[: len(query.get("from", [""])[0])] < query.get("from", [""])[0] or "to" in query and stamp[: len(query["to"][0])] > query["to"][0]:
            continue
        this = row(capture, url, fields)
        if query.get("collapse") == ["digest"] and "row" not in capture and taken and this[fields.index("digest")] in taken[-1]:
            continue
        taken.append(this)
    begin = int(query["resumeKey"][0].rsplit(" ", 1)[1]) if "resumeKey" in query and "key" not in told else 0
    end = begin + min(int(query["limit"][0]), told.get("rows", 1 << 30))
    page = [fields] + taken[begin:end] if taken else []
    if end < len(taken) or "key" in told:
        page += [[], [told.get("key", "org%2Cexample%29%2F+" + str(end))]]
    return page


class Wayback(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=(), cut=0):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + cut))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = cut > 0

    def answer_json(self, value):
        self.answer(200, json.dumps(value).encode(), [("Content-Type", "application/json")])

    def fault(self, told):
        for i, fault in enumerate(told.get("faults", [])):
            if not self.path.startswith(fault["path"]) or met.get((self.path.split("?")[0], i), 0) >= fault.get("times", 1 << 30):
                continue
            time.sleep(fault.get("delay", 0))
            met[(self.path.split("?")[0], i)] = met.get((self.path.split("?")[0], i), 0) + 1
            headers = [(name, str(fault[key])) for name, key in (("Retry-After", "retry_after"), ("Location", "location"), ("Content-Type", "type")) if key in fault]
            self.answer(fault.get("status", 200), fault.get("body", "").encode(), headers, fault.get("cut", 0))
            return True
        return False

    def memento(self, told):
        stamp, original = self.path[len("/web/") :].split("/", 1)
        for capture in told["captures"]:
            if stamp != capture["stamp"] + "id_" or original != capture.get("original", original):
                continue
            headers = [("Content-Type", "text/html"), ("Memento-Datetime", "x"), ("x-archive-orig-server", "made")]
            if capture.get("coding"):
                headers.append(("Content-Encoding", capture["coding"]))
            return self.answer(200, payload(capture, "served"), headers)
        return self.answer(404, b"<html>not in archive</html>", [("Content-Type", "text/html")])

    def handle_one(self, body):
        with open(log_path, "a", encoding="utf-8") as log:
            print(self.command, self.path, self.headers.get("Authorization", "-"), body, sep="\t", file=log)
        told = script()
        target = urllib.parse.urlsplit(self.path)
        if self.fault(told):
            return
        if target.path == "/cdx/search/cdx":
            self.answer_json(cdx(told, urllib.parse.parse_qs(target.query)))
        elif target.path.startswith("/web/"):
            self.memento(told)
        elif target.path == "/save" and self.command == "POST":
            url = urllib.parse.parse_qs(body)["url"][0]
            asked["url"] = url
            self.answer_json({"url": url, "job_id": told.get("job", "spn2-0123456789abcdef0123456789abcdef01234567")})
        elif target.path.startswith("/save/status/"):
            jobs = told["jobs"]
            said = jobs[min(asked["jobs"], len(jobs) - 1)]
            asked["jobs"] += 1
            self.answer_json(dict({"job_id": target.path.rsplit("/", 1)[1], "original_url": asked.get("url")}, **said))
        else:
            self.answer(404, b"no")

    def do_GET(self):
        self.handle_one("")

    def do_POST(self):
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())


def end():
    time.sleep(float(lifetime))
    os._exit(0)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wayback)
threading.Thread(target=end, daemon=True).start()
with open(port_file + ".part", "w", encoding="utf-8") as file:
    print(server.server_port, file=file)
os.rename(port_file + ".part", port_file)
server.serve_forever()
