"""Golden files of docs/api-history change only together with a line of the CHANGELOG.

docs/api-history/LEDGER has one line a file: the first 12 hex digits of its SHA-256, its path, and
the words of the CHANGELOG that tell users of its last change. Whoever changes a golden file writes
a CHANGELOG line, then the ledger's: the check says what to write.
"""
import hashlib

import tree
from tree import Finding

FOLDER = "docs/api-history/"
LEDGER = FOLDER + "LEDGER"
MORE = ("docs/svc-overlay.schema.json",)


def digest(path):
    return hashlib.sha256((tree.ROOT / path).read_bytes()).hexdigest()[:12]


def ledger():
    entries = {}
    for number, line in enumerate(tree.text(LEDGER).splitlines(), 1):
        if line and not line.startswith("#"):
            parts = line.split(maxsplit=2)
            entries[parts[1]] = (number, parts[0], parts[2] if len(parts) > 2 else "")
    return entries


def check():
    if not (tree.ROOT / LEDGER).exists():
        yield Finding(LEDGER, 1, "is missing")
        return
    told = " ".join(tree.text("CHANGELOG.md").split())
    entries = ledger()
    golden = [f for f in tree.files() if f.startswith(FOLDER) and f != LEDGER
              and not f.endswith("README.md")]
    golden += [f for f in MORE if (tree.ROOT / f).exists()]
    for path in golden:
        number, known, words = entries.pop(path, (1, "", ""))
        now = digest(path)
        if known != now:
            yield Finding(path, 1, "changed: tell users in CHANGELOG.md, then write in the ledger: "
                                   f"{now} {path} WORDS OF THAT LINE")
        elif not words or " ".join(words.split()) not in told:
            yield Finding(LEDGER, number, f"CHANGELOG.md does not say: {words!r}")
    for path, (number, _, _) in entries.items():
        yield Finding(LEDGER, number, f"no such golden file: {path}")
