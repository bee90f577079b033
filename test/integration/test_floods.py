"""Floods of connections, sessions and subscriptions."""
import selectors
import unittest

import client
import oap
from case import NodeCase, numbered
from wait import Deadline, duration, until


def open_after(sockets, seconds):
    """Those of the raw sockets that the node has not closed after the time."""
    still, deadline = set(sockets), Deadline(seconds)
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        while still and not deadline.passed():
            for key, _ in selector.select(deadline.left()):
                try:
                    data = key.fileobj.recv(4096)
                except OSError:
                    data = b""
                if not data:
                    selector.unregister(key.fileobj)
                    still.discard(key.fileobj)
    return still


class MaxConns(NodeCase):
    CONFIG = {"transport.max_conns": 16}
    SECONDS = 2

    def test_over_the_limit(self):
        """Over capacity a connection is dropped at once and counted; room is given back."""
        held = [self.session() for _ in range(16)]
        extra = [client.dial(self.node.listen) for _ in range(24)]
        try:
            self.assertEqual(open_after(extra, 3), set())
        finally:
            for sock in extra:
                sock.close()
        for session in held:
            self.alive_session(session)
        self.moved(busy=24, refused_full=24, opened=16)
        held.pop().close()

        def again():
            try:
                return self.keep(self.node.session())
            except (AssertionError, OSError, client.Closed):
                return None
        until(again, 3, "a place is free again")


class AcceptRate(NodeCase):
    CONFIG = {"transport.accept_rate": 20, "transport.accept_burst": 20,
              "overlay.handshake_timeout": duration(5000)}
    UDS = True
    SECONDS = 4

    @classmethod
    def open_for_service(cls):
        return cls.node.uds_session()

    def test_per_source_rate(self):
        sockets = [client.dial(self.node.listen) for _ in range(80)]
        try:
            kept = len(open_after(sockets, 1.0))
        finally:
            for sock in sockets:
                sock.close()
        # A bucket holds one second's worth; what came in during the flood may add a few.
        self.assertGreaterEqual(kept, 20)
        self.assertLess(kept, 60)
        self.moved(accept_rate=80 - kept, refused_rate=80 - kept)

        def served():
            try:
                return self.keep(self.node.session())
            except (AssertionError, OSError, client.Closed):
                return None
        until(served, 4, "the same source is served again after its second")

    def test_the_unix_socket_has_no_rate(self):
        for _ in range(60):
            with self.node.uds_session() as session:
                self.alive_session(session)


class Sessions(NodeCase):
    SECONDS = 5

    def test_churn(self):
        """Three hundred sessions come, subscribe and go in every way a session can end."""
        for i in range(300):
            session = self.node.session()
            session.subscribe(f"churn/{i}/*", f"churn/{i}/**", group="g" if i % 2 else "h")
            if i % 3 == 0:
                session.reset()
            elif i % 3 == 1:
                session.finish()
                session.wait_closed()
                session.close()
            else:
                session.close()
        self.moved(opened=300)

    def test_three_hundred_at_once(self):
        sessions = [self.session() for _ in range(300)]
        for i, session in enumerate(sessions):
            session.subscribe("all/**")
        self.assertEqual(sessions[0].publish("all/x", b"1")["to"], 299)
        for session in sessions[1:]:
            self.assertEqual(session.gossip().msg["data"], b"1")
        until(lambda: self.node.metrics().total("overlay_sessions_active") == 300, 3, "300 active")

    def test_connects_without_a_word(self):
        for _ in range(10):
            sockets = [client.dial(self.node.listen) for _ in range(50)]
            for sock in sockets:
                sock.close()
        self.moved(opened=0)

    def test_flood_of_one_topic_leaves_room_for_others(self):  # OAP-5.13, OAP-5.16
        """A reader that sleeps while its lanes fill. Which topics share a lane differs from node to
        node: an eighth of the quiet ones share the flood's, and may lose theirs."""
        reader, flooder, writer, base = self.session(rcvbuf=8192), self.session(), self.session(), self.topic()
        reader.subscribe(base + "/**")
        for start in range(0, 8000, 200):
            flooder.raw(numbered(f"{base}/flood", 200, 1024, start))
        until(lambda: self.delta("gossip_lost") > 1000, 10, "the flood fills its lane")
        for number in range(24):
            writer.publish(f"{base}/quiet/{number}", bytes(4096))
        frames = reader.catch_up(8024)
        lost = sum(frame.msg["dropped"] for frame in frames if frame.kind == "lagged")
        topics = [frame.msg["topic"] for frame in frames if frame.kind == "gossip"]
        self.assertEqual(len(topics) + lost, 8024)
        self.assertGreater(sum("/quiet/" in topic for topic in topics), 12)
        self.moved(lost=lost, gossip_lost=lost, told=lost)

    def test_flood_while_others_work(self):  # OAP-4.42
        """Hostile connections beside an ordinary stream: the stream loses nothing."""
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        frames = []
        for part in range(20):
            writer.raw(numbered(topic, 100, start=part * 100))
            for junk in (bytes(64), b"\xff" * 40, oap.envelope(b"", 0), b"GET /"):
                session = self.node.connect()
                session.raw(junk)
                session.close()
            frames += reader.drain(0.02)
        frames += reader.drain(0.5)
        self.assertEqual(self.in_sequence(frames, 0, 2000), 0)


class Subscriptions(NodeCase):
    SECONDS = 4

    def patterns(self, count, start=0):
        return [f"flood/{i:05}/*" for i in range(start, start + count)]

    def test_1024_a_session(self):  # OAP-4.20, OAP-4.22, OAP-4.23
        session, other = self.session(), self.session()
        session.subscribe(*self.patterns(1024))
        one_more = session.request(oap.sub("flood/extra", "flood/extra2"))
        self.is_error(one_more, "QuotaExceeded")
        self.assertEqual(other.publish("flood/extra", b"")["to"], 0)
        session.subscribe(*self.patterns(10), echo=True)   # known ones count once
        self.is_error(session.request(oap.sub(*self.patterns(10), "flood/extra")), "QuotaExceeded")
        self.assertEqual(other.publish("flood/extra", b"")["to"], 0)
        session.ok(oap.unsub("flood/00000/*"))
        session.subscribe("flood/extra")
        self.assertEqual(other.publish("flood/extra", b"")["to"], 1)
        self.assertEqual(other.publish("flood/00000/x", b"")["to"], 0)
        self.assertEqual(other.publish("flood/01023/x", b"")["to"], 1)

    def test_1025_at_once_change_nothing(self):  # OAP-4.20, OAP-4.22
        session, other = self.session(), self.session()
        self.is_error(session.request(oap.sub(*self.patterns(1025))), "QuotaExceeded")
        self.assertEqual(other.publish("flood/00000/x", b"")["to"], 0)
        session.subscribe(*self.patterns(1024))

    def test_groups_and_tenants_count_too(self):  # OAP-4.22
        session = self.session()
        session.subscribe(*self.patterns(512))
        session.subscribe(*self.patterns(512, 512), tenant=3)
        self.is_error(session.request(oap.sub("flood/extra", group="g")), "QuotaExceeded")

    def test_many_sessions_full_of_subscriptions(self):
        """A hundred thousand patterns come and go; the memory comes back."""
        sessions = [self.session() for _ in range(100)]
        for i, session in enumerate(sessions):
            session.subscribe(*[f"{p}/{i}" for p in self.patterns(1024)])
        writer = self.session()
        self.assertEqual(writer.publish("flood/00007/x/42", b"")["to"], 1)
        self.assertEqual(sessions[42].gossip().msg["topic"], "flood/00007/x/42")

    def test_subscribe_and_unsubscribe_over_and_over(self):
        session = self.session()
        for i in range(300):
            session.subscribe(*self.patterns(20, i))
            session.ok(oap.unsub(*self.patterns(20, i)))
        self.assertEqual(session.publish("flood/00005/x", b"")["to"], 0)

    def test_long_patterns(self):  # OAP-4.4
        session = self.session()
        session.subscribe(*[f"{i:03}" + "/*" * 126 for i in range(100)])
        topic = "007" + "/x" * 126
        self.assertEqual(len(topic), 255)
        self.assertEqual(self.session().publish(topic, b"")["to"], 1)

    def test_patterns_made_to_be_slow(self):  # OAP-4.5
        """Every mixture of * and a letter over ten segments against the topic that fits all."""
        session = self.session()
        session.subscribe(*["/".join("*" if i >> b & 1 else "a" for b in range(10))
                            for i in range(1024)])
        writer = self.session()
        for _ in range(50):
            self.assertEqual(writer.publish("a/a/a/a/a/a/a/a/a/a", b"")["to"], 1)
        self.assertEqual(len(session.drain(0.3)), 50)


if __name__ == "__main__":
    unittest.main()
