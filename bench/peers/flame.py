#!/usr/bin/env python3
"""A flame graph of the node under one workload: ./dev bench flame w1 [--size 128] [--cpus 2,3]

Samples the node's process with perf while the generator loads it. In build/bench/peers:
flame-W1.folded (stacks) and flame-W1.svg; --keep puts the stacks into bench/peers/results, from
which publish.py makes the picture of the documents. Prints where the time goes.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import stacks
from run import FIRST_PORT, Run
from servers import KernelBuffers, Server, Setting
from workloads import WORKLOADS

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = 499  # a second: no multiple of a timer's rate, and seldom enough not to be seen
# The virtual machine's clock: hardware counters are not everywhere. Frame pointers are not in a
# release build, so stacks are unwound by its tables.
RECORD = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES), "--call-graph", "dwarf,8192"]
SCRIPT = ["perf", "script", "--no-inline", "-F", "comm,ip,sym,dso", "-i"]


def record(server, workload, size, seconds, path):
    """The result of the run; samples go to `path`."""
    perf = subprocess.Popen([*RECORD, "-p", str(server.pid), "-o", path])
    try:
        return Run(server, workload, size, seconds).measure()
    finally:
        perf.send_signal(signal.SIGINT)
        perf.wait()


def sampled(options, scratch):
    """(folded stacks, the run's result)"""
    workload = WORKLOADS[options.work]
    setting = Setting(os.path.abspath(options.build), os.path.abspath(options.node), scratch,
                      options.cpus.split(","))
    data = os.path.join(scratch, "perf.data")
    with KernelBuffers(workload.small_buffers):
        server = Server("ours", setting, FIRST_PORT, workload.tls)
        try:
            result = record(server, workload, options.size, options.secs, data)
        finally:
            server.stop()
    script = subprocess.run([*SCRIPT, data], capture_output=True, text=True, check=True).stdout
    return stacks.fold(script), result


def main():
    parser = argparse.ArgumentParser(prog="./dev bench flame", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=sorted(WORKLOADS), help="one of the workloads of ./dev bench peers")
    parser.add_argument("--size", type=int, default=128, help="payload bytes")
    parser.add_argument("--secs", type=float, default=8)
    parser.add_argument("--cpus", default="0,1", help="of the server and of the generator")
    parser.add_argument("--build", default="build/bench/peers", help="where the programs are")
    parser.add_argument("--node", default="build/bin/svc-overlay")
    parser.add_argument("--keep", action="store_true", help="keep the stacks for the documents")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flame.") as scratch:
        found, result = sampled(options, scratch)
    if not found or "error" in result:
        raise SystemExit(f"error: no samples: {result.get('error', 'perf saw none')}")
    seen, name = stacks.pruned(found), f"flame-{options.work}"
    build = pathlib.Path(options.build)
    stacks.write(seen, build / f"{name}.folded")
    (build / f"{name}.svg").write_text(stacks.flame(seen, stacks.title(options.work)), encoding="utf-8")
    if options.keep:
        stacks.write(seen, HERE / "results" / f"{name}.folded")
    print(f"{sum(found.values())} samples; {result['srv_cpu_per_M']:.3g} us a message, "
          f"{result['msgs_s']:.0f} messages a second; {build}/{name}.svg")
    for part, share in stacks.shares(found).most_common():
        print(f"{share:7.1%}  {stacks.KINDS[part]}")
    print("of these, in the functions themselves:")
    for share, function in stacks.top(found):
        print(f"{share:7.1%}  {function}")


if __name__ == "__main__":
    main()
