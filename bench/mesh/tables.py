#!/usr/bin/env python3
"""Results as a table: tables.py [--markdown] FILE...; tables.py --publish FILE.

Numbers are medians over the repetitions, in brackets the range. --publish writes the table of a kept
file between the marks of docs/performance.md.
"""
import json
import os
import re
import statistics
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
MARKS = re.compile(r"(<!-- mesh: begin) [^ ]* (-->\n).*?(<!-- mesh: end -->)", re.S)
ROWS = {"slow": "4 messages a second", "steady": "50 messages a second", "burst": "100 messages at once, each second"}
NAMES = {"ours": "svc-overlay", "nats3": "nats-server, cluster of 3", "nats3-tls": "nats-server, cluster of 3, TLS between them",
         "nats20-tls": "nats-server, cluster of 20, TLS between them", "js": "gossipsub (js)",
         "js-nosign": "gossipsub (js), messages not signed"}
COLUMNS = (("delivered, %", "delivered"), ("RMR", "rmr"), ("p50, ms", "p50"), ("p95, ms", "p95"), ("p99, ms", "p99"),
           ("CPU a delivery, us", "cpu_us"), ("above idle, us", "busy_cpu_us"),
           ("idle CPU of all, ms/s", "idle_ms"), ("private MB a process", "private_MB"), ("resident MB a process", "resident_MB"))
P95_MS, RMR = 60, 0.1  # what is aimed at


def read(paths):
    """(what was said of each call, runs)"""
    calls, runs = [], []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                if "about" in line:
                    calls.append(line["about"])
                else:
                    runs.append(line)
    return calls, runs


def value(run, field):
    if field == "delivered":
        return 100 * run["deliveries"] / run["expected"]
    if field == "idle_ms":
        return 1000 * run["idle_cpu"]
    if field.endswith("_MB"):
        return run[field[:-2] + "kB"] / 1024
    return run.get(field)


def digits(number):
    return f"{number:.3g}" if abs(number) < 100 else f"{number:.0f}"


def spread(runs, field):
    found = [each for each in (value(run, field) for run in runs) if each is not None]
    if not found:
        return ""
    low, middle, high = digits(min(found)), digits(statistics.median(found)), digits(max(found))
    return middle if low == high else f"{middle} ({low}-{high})"


def of(runs, row, system):
    return [each for each in runs if each["row"] == row and each["system"] == system]


def table(runs):
    """Lists of cells, the head first."""
    out = [["load", "system", *(name for name, _ in COLUMNS)]]
    for row, words in ROWS.items():
        for system, name in NAMES.items():
            mine = of(runs, row, system)
            if mine:
                out.append([words, name, *(spread(mine, field) for _, field in COLUMNS)])
    return out


def median(runs, row, system, field):
    found = [value(each, field) for each in of(runs, row, system)]
    found = [each for each in found if each is not None]
    return statistics.median(found) if found else None


def goals(runs):
    """(what, measured, aim, reached) of what can be judged."""
    out = []
    for row in ROWS:
        for field, words, aim in (("p95", "p95, ms", P95_MS), ("rmr", "RMR", RMR)):
            seen = median(runs, row, "ours", field)
            if seen is not None:
                out.append((f"{ROWS[row]}: {words}", seen, aim, seen <= aim))
        for other, aim in (("js", 0.1), ("js-nosign", 0.1), ("nats3", 1), ("nats3-tls", 1), ("nats20-tls", 1)):
            own, base = median(runs, row, "ours", "cpu_us"), median(runs, row, other, "cpu_us")
            if own is not None and base:
                out.append((f"{ROWS[row]}: CPU a delivery, times that of {NAMES[other]}", own / base, aim,
                            own <= aim * base))
    return out


def text(runs):
    cells = table(runs)
    width = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, width)).rstrip() for row in cells]
    lines += [f"{'reached' if reached else 'MISSED '} {what}: {digits(seen)}, goal {aim}"
              for what, seen, aim, reached in goals(runs)]
    return "\n".join(lines)


def rows(cells):
    head, *rest = cells
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest])


def markdown(calls, runs):
    first = calls[0]
    machine, versions = first["machine"], first["versions"]
    js = sorted({each["node_js"] for each in runs if "node_js" in each})
    noise = [each["noise"] for each in runs]
    repeated = {len({(each["call"], each["repetition"]) for each in runs if each["system"] == system})
                for system in {each["system"] for each in runs}}
    said = (f"Measured on {first['call'][:10]}: {machine['kind']} with {machine['cpus']} CPUs ({machine['cpu']}), nodes and "
            f"clients on CPUs {first['cpus']}; {versions['ours']}, nats-server {versions['nats']}"
            + (f", Node.js {', '.join(js)}" if js else "")
            + f"; {runs[0]['nodes']} nodes, payloads of {runs[0]['size']} B, "
              f"{' to '.join(map(str, sorted({min(repeated), max(repeated)})))} repetitions; other work of the machine meanwhile: "
              f"{statistics.median(noise)} CPUs at the median, {max(noise)} at most.")
    verdicts = [["goal", "measured", "aim", ""]]
    verdicts += [[what, digits(seen), f"&le; {aim}", "reached" if reached else "**missed**"]
                 for what, seen, aim, reached in goals(runs)]
    return f"{said}\n\n{rows(table(runs))}\n\n{rows(verdicts)}\n"


def publish(path):
    with open(DOCUMENT, encoding="utf-8") as file:
        before = file.read()
    made = markdown(*read([path]))
    after, count = MARKS.subn(lambda m: f"{m[1]} {os.path.basename(path)} {m[2]}{made}{m[3]}", before)
    if count != 1:
        raise SystemExit("docs/performance.md has no marks for the mesh")
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(after)


def main(arguments):
    if arguments[:1] == ["--publish"] and len(arguments) == 2:
        publish(arguments[1])
    elif arguments[:1] == ["--markdown"]:
        print(markdown(*read(arguments[1:])))
    else:
        print(text(read(arguments or [os.path.join(ROOT, "build", "bench", "mesh", "results.jsonl")])[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
