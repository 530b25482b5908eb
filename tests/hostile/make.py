# SPDX-License-Identifier: ISC
#
# Makes the pages that tests/hostile/run serves: make.py FOLDER PORT
#
# For each case NAME, FOLDER/healthy/NAME is what the page was before,
# FOLDER/hostile/NAME and NAME.fault what it becomes, FOLDER/red/NAME what it
# is in the end: "Mail" down. FOLDER/cases has a line for each, separated by
# tabs: group, name, kind, what is expected (a pattern of the one line, or "!"
# for a page that is to be read all the same, with Mail down), and a sentence.
import gzip
import json
import os
import sys

folder, port = sys.argv[1], sys.argv[2]
here = "http://127.0.0.1:" + port
MIB = 1024 * 1024

LAMPS = [("mail", "Mail"), ("chat", "Chat"), ("files", "Files")]


def as_json(mail="up", extra=""):
    rows = ",".join('{"id":"%s","name":"%s","status":"%s"}' % (i, n, mail if i == "mail" else "up") for i, n in LAMPS)
    return '{"title":"Board","rows":[%s%s]}' % (rows, extra)


def as_html(mail="up", before="", inside="", after=""):
    rows = "".join('<tr class="row" id="%s"><td>%s</td><td>%s</td></tr>\n' % (i, n, mail if i == "mail" else "up")
                   for i, n in LAMPS)
    return ('<!DOCTYPE html>\n<html><head>%s<title>Board</title></head><body><h1>Board</h1>%s\n<table id="board">\n%s'
            '</table>%s</body></html>\n' % (before, inside, rows, after))


def as_xml(mail="up", prolog='<?xml version="1.0"?>', inside=""):
    rows = "".join("<item><guid>%s</guid><title>%s</title><description>%s</description></item>\n"
                   % (i, n, mail if i == "mail" else "up") for i, n in LAMPS)
    return '%s\n<rss version="2.0"><channel><title>Board</title>\n%s%s</channel></rss>\n' % (prolog, inside, rows)


def as_trouble(mail="up", before=""):
    trouble = '<p class="trouble" title="down">Mail</p>' if mail == "down" else ""
    return '<!DOCTYPE html><html><body><h1>Board</h1>%s%s</body></html>' % (before, trouble)


FORMS = {"json": as_json, "html": as_html, "xml": as_xml, "trouble": as_trouble}
cases = []


def write(name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def case(name, form, expected, sentence, body=None, fault=None, kind=None):
    """form: what the page is before and after; body: what it becomes; fault: what the server does with it."""
    make = FORMS[form]
    write("healthy/" + name, make())
    write("red/" + name, make("down"))
    write("hostile/" + name, make() + " " if body is None else body)
    if fault is not None:
        write("hostile/%s.fault" % name, fault)
    cases.append((group, name, kind or ("trouble" if form == "trouble" else "board"), expected, sentence))


RED = "!"

# XML
group = "xml"
laughs = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">%s]>' % "".join(
    '<!ENTITY a%d "%s">' % (i, ("&a%d;" % (i - 1)) * 10) for i in range(1, 12))
case("laughs", "xml", "declares entities", "a billion laughs are refused",
     as_xml(prolog=laughs, inside="<x>&a11;</x>"))
case("entity-file", "xml", "declares entities", "an entity of file: is refused",
     as_xml(prolog='<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file://%s/secret">]>' % folder,
            inside="<item><guid>x</guid><title>&x;</title><description>up</description></item>"))
case("entity-http", "xml", "declares entities", "an entity of http: is refused",
     as_xml(prolog='<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "%s/fetched-entity">]>' % here,
            inside="<x>&x;</x>"))
case("entity-parameter", "xml", "declares entities", "a parameter entity of http: is refused",
     as_xml(prolog='<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY %% x SYSTEM "%s/fetched-parameter"> %%x;]>' % here))
case("dtd-http", "xml", RED, "an outer DTD is not fetched",
     as_xml("down", prolog='<?xml version="1.0"?><!DOCTYPE rss SYSTEM "%s/fetched-dtd">' % here))
case("xinclude", "xml", RED, "an XInclude includes nothing",
     as_xml("down", inside='<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file://%s/secret" '
            'parse="text"/></x>' % folder))
case("stylesheet", "xml", RED, "a stylesheet is not fetched",
     as_xml("down", prolog='<?xml version="1.0"?><?xml-stylesheet href="%s/fetched-style" type="text/xsl"?>' % here))
case("nested-xml", "xml", "not XML.*depth", "5 MB of nested XML", as_xml(inside="<a>" * (5 * MIB // 3)))
case("attributes", "xml", "more than 1000 attributes", "an element with 100,000 attributes of one name",
     as_xml(inside="<a %s/>" % ('b="" ' * 100000)))
case("undefined-entity", "xml", "not XML", "an entity that nobody defines", as_xml(inside="<x>&nobody;</x>"))

# HTML
group = "html"
case("nested-html", "html", "nested", "5 MB of nested HTML", as_html(before="", inside="<div>" * MIB))
case("nested-hiding", "trouble", "nested", "an outage behind 1,000 nested elements is not read as none",
     as_trouble("down", before="<b>" * 1000))
case("base-href", "html", RED, "a base address in HTML leads nowhere",
     as_html("down", before='<base href="%s/fetched-base"><link rel=import href="%s/fetched-import">' % (here, here)))
# Some 0.7 s of a reader's five; with sanitizers seven times as long.
case("many-tags", "html", RED, "3 MB of elements", as_html("down", inside="<i></i>" * (3 * MIB // 7)))

# Characters
group = "characters"
case("nul-html", "html", RED, "NUL bytes in HTML",
     as_html("down").replace("<h1>", "<h1>\0\0").encode())
case("nul-json", "json", "not JSON", "NUL bytes in JSON", as_json("down").replace("{", "{\0", 1).encode())
case("nul-xml", "xml", RED, "NUL bytes in XML",
     as_xml("down").replace("<channel>", "<channel>\0").encode())
for label, codec, mark in (("utf16le", "utf-16-le", b"\xff\xfe"), ("utf16be", "utf-16-be", b"\xfe\xff")):
    for form in ("json", "html", "xml"):
        text = FORMS[form]("down").replace("Mail", "M\u00e4il \u2014 \U0001f4e7") if form == "html" else FORMS[form]("down")
        case("%s-%s-mark" % (label, form), form, RED, "%s as %s with a byte order mark" % (form, codec),
             mark + text.encode(codec))
        case("%s-%s" % (label, form), form, RED, "%s as %s without a byte order mark" % (form, codec),
             text.encode(codec))
case("utf8-mark", "json", RED, "JSON with a byte order mark", b"\xef\xbb\xbf" + as_json("down").encode())
case("charset-header", "html", RED, "a charset in the header that is wrong", as_html("down"),
     "wrong-charset=utf-16")
case("charset-unknown", "html", RED, "a charset in the page that nobody knows",
     as_html("down", before='<meta charset="x-klingon">'))
case("charset-lies", "html", RED, "UTF-8 that calls itself Latin-1",
     as_html("down", before='<meta charset="iso-8859-1">', inside="<p>\u00e4\u2014</p>"))
case("charset-utf16-lies", "xml", RED, "UTF-8 that calls itself UTF-16",
     as_xml("down", prolog='<?xml version="1.0" encoding="UTF-16"?>'))
case("charset-utf7", "html", RED, "UTF-7 is text",
     as_html("down", before='<meta charset="utf-7">', inside="+ADw-script+AD4-"))
case("latin1", "html", RED, "Latin-1 that calls itself so",
     as_html("down", before='<meta charset="iso-8859-1">', inside="<p>\u00e4</p>").encode("latin-1"))
case("invalid-utf8", "json", RED, "bytes that are no UTF-8",
     as_json("down", ',{"id":"x","name":"X\\","status":"up"}').encode().replace(b"X\\", b"\xff\xfe\xc0\xaf\xed\xa0\x80"))
case("only-bom", "html", "empty", "a byte order mark and nothing behind it", b"\xff\xfe")
case("half-unit", "html", RED, "UTF-16 with half a character at its end",
     b"\xff\xfe" + as_html("down").encode("utf-16-le") + b"x")
case("binary", "html", "not as expected", "bytes without any sense", bytes(range(256)) * 400)

# JSON
group = "json"
case("deep-json", "json", "not JSON.*depth", "JSON 100,000 deep", "[" * 100000)
case("deep-objects", "json", "not JSON.*depth", "JSON objects 100,000 deep",
     '{"title":"Board","rows":' + '{"a":' * 100000 + "1" + "}" * 100000 + "}")
case("surrogates", "json", "not JSON.*Unicode", "lone surrogates",
     as_json("down", ',{"id":"x","name":"\\ud800 X \\udc00","status":"up"}'))
case("numbers", "json", "not JSON.*overflow", "numbers beyond every size",
     as_json("down", ',{"id":1e999999,"name":"huge","status":"up"},{"id":%s,"name":"long","status":"up"}' % ("9" * 100000)))
case("duplicate-keys", "json", RED, "of a key that stands twice, the last counts",
     as_json("down").replace('"status":"down"', '"status":"up","status":"down"'))
case("bare-json", "json", "not as expected", "a document that is one word", '"up"')
case("nan", "json", "not JSON", "NaN is no JSON", as_json().replace('"up"', "NaN", 1))
case("escaped-nul", "json", RED, "an escaped NUL in a name",
     as_json("down", ',{"id":"x","name":"a\\u0000b","status":"up"}'))
case("many-rows", "json", "more than 20000|more time or memory", "200,000 indicators",
     as_json(extra="".join(',{"id":%d,"name":"N","status":"up"}' % i for i in range(200000))))
case("long-name", "json", RED, "a name of a megabyte",
     as_json("down", ',{"id":"%s","name":"%s","status":"%s"}' % ("i" * MIB, "n\u00e4" * (MIB // 2), "w" * MIB)))
case("no-name", "json", "row 4 has none", "a row without a name", as_json(extra=',{"id":"x","status":"up"}'))

# HTTP
group = "http"
case("gzip-bomb", "json", "larger than 8388608", "a gzip bomb", None, "gzip-bomb")
case("gzip-twice", "json", RED, "gzip in gzip", gzip.compress(gzip.compress(as_json("down").encode())),
     "header=Content-Encoding: gzip, gzip")
case("gzip-bomb-twice", "json", "longer than 8388608 bytes when decompressed", "a gzip bomb in gzip",
     gzip.compress(gzip.compress(b" " * (200 * MIB), 9), 9), "header=Content-Encoding: gzip, gzip")
case("gzip-many", "json", "more than 5 codings", "a body encoded nine times", None,
     "header=Content-Encoding: " + ", ".join(["gzip"] * 9))
case("gzip-none", "json", RED, "what calls itself gzip and is none", as_json("down"),
     "header=Content-Encoding: gzip")
case("endless-body", "json", "larger than 8388608", "a body without end", None, "endless-body")
case("endless-headers", "json", "header.* too large", "headers without end", None, "endless-headers")
case("endless-header-line", "json", "header.* too large", "one header line without end", None, "endless-header-line")
case("drip", "json", "within 8 s", "a byte each second", None, "drip=1000")
case("hang", "json", "within 8 s", "a server that says nothing", None, "hang")
case("truncated", "json", "ended early", "a body that is cut", None, "truncated")
case("reset", "json", "connection lost", "a connection that is reset", None, "reset")
case("close", "json", "connection closed without an answer", "a connection that is closed", None, "close")
case("redirect-loop", "json", "more than 5 redirects", "redirects without end", None, "redirect-loop")
for scheme, target in (("file", "file://%s/secret" % folder), ("ftp", "ftp://127.0.0.1:%s/fetched-ftp" % port),
                       ("gopher", "gopher://127.0.0.1:%s/_GET%%20/fetched-gopher" % port)):
    case("redirect-" + scheme, "json", "neither http nor https", "a redirect to %s:" % scheme, None, "redirect=" + target)
case("etag-quotes", "json", RED, "an ETag with quotes and backslashes", as_json("down"),
     'no-validators;header=ETag: "a"b\\"c,"d"')
case("etag-return", "json", RED, "an ETag with a carriage return", as_json("down"),
     'no-validators;header=ETag: "a\rX-Injected: yes"')
case("etag-long", "json", RED, "an ETag of 100 kB", as_json("down"),
     'no-validators;header=ETag: "%s"' % ("e" * 100000))
case("etag-bytes", "json", RED, "an ETag of bytes that are no text", as_json("down"),
     b'no-validators;header=ETag: "\xff\xfe\x1b[31m"')
for label, value in (("long", "9" * 18), ("huge", "9" * 40), ("negative", "-5"), ("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
                     ("words", "soon"), ("bytes", "\u00ff\u0001")):
    case("retry-" + label, "json", "HTTP 503", "Retry-After that says %s" % label, None,
         "status=503;retry-after=" + value)
case("status", "json", "HTTP 999", "a status that nobody knows", None, "status=999")

# What a kind may be led into
group = "work"
case("regex", "json", "match limit", "a regular expression that backtracks without end",
     as_json(extra=',{"id":"x","name":"%sb","status":"up"}' % ("a" * 50000)), kind="pattern")
case("xpath", "html", "than a page may", "an XPath of quadratic work over 400 kB",
     as_html(inside="".join("<p>%s</p>" % ("x" * 90) for i in range(4000)) +
             "<table>%s</table>" % ('<tr class="row"><td>a</td><td>up</td></tr>' * 100)), kind="slow")

# Each two bytes become an element with an attribute and a text: 1.9 GB, twice what a reader may take.
case("json-bomb", "json", "than a page may", "8 MB of numbers: the child's memory is bounded",
     '{"title":"Board","rows":[' + "1," * (8 * MIB // 2 - 100) + "1]}")

# What reaches mails, webhooks and terminals
ESCAPES = "\x1b[38;5;201mowned\x1b]0;owned\x07\x9b31m\u202eowned\u2066\u2028"
NAMES = ["Mail\r\nBcc: evil@evil.example\r\n\r\nowned", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
         "tab\tand\nline\\t", "../../../../etc/passwd", "<!channel> @everyone <@U1>", "{{name}} {{{name}}} {{>body}}",
         "%s%n%s%n", "=?utf-8?q?owned?=", ".", "--=_90f2de6ba581ae9645d3f9d1e57ece90", ESCAPES, "'; drop table pages; --"]


def as_names(status):
    return json.dumps({
        "title": "Board\r\nX-Injected: yes <script>" + ESCAPES,
        "rows": [{"id": name if i % 2 else "../%d" % i, "name": name, "status": status} for i, name in enumerate(NAMES)],
        "incidents": [{"id": "../../x\r\nX-Injected: id", "title": name, "state": name, "url": url, "text": name + "\n.\r\n"}
                      for name, url in zip(NAMES, ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
                                                   'https://x.example/"><script>alert(1)</script>'] * 5)]
        if status == "down" else []})


# Half a second of a reader, by the kind `slow`
write("hostile/many-slow", as_html(inside="".join("<p>%s</p>" % ("x" * 90) for i in range(300))))
write("names/up", as_names("up"))
write("names/down", as_names("down"))
write("secret", "the-secret-of-this-machine\n")
write("cases", "".join("\t".join(row) + "\n" for row in cases))
