#!/usr/bin/env python3
"""How fast the admin listener answers while the data plane is saturated: ./dev bench admin

Starts a node of its own, loads it with `ronctl bench` as fast as it goes, and meanwhile asks each
page again and again over fresh connections. --max-ms fails the run when a page's p99 is above it.
"""
import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time

PAGES = ("/healthz", "/readyz", "/version", "/metrics", "/configz", "/sessionz", "/topicz")


def started(binary, directory):
    log = open(os.path.join(directory, "node.log"), "w+", encoding="utf-8")
    node = subprocess.Popen([binary, "--bind", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
                             "--log-format", "json", "--set", "transport.accept_rate=100000",
                             "--set", "transport.accept_burst=100000"], stderr=log)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with open(log.name, encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                if event["event"] == "ready":
                    return node, event["listen"], event["admin"]
        if node.poll() is not None:
            break
    raise SystemExit("the node did not start: " + open(log.name, encoding="utf-8").read())


def ask(admin, page):
    host, port = admin.rsplit(":", 1)
    begin = time.perf_counter()
    link = http.client.HTTPConnection(host, int(port), timeout=5)
    link.request("GET", page)
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status, (time.perf_counter() - begin) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin", help="where svc-overlay and ronctl are")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--max-ms", type=float, default=0)
    options = parser.parse_args()
    times = {page: [] for page in PAGES}
    with tempfile.TemporaryDirectory() as directory:
        node, listen, admin = started(os.path.join(options.bin, "svc-overlay"), directory)
        load = subprocess.Popen([os.path.join(options.bin, "ronctl"), "--url", "ron://" + listen,
                                 "bench", "--pubs", "2", "--subs", "4", "--size", "1024",
                                 "--duration", f"{int(options.seconds) + 3}s"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            for page in PAGES:
                status, took = ask(admin, page)
                if status != 200:
                    raise SystemExit(f"{page} answered {status}")
                times[page].append(took)
        text = load.communicate()[0]
        node.terminate()
        node.wait(10)
    print(text.strip(), "\n")
    print(f"{'page':<10} {'asked':>6} {'p50':>9} {'p99':>9} {'max':>9}")
    worst = 0.0
    for page, took in times.items():
        took.sort()
        p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
        worst = max(worst, p99)
        print(f"{page:<10} {len(took):>6} {took[len(took) // 2]:>6.2f} ms {p99:>6.2f} ms "
              f"{took[-1]:>6.2f} ms")
    if options.max_ms and worst > options.max_ms:
        print(f"FAILED: a p99 above {options.max_ms} ms")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
