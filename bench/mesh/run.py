#!/usr/bin/env python3
"""Real meshes on this machine: ./dev bench mesh [--systems ours,nats3,js] [--rows slow,steady,burst]

Each repetition starts each system anew, in turn. One JSON object a row is appended to the results;
at the end the table of this call is printed. Everything, this program too, runs on the CPUs of
--cpus; costs are CPU time by the kernel.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import about  # noqa: E402
import tables  # noqa: E402
from clients import Clients  # noqa: E402
from gossipsub import GossipSub, Unavailable  # noqa: E402
from process import LIBC, PDEATHSIG, busy_seconds, until  # noqa: E402
from systems import SYSTEMS  # noqa: E402

Row = collections.namedtuple("Row", "rate seconds at_once")  # rate: publications a second, all nodes together
ROWS = {
    "slow": Row(4, 20, 1),
    "steady": Row(50, 30, 1),
    "burst": Row(100, 10, 100),  # 100 at once, each second
}
JS = {"js": True, "js-nosign": False}  # whether each message is signed, as is gossipsub's default
JS_ROWS = ("slow",)  # 20 nodes in one process do not keep up with more
HOT = 10    # publications of each node before anything is measured
REST = 1.0  # seconds after the warm-up
IDLE = 5.0  # seconds in which nothing is published


def plan(row, nodes):
    """(seconds from the begin, node) of each publication; the nodes are random."""
    count = int(row.rate * row.seconds)
    return [(number // row.at_once * row.at_once / row.rate, random.randrange(nodes)) for number in range(count)]


class Mesh:
    """A running system with its clients: warmed up, then measured row by row."""

    def __init__(self, system, options):
        self.system, self.options = system, options
        self.clients = Clients(system.protocol, system.addresses)
        until(self.reaches_all, 20, "a publication of each node reaches all")
        before = system.counters()
        everyone = list(range(options.nodes)) * HOT
        self.clients.load([(0.01 * number, node) for number, node in enumerate(everyone)], options.size)
        self.warm_up = redundancy(before, system.counters())
        self.idle_cpu = self.idle()

    def reaches_all(self):
        once = self.clients.load([(0.0, node) for node in range(self.options.nodes)], self.options.size)
        return once.deliveries == once.expected

    def idle(self):
        """CPU seconds a second of all nodes together, sessions open, nothing published."""
        self.clients.load([(REST, 0)], self.options.size)
        begin, cpu = time.monotonic(), self.system.cpu()
        self.clients.load([(IDLE, 0)], self.options.size)
        return (self.system.cpu() - cpu) / (time.monotonic() - begin)

    def measure(self, row):
        before = self.system.counters()
        begin, cpu = time.monotonic(), self.system.cpu()
        tally = self.clients.load(plan(row, self.options.nodes), self.options.size)
        cpu, elapsed = self.system.cpu() - cpu, time.monotonic() - begin
        after = self.system.counters()
        memory = [each.memory() for each in self.system.processes]
        extra = {"cpu_s": cpu, "idle_cpu": self.idle_cpu, "elapsed": elapsed, "processes": len(memory),
                 "resident_kB": statistics.median(each[0] for each in memory),
                 "private_kB": statistics.median(each[1] for each in memory), **self.system.about()}
        if after:
            extra.update(rmr=redundancy(before, after), rmr_warm_up=self.warm_up,
                         mesh={name: int(after[name] - before[name]) for name in after})
        return tally, extra


def redundancy(before, after):
    """Relative message redundancy between two looks: received / delivered - 1."""
    delivered = after.get("delivered", 0) - before.get("delivered", 0)
    return round((after["received"] - before["received"]) / delivered - 1, 4) if delivered else None


class Bench:
    def __init__(self, options):
        self.options, self.results = options, []
        self.stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def write(self, line):
        with open(self.options.out, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")

    def about(self):
        nats = about.number(about.words(["nats-server", "--version"]))
        return {"call": self.stamp, "command": "./dev bench mesh " + " ".join(sys.argv[1:]),
                "cpus": self.options.cpus, "machine": about.machine(),
                "versions": {"nats": nats, **self.versions_of_ours()}}

    def versions_of_ours(self):
        said = about.words([self.options.bin + "/svc-overlay", "--version"])
        return {"ours": said.splitlines()[0] if said else ""}

    def run(self, name, repetition):
        with tempfile.TemporaryDirectory(prefix="mesh.") as scratch:
            if name in JS:
                js = GossipSub(self.options, scratch, JS[name])
                for row in (each for each in self.options.rows if each in JS_ROWS):
                    self.row(name, row, repetition, lambda row=row: js.run(ROWS[row]))
                return
            system = SYSTEMS[name](self.options, scratch)
            try:
                mesh = Mesh(system, self.options)
                for row in self.options.rows:
                    self.row(name, row, repetition, lambda row=row: mesh.measure(ROWS[row]))
                mesh.clients.close()
            finally:
                system.stop()

    def row(self, name, row, repetition, measure):
        begin, busy = time.monotonic(), busy_seconds()
        own = time.process_time()
        tally, extra = measure()
        took = time.monotonic() - begin
        others = busy_seconds() - busy - extra["cpu_s"] - (time.process_time() - own)
        deliveries = max(1, tally.deliveries)
        idle = extra["idle_cpu"] * extra["elapsed"]
        result = {"system": name, "row": row, "repetition": repetition, "call": self.stamp,
                  "nodes": self.options.nodes, "size": self.options.size, "rate": ROWS[row].rate,
                  "published": tally.published, "deliveries": tally.deliveries, "expected": tally.expected,
                  "duplicates": tally.duplicates,
                  **{f"p{share}": tally.percentile(share / 100) for share in (50, 95, 99)},
                  "max": tally.percentile(1),
                  "cpu_us": round(extra["cpu_s"] / deliveries * 1e6, 1),
                  "busy_cpu_us": round(max(0.0, extra["cpu_s"] - idle) / deliveries * 1e6, 1),
                  **extra, "noise": round(max(0.0, others) / took, 2)}
        self.results.append(result)
        self.write(result)
        shown = " ".join(f"{key}={result[key]}" for key in ("deliveries", "expected", "p50", "p95", "p99", "rmr",
                                                            "cpu_us", "busy_cpu_us", "private_kB", "noise")
                         if key in result)
        print(f"{repetition} {name} {row}: {shown}", file=sys.stderr, flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench mesh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default=",".join([*SYSTEMS, *JS]), help=f"of: {','.join([*SYSTEMS, *JS])}")
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--nodes", type=int, default=20, help="3 to 32")
    parser.add_argument("--size", type=int, default=1024, help="payload bytes, at least 18")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--cpus", default="", help="for nodes and clients, for example 2,3 (default: the last two)")
    parser.add_argument("--bin", default="build/bin", help="where svc-overlay and ronctl are")
    parser.add_argument("--build", default="build/bench/mesh", help="where results and npm's packages go")
    parser.add_argument("--out", help="file of the results (default: results.jsonl there)")
    options = parser.parse_args()
    for each in ("systems", "rows"):
        known = {"systems": [*SYSTEMS, *JS], "rows": ROWS}[each]
        chosen = getattr(options, each).split(",")
        if wrong := [name for name in chosen if name not in known]:
            parser.error(f"--{each}: no {' '.join(wrong)}; there are: {' '.join(known)}")
        setattr(options, each, chosen)
    if not 3 <= options.nodes <= 32 or not 18 <= options.size <= 65536:
        parser.error("--nodes: 3 to 32; --size: 18 to 65536")
    if not shutil.which("nats-server"):
        print("skipped: nats: the package nats-server is not installed", file=sys.stderr)
        options.systems = [name for name in options.systems if not name.startswith("nats")]
    options.cpus = options.cpus or ",".join(map(str, sorted(os.sched_getaffinity(0))[-2:]))
    options.bin, options.build = os.path.abspath(options.bin), os.path.abspath(options.build)
    options.out = options.out or os.path.join(options.build, "results.jsonl")
    return options


def main():
    LIBC.prctl(PDEATHSIG, signal.SIGTERM)  # with setsid between us and the terminal
    options = parse()
    os.makedirs(options.build, exist_ok=True)
    os.sched_setaffinity(0, map(int, options.cpus.split(",")))
    bench = Bench(options)
    bench.write({"about": bench.about()})
    failed = False
    for repetition in range(options.reps):
        for name in list(options.systems):
            try:
                bench.run(name, repetition)
            except Unavailable as why:
                print(f"skipped: {name}: {why}", file=sys.stderr)
                options.systems.remove(name)
            except (RuntimeError, OSError, subprocess.SubprocessError) as fault:
                failed = True
                print(f"failed: {name}: {fault}", file=sys.stderr)
    print(tables.text(bench.results))
    return 1 if failed or any(each["system"] == "ours" and each["deliveries"] < each["expected"]
                              for each in bench.results) else 0


if __name__ == "__main__":
    sys.exit(main())
