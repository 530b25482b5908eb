# SPDX-License-Identifier: ISC
"""schema.py SCHEMA FILE...: holds each configuration against the schema, with the types that YAML 1.2 gives
(what editors do), and prints "FILE: good", or of up to three errors the place and the rule; first whether the
schema itself is good."""
import json
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """The core schema of YAML 1.2.2, section 10.3.2: "off" and "07:00" are texts."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))


def deepest(error):
    """Of alternatives, the error of the one that comes nearest."""
    while error.context:
        error = max(error.context, key=lambda other: (len(other.absolute_path), other.validator != "type"))
    return error


def verdict(validator, path):
    try:
        with open(path, encoding="utf-8") as file:
            value = yaml.load(file, Core)
    except (yaml.YAMLError, UnicodeDecodeError):
        return "not YAML"
    found = sorted(
        "/".join(str(step) for step in error.absolute_path) + ": " + error.validator
        for error in map(deepest, validator.iter_errors(value))
    )
    return "; ".join(found[:3]) or "good"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    print(kind.__name__ + ": the schema is good")
    validator = kind(schema)
    for path in sys.argv[2:]:
        print(path + ": " + verdict(validator, path))


main()
