"""Limits of a session: inflight, the two token buckets, and how refusals are told."""
import time
import unittest

import oap
from case import NodeCase, numbered
from wait import scale


def collect_refused(case, session, due, seconds=6.0):
    """The `refused` frames until their counts reach `due`."""
    told, end = [], time.monotonic() + seconds * scale()
    while sum(f.msg["dropped"] for f in told) < due:
        left = end - time.monotonic()
        frame = session.recv(max(left, 0.001)) if left > 0 else None
        case.assertIsNotNone(frame, f"told {told}, due are {due}")
        if frame.kind == "refused":
            case.assertEqual((frame.flags, frame.tenant, frame.corr), (oap.EVENT, 0, 0))
            case.assertGreater(frame.msg["dropped"], 0)
            told.append(frame)
    return told


class Inflight(NodeCase):
    CONFIG = {"overlay.peer.inflight_frames": 4}
    SECONDS = 1

    def test_flood_of_requests(self):  # OAP-5.20, OAP-1.26
        """Two hundred requests in one write: each gets exactly one answer, ack or refusal."""
        session = self.session()
        self.assertEqual(session.ack["limits"]["inflight"], 4)
        session.raw(b"".join(oap.encode(oap.sub(f"t/{i}"), oap.REQ, corr=i) for i in range(1, 201)))
        answers = {}
        for _ in range(200):
            frame = session.recv()
            self.assertNotIn(frame.corr, answers)
            answers[frame.corr] = frame.msg
        self.assertEqual(set(answers), set(range(1, 201)))
        for answer in answers.values():
            if answer["kind"] != "ack":
                self.is_error(answer, "QuotaExceeded")
        acked = sum(a["kind"] == "ack" for a in answers.values())
        self.assertGreaterEqual(acked, 4)
        self.moved(quota=200 - acked)
        self.assertEqual(session.drain(0.1), [])
        self.alive_session(session)


class RequestRate(NodeCase):
    CONFIG = {"overlay.peer.max_rps": 10}
    SECONDS = 3

    @classmethod
    def round_trip(cls):
        """Three requests a session stay below the rate."""
        super().round_trip()

    def test_requests(self):  # OAP-5.21, OAP-5.23
        session = self.session()
        self.assertEqual(session.ack["limits"]["rps"], 10)
        start = time.monotonic()
        session.raw(b"".join(oap.encode(oap.unsub("t"), oap.REQ if i % 2 else oap.EVENT | oap.ACKREQ,
                                        corr=i) if i % 2 else
                             oap.encode(oap.gossip("t"), oap.EVENT | oap.ACKREQ, corr=i)
                             for i in range(1, 51)))
        answers = [session.recv() for _ in range(50)]
        gained = int((time.monotonic() - start) * 10) + 1
        acked = [f for f in answers if f.kind == "ack"]
        self.assertGreaterEqual(len(acked), 10)
        self.assertLessEqual(len(acked), 10 + gained)
        waits = []
        for frame in answers:
            if frame.kind != "ack":
                self.is_error(frame.msg, "QuotaExceeded")
                waits.append(frame.msg["retry_after"])
        self.assertTrue(all(0 < w <= 1000 for w in waits), waits)
        self.moved(quota=50 - len(acked))
        session.recv(waits[-1] / 1000)    # nothing is due: this waits as long as the node asked
        self.alive_session(session)

    def test_plain_events_are_not_requests(self):  # OAP-5.21, OAP-5.22
        reader, writer = self.session(), self.session()
        reader.subscribe("t")
        writer.raw(numbered("t", 500))
        self.assertEqual(self.in_sequence(reader.drain(0.4), 0, 500), 0)


class FrameRate(NodeCase):
    CONFIG = {"overlay.peer.max_fps": 100}
    SECONDS = 5

    def test_flood_of_events(self):  # OAP-5.22, OAP-5.23, OAP-1.30, OAP-1.31, OAP-1.32
        reader, writer, topic = self.session(), self.session(), self.topic()
        self.assertEqual(writer.ack["limits"]["fps"], 100)
        reader.subscribe(topic)
        start = time.monotonic()
        writer.raw(numbered(topic, 1000))
        delivered = len(reader.drain(0.5))
        gained = int((time.monotonic() - start) * 100) + 1
        self.assertGreaterEqual(delivered, 100)
        self.assertLessEqual(delivered, 100 + gained)
        told = collect_refused(self, writer, 1000 - delivered)
        self.assertEqual({f.msg["code"] for f in told}, {"QuotaExceeded"})
        self.assertEqual(sum(f.msg["dropped"] for f in told), 1000 - delivered)
        self.moved(quota=1000 - delivered)

    def test_at_most_one_refused_a_second(self):  # OAP-1.31
        writer, topic = self.session(), self.topic()
        times, start = [], time.monotonic()
        while time.monotonic() - start < 3.2:
            writer.raw(numbered(topic, int(60 * scale())))  # recv waits as much longer
            frame = writer.recv(0.1)
            if frame:
                self.assertEqual(frame.kind, "refused")
                times.append(time.monotonic())
        self.assertGreaterEqual(len(times), 2)
        self.assertGreater(min(b - a for a, b in zip(times, times[1:])), 0.9)

    def test_codes_take_turns_and_add_up(self):  # OAP-1.32
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        good = [oap.encode(oap.gossip(topic, i.to_bytes(8, "big"))) for i in range(300)]
        bad = oap.encode(oap.gossip("", b""))
        writer.raw(b"".join(good[:80]) + bad * 7 + b"".join(good[80:]) + bad * 6)
        delivered = len(reader.drain(0.5))
        told = collect_refused(self, writer, 300 - delivered + 13, 8)
        sums = {}
        for frame in told:
            sums[frame.msg["code"]] = sums.get(frame.msg["code"], 0) + frame.msg["dropped"]
        # A malformed event may take a token or not; each is told exactly once under one code.
        self.assertEqual(sum(sums.values()), 300 - delivered + 13)
        self.assertEqual(set(sums), {"QuotaExceeded", "BadFrame"})
        codes = [f.msg["code"] for f in told]
        self.assertNotEqual(codes[0], codes[1], "codes take turns")

    def test_acknowledged_events_are_not_in_this_bucket(self):  # OAP-5.21, OAP-5.22
        session = self.session()
        for _ in range(150):
            session.publish("t", b"")


class PacedClient(NodeCase):
    SECONDS = 2

    def test_default_limits_lose_nothing(self):  # OAP-5.25
        """Thirty thousand events within fps and credit, in order and complete."""
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        frames, window = [], writer.ack["limits"]["window"]
        credit, sent = window, 0
        while sent < 30_000:
            part = numbered(topic, 500, size=100, start=sent)
            while credit <= len(part):
                frame = writer.recv(5, skip=())
                self.assertEqual(frame.kind, "credit")
                credit = min(window, credit + frame.msg["bytes"])
            writer.raw(part)
            credit, sent = credit - len(part), sent + 500
            frames += reader.drain(0.0005)
        frames += reader.drain(0.5)
        self.assertEqual(self.in_sequence(frames, 0, 30_000), 0)


if __name__ == "__main__":
    unittest.main()
