#!/usr/bin/env python3
"""A picture of one scenario: how many deliveries had come after how long, a line a protocol.

    plot.py --scenario NAME [--seed S] [--seeds K] [--program build/bin/ron-mesh-sim] [--out build/sim] [OPTIONS]

Of several seeds one is drawn, of each protocol the same where it ran there: the first at which the mesh failed, or else
the first. Exit code 1 where it failed: the others may.
"""
import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "bench/peers"))
from svg import line, page, text  # noqa: E402

CLASSES = {"mesh": "ours", "gossipsub": "redis", "plumtree": "nats"}  # colours of the benchmarks' pages
WIDTH, HEIGHT, LEFT, TOP = 760, 380, 56, 84


def run(options, protocol):
    """What the runs of a protocol measured, one a seed; it ends with the first that failed."""
    command = [options.program, "--scenario", options.scenario, "--protocol", protocol, "--seed",
               str(options.seed), "--latencies", *options.more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def choose(runs):
    """Of the runs by protocol those to draw, by protocol."""
    drawn = {protocol: [r for r in results if r.get("latencies")] for protocol, results in runs.items()}
    drawn = {protocol: results for protocol, results in drawn.items() if results}
    first = next(iter(drawn.values()), [])      # ours, where it delivered anything: it has goals to miss
    seed = next((r["seed"] for r in first if r["failure"]), first[0]["seed"] if first else None)
    return {protocol: next((r for r in results if r["seed"] == seed), results[0])
            for protocol, results in drawn.items()}


def label(protocol, result):
    failed = ", FAILED" if result["failure"] else ""
    return f"{protocol}: {1 + result['rmr']:.2f} copies, seed {result['seed']}{failed}"


def curve(bins):
    """(milliseconds, part delivered) at each step."""
    total, sum_, points = sum(count for _, count in bins), 0, []
    for milliseconds, count in bins:
        sum_ += count
        points.append((milliseconds, sum_ / total))
    return points


def draw(scenario, runs):
    longest = max(run["p99_ms"] for run in runs.values()) * 1.3
    width, height = WIDTH - LEFT - 24, HEIGHT - TOP - 60

    def at(milliseconds, part):
        return LEFT + width * min(milliseconds / longest, 1), TOP + height * (1 - part)

    parts = [text(16, 26, f"{scenario}: delivered within", "title"),
             text(16, 45, "part of the deliveries, by time since publication in milliseconds; copies a delivery", "soft")]
    for step in range(5):
        x, y = at(longest * step / 4, step / 4)
        parts += [line(LEFT, y, LEFT + width, y), text(LEFT - 8, y + 4, f"{25 * step} %", "soft", "end"),
                  text(x, TOP + height + 20, f"{longest * step / 4:.0f}", "soft", "middle")]
    words, x = [], LEFT
    for protocol, result in runs.items():
        points = " ".join("{:.1f},{:.1f}".format(*at(*point)) for point in curve(result["latencies"]))
        kind = CLASSES[protocol]
        parts += [f'<polyline points="{points}" class="line {kind}"/>',
                  f'<rect x="{x}" y="58" width="14" height="4" class="{kind}"/>',
                  text(x + 20, 66, label(protocol, result))]
        x += 230
        words.append(f"{protocol}: p50 {result['p50_ms']:.0f}, p95 {result['p95_ms']:.0f}, "
                     f"p99 {result['p99_ms']:.0f} ms, {1 + result['rmr']:.2f} copies a delivery.")
    return page(WIDTH, HEIGHT, f"{scenario}: time to delivery", " ".join(words), parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default="build/bin/ron-mesh-sim")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/sim"))
    parser.add_argument("--protocols", type=lambda value: value.split(","), default=list(CLASSES))
    options, options.more = parser.parse_known_args()
    every = {protocol: run(options, protocol) for protocol in options.protocols}
    runs = choose(every)
    if not runs:
        print("nothing was delivered", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    name = pathlib.Path(options.scenario).stem
    for protocol, result in runs.items():
        bins = result.pop("latencies")
        (options.out / f"{name}-{protocol}.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
        result["latencies"] = bins
    (options.out / f"{name}.svg").write_text(draw(name, runs), encoding="utf-8")
    print(f"{options.out / name}.svg: seed " + ", ".join(sorted({str(r['seed']) for r in runs.values()})))
    return 1 if any(r["failure"] for r in every.get("mesh", [])) else 0


if __name__ == "__main__":
    sys.exit(main())
