"""Waiting costs nothing: no state a peer can hold a session in may make the node spin."""
import resource
import unittest

import client
import oap
from case import NodeCase, numbered, sanitized
from node import Node
from tls_case import TlsCase
from wait import scale, until

PATIENT = {"timeouts.read": "60s", "timeouts.write": "60s", "timeouts.idle": "120s",
           "overlay.handshake_timeout": "20s"}
WINDOW = 0.6        # seconds of watching
SHARE = 0.25        # of one CPU: far above housekeeping, far below a spinning thread


class Quiet:
    """calm(): over the window the node uses next to no CPU."""

    def calm(self, watcher):
        def share():
            before = self.node.cpu()
            self.assertIsNone(watcher.recv(WINDOW))
            return (self.node.cpu() - before) / (WINDOW * scale())
        seen = share()
        if seen >= SHARE:
            seen = share()      # what was still being worked on is no spinning
        self.assertLess(seen, SHARE, "the node spins")


class IdleCost(Quiet, NodeCase):
    CONFIG = PATIENT
    SECONDS = 8

    def test_idle_sessions(self):
        watcher = self.session()
        for _ in range(200):
            self.session()
        self.calm(watcher)

    def test_peers_in_the_handshake(self):
        watcher = self.session()
        for _ in range(50):
            self.connect().raw(b"\0\0\0\x40\x01")
        self.calm(watcher)

    def test_half_frames(self):
        watcher = self.session()
        for _ in range(50):
            self.session().raw(oap.encode(oap.gossip("t", bytes(70_000)))[:60_000])
        self.calm(watcher)

    def test_reader_that_stopped(self):
        watcher, stuck, writer = self.session(), self.session(rcvbuf=4096), self.session()
        stuck.subscribe("stuck")
        writer.raw(numbered("stuck", 6000, 1000))
        writer.publish("mark")
        self.calm(watcher)

    def test_reader_that_stopped_and_half_closed(self):
        """FIN stays readable for ever: a level-triggered loop that still waits to write spins."""
        watcher, stuck, writer = self.session(), self.session(rcvbuf=4096), self.session()
        stuck.subscribe("stuck")
        writer.raw(numbered("stuck", 6000, 1000))
        writer.publish("mark")
        stuck.finish()
        self.calm(watcher)

    def test_lane_that_waits_for_credit(self):
        watcher, stuck, writer = self.session(), self.session(window=1), self.session()
        stuck.subscribe("stuck")
        writer.raw(numbered("stuck", 6000, 1000))
        writer.publish("mark")
        self.calm(watcher)

    def test_asker_that_does_not_read_answers(self):
        """Its answers lane fills, the node stops reading it, and its socket stays readable."""
        watcher, stuck = self.session(), self.session(rcvbuf=4096)
        stuck.sock.settimeout(0.3)
        frame = oap.encode(oap.unsub("t" * 200), oap.REQ, corr=1)
        try:
            for _ in range(400):
                stuck.sock.sendall(frame * 500)
        except OSError:
            pass                            # the node reads no more: as it should be
        self.calm(watcher)

    def test_asker_that_does_not_read_and_half_closed(self):
        watcher, stuck = self.session(), self.session(rcvbuf=4096)
        frame = oap.encode(oap.unsub("t"), oap.REQ, corr=1)
        stuck.sock.settimeout(0.3)
        try:
            for _ in range(100):
                stuck.sock.sendall(frame * 200)
        except OSError:
            pass
        stuck.finish()
        self.calm(watcher)


class TlsIdleCost(Quiet, TlsCase):
    CONFIG = PATIENT
    SECONDS = 4

    def test_half_a_client_hello(self):
        watcher = self.tls()
        for _ in range(30):
            sock = self.keep(client.dial(self.node.listen))
            sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        self.calm(watcher)

    def test_reader_that_stopped_and_half_closed(self):
        watcher, stuck, writer = self.tls(), self.tls(), self.tls()
        stuck.subscribe("stuck")
        writer.raw(numbered("stuck", 8000, 1000))
        writer.publish("mark")
        stuck.sock.shutdown(1)
        self.calm(watcher)


class Full(Quiet, NodeCase):
    """More connections than max_conns, all of them still there."""

    CONFIG = {**PATIENT, "transport.max_conns": 20}
    SECONDS = 2

    def test_at_max_conns(self):
        watcher = self.session()
        held = [self.keep(client.connect(self.node.listen)) for _ in range(60)]
        self.assertEqual(len(held), 60)
        self.calm(watcher)
        watcher.close()
        for session in held:
            session.close()


class OutOfFiles(Quiet, NodeCase):
    """The limit of open files is reached long before max_conns."""

    CONFIG = PATIENT
    SECONDS = 3

    @classmethod
    def make_node(cls):
        return Node(cls.CONFIG, nofile=64)

    def test_flood_to_the_limit(self):
        watcher = self.session()
        flood = [client.dial(self.node.listen) for _ in range(200)]
        try:
            self.calm(watcher)
            self.alive_session(watcher)
        finally:
            for sock in flood:
                sock.close()
        until(lambda: self.node.http("/readyz")[0] == 200, 10, "ready again")


class ManySessions(NodeCase):
    CONFIG = {**PATIENT, "transport.max_conns": 4000}
    SECONDS = 5

    def test_idle_sessions_cost_little_memory(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = 1500
        if hard < count + 100:
            self.skipTest("the limit of open files is too low for this test")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 100), hard))
        before = self.node.rss()
        sessions = [self.session() for _ in range(count)]
        for session in sessions[:200]:
            session.subscribe("a/*", "b/**")
        if not sanitized():
            each = (self.node.rss() - before) / count
            self.assertLess(each, 16 << 10, "bytes an idle session")


if __name__ == "__main__":
    unittest.main()
