"""/readyz of a node whose event loops have all they can do: never red without a cause, and red
within a second of one."""
import multiprocessing
import os
import selectors
import signal
import time
import unittest

from case import numbered
from node import Node
from test_readiness import GateCase
from tls_case import TlsCase
from wait import scale, until

POLL_SECONDS = 0.05
CALM_SECONDS = 4.0
RED_SECONDS = 1.0
BATCH = 2000                 # messages that are sent over and over


class Flood:
    """Two publishers a shard that never pause, each with a subscriber that takes all it can get.

    They come over the Unix socket, which deals sessions out to the shards in turn, and run in a
    process of their own, so that the one that watches has its time for itself.
    """

    def __init__(self, node):
        self.readers, self.writers = [], []
        for index in range(2 * node.ready_line["shards"]):
            self.readers.append(node.uds_session())
            self.readers[-1].subscribe(f"flood/{index}")
        for _ in self.readers:
            self.writers.append(node.uds_session())
        self.full = multiprocessing.Array("Q", len(self.writers))   # how often the node took no more
        self.process = multiprocessing.Process(target=self.run, daemon=True)

    def start(self):
        self.process.start()
        until(lambda: min(self.full) > 50, 10, lambda: f"every event loop is behind: {list(self.full)}")

    def stop(self):
        self.process.kill()
        self.process.join()
        for session in self.readers + self.writers:
            session.close()

    def run(self):
        with selectors.DefaultSelector() as selector:
            for session in self.readers:
                session.sock.setblocking(False)
                selector.register(session.sock, selectors.EVENT_READ)
            for index, session in enumerate(self.writers):
                session.sock.setblocking(False)
                batch = memoryview(numbered(f"flood/{index}", BATCH, 32))
                selector.register(session.sock, selectors.EVENT_READ | selectors.EVENT_WRITE,
                                  [index, batch, 0])
            try:
                while True:
                    for key, events in selector.select():
                        self.serve(key, events)
            except OSError:
                pass             # the node ended the session

    def serve(self, key, events):
        if events & selectors.EVENT_READ and not key.fileobj.recv(1 << 20):
            raise ConnectionResetError
        if not events & selectors.EVENT_WRITE:
            return
        index, batch, at = key.data
        try:
            for _ in range(8):
                at = (at + key.fileobj.send(batch[at:])) % len(batch)
        except BlockingIOError:
            self.full[index] += 1
        key.data[2] = at


class Saturated:
    """What both kinds of test need: a class with `node`."""

    def begin(self):
        self.flood = Flood(self.node)
        self.addCleanup(self.flood.stop)
        self.told = len(self.node.events("not_ready"))
        self.flood.start()

    def ready(self):
        return self.node.http("/readyz")[0] == 200

    def not_ready(self):
        """What was told since the test began."""
        return self.node.events("not_ready")[self.told:]

    def calm(self):
        """Green at every look, while every event loop goes on being behind."""
        before, looks = list(self.flood.full), 0
        end = time.monotonic() + CALM_SECONDS
        while time.monotonic() < end:
            began = time.monotonic()
            self.assertTrue(self.ready(), self.node.http("/readyz")[2] + self.node.tail())
            looks += 1
            until(lambda: time.monotonic() >= began + POLL_SECONDS, 5)   # pylint: disable=W0640
        self.assertGreater(looks, CALM_SECONDS / POLL_SECONDS / 4 / scale())
        for index, full in enumerate(self.flood.full):
            self.assertGreater(full, before[index], f"publisher {index} had room all the time")
        self.assertEqual(self.not_ready(), [])

    def red_within_a_second(self):
        began = time.monotonic()
        until(lambda: not self.ready(), 5 * RED_SECONDS, "red", step=POLL_SECONDS)
        self.assertLess(time.monotonic() - began, RED_SECONDS * scale())


class Gates(TlsCase, GateCase, Saturated):
    UDS = True
    SECONDS = 15
    CONFIG = {"overlay.peer.max_fps": 100_000_000}

    def setUp(self):
        super().setUp()
        self.begin()

    def tearDown(self):
        self.flood.stop()
        super().tearDown()

    def told_of(self, gate):
        """The log blames this gate and no other."""
        until(self.not_ready, 2, "told")
        self.assertEqual({event["missing"] for event in self.not_ready()}, {gate})

    def test_listener_lost(self):
        self.calm()
        directory = os.path.dirname(self.node.uds)
        os.rename(directory, directory + ".away")
        with open(directory, "w", encoding="ascii"):
            pass                            # in the way, so that it cannot be made anew
        try:
            self.red_within_a_second()
        finally:
            os.unlink(directory)
            os.rename(directory + ".away", directory)
        self.told_of("listeners_bound")
        self.green()

    def test_certificate_gone(self):
        self.calm()
        os.rename(self.server[0], self.server[0] + ".away")
        try:
            self.node.signal(signal.SIGHUP)
            self.red_within_a_second()
            until(lambda: self.node.events("reload_failed"), 3, "the reload is refused")
        finally:
            os.rename(self.server[0] + ".away", self.server[0])
        self.told_of("certificate_ok")
        self.green()


class Draining(unittest.TestCase, Saturated):
    SECONDS = 8

    def test_drain(self):
        self.node = Node({"overlay.peer.max_fps": 100_000_000, "drain_deadline": "5s"}, uds=True).start()
        self.addCleanup(self.node.discard)
        self.begin()
        self.calm()
        self.node.signal(signal.SIGTERM)
        self.red_within_a_second()
        self.flood.stop()
        self.assertEqual(self.node.wait_exit(10), 0)


if __name__ == "__main__":
    unittest.main()
