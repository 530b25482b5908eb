# SPDX-License-Identifier: ISC
"""What the tests in Python share, as tests/harness.sh is what those of the shell do: a private folder, servers that end
with the test, pages, the mails that came, and the lines of TAP."""
import difflib
import email
import email.policy
import glob
import hashlib
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Of every process that a test starts.
ENVIRONMENT = {**{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
               "LC_ALL": "C.UTF-8", "LAMPWATCH_TEMPLATES": os.path.join(ROOT, "templates"),
               "LAMPWATCH_RESOLVER": os.environ.get("LAMPWATCH_RESOLVER", "127.0.0.1:9")}


def unsanitized(build):
    """The program to be killed, starved or run many times: without sanitizers, where the build has both."""
    plain = os.path.join(build, "tests/lampwatch")
    return plain if os.path.exists(plain) else os.path.join(build, "src/lampwatch")


class Servers:
    """Servers of tests/servers, with their files in a folder."""

    def __init__(self, build, work, lifetime=900):
        self.build, self.work, self.lifetime, self.processes = build, work, lifetime, []

    def start(self, program, name, *options):
        """Returns the port."""
        port = os.path.join(self.work, name + ".port")
        self.processes.append(subprocess.Popen(
            [os.path.join(self.build, "tests", program), "--port-file", port, "--log", os.path.join(self.work, name + ".log"),
             "--lifetime", str(self.lifetime), *options], start_new_session=True))
        for _ in range(200):
            if os.path.exists(port) and os.path.getsize(port) > 0:
                with open(port) as file:
                    return int(file.read())
            time.sleep(0.05)
        sys.exit(f"Bail out! {program} did not start")

    def http(self, name, **folders):
        """Its root is the folder of that name."""
        return self.start("http-server", name, "--root", os.path.join(self.work, name),
                          *(word for option, folder in folders.items() for word in (f"--{option}", folder)))

    def smtp(self, name, script=""):
        """Mails go to the folder of that name."""
        with open(os.path.join(self.work, name + ".script"), "w") as file:
            file.write(script)
        os.makedirs(os.path.join(self.work, name), exist_ok=True)
        return self.start("smtp-server", name, "--mails", os.path.join(self.work, name),
                          "--script", os.path.join(self.work, name + ".script"))

    def end(self):
        for server in self.processes:
            server.terminate()
            server.wait()


def publish(path, text):
    """The file appears whole, as a page does that somebody publishes."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)


def statuspage(indicator, *statuses):
    """A page in Statuspage's format, of the components Mail, Chat and Files."""
    rows = [{"id": f"component{i}", "name": name, "group": False, "group_id": None, "status": status}
            for i, (name, status) in enumerate(zip(("Mail", "Chat", "Files"), statuses))]
    return json.dumps({"page": {"id": "exampleexamp", "name": "Example Services", "url": "https://status.example.com"},
                       "status": {"indicator": indicator, "description": "-"}, "components": rows, "incidents": [],
                       "scheduled_maintenances": []})


def digest(data):
    return hashlib.sha256(data).hexdigest()


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def mails(folder):
    """Those that a relay took, in the order in which they came: the mail and its digest."""
    for path in sorted(glob.glob(os.path.join(folder, "*.eml"))):
        data = contents(path)
        yield email.message_from_bytes(data, policy=email.policy.default), digest(data)


class Results:
    """Lines of TAP."""

    def __init__(self):
        self.number, self.failed = 0, 0

    def check(self, name, good, *why):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}", flush=True)
        for text in () if good else why:
            for line in text.splitlines():
                print(f"# {line}")

    def same(self, name, expected, got):
        self.check(name, expected == got, f"expected: {expected!r}", f"got:      {got!r}")

    def same_text(self, name, expected, got):
        """Of bytes, a line each: shows what differs."""
        lines = [text.decode(errors="backslashreplace").splitlines() for text in (expected, got)]
        self.check(name, expected == got, "\n".join(difflib.unified_diff(*lines, "expected", "got", lineterm="")))

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}")

    def finish(self):
        """Returns the exit status."""
        print(f"1..{self.number}")
        return 1 if self.failed or self.number == 0 else 0
