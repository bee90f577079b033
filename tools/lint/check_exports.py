#!/usr/bin/env python3
"""No program exports a symbol of OpenSSL: a system library that uses another one would bind to it.

Looks at build/bin, or at the programs given as arguments when run as a script (a ctest does that).
"""
import pathlib
import re
import subprocess
import sys

import tree
from tree import Finding

SYMBOL = re.compile(r" (SSL|EVP|ERR|X509|BIO|CRYPTO|OPENSSL|RAND|EC|ASN1)_\w+$", re.M)


def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True).stdout
    return [m.group(0).strip() for m in SYMBOL.finditer(out)]


def programs():
    for path in sorted((tree.ROOT / "build/bin").glob("*")):
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            yield path


def check():
    for path in programs():
        names = exported(path)
        if names:
            yield Finding(str(path.relative_to(tree.ROOT)), 0, f"exports {len(names)} OpenSSL symbols, such as {names[0]}")


if __name__ == "__main__":
    bad = [(p, exported(p)) for p in map(pathlib.Path, sys.argv[1:]) if exported(p)]
    for path, names in bad:
        print(f"{path}: {len(names)} OpenSSL symbols exported {names[:3]}")
    sys.exit(bool(bad))
