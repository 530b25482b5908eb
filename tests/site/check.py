#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Checks every page of a site: check.py ARCHIVE

Prints one line for each thing that is wrong: an element that is not closed, a link that leads nowhere or
out, a script that the policy does not name, a handler, a policy that does not come first, a frame that is not sandboxed, an id used twice, XML or
JSON that does not parse. The last line counts what was looked at.
"""
import base64
import hashlib
import html.parser
import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree

VOID = set("area base br col embed hr img input link meta source track wbr".split())
POLICY = "default-src 'none'"
root = pathlib.Path(sys.argv[1])
wrong = []
pages = links = frames = 0


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.path, self.open, self.ids, self.metas = path, [], set(), []
        self.script = None

    def complain(self, words):
        wrong.append(f"{self.path.relative_to(root)}:{self.getpos()[0]}: {words}")

    def handle_startendtag(self, tag, attributes):
        self.look(tag, dict(attributes))

    def handle_starttag(self, tag, attributes):
        self.look(tag, dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.script += data

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complain(f"</{tag}> closes what is not open")

    def look(self, tag, attributes):
        if tag in ("object", "embed", "base", "form") or (tag == "script" and attributes):
            self.complain(f"a {tag} element")
        if tag == "script":
            self.script = ""
        if tag == "meta":
            self.metas.append(attributes)
        if tag == "link" and attributes.get("rel") == "stylesheet" and len(self.metas) < 2:
            self.complain("something is loaded before the policy")
        for name, value in attributes.items():
            if name.startswith("on"):
                self.complain(f"a handler, {name}")
            if name == "id" and value in self.ids:
                self.complain(f"the id {value} is used twice")
            if name == "id":
                self.ids.add(value)
            if name in ("href", "src", "poster", "action", "srcset", "data"):
                self.follow(value or "")
        if tag == "iframe":
            self.frame(attributes)

    def follow(self, target):
        global links
        links += 1
        parts = urllib.parse.urlsplit(target)
        if target == "data:,":  # the icon that is none
            return
        if parts.scheme or parts.netloc or target.startswith("/"):
            return self.complain(f"leads out: {target}")
        if not parts.path:
            return
        goal = (self.path.parent / urllib.parse.unquote(parts.path)).resolve()
        if root.resolve() not in goal.parents or not goal.is_file():
            self.complain(f"leads nowhere: {target}")

    def frame(self, attributes):
        global frames
        frames += 1
        start = "<meta http-equiv=\"Content-Security-Policy\" content=\"" + POLICY
        if attributes.get("sandbox") != "" or "src" in attributes:
            self.complain("a frame that is not sandboxed")
        if not attributes.get("srcdoc", "").startswith(start):
            self.complain("a copy that does not begin with a policy")
        if not attributes.get("title"):
            self.complain("a frame without a title")

    def end(self):
        if self.open:
            self.complain(f"not closed: {self.open}")
        policy = self.metas[1] if len(self.metas) > 1 else {}
        if policy.get("http-equiv") != "Content-Security-Policy" or not policy["content"].startswith(POLICY):
            self.complain("the policy does not come first")
        if self.script is not None:
            source = base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()
            if f"; script-src 'sha256-{source}';" not in policy.get("content", ""):
                self.complain("a script that the policy does not name")
        elif "script-src" in policy.get("content", ""):
            self.complain("the policy lets a script in, and there is none")


for path in sorted(root.rglob("*")):
    if ".state" in path.relative_to(root).parts or not path.is_file():
        continue
    pages += path.suffix == ".html"
    try:
        if path.suffix == ".html":
            page = Page(path)
            page.feed(path.read_text(encoding="utf-8"))
            page.close()
            page.end()
        elif path.suffix in (".xml", ".svg"):
            tree = xml.etree.ElementTree.parse(path)
            ids = [each.text for each in tree.iter("{http://www.w3.org/2005/Atom}id")]
            if len(ids) != len(set(ids)):
                wrong.append(f"{path.relative_to(root)}: an id is used twice")
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError, xml.etree.ElementTree.ParseError) as error:
        wrong.append(f"{path.relative_to(root)}: {error}")

for line in wrong[:40]:
    print(line)
print(f"{pages} pages, {links} links, {frames} frames, {len(wrong)} wrong")
sys.exit(1 if wrong or pages == 0 else 0)
