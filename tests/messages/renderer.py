# SPDX-License-Identifier: ISC
"""tests/messages/render.c, one request after the other."""
import json
import subprocess
import tempfile


class Renderer:
    def __init__(self, program, templates):
        self.process = subprocess.Popen([program, templates], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def file(self, path, *parts):
        """For each part whether it is rendered, and its bytes or why not."""
        self.process.stdin.write("\t".join([path, *parts]).encode() + b"\n")
        self.process.stdin.flush()
        results = []
        for _ in parts:
            word, length = self.process.stdout.readline().split()
            results.append((word == b"rendered", self.process.stdout.read(int(length))))
        return results

    def data(self, data, *parts):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(data, file)
            file.flush()
            return self.file(file.name, *parts)

    def end(self):
        """The exit status."""
        self.process.stdin.close()
        return self.process.wait()
