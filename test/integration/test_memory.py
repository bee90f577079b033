"""limits.memory_budget holds while every queue is full at once, and memory comes back afterwards.

The formula of docs/performance.md says what each part may come to; the node is told a budget, all
parts are filled by clients that take nothing and finish nothing, and resident memory is watched.
"""
import contextlib
import threading
import unittest

import client
import oap
from case import NodeCase, numbered, sanitized
from tls_case import TlsCase
from wait import until

MIB = 1 << 20
PATIENT = {"timeouts.read": "600s", "timeouts.write": "600s", "timeouts.idle": "600s"}
BUDGET = {**PATIENT, "overlay.shards": 2, "overlay.peer.inflight_frames": 32,
          "overlay.peer.max_fps": 10_000_000, "transport.max_conns": 200,
          "limits.peer_queue_bytes": "16MiB", "limits.memory_budget": "160MiB"}


class Peak:
    """The most resident memory while it runs."""

    def __init__(self, node):
        self.node, self.most, self.ended = node, node.rss(), threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.ended.wait(0.002):
            self.most = max(self.most, self.node.rss())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Filling:
    """What hostile clients do, whatever the channel. `slow()` opens a session that will not read."""

    def stalled_readers(self, count):
        """Lanes: small messages of random topics and large ones for readers that do not read."""
        for i in range(count):
            self.slow().subscribe(f"fill/{i}", f"fill/wide/{i % 4}/**")
        writer = self.fast()
        for step in range(40):
            for i in range(count):
                writer.raw(numbered(f"fill/{i}", 20, 40 if i % 3 else 20_000, step * 20))
            # No two neighbours share a topic, so each message is a run and a block of its own.
            writer.raw(b"".join(oap.encode(oap.gossip(f"fill/wide/{j % 4}/{j}", b"x"))
                                for j in range(400)))
            writer.publish("fill/mark")

    def half_frames(self, count, size):
        """Input: large frames that never end; the node must end sessions to stay in its bounds."""
        half = oap.envelope(length=27 + oap.MAX_FRAME) + bytes(size)
        for _ in range(count):
            with contextlib.suppress(client.Closed, OSError):
                self.fast().raw(half)

    def unread_answers(self, count):
        """Answers: requests as long as the node reads, and nothing is taken."""
        ask = b"".join(oap.encode(oap.unsub("fill/none"), oap.REQ, corr=i + 1) for i in range(200))
        for _ in range(count):
            session = self.slow()
            session.sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError, OSError):
                for _ in range(20):
                    session.sock.sendall(ask)

    def subscriptions(self, count):
        """Subscriptions: long patterns of many segments, none shared, until they are refused."""
        refused = 0
        for i in range(count):
            session = self.fast()
            for part in range(64):
                patterns = [f"s/{i}/{part}/{k}/" + "/".join("abcdefgh" * 9) + "/*"
                            for k in range(16)]
                answer = session.request(oap.sub(*patterns))
                refused += answer.get("code") == "QuotaExceeded"
        return refused

    def everything(self, readers, frames, answers, subscribers):
        """Every part at its bound, where it sheds or refuses."""
        refused = self.subscriptions(subscribers)
        self.assertGreater(refused, 0, "subscriptions were refused")
        self.stalled_readers(readers)
        self.half_frames(frames, 700_000)
        self.unread_answers(answers)
        self.queues_are_full()
        busy = self.node.metrics().total("rejected_total", {"reason": "busy"})
        self.assertGreater(busy, 0, "half frames were refused")

    def small_messages(self, readers, count):
        """A place in a lane costs more than a message of a few bytes."""
        for _ in range(readers):
            self.slow().subscribe("small/**")
        writer = self.fast()
        for start in range(0, count, 400):
            writer.raw(b"".join(oap.encode(oap.gossip(f"small/{j % 7}")) for j in range(400)))
            writer.publish("fill/mark")
        self.queues_are_full()

    def queues_are_full(self):
        now = self.node.metrics()
        share = now.total("overlay_slab_bytes") / now.total("overlay_slab_capacity_bytes")
        self.assertGreater(share, 0.6, "queues are full")
        self.assertGreater(now.total("gossip_dropped_total", {"reason": "budget"}), 0)

    def under_the_ceiling(self, fill):
        start, now = self.node.rss(), self.node.metrics()
        ceiling = now.total("overlay_memory_worst_case_bytes")
        self.assertLessEqual(ceiling, now.total("overlay_memory_budget_bytes"))
        with Peak(self.node) as peak:
            fill()
            accounted = self.node.metrics().total("overlay_memory_accounted_bytes")
        shown = (f"start {start / MIB:.1f}, peak {peak.most / MIB:.1f}, accounted for "
                 f"{accounted / MIB:.1f}, ceiling {ceiling / MIB:.1f} MiB")
        for session in self._open:
            session.close()
        self.quiet()
        if sanitized():
            return
        self.assertLess(peak.most, ceiling, shown)
        self.assertGreater(peak.most, ceiling / 3, "a test that fills nothing: " + shown)
        back = start + (peak.most - start) / 4
        until(lambda: self.node.rss() < back, 8,
              lambda: f"{shown}; {self.node.rss() / MIB:.1f} MiB now")
        print(f"memory: {shown}, back to {self.node.rss() / MIB:.1f} MiB")


class MemoryBudget(Filling, NodeCase):
    CONFIG = BUDGET
    SECONDS = 15

    def fast(self):
        return self.session()

    def slow(self):
        return self.session(rcvbuf=4096)

    def test_everything_at_once(self):
        self.under_the_ceiling(lambda: self.everything(readers=60, frames=60, answers=20,
                                                       subscribers=20))

    def test_small_messages_for_many(self):
        self.under_the_ceiling(lambda: self.small_messages(readers=150, count=60_000))


class MemoryBudgetTls(Filling, TlsCase):
    CONFIG = {**BUDGET, "overlay.pq_mode": "off", "transport.max_conns": 160}
    SECONDS = 15

    def fast(self):
        return self.tls()

    def slow(self):
        return self.tls()

    def test_everything_at_once(self):
        self.under_the_ceiling(lambda: self.everything(readers=60, frames=30, answers=10,
                                                       subscribers=10))


if __name__ == "__main__":
    unittest.main()
