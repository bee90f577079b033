"""Links between documents lead somewhere: the file exists, and so does the heading."""
import re

import tree
from tree import Finding

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def anchors(path):
    found = set()
    for line in tree.text(path).splitlines():
        heading = re.match(r"#+\s+(.*)", line)
        if heading:
            plain = re.sub(r"[^\w\- ]", "", heading.group(1).strip().lower())
            found.add(plain.replace(" ", "-"))
    return found


def check():
    for path in (f for f in tree.files() if f.endswith(".md")):
        fenced = False
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if fenced:
                continue
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                base = (tree.ROOT / path).parent
                aim = (base / name).resolve() if name else tree.ROOT / path
                if not aim.exists():
                    yield Finding(path, number, f"leads nowhere: {target}")
                elif anchor and aim.suffix == ".md":
                    if anchor not in anchors(str(aim.relative_to(tree.ROOT))):
                        yield Finding(path, number, f"no such heading: {target}")
