"""Drain: bye, NotReady, what is queued arrives, readiness tells the truth, the exit is clean."""
import signal
import socket
import time
import unittest

import client
import oap
from case import NodeCase, numbered
from node import Node
from wait import scale, until


class Drain(unittest.TestCase):
    """Each test stops its own node."""

    SECONDS = 6
    CONFIG = {"drain_deadline": "3s"}

    def setUp(self):
        self.node = Node(self.CONFIG, uds=True).start()
        self.addCleanup(self.node.discard)
        self.sessions = []
        self.addCleanup(lambda: [s.close() for s in self.sessions])

    def session(self, **kw):
        self.sessions.append(self.node.session(**kw))
        return self.sessions[-1]

    def holder(self):
        """A session that keeps the drain going: messages wait for credit that it never gives."""
        session, writer = self.session(window=1), self.session()
        session.subscribe("hold")
        for _ in range(3):
            writer.publish("hold", bytes(100))
        session.drain(0.1)
        writer.close()
        return session

    def term(self):
        self.node.signal(signal.SIGTERM)

    def gone(self, seconds=8):
        code = self.node.wait_exit(seconds)
        self.assertEqual(code, 0, self.node.tail())

    def bye(self, session):
        """The bye that is due; other frames may come before."""
        while True:
            frame = session.recv(3)
            self.assertIsNotNone(frame, "bye was due")
            if frame.kind == "bye":
                break
        self.assertEqual((frame.flags, frame.tenant, frame.corr), (oap.EVENT, 0, 0))
        self.assertIsInstance(frame.msg["reason"], str)
        self.assertIsInstance(frame.msg.get("after_ms", 0), int)
        return frame

    def test_bye_then_end(self):  # OAP-6.1, OAP-6.5
        sessions = [self.session() for _ in range(5)]
        start = time.monotonic()
        self.term()
        for session in sessions:
            self.bye(session)
        for session in sessions:
            frames, how = session.wait_closed(6)
            self.assertEqual(how, "fin")
        self.gone()
        self.assertLess(time.monotonic() - start, 3 + 2 * scale())

    def test_nobody_there_it_ends_at_once(self):
        start = time.monotonic()
        self.term()
        self.gone()
        self.assertLess((time.monotonic() - start) / scale(), 2)

    def test_sigint_too(self):
        session = self.session()
        self.node.signal(signal.SIGINT)
        self.bye(session)
        session.close()
        self.gone()

    def test_requests_are_refused(self):  # OAP-6.3
        session = self.holder()
        self.term()
        self.bye(session)
        for message in (oap.sub("x"), oap.gossip("t"), oap.unsub("hold")):
            answer = session.request(message)
            self.assertEqual((answer["kind"], answer.get("code")), ("error", "NotReady"), answer)
        session.close()
        self.gone()

    def test_readyz_is_red_and_healthz_is_green(self):
        session = self.holder()
        self.assertEqual(self.node.http("/readyz")[0], 200)
        self.term()
        self.bye(session)
        status, headers, body = self.node.http("/readyz")
        self.assertEqual(status, 503, body)
        self.assertIn('"ready":false', body.replace(" ", ""))
        self.assertTrue(any(k.lower() == "retry-after" for k in headers), headers)
        self.assertEqual(self.node.http("/healthz")[0], 200)
        self.assertEqual(self.node.metrics().total("readyz_state"), 0)
        session.close()
        self.gone()

    def test_new_connections_get_no_session(self):  # OAP-3.23
        session = self.holder()
        self.term()
        self.bye(session)
        try:
            late = client.connect(self.node.listen)
            self.sessions.append(late)
            late.send(oap.hello(), oap.REQ, corr=1)
            frames, _ = late.wait_closed(3)
            # Nothing, where it waited in the backlog of a listener that was closed.
            self.assertIn([f.msg.get("code") for f in frames], (["NotReady"], []))
        except (ConnectionError, client.Closed):
            pass                        # not listening any more is as good
        session.close()
        self.gone()

    def test_what_is_queued_is_delivered(self):  # OAP-6.4
        reader, writer = self.session(rcvbuf=16384), self.session()
        reader.subscribe("t")
        for start in range(0, 3000, 100):
            writer.raw(numbered("t", 100, 1000, start))
            writer.publish("mark")
        self.term()
        frames, how = reader.wait_closed(6)
        self.assertEqual(how, "fin")
        due = 0
        for frame in frames:
            if frame.kind == "gossip":
                self.assertEqual(int.from_bytes(frame.msg["data"][:8], "big"), due)
                due += 1
        self.assertEqual(due, 3000)
        self.assertEqual(sum(f.kind == "bye" for f in frames), 1)
        writer.close()
        self.gone()

    def test_a_peer_that_does_not_read_cannot_hold_it(self):  # OAP-6.5
        reader, writer = self.session(rcvbuf=4096), self.session()
        reader.subscribe("t")
        writer.raw(numbered("t", 4000, 1000))
        writer.publish("mark")
        start = time.monotonic()
        self.term()
        self.gone(8)
        self.assertLess(time.monotonic() - start, 3 + 3 * scale())

    def test_peers_in_the_handshake_cannot_hold_it(self):  # OAP-6.5
        half = [self.node.connect() for _ in range(10)]
        half[0].raw(b"\0\0")
        start = time.monotonic()
        self.term()
        self.gone(8)
        self.assertLess(time.monotonic() - start, 3 + 3 * scale())
        for session in half:
            session.close()

    def test_the_socket_file_is_removed(self):
        self.term()
        self.gone()

    def test_logs(self):
        session = self.session()
        self.term()
        self.bye(session)
        session.close()
        self.node.wait_exit(8)
        for line in self.node.log:
            self.assertTrue(line.startswith("{"), f"not a JSON line: {line}")


class SecondSignal(unittest.TestCase):
    SECONDS = 2

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)):
            with self.subTest(second):
                node = Node({"drain_deadline": "5s"}).start()
                self.addCleanup(node.discard)
                reader, writer = node.session(rcvbuf=4096), node.session()
                reader.subscribe("t")
                writer.raw(numbered("t", 4000, 1000))
                writer.publish("mark")
                node.signal(first)
                until(lambda: node.http("/readyz")[0] == 503, 3, "draining")
                start = time.monotonic()
                node.signal(second)
                node.wait_exit(5)
                self.assertLess((time.monotonic() - start) / scale(), 1.5)
                reader.close()
                writer.close()


class PortIsFree(unittest.TestCase):
    SECONDS = 1

    def test_restart_on_the_same_port(self):
        node = Node({"drain_deadline": "300ms"}).start()
        host, port = node.listen
        with node.session() as session:
            session.ok(oap.unsub("t"))
            node.stop()
        again = Node({"overlay.listen": f"{host}:{port}"}).start()
        self.addCleanup(again.discard)
        with again.session() as session:
            session.ok(oap.unsub("t"))
        again.stop()
        with self.assertRaises(OSError), socket.create_connection((host, port), 1):
            pass


class ClientLeaves(NodeCase):
    """bye from a client is legal and changes nothing until it goes."""

    def test_bye_of_a_client(self):  # OAP-6.1, OAP-6.2
        session = self.session()
        session.send({"kind": "bye", "reason": "going", "after_ms": 5, "alt": ["x:1"]})
        session.finish()
        frames, how = session.wait_closed()
        self.assertEqual(([f.kind for f in frames], how), ([], "fin"))


if __name__ == "__main__":
    unittest.main()
