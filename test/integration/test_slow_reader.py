"""A reader that does not keep up: losses are told exactly, where they happened, and cost no memory."""
import unittest

import client
import oap
from case import NodeCase, numbered, sanitized
from wait import until

LANE = 4 << 20       # limits.peer_queue_bytes by default
PATIENT = {"timeouts.write": "60s", "timeouts.idle": "120s"}    # a reader may sleep for long


class SlowReader(NodeCase):
    CONFIG = PATIENT
    SECONDS = 6

    def flood(self, writer, topic, count, size, step=200):
        """Publish and wait: an ack after each part tells that the node has taken it."""
        for start in range(0, count, step):
            writer.raw(numbered(topic, min(step, count - start), size, start))
            writer.publish("flood/mark")

    def test_losses_add_up(self):  # OAP-4.42, OAP-4.43, OAP-4.45, OAP-5.13, OAP-5.19
        slow, fast, writer = self.session(rcvbuf=8192), self.session(), self.session()
        topic, before = self.topic(), self.node.rss()
        slow.subscribe(topic)
        fast.subscribe(topic)
        got = []
        for start in range(0, 16_000, 200):
            writer.raw(numbered(topic, 200, 1024, start))
            writer.publish("flood/mark")
            got += fast.drain(0.001)
        got += fast.drain(0.5)
        self.assertEqual(self.in_sequence(got, 0, 16_000), 0, "the fast reader loses nothing")
        if not sanitized():
            self.assertLess(self.node.rss() - before, LANE + (32 << 20))
        dropped = self.in_sequence(slow.catch_up(16_000), 0, 16_000)
        self.assertGreater(dropped, 0, "16 MiB do not fit into a lane of 4 MiB")
        self.moved(lost=dropped, gossip_lost=dropped, told=dropped)

    def test_lagged_comes_even_when_no_message_follows(self):  # OAP-4.44
        slow, writer, topic = self.session(rcvbuf=8192), self.session(), self.topic()
        slow.subscribe(topic)
        self.flood(writer, topic, 12_000, 1024)
        frames = slow.catch_up(12_000)
        self.in_sequence(frames, 0, 12_000)
        self.assertEqual(frames[-1].kind, "lagged", "drop_newest loses the tail: it must be told")

    def test_goes_on_after_the_gap(self):  # OAP-4.43
        slow, writer, topic = self.session(rcvbuf=8192), self.session(), self.topic()
        slow.subscribe(topic)
        self.flood(writer, topic, 12_000, 1024)
        frames = slow.catch_up(12_000)
        self.flood(writer, topic, 0, 1024)
        writer.raw(numbered(topic, 5, 1024, 12_000))
        frames += slow.drain(0.5)
        self.in_sequence(frames, 0, 12_005)
        self.assertEqual(frames[-1].kind, "gossip")

    def test_many_topics(self):  # OAP-4.45, OAP-5.16
        """Several lanes: each topic stays in order, all losses together are told exactly."""
        slow, writer, base = self.session(rcvbuf=8192), self.session(), self.topic()
        slow.subscribe(base + "/**")
        for start in range(0, 1200, 20):
            for name in range(10):
                writer.raw(numbered(f"{base}/{name}", 20, 1500, start))
            writer.publish("flood/mark")
        last, delivered, dropped = {}, 0, 0
        for frame in slow.catch_up(12_000):
            if frame.kind == "lagged":
                dropped += frame.msg["dropped"]
                continue
            topic, index = frame.msg["topic"], int.from_bytes(frame.msg["data"][:8], "big")
            self.assertGreater(index, last.get(topic, -1))
            last[topic] = index
            delivered += 1
        self.assertEqual(delivered + dropped, 12_000)
        self.assertGreater(dropped, 0)
        self.moved(lost=dropped, gossip_lost=dropped, told=dropped)

    def test_many_slow_readers_share_memory(self):  # OAP-5.13
        before, writer, topic = self.node.rss(), self.session(), self.topic()
        slow = [self.session(rcvbuf=4096) for _ in range(40)]
        for session in slow:
            session.subscribe(topic)
        self.flood(writer, topic, 8000, 1024)
        if not sanitized():     # 40 lanes of 4 MiB hold the same messages
            self.assertLess(self.node.rss() - before, 64 << 20)
        for session in slow[:3]:
            self.in_sequence(session.catch_up(8000), 0, 8000)

    def test_answers_pass_a_stuffed_lane(self):  # OAP-5.12, OAP-5.15
        slow, writer, topic = self.session(window=20_000), self.session(), self.topic()
        slow.subscribe(topic)
        self.flood(writer, topic, 8000, 1024)
        slow.ok(oap.unsub("other"))

    def test_readers_that_vanish(self):
        writer, topic = self.session(), self.topic()
        for _ in range(10):
            slow = self.session(rcvbuf=4096)
            slow.subscribe(topic)
            self.flood(writer, topic, 1200, 4096)
            slow.reset()
        self.alive_session(writer)


class DropOldest(NodeCase):
    CONFIG = {**PATIENT, "overlay.egress.drop_policy": "oldest"}
    SECONDS = 2

    def test_the_newest_stay(self):  # OAP-5.19, OAP-4.45
        slow, writer, topic = self.session(rcvbuf=8192), self.session(), self.topic()
        slow.subscribe(topic)
        SlowReader.flood(self, writer, topic, 16_000, 1024)
        frames = slow.catch_up(16_000)
        dropped = self.in_sequence(frames, 0, 16_000)
        self.assertGreater(dropped, 0)
        self.assertEqual(frames[-1].kind, "gossip", "the last message stays")
        self.moved(lost=dropped, gossip_lost=dropped, told=dropped)


class Disconnect(NodeCase):
    CONFIG = {**PATIENT, "overlay.egress.drop_policy": "disconnect"}
    SECONDS = 2

    def test_a_full_lane_ends_the_session(self):  # OAP-5.19
        slow, writer, topic = self.session(rcvbuf=8192), self.session(), self.topic()
        slow.subscribe(topic)
        SlowReader.flood(self, writer, topic, 16_000, 1024)
        until(lambda: self.node.metrics().total("overlay_sessions_active") == 1, 8, "dropped")
        frames = slow.catch_up(16_000)
        told = [f for f in frames if f.kind == "gossip"]
        self.in_sequence(told, 0, len(told))
        with self.assertRaises((client.Closed, OSError)):
            for _ in range(50):
                slow.send(oap.KEEP)
                slow.recv(0.1)
        self.alive_session(writer)
        self.moved(closed_slow=1)


class TotalBudget(NodeCase):
    """All lanes together stay below limits.total_queue_bytes."""

    CONFIG = {**PATIENT, "limits.total_queue_bytes": 16 << 20}
    SECONDS = 3

    def test_total_queue_bytes(self):
        before, writer = self.node.rss(), self.session()
        slow = []
        for i in range(12):     # different messages for each: nothing can be shared
            session = self.session(rcvbuf=4096)
            session.subscribe(f"budget/{i}")
            slow.append(session)
        for i in range(12):
            SlowReader.flood(self, writer, f"budget/{i}", 5000, 1024)
        if not sanitized():
            self.assertLess(self.node.rss() - before, (16 << 20) + (32 << 20))
        dropped = sum(self.in_sequence(s.catch_up(5000), 0, 5000) for s in slow)
        self.assertGreater(dropped, 0)
        self.moved(lost=dropped, gossip_lost=dropped, told=dropped)


if __name__ == "__main__":
    unittest.main()
