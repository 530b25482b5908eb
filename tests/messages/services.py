# SPDX-License-Identifier: ISC
"""services.py RENDER TEMPLATES CASES: what goes to each service keeps to what it has published.

The rules are written down here from the services' own documentation: required members, values of
enumerations, and lengths, each in the unit in which the service counts. They are asked of every
case, and of cases made here that are as long, as many and as hostile as they may be. Prints what
differs; with --list the services that have rules.
"""
import copy
import json
import re
import sys
from pathlib import Path

from renderer import Renderer

complaints = 0


def complain(what, detail):
    global complaints
    complaints += 1
    print(f"{what}: {detail}")


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def octets(text):
    return len(text.encode())


class Checker:
    """Collects what is wrong with one body."""

    def __init__(self, what):
        self.what = what

    def need(self, truth, detail):
        if not truth:
            complain(self.what, detail)

    def members(self, value, required, optional=()):
        self.need(isinstance(value, dict), f"{value!r} is no object")
        if isinstance(value, dict):
            self.need(set(required) <= set(value), f"missing: {set(required) - set(value)}")
            self.need(set(value) <= set(required) | set(optional),
                      f"unknown: {set(value) - set(required) - set(optional)}")

    def text(self, value, most, unit=len, least=1):
        self.need(isinstance(value, str), f"{value!r} is no text")
        if isinstance(value, str):
            self.need(least <= unit(value) <= most, f"{unit(value)} of at most {most}: {value[:60]!r}")
            self.need("\ufffd" not in value, "a character was cut in two")

    def url(self, value):
        self.need(re.fullmatch(r"https?://\S+", value or ""), f"{value!r} is no URL")


def slack(check, body, raw):
    check.members(body, ["text", "blocks"])
    check.text(body["text"], 4000)
    check.need(1 <= len(body["blocks"]) <= 50, "1 to 50 blocks")
    for block in body["blocks"]:
        if block["type"] == "section":
            check.members(block, ["type", "text"])
            check.members(block["text"], ["type", "text"])
            check.need(block["text"]["type"] in ("mrkdwn", "plain_text"), "type of text")
            check.text(block["text"]["text"], 3000)
        else:
            check.need(block["type"] == "context", "a section or a context")
            check.need(1 <= len(block["elements"]) <= 10, "1 to 10 elements")
            for element in block["elements"]:
                check.text(element["text"], 3000)
        text = json.dumps(block, ensure_ascii=False)
        check.need(not re.search(r"<(!|@|#|http)", text), "a mention or a link that a page could make")


def discord(check, body, raw):
    check.members(body, ["content", "embeds", "allowed_mentions"], ["username"])
    check.text(body["content"], 2000)
    check.text(body["username"], 80)
    check.need(body["allowed_mentions"] == {"parse": []}, "mentions are allowed")
    check.need(len(body["embeds"]) <= 10, "at most 10 embeds")
    total = 0
    for embed in body["embeds"]:
        check.members(embed, ["description", "footer"], ["color", "fields"])
        check.text(embed["description"], 4096, utf16)
        check.text(embed["footer"]["text"], 2048)
        check.need(0 <= embed.get("color", 0) <= 0xFFFFFF, "a colour")
        check.need(len(embed.get("fields", [])) <= 25, "at most 25 fields")
        for field in embed.get("fields", []):
            check.text(field["name"], 256)
            check.text(field["value"], 1024)
            total += len(field["name"]) + len(field["value"])
        total += len(embed["description"]) + len(embed["footer"]["text"])
    check.need(total <= 6000, f"{total} of at most 6000 characters in all")


def mattermost(check, body, raw):
    check.members(body, ["text", "attachments"], ["username"])
    check.text(body["text"], 16383)
    for attachment in body["attachments"]:
        check.members(attachment, ["fallback", "text"], ["color", "footer"])
        check.text(attachment["fallback"], 4000)
        check.need(attachment["color"] == "" or re.fullmatch("#[0-9a-f]{6}", attachment["color"]), "a colour")
    check.need(len(raw) <= 800000, "the attachments' limit")
    check.need(not re.search(r"@(all|channel|here)\b", raw), "a mention that calls everybody")


def teams_runs(check, block):
    check.members(block, ["type", "inlines"], ["separator"])
    check.need(len(block["inlines"]) > 0, "no inlines")
    for run in block["inlines"]:
        check.members(run, ["type", "text"], ["weight", "size", "color", "isSubtle", "selectAction"])
        if "selectAction" in run:
            check.members(run["selectAction"], ["type", "url"])
            check.need(run["selectAction"]["type"] == "Action.OpenUrl", "an action")
            check.url(run["selectAction"]["url"])
        check.need(run["type"] == "TextRun", "a TextRun")
        check.need(isinstance(run["text"], str), "a text")
        check.need(run.get("color", "Default") in ("Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"), f"a colour, not {run.get('color')!r}")
        check.need(run.get("weight", "Default") in ("Default", "Lighter", "Bolder"), "a weight")
        check.need(run.get("size", "Default") in ("Default", "Small", "Medium", "Large", "ExtraLarge"), "a size")


def teams(check, body, raw):
    check.members(body, ["type", "attachments"])
    check.need(body["type"] == "message", "a message")
    check.need(octets(json.dumps(body, ensure_ascii=False)) <= 28 * 1024, f"{len(raw)} of at most 28 KB")
    for attachment in body["attachments"]:
        check.members(attachment, ["contentType", "content"], ["contentUrl"])
        check.need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "a card")
        card = attachment["content"]
        check.members(card, ["type", "version", "body"], ["$schema", "msteams", "fallbackText", "actions"])
        check.need(card["type"] == "AdaptiveCard", "an AdaptiveCard")
        check.need(card["version"] in ("1.2", "1.3", "1.4", "1.5"), "a version with rich text, known to Teams")
        for block in card["body"]:
            check.need(block["type"] == "RichTextBlock", "rich text alone")
            teams_runs(check, block)
        for action in card["actions"]:
            check.members(action, ["type", "title", "url"])
            check.need(action["type"] == "Action.OpenUrl", "an action")
            check.url(action["url"])


def google_chat(check, body, raw):
    check.members(body, ["text", "cardsV2"])
    check.text(body["text"], 4096)
    check.need("<" not in body["text"], "a mention")
    check.need(len(body["cardsV2"]) == 1, "one card")
    for entry in body["cardsV2"]:
        check.members(entry, ["cardId", "card"])
        check.need(octets(json.dumps(entry, ensure_ascii=False)) <= 32000, f"{octets(json.dumps(entry, ensure_ascii=False))} of at most 32 KB")
        sections = entry["card"]["sections"]
        widgets = [widget for section in sections for widget in section["widgets"]]
        check.need(1 <= len(widgets) <= 100, "at most 100 widgets")
        for widget in widgets:
            check.need(len(widget) == 1, "one kind of widget")
            if "textParagraph" in widget:
                tags = set(re.findall(r"<[^>]*>", widget["textParagraph"]["text"]))
                check.need(tags <= {"<b>", "</b>", "<br>"}, f"foreign tags: {tags}")
            else:
                for button in widget["buttonList"]["buttons"]:
                    check.members(button, ["text", "onClick"])
                    check.url(button["onClick"]["openLink"]["url"])


def pagerduty(check, body, raw):
    check.members(body, ["event_action", "dedup_key", "payload"], ["client", "client_url", "links"])
    for link in body.get("links", []):
        check.members(link, ["href"], ["text"])
        check.url(link["href"])
    check.need(body["event_action"] in ("trigger", "acknowledge", "resolve"), f"an action, not {body['event_action']!r}")
    check.text(body["dedup_key"], 255)
    payload = body["payload"]
    check.members(payload, ["summary", "source", "severity"], ["timestamp", "component", "group", "class", "custom_details"])
    check.text(payload["summary"], 1024)
    check.text(payload["source"], 255)
    check.need(payload["severity"] in ("critical", "error", "warning", "info"), f"a severity, not {payload['severity']!r}")
    check.need(octets(raw) <= 512 * 1024, "at most 512 KB")


def jira_service_management(check, body, raw):
    if "close" in body:  # goes into the address
        check.members(body, ["close", "note", "source"])
        check.text(body["close"], 512)
        check.text(body["note"], 25000)
        return
    check.members(body, ["message", "alias", "description", "source", "entity", "priority"])
    check.text(body["message"], 130)
    check.text(body["alias"], 512)
    check.text(body["description"], 15000)
    check.text(body["entity"], 512)
    check.need(body["priority"] in ("P1", "P2", "P3", "P4", "P5"), f"a priority, not {body['priority']!r}")


def ntfy(check, body, raw):
    check.members(body, ["title", "message", "priority", "tags"], ["click", "actions"])
    check.text(body["message"], 4096, octets)
    check.text(body["title"], 250, octets)
    check.need(body["priority"] in (1, 2, 3, 4, 5), "a priority")
    if "click" in body:
        check.url(body["click"])
    check.need(len(body.get("actions", [])) <= 3, "at most 3 actions")
    for action in body.get("actions", []):
        check.members(action, ["action", "label", "url"])
        check.need(action["action"] == "view", "an action")
        check.url(action["url"])


def pushover(check, body, raw):
    check.members(body, ["message", "title", "priority"], ["url", "url_title"])
    check.text(body["message"], 1024)
    check.text(body["title"], 250)
    check.need(body["priority"] in (-2, -1, 0, 1), "a priority that needs no more members")
    check.text(body.get("url", "-"), 512)


def telegram(check, body, raw):
    check.members(body, ["text", "link_preview_options"])
    check.text(body["text"], 4096, utf16)


def matrix(check, body, raw):
    check.members(body, ["msgtype", "body"])
    check.need(body["msgtype"] == "m.text", "a text")
    check.need(octets(raw) <= 65536 - 1024, "an event has at most 65,536 bytes with all that is around it")


def block_of_code(check, text):
    """What a page says stands in one block of code, in which no markup has a meaning; links to the page and the evidence follow."""
    check.need(re.fullmatch(r"```(text)?\n[^`]*\n```(\n(Evidence: )?https?://\S+)*", text), "one block of code, which what a page says cannot leave")
    check.need(not re.search(r"@[\w*]", text.rsplit("```", 1)[0]), "a mention")


def zulip(check, body, raw):
    check.members(body, ["type", "topic", "content"])
    check.need(body["type"] in ("direct", "channel", "stream", "private"), "a type")
    check.text(body["topic"], 60)
    check.text(body["content"], 10000, octets)
    block_of_code(check, body["content"])


def rocket_chat(check, body, raw):
    check.members(body, ["text"])
    check.text(body["text"], 5000)
    block_of_code(check, body["text"])


def gotify(check, body, raw):
    check.members(body, ["message", "title", "priority", "extras"])
    check.text(body["message"], 30000)
    check.text(body["title"], 250)
    check.need(body["priority"] in range(0, 11), "a priority")
    check.members(body["extras"], ["client::display"], ["client::notification"])
    check.need(body["extras"]["client::display"] == {"contentType": "text/plain"}, "plain text, which can show no picture")
    if "client::notification" in body["extras"]:
        check.members(body["extras"]["client::notification"], ["click"])
        check.url(body["extras"]["client::notification"]["click"]["url"])


def signal(check, body, raw):
    check.members(body, ["message"])
    check.text(body["message"], 2000)


def home_assistant(check, body, raw):
    check.members(body, ["message", "title"])
    check.text(body["message"], 65536)
    check.text(body["title"], 250)
    check.need(not re.search(r"\{[{%#]", body["title"] + body["message"]), "a template")


def twilio(check, body, raw):
    check.members(body, ["Body"])
    check.text(body["Body"], 320)


def webex(check, body, raw):
    check.members(body, ["text"])
    check.text(body["text"], 7439, octets)


def generic(check, body, raw):
    check.members(body, ["type", "format", "timestamp", "subject", "data"])
    check.need(re.fullmatch(r"lampwatch\.[a-z]+", body["type"]), "a type with dots between, as Standard Webhooks asks")
    check.need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timestamp"]), "a time")


RULES = {"slack": slack, "discord": discord, "mattermost": mattermost, "teams": teams,
         "google-chat": google_chat, "jira-service-management": jira_service_management, "pagerduty": pagerduty, "ntfy": ntfy, "pushover": pushover,
         "telegram": telegram, "matrix": matrix, "generic": generic, "zulip": zulip, "rocket-chat": rocket_chat, "gotify": gotify,
         "signal": signal, "home-assistant": home_assistant, "twilio": twilio, "webex": webex}
SERIES = {"jira-service-management", "pagerduty"}  # one body a line


def extremes(cases):
    """Cases beyond what pages say: long and hostile texts in every field, two dozen events."""
    bases = [json.loads((cases / case / "data.json").read_text()) for case in ("several", "pages")]
    fillers = {"long": "w" * 2000, "astral": "\U0001F534" * 1500, "accents": "é" * 2000, "amps": "&" * 1500,
               "markup": "<users/all> @channel @here <!here> @**all** [a](javascript:b) {{ states }} *_~`|\\" * 50,
               "quotes": "\"\\\u2028\u202e" * 300, "newlines": "a\nb\tc" * 300}

    def fill(value, text, key=""):
        if isinstance(value, dict):
            return {name: fill(member, text, name) for name, member in value.items()}
        if isinstance(value, list):
            return [fill(member, text) for member in value]
        ours = {"type", "url", "level", "colour", "words", "name", "version", "duration", "created", "seen_at", "said_at", "started",
                "since", "updated", "time", "snapshot_url"}
        return text if isinstance(value, str) and value and key not in ours and not key.endswith("_local") else value

    for name, text in fillers.items():
        for base in bases:
            data = fill(copy.deepcopy(base), text)
            data["events"] = [copy.deepcopy(event) for event in data["events"] for _ in range(8)]
            yield name, data


def main():
    program, templates, cases = sys.argv[1:4]
    renderer = Renderer(program, templates)
    cases = Path(cases)
    services = sorted(file.stem for file in Path(templates, "webhook").glob("*.json") if "." not in file.stem)
    texts = [file.stem for file in Path(templates, "webhook").glob("*.txt")]
    if texts != ["text"]:
        complain("services", f"rules are for the services that take JSON; {texts} do not")
    if services != sorted(RULES):
        complain("services", f"rules are for {sorted(RULES)}, templates for {services}")
    inputs = [(file.parent.name, json.loads(file.read_text())) for file in sorted(cases.glob("*/data.json"))]
    count = 0
    for name, data in inputs + list(extremes(cases)):
        for service, (good, raw) in zip(services, renderer.data(data, *(service + ".json" for service in services))):
            if not good:
                complain(f"{name} {service}", raw.decode())
                continue
            for body in raw.decode().splitlines() if service in SERIES else [raw.decode()]:
                RULES[service](Checker(f"{name} {service}"), json.loads(body), body)
                count += 1
    if renderer.end() != 0:
        complain(program, "does not end well")
    print(f"{count} bodies for {len(services)} services")
    return 1 if complaints else 0


sys.exit(main())
