"""CBOR abuse: everything section 2 forbids, in a REQ, in an acknowledged and in a plain EVENT."""
import random
import unittest

import oap
from case import NodeCase

KIND = b"\x64kind\x66gossip"
BODY = b"\x62ts\x01\x64data\x40" + KIND + b"\x65topic\x61t\x66fanout\x00"


def with_key(key_and_value, head=b"\xa6"):
    """A gossip message with one more key, raw."""
    return head + BODY + key_and_value


def nested(levels, opener=b"\x81"):
    """Unknown key x whose arrays (or maps) make the whole message `levels` deep."""
    inner = {b"\x81": b"\x81", b"\xa1": b"\xa1\x61k"}[opener]
    return with_key(b"\x61x" + inner * (levels - 2) + {b"\x81": b"\x80", b"\xa1": b"\xa0"}[opener])


FAULTS = {
    "empty payload": b"",                                             # OAP-2.8
    "not a map: array": b"\x81\x61a",                                 # OAP-2.9
    "not a map: uint": b"\x01",
    "not a map: text": b"\x64kind",
    "empty map": b"\xa0",
    "no kind": b"\xa1\x61a\x01",
    "kind is a number": b"\xa1\x64kind\x01",
    "kind is bytes": b"\xa1\x64kind\x46gossip",
    "kind is null": b"\xa1\x64kind\xf6",
    "indefinite map": b"\xbf" + BODY + b"\xff",                       # OAP-2.10
    "indefinite array": with_key(b"\x61x\x9f\xff"),
    "indefinite text": with_key(b"\x61x\x7f\x61a\xff"),
    "indefinite bytes": with_key(b"\x61x\x5f\x41a\xff"),
    "long uint": with_key(b"\x61x\x18\x01"),                          # OAP-2.11
    "long uint 16": with_key(b"\x61x\x19\x00\xff"),
    "long uint 32": with_key(b"\x61x\x1a\x00\x00\xff\xff"),
    "long uint 64": with_key(b"\x61x\x1b\x00\x00\x00\x00\xff\xff\xff\xff"),
    "long negative": with_key(b"\x61x\x38\x01"),
    "long text length": with_key(b"\x61x\x78\x01a"),
    "long bytes length": with_key(b"\x61x\x58\x01a"),
    "long array length": with_key(b"\x61x\x98\x01\x00"),
    "long map length": b"\xb8\x05" + BODY,
    "numeric key": with_key(b"\x01\x01"),                             # OAP-2.12
    "bytes key": with_key(b"\x41x\x01"),
    "null key": with_key(b"\xf6\x01"),
    "array key": with_key(b"\x80\x01"),
    "numeric key inside": with_key(b"\x61x\xa1\x01\x01"),
    "duplicate kind": with_key(KIND),                                 # OAP-2.13
    "duplicate unknown key": with_key(b"\x61x\x01\x61x\x02", b"\xa7"),
    "duplicate key inside": with_key(b"\x61x\xa2\x61a\x01\x61a\x01"),
    "half float": with_key(b"\x61x\xf9\x3c\x00"),                     # OAP-2.14
    "float": with_key(b"\x61x\xfa\x3f\x80\x00\x00"),
    "double": with_key(b"\x61x\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
    "nan": with_key(b"\x61x\xf9\x7e\x00"),
    "float inside": with_key(b"\x61x\x81\xf9\x00\x00"),
    "tag": with_key(b"\x61x\xc1\x01"),                                # OAP-2.15
    "bignum": with_key(b"\x61x\xc2\x41\x01"),
    "self-described": b"\xd9\xd9\xf7" + b"\xa5" + BODY,
    "undefined": with_key(b"\x61x\xf7"),                              # OAP-2.16
    "simple 0": with_key(b"\x61x\xe0"),
    "simple 19": with_key(b"\x61x\xf3"),
    "simple in two bytes": with_key(b"\x61x\xf8\xff"),
    "false in two bytes": with_key(b"\x61x\xf8\x14"),
    "break alone": with_key(b"\x61x\xff"),
    "reserved length 28": with_key(b"\x61x\x1c"),
    "reserved length 30": with_key(b"\x61x\x7e"),
    "not utf-8": with_key(b"\x61x\x61\xff"),                          # OAP-2.17
    "overlong utf-8": with_key(b"\x61x\x62\xc0\x80"),
    "surrogate": with_key(b"\x61x\x63\xed\xa0\x80"),
    "beyond unicode": with_key(b"\x61x\x64\xf4\x90\x80\x80"),
    "cut utf-8": with_key(b"\x61x\x61\xc3"),
    "key not utf-8": with_key(b"\x61\xfe\x01"),
    "byte left over": b"\xa5" + BODY + b"\x00",                       # OAP-2.18
    "map left over": b"\xa5" + BODY + b"\xa0",
    "nesting 9 arrays": nested(9),                                    # OAP-2.19
    "nesting 9 maps": nested(9, b"\xa1"),
    "nesting 500": nested(500),
    "map cut": b"\xa5" + BODY[:-1],                                   # OAP-2.26
    "map short of a pair": b"\xa6" + BODY,
    "map of 2^32 pairs": b"\xba\xff\xff\xff\xff" + BODY,
    "map of 2^64-1 pairs": b"\xbb" + b"\xff" * 8 + BODY,
    "array of 2^64-1": with_key(b"\x61x\x9b" + b"\xff" * 8),
    "text of 2^64-1": with_key(b"\x61x\x7b" + b"\xff" * 8),
    "bytes of 2^63": with_key(b"\x61x\x5b\x80" + bytes(7)),
    "bytes over the end": with_key(b"\x61x\x5a\x00\x10\x00\x00"),
    "missing topic": oap.cbor(oap.gossip(None, b"")),                 # OAP-2.20
    "missing data": oap.cbor(oap.gossip("t", None)),
    "missing ts": oap.cbor(oap.gossip("t", b"", ts=None)),
    "missing fanout": oap.cbor(oap.gossip("t", b"", fanout=None)),
    "topic is bytes": oap.cbor(oap.gossip(b"t", b"")),                # OAP-2.21
    "topic is empty": oap.cbor(oap.gossip("", b"")),
    "data is text": oap.cbor(oap.gossip("t", "x")),
    "ts is negative": oap.cbor(oap.gossip("t", b"", ts=-1)),
    "ts is text": oap.cbor(oap.gossip("t", b"", ts="now")),
    "fanout is null": with_key(b"", b"\xa5").replace(b"\x66fanout\x00", b"\x66fanout\xf6"),
}

LEGAL = {
    "null, true, false": b"\x61x\x83\xf6\xf5\xf4",                    # OAP-2.5
    "negative": b"\x61x\x20",
    "uint 2^64-1": b"\x61x\x1b" + b"\xff" * 8,
    "nested 8": nested(8)[1 + len(BODY):],                            # OAP-2.19
    "nested maps 8": nested(8, b"\xa1")[1 + len(BODY):],
    "empty key": b"\x60\x00",
    "nul in text": b"\x61x\x61\x00",
    "four-byte utf-8": b"\x61x\x64\xf0\x9f\x98\x80",
    "hdr": b"\x63hdr\xa1\x61k\x61v",                                  # OAP-4.17
    "hdr of another type": b"\x63hdr\x05",
    "reply of another type": b"\x65reply\xf6",
}


class CborAbuse(NodeCase):
    SECONDS = 3

    def test_in_a_req(self):  # OAP-2.7
        session = self.session()
        for corr, (name, payload) in enumerate(FAULTS.items(), 1000):
            with self.subTest(name):
                session.raw(oap.envelope(payload, oap.REQ, corr=corr))
                self.is_error(session.answer(corr).msg, "BadFrame")
        self.alive_session(session)
        self.moved(proto=len(FAULTS))

    def test_with_ackreq(self):  # OAP-2.7, OAP-1.28
        session = self.session()
        for corr, (name, payload) in enumerate(FAULTS.items(), 1000):
            with self.subTest(name):
                session.raw(oap.envelope(payload, oap.EVENT | oap.ACKREQ, corr=corr))
                self.is_error(session.answer(corr).msg, "BadFrame")
        self.alive_session(session)

    def test_in_a_plain_event(self):  # OAP-2.27, OAP-1.30, OAP-1.31, OAP-1.32
        session = self.session()
        for payload in FAULTS.values():
            session.raw(oap.envelope(payload))
        self.alive_session(session)
        told = []
        while sum(f.msg["dropped"] for f in told) < len(FAULTS):
            frame = session.recv(3)
            self.assertIsNotNone(frame, f"told of {told} only, {len(FAULTS)} are due")
            self.assertEqual((frame.kind, frame.flags), ("refused", oap.EVENT))
            self.assertEqual(frame.msg["code"], "BadFrame")
            told.append(frame)
        self.assertEqual(sum(f.msg["dropped"] for f in told), len(FAULTS))

    def test_in_a_hello(self):  # OAP-2.7: in the handshake it closes
        names = ("empty payload", "not a map: array", "indefinite map", "no kind", "map cut",
                 "byte left over", "duplicate kind")
        for name in names:
            with self.subTest(name):
                session = self.connect()
                session.raw(oap.envelope(FAULTS[name], oap.REQ, corr=5))
                self.dies(session, "BadFrame", 5)
        self.moved(hs_proto=len(names))

    def test_legal_values_in_unknown_keys_pass_untouched(self):  # OAP-2.5, OAP-4.17, OAP-4.30
        reader, writer = self.session(), self.session()
        reader.subscribe("t")
        for corr, (name, extra) in enumerate(LEGAL.items(), 1000):
            with self.subTest(name):
                payload = with_key(extra)
                writer.raw(oap.envelope(payload, oap.EVENT | oap.ACKREQ, corr=corr))
                self.assertEqual(writer.answer(corr).msg.get("to"), 1)
                self.assertEqual(reader.gossip().payload, payload)

    def test_keys_in_any_order(self):  # OAP-2.4, OAP-4.30
        reader, writer = self.session(), self.session()
        reader.subscribe("t")
        payload = b"\xa5\x66fanout\x00\x65topic\x61t\x64kind\x66gossip\x64data\x40\x62ts\x01"
        writer.raw(oap.envelope(payload))
        self.assertEqual(reader.gossip().payload, payload)

    def test_unknown_kind(self):  # OAP-2.23, OAP-2.24
        session = self.session()
        self.is_error(session.request({"kind": "nonsense"}), "BadFrame")
        self.is_error(session.request({"kind": "nonsense"}, oap.EVENT | oap.ACKREQ), "BadFrame")
        for _ in range(5):
            session.send({"kind": "nonsense", "x": 1})
        self.alive_session(session)
        self.assertEqual(session.drain(1.2), [], "an unknown plain EVENT is not refused")

    def test_known_kind_with_wrong_flags(self):  # OAP-2.22, OAP-2.25
        session = self.session()
        plain = (oap.KEEP, oap.credit(1), {"kind": "lagged", "dropped": 1},
                 {"kind": "refused", "code": "Busy", "dropped": 1}, {"kind": "bye", "reason": "x"})
        for message in plain:
            for flags in (oap.REQ, oap.EVENT | oap.ACKREQ):
                with self.subTest(kind=message["kind"], flags=flags):
                    self.is_error(session.request(message, flags), "BadFrame")
        for message in (oap.sub("a"), oap.unsub("a")):
            with self.subTest(kind=message["kind"]):
                self.is_error(session.request(message, oap.EVENT | oap.ACKREQ), "BadFrame")
        self.alive_session(session)

    def test_many_small_items(self):  # OAP-2.13
        """A map of 60 000 keys and an array of a million nulls are read in reasonable time."""
        session = self.session()
        wide = {f"k{i:05}": 0 for i in range(60_000)}
        session.ok(oap.gossip("t", b"", **wide), oap.EVENT | oap.ACKREQ)
        keys = list(wide)
        random.Random(7).shuffle(keys)  # a hostile order: duplicates cannot be found by neighbours
        shuffled = b"".join(oap.cbor(k) + b"\x00" for k in keys)
        payload = b"\xb9" + (len(keys) + 5).to_bytes(2, "big") + BODY + shuffled
        session.raw(oap.envelope(payload, oap.EVENT | oap.ACKREQ, corr=900))
        self.assertEqual(session.answer(900).kind, "ack")
        twice = b"\xb9" + (len(keys) + 6).to_bytes(2, "big") + BODY + shuffled + shuffled[:7]
        session.raw(oap.envelope(twice, oap.EVENT | oap.ACKREQ, corr=901))
        self.is_error(session.answer(901).msg, "BadFrame")
        session.ok(oap.gossip("t", b"", x=[None] * 1_000_000), oap.EVENT | oap.ACKREQ)

    def test_bytes_of_noise(self):
        """Each single byte and many random strings as payload: an answer each, no more."""
        dice, session = random.Random(4), self.session()
        payloads = [bytes([b]) for b in range(256)]
        payloads += [dice.randbytes(dice.randrange(1, 60)) for _ in range(700)]
        for corr, payload in enumerate(payloads, 1000):
            session.raw(oap.envelope(payload, oap.REQ, corr=corr))
            self.is_error(session.answer(corr).msg, "BadFrame")
        self.alive_session(session)


if __name__ == "__main__":
    unittest.main()
