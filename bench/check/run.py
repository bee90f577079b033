#!/usr/bin/env python3
"""Instructions of fixed work against a committed baseline: ./dev bench --check [NAME...]

Runs each workload of bench_check under callgrind and divides the instructions by its operations.
They do not depend on what else the machine does, so a small tolerance holds where time says little.
Exit 1 when something became slower by more than the tolerance, or is not in the baseline.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASELINE = pathlib.Path(__file__).parent / "baseline.json"
TOLERANCE = 0.03  # for a first baseline; from then on the file says
ENVIRONMENT = {"LC_ALL": "C"}  # the caller's may tune the allocator or choose other libraries


def workloads(binary):
    return subprocess.run([binary], check=True, capture_output=True, text=True).stdout.split()


def instructions(binary, name):
    """Instructions an operation of this workload takes."""
    with tempfile.TemporaryDirectory() as directory:
        counts = os.path.join(directory, "counts")
        run = subprocess.run(
            [shutil.which("valgrind"), "--tool=callgrind", "--toggle-collect=ron_measured",
             f"--callgrind-out-file={counts}", binary, name],
            env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{name} failed ({run.returncode}):\n{run.stderr}")
        total = re.search(r"^totals: (\d+)$", pathlib.Path(counts).read_text(encoding="utf-8"), re.M)
    if total is None or int(total.group(1)) == 0:
        raise RuntimeError(f"{name}: callgrind saw nothing of ron_measured")
    return int(total.group(1)) / int(run.stdout)


def measure(binary, names):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(lambda name: instructions(binary, name), names)))


def judge(was, now, tolerance):
    """What to say of one workload, and whether it fails the check."""
    if was is None:
        return "new: not in the baseline", True
    if now > was * (1 + tolerance):
        return "SLOWER", True
    return ("faster" if now < was * (1 - tolerance) else ""), False


def compare(baseline, counted, whole):
    """Prints the table; returns the verdicts of those that differ, and whether any fails."""
    known = baseline["instructions"]
    verdicts, failed = [], False
    print(f"{'instructions an operation':<36}{'was':>11}{'is':>11}{'ratio':>8}")
    for name, now in counted.items():
        was = known.get(name)
        verdict, bad = judge(was, now, baseline["tolerance"])
        ratio = f"{now / was:.3f}" if was else "-"
        print(f"{name:<36}{f'{was:.1f}' if was else '-':>11}{now:>11.1f}{ratio:>8}  {verdict}".rstrip())
        verdicts += [verdict] if verdict else []
        failed |= bad
    for name in sorted(set(known) - set(counted)) if whole else []:
        print(f"{name:<36}{known[name]:>11.1f}{'-':>11}{'-':>8}  gone: in the baseline only")
        failed = True
    return verdicts, failed


def load():
    if BASELINE.exists():
        return json.loads(BASELINE.read_text(encoding="utf-8"))
    return {"tolerance": TOLERANCE, "instructions": {}}


def update(baseline, counted, whole):
    kept = {} if whole else baseline["instructions"]
    rounded = {name: round(now, 2) for name, now in counted.items()}
    BASELINE.write_text(json.dumps({**baseline, "instructions": {**kept, **rounded}}, indent=2) + "\n",
                        encoding="utf-8")
    print(f"written: {BASELINE.name}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench --check", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only those that begin so")
    parser.add_argument("--update", action="store_true", help="write the new baseline")
    parser.add_argument("--binary", default="build/release/bench/bench_check", help=argparse.SUPPRESS)
    args = parser.parse_args()
    binary = os.path.abspath(args.binary)
    names = [name for name in workloads(binary)
             if not args.names or name.startswith(tuple(args.names))]
    if not names:
        parser.error(f"no such workload; there are: {' '.join(workloads(binary))}")
    baseline, whole = load(), not args.names
    try:
        counted = measure(binary, names)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    verdicts, failed = compare(baseline, counted, whole)
    if args.update:
        update(baseline, counted, whole)
        return 0
    if failed:
        print(f"\nslower than the baseline by more than {baseline['tolerance']:.0%}, or not the same workloads."
              "\nMeant so? ./dev bench --check --update, and say why in the commit.")
    elif "faster" in verdicts:
        print("\nfaster: keep it with ./dev bench --check --update")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
