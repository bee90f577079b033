"""Ends of streams: half-close, FIN inside a frame, resets, and clients killed in the middle."""
import os
import signal
import subprocess
import sys
import unittest

import oap
from case import NodeCase, numbered
from wait import until

HERE = os.path.dirname(os.path.abspath(__file__))
VICTIM = """
import sys; sys.path.insert(0, {here!r})
import client, oap
from case import numbered
session = client.connect(({host!r}, {port}))
session.hello()
session.subscribe("kill/**")
session.raw(numbered("kill/t", 50, 500) + oap.encode(oap.gossip("kill/t", bytes(9000)))[:4000])
print("half sent", flush=True)
session.recv(60)
session.recv(60)
"""


class HalfClose(NodeCase):
    SECONDS = 3

    def test_all_answers_come_then_fin(self):  # OAP-1.35
        session = self.session()
        session.raw(b"".join(oap.encode(oap.sub(f"t/{i}"), oap.REQ, corr=i) for i in range(1, 101)))
        session.finish()
        frames, how = session.wait_closed()
        self.assertEqual(how, "fin")
        self.assertEqual([f.corr for f in frames], list(range(1, 101)))
        self.assertEqual({f.kind for f in frames}, {"ack"})

    def test_publications_before_fin_are_delivered(self):  # OAP-1.35, OAP-4.41
        reader, topic = self.session(), self.topic()
        reader.subscribe(topic)
        writer = self.session()
        writer.raw(numbered(topic, 3000, 300))
        writer.finish()
        self.assertEqual(writer.wait_closed()[1], "fin")
        self.assertEqual(self.in_sequence(reader.drain(0.4), 0, 3000), 0)

    def test_queued_deliveries_are_not_owed(self):  # OAP-1.35
        """A subscriber that half-closes gets its answers; the session then ends, lanes or not."""
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        writer.raw(numbered(topic, 100))
        writer.publish("mark")
        reader.send(oap.unsub("x"), oap.REQ, corr=900)
        reader.finish()
        frames, how = reader.wait_closed()
        self.assertEqual(how, "fin")
        self.assertIn(900, [f.corr for f in frames])

    def test_fin_at_once(self):
        session = self.connect()
        session.finish()
        self.assertEqual(session.wait_closed()[0], [])

    def test_hello_and_fin_in_one_go(self):  # OAP-1.35
        session = self.connect()
        session.send(oap.hello(), oap.REQ, corr=1)
        session.finish()
        frames, how = session.wait_closed()
        self.assertEqual(([f.kind for f in frames], how), (["hello_ack"], "fin"))

    def test_fin_inside_a_frame(self):  # OAP-1.36
        data = oap.encode(oap.gossip("t", bytes(100)), oap.EVENT | oap.ACKREQ, corr=4)
        for cut in (1, 3, 4, 30, 31, len(data) - 1):
            with self.subTest(cut=cut):
                session = self.session()
                session.raw(data[:cut])
                session.finish()
                frames, _ = session.wait_closed()
                self.assertEqual(frames, [], "no error frame for a frame that was cut")

    def test_fin_inside_the_hello(self):  # OAP-1.36
        session = self.connect()
        session.raw(oap.encode(oap.hello(), oap.REQ, corr=1)[:50])
        session.finish()
        self.assertEqual(session.wait_closed()[0], [])

    def test_answers_before_a_cut_frame_still_come(self):  # OAP-1.36
        session = self.session()
        session.raw(oap.encode(oap.sub("t"), oap.REQ, corr=4) + b"\0\0")
        self.assertEqual(session.answer(4).kind, "ack")
        session.finish()
        self.assertEqual(session.wait_closed()[0], [])


class Resets(NodeCase):
    SECONDS = 5

    def test_resets_at_every_stage(self):
        data = oap.encode(oap.gossip("r/t", bytes(5000)))
        for i in range(100):
            session = self.node.session() if i % 4 else self.node.connect()
            if i % 4 == 1:
                session.raw(data[:i * 7])
            elif i % 4 == 2:
                session.subscribe("r/**")
                session.raw(data * 3)
            elif i % 4 == 3:
                session.raw(oap.envelope(b"", 0))
            session.reset()
        until(lambda: self.node.metrics().total("overlay_sessions_active") == 0, 5, "all gone")

    def test_reset_of_a_stuffed_reader(self):
        writer, topic = self.session(), self.topic()
        for _ in range(5):
            reader = self.session(rcvbuf=4096)
            reader.subscribe(topic)
            writer.raw(numbered(topic, 1500, 2000))
            writer.publish("mark")
            reader.reset()
        self.alive_session(writer)

    def test_clients_killed_in_the_middle_of_a_frame(self):
        host, port = self.node.listen
        code = VICTIM.format(here=HERE, host=host, port=port)
        victims = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
                   for _ in range(4)]
        try:
            for victim in victims:
                self.assertEqual(victim.stdout.readline(), b"half sent\n")
        finally:
            for victim in victims:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                victim.stdout.close()
        until(lambda: self.node.metrics().total("overlay_sessions_active") == 0, 5, "all gone")
        self.moved(opened=4)


if __name__ == "__main__":
    unittest.main()
