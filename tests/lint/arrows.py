# SPDX-License-Identifier: ISC
"""The arrows of the house: arrows.py SOURCES prints each #include that points up, or across the wings."""
import pathlib
import re
import sys

STOREYS = ["main", "cmd", "run", "watch tell publish", "archive", "store", "config", "model", "net", "base"]
floor = {folder: number for number, storey in enumerate(STOREYS) for folder in storey.split()}
sources = pathlib.Path(sys.argv[1])
wrong = 0
for path in sorted(sources.rglob("*.[ch]")):
    name = path.relative_to(sources)
    here = name.parts[0].removesuffix(".c")
    if here not in floor:
        print(f"{name}: src/{here} is no folder of the house")
        wrong += 1
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = re.match(r'#include "(?:(\w+)/)?', line)
        there = include and include[1]
        if there and there != here and (floor.get(there, -1) <= floor[here] or there == "cmd" and here != "main"):
            print(f"{name}:{number}: {here} does not see {there}: {line}")
            wrong += 1
sys.exit(wrong > 0)
