"""Result files that stay in the repository: what the tables need of a run, one line a row of them.

The first line says which calls they are of, on which day and machine, with which versions and
commands, and which runs were left out and why.
"""
import json

from results import Results, read

FIELDS = ("msgs_s", "srv_cpu_per_M", "p50", "p90", "p99", "session_kB", "srv_cpu_us_per_conn",
          "grown_kB", "peak_grown_kB", "held_kB", "lagged", "lost", "noise")
COUNTED = ("lagged", "lost")  # exactly


def rounded(value):
    """Four digits: more than any machine repeats."""
    if value is None:
        return None
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short


def row(work, size, server, runs):
    first = runs[0]
    line = {"work": work, "size": size, "server": server, "subs": first["subs"],
            "stalled": first.get("stalled", 0), "call": [each["call"] for each in runs],
            "repetition": [each["repetition"] for each in runs]}
    if len(set(line["call"])) == 1:
        line["call"] = first["call"]
    rare = work.startswith("rare")
    for field in FIELDS:
        column = [each.get(field) for each in runs]
        if any(column) and (field != "peak_grown_kB" or rare):
            line[field] = column if field in COUNTED else [rounded(value) for value in column]
    return line


def keep(source, target, calls):
    """The last `calls` calls of `source`."""
    known, runs = read(source)
    last = list(known)[-calls:]
    results = Results([each for each in runs if each.get("call") in last])
    about = [{**known[call], "left_out": [
        f"{each['work']} {each['size']} {each['server']}: {why[:100].strip()}"
        for each, why in results.left_out if each["call"] == call]} for call in last]
    with open(target, "w", encoding="utf-8") as out:
        out.write(json.dumps({"about": {"calls": about}}) + "\n")
        for work in results.work:
            for size in results.sizes(work):
                for server in results.servers(work, size):
                    out.write(json.dumps(row(work, size, server, results.of(work, size, server)))
                              + "\n")
