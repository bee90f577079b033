#!/usr/bin/python3
"""Run the integration suite: test classes in parallel processes, a time limit for each test.

    run.py                      everything, against <repo>/build/bin/svc-overlay
    run.py -k credit -k Drain   tests whose id contains one of the words (case does not count)
    run.py --shards 2           every node with two shards
    run.py --list               what there is

RON_BIN_DIR names another directory of binaries; RON_TIME_SCALE stretches every deadline.
The exit code is 0 when all passed, 1 when a test failed, 2 when there is nothing to test.
"""
import argparse
import contextlib
import contextlib
import glob
import importlib
import io
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import node  # noqa: E402  (after the path is set)
import wait  # noqa: E402

TEST_SECONDS = 45
CLASS_SECONDS = 240


class TestTimeout(BaseException):
    """Not an Exception, so that no test can catch it by accident."""


def classes(words):
    """[(module, class, [test names])] in the order of their declared cost, dearest first."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for value in vars(module).values():
            if (isinstance(value, type) and issubclass(value, unittest.TestCase)
                    and value.__module__ == module.__name__):
                tests = [t for t in unittest.defaultTestLoader.getTestCaseNames(value)
                         if wanted(f"{module.__name__}.{value.__name__}.{t}", words)]
                if tests:
                    found.append((module.__name__, value.__name__, tests))
    found.sort(key=lambda c: -cost(c))
    return found


def cost(item):
    return getattr(getattr(importlib.import_module(item[0]), item[1]), "SECONDS", 1.0)


def wanted(name, words):
    return not words or any(w.lower() in name.lower() for w in words)


class Result(unittest.TestResult):
    """Sends one line a test to the parent; subtests fail their test."""

    def __init__(self, pipe):
        super().__init__()
        self.pipe, self.began, self.texts = pipe, 0.0, []

    def startTest(self, test):
        super().startTest(test)
        self.began, self.texts, self.outcome = time.monotonic(), [], "passed"
        signal.alarm(int(TEST_SECONDS * wait.scale()))

    def stopTest(self, test):
        signal.alarm(0)
        self.pipe.send((test.id(), self.outcome, time.monotonic() - self.began, "".join(self.texts)))
        super().stopTest(test)

    def note(self, outcome, fault):
        self.outcome = outcome
        self.texts.append("".join(traceback.format_exception(*fault)))

    def addError(self, test, err):
        super().addError(test, err)
        if not isinstance(test, unittest.TestCase):     # setUpClass or tearDownClass
            self.pipe.send((str(test), "failed", 0.0, "".join(traceback.format_exception(*err))))
            return
        self.note("failed", err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note("failed", err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcome = "failed"
            self.texts.append(f"{subtest.id()}\n" + "".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = "skipped"
        self.texts.append(reason)


def work(item, pipe):
    """In a child process: one class."""
    def late(*_):
        raise TestTimeout(f"the test took more than {TEST_SECONDS} s")
    signal.signal(signal.SIGALRM, late)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    module, name, tests = item
    suite = unittest.TestSuite(getattr(importlib.import_module(module), name)(t) for t in tests)
    result, printed = Result(pipe), io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            suite.run(result)
        except TestTimeout as fault:
            pipe.send((f"{module}.{name}", "failed", 0.0, f"{fault}\n{traceback.format_exc()}"))
    pipe.send((None, "output", 0.0, printed.getvalue()))
    pipe.close()


class Runner:
    def __init__(self, options):
        self.options = options
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.failures, self.running = [], []

    def take(self, entry, slot):
        name, outcome, seconds, text = entry
        if name is None:
            slot["output"] = text
            return
        self.counts[outcome] += 1
        slot["seen"] += 1
        if outcome == "failed":
            self.failures.append((name, text, slot))
        if outcome != "passed" or self.options.verbose:
            why = f": {text.strip()}" if outcome == "skipped" else ""
            print(f"{outcome:8} {seconds:6.2f} s  {name}{why}", flush=True)

    def start(self, item):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=work, args=(item, theirs))
        process.start()
        theirs.close()
        self.running.append({"process": process, "pipe": ours, "item": item, "seen": 0, "output": "",
                             "end": time.monotonic() + CLASS_SECONDS * wait.scale()})

    def end(self, slot, why=None):
        if why:
            slot["process"].terminate()
        slot["process"].join(5)
        if slot["process"].is_alive():
            slot["process"].kill()
            slot["process"].join()
        name = ".".join(slot["item"][:2])
        if why or slot["process"].exitcode:
            self.take((name, "failed", 0.0, why or f"exit code {slot['process'].exitcode}"), slot)
        self.running.remove(slot)

    def step(self):
        """Take what the children have to say; forget those that have ended."""
        multiprocessing.connection.wait([s["pipe"] for s in self.running], 0.5)
        for slot in list(self.running):
            try:
                while slot["pipe"].poll():
                    self.take(slot["pipe"].recv(), slot)
            except EOFError:
                self.end(slot)
                continue
            if time.monotonic() > slot["end"]:
                self.end(slot, f"the class took more than {CLASS_SECONDS} s")

    def run(self, items):
        items = list(items)
        while items or self.running:
            while items and len(self.running) < self.options.jobs:
                self.start(items.pop(0))
            self.step()

    def report(self, seconds):
        shown = set()
        for name, text, slot in self.failures:
            print(f"\n=== {name}\n{text}")
            if id(slot) not in shown and slot["output"]:
                shown.add(id(slot))
                print(slot["output"][-40_000:])
        skipped = f", {self.counts['skipped']} skipped" if self.counts["skipped"] else ""
        print(f"\n{self.counts['passed']} passed, {self.counts['failed']} failed{skipped} "
              f"in {seconds:.0f} s")


class Load:
    """Another node under full load beside the tests, for as long as the context lasts."""

    def __enter__(self):
        self.node = node.Node().start()
        self.bench = subprocess.Popen(
            [node.binary("ronctl"), "--url", "ron://%s:%d" % self.node.listen, "bench", "--pubs", "2",
             "--subs", "4", "--size", "1024", "--duration", "1h"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.bench.kill()
        self.bench.wait()
        self.node.discard()


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only matching tests")
    parser.add_argument("-j", "--jobs", type=int, default=min(4, max(2, os.cpu_count() or 2)))
    parser.add_argument("--shards", type=int, help="shards of every node (config key overlay.shards)")
    parser.add_argument("--load", action="store_true", help="keep all CPUs busy with another node meanwhile")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each passed test too")
    parser.add_argument("--list", action="store_true", help="print the tests and end")
    return parser.parse_args()


def main():
    chosen = options()
    if not os.access(node.binary(), os.X_OK):
        print(f"{node.binary()} is missing: build it first, or set RON_BIN_DIR")
        return 2
    if chosen.shards:
        os.environ["RON_SHARDS"] = str(chosen.shards)
    if "RON_TIME_SCALE" not in os.environ and node.sanitized():
        os.environ["RON_TIME_SCALE"] = "4"      # before the tests are imported: they read it
    elif "RON_TIME_SCALE" not in os.environ and chosen.load:
        os.environ["RON_TIME_SCALE"] = "3"
    found = classes(chosen.k)
    if chosen.list:
        for module, name, tests in found:
            print("\n".join(f"{module}.{name}.{t}" for t in tests))
        return 0
    if not found:
        print("no test matches")
        return 2
    start, runner = time.monotonic(), Runner(chosen)
    with Load() if chosen.load else contextlib.nullcontext():
        runner.run(found)
    runner.report(time.monotonic() - start)
    return 1 if runner.counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
