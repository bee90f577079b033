#!/usr/bin/env python3
"""A bar chart from results: plot.py [results.jsonl] --work w2 --out chart.svg

Delivered messages a second that one core of each server is good for (the inverse of its CPU time a
message, median), by payload size, on a logarithmic scale. Colours follow the reader's theme.
"""
import argparse
import json
import math
import statistics
from collections import defaultdict

from tables import ORDER, size_name, usable
from workloads import WORKLOADS

NAMES = {"ours": "svc-overlay", "frame": "bare relay (limit)", "nats": "nats-server",
         "redis": "redis", "mqtt": "mosquitto", "zmq": "ZeroMQ proxy"}
WIDTH, LEFT, RIGHT, TOP = 760, 90, 70, 84
BAR, GAP, GROUP = 13, 3, 16
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.soft { fill: #59636e; } .grid { stroke: #d1d9e0; stroke-width: 1; }
.ours { fill: #0969da; } .frame { fill: #afb8c1; } .nats { fill: #1a7f37; } .redis { fill: #cf222e; }
.mqtt { fill: #8250df; } .zmq { fill: #bc6c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; }
  .ours { fill: #4493f8; } .frame { fill: #656c76; } .nats { fill: #3fb950; } .redis { fill: #f85149; }
  .mqtt { fill: #ab7df8; } .zmq { fill: #d29922; }
}
"""


def short(value):
    for step, unit in ((1e6, "M"), (1e3, "k")):
        if value >= step:
            return f"{value / step:.3g}{unit}"
    return f"{value:.3g}"


def capacities(results, work):
    """{size: {server: messages a second of one core}}"""
    costs = defaultdict(lambda: defaultdict(list))
    for each in usable(results)[0]:
        if each["work"] == work and each["server"] in NAMES:
            costs[each["size"]][each["server"]].append(each["srv_cpu_per_M"])
    return {size: {server: 1e6 / statistics.median(runs) for server, runs in servers.items()}
            for size, servers in sorted(costs.items())}


class Chart:
    """SVG elements, and where the next bar goes."""

    def __init__(self, data, title):
        self.data, self.parts, self.y = data, [], TOP
        everything = [value for servers in data.values() for value in servers.values()]
        self.low = math.floor(math.log10(min(everything)))
        self.high = math.log10(max(everything))
        self.servers = [name for name in ORDER
                        if any(name in servers for servers in data.values())]
        self.text(16, 26, title, "title")
        self.text(16, 44, "delivered messages a second, one core; logarithmic, longer is better",
                  "soft")

    def text(self, x, y, text, kind="", anchor="start"):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
                          f'{text}</text>')

    def bar(self, x, y, width, kind, height=BAR):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(1.0, width):.1f}" '
                          f'height="{height}" rx="2" class="{kind}"/>')

    def at(self, value):
        return (WIDTH - LEFT - RIGHT) * (math.log10(value) - self.low) / (self.high - self.low)

    def legend(self):
        x = 16
        for name in self.servers:
            self.bar(x, 57, 11, name, 11)
            self.text(x + 16, 67, NAMES[name])
            x += 34 + 7 * len(NAMES[name])

    def grid(self, bottom):
        for power in range(self.low, math.floor(self.high) + 1):
            x = LEFT + self.at(10 ** power)
            self.parts.insert(0, f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{bottom}" '
                                 'class="grid"/>')
            self.text(x, bottom + 15, short(10 ** power), "soft", "middle")

    def draw(self):
        self.legend()
        for size, servers in self.data.items():
            begin = self.y
            for name in (name for name in self.servers if name in servers):
                width = self.at(servers[name])
                self.bar(LEFT, self.y, width, name)
                self.text(LEFT + width + 5, self.y + BAR - 2, short(servers[name]), "soft")
                self.y += BAR + GAP
            self.text(LEFT - 8, (begin + self.y) / 2 + 3, size_name(size), "", "end")
            self.y += GROUP
        self.grid(self.y - GROUP + 4)
        height = self.y + 14
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'width="{WIDTH}" height="{height}" role="img">\n<style>{STYLE}</style>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", default="build/bench/peers/results.jsonl")
    parser.add_argument("--work", default="w2", choices=sorted(WORKLOADS))
    parser.add_argument("--out", default="build/bench/peers/chart.svg")
    options = parser.parse_args()
    with open(options.results, encoding="utf-8") as file:
        data = capacities([json.loads(line) for line in file], options.work)
    if not data:
        parser.error(f"no results of {options.work} in {options.results}")
    with open(options.out, "w", encoding="utf-8") as out:
        out.write(Chart(data, WORKLOADS[options.work].text).draw())


if __name__ == "__main__":
    main()
