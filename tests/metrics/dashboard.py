#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Checks what is made for others against what a run wrote: dashboard.py METRICS DASHBOARD RULES

Each query of the dashboard and of the rules names only metrics that the file has, with labels that they have; the dashboard has
only the fields of Grafana's JSON model (kinds/dashboard/dashboard_kind.cue of grafana/grafana, and of its panels their options),
its panels lie side by side and have ids of their own. Prints what is wrong; then the number of queries.
"""
import json
import re
import sys

metrics, dashboard, rules = (open(path, encoding="utf-8").read() for path in sys.argv[1:4])
wrong = []

# ---- the metrics: what labels each has, with what values ----

known = {}
for line in metrics.splitlines():
    if line.startswith("#"):
        continue
    name, labels = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? \S+", line).groups()
    for label, value in re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or ""):
        known.setdefault(name, {}).setdefault(label, set()).add(value)
    known.setdefault(name, {})


def check_query(where, query):
    """A query's metrics are the words of ours in it; a variable of Grafana ($page) fits anything."""
    names = re.findall(r"\blampwatch_[a-z_]+", query)
    if not names:
        wrong.append(f"{where}: no metric in {query}")
    for name in names:
        if name not in known:
            wrong.append(f"{where}: no metric {name}")
    for name, matchers in re.findall(r"\b(lampwatch_[a-z_]+)\{([^}]*)\}", query):
        for label, value in re.findall(r'([a-z_]+)(?:=~|!=|=)"([^"]*)"', matchers):
            values = known.get(name, {}).get(label)
            if values is None or (value not in values and not value.startswith("$")):
                wrong.append(f'{where}: {name} has no {label}="{value}"')


# ---- the dashboard ----

BOARD = set("""__inputs __requires id uid title description tags timezone editable graphTooltip schemaVersion version refresh time
timepicker annotations links templating panels""".split())
VARIABLE = set("""name label type query datasource definition hide includeAll allValue multi refresh regex sort options current
skipUrlSync""".split())
PANEL = set("id type title description datasource gridPos targets fieldConfig options transformations".split())
TARGET = set("refId datasource expr legendFormat format instant".split())
FIELD = set("unit decimals min max mappings thresholds color noValue custom displayName".split())
OPTIONS = {
    "stat": "reduceOptions colorMode graphMode textMode justifyMode orientation",
    "state-timeline": "mergeValues showValue alignValue rowHeight legend tooltip",
    "timeseries": "legend tooltip",
    "table": "showHeader cellHeight",
}


def check_fields(where, value, allowed):
    for key in sorted(set(value) - set(allowed)):
        wrong.append(f"{where}: no field {key}")


board = json.loads(dashboard)
queries, taken, ids = [], {}, set()
check_fields("dashboard", board, BOARD)
for variable in board["templating"]["list"]:
    check_fields(variable["name"], variable, VARIABLE)
    if variable["type"] == "query":
        queries.append((variable["name"], variable["query"]["query"].removeprefix("label_values(").split(",")[0]))
for panel in board["panels"]:
    where, place, field = panel["title"], panel["gridPos"], panel["fieldConfig"]["defaults"]
    check_fields(where, panel, PANEL)
    check_fields(where, place, "xywh")
    check_fields(where, field, FIELD)
    check_fields(where, panel["options"], OPTIONS.get(panel["type"], "").split())
    if panel["type"] not in OPTIONS:
        wrong.append(f"{where}: no panel {panel['type']}")
    if panel["id"] in ids:
        wrong.append(f"{where}: an id that another has")
    ids.add(panel["id"])
    if place["x"] + place["w"] > 24:
        wrong.append(f"{where}: wider than the board")
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            if (x, y) in taken:
                wrong.append(f"{where}: lies on {taken[x, y]}")
            taken[x, y] = where
    steps = field.get("thresholds", {"steps": []})["steps"]
    values = [step["value"] for step in steps]
    if steps and (values[0] is not None or values[1:] != sorted(values[1:])):
        wrong.append(f"{where}: thresholds that do not rise")
    for target in panel["targets"]:
        check_fields(where, target, TARGET)
        queries.append((where, target["expr"]))
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            if not any(label in known.get(name, {}) for name in re.findall(r"\blampwatch_[a-z_]+", target["expr"])):
                wrong.append(f"{where}: no label {label}")

# ---- the rules: one expr a line ----

queries += [("rule", query) for query in re.findall(r"^\s+expr: (.*?)(?: #.*)?$", rules, re.M)]
used = set()
for where, query in queries:
    check_query(where, query)
    used |= set(re.findall(r"\blampwatch_[a-z_]+", query))
for name in sorted(set(known) - used):
    wrong.append(f"{name}: neither the dashboard nor a rule looks at it")
print("\n".join(wrong + [f"{len(queries)} queries"]))
sys.exit(1 if wrong else 0)
