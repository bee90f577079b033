"""Files of at most 800 lines, functions of at most 70: a ratchet, whose exceptions only shrink.

sizes.allow lists `lines path[:function]` for what was larger when the rule came. An entry that is no
longer needed, or larger than what it allows, is a finding: the list can only get shorter.
"""
import ast
import json
import subprocess

import tree
from tree import Finding

FILE_CAP = 800
FUNCTION_CAP = 70
SOURCES = (".cpp", ".hpp", ".py", ".sh")


def check():
    allow, used = allowed(), set()
    for name, line, size, cap in measure():
        limit = max(cap, allow.get(name, 0))
        if name in allow and size > cap:
            used.add(name)
            if size < allow[name]:
                yield Finding("tools/lint/sizes.allow", 0, f"{name} has {size} lines now: lower its entry")
        if size > limit:
            yield Finding(name.split(":")[0], line, f"{name.split(':')[-1]} has {size} lines, the cap is {limit}")
    for name in sorted(set(allow) - used):
        yield Finding("tools/lint/sizes.allow", 0, f"{name} is within the cap now: remove its entry")


def allowed():
    path, found = tree.ROOT / "tools/lint/sizes.allow", {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            size, name = line.split(maxsplit=1)
            found[name] = int(size)
    return found


def measure():
    """Yields (name, line, size, cap)."""
    sources = [f for f in tree.files() if f.endswith(SOURCES) or f == "dev"]
    for path in sources:
        yield path, 1, tree.text(path).count("\n"), FILE_CAP
    largest = {}  # of overloads and namesakes in a file, the largest counts
    for path, name, line, size in functions(sources):
        largest[path, name] = max(largest.get((path, name), (0, 0)), (size, line))
    for (path, name), (size, line) in largest.items():
        yield f"{path}:{name}", line, size, FUNCTION_CAP


def functions(sources):
    cpp = [f for f in sources if f.endswith(tree.CPP) and not tree.is_test(f)]
    if cpp:
        out = subprocess.run(["ctags", "-L", "-", "--output-format=json", "--fields=+ne", "--kinds-C++=f",
                              "--langmap=C++:.cpp.hpp", "-f", "-"], input="\n".join(cpp), cwd=tree.ROOT,
                             capture_output=True, text=True, check=True).stdout
        for row in map(json.loads, out.splitlines()):
            if "end" in row:
                yield row["path"], row["name"], row["line"], row["end"] - row["line"] + 1
    for path in (f for f in sources if f.endswith(".py")):
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield path, node.name, node.lineno, node.end_lineno - node.lineno + 1
