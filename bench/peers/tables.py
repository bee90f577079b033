#!/usr/bin/env python3
"""Results as text: tables.py [results.jsonl]. Numbers are medians, in brackets the range.

Ratios and differences are taken repetition by repetition, between runs that followed each other,
and are the median of those; `at best` is the ratio of the least values, which the machine's phases
disturb least.
"""
import os
import statistics
import sys

from goals import MEMORY, measures
from results import Results, read, values
from workloads import WORKLOADS


def size_name(size):
    for step, unit in ((1_000_000, "MB"), (1024, "KiB")):
        if size >= step:
            return f"{size // step} {unit}"
    return f"{size} B"


def digits(value):
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(numbers):
    middle = digits(statistics.median(numbers))
    return middle if len(numbers) < 2 else f"{middle} ({digits(min(numbers))}-{digits(max(numbers))})"


def count(value):
    for step, unit in ((1e6, "M"), (1e3, "k")):
        if value >= step:
            return f"{digits(value / step)}{unit}"
    return digits(value)


def goal(measure):
    if measure.reached is None:
        return ""
    sign = ">= " if measure.at_least else ""
    return f"goal {sign}{digits(measure.aim)} {'reached' if measure.reached else 'missed'}"


def row(results, work, size, server):
    runs = results.of(work, size, server)
    cells = [f"{size_name(size):>7} {server:<13}"]
    if "p50" in runs[0]:
        cells.append(f"p50 {spread(values(runs, 'p50'))} p99 {spread(values(runs, 'p99'))} us")
    elif work not in MEMORY:
        cells.append(f"{count(statistics.median(values(runs, 'msgs_s'))):>7}/s")
    if work not in MEMORY:
        cells.append(f"CPU {spread(values(runs, 'srv_cpu_per_M'))} us")
    compared = measures(results, work, size, server)
    for each in compared:
        cells += [f"{spread(each.values)} {each.unit}", each.note, goal(each)]
    said = {each.unit for each in compared}
    for field, unit in (("session_kB", "kB a session"), ("srv_cpu_us_per_conn", "us a connect"),
                        ("peak_grown_kB", "kB at the peak")):
        if values(runs, field) and unit not in said and (
                field != "peak_grown_kB" or work.startswith("rare")):
            cells.append(f"{spread(values(runs, field))} {unit}")
    told = sum(values(runs, "lagged"))
    if told:
        cells.append(f"{told} lost and told")
    if any(values(runs, "lost")):
        cells.append(f"LOST {values(runs, 'lost')}")
    cells.append(f"n={len(runs)} noise {max(values(runs, 'noise'), default=0)}")
    return "  ".join(cell for cell in cells if cell)


def text(runs):
    results = Results(runs)
    lines = []
    for work in results.work:
        lines += ["", f"== {work}: {WORKLOADS[work].text}"]
        for size in results.sizes(work):
            lines += [row(results, work, size, server) for server in results.servers(work, size)]
    for each, why in results.left_out:
        lines.append(f"left out: {each['work']} {each['size']} {each['server']}: {why[:160]}")
    return "\n".join(lines)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join("build", "bench", "peers",
                                                             "results.jsonl")
    print(text(read(path)[1]))


if __name__ == "__main__":
    main()
