"""Starting and refusing to start: flags, config errors, key permissions, public binds."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import certs
import names
from node import Node, binary, environment, toml


def run(*args, seconds=15, env=None):
    """(exit code, everything printed) of a daemon that is expected to end by itself."""
    done = subprocess.run([binary(), *args], capture_output=True, text=True, timeout=seconds,
                          env={**environment(), **(env or {})}, check=False)
    return done.returncode, done.stdout + done.stderr


class Startup(unittest.TestCase):
    SECONDS = 3

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ron-it-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def config(self, text):
        path = os.path.join(self.directory, "svc-overlay.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else toml(text))
        return path

    def refused(self, *args, says=(), env=None, code=names.EXIT_CONFIG):
        seen, text = run("--bind", "127.0.0.1:0", "--metrics", "127.0.0.1:0", *args, env=env)
        self.assertEqual(seen, code, text)
        for part in says:
            self.assertIn(part, text)
        return text

    # --- flags --------------------------------------------------------------------------------

    def test_version(self):
        code, text = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(text, r"svc-overlay \d+\.\d+\.\d+")
        self.assertRegex(text, r"\b[0-9a-f]{7,40}\b")
        self.assertRegex(text, r"OpenSSL 3\.\d+\.\d+")

    def test_help(self):
        code, text = run("--help")
        self.assertEqual(code, 0)
        for flag in ("--config", "--bind", "--metrics", "--max-conns", "--read-timeout", "--uds",
                     "--write-timeout", "--idle-timeout", "--chunk-bytes", "--pq", "--tls",
                     "--tls-cert", "--tls-key", "--version"):
            self.assertIn(flag, text)

    def test_unknown_flag_suggests_the_nearest(self):
        for wrong, right in (("--bnid", "--bind"), ("--metric", "--metrics"), ("--tls-kee", "--tls-key"),
                             ("--idel-timeout", "--idle-timeout")):
            with self.subTest(wrong):
                code, text = run(wrong, "x")
                self.assertGreater(code, 0)
                self.assertIn(wrong, text)
                self.assertRegex(text, rf"{right}(?![\w-])")

    def test_values_of_flags(self):
        for args, part in ((("--read-timeout", "soon"), "read"), (("--max-conns", "-1"), "max"),
                           (("--max-conns", "0"), "max"), (("--chunk-bytes", "1"), "chunk"),
                           (("--pq", "sometimes"), "pq"), (("--idle-timeout", "1ms"), "idle")):
            with self.subTest(args):
                self.assertIn(part, self.refused(*args).lower())

    def test_bad_addresses(self):
        for address in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "300.1.1.1:5", ":x"):
            with self.subTest(address):
                code, text = run("--bind", address, "--metrics", "127.0.0.1:0")
                self.assertGreater(code, 0)
                self.assertIn(address, text)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            code, text = run("--bind", address, "--metrics", "127.0.0.1:0")
            self.assertEqual(code, names.EXIT_BIND, text)
            self.assertIn(address, text)
            code, text = run("--bind", "127.0.0.1:0", "--metrics", address)
            self.assertEqual(code, names.EXIT_BIND, text)
            self.assertIn(address, text)

    # --- configuration ------------------------------------------------------------------------

    def test_all_errors_are_listed(self):
        path = self.config({"overlay.peer.max_rps": "fast", "timeouts.read": "5 parsecs",
                            "overlay.gossip.chunk_bytes": 1, "transport.max_conns": 0,
                            "overlay.pq_mode": "maybe"})
        self.refused("--config", path, says=("overlay.peer.max_rps", "timeouts.read", "chunk_bytes",
                                             "transport.max_conns", "overlay.pq_mode"))

    def test_unknown_key_suggests_the_nearest(self):
        path = self.config({"overlay.peer.max_rsp": 5})
        self.refused("--config", path, says=("overlay.peer.max_rsp", "max_rps"))

    def test_not_toml(self):
        path = self.config("[overlay\nlisten = \n")
        self.refused("--config", path, says=(path,))

    def test_missing_file(self):
        path = os.path.join(self.directory, "none.toml")
        self.refused("--config", path, says=(path,))

    def test_required_quantum_safety_and_plain_tcp(self):  # OAP-3.26
        path = self.config({"overlay.pq_mode": "require"})
        self.refused("--config", path, says=("overlay.pq_mode", "tls.enabled"))

    def test_idle_shorter_than_read(self):
        path = self.config({"timeouts.read": "10s", "timeouts.idle": "9s"})
        self.refused("--config", path, says=("timeouts.idle", "timeouts.read"))

    def test_max_frame_is_fixed(self):
        for value in ("2MiB", "512KiB"):
            path = self.config({"overlay.gossip.max_frame_bytes": value})
            self.refused("--config", path, says=("max_frame_bytes",))

    def test_environment(self):
        self.refused(env={"SVC_OVERLAY_OVERLAY__PEER__MAX_RPS": "fast"}, says=("MAX_RPS",))
        self.refused(env={"SVC_OVERLAY_READ_TIMEOUT": "soon"}, says=("READ_TIMEOUT",))

    def test_flag_over_environment_over_file(self):
        """The window a client is told shows which source won."""
        node = Node({"overlay.peer.recv_window_frames": 4})
        self.addCleanup(node.discard)
        node.args += ["--chunk-bytes", "8KiB"]
        with node.start().session() as session:
            self.assertEqual(session.ack["limits"]["window"], 4 * 8192)
        node.stop()

    # --- TLS files ----------------------------------------------------------------------------

    def tls(self, cert, key):
        return ("--tls", "--tls-cert", cert, "--tls-key", key)

    def test_key_that_others_can_read(self):
        cert, key = certs.Authority(self.directory).server()
        for mode in (0o640, 0o604, 0o644, 0o660):
            os.chmod(key, mode)
            with self.subTest(oct(mode)):
                text = self.refused(*self.tls(cert, key), says=(key,))
                self.assertTrue("chmod" in text or "0600" in text, text)

    def test_certificate_that_others_can_write(self):
        cert, key = certs.Authority(self.directory).server()
        os.chmod(cert, 0o666)
        self.refused(*self.tls(cert, key), says=(cert,))

    def test_missing_and_wrong_files(self):
        authority = certs.Authority(self.directory)
        cert, key = authority.server()
        _, other = authority.client()
        none = os.path.join(self.directory, "none.pem")
        self.refused(*self.tls(none, key), says=(none,))
        self.refused(*self.tls(cert, none), says=(none,))
        self.refused(*self.tls(key, key), says=(key,))
        self.refused(*self.tls(cert, other), says=(other,))
        self.refused("--tls")

    def test_expired_certificate(self):
        cert, key = certs.Authority(self.directory).server(days=-1)
        self.assertIn("expired", self.refused(*self.tls(cert, key)).lower())

    # --- public binds -------------------------------------------------------------------------

    def test_public_bind_needs_tls(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            with self.subTest(address):
                code, text = run("--bind", address, "--metrics", "127.0.0.1:0")
                self.assertGreater(code, 0)
                self.assertIn("tls", text.lower())
                self.assertIn("127.0.0.1", text, "the message says how to mend it")

    def test_public_bind_needs_client_certificates(self):
        cert, key = certs.Authority(self.directory).server()
        code, text = run("--bind", "0.0.0.0:0", "--metrics", "127.0.0.1:0", *self.tls(cert, key))
        self.assertGreater(code, 0)
        self.assertIn("client_ca", text)

    def test_public_bind_with_both(self):
        authority = certs.Authority(self.directory)
        node = Node({"overlay.listen": "0.0.0.0:0", "tls.client_ca_path": authority.cert,
                     "tls.require_client_cert": True}, tls=authority.server())
        self.addCleanup(node.discard)
        node.start()
        node.stop()

    # --- speed --------------------------------------------------------------------------------

    def test_ready_soon_and_without_noise(self):
        node = Node()
        self.addCleanup(node.discard)
        node.start()
        for line in node.log:
            self.assertTrue(line.startswith("{"), line)
        node.stop()


if __name__ == "__main__":
    unittest.main()
