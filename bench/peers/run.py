#!/usr/bin/env python3
"""Peer benchmarks: ./dev bench peers [--servers ours,frame,nats] [--work w1,w2] [--reps 5]

Runs inside the private network namespace that run.sh makes. Of each workload and size the servers
take turns, repetition by repetition, so that a slow phase of the machine meets all of them. One
JSON object a run is appended to the results; at the end the tables of this call are printed.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import about
import tables
from servers import KINDS, KernelBuffers, Server, Setting
from workloads import BOUNDED, DEFAULT, SIZES, WORKLOADS, chosen, in_turns

FIRST_PORT = 7400
COPIES = 12 << 30  # bytes: what 1000 copies of 8 MiB need, in a server that copies for each reader
SHOWN = ("error", "msgs_s", "MB_s", "srv_cpu_per_M", "srv_util", "lost", "lagged", "p50", "p99",
         "session_kB", "srv_cpu_us_per_conn", "grown_kB", "peak_kB", "noise")


def memory_left():
    """Bytes."""
    with open("/proc/meminfo", encoding="utf-8") as meminfo:
        return next(int(line.split()[1]) * 1024 for line in meminfo
                    if line.startswith("MemAvailable:"))


def busy_seconds():
    """CPU seconds of the whole machine, all users."""
    with open("/proc/stat", encoding="utf-8") as stat:
        fields = [int(each) for each in stat.readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")


class Run:
    """One run of the generator against one server."""

    def __init__(self, server, workload, size, seconds):
        self.server, self.workload = server, workload
        options = {"warm": 0.4, "secs": workload.seconds or seconds, **server.generator_options(),
                   **workload.options, "size": size}
        if server.tls and "idle" in options:
            options["connect-at-once"] = 32
        self.command = ["taskset", "-c", server.setting.generator_cpu,
                        server.setting.program("generator")]
        for key, value in options.items():
            self.command += [f"--{key}", str(value)]
        self.seen = {}
        self.idle = options.get("idle", 0)

    def measure(self):
        server = self.server
        if server.dirty or server.process.poll() is not None:
            server.restart()  # a failed run may have left a backlog behind
        server.reset_peak()
        begin, busy, first = time.monotonic(), busy_seconds(), server.memory("VmRSS")
        result = self.generate()
        if server.process.poll() is None:
            result["peak_kB"] = server.memory("VmHWM")
            result["peak_grown_kB"] = result["peak_kB"] - first
        else:
            result["error"] = result.get("error", "") + " the server died"
        elapsed = time.monotonic() - begin
        own = (result.get("srv_util", 1) + 1) * elapsed
        result["noise"] = round(max(0.0, busy_seconds() - busy - own) / elapsed, 2)
        server.dirty = "error" in result or result.get("lost", 0) != 0
        return result

    def generate(self):
        generator = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, errors="replace")
        err = ""
        try:
            if self.workload.probe:
                self.look(generator)
            out, err = generator.communicate(timeout=120)
            return {**json.loads(out), **self.seen}
        except subprocess.TimeoutExpired:
            return {"error": "no end"}
        except (ValueError, BrokenPipeError, RuntimeError) as fault:
            rest = err if generator.stderr.closed else generator.stderr.read()
            return {"error": f"{fault} {rest}".strip()[-300:]}
        finally:
            if generator.poll() is None:
                generator.kill()
            generator.wait()

    def look(self, generator):
        """The generator holds at each word it says; memory is read at rest before it goes on."""
        before = self.server.private_kb()
        while True:
            word = generator.stderr.readline().strip()
            if word not in ("IDLE", "READY", "LAGGING"):
                raise RuntimeError(word)
            self.server.come_to_rest()
            now = self.server.private_kb()
            if word == "IDLE":
                self.seen["session_kB"] = round((now - before) / self.idle, 2)
            elif word == "READY":
                before = now
            else:
                self.seen["grown_kB"] = now - before
            generator.stdin.write("x")
            generator.stdin.flush()
            if word == self.workload.probe:
                return


class Bench:
    """All runs of one call."""

    def __init__(self, options, setting):
        self.options, self.setting, self.results = options, setting, []
        self.stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def takes_part(self, name, workload):
        kind = KINDS[name]
        if not (kind.tls if workload.tls else kind.plain):
            return False
        if workload.only:
            copies = "lag-bytes" in workload.options and name not in BOUNDED
            return name in workload.only and (not copies or memory_left() > COPIES)
        return kind.full or any(workload is WORKLOADS[each] for each in kind.works)

    def run(self, group):
        """One workload, or a pair that takes turns on each server."""
        workloads = {name: WORKLOADS[name] for name in group}
        servers = []
        try:
            for index, each in enumerate(self.options.servers):
                mine = [w for w in workloads.values() if self.takes_part(each, w)]
                if not mine:
                    continue
                try:
                    servers.append(Server(each, self.setting, FIRST_PORT + 10 * index, mine[0].tls,
                                          mine[0].realtime))
                except (RuntimeError, OSError) as fault:
                    print(f"skipped: {each} {group[0]}: {fault}", file=sys.stderr)
            for size in (s for s in self.options.sizes if s in workloads[group[0]].sizes):
                for repetition in range(self.options.reps):
                    for server in servers:
                        self.turn(workloads, server, size, repetition)
        finally:
            for server in servers:
                server.stop()

    def turn(self, workloads, server, size, repetition):
        names = [name for name in workloads if self.takes_part(server.name, workloads[name])]
        for name in reversed(names) if repetition % 2 else names:
            self.one(name, workloads[name], server, size, repetition)

    def one(self, name, workload, server, size, repetition):
        if workload.fresh and server.used:
            server.restart()
        server.used = True
        result = Run(server, workload, size, self.options.secs).measure()
        result.update(server=server.name, work=name, size=size, tls=int(workload.tls),
                      repetition=repetition, call=self.stamp)
        self.results.append(result)
        self.write(result)
        shown = " ".join(f"{key}={result[key]}" for key in SHOWN if key in result)
        print(f"{name} {size} {server.name}: {shown}", file=sys.stderr, flush=True)

    def write(self, line):
        with open(self.options.out, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default="ours,ours-poll,openssl,frame,nats,redis,mqtt,zmq",
                        help=f"of: {','.join(KINDS)}")
    parser.add_argument("--work", default=",".join(DEFAULT))
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--secs", type=float, default=1.2, help="of each throughput run")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="payload bytes")
    parser.add_argument("--quick", action="store_true", help="1 repetition, 128 and 1024 bytes")
    parser.add_argument("--cpus", default="0,1", help="of the server and of the generator")
    parser.add_argument("--build", default="build/bench/peers", help="where the programs are")
    parser.add_argument("--node", default="build/bin/svc-overlay")
    parser.add_argument("--out", default="build/bench/peers/results.jsonl")
    options = parser.parse_args()
    if options.quick:
        options.reps, options.sizes = 1, "128,1024"
    options.cpus = options.cpus.split(",")
    if len(options.cpus) != 2:
        parser.error("--cpus: one for the server, one for the generator")
    options.sizes = [int(each) for each in options.sizes.split(",")]
    names, options.servers = options.servers.split(","), []
    for name in names:
        if name not in KINDS:
            parser.error(f"no server '{name}'; there are: {' '.join(KINDS)}")
        needs = KINDS[name].needs or os.path.join(options.build, "zmq_proxy" if name == "zmq"
                                                  else "relay")
        if shutil.which(needs):
            options.servers.append(name)
        else:
            print(f"skipped: {name}: {needs} is not there", file=sys.stderr)
    return options


def main():
    options = parse()
    work = chosen(options.work.split(","))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="peers.") as scratch:
        bench = Bench(options, Setting(os.path.abspath(options.build),
                                       os.path.abspath(options.node), scratch,
                                       options.cpus))
        bench.write({"about": about.call(options, bench.stamp)})
        for group in in_turns(work):
            with KernelBuffers(work[group[0]].small_buffers):
                bench.run(group)
    print(tables.text(bench.results))
    return 1 if any("error" in each or each.get("lost") for each in bench.results) else 0


if __name__ == "__main__":
    sys.exit(main())
