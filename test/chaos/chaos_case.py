"""Meshes that are badly treated, and must be whole again within seconds."""
import itertools
import json
import signal

from mesh_case import MeshCase
from test_control import control
from wait import Deadline, until

SEEDS = 3               # nodes that everybody is told of
FDS_SPARE = 8           # files a node may hold more of than before: links move
RSS_SPARE = 32 << 20    # bytes; the repair window alone may take 16 MiB


def ask(node, op):
    """A control operation's answer."""
    session = node.uds_session()
    try:
        return json.loads(session.request(control(op))["body"])
    finally:
        session.close()


class ChaosCase(MeshCase):
    """build() makes the mesh; after a test every node must still end in order."""

    COUNT = 6
    # So few links that publications take several hops, and no more of them pushed to than there are.
    CONFIG = {"mesh.active_view": 3, "overlay.gossip.relay_fanout": 3}

    def build(self, **config):
        names = [f"n{i}" for i in range(self.COUNT)]
        self.make_keys(*names)
        self.nodes = []
        for name in names:
            node = self.member(name, self.nodes[:SEEDS], **{**self.CONFIG, **config})
            self.nodes.append(self.listening(node))
        for node in self.nodes:
            node.config["overlay.listen"] = f"{node.listen[0]}:{node.listen[1]}"
        self.whole(30)
        self.before = {node.name: (node.fds(), node.rss()) for node in self.nodes}
        return self.nodes

    def tearDown(self):
        for node in getattr(self, "nodes", []):
            if node.alive():
                node.signal(signal.SIGCONT)
        for node in getattr(self, "nodes", []):
            if node.alive():
                node.stop(20)       # exit code 0, in time: nothing hangs

    # --- what is done to nodes ----------------------------------------------------------------

    @staticmethod
    def kill(*nodes):
        for node in nodes:
            node.signal(signal.SIGKILL)
        for node in nodes:
            node.wait_exit()

    def again(self, *nodes):
        """Killed nodes start anew: the same key, the same address, another epoch."""
        for node in nodes:
            node.process.stdout.close()
            node.process.stderr.close()
            node.log.clear()
            node.start(ready=False)
        for node in nodes:
            self.listening(node)

    # --- what must hold -----------------------------------------------------------------------

    @staticmethod
    def view(node):
        return ask(node, "mesh")["views"]["active"]

    @staticmethod
    def ready(node):
        return ask(node, "status")["ready"]

    def whole(self, seconds):
        """Every node is ready, and within so many seconds a publication of each reaches all."""
        deadline = Deadline(seconds)
        for node in self.nodes:
            until(lambda n=node: self.ready(n), seconds, lambda n=node: f"{n.name} ready\n{n.tail()}")
        for writer in self.nodes:
            for number in itertools.count():
                lost = self.round(writer, f"chaos/whole/{writer.name}/{number}")
                if not lost:
                    break
                self.assertFalse(deadline.passed(),
                                 f"a publication of {writer.name} does not reach {lost}\n{writer.tail()}")

    def round(self, writer, topic):
        """Publishes once; the names of nodes where it did not come within two seconds."""
        sessions = {node.name: node.uds_session() for node in self.nodes}
        for session in sessions.values():
            session.subscribe(topic)
        sessions[writer.name].publish(topic)
        deadline = Deadline(2)
        lost = [name for name, session in sessions.items()
                if name != writer.name and session.recv(deadline.left()) is None]
        for session in sessions.values():
            session.close()
        return lost

    def spent(self, *nodes):
        """Files and memory of nodes that lived through it have come back."""
        for node in nodes or self.nodes:
            fds, rss = self.before[node.name]
            until(lambda n=node, f=fds: n.fds() <= f + FDS_SPARE, 30,
                  lambda n=node, f=fds: f"{n.name} holds {n.fds()} files, {f} before")
            until(lambda n=node, r=rss: n.rss() <= r + RSS_SPARE, 30,
                  lambda n=node, r=rss: f"{n.name} holds {n.rss()} bytes, {r} before")

    def alive(self, *nodes):
        for node in nodes or self.nodes:
            self.assertTrue(node.alive(), f"{node.name} died\n{node.tail()}")
