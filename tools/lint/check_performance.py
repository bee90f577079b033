"""Plots and tables of the peer benchmarks are what bench/peers/publish.py makes of the kept results."""
import subprocess
import sys

import tree
from tree import Finding


def check():
    done = subprocess.run([sys.executable, "bench/peers/publish.py", "--check"], cwd=tree.ROOT,
                          capture_output=True, text=True)
    if done.returncode not in (0, 1) or done.stderr:
        yield Finding("bench/peers/publish.py", 0, (done.stderr or "failed").strip().splitlines()[-1])
    for line in done.stdout.splitlines():
        path, _, words = line.partition(": ")
        yield Finding(path, 0, words)
