"""Byte credits in both directions: windows hold, credit is clamped, nothing is lost silently."""
import unittest

import oap
from case import NodeCase, numbered, sanitized

SIZE = 1000


def wire(topic, size=SIZE):
    return len(numbered(topic, 1, size))


class Receiver(NodeCase):
    """The client's window: what the node may have in flight towards it."""

    SECONDS = 4

    def stuffed(self, window, count=100, size=SIZE):
        """A subscriber with a window and `count` messages waiting for it."""
        reader, writer, topic = self.session(window=window), self.session(), self.topic()
        reader.subscribe(topic)
        for start in range(0, count, 100):
            writer.raw(numbered(topic, min(100, count - start), size, start))
            writer.publish("mark")
        return reader, writer, topic

    def test_no_credit_no_more_than_the_window(self):  # OAP-5.3, OAP-5.8
        reader, _, topic = self.stuffed(10_000)
        frames = reader.drain(0.5)
        got, one = sum(f.wire_bytes for f in frames), wire(topic)
        self.assertGreaterEqual(got, 10_000, "a frame may go while credit is above zero")
        self.assertLess(got, 10_000 + one)

    def test_credit_is_all_it_takes(self):  # OAP-5.8, OAP-5.9
        reader, _, topic = self.stuffed(10_000)
        frames = reader.drain(0.3)
        while len(frames) < 100:
            back = sum(f.wire_bytes for f in frames[-10:])
            reader.send(oap.credit(back))
            more = reader.drain(0.2)
            self.assertTrue(more)
            self.assertLess(sum(f.wire_bytes for f in more), 10_000 + wire(topic))
            frames += more
        self.assertEqual(self.in_sequence(frames, 0, 100), 0)

    def test_window_of_one_byte(self):  # OAP-5.3, OAP-5.8
        reader, _, topic = self.stuffed(1, count=5)
        frames = []
        for i in range(5):
            more = reader.drain(0.15)
            self.assertEqual(len(more), 1, "one frame takes the credit below zero")
            frames += more
            reader.send(oap.credit(wire(topic) - 1))
            self.assertEqual(reader.drain(0.1), [], "credit of zero is not above zero")
            reader.send(oap.credit(1))
        self.in_sequence(frames, 0, 5)

    def test_too_much_credit_is_clamped(self):  # OAP-5.11
        reader, _, topic = self.stuffed(10_000)
        reader.drain(0.3)
        for count in ((1 << 64) - 1, 1 << 40, 1 << 40):
            reader.send(oap.credit(count))
        reader.ok(oap.unsub("nothing"))
        one = wire(topic)
        # Three grants may come one by one, each filling the window at most once.
        self.assertLess(sum(f.wire_bytes for f in reader.drain(0.5)), 3 * (10_000 + one))
        reader2, _, topic2 = self.stuffed(10_000)
        reader2.raw(oap.encode(oap.credit(1 << 40)) * 1)
        self.assertLess(sum(f.wire_bytes for f in reader2.drain(0.5)), 2 * (10_000 + one))

    def test_credit_in_advance_does_not_add_up(self):  # OAP-5.11
        reader, writer, topic = self.session(window=10_000), self.session(), self.topic()
        reader.subscribe(topic)
        for _ in range(50):
            reader.send(oap.credit(10_000))
        self.alive_session(reader)
        writer.raw(numbered(topic, 100, SIZE))
        writer.publish("mark")
        self.assertLess(sum(f.wire_bytes for f in reader.drain(0.5)), 10_000 + wire(topic))

    def test_never_crediting(self):  # OAP-5.12, OAP-4.43, OAP-4.45
        """12 MiB for a reader that never credits: bounded; told exactly once it does."""
        before = self.node.rss()
        reader, _, _ = self.stuffed(100_000, count=12_000, size=1024)
        if not sanitized():
            self.assertLess(self.node.rss() - before, 40 << 20)
        self.alive_session(reader)
        frames = []
        for _ in range(3000):
            more = reader.drain(0.02 if frames else 0.3)
            if not more and len(frames) and frames[-1].kind == "lagged":
                break
            frames += more
            reader.send(oap.credit(100_000))
        dropped = self.in_sequence(frames + reader.drain(0.5), 0, 12_000)
        self.assertGreater(dropped, 0)
        self.moved(lost=dropped)

    def test_answers_and_control_pass_an_empty_window(self):  # OAP-5.7, OAP-5.12
        reader, _, topic = self.stuffed(1)
        for _ in range(20):
            self.alive_session(reader)
        reader.ok(oap.unsub(topic))
        self.assertLessEqual(len(reader.drain(0.2)), 1)

    def test_malformed_credit(self):  # OAP-2.21, OAP-2.25, OAP-2.27
        reader, _, _ = self.stuffed(1)
        for message in ({"kind": "credit"}, {"kind": "credit", "bytes": -1},
                        {"kind": "credit", "bytes": "9"}):
            reader.send(message)
        self.alive_session(reader)
        self.assertEqual(sum(f.kind == "gossip" for f in reader.drain(1.3)), 1)

    def test_without_window_no_credit_is_needed(self):  # OAP-5.5
        reader, _, _ = self.stuffed(None, count=3000)
        self.assertEqual(self.in_sequence(reader.drain(0.5), 0, 3000), 0)


class Sender(NodeCase):
    """limits.window: the node gives back what it has consumed, and not a byte more."""

    SECONDS = 3

    def credits(self, session, quiet=0.3):
        frames = session.drain(quiet, skip=("keep",))
        for frame in frames:
            self.assertEqual((frame.kind, frame.flags, frame.corr), ("credit", oap.EVENT, 0))
        return sum(f.msg["bytes"] for f in frames)

    def given_back(self, make, count):
        """Send `count` frames in steps and watch the balance."""
        session = self.session()
        window = session.ack["limits"]["window"]
        sent = back = 0
        for i in range(count):
            data = make(i)
            session.raw(data)
            sent += len(data)
            if i % 10 == 9:
                back += self.credits(session, 0.005)
                self.assertLessEqual(back, sent, "never more than was used")
        back += self.credits(session)
        self.assertLessEqual(back, sent)
        self.assertLess(sent - back, window // 2 + 1, "given back when half the window is used")

    def test_gossip(self):  # OAP-5.2, OAP-5.6, OAP-5.9, OAP-5.10
        topic = self.topic()
        self.given_back(lambda i: oap.encode(oap.gossip(topic, bytes(20_000))), 150)

    def test_refused_gossip_is_given_back_too(self):  # OAP-5.6, OAP-5.9
        session = self.session()
        bad = oap.encode(oap.gossip("a//b", bytes(60_000)))
        for _ in range(14):
            session.raw(bad)
        frames = session.drain(1.3, skip=("keep",))
        back = sum(f.msg["bytes"] for f in frames if f.kind == "credit")
        self.assertEqual(sum(f.msg["dropped"] for f in frames if f.kind == "refused"), 14)
        self.assertLessEqual(back, 14 * len(bad))
        self.assertLess(14 * len(bad) - back, session.ack["limits"]["window"] // 2 + 1)

    def test_control_is_not_counted(self):  # OAP-5.6, OAP-5.7
        session = self.session()
        pad = "x" * 30_000
        for _ in range(60):
            session.ok({**oap.unsub("t"), "pad": pad})
        self.assertEqual(self.credits(session), 0)

    def test_small_window(self):  # OAP-5.2
        self.assertEqual(self.session().ack["limits"]["window"], 16 * 65536)

    def test_a_slow_subscriber_does_not_hold_the_publishers_credit(self):  # OAP-5.12
        slow, writer, topic = self.session(rcvbuf=4096, window=1), self.session(), self.topic()
        slow.subscribe(topic)
        window = writer.ack["limits"]["window"]
        part = numbered(topic, 20, 10_000)
        credit = window
        for _ in range(60):         # 12 MiB, paced by credit alone
            while credit <= len(part):
                frame = writer.recv(3, skip=())
                self.assertIsNotNone(frame, "credit must come back")
                self.assertEqual(frame.kind, "credit")
                credit = min(window, credit + frame.msg["bytes"])
            writer.raw(part)
            credit -= len(part)


class Windows(NodeCase):
    CONFIG = {"overlay.peer.recv_window_frames": 2, "overlay.gossip.chunk_bytes": "4KiB"}
    SECONDS = 1

    def test_window_is_frames_times_chunk(self):  # OAP-5.2, OAP-5.10
        session, topic = self.session(), self.topic()
        self.assertEqual(session.ack["limits"]["window"], 8192)
        self.assertEqual(session.ack["limits"]["chunk"], 4096)
        session.raw(numbered(topic, 10, 1000))
        frames = session.drain(0.3, skip=("keep",))
        self.assertGreaterEqual(sum(f.msg["bytes"] for f in frames), 10 * 1000 - 4096)


if __name__ == "__main__":
    unittest.main()
