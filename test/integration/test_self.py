"""The suite's own tools, without a node: envelope, CBOR order, metrics text, certificates."""
import os
import socket
import tempfile
import threading
import unittest

import certs
import client
import node
import oap

VECTOR = ("0000001d" "01" "0001" "00000000000000000000000000000000" "1122334455667788" "6869")


class Envelope(unittest.TestCase):
    def test_vector_of_section_1(self):
        self.assertEqual(oap.envelope(b"hi", oap.REQ, 0, 0x1122334455667788).hex(), VECTOR)

    def test_decode_of_what_was_encoded(self):
        data = oap.encode(oap.gossip("a/b", b"x"), oap.EVENT | oap.ACKREQ, 7, 9)
        frame, used = oap.decode(data + b"tail")
        self.assertEqual(used, len(data))
        self.assertEqual((frame.flags, frame.tenant, frame.corr), (oap.EVENT | oap.ACKREQ, 7, 9))
        self.assertEqual(frame.msg["topic"], "a/b")

    def test_a_part_is_no_frame(self):
        data = oap.encode(oap.KEEP)
        for cut in range(len(data)):
            self.assertEqual(oap.decode(data[:cut]), (None, 0))

    def test_faults_of_a_node_are_seen(self):
        for bad in (oap.envelope(flags=0), oap.envelope(flags=3), oap.envelope(flags=0x24),
                    oap.envelope(ver=2), oap.envelope(length=26),
                    oap.envelope(flags=oap.EVENT | oap.ACKREQ), oap.envelope(flags=oap.REQ)):
            with self.assertRaises(oap.WireFault):
                oap.decode(bad)


class Cbor(unittest.TestCase):
    def test_keys_are_sorted_by_their_encoded_bytes(self):
        data = oap.cbor(oap.gossip("t", b""))
        order = sorted([b"ts", b"data", b"kind", b"topic", b"fanout"], key=data.index)
        self.assertEqual(order, [b"ts", b"data", b"kind", b"topic", b"fanout"])

    def test_other_order_is_noticed(self):
        payload = b"\xa2\x64kind\x64keep\x61a\x01"
        with self.assertRaises(oap.WireFault):
            oap.check_canonical(oap.Frame(oap.EVENT, 0, 0, payload))


class Conversation(unittest.TestCase):
    """A session against a thread that answers every frame with a RESP of the same payload."""

    def setUp(self):
        mine, theirs = socket.socketpair()
        self.session = client.Session(mine)
        self.thread = threading.Thread(target=self.echo, args=(theirs,))
        self.thread.start()

    def tearDown(self):
        self.session.close()
        self.thread.join()

    @staticmethod
    def echo(sock):
        buffer = b""
        with sock:
            while data := sock.recv(3):
                buffer += data
                frame, used = oap.decode(buffer)
                if frame:
                    buffer = buffer[used:]
                    sock.sendall(oap.envelope(frame.payload, oap.RESP, frame.tenant, frame.corr))

    def test_answers_are_matched_and_others_kept(self):
        self.session.send(oap.sub("a"), oap.REQ, 0, 5)
        self.session.send(oap.sub("b"), oap.REQ, 0, 6)
        self.assertEqual(self.session.answer(6).msg["topics"], ["b"])
        self.assertEqual(self.session.recv().msg["topics"], ["a"])
        self.assertIsNone(self.session.recv(0.01))

    def test_end_of_stream(self):
        self.session.finish()
        self.assertEqual(self.session.wait_closed(), ([], "fin"))


class Tools(unittest.TestCase):
    def test_metrics(self):
        seen = node.Metrics.parse('# TYPE a_total counter\na_total{x="1",y="q"} 2\n'
                                  'a_total{x="2",y="q"} 3\nb 1.5\n')
        self.assertEqual(seen.total("a_total"), 5)
        self.assertEqual(seen.total("a_total", {"x": "2"}), 3)
        self.assertEqual(seen.total("a_total", {"x": "2", "y": None}), 3)
        self.assertEqual(seen.total("b"), 1.5)
        self.assertEqual(seen.total("none"), 0)

    def test_toml(self):
        text = node.toml({"a.b": 1, "c": "5s", "d": True, "e": [1]})
        self.assertEqual(text, 'a.b = 1\nc = "5s"\nd = true\ne = [1]\n')

    def test_certificates(self):
        with tempfile.TemporaryDirectory() as directory:
            authority = certs.Authority(directory)
            for cert, key in (authority.server(), authority.client(),
                              authority.client("bob", algorithm="p256")):
                certs.run("verify", "-CAfile", authority.cert, cert)
                self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
            late, _ = authority.client("late", days=-1)
            with self.assertRaises(RuntimeError):
                certs.run("verify", "-CAfile", authority.cert, late)


if __name__ == "__main__":
    unittest.main()
