"""Hello: what is refused, what is answered, and what stands in the answer."""
import unittest

import oap
from case import NodeCase


class Handshake(NodeCase):
    SECONDS = 2

    def refused(self, code, **hello):
        session = self.connect()
        session.send(oap.hello(**hello), oap.REQ, corr=6)
        self.dies(session, code, 6)
        session.close()

    def test_answer(self):  # OAP-3.12, OAP-3.13, OAP-3.14, OAP-5.2, OAP-5.4
        session = self.connect()
        session.send(oap.hello(agent="test"), oap.REQ, tenant=99, corr=6)
        frame = session.recv()
        self.assertEqual((frame.flags, frame.tenant, frame.corr), (oap.RESP, 0, 6))
        ack = frame.msg
        self.assertEqual(set(ack) - {"agent"}, {"kind", "node", "chosen", "limits", "session"})
        self.assertEqual((type(ack["node"]), len(ack["node"])), (bytes, 32))
        self.assertEqual(ack["chosen"], {"pq": "off", "ver": 1, "comp": "off"})
        self.assertEqual(set(ack["limits"]), {"fps", "rps", "chunk", "window", "inflight", "max_frame"})
        self.assertEqual(ack["limits"]["max_frame"], oap.MAX_FRAME)
        self.assertEqual(ack["limits"]["window"], 16 * 65536)
        self.assertEqual(ack["limits"]["chunk"], 65536)
        self.assertEqual(ack["limits"]["fps"], 100_000)
        other = self.session()
        self.assertNotEqual(other.ack["session"], ack["session"])
        self.assertEqual(other.ack["node"], ack["node"])
        self.moved(hs_attempts=2, opened=2, hs_any=0)

    def test_pq_claimed_on_a_plain_channel_is_not_believed(self):  # OAP-3.14
        session = self.session(features={"pq": "hybrid", "comp": []})
        self.assertEqual(session.ack["chosen"]["pq"], "off")

    def test_versions(self):  # OAP-3.15
        for versions in ([], [0], [2], [2, 3, 1 << 60]):
            with self.subTest(versions):
                self.refused("BadVersion", versions=versions)
        self.moved(hs_proto=4)
        self.session(versions=[3, 1, 2])

    def test_fields(self):  # OAP-3.4 to OAP-3.8, OAP-3.17, OAP-2.20, OAP-2.21, OAP-5.3
        cases = {
            "no features": {"features": None}, "no versions": {"versions": None},
            "no max_frame": {"max_frame": None}, "features is text": {"features": "pq"},
            "no pq": {"features": {"comp": []}}, "no comp": {"features": {"pq": "off"}},
            "unknown pq": {"features": {"pq": "maybe", "comp": []}},
            "comp is text": {"features": {"pq": "off", "comp": "zstd"}},
            "comp of numbers": {"features": {"pq": "off", "comp": [1]}},
            "versions is a number": {"versions": 1}, "versions of text": {"versions": ["1"]},
            "negative version": {"versions": [-1, 1]},
            "max_frame 1023": {"max_frame": 1023}, "max_frame 0": {"max_frame": 0},
            "max_frame negative": {"max_frame": -5}, "max_frame text": {"max_frame": "1MiB"},
            "unknown role": {"role": "king"}, "role is a number": {"role": 1},
            "agent of 65 bytes": {"agent": "x" * 65}, "agent of 33 two-byte letters": {"agent": "ä" * 33},
            "agent is bytes": {"agent": b"x"}, "window 0": {"window": 0},
            "window negative": {"window": -1}, "window is text": {"window": "1"},
            "token is a number": {"token": 5},
        }
        for name, change in cases.items():
            with self.subTest(name):
                self.refused("BadFrame", **change)
        self.moved(hs_proto=len(cases), opened=0)

    def test_fields_at_their_bounds(self):  # OAP-3.5 to OAP-3.8, OAP-3.17, OAP-3.18
        for change in ({"agent": "x" * 64}, {"agent": ""}, {"agent": "ä" * 32}, {"role": "client"},
                       {"window": 1}, {"window": (1 << 64) - 1}, {"versions": [1] * 100},
                       {"features": {"pq": "off", "comp": ["x"] * 50, "later": {"a": [1, None]}}}):
            with self.subTest(change):
                self.session(**change)
        for asked, given in ((1024, 1024), (oap.MAX_FRAME, oap.MAX_FRAME),
                             (oap.MAX_FRAME + 1, oap.MAX_FRAME), ((1 << 64) - 1, oap.MAX_FRAME)):
            with self.subTest(max_frame=asked):
                session = self.session(max_frame=asked)
                self.assertEqual(session.ack["limits"]["max_frame"], given)

    def test_token_that_does_not_verify(self):  # OAP-3.20
        for token in ("", "macaroon:", "macaroon:AAAA", "bearer x", "macaroon:" + "A" * 8000):
            with self.subTest(token[:20]):
                self.refused("Unauth", token=token)
        self.moved(hs_auth=5)

    def test_tenant_of_a_hello_is_ignored(self):  # OAP-3.10
        self.session(tenant=(1 << 128) - 1)

    def test_anything_else_first(self):  # OAP-3.1, OAP-3.3
        firsts = ((oap.gossip("t"), oap.EVENT, 0), (oap.sub("t"), oap.REQ, 6), (oap.KEEP, oap.EVENT, 0),
                  ({"kind": "ack", "ok": True, "for": 1}, oap.RESP, 1), ({"kind": "new"}, oap.EVENT, 0),
                  ({"kind": "new"}, oap.REQ, 6), (oap.hello(), oap.EVENT, 0),
                  (oap.hello(), oap.EVENT | oap.ACKREQ, 6), (oap.hello(), oap.RESP, 6))
        for message, flags, corr in firsts:
            with self.subTest(kind=message["kind"], flags=flags):
                session = self.connect()
                session.send(message, flags, corr=corr)
                self.dies(session, "BadFrame", corr)
        self.moved(hs_proto=len(firsts), opened=0)

    def test_second_hello(self):  # OAP-3.22
        session = self.session()
        session.send(oap.hello(), oap.REQ, corr=8)
        self.dies(session, "BadFrame", 8)
        self.moved(proto=1)

    def test_frames_behind_the_hello_need_not_wait(self):  # OAP-3.1
        session = self.connect()
        session.raw(oap.encode(oap.hello(), oap.REQ, corr=1) + oap.encode(oap.sub("t"), oap.REQ, corr=2))
        self.assertEqual(session.answer(1).kind, "hello_ack")
        self.assertEqual(session.answer(2).kind, "ack")


class PqRequired(NodeCase):
    """pq_mode=require does not apply to the Unix socket (plain TCP beside it: test_startup)."""

    CONFIG = {"overlay.pq_mode": "require", "overlay.listen": ""}
    UDS = True

    @classmethod
    def open_for_service(cls):
        return cls.node.uds_session()

    def test_unix_socket(self):  # OAP-3.25
        session = self.keep(self.node.uds_session(features={"pq": "hybrid", "comp": []}))
        self.assertEqual(session.ack["chosen"]["pq"], "off")


if __name__ == "__main__":
    unittest.main()
