"""Includes follow the arrows of arrows.toml; third-party headers stand where they are allowed."""
import re
import tomllib

import tree
from tree import Finding

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
SYSTEM = re.compile(r"^([a-z_0-9]+|c[a-z]+)$|^(sys|netinet|arpa|net|linux)/|^[a-z_0-9]+\.h$")
THIRD_PARTY_H = ("blake3.h", "zstd.h", "zstd_errors.h")


def check():
    table = tomllib.loads((tree.ROOT / "tools/lint/arrows.toml").read_text(encoding="utf-8"))
    folders = table["folder"]
    yield from cycles(folders)
    for path in tree.cpp_files():
        home = tree.folder(path)
        if path.startswith("src/") and home not in folders:
            yield Finding(path, 0, f"folder '{home}' is not in tools/lint/arrows.toml")
            continue
        if not home:
            continue  # test/ and bench/ may include everything
        text = tree.text(path)
        for match in INCLUDE.finditer(text):
            problem = verdict(path, home, match.group(1), match.group(2), folders, table["tests"])
            if problem:
                yield Finding(path, text.count("\n", 0, match.start(2)) + 1, problem)


def verdict(path, home, mark, target, folders, tests):
    rule = folders[home]
    if "../" in target:
        return f'"{target}": include from the root, not by a relative path'
    first = target.split("/")[0]
    if first == "ron" and home in ("sdk", "cli"):
        return None
    if "/" in target and first in folders and mark == '"':
        deps = rule["deps"] + (rule.get("test_deps", []) if tree.is_test(path) else [])
        if first == home or first in deps or deps == ["*"]:
            return None
        return f'"{target}": {home} may include {", ".join(rule["deps"]) or "nothing"} (arrows.toml)'
    if mark == '"':
        return None  # a neighbour or a generated header
    if target not in THIRD_PARTY_H and SYSTEM.match(target):
        return None
    allowed = list(rule.get("third_party_headers", []))
    if path.endswith(".cpp") or not rule.get("core"):
        allowed += rule.get("third_party", [])
    if tree.is_test(path):
        allowed += tests["third_party"]
    if any(target == a or (a.endswith("/") and target.startswith(a)) for a in allowed):
        return None
    return f"<{target}>: not among the third-party headers of {home} (arrows.toml)"


def cycles(folders):
    for name in folders:
        seen, stack = set(), [d for d in folders[name]["deps"] if d != "*"]
        while stack:
            at = stack.pop()
            if at not in seen:
                seen.add(at)
                stack += [d for d in folders[at]["deps"] if d != "*"]
        if name in seen:
            yield Finding("tools/lint/arrows.toml", 0, f"'{name}' reaches itself")
        if folders[name].get("core") and any(not folders[d].get("core") for d in seen):
            yield Finding("tools/lint/arrows.toml", 0, f"core folder '{name}' reaches the shell")
