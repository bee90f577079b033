"""Words of banned.toml do not stand where they are banned."""
import re
import tomllib

import tree
from tree import Finding

CODE = (".cpp", ".hpp", ".py", ".sh")


def in_place(where, path):
    if where == "cmake":
        return path.endswith((".cmake", "CMakeLists.txt"))
    if not path.endswith(CODE) or path.startswith("tools/lint/"):
        return False
    if where == "core":
        return path.endswith(tree.CPP) and tree.is_core(path) and not tree.is_test(path)
    if where == "src":
        return path.startswith(("src/", "sdk/", "sim/")) and path.endswith(tree.CPP)
    if where == "tests":
        return tree.is_test(path) or path.startswith("sim/")
    return True


def check():
    table = tomllib.loads((tree.ROOT / "tools/lint/banned.toml").read_text(encoding="utf-8"))
    for rule in table["rule"]:
        pattern = re.compile(rule["pattern"])
        for path in tree.files():
            if not in_place(rule["where"], path) or path in rule.get("except", []):
                continue
            plain = tree.code(path) if path.endswith(tree.CPP) and not rule.get("comments") \
                else tree.text(path)
            if not pattern.search(plain):
                continue
            lines = tree.text(path).splitlines()
            for number, line in enumerate(plain.splitlines(), 1):
                if not path.endswith(tree.CPP) and not rule.get("comments") and line.lstrip().startswith("#"):
                    continue
                if pattern.search(line) and f"lint: allow({rule['name']})" not in lines[number - 1]:
                    yield Finding(path, number, f"{rule['name']}: {rule['hint']}")
