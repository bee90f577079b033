"""The byte stream may be cut anywhere: at every byte, in single bytes, or not at all."""
import random
import unittest

import oap
from case import NodeCase, numbered


def conversation(topic):
    """hello, sub, two publications (one of them to itself) as one byte string."""
    return (oap.encode(oap.hello(), oap.REQ, corr=1)
            + oap.encode(oap.sub(topic, echo=True), oap.REQ, corr=2)
            + oap.encode(oap.gossip(topic, b"one"), oap.EVENT | oap.ACKREQ, corr=3)
            + oap.encode(oap.gossip(topic, b"two"), oap.REQ, corr=4))


class Split(NodeCase):
    SECONDS = 4

    def check(self, session):
        """All three answers and both deliveries came, whatever the cut."""
        frames = []
        while len(frames) < 6:
            frame = session.recv(5)
            self.assertIsNotNone(frame, frames)
            frames.append(frame)
        answers = {f.corr: f.kind for f in frames if f.flags & oap.RESP}
        self.assertEqual(answers, {1: "hello_ack", 2: "ack", 3: "ack", 4: "ack"})
        data = [f.msg["data"] for f in frames if f.flags & oap.EVENT]
        self.assertEqual(data, [b"one", b"two"])

    def test_cut_at_every_byte(self):  # OAP-1.1
        topic = self.topic()
        size = len(conversation(topic))
        sessions = []
        for cut in range(1, size):  # all first parts at once, then all second parts
            text = conversation(f"{topic}/{cut:03}")
            session = self.connect()
            session.raw(text[:cut])
            sessions.append((session, text[cut:]))
        for session, rest in sessions:
            session.raw(rest)
        for session, _ in sessions:
            self.check(session)
            session.close()

    def test_byte_by_byte(self):  # OAP-1.1
        session = self.connect()
        for byte in conversation(self.topic()):
            session.raw(bytes([byte]))
        self.check(session)

    def test_everything_in_one_write(self):  # OAP-1.1
        session = self.connect()
        session.raw(conversation(self.topic()))
        self.check(session)

    def test_random_cuts(self):  # OAP-1.1
        dice = random.Random(20)
        for _ in range(20):
            session, text = self.connect(), conversation(self.topic())
            cuts = sorted(dice.sample(range(1, len(text)), 6))
            for start, end in zip([0] + cuts, cuts + [len(text)]):
                session.raw(text[start:end])
            self.check(session)
            session.close()

    def test_ten_thousand_frames_in_one_write(self):  # OAP-4.41, OAP-4.42
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        writer.raw(numbered(topic, 10_000))
        writer.publish(self.topic())
        frames = reader.drain(0.5)
        self.assertEqual(self.in_sequence(frames, 0, 10_000), 0)
        self.moved(rx_gossip=10_001, lost=0)

    def test_large_frames_cut_small(self):  # OAP-1.1
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        text = numbered(topic, 3, size=300_000)
        for start in range(0, len(text), 1499):
            writer.raw(text[start:start + 1499])
        frames = [reader.gossip() for _ in range(3)]
        self.in_sequence(frames, 0, 3)


if __name__ == "__main__":
    unittest.main()
