"""COMP: what was agreed, bombs, and everything that is not exactly one plain zstd frame."""
import os
import unittest

import oap
import zstd
from case import NodeCase, sanitized

ZSTD = {"pq": "off", "comp": ["zstd"]}


def text(size, topic="t"):
    """A gossip payload of exactly `size` bytes that compresses about 2 to 1."""
    lead = len(oap.cbor(oap.gossip(topic, bytes(size))))
    half = os.urandom((2 * size - lead) // 2)
    payload = oap.cbor(oap.gossip(topic, (half + bytes(size))[:2 * size - lead]))
    return payload


class Compression(NodeCase):
    SECONDS = 3

    def zsession(self, **kw):
        session = self.session(features=ZSTD, **kw)
        self.assertEqual(session.ack["chosen"]["comp"], "zstd")
        return session

    def comp(self, session, payload, corr=21):
        session.raw(oap.envelope(payload, oap.EVENT | oap.ACKREQ | oap.COMP, corr=corr))

    def refused(self, payload, *codes, session=None):
        session = session or self.zsession()
        self.comp(session, payload)
        frames, how = session.wait_closed()
        self.assertEqual(how, "fin")
        self.assertEqual([f.kind for f in frames], ["error"])
        self.assertIn(frames[0].msg["code"], codes)
        self.assertEqual(frames[0].corr, 21)
        session.close()

    def test_chosen(self):  # OAP-3.28
        for offer, chosen in ((["zstd"], "zstd"), ([], "off"), (["lz4"], "off"),
                              (["lz4", "zstd", "br"], "zstd")):
            session = self.session(features={"pq": "off", "comp": offer})
            self.assertEqual(session.ack["chosen"]["comp"], chosen)

    def test_delivery_to_sides_with_and_without(self):  # OAP-4.33
        packed, plain, writer = self.zsession(), self.session(), self.zsession()
        for reader in (packed, plain):
            reader.subscribe("t")
        payload = oap.cbor(oap.gossip("t", b"abcdefgh" * 40 + os.urandom(300)))
        self.comp(writer, zstd.compress(payload))
        self.assertEqual(writer.answer(21).msg["to"], 2)
        frame = plain.recv()
        self.assertEqual((frame.flags, frame.payload), (oap.EVENT, payload))
        frame = packed.recv(skip=())
        self.assertIn(frame.flags, (oap.EVENT, oap.EVENT | oap.COMP))
        got = zstd.decompress(frame.payload) if frame.flags & oap.COMP else frame.payload
        self.assertEqual(got, payload)

    def test_exactly_ten_times_passes(self):  # OAP-1.39, OAP-1.48
        writer, reader = self.zsession(), self.session()
        reader.subscribe("t")
        for size in (3000, 50_000, oap.MAX_FRAME):
            with self.subTest(size=size):
                noise = os.urandom(size // 10 + 200)
                lead = len(oap.cbor(oap.gossip("t", bytes(size)))) - size
                payload = oap.cbor(oap.gossip("t", (noise + bytes(size))[:size - lead]))
                self.assertEqual(len(payload), size)
                packed = zstd.compress(payload)
                self.assertGreaterEqual(len(packed) * 10, size)
                self.comp(writer, packed)
                self.assertEqual(writer.answer(21).kind, "ack")
                self.assertEqual(reader.gossip().payload, payload)

    def test_ratio_bombs(self):  # OAP-1.39, OAP-1.41
        bombs = {
            "declared": zstd.runs(1 << 20, size=1 << 20),
            "not declared": zstd.runs(1 << 20),
            "declared less": zstd.runs(1 << 20, size=50),
            "just above ten": zstd.stored(os.urandom(100)) + b"",
            "by the tool": zstd.compress(bytes(1 << 19)),
        }
        del bombs["just above ten"]
        for name, bomb in bombs.items():
            with self.subTest(name):
                codes = ("RatioCap", "BadFrame") if name == "declared less" else ("RatioCap",)
                self.refused(bomb, *codes)

    def test_just_above_ten_times(self):  # OAP-1.39, OAP-1.48
        # One raw block and one run: the wire length is known, the run is chosen to pass it by one.
        lead, noise = oap.cbor(oap.gossip("t", bytes(5000)))[:-5000], os.urandom(400)

        def frame(run):
            return (zstd.header() + zstd._block(0, len(lead) + 400, lead + noise, False)
                    + zstd._block(1, run, b"\0", True))
        wire = len(frame(1))
        self.refused(frame(10 * wire - len(lead) - 400 + 1), "RatioCap")
        self.moved(ratio=1)

    def test_huge_bombs(self):  # OAP-1.38, OAP-1.40, OAP-1.41
        before = self.node.rss()
        # The last one only claims its size, so it may as well be found corrupt.
        for bomb in (zstd.runs(1 << 34, size=1 << 34, window=1 << 17), zstd.runs(1 << 33),
                     zstd.header(size=(1 << 64) - 1, window=1 << 17) + b"\x01\0\0"):
            codes = ("RatioCap", "FrameTooLarge") + (("BadFrame",) if len(bomb) < 100 else ())
            self.refused(bomb, *codes)
        if not sanitized():
            self.assertLess(self.node.rss() - before, 16 << 20)

    def test_decompressed_over_max_frame(self):  # OAP-1.13, OAP-1.38
        noise = os.urandom(200_000)
        payload = noise + bytes(oap.MAX_FRAME + 1 - len(noise))
        self.refused(zstd.compress(payload), "FrameTooLarge")
        self.moved(oversize=1)
        session = self.zsession(max_frame=2048)
        self.refused(zstd.compress(noise[:400] + bytes(2000)), "FrameTooLarge", session=session)

    def test_not_exactly_one_plain_frame(self):  # OAP-1.37, OAP-1.43, OAP-1.44, OAP-1.45, OAP-1.49
        good = zstd.compress(oap.cbor(oap.gossip("t", os.urandom(300))))
        checked = zstd.compress(oap.cbor(oap.gossip("t", os.urandom(300))), "--check")
        faults = {
            "empty": b"", "not zstd": b"hello, world", "magic only": zstd.MAGIC,
            "cut": good[:-1], "half": good[:len(good) // 2], "trailing byte": good + b"\0",
            "two frames": good + good, "skippable": zstd.skippable(),
            "skippable first": zstd.skippable() + good, "skippable last": good + zstd.skippable(),
            "wrong checksum": checked[:-4] + bytes(4),
            "reserved block type": zstd.header() + zstd._block(3, 4, b"abcd", True),
            "reserved bit": zstd.MAGIC + b"\x28" + good[5:],
            "dictionary": zstd.with_dictionary(oap.cbor(oap.gossip("t", os.urandom(300)))),
            "window 2 MiB": zstd.stored(os.urandom(300), window=1 << 21),
            "window 2 GiB": zstd.stored(os.urandom(300), window=1 << 31),
            "declared more": zstd.stored(os.urandom(100), size=150),
            "declared less": zstd.stored(os.urandom(100), size=50),
        }
        for name, payload in faults.items():
            with self.subTest(name):
                self.refused(payload, "BadFrame")
        self.moved(proto=len(faults))

    def test_window_of_1_mib_is_legal(self):  # OAP-1.37
        session = self.zsession()
        payload = oap.cbor(oap.gossip("t", os.urandom(300)))
        self.comp(session, zstd.stored(payload, window=1 << 20))
        self.assertEqual(session.answer(21).kind, "ack")

    def test_comp_that_was_not_agreed(self):  # OAP-1.42
        good = zstd.compress(oap.cbor(oap.gossip("t", b"")))
        self.refused(good, "BadFrame", session=self.session())
        hello = self.connect()
        hello.raw(oap.envelope(zstd.compress(oap.cbor(oap.hello())), oap.REQ | oap.COMP, corr=21))
        self.dies(hello, "BadFrame", 21)

    def test_bad_cbor_inside_stays(self):  # OAP-1.20, OAP-2.7
        session = self.zsession()
        self.comp(session, zstd.compress(b"\xff" * 40))
        self.is_error(session.answer(21).msg, "BadFrame")
        self.alive_session(session)

    def test_compressed_control(self):
        """COMP is a property of the frame, not of gossip."""
        session = self.zsession()
        session.raw(oap.envelope(zstd.compress(oap.cbor(oap.sub("t"))), oap.REQ | oap.COMP, corr=9))
        self.assertEqual(session.answer(9).kind, "ack")

    def test_flood_of_bombs(self):  # OAP-1.41
        bomb = zstd.runs(1 << 20, size=1 << 20)
        sessions = [self.zsession() for _ in range(60)]
        for session in sessions:
            self.comp(session, bomb)
        for session in sessions:
            self.dies(session, "RatioCap", 21)
        self.moved(ratio=60)


if __name__ == "__main__":
    unittest.main()
