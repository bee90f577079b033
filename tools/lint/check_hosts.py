"""No package host and no path of a particular machine stands in a tracked file."""
import re

import tree
from tree import Finding

PATTERN = re.compile(
    r"https?://(deb|security|registry|snapshot|packages|archive|ftp)\.[a-z]|(^|[^\w/.])/(work|farm|root|home/[a-z]+)/"
    r"|\b(deb|ftp)\.[a-z]+\.org\b")
TEXT = (".cpp", ".hpp", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".toml", ".yml", ".in")


def check():
    for path in tree.files():
        if path.startswith("tools/lint/check_hosts") or path.startswith("test/vectors/"):
            continue
        if not (path.endswith(TEXT) or "." not in path.rsplit("/", 1)[-1]):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            found = PATTERN.search(line)
            if found:
                yield Finding(path, number, f"a package host or a machine's path: {found.group(0).strip()}")
