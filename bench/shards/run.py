#!/usr/bin/env python3
"""What several shards cost and bring: ./dev bench shards

Every run is one load of the generator of bench/peers on a node of its own, by turns: one for each
number of shards, all with the same CPUs. `cross` is a publisher and a subscriber on different shards wherever
there are two: they come over the Unix socket, which deals sessions out in turn. The others come over
TCP, where the kernel deals. Every message is counted; a lost one ends the run with exit code 1.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

CONFIG = """\
profile = "micronode"
[overlay]
listen = "127.0.0.1:0"
shards = {shards}
[overlay.peer]
max_rps = 10000000
max_fps = 100000000
inflight_frames = 65536
recv_window_frames = 256
[limits]
peer_queue_bytes = "16MiB"
peer_queue_frames = 16777216
total_queue_bytes = "16GiB"
[transport]
accept_rate = 1000000
accept_burst = 1000000
[uds]
path = "{uds}"
[observability]
metrics_addr = ""
"""

WORK = {
    "cross": ("1 publisher, 1 subscriber of another shard", {"subs": 1}),
    "w2": ("1 publisher, 50 subscribers", {"subs": 50}),
    "w3": ("10 topics of 1 publisher and 10 subscribers", {"pubs": 10, "topics": 10, "subs": 10}),
}


class Node:
    """svc-overlay in a directory of its own, on given CPUs."""

    def __init__(self, program, shards, cpus, directory):
        self.uds = os.path.join(directory, "sock")
        config = os.path.join(directory, "node.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(shards=shards, uds=self.uds))
        log = os.path.join(directory, "log")
        with open(log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(["taskset", "-c", cpus, program, "--config", config,
                                             "--log-format", "json"], stderr=out)
        self.port = self.ready(log).rsplit(":", 1)[1]

    def ready(self, log):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            with open(log, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
            for event in lines:
                if event["event"] == "ready":
                    return event["listen"]
        with open(log, encoding="utf-8") as file:
            raise SystemExit("the node did not start: " + file.read())

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(options, kind, work, size):
    program, shards = kind
    with tempfile.TemporaryDirectory() as directory:
        node = Node(os.path.join(program, "svc-overlay"), shards, options.cpus, directory)
        try:
            return load(options, node, work, size)
        finally:
            node.stop()


def load(options, node, work, size):
    where = ["--uds", node.uds] if work == "cross" else ["--port", node.port]
    more = [item for key, value in WORK[work][1].items() for item in ("--" + key, str(value))]
    done = subprocess.run(["taskset", "-c", options.generator_cpu, options.generator, "--codec", "ours",
                           "--pid", str(node.process.pid), "--size", str(size), "--warm", "0.2",
                           "--secs", str(options.seconds), *where, *more],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def spread(values, form):
    return f"{form(statistics.median(values))} ({form(min(values))}-{form(max(values))})"


def row(kind, work, size, runs, first):
    """Beside the medians, the median of the ratios to the first one's run of the same turn."""
    cells = [work, size, f"{kind[1]} of {kind[0]}"]
    for key in ("srv_cpu_per_M", "msgs_s"):
        ratios = [run[key] / other[key] for run, other in zip(runs, first) if other[key]]
        cells.append(spread([run[key] for run in runs], "{:.3g}".format))
        cells.append("{:.2f}".format(statistics.median(ratios or [0])))
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin", help="where svc-overlay is; several: A,B")
    parser.add_argument("--generator", default="build/bench/peers/generator")
    parser.add_argument("--shards", default="1,2")
    parser.add_argument("--work", default=",".join(WORK))
    parser.add_argument("--sizes", default="128,1024,16384,1000000")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--cpus", default="0,1", help="of the node")
    parser.add_argument("--generator-cpu", default="2")
    options = parser.parse_args()
    kinds = [(program, int(shards)) for program in options.bin.split(",")
             for shards in options.shards.split(",")]
    lost = 0
    print("| workload | bytes | shards | us of CPU a message | x | messages a second | x |\n" + 7 * "|---" + "|")
    for work in options.work.split(","):
        for size in map(int, options.sizes.split(",")):
            runs = {kind: [] for kind in kinds}
            for rep in range(options.reps):
                for kind in kinds if rep % 2 == 0 else reversed(kinds):
                    runs[kind].append(measure(options, kind, work, size))
            for kind in kinds:
                lost += sum(run["lost"] for run in runs[kind])
                row(kind, work, size, runs[kind], runs[kinds[0]])
    print(f"{lost} messages lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
