#!/usr/bin/env python3
"""Kept results to documents: plots in docs/performance/, tables in docs/performance.md, README.md.

    publish.py --keep NAME [--calls N] [RAW]  the last N calls of RAW become results/NAME.jsonl
    publish.py results/NAME.jsonl             writes plots and tables from that file
    publish.py --check                        what is written equals what the published file gives
"""
import argparse
import pathlib
import re
import sys

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import charts
import kept
import report
import stacks
from results import Results, read

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results"
PERFORMANCE = ROOT / "docs/performance.md"
README = ROOT / "README.md"
PLOTS = ROOT / "docs/performance"
RAW = ROOT / "build/bench/peers/results.jsonl"
BLOCK = re.compile(r"(<!-- peers: begin (\S+) -->\n).*?(<!-- peers: end -->)", re.DOTALL)


def plots(results):
    """{file name: SVG}"""
    cost = "CPU time of the server a delivered message, as a multiple of the bare relay's"
    main = report.readme_panel(results)
    if not main[0][1].get("ours"):
        raise SystemExit("error: there are no results of w2 for ours and frame, which README.md shows")
    out = {"w2.svg": charts.lines(
        cost, "1 publisher to 50 subscribers, batched; logarithmic, lower is better, 1 is the relay; numbers of svc-overlay",
        "x the bare relay", main, across=1, height=250)}
    ratios = report.by_size(results, report.ratio)
    if ratios:
        out["cpu.svg"] = charts.lines(
            cost, "median of pairs measured one after the other; logarithmic, lower is better; numbers of svc-overlay",
            "x the bare relay", ratios)
        out["throughput.svg"] = charts.lines(
            "Delivered messages a second, server on one CPU",
            "median, numbers of svc-overlay; logarithmic, higher is better; the relay is bound by the generator",
            "messages a second", report.by_size(results, report.throughput), above=True)
    latency = report.latency_panels(results)
    if latency:
        out["latency.svg"] = charts.ranges(
            "Latency, publish to deliver, at a fixed rate",
            "p50 (large mark), p90, p99: medians of the repetitions; logarithmic", latency)
    memory = report.memory_panels(results)
    if memory:
        out["memory.svg"] = charts.bars("Server memory of an idle session, 10 000 sessions",
                                        "private pages as the kernel counts them, median", "KiB", memory)
    for work, found in stacks.kept(RESULTS).items():
        out[f"flame-{work}.svg"] = stacks.flame(found, stacks.title(work))
    return out


def with_block(path, name, lines):
    text = path.read_text(encoding="utf-8")
    if not BLOCK.search(text):
        raise SystemExit(f"error: no block '<!-- peers: begin ... -->' in {path.name}")
    body = "\n".join(lines)
    return BLOCK.sub(lambda _: f"<!-- peers: begin {name} -->\n{body}\n<!-- peers: end -->", text)


def made_from(source):
    """{path: text} of everything that is generated."""
    calls, runs = read(source)
    results, name = Results(runs), source.name
    files = {PLOTS / plot: text for plot, text in plots(results).items()}
    files[PERFORMANCE] = with_block(PERFORMANCE, name, report.performance(
        list(calls.values()), results, sorted(path.name for path in files), stacks.kept(RESULTS)))
    files[README] = with_block(README, name, report.readme(results))
    return files


def published():
    found = BLOCK.search(PERFORMANCE.read_text(encoding="utf-8"))
    if not found:
        raise SystemExit("error: docs/performance.md has no block of peer results")
    return RESULTS / found.group(2)


def check():
    """Files that differ from what the published results give."""
    made = made_from(published())
    stale = [path for path, text in made.items()
             if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in PLOTS.glob("*.svg") if path not in made]
    return [str(path.relative_to(ROOT)) for path in sorted(stale)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=pathlib.Path)
    parser.add_argument("--keep", metavar="NAME")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        stale = check()
        for path in stale:
            print(f"{path}: not what bench/peers/publish.py makes of {published().name}")
        return 1 if stale else 0
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        target = RESULTS / f"{options.keep}.jsonl"
        kept.keep(options.file or RAW, target, options.calls)
        print(target.relative_to(ROOT))
        return 0
    source = (options.file or published()).resolve()
    if source.parent != RESULTS:
        parser.error("only results kept in bench/peers/results can be published: see --keep")
    PLOTS.mkdir(exist_ok=True)
    made = made_from(source)
    for path in set(PLOTS.glob("*.svg")) - set(made):
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
