"""Each gate of /readyz: its cause made real, red within a second, and green again once it is gone."""
import json
import os
import shutil
import signal
import socket
import time
import unittest

import oap
from case import NodeCase, numbered
from node import Node
from tls_case import TlsCase
from wait import duration, scale, until


class GateCase(NodeCase):
    """What every gate's test needs."""

    def missing(self):
        status, _, body = self.node.http("/readyz")
        answer = json.loads(body)
        self.assertEqual(status == 200, answer["ready"])
        return answer.get("missing", [])

    def red(self, gate, seconds=1.0):
        """Red within a second of its cause, degraded, and the gauges say the same."""
        until(lambda: gate in self.missing(), seconds, f"{gate} is red")
        answer = json.loads(self.node.http("/readyz")[2])
        self.assertTrue(answer["degraded"], answer)
        metrics = self.node.metrics()
        self.assertEqual(metrics.total("overlay_readiness_gate", {"gate": gate}), 0)
        self.assertEqual(metrics.total("readyz_state"), 2)
        until(lambda: any(gate in e["missing"] for e in self.node.events("not_ready")), 2, "told")

    def green(self, seconds=3.0):
        until(lambda: not self.missing(), seconds, lambda: f"ready again: {self.missing()}")
        self.assertEqual(self.node.metrics().total("readyz_state"), 1)
        until(lambda: self.node.events("ready_again"), 2, "told")

    def refuses_newcomers(self):  # OAP-3.23
        with self.node.connect() as late:
            late.send(oap.hello(), oap.REQ, corr=1)
            frames, _ = late.wait_closed(3)
            self.assertEqual([f.msg.get("code") for f in frames], ["NotReady"])


class QueueGates(GateCase):
    """queues_ok and shed_rate_ok: a reader that takes nothing fills the node's budget."""

    SECONDS = 8
    WINDOW_MS = 600

    @classmethod
    def make_node(cls):
        cls.CONFIG = {"overlay.shards": 1, "limits.total_queue_bytes": "16MiB",
                      "limits.peer_queue_bytes": "16MiB",
                      "readiness.queue_window": duration(cls.WINDOW_MS)}
        return Node(cls.CONFIG, ("--log-level", "info"))

    def fill(self):
        """A reader with no credit, and twice what the budget holds."""
        reader, writer, topic = self.session(window=1), self.session(), self.topic()
        reader.subscribe(topic)
        for start in range(0, 480, 16):
            writer.raw(numbered(topic, 16, 60000, start))
            writer.publish("mark")
        return reader, writer

    def test_queues(self):
        reader, writer = self.fill()
        self.red("queues_ok", 1.0 + self.WINDOW_MS / 1000)
        self.refuses_newcomers()
        self.alive_session(writer)          # who is inside stays
        reader.close()
        self.green()

    def test_a_short_burst_is_no_alarm(self):
        reader, _ = self.fill()
        reader.close()
        until(lambda: self.node.metrics().total("overlay_queue_bytes", {"queue": "egress"}) == 0, 3,
              "the queue is empty")
        self.assertEqual(self.missing(), [])

    def test_shedding(self):
        reader, writer = self.fill()
        topic = self.topic()
        second = self.session(window=1)
        second.subscribe(topic)

        def still_red():
            writer.raw(numbered(topic, 8, 1000, 0))
            return "shed_rate_ok" in self.missing()
        until(still_red, 1.0 + 4 * self.WINDOW_MS / 1000, "shed_rate_ok is red", step=0.05)
        reader.close()
        second.close()

        def green():
            writer.publish("mark")
            return not self.missing()
        until(green, 6, "ready again", step=0.05)


class FileGate(GateCase):
    """fd_headroom: descriptors run out."""

    SECONDS = 4
    LIMIT = 128

    @classmethod
    def make_node(cls):
        return Node({"overlay.shards": 1, "overlay.handshake_timeout": "30s"}, nofile=cls.LIMIT)

    def test_descriptors(self):
        held = []
        start = self.node.fds()
        while self.node.fds() < self.LIMIT * 96 // 100 and len(held) < self.LIMIT:
            held.append(self.keep(self.node.connect()))
            count = start + len(held) - 4   # a scrape may have been among those at the start
            until(lambda: self.node.fds() >= count, 2, "accepted")  # pylint: disable=W0640
        self.red("fd_headroom")
        for session in held:
            session.close()
        self.green()


class UnixListenerGate(GateCase):
    """listeners_bound: somebody removes the socket file."""

    UDS = True
    SECONDS = 4

    def test_removed_file_comes_back(self):
        os.unlink(self.node.uds)
        until(lambda: os.path.exists(self.node.uds), 3, "the socket is made anew")
        self.green()
        with self.node.uds_session() as session:
            session.subscribe(self.topic())

    def test_no_place_for_it(self):
        directory = os.path.dirname(self.node.uds)
        shutil.rmtree(directory)
        with open(directory, "w", encoding="ascii"):
            pass                            # in the way
        self.red("listeners_bound")
        os.unlink(directory)
        self.green()
        with self.node.uds_session() as session:
            session.subscribe(self.topic())

    def test_another_nodes_socket_is_left_alone(self):
        path = self.node.uds
        os.rename(path, path + ".old")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(8)
            self.red("listeners_bound")
            self.assertTrue(os.path.exists(path))
        os.unlink(path)
        self.green()


class CertificateGate(TlsCase, GateCase):
    """certificate_ok: the files of the certificate become unusable."""

    SECONDS = 4

    def test_permissions_of_the_key(self):
        os.chmod(self.server[1], 0o644)
        self.red("certificate_ok")
        os.chmod(self.server[1], 0o600)
        self.green()

    def test_key_file_gone(self):
        os.rename(self.server[1], self.server[1] + ".away")
        self.red("certificate_ok")
        os.rename(self.server[1] + ".away", self.server[1])
        self.green()


class ExpiryGate(TlsCase, GateCase):
    """certificate_ok: the certificate ends while the node runs."""

    SECONDS = 6
    LIFE = 3

    @classmethod
    def make_node(cls):
        cls.ends = time.time() + cls.LIFE * scale()
        short = cls.ca.server("short", until=cls.ends)
        cls.server = short
        return super().make_node()

    def test_expiry_and_renewal(self):
        until(lambda: time.time() > self.ends + 1, self.LIFE + 3, "the certificate has ended")
        self.red("certificate_ok")
        cert, key = self.ca.server("fresh")
        for fresh, old in ((key, self.server[1]), (cert, self.server[0])):
            os.replace(fresh, old)
        self.node.signal(signal.SIGHUP)
        self.green()


if __name__ == "__main__":
    unittest.main()
