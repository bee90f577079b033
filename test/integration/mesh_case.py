"""Meshes of real nodes: keys of their own, TLS between them, ports the system picks."""
import os
import shutil
import tempfile
import unittest

import certs
import ctl
from node import Node
from wait import until


def new_key(path, *args):
    """A node key, and the id it makes."""
    return ctl.run(None, "identity", path, "--new", *args, home=os.path.dirname(path)).strip()


class MeshCase(unittest.TestCase):
    """Nodes are made by member(); whatever a test leaves is killed."""

    SECONDS = 5
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.pki = tempfile.mkdtemp(prefix="ron-mesh-")
        cls.addClassCleanup(shutil.rmtree, cls.pki, ignore_errors=True)
        cls.ca = certs.Authority(cls.pki)
        cls.server = cls.ca.server()

    def setUp(self):
        self.keys = tempfile.mkdtemp(prefix="ron-keys-")
        self.addCleanup(shutil.rmtree, self.keys, ignore_errors=True)
        self.ids = {}

    def make_keys(self, *names):
        for name in names:
            self.ids[name] = new_key(os.path.join(self.keys, name))

    def member(self, name, peers=(), start=True, **config):
        """A node with the key of that name. peers: nodes that run, or ready texts."""
        settings = {"identity.key_file": os.path.join(self.keys, name), "transport.name": name,
                    "mesh.allow": sorted(self.ids.values()),
                    "peers": [p if isinstance(p, str) else self.address(p) for p in peers]}
        settings.update({key.replace("__", "."): value for key, value in config.items()})
        node = Node(settings, uds=True, tls=self.server)
        node.name = name
        self.addCleanup(node.discard)
        return node.start(ready=False) if start else node

    def address(self, node):
        """ID@HOST:PORT of a node that runs."""
        return f"{self.ids[node.name]}@{node.listen[0]}:{node.listen[1]}"

    @staticmethod
    def listening(node):
        """The node is up, ready or not: with peers that are not there it is not."""
        def line():
            if node.process.poll() is not None:
                raise AssertionError(f"exit code {node.process.returncode}\n{node.tail()}")
            return node.events("ready")
        entry = until(line, 10, "the log line with event ready")[-1]
        host, _, port = entry.get("listen", "").rpartition(":")
        node.listen = (host, int(port)) if port else None
        host, _, port = entry["admin"].rpartition(":")
        node.admin = (host, int(port))
        return node

    def mesh(self, count, **config):
        """So many nodes, each linked with all others."""
        names = [f"n{i}" for i in range(count)]
        self.make_keys(*names)
        nodes = []
        for name in names:
            nodes.append(self.listening(self.member(name, nodes, **config)))
        for node in nodes:
            self.links(node, count - 1)
        return nodes

    def links(self, node, count, seconds=10):
        until(lambda: self.view(node) == count, seconds,
              lambda: f"{count} links of {node.name}\n{node.tail()}")

    @staticmethod
    def view(node):
        return node.metrics().total("overlay_mesh_view_size", {"view": "active"})

    @staticmethod
    def ready(node):
        return node.http("/readyz")[0] == 200

    def session(self, node):
        session = node.uds_session()
        self.addCleanup(session.close)
        return session

    def reaches(self, writer, readers, topic="mesh/t", data=b"through the mesh"):
        """A publication at one node comes once to a subscriber of each of the others."""
        sessions = [self.session(node) for node in readers]
        for session in sessions:
            session.subscribe(topic)
        self.session(writer).publish(topic, data)
        for node, session in zip(readers, sessions):
            frame = session.gossip()
            self.assertEqual((frame.msg["topic"], frame.msg["data"]), (topic, data), node.name)
            self.assertIsNone(session.recv(0.2), "once")
