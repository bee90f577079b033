"""The systems under test: how each is started, and what it says of itself."""
import json
import os
import re
import socket
import subprocess
import urllib.request

from clients import Nats, Oap
from process import Process, until

SEEDS = 3  # nodes that all others know from their configuration
FEWEST_LINKS = 4
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})?\s+(\S+)$", re.M)
COUNTERS = {"received": ("overlay_mesh_received_total", ""), "delivered": ("overlay_mesh_delivered_total", ""),
            "duplicates": ("overlay_mesh_duplicates_total", ""), "forwarded": ("overlay_mesh_forwarded_total", ""),
            "grafts": ("overlay_mesh_grafts_total", 'dir="tx"'), "prunes": ("overlay_mesh_prunes_total", 'dir="tx"'),
            "ihave": ("overlay_mesh_ihave_total", 'dir="tx"'), "iwant": ("overlay_mesh_iwant_total", 'dir="tx"'),
            "repair_hits": ("overlay_mesh_repair_hits_total", "")}
HYBRID = ("overlay_pq_negotiations_total", 'outcome="ok"')
ACTIVE = ("overlay_mesh_view_size", 'view="active"')


def certificate(scratch):
    """(certificate, key): P-256, for 127.0.0.1, its own authority; all servers share it."""
    cert, key = os.path.join(scratch, "cert.pem"), os.path.join(scratch, "cert.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "30", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def page(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return answer.read().decode()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class System:
    """Processes that are one mesh; addresses: where the clients of each node connect."""

    protocol = None

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.cert, self.key = certificate(scratch)
        self.processes, self.addresses = [], []
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def path(self, name):
        return os.path.join(self.scratch, name)

    def spawn(self, command, name):
        self.processes.append(Process(command, self.path(f"{name}.log")))
        return self.processes[-1]

    def counters(self):
        """Sums over all nodes of what the system counts of its mesh."""
        return {}

    def about(self):
        """What a reader of the results wants to know of this mesh."""
        return {}

    def cpu(self):
        return sum(each.cpu() for each in self.processes)

    def stop(self):
        for each in self.processes:
            each.stop()
        for each in self.processes:
            each.reap()


class Ours(System):
    """One process a node, TLS 1.3 with X25519MLKEM768 and node keys between them; clients over Unix sockets."""

    protocol = Oap()

    def start(self):
        self.admins, self.listens, self.ids = [], [], []
        for i in range(self.options.nodes):
            self.ids.append(subprocess.run([self.options.bin + "/ronctl", "identity", self.path(f"{i}.key"), "--new"],
                                           check=True, capture_output=True, text=True).stdout.strip())
        for i in range(self.options.nodes):
            self.node(i)
        self.links = until(self.formed, 30, "a mesh")

    def node(self, i):
        sock = self.path(f"u{i}/sock")
        os.mkdir(os.path.dirname(sock), 0o700)
        peers = "".join(f'[[peers]]\naddr = "{addr}"\nid = "{ident}"\n'
                        for addr, ident in list(zip(self.listens, self.ids))[:SEEDS])
        text = (f'transport.name = "node{i}"\noverlay.listen = "127.0.0.1:0"\noverlay.shards = 1\n'
                f'overlay.pq_mode = "require"\nobservability.metrics_addr = "127.0.0.1:0"\n'
                f'log.format = "json"\nuds.path = "{sock}"\nidentity.key_file = "{self.path(f"{i}.key")}"\n'
                f'timeouts.idle = "1h"\nmesh.allow = {json.dumps(self.ids)}\n'
                f'[tls]\nenabled = true\ncert_path = "{self.cert}"\nkey_path = "{self.key}"\n{peers}')
        process = self.spawn([self.options.bin + "/svc-overlay", "--config", write(self.path(f"{i}.toml"), text)],
                             f"node{i}")
        ready = until(lambda: self.ready(process), 20, f"ready {i}")
        self.listens.append(ready["listen"])
        self.admins.append(ready["admin"])
        self.addresses.append(sock)

    @staticmethod
    def ready(process):
        process.check()
        with open(process.log, encoding="utf-8") as log:
            for line in log:
                if '"ready"' in line and line.endswith("\n"):
                    entry = json.loads(line)
                    if entry.get("event") == "ready":
                        return entry
        return None

    def samples(self, wanted):
        """name -> [value of each node]"""
        found = {name: [] for name in wanted}
        for admin in self.admins:
            series = [(name, labels, float(value)) for name, labels, value in SAMPLE.findall(page(admin, "/metrics"))]
            for name, (metric, label) in wanted.items():
                found[name].append(sum(value for one, labels, value in series if one == metric and label in labels))
        return found

    def formed(self):
        """Links of each node, once every node has some and none changed for a second."""
        before = self.samples({"active": ACTIVE})["active"]
        if min(before) < min(FEWEST_LINKS, self.options.nodes - 1):
            return None
        try:
            until(lambda: self.samples({"active": ACTIVE})["active"] != before, 1, "")
        except RuntimeError:
            return before
        return None

    def counters(self):
        return {name: sum(values) for name, values in self.samples(COUNTERS).items()}

    def about(self):
        active = self.samples({"active": ACTIVE, "hybrid": HYBRID})
        return {"links": round(sum(active["active"]) / self.options.nodes, 2),
                "hybrid_handshakes": int(sum(active["hybrid"]))}


class NatsCluster(System):
    """Servers with a route between any two; clients over TCP, spread evenly."""

    protocol = Nats()

    def __init__(self, options, scratch, servers, tls):
        self.servers, self.tls = servers, tls
        super().__init__(options, scratch)

    def start(self):
        ports = free_ports(3 * self.servers)
        client, route, self.monitors = ports[::3], ports[1::3], ports[2::3]
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in route)
        tls = (f'tls {{ cert_file: "{self.cert}", key_file: "{self.key}", ca_file: "{self.cert}", timeout: 20 }}'
               if self.tls else "")
        for i in range(self.servers):
            text = (f'server_name: s{i}\nhost: "127.0.0.1"\nport: {client[i]}\nhttp: "127.0.0.1:{self.monitors[i]}"\n'
                    f'cluster {{ name: bench, listen: "127.0.0.1:{route[i]}", routes: [{routes}]\n{tls} }}\n')
            self.spawn(["nats-server", "-c", write(self.path(f"{i}.conf"), text)], f"nats{i}")
        until(self.joined, 30, "the routes of the cluster")
        self.addresses = [("127.0.0.1", client[i % self.servers]) for i in range(self.options.nodes)]

    def joined(self):
        for each in self.processes:
            each.check()
        try:
            counts = [json.loads(page(f"127.0.0.1:{port}", "/routez"))["num_routes"] for port in self.monitors]
        except OSError:
            return False
        return all(count >= self.servers - 1 for count in counts)


def free_ports(count):
    """Ports that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


SYSTEMS = {
    "ours": Ours,
    "nats3": lambda options, scratch: NatsCluster(options, scratch, 3, False),
    "nats3-tls": lambda options, scratch: NatsCluster(options, scratch, 3, True),
    "nats20-tls": lambda options, scratch: NatsCluster(options, scratch, options.nodes, True),
}
