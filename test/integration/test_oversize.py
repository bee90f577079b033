"""Frames over max_frame: refused from the 31 header bytes, never waited for, never buffered."""
import unittest

import oap
import wait
from case import NodeCase, sanitized

TOO_LONG = oap.OVERHEAD + oap.MAX_FRAME + 1


class Oversize(NodeCase):
    SECONDS = 4

    def header(self, length=TOO_LONG, flags=oap.EVENT, corr=11):
        return oap.envelope(b"", flags, corr=corr, length=length)

    def test_header_alone_is_enough(self):  # OAP-1.15, OAP-1.16
        lengths = (TOO_LONG, 1 << 24, (1 << 32) - 1)
        for length in lengths:
            with self.subTest(length=length):
                session = self.session()
                session.raw(self.header(length))
                self.dies(session, "FrameTooLarge", 11)
        self.moved(oversize=len(lengths))

    def test_not_before_the_header_is_complete(self):  # OAP-1.15
        session = self.session()
        data = self.header(corr=0x0102030405060708)
        session.raw(data[:-1])
        self.assertIsNone(session.recv(0.1))
        session.raw(data[-1:])
        self.dies(session, "FrameTooLarge", 0x0102030405060708)

    def test_first_frame(self):  # OAP-1.17, OAP-3.11
        session = self.connect()
        session.raw(self.header(flags=oap.REQ))
        self.dies(session, "FrameTooLarge", 11)
        self.moved(oversize=1)

    def test_hello_over_16_kib(self):  # OAP-3.11
        session = self.connect()
        session.raw(self.header(oap.OVERHEAD + oap.HELLO_MAX + 1, oap.REQ))
        self.dies(session, "FrameTooLarge", 11)
        self.moved(oversize=1)

    def test_hello_of_16_kib_is_read(self):  # OAP-3.11
        session = self.connect()
        room = oap.HELLO_MAX - len(oap.cbor(oap.hello(x="")))
        message = oap.hello(x="y" * (room - 2))
        self.assertEqual(len(oap.cbor(message)), oap.HELLO_MAX)
        self.assertEqual(session.hello(x=message["x"])["kind"], "hello_ack")

    def test_exactly_1_mib_is_legal(self):  # OAP-1.11, OAP-1.13, OAP-1.14
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        empty = len(oap.cbor(oap.gossip(topic, b"")))
        payload = oap.cbor(oap.gossip(topic, bytes(oap.MAX_FRAME - empty - 4)))
        self.assertEqual(len(payload), oap.MAX_FRAME)
        writer.raw(oap.envelope(payload, oap.EVENT | oap.ACKREQ, corr=3))
        self.assertEqual(writer.answer(3).msg["to"], 1)
        self.assertEqual(reader.gossip().payload, payload)

    def test_agreed_max_frame_binds_the_client(self):  # OAP-1.13, OAP-3.18, OAP-3.19
        session = self.session(max_frame=4096)
        self.assertEqual(session.ack["limits"]["max_frame"], 4096)
        pad = 4096 - len(oap.cbor(oap.gossip("t", b""))) - 2
        session.publish("t", bytes(pad))
        session.raw(self.header(oap.OVERHEAD + 4097))
        self.dies(session, "FrameTooLarge", 11)

    def test_agreed_max_frame_binds_the_node(self):  # OAP-3.19, OAP-4.43
        reader, writer, topic = self.session(max_frame=1024), self.session(), self.topic()
        reader.subscribe(topic)
        writer.publish(topic, b"a")
        writer.publish(topic, bytes(2000))
        writer.publish(topic, bytes(3000))
        writer.publish(topic, b"b")
        seen = [f.msg.get("data", f.msg.get("dropped")) for f in reader.drain(0.3)]
        # Both losses are told before the next message; in one frame or in two.
        self.assertEqual((seen[0], seen[-1]), (b"a", b"b"))
        self.assertEqual(sum(seen[1:-1]), 2, seen)
        self.moved(too_large=2, told=2)

    def test_many_headers_cost_no_memory(self):  # OAP-1.16
        before = self.node.rss()
        sessions = [self.session() for _ in range(100)]
        for session in sessions:
            session.raw(self.header((1 << 32) - 1))
        for session in sessions:
            self.dies(session, "FrameTooLarge", 11)
        self.moved(oversize=100)
        if not sanitized():
            self.assertLess(self.node.rss() - before, 16 << 20)

    def test_body_sent_anyway_is_discarded(self):  # OAP-1.16, OAP-1.34
        """A client that goes on writing still gets the error, not a reset that eats it."""
        session = self.session()
        session.raw(self.header() + bytes(200_000))
        self.dies(session, "FrameTooLarge", 11)

    def test_legal_length_whose_body_never_comes_holds_little(self):  # OAP-5.13
        """Declaring 1 MiB reserves nothing: memory follows the bytes that came."""
        before = self.node.rss()
        for _ in range(60):
            self.session().raw(self.header(oap.OVERHEAD + oap.MAX_FRAME) + bytes(100))
        with self.node.session() as session:
            self.alive_session(session)
        if not sanitized():
            self.assertLess(self.node.rss() - before, 24 << 20)


class HalfFrames(NodeCase):
    """Hundreds of peers each hold almost a whole frame: what is held for all of them is bounded."""

    CONFIG = {"timeouts.read": "60s", "timeouts.idle": "120s", "transport.max_conns": 2000}
    SECONDS = 4
    BUDGET = 64 << 20       # bytes a shard holds of unfinished frames

    def test_flood_of_half_frames(self):  # OAP-5.12
        before, honest = self.node.rss(), self.session()
        part = (oap.envelope(b"", oap.EVENT, length=oap.OVERHEAD + oap.MAX_FRAME)
                + bytes(oap.MAX_FRAME - 1))
        for _ in range(300):
            session = self.session()
            session.sock.settimeout(0.2)
            try:
                session.sock.sendall(part)
            except OSError:
                pass                # not read any more, or refused: both bound it
        self.alive_session(honest)
        honest.publish(self.topic(), bytes(1000))
        shards = int(self.node.metrics().total("overlay_shards"))
        if not sanitized():
            self.assertLess(self.node.rss() - before, shards * self.BUDGET * 5 // 4 + (48 << 20))


class OversizeEndless(NodeCase):
    """A peer that never stops sending after its error is cut off."""

    SECONDS = 3

    def test_discarding_ends_after_a_second(self):  # OAP-1.34
        session = self.session()
        session.raw(oap.envelope(b"", oap.EVENT, length=TOO_LONG))
        self.dies(session, "FrameTooLarge")

        def refused():
            try:
                session.raw(bytes(1 << 14))
            except OSError:
                return True
            return False
        wait.until(refused, 4, "the node stops discarding what comes after the error")
        self.moved(oversize=1)


if __name__ == "__main__":
    unittest.main()
