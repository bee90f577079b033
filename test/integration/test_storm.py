"""Everything at once: a seeded mixture of misdeeds beside honest traffic that must lose nothing."""
import os
import random
import ssl
import threading
import unittest

import client
import oap
import zstd
from case import NodeCase, numbered
from tls_case import TlsCase
from wait import Deadline

SEED = int(os.environ.get("RON_STORM_SEED", "1"))
ZSTD = {"pq": "off", "comp": ["zstd"]}


def half_frame(s, dice):
    s.raw(oap.encode(oap.gossip("storm/x", bytes(3000)))[:dice.randrange(1, 3000)])


def noise(s, dice):
    s.raw(dice.randbytes(dice.randrange(1, 4000)))


def bad_payloads(s, dice):
    for _ in range(20):
        s.raw(oap.envelope(dice.randbytes(dice.randrange(0, 80)), dice.choice((1, 2, 4, 20)),
                           dice.randrange(3), dice.randrange(1, 9)))


def oversize(s, dice):
    s.raw(oap.envelope(b"", oap.EVENT, length=dice.randrange(oap.OVERHEAD + oap.MAX_FRAME + 1, 1 << 32)))


def bomb(s, dice):
    s.raw(oap.envelope(zstd.runs(dice.randrange(1 << 12, 1 << 22)), oap.EVENT | oap.COMP))


def greedy(s, dice):
    s.send(oap.sub("**", "storm/**", "*/x", group=dice.choice(("a", "b"))), oap.REQ, corr=3)
    s.send(oap.sub("**", echo=True), oap.REQ, corr=4)
    s.raw(numbered("storm/x", 300, dice.randrange(8, 3000)))


def patterns(s, dice):
    names = [f"storm/{dice.randrange(1000)}/*" for _ in range(1024)]
    s.send(oap.sub(*names), oap.REQ, corr=3)
    s.send(oap.unsub(*names[:500]), oap.REQ, corr=4)


def credits(s, dice):
    for _ in range(50):
        s.send(oap.credit(dice.choice((0, 1, 1 << 63, (1 << 64) - 1))))


def mutated(s, dice):
    """An honest conversation with one byte changed."""
    data = bytearray(oap.encode(oap.sub("storm/m", echo=True), oap.REQ, corr=3)
                     + oap.encode(oap.gossip("storm/m", bytes(50)), oap.EVENT | oap.ACKREQ, corr=4))
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    s.raw(bytes(data))


ACTS = (half_frame, noise, bad_payloads, oversize, bomb, greedy, patterns, credits, mutated)
ENDS = ("close", "reset", "finish", "linger")


class Storm(NodeCase):
    SECONDS = 10
    DURATION = 4.0

    def dial(self, timeout=5.0):
        return self.node.connect()

    def misbehave(self, dice, lingering):
        """One hostile session: some of the acts, then an end of some kind."""
        try:
            session = self.dial()
        except (OSError, ssl.SSLError):
            return
        try:
            if dice.random() < 0.9:
                session.send(oap.hello(features=ZSTD, window=dice.choice((None, 1, 5000))), oap.REQ, corr=1)
            for act in dice.choices(ACTS, k=dice.randrange(0, 4)):
                act(session, dice)
            end = dice.choice(ENDS)
            if end == "finish":
                session.sock.settimeout(0.01)
                session.finish()
            elif end == "reset":
                session.reset()
        except (OSError, client.Closed, ssl.SSLError):
            end = "close"
        if end == "linger" and len(lingering) < 60:
            lingering.append(session)
        else:
            session.close()

    def hostile(self, seed, deadline, lingering):
        dice = random.Random(seed)
        while not deadline.passed():
            self.misbehave(dice, lingering)

    def test_honest_traffic_loses_nothing(self):  # OAP-4.41, OAP-4.42, OAP-5.25
        reader, writer = self.keep(self.open_for_service()), self.keep(self.open_for_service())
        topic = self.topic()
        reader.subscribe(topic)
        deadline, lingering = Deadline(self.DURATION), []
        threads = [threading.Thread(target=self.hostile, args=(SEED * 100 + i, deadline, lingering))
                   for i in range(3)]
        for thread in threads:
            thread.start()
        frames, sent = [], 0
        try:
            while not deadline.passed():
                writer.raw(numbered(topic, 50, 200, sent))
                sent += 50
                writer.publish(self.topic("mark"))
                frames += reader.drain(0.005)
                reader.send(oap.KEEP)
        finally:
            for thread in threads:
                thread.join()
            for session in lingering:
                session.close()
        frames += reader.drain(0.5)
        self.assertEqual(self.in_sequence(frames, 0, sent), 0, f"seed {SEED}")


class StormTls(TlsCase, Storm):
    SECONDS = 10

    def dial(self, timeout=5.0):
        return client.connect_tls(self.node.listen, self.context(self.alice))


if __name__ == "__main__":
    unittest.main()
