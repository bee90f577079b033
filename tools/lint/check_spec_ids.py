"""Every rule of docs/OAP-1.md sections 1-6 and 9 carries an id; every id stands in code and in a test.

spec_later.txt names the rules of parts that do not exist yet, with the reason; an entry whose rule is
kept by now is a finding, so the list can only get shorter.
The format is the one the document's head describes: one rule a line, ending in [OAP-s.n] or [info].
"""
import re

import tree
from tree import Finding

SPEC = "docs/OAP-1.md"
ENDING = re.compile(r"((\[(OAP-\d+\.\d+|info)\]\s*)+)\|?\s*$")
ID = re.compile(r"OAP-(\d+)\.(\d+)\b")
SECTIONS = (1, 2, 3, 4, 5, 6, 9)


def check():
    if SPEC not in tree.files():
        yield Finding(SPEC, 0, "is missing")
        return
    ids, problems = rules()
    yield from problems
    code, tests = mentions()
    later = postponed()
    for name in later:
        if name not in ids or (name in code and name in tests):
            yield Finding("tools/lint/spec_later.txt", 0, f"{name} is kept now, or gone: remove its entry")
    for name, line in ids.items():
        if name in later:
            continue
        where = [w for w, seen in (("code", code), ("a test", tests)) if name not in seen]
        if where:
            yield Finding(SPEC, line, f"{name} stands neither in code nor in a test" if len(where) == 2
                          else f"{name} does not stand in {where[0]}")
    for name, (path, line) in sorted((code | tests).items()):
        if int(ID.match(name).group(1)) in SECTIONS and name not in ids:
            yield Finding(path, line, f"{name} is not in {SPEC}")


def postponed():
    path, found = tree.ROOT / "tools/lint/spec_later.txt", {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            name, reason = line.split(maxsplit=1)
            found[name] = reason
    return found


def rules():
    """The ids with their lines, and the findings about the document itself."""
    ids, problems, section, fenced = {}, [], 0, False
    lines = tree.text(SPEC).splitlines()
    for number, line in enumerate(lines, 1):
        heading = re.match(r"## (\d+)?", line)
        if heading:
            section = int(heading.group(1) or 0)
        if line.startswith("```"):
            fenced = not fenced
            continue
        if section not in SECTIONS or fenced or not line.strip() or line.startswith("#"):
            continue
        below = lines[number] if number < len(lines) else ""
        if re.match(r"\|[-:| ]+\|\s*$", line) or re.match(r"\|[-:| ]+\|\s*$", below):
            continue  # a table's rule or head
        ending = ENDING.search(line)
        if not ending:
            problems.append(Finding(SPEC, number, "ends with neither an id nor [info]"))
            continue
        for found in ID.finditer(ending.group(0)):
            if int(found.group(1)) != section:
                problems.append(Finding(SPEC, number, f"{found.group(0)} stands in section {section}"))
            if found.group(0) in ids:
                problems.append(Finding(SPEC, number, f"{found.group(0)} is used twice"))
            ids[found.group(0)] = number
    return ids, problems


def mentions():
    """Where each id stands first: {id: (path, line)} of code and of tests."""
    code, tests = {}, {}
    for path in tree.files():
        if not path.endswith((".cpp", ".hpp", ".py")) or path.startswith("tools/"):
            continue
        kind = tests if tree.is_test(path) or path.startswith("sim/") else code
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for found in ID.finditer(line):
                kind.setdefault(found.group(0), (path, number))
    return code, tests
