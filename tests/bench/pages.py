#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the benchmark watches: 1,000 pages, each on a host of its own, and the lists of them.

    pages.py pages FOLDER            FOLDER/HOST/… : 400 of HTML (70 kB), 400 of JSON (5 kB), 200 of RSS (20 kB),
                                     by address (127.1.x.y) and, as links, by name (hN.st.localhost)
    pages.py listen PORT…            nginx's lines for all addresses and ports
    pages.py lampwatch SCHEME PORT   the `pages:` of a configuration
    pages.py curl SCHEME PORT        a file for curl -K
    pages.py urlwatch SCHEME PORT    a file for urlwatch --urls
    pages.py filtered SCHEME PORT    the same, with what picks the components out of a page of HTML
    pages.py large FILE              a Statuspage summary of 470 components in 40 groups (210 kB)
    pages.py turn FOLDER [N…]        the first indicator of each of those pages, or of those numbers, goes down, or comes back; no
                                     file looks newer
    pages.py red FILE                makes the Statuspage summary in FILE say that its first component is down

SCHEME: http (by address), https (by name), or name (HTTP by name: one summary for all)."""
import os
import sys

COUNT = 1000
CHANGED = 1390590000  # every file is as old as every other, so that one If-Modified-Since fits all


def identity(page, component=0):
    """Twelve letters and digits, as Statuspage numbers things."""
    return "%04d%04dexam" % (page, component)


def html(page):
    rule = ("  .layout-content.status.status-index .status-day .update-title.impact-%s a,\n"
            "  .layout-content.status.status-index .page-status.status-%s,\n"
            "  .components-container .component-inner-container.status-%s .icon-indicator {\n    color:#d65c40;\n  }\n")
    rect = ('    <rect height="34" width="3" x="%d" y="0" fill="#40d269" '
            'class="uptime-day component-%s day-%d" data-html="true" />\n')
    row = ('<div class="component-container border-color">\n\n<div data-component-id="%s"\n'
           '     class="component-inner-container status-green showcased"\n'
           '     data-component-status="operational"\n     data-js-hook="">\n\n'
           '   <span class="name">\n      Service %d of page %d\n   </span>\n\n'
           '    <span class="tooltip-base tool" title="What service %d does">?</span>\n\n'
           '  <span\n    class="component-status "\n    title=""\n  >\n    Operational\n  </span>\n\n'
           '  <span class="tool icon-indicator fa fa-check" title="Operational"></span>\n'
           '    <div class="shared-partial uptime-90-days-wrapper">\n  <svg height="34" viewBox="0 0 448 34">\n%s'
           '  </svg>\n</div>\n</div>\n</div>\n')
    rows = "".join(row % (identity(page, i), i, page, i,
                          "".join(rect % (5 * day, identity(page, i), day) for day in range(8)))
                   for i in range(31))
    rules = "".join(rule % (word, word, word) for word in ("critical", "major", "minor", "maintenance", "none") * 14)
    return ('<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    <title>Page %d Status</title>\n'
            '<style>\n%s</style>\n  </head>\n  <body class="status index status-none">\n'
            '<div class="layout-content status status-index premium">\n'
            '<div class="page-status status-none">\n<span class="status font-large">\n  All Systems Operational\n'
            '</span>\n</div>\n<div class="components-section font-regular">\n'
            '<div class="components-container one-column">\n%s</div>\n</div>\n</div>\n</body>\n</html>\n'
            % (page, rules, rows))


def summary(page):
    component = ('{"id":"%s","name":"Service %d of page %d","status":"operational","created_at":"2023-07-11T17:52:24.275Z",'
                 '"updated_at":"2026-07-29T19:49:45.435Z","position":%d,"description":null,"showcase":true,'
                 '"start_date":"2023-07-11","group_id":null,"page_id":"%s","group":false,"only_show_if_degraded":false}')
    return ('{"page":{"id":"%s","name":"Page %d","url":"https://status.example.com","time_zone":"Etc/UTC",'
            '"updated_at":"2026-07-29T20:24:35.022Z"},"components":[%s],"incidents":[],"scheduled_maintenances":[],'
            '"status":{"indicator":"none","description":"All Systems Operational"}}'
            % (identity(page), page, ",".join(component % (identity(page, i), i, page, i, identity(page))
                                             for i in range(15))))


def large(components=470, groups=40):
    row = ('{"id":"%s","name":"Service %d","status":"operational","created_at":"2023-07-11T17:52:24.275Z",'
           '"updated_at":"2026-07-29T19:49:45.435Z","position":%d,"description":"What service %d does for those who '
           'depend on it, and where it is to be had","showcase":true,"start_date":"2023-07-11","group_id":%s,'
           '"page_id":"%s","group":%s,"only_show_if_degraded":false%s}')
    rows = [row % (identity(1, 1000 + g), 1000 + g, g, 1000 + g, "null", identity(1), "true", ',"components":[%s]' % ",".join(
        '"%s"' % identity(1, i) for i in range(g, components, groups))) for g in range(groups)]
    rows += [row % (identity(1, i), i, i, i, '"%s"' % identity(1, 1000 + i % groups), identity(1), "false", "")
             for i in range(components)]
    return ('{"page":{"id":"%s","name":"Large","url":"https://status.example.com","time_zone":"Etc/UTC",'
            '"updated_at":"2026-07-29T20:24:35.022Z"},"components":[%s],"incidents":[],"scheduled_maintenances":[],'
            '"status":{"indicator":"none","description":"All Systems Operational"}}' % (identity(1), ",".join(rows)))

def rss(page):
    item = ('    <item>\n      <title>Service %d of page %d</title>\n      <link>http://www.example.com/appsstatus#hl=en</link>\n'
            '      <description>&lt;p&gt;&lt;i&gt;&lt;img align="absmiddle" height="20" width="20" '
            'src="http://www.example.com/appsstatus/img/green.gif" /&gt;&amp;nbsp;November 25, 2014 1:11:00 PM PST'
            '&lt;/i&gt;&lt;/p&gt;&lt;p&gt;%s&lt;/p&gt;</description>\n      <pubDate>Tue, 25 Nov 2014 21:11:00 GMT</pubDate>\n'
            '      <guid isPermaLink="false">http://www.example.com/appsstatus#hl=en</guid>\n'
            '      <dc:date>2014-11-25T21:11:00Z</dc:date>\n    </item>\n')
    words = "The problem with the service should be resolved. We apologize for the inconvenience. " * 3
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">\n'
            '  <channel>\n    <title>Apps Status Dashboard</title>\n    <link>http://www.example.com/appsstatus/rss/en</link>\n'
            '    <description>Page %d</description>\n%s  </channel>\n</rss>\n'
            % (page, "".join(item % (i, page, words) for i in range(25))))


# What a page's number says of it: kind, the path that stands in the configuration, the path that is fetched, its text.
FORMS = [("statuspage-html", "/", "/index.html", html),
         ("statuspage-html", "/", "/index.html", html),
         ("statuspage", "/", "/api/v2/summary.json", summary),
         ("statuspage", "/", "/api/v2/summary.json", summary),
         ("google-apps-rss", "/rss/en", "/rss/en", rss)]


def host(scheme, page):
    return "127.1.%d.%d" % (page // 250, page % 250 + 1) if scheme == "http" else "h%d.st.localhost" % page


def form(scheme, page):
    """Kind, configured URL's path, fetched path."""
    return FORMS[2][:3] if scheme == "name" else FORMS[page % len(FORMS)][:3]


def base(scheme, page, port):
    return "%s://%s:%s" % ("https" if scheme == "https" else "http", host(scheme, page), port)


def write_pages(folder):
    for page in range(COUNT):
        path = folder + "/" + host("http", page) + FORMS[page % len(FORMS)][2]
        os.makedirs(os.path.dirname(path))
        with open(path, "w") as file:
            file.write(FORMS[page % len(FORMS)][3](page))
        os.utime(path, (CHANGED, CHANGED))
        os.symlink(host("http", page), folder + "/" + host("https", page))


def write_red(path):
    with open(path) as file:
        text = file.read().replace('"status":"operational"', '"status":"major_outage"', 1)
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)


# What stands in each form of a page where its first indicator works, and where it is down; not of the same length, so that
# the server's ETag is another one.
TURNS = {"/index.html": ('status-green showcased"\n     data-component-status="operational"',
                         'status-red showcased"\n     data-component-status="major_outage"'),
         "/api/v2/summary.json": ('"status":"operational"', '"status":"major_outage"'),
         "/rss/en": ("img/green.gif", "img/red.gif")}


def turn_pages(folder, pages):
    for page in pages:
        fetched = form("http", page)[2]
        works, down = TURNS[fetched]
        path = folder + "/" + host("http", page) + fetched
        with open(path) as file:
            text = file.read()
        text = text.replace(down, works) if down in text else text.replace(works, down, 1)
        with open(path + ".part", "w") as file:
            file.write(text)
        os.utime(path + ".part", (CHANGED, CHANGED))
        os.rename(path + ".part", path)


def main(what, *words):
    if what == "pages":
        write_pages(words[0])
    elif what == "turn":
        turn_pages(words[0], [int(word) for word in words[1:]] or range(COUNT))
    elif what == "red":
        write_red(words[0])
    elif what == "large":
        with open(words[0], "w") as file:
            file.write(large())
    elif what == "listen":
        for page in range(COUNT):
            for port in words:
                print("listen %s:%s;" % (host("http", page), port))
    else:
        for page in range(COUNT):
            kind, configured, fetched = form(words[0], page)
            if what == "lampwatch":
                print("  - {name: p%03d, url: \"%s%s\", kind: %s}" % (page, base(*words[:1], page, words[1]), configured, kind))
            elif what == "curl":
                print('url = "%s%s"\noutput = "/dev/null"' % (base(words[0], page, words[1]), fetched))
            else:
                print('%surl: "%s%s"' % ("---\n" if page > 0 else "", base(words[0], page, words[1]), fetched))
                if what == "filtered" and fetched == "/index.html":
                    print('filter: [{xpath: "//div[@data-component-id]"}]')


main(*sys.argv[1:])
