"""Malformed envelopes: before and after the handshake, and the order of the checks."""
import unittest

import oap
from case import NodeCase

BAD_FLAGS = {  # OAP-1.21, 1.22, 1.23
    "none": (0, 5), "req+resp": (oap.REQ | oap.RESP, 5), "req+event": (oap.REQ | oap.EVENT, 5),
    "resp+event": (oap.RESP | oap.EVENT, 5), "all three": (7, 5), "req without corr": (oap.REQ, 0),
    "ackreq without corr": (oap.EVENT | oap.ACKREQ, 0), "ackreq on req": (oap.REQ | oap.ACKREQ, 5),
    "ackreq on resp": (oap.RESP | oap.ACKREQ, 5), "ackreq alone": (oap.ACKREQ, 5),
    "reserved bit alone": (0x8000, 5),
}


class MalformedEnvelope(NodeCase):
    SECONDS = 3

    def test_len_below_27_is_decided_from_its_four_bytes(self):  # OAP-1.18
        lengths = (0, 1, 4, 26)
        for length in lengths:
            with self.subTest(length=length):
                session = self.session()
                session.raw(length.to_bytes(4, "big"))
                self.dies(session, "BadFrame")
        self.moved(proto=len(lengths))

    def test_len_below_27_as_first_frame(self):  # OAP-1.18, OAP-3.3
        session = self.connect()
        session.raw(bytes(4))
        self.dies(session, "BadFrame")
        self.moved(hs_proto=1)

    def test_wrong_version(self):  # OAP-1.19
        for ver in (0, 2, 255):
            with self.subTest(ver=ver):
                session = self.session()
                session.send(oap.gossip("a"), corr=77, ver=ver)
                self.dies(session, "BadVersion", 77)
        self.moved(proto=3)

    def test_wrong_version_as_first_frame(self):  # OAP-1.19
        session = self.connect()
        session.send(oap.hello(), oap.REQ, corr=9, ver=2)
        self.dies(session, "BadVersion", 9)
        self.moved(hs_proto=1)

    def test_flags(self):  # OAP-1.21, OAP-1.22, OAP-1.23, OAP-1.24
        for name, (flags, corr) in BAD_FLAGS.items():
            with self.subTest(name):
                session = self.session()
                session.send(oap.gossip("a"), flags, corr=corr)
                self.dies(session, "BadFrame", corr)
        self.moved(proto=len(BAD_FLAGS))

    def test_order_of_checks(self):  # OAP-1.20
        cases = {  # each frame has two faults; the earlier check must win
            "version before flags": (oap.envelope(b"", 0, corr=3, ver=9), "BadVersion"),
            "flags before comp": (oap.envelope(b"x", oap.COMP, corr=3), "BadFrame"),
            "flags before cbor": (oap.envelope(b"\xff", oap.REQ | oap.EVENT, corr=3), "BadFrame"),
            "comp before cbor": (oap.envelope(b"\xff", oap.COMP | oap.REQ, corr=3), "BadFrame"),
        }
        for name, (data, code) in cases.items():
            with self.subTest(name):
                session = self.session()
                session.raw(data)
                self.dies(session, code, 3)

    def test_length_before_version_before_hello(self):  # OAP-1.17, OAP-1.20
        session = self.connect()
        session.raw(oap.envelope(b"", 0, corr=4, ver=9, length=oap.OVERHEAD + oap.MAX_FRAME + 1))
        self.dies(session, "FrameTooLarge", 4)
        self.moved(oversize=1)

    def test_reserved_flags_are_ignored_and_not_copied(self):  # OAP-1.8
        reader, writer, topic = self.session(), self.session(), self.topic()
        corr = reader.next_corr()
        reader.send(oap.sub(topic), oap.REQ | 0xFFE0, corr=corr)
        self.assertEqual(reader.answer(corr).kind, "ack")
        writer.send(oap.gossip(topic), oap.EVENT | 0xFFE0)
        self.assertEqual(reader.gossip().flags, oap.EVENT)

    def test_resp_that_answers_nothing_is_ignored(self):  # OAP-1.25
        session = self.session()
        for corr in (0, 1, 99):
            session.send({"kind": "ack", "ok": True, "for": corr}, oap.RESP, corr=corr)
        self.alive_session(session)
        self.assertEqual(session.drain(0.1), [])

    def test_corr_id_that_is_still_open(self):  # OAP-1.26, OAP-1.29
        session = self.session()
        frame = oap.encode(oap.sub(self.topic()), oap.REQ, corr=5)
        session.raw(frame + frame)
        answers = [session.answer(5).msg for _ in range(2)]
        # The first may have been answered before the second was read, and a refusal may overtake
        # an ack that waits for the other shards; but there is never a third answer.
        refused = [a for a in answers if a["kind"] != "ack"]
        self.assertLessEqual(len(refused), 1)
        for answer in refused:
            self.is_error(answer, "BadFrame")
        self.assertEqual(session.drain(0.1), [])
        self.alive_session(session)

    def test_answers_carry_corr_and_tenant(self):  # OAP-1.26, OAP-1.28
        session = self.session()
        for tenant, corr in ((0, 1), (7, (1 << 64) - 1), ((1 << 128) - 1, 1 << 63)):
            session.ok(oap.sub(self.topic()), tenant=tenant, corr=corr)
            session.ok(oap.gossip(self.topic()), oap.EVENT | oap.ACKREQ, tenant, corr)
            session.ok(oap.gossip(self.topic()), oap.REQ, tenant, corr)

    def test_only_the_faulty_frame_and_what_follows_are_lost(self):  # OAP-1.33
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        good = oap.encode(oap.gossip(topic, b"x"))
        writer.raw(good * 3 + oap.envelope(b"", 0, corr=6) + good * 3)
        self.dies(writer, "BadFrame", 6)
        self.assertEqual(len(reader.drain(0.2)), 3)

    def test_garbage(self):  # OAP-1.18 to OAP-1.24
        """Text, zeros, ones: none is a frame, each ends the connection, none hurts."""
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(64), b"\xff" * 64,
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)):
            with self.subTest(data[:8]):
                session = self.connect()
                session.raw(data)
                frames, how = session.wait_closed()
                self.assertEqual(how, "fin")
                self.assertEqual([f.kind for f in frames], ["error"])
        self.moved(hs_any=4)


if __name__ == "__main__":
    unittest.main()
