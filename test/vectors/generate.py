#!/usr/bin/python3
"""Writes the OAP/1 vectors: generate.py [DIRECTORY] (default: beside this file).

Needs python3-cbor2, b3sum and zstd; see README.md for the schema.
"""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gen import addresses, cbor, comp, envelope, kinds, peers, topics  # noqa: E402


def documents():
    """File name -> document. `zstd` in comp.json is the version whose bytes the file holds."""
    comp_suite = comp.suite()
    comp_document = comp_suite.document()
    comp_document["zstd"] = comp_suite.zstd_version
    return {
        "envelope.json": envelope.suite().document(),
        "streams.json": envelope.streams(),
        "cbor.json": cbor.suite().document(),
        "kinds.json": kinds.suite().document(),
        "peers.json": peers.suite().document(),
        "comp.json": comp_document,
        "topics.json": topics.document(),
        "addresses.json": addresses.document(),
    }


def render(document):
    """One vector a line, so that a difference names its vector."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row, separators=(", ", ": ")) for row in value)
            lines.append("%s: [\n%s\n]" % (json.dumps(key), rows))
        else:
            lines.append("%s: %s" % (json.dumps(key), json.dumps(value)))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    where = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for name, document in documents().items():
        with open(os.path.join(where, name), "w", encoding="ascii") as out:
            out.write(render(document))


if __name__ == "__main__":
    main()
