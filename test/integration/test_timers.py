"""Slow-loris in every shape: handshake, read, write and idle timers, keepalive, half-open peers."""
import threading
import time
import unittest

import client
import oap
from case import NodeCase, numbered
from wait import duration, scale, until

MS = 0.001


def since(start):
    return (time.monotonic() - start) / scale()


class HandshakeTimer(NodeCase):
    CONFIG = {"overlay.handshake_timeout": duration(400)}
    SECONDS = 4

    def timed_out(self, session, start, corr=0):
        frames, how = session.wait_closed()
        self.assertEqual(how, "fin")
        self.assertEqual([f.kind for f in frames], ["error"])
        self.is_error(frames[0].msg, "Timeout")
        self.assertGreater(since(start), 0.3)
        self.assertLess(since(start), 2.5)

    def test_silence(self):  # OAP-3.2, OAP-3.34
        start, session = time.monotonic(), self.connect()
        self.timed_out(session, start)
        self.moved(hs_timeout=1, io_handshake=1, opened=0)

    def test_part_of_a_hello(self):  # OAP-3.2
        data = oap.encode(oap.hello(), oap.REQ, corr=5)
        for cut in (1, 4, 31, len(data) - 1):
            with self.subTest(cut=cut):
                start, session = time.monotonic(), self.connect()
                session.raw(data[:cut])
                self.timed_out(session, start)
        self.moved(hs_timeout=4)

    def test_a_byte_at_a_time_gains_nothing(self):  # OAP-3.2
        data = oap.encode(oap.hello(agent="x" * 60), oap.REQ, corr=5)
        start, session = time.monotonic(), self.connect()
        for byte in data:
            try:
                session.raw(bytes([byte]))
                if session.recv(30 * MS):
                    break
            except (client.Closed, OSError):
                break
        else:
            self.fail("a hello of several seconds was taken")
        self.assertLess(since(start), 2.5)
        self.moved(hs_timeout=1)

    def test_fifty_at_once(self):  # OAP-3.2
        """The node serves others while fifty sit in the handshake, and drops all of them."""
        idle = [self.connect() for _ in range(50)]
        self.round_trip()
        for session in idle:
            frames, how = session.wait_closed()
            self.assertEqual((how, len(frames)), ("fin", 1))
        self.moved(hs_timeout=50)

    def test_client_gone_before_the_hello(self):
        for _ in range(20):
            self.connect().reset()
            self.connect().close()
        self.moved(opened=0)


class ReadTimer(NodeCase):
    CONFIG = {"timeouts.read": duration(500), "timeouts.write": duration(2000),
              "timeouts.idle": duration(6000)}
    SECONDS = 6

    def dribble(self, session, data, pause, seconds):
        """Send data byte by byte until it is done or the node ends the stream."""
        start = time.monotonic()
        for byte in data:
            if since(start) > seconds:
                return None
            try:
                session.raw(bytes([byte]))
                if session.recv(pause):
                    return since(start)
            except (client.Closed, OSError):
                return since(start)
        return None

    def test_half_a_frame(self):  # OAP-3.29, OAP-3.34
        data = oap.encode(oap.gossip("t", b"x" * 50), oap.EVENT, corr=0)
        for cut in (1, 30, len(data) - 1):
            with self.subTest(cut=cut):
                session = self.session()
                start = time.monotonic()
                session.raw(data[:cut])
                self.dies(session, "Timeout")
                self.assertGreater(since(start), 0.4)
                self.assertLess(since(start), 3)
        self.moved(timeout=3, io_read=3)

    def test_from_the_first_byte_of_the_frame(self):  # OAP-3.29
        session = self.session()
        took = self.dribble(session, oap.encode(oap.gossip("t", b"x" * 200)), 40 * MS, 5)
        self.assertIsNotNone(took, "a dribbled frame was not timed out")
        self.assertLess(took, 3)

    def test_a_large_frame_has_more_time(self):  # OAP-3.29
        """128 KiB have 2 s more: complete a second after timeouts.read they are taken."""
        session = self.session()
        data = oap.encode(oap.gossip("t", bytes(128 << 10)), oap.EVENT | oap.ACKREQ, corr=4)
        step = len(data) // 12 + 1
        for start in range(0, len(data), step):
            session.raw(data[start:start + step])
            if start + step < len(data):    # the second a 64 KiB is the node's own and not stretched
                self.assertIsNone(session.recv((0.5 + 1 / scale()) / 12))
        self.assertEqual(session.answer(4).kind, "ack")

    def test_pauses_between_frames_are_no_fault(self):  # OAP-3.29, OAP-3.32
        session = self.session()
        for _ in range(3):
            self.assertIsNone(session.recv(700 * MS))
            self.alive_session(session)

    def test_a_frame_in_time_is_taken(self):
        session = self.session()
        data = oap.encode(oap.gossip("t"), oap.EVENT | oap.ACKREQ, corr=4)
        session.raw(data[:20])
        self.assertIsNone(session.recv(200 * MS))
        session.raw(data[20:])
        self.assertEqual(session.answer(4).kind, "ack")


class IdleTimer(NodeCase):
    CONFIG = {"timeouts.read": duration(500), "timeouts.write": duration(500),
              "timeouts.idle": duration(900)}
    SECONDS = 5

    def test_silence(self):  # OAP-3.32, OAP-3.34
        start, session = time.monotonic(), self.session()
        self.dies(session, "Timeout")
        self.assertGreater(since(start), 0.8)
        self.assertLess(since(start), 3)
        self.moved(io_idle=1, timeout=1)

    def test_keep_keeps(self):  # OAP-3.32, OAP-3.33
        session, start = self.session(), time.monotonic()
        while since(start) < 2.5:
            session.send(oap.KEEP)
            self.assertIsNone(session.recv(250 * MS))
        self.alive_session(session)

    def test_the_node_sends_keep(self):  # OAP-3.33
        session, start, seen = self.session(), time.monotonic(), []
        while since(start) < 1.8:
            session.send(oap.KEEP)
            frame = session.recv(100 * MS, skip=())
            if frame:
                self.assertEqual((frame.kind, frame.flags), ("keep", oap.EVENT))
                seen.append(since(start))
        gaps = [b - a for a, b in zip([0] + seen, seen + [1.8])]
        self.assertLess(max(gaps), 0.55, "a keep is due every 300 ms")

    def test_a_listener_must_send_keep_too(self):  # OAP-3.32
        """Deliveries to a client do not count as frames from it."""
        reader, writer = self.session(), self.session()
        reader.subscribe("t")
        start = time.monotonic()
        with self.assertRaises(client.Closed):
            while since(start) < 4:
                writer.publish("t", b"x")
                reader.recv(100 * MS)

    def test_half_frames_are_no_frames(self):  # OAP-3.29, OAP-3.32
        session, start = self.session(), time.monotonic()
        with self.assertRaises((client.Closed, OSError)):
            while since(start) < 4:
                session.raw(b"\0")
                if session.recv(100 * MS):
                    raise client.Closed("error")

    def test_half_open_peers_are_dropped(self):  # OAP-3.32
        """Peers that vanish without FIN look like this: they never read and never write."""
        gone = [self.session(rcvbuf=4096) for _ in range(30)]
        until(lambda: self.node.metrics().total("overlay_sessions_active") == 0, 6, "all dropped")
        until(lambda: self.node.fds() <= self.base_fds, 6, "their fds are closed")
        self.moved(io_idle=len(gone))


class WriteTimer(NodeCase):
    CONFIG = {"timeouts.read": duration(5000), "timeouts.write": duration(700),
              "timeouts.idle": duration(8000)}
    SECONDS = 5

    def test_a_reader_that_stops_is_dropped(self):  # OAP-3.31
        """It goes on sending keep, so that only the write timer can end it."""
        stuck, writer, topic = self.session(rcvbuf=4096), self.session(), self.topic()
        stuck.subscribe(topic)
        writer.raw(numbered(topic, 6000, size=1000))
        start = time.monotonic()

        def dropped():
            try:
                stuck.send(oap.KEEP)
            except (OSError, client.Closed):
                return True
            return self.node.metrics().total("overlay_sessions_active") == 1
        until(dropped, 6, "the session that does not read is dropped", step=0.05)
        self.assertGreater(since(start), 0.5)
        self.alive_session(writer)
        self.moved(io_write=1)

    def test_a_slow_reader_is_not_dropped(self):  # OAP-3.31
        """Progress, however slow, is progress: no single pause reaches the timer."""
        slow, writer, topic = self.session(rcvbuf=16384), self.session(), self.topic()
        slow.subscribe(topic)
        feeder = threading.Thread(target=writer.raw, args=(numbered(topic, 3000, size=1000),))
        feeder.start()
        frames, start = [], time.monotonic()
        while since(start) < 2.5:
            frame = slow.recv(1)
            if frame is None:
                break
            frames.append(frame)
            slow.send(oap.KEEP)
            threading.Event().wait(5 * MS)
        feeder.join()
        frames += slow.catch_up(3000 - len(frames))
        self.in_sequence(frames, 0, 3000)


if __name__ == "__main__":
    unittest.main()
