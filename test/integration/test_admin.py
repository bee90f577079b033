"""The admin port: its four answers, and what it does with hostile HTTP."""
import json
import re
import shutil
import socket
import subprocess
import unittest

import client
import names
import oap
from case import NodeCase, numbered
from wait import until


class Admin(NodeCase):
    SECONDS = 2

    def get(self, path):
        status, headers, body = self.node.http(path)
        return status, {k.lower(): v for k, v in headers.items()}, body

    def test_healthz(self):
        status, headers, body = self.get("/healthz")
        self.assertEqual((status, json.loads(body)), (200, {"alive": True}))
        self.assertIn("application/json", headers["content-type"])

    def test_readyz(self):
        status, _, body = self.get("/readyz")
        self.assertEqual(status, 200)
        self.assertIs(json.loads(body)["ready"], True)

    def test_version(self):
        answer = json.loads(self.get("/version")[2])
        self.assertLessEqual({"version", "git", "build", "features"}, set(answer))
        self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+")
        self.assertRegex(answer["git"], r"^[0-9a-f]{7,40}")
        self.assertIsInstance(answer["features"], list)

    def test_unknown_paths_and_methods(self):
        for path in ("/", "/nope", "/metrics/x", "/healthz/", "/../etc/passwd", "/%2e%2e"):
            self.assertEqual(self.get(path)[0], 404, path)
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(self.node.http("/healthz", method)[0], 405, method)

    def raw_http(self, data, seconds=8):
        with socket.create_connection(self.node.admin) as sock:
            sock.sendall(data)
            sock.settimeout(seconds)
            got = b""
            try:
                while chunk := sock.recv(65536):
                    got += chunk
            except OSError:
                pass
            return got

    def test_hostile_requests(self):
        cases = (b"\0" * 300, b"\xff" * 300, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
                 b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
                 b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 oap.encode(oap.hello(), oap.REQ, corr=1))
        for data in cases:
            with self.subTest(data[:40]):
                got = self.raw_http(data + b"")
                self.assertNotIn(b"HTTP/1.1 200", got)
        self.assertEqual(self.get("/healthz")[0], 200)

    def test_slow_requests_do_not_block_others(self):
        slow = [client.dial(self.node.admin) for _ in range(30)]
        try:
            for sock in slow:
                sock.sendall(b"GET /healthz HTT")
            self.assertEqual(self.get("/healthz")[0], 200)
            self.assertEqual(self.get("/readyz")[0], 200)
        finally:
            for sock in slow:
                sock.close()

    def test_slow_requests_are_ended(self):
        sock = client.dial(self.node.admin)
        with sock:
            sock.sendall(b"GET /healthz HTT")
            self.assertTrue(client.ended(sock, 15))

    def test_scrapes_do_not_leak(self):
        for _ in range(200):
            self.node.metrics()


class Metrics(NodeCase):
    def text(self):
        status, headers, body = self.node.http("/metrics")
        self.assertEqual(status, 200)
        kind = {k.lower(): v for k, v in headers.items()}["content-type"]
        self.assertTrue(kind.startswith("text/plain"), kind)
        self.assertIn("version=0.0.4", kind)
        return body

    def test_families(self):
        now = self.node.metrics()
        self.assertEqual([n for n in names.FAMILIES if not now.has(n)], [])

    def test_form(self):
        text = self.text()
        typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        for name, kind in typed.items():
            self.assertIn(f"# HELP {name} ", text)
            if kind == "counter":
                self.assertTrue(name.endswith("_total"), name)
        for name, _ in self.node.metrics():
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertTrue(name in typed or base in typed, f"{name} has no TYPE")
        labels = set(re.findall(r'[{,](\w+)="', text))
        self.assertFalse(labels & {"peer", "peer_id", "addr", "session", "topic", "tenant"}, labels)

    def test_promtool(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.text(), text=True,
                              capture_output=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_traffic_is_counted(self):
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        data = numbered(topic, 100, 50)
        writer.raw(data)
        self.assertEqual(len(reader.drain(0.2)), 100)
        self.moved(rx_gossip=100, tx_gossip=100, opened=2, hs_attempts=2, hs_any=0, lost=0)
        self.assertGreaterEqual(self.delta("rx_bytes"), len(data))
        self.assertLess(self.delta("rx_bytes"), len(data) + 2000)
        self.assertGreaterEqual(self.delta("tx_bytes"), len(data))
        until(lambda: self.node.metrics().total(names.SESSIONS_ACTIVE) == 2, 2, "two sessions")

    def test_every_handshake_is_counted_once(self):
        """Sessions, refusals, silence, resets: attempts = opened + failures."""
        for data in (oap.encode(oap.hello(), oap.REQ, corr=1), bytes(4), b"GET /\r\n\r\n" * 9,
                     oap.encode(oap.hello(versions=[9]), oap.REQ, corr=1),
                     oap.encode(oap.hello(token="x"), oap.REQ, corr=1), b"\0", b""):
            for end in ("close", "reset", "finish"):
                session = self.node.connect()
                if data:
                    session.raw(data)
                if end == "finish":
                    session.finish()
                    session.wait_closed()
                getattr(session, "reset" if end == "reset" else "close")()
        until(lambda: self.node.fds() <= self.base_fds, 5, "all ended")
        self.attempts_add_up()

    def test_readyz_state(self):
        self.assertEqual(self.node.metrics().total("readyz_state"), 1)


if __name__ == "__main__":
    unittest.main()
