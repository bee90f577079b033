"""The frame of every test against the real node.

A class starts one node for all its tests. After each test the node must still serve, hold no
session, have its fds and memory back, and have moved exactly the counters the test names.
"""
import itertools
import os
import unittest

import client
import oap
import wait
from node import Node, sanitized

MEMORY_SLACK = 24 << 20      # allocator and slabs may keep this much above the first quiet moment
RECOVERY_SECONDS = 8.0
_serial = itertools.count()


class NodeCase(unittest.TestCase):
    """CONFIG, ARGS, UDS and TLS say how the class's node starts; SECONDS helps the runner's order."""

    CONFIG = {}
    ARGS = ()
    UDS = False
    SECONDS = 1.0
    maxDiff = 2000
    node = None

    @classmethod
    def make_node(cls):
        return Node(cls.CONFIG, cls.ARGS, uds=cls.UDS)

    @classmethod
    def setUpClass(cls):
        cls.start_node()

    @classmethod
    def start_node(cls):
        cls.node = cls.make_node().start()
        try:
            cls.warm_up()
            cls.base_fds = cls.node.fds()
            cls.base_rss = cls.node.rss()
        except BaseException:
            text = cls.node.tail()
            cls.node.discard()
            raise AssertionError(f"first round trip failed\n{text}")

    @classmethod
    def tearDownClass(cls):
        if cls.node is not None and cls.node.alive():
            cls.node.stop()
        elif cls.node is not None:
            cls.node.discard()

    def setUp(self):
        self._open = []
        if not self.node.alive():
            self.node.discard()
            type(self).start_node()
        self.before = self.node.metrics()

    def tearDown(self):
        failed = not self._outcome.success
        for session in self._open:
            session.close()
        if not self.node.alive():
            self.fail(f"the node died with {self.node.process.returncode}\n{self.node.tail()}")
        if failed:
            print(self.node.tail())
        else:
            self.recovered()
            self.serves()

    # --- sessions -----------------------------------------------------------------------------

    def keep(self, session):
        """Close this session or socket at the end of the test."""
        self._open.append(session)
        return session

    def connect(self, **kw):
        return self.keep(self.node.connect(**kw))

    def session(self, **kw):
        return self.keep(self.node.session(**kw))

    def topic(self, suffix="t"):
        """A topic no other test uses."""
        return f"it/{os.getpid()}/{next(_serial)}/{suffix}"

    # --- after each test ----------------------------------------------------------------------

    @classmethod
    def open_for_service(cls):
        """A session over which the node can be asked whether it serves."""
        return cls.node.session()

    @classmethod
    def warm_up(cls):
        cls.round_trip()
        wait.until(lambda: cls.node.metrics().total("overlay_sessions_active") == 0, 5,
                   "no session after the first round trip")

    @classmethod
    def round_trip(cls):
        topic = f"it/{os.getpid()}/{next(_serial)}/serves"
        with cls.open_for_service() as reader, cls.open_for_service() as writer:
            reader.subscribe(topic)
            answer = writer.publish(topic, b"still here")
            assert answer["to"] == 1, answer
            frame = reader.gossip()
            assert frame.msg["data"] == b"still here", frame

    def serves(self):
        try:
            self.round_trip()
        except (client.Closed, OSError, AssertionError) as fault:
            self.fail(f"the node serves no more: {fault!r}\n{self.node.tail()}")
        self.quiet()

    def quiet(self):
        wait.until(lambda: self.node.metrics().total("overlay_sessions_active") == 0,
                   RECOVERY_SECONDS, "no session left")

    def recovered(self):
        """Sessions, fds and memory are back."""
        self.quiet()
        wait.until(lambda: self.node.fds() <= self.base_fds, RECOVERY_SECONDS,
                   lambda: f"fds back: {self.node.fds()} now, {self.base_fds} at first")
        if not sanitized():
            limit = self.base_rss + MEMORY_SLACK
            wait.until(lambda: self.node.rss() <= limit, RECOVERY_SECONDS,
                       lambda: f"memory back: {self.node.rss() >> 10} KiB now, "
                               f"{self.base_rss >> 10} KiB at first")

    def attempts_add_up(self):
        """Every handshake that began has become a session or is counted as failed, once."""
        def balance():
            return {k: self.delta(k) for k in ("hs_attempts", "opened", "hs_any")}
        try:
            wait.until(lambda: balance()["hs_attempts"] == balance()["opened"] + balance()["hs_any"], 3)
        except AssertionError:
            self.fail(f"attempts are not opened plus failed: {balance()}")

    # --- expectations -------------------------------------------------------------------------

    def moved(self, **counts):
        """Each named counter moved by exactly this much since the test began."""
        def deltas():
            now = self.node.metrics()
            return {k: now.counter(k) - self.before.counter(k) for k in counts}
        try:
            wait.until(lambda: all(deltas()[k] >= v for k, v in counts.items()), 5)
        except AssertionError:
            pass
        self.assertEqual(deltas(), counts)

    def delta(self, key):
        return self.node.metrics().counter(key) - self.before.counter(key)

    def is_error(self, message, code):
        self.assertIsNotNone(message)
        self.assertEqual((message.get("kind"), message.get("code")), ("error", code), message)
        self.assertIsInstance(message.get("msg"), str)

    def dies(self, session, code, corr=0, seconds=5.0):
        """One error frame, then an orderly end of the stream. Other frames may come before."""
        frames, how = session.wait_closed(seconds)
        self.assertEqual(how, "fin", "the stream must end orderly")
        self.assertTrue(frames, "an error frame was due before the end")
        last = frames[-1]
        self.assertEqual(last.flags, oap.RESP, last)
        self.is_error(last.msg, code)
        self.assertEqual(last.corr, corr, "the error carries the offending frame's corr_id")
        self.assertEqual([f for f in frames[:-1] if f.kind == "error"], [])
        return frames[:-1]

    def alive_session(self, session):
        """The session still answers."""
        session.ok(oap.unsub("it/nothing"))

    def in_sequence(self, frames, start, total):
        """Deliveries and `lagged` counts add up to `total`, each gap exactly where it is told.

        The data of a delivery begins with its index, 8 bytes big-endian.
        """
        due, dropped = start, 0
        for frame in frames:
            if frame.kind == "lagged":
                self.assertEqual((frame.flags, frame.tenant, frame.corr), (oap.EVENT, 0, 0))
                self.assertGreater(frame.msg["dropped"], 0)
                due += frame.msg["dropped"]
                dropped += frame.msg["dropped"]
                continue
            self.assertEqual(frame.kind, "gossip", frame)
            index = int.from_bytes(frame.msg["data"][:8], "big")
            self.assertEqual(index, due, f"message {index} where {due} was due")
            due += 1
        self.assertEqual(due, start + total, "deliveries and lagged counts must add up")
        return dropped


def numbered(topic, count, size=8, start=0, flags=oap.EVENT):
    """`count` publications on one topic as one bytes object, data = index and padding."""
    pad = bytes(max(0, size - 8))
    return b"".join(oap.encode(oap.gossip(topic, i.to_bytes(8, "big") + pad), flags)
                    for i in range(start, start + count))
