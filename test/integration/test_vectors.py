"""Every vector of test/vectors that a server reads, sent to the real node."""
import json
import os
import unittest

import oap
from case import NodeCase
from wait import Deadline

VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors")
FLAG_BITS = {"REQ": oap.REQ, "RESP": oap.RESP, "EVENT": oap.EVENT, "COMP": oap.COMP, "ACKREQ": oap.ACKREQ}


def load(name):
    """The vectors of one file whose reader is a server."""
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        found = json.load(file)["vectors"]
    return [v for v in found if v.get("context", {}).get("to", "server") == "server"]


def data_of(vector):
    if "hex" in vector:
        return bytes.fromhex(vector["hex"])
    return b"".join(bytes.fromhex(p["hex"]) if "hex" in p else bytes.fromhex(p["byte"]) * p["count"]
                    for p in vector["parts"])


class Vectors(NodeCase):
    SECONDS = 8

    def open(self, vector):
        context = vector.get("context", {})
        if context.get("state") == "first":
            return self.node.connect()
        comp = ["zstd"] if context.get("comp") else []
        return self.node.session(max_frame=context.get("max_frame", oap.MAX_FRAME),
                                 features={"pq": "off", "comp": comp})

    def run_file(self, name):
        vectors, pending = load(name), []
        self.assertTrue(vectors)
        for vector in vectors:
            with self.subTest(vector["name"], ids=",".join(vector["ids"])):
                session = self.open(vector)
                try:
                    session.raw(data_of(vector))
                    told = self.judge(session, vector)
                except BaseException:
                    session.close()
                    raise
                if told:
                    pending.append((session, vector))
                else:
                    session.close()
        self.collect(pending)

    def judge(self, session, vector):
        """True when a `refused` is due, which may take a second."""
        expect = vector["expect"]
        if "error" not in expect:
            return self.accepted(session, vector)
        if expect["told"] == "refused":
            return True
        codes = [expect["error"], *expect.get("also", [])]
        corr = int(expect.get("corr", "0"), 16)
        if expect["closes"]:
            frames, how = session.wait_closed(2)
            self.assertEqual(([f.kind for f in frames], how), (["error"], "fin"))
            frame = frames[0]
        else:
            frame = session.answer(corr, 2)
            self.alive_session(session)
        self.assertIn(frame.msg.get("code"), codes, frame)
        self.assertEqual((frame.flags, frame.corr), (oap.RESP, corr))
        return False

    def accepted(self, session, vector):
        """Accepted, or ignored: the answer, where one is due, is no complaint about the frame."""
        ok = vector["expect"].get("ok", {})
        fields = ok.get("fields")
        flags = sum(FLAG_BITS[f] for f in ok.get("envelope", {}).get("flags", []))
        if vector.get("context", {}).get("state") == "first":
            frame = session.recv()
            self.assertIsNotNone(frame)
            needs_trust = {"token", "role", "node", "epoch"} & set(fields or {})
            if not (needs_trust and frame.msg.get("code") in ("Unauth", "BadVersion")):
                self.assertEqual(frame.kind, "hello_ack", frame)
            return False
        if fields is not None and flags & (oap.REQ | oap.ACKREQ):
            answer = session.answer(int(ok["envelope"]["corr"], 16)).msg
            self.assertIn(answer.get("code"), (None, "Unauth", "Forbidden"), answer)
        if fields is None and flags:
            session.drain(0.005)     # only the envelope is judged: the payload may be anything
        session.ok(oap.unsub("it/nothing"), corr=1 << 40)
        self.assertEqual([f for f in session.held if f.kind == "refused" and fields], [])
        return False

    def collect(self, pending):
        deadline = Deadline(4)
        for session, vector in pending:
            with self.subTest(vector["name"], ids=",".join(vector["ids"])), session:
                frame = session.recv(max(0.1, deadline.left()))
                self.assertIsNotNone(frame, "no `refused` came")
                told = (frame.kind, frame.msg.get("code"), frame.msg.get("dropped"))
                self.assertEqual(told, ("refused", vector["expect"]["error"], 1))
                self.alive_session(session)

    def test_envelope(self):
        self.run_file("envelope.json")

    def test_cbor(self):
        self.run_file("cbor.json")

    def test_kinds(self):
        self.run_file("kinds.json")

    def test_comp(self):
        self.run_file("comp.json")

    def test_topics(self):  # OAP-4.1 to OAP-4.8
        with open(os.path.join(VECTORS, "topics.json"), encoding="utf-8") as file:
            table = json.load(file)
        writer = self.session()
        rows = table["matches"]
        for pattern in sorted({row["pattern"] for row in rows}):
            with self.subTest(pattern), self.node.session() as reader:
                reader.subscribe(pattern)
                for row in rows:
                    if row["pattern"] == pattern:
                        due = int(row["match"])
                        self.assertEqual(writer.publish(row["topic"])["to"], due, row["topic"])


if __name__ == "__main__":
    unittest.main()
