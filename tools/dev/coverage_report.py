#!/usr/bin/env python3
"""Line coverage by folder from llvm-cov's summary; exit code 1 under the thresholds."""
import collections
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/lint"))
sys.dont_write_bytecode = True
import tree  # noqa: E402

CORE_MIN = 90.0
WHOLE_MIN = 85.0


def main() -> int:
    data = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["data"][0]
    lines, covered = collections.Counter(), collections.Counter()
    for entry in data["files"]:
        name = entry["filename"]
        if not name.startswith(f"{ROOT}/"):
            continue
        path = name[len(str(ROOT)) + 1:]
        folder = tree.folder(path)
        if folder and folder != "sim" and not tree.is_test(path):
            lines[folder] += entry["summary"]["lines"]["count"]
            covered[folder] += entry["summary"]["lines"]["covered"]
    failed = 0
    print(f"{'folder':<12} {'lines':>7} {'covered':>8} {'%':>7}")
    for folder in sorted(lines, key=lambda f: (f not in tree.CORE, f)):
        share = 100.0 * covered[folder] / max(1, lines[folder])
        low = folder in tree.CORE and share < CORE_MIN
        failed += low
        print(f"{folder:<12} {lines[folder]:>7} {covered[folder]:>8} {share:>6.1f}%"
              + (f"  under {CORE_MIN:.0f} %" if low else ""))
    share = 100.0 * sum(covered.values()) / max(1, sum(lines.values()))
    low = share < WHOLE_MIN
    print(f"{'all':<12} {sum(lines.values()):>7} {sum(covered.values()):>8} {share:>6.1f}%"
          + (f"  under {WHOLE_MIN:.0f} %" if low else ""))
    return 1 if failed or low else 0


if __name__ == "__main__":
    sys.exit(main())
