#!/usr/bin/env python3
"""Results as text: tables.py [results.jsonl]. Numbers are medians, in brackets the range.

The ratio to `frame` is taken repetition by repetition, between runs that followed each other, and
is the median of those; `at best` is the ratio of the least values, which the machine's phases
disturb least.
"""
import json
import os
import statistics
import sys
from collections import defaultdict

from workloads import WORKLOADS

ORDER = ("ours", "frame", "openssl", "nats", "redis", "redis-noreply", "mqtt", "zmq", "bytes", "frame-unix")
THROUGHPUT = ("w1", "w2", "w3")
MEMORY = ("idle", "idletls", "lag")  # not about messages a second
W9_TO_W8 = 1.5  # aimed at: ten wildcard patterns a subscriber against one exact topic
DISTURBED = 0.01  # of the rate an open loop was asked for


def goal(work, size, frame_to_nats):
    """The ratio to `frame` that is aimed at; None where the aim is another."""
    plain, tls = {16: (6, 5), 128: (2.5, 2), 1024: (1.8, 1.4)}.get(size, (1.3, 1.2))
    if work in THROUGHPUT:
        return 4 if (work, size) == ("w1", 128) else plain
    if work.removesuffix("tls") in THROUGHPUT:
        return tls
    if work == "w8":  # where the bare relay itself is not far ahead, little is left to lose
        return 1.5 if frame_to_nats and frame_to_nats > 0.4 else 2.5
    return 1.15 if work == "w7" else None


def size_name(size):
    for step, unit in ((1_000_000, "MB"), (1024, "KiB")):
        if size >= step:
            return f"{size // step} {unit}"
    return f"{size} B"


def digits(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def spread(values):
    middle = digits(statistics.median(values))
    return middle if len(values) < 2 else f"{middle} ({digits(min(values))}-{digits(max(values))})"


def count(value):
    for step, unit in ((1e6, "M"), (1e3, "k")):
        if value >= step:
            return f"{digits(value / step)}{unit}"
    return digits(value)


def usable(results):
    """Without failed runs, and without open loops in which the generator itself was stalled."""
    good, bad = [], []
    for each in results:
        work = WORKLOADS.get(each["work"])
        rate = work.options.get("rate") if work else None
        reading = each.get("subs", 1) - each.get("stalled", 0)
        wrong = "error" in each or (
            rate and abs(each["msgs_s"] / (rate * reading) - 1) > DISTURBED)
        (bad if wrong else good).append(each)
    return good, bad


def values(runs, field):
    return [each[field] for each in runs if field in each]


def ratios(runs, base, field):
    """Of runs of one repetition of one call."""
    paired = {(each["call"], each["repetition"]): each.get(field) for each in base}
    out = []
    for each in runs:
        other = paired.get((each["call"], each["repetition"]))
        if other and each.get(field):
            out.append(each[field] / other)
    return out


def best(runs):
    return min(values(runs, "srv_cpu_per_M"))


def verdict(work, size, ratio, others):
    nats = statistics.median(
        ratios(others.get("frame", []), others.get("nats", []), "srv_cpu_per_M") or [0])
    aim = goal(work, size, nats)
    if not aim:
        return ""
    return f"goal {aim} {'reached' if ratio <= aim else 'missed'}"


def row(work, size, server, runs, others):
    base = others.get("frame", []) if server != "frame" else []
    cells = [f"{size_name(size):>7} {server:<13}"]
    if "p50" in runs[0]:
        cells.append(f"p50 {spread(values(runs, 'p50'))} p99 {spread(values(runs, 'p99'))} us")
    elif work not in MEMORY:
        cells.append(f"{count(statistics.median(values(runs, 'msgs_s'))):>7}/s")
    if work not in MEMORY:
        cells.append(f"CPU {spread(values(runs, 'srv_cpu_per_M'))} us")
    ratio = ratios(runs, base, "srv_cpu_per_M")
    if ratio and work not in MEMORY:
        cells.append(f"{spread(ratio)} x frame, {digits(best(runs) / best(base))} at best")
        if server == "ours":
            cells.append(verdict(work, size, statistics.median(ratio), others))
    own = ratios(runs, others.get("w8", []), "srv_cpu_per_M")
    if own:
        reached = "reached" if statistics.median(own) <= W9_TO_W8 else "missed"
        cells.append(f"{spread(own)} x w8  goal {W9_TO_W8} {reached}")
    for field, unit in (("session_kB", "kB a session"), ("srv_cpu_us_per_conn", "us a connect"),
                        ("grown_kB", "kB grown"), ("peak_grown_kB", "kB at the peak")):
        if values(runs, field) and (field != "peak_grown_kB" or work.startswith("rare")):
            cells.append(f"{spread(values(runs, field))} {unit}")
    connect = ratios(runs, others.get("openssl", []), "srv_cpu_us_per_conn")
    if connect and server != "openssl":
        cells.append(f"{spread(connect)} x openssl")
    told = sum(values(runs, "lagged"))
    if told:
        cells.append(f"{told} lost and told")
    if any(values(runs, "lost")):
        cells.append(f"LOST {values(runs, 'lost')}")
    cells.append(f"n={len(runs)} noise {max(values(runs, 'noise'), default=0)}")
    return "  ".join(cell for cell in cells if cell)


def text(results):
    good, bad = usable(results)
    groups = defaultdict(list)
    for each in good:
        groups[(each["work"], each["size"], each["server"])].append(each)
    lines = []
    known = [name for name in WORKLOADS if any(key[0] == name for key in groups)]
    for work in known:
        lines += ["", f"== {work}: {WORKLOADS[work].text}"]
        keys = sorted((key for key in groups if key[0] == work),
                      key=lambda key: (key[1], ORDER.index(key[2])))
        for _, size, server in keys:
            others = {name: groups[(work, size, name)] for name in ("frame", "nats", "openssl")
                      if (work, size, name) in groups}
            if work == "w9":
                others["w8"] = groups.get(("w8", size, server), [])
            lines.append(row(work, size, server, groups[(work, size, server)], others))
    for each in bad:
        why = each.get("error") or f"the open loop was disturbed: {each['msgs_s']}/s"
        lines.append(f"left out: {each['work']} {each['size']} {each['server']}: {why[:160]}")
    return "\n".join(lines)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join("build", "bench", "peers",
                                                             "results.jsonl")
    with open(path, encoding="utf-8") as file:
        print(text([json.loads(line) for line in file]))


if __name__ == "__main__":
    main()
