#!/usr/bin/env python3
"""Runs the checks of this folder: every check_*.py with a function check() -> iterable of Finding.

    run.py [--all] [NAME...]     named checks only; --all includes the slow ones' full extent
"""
import importlib
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))


def main() -> int:
    everything = "--all" in sys.argv
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
    names = sorted(p.stem.removeprefix("check_") for p in HERE.glob("check_*.py"))
    unknown = set(wanted) - set(names)
    if unknown:
        print(f"no such check: {', '.join(unknown)}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or names:
        start = time.monotonic()
        module = importlib.import_module(f"check_{name}")
        module.EVERYTHING = everything
        found = sorted(set(module.check()))
        for finding in found:
            print(finding)
        state = "ok" if not found else f"{len(found)} findings"
        print(f"lint {name:<14} {state:<14} {time.monotonic() - start:5.1f} s")
        failed += bool(found)
    print(f"lint: {len(wanted or names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
