"""ronctl doctor and debug bundle: what is found, what is collected, what never leaves the machine."""
import json
import os
import shutil
import socket
import subprocess
import tarfile
import unittest

from case import NodeCase
from ctl import environ, run
from node import binary
from tls_case import TlsCase

SECRET = b"what nobody but subscribers may read"


class Doctor(NodeCase):
    UDS = True
    SECONDS = 2

    def test_doctor(self):
        done = subprocess.run([binary("ronctl"), "--json", "doctor"], capture_output=True, text=True,
                              env=environ(self.node, self.node.directory), check=False, timeout=30)
        report = json.loads(done.stdout)
        levels = {}
        for finding in report["findings"]:
            levels.setdefault(finding["check"], set()).add(finding["level"])
            self.assertEqual("remedy" in finding, finding["level"] != "ok", finding)
        for check in ("node", "version", "admin", "ready", "ports", "permissions", "tls"):
            self.assertEqual(levels[check], {"ok"}, (check, report))
        self.assertIn("fds", levels)
        self.assertIn("clock", levels)
        expected = 8 if report["failures"] else 7 if report["warnings"] else 0
        self.assertEqual(done.returncode, expected)

    def test_doctor_without_a_node(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            path = os.path.join(self.node.directory, "other.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'overlay.listen = "127.0.0.1:{taken.getsockname()[1]}"\n'
                           'observability.metrics_addr = "127.0.0.1:0"\n')
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                admin = f"127.0.0.1:{closed.getsockname()[1]}"
                text = run(self.node, "doctor", "--config", path, "--admin", admin,
                           url="unix:/nowhere/ron.sock", code=8)
        self.assertRegex(text, r"(?m)^fail +node ")
        self.assertRegex(text, r"(?m)^fail +ports +overlay.listen .* is in use by another process")
        self.assertIn("to mend it: ", text)

    def test_doctor_over_tcp(self):
        done = subprocess.run(
            [binary("ronctl"), "--json", "doctor", "--admin", "{}:{}".format(*self.node.admin)],
            env={**environ(self.node, self.node.directory),
                 "RON_NODE_URL": "ron://{}:{}".format(*self.node.listen)},
            capture_output=True, text=True, check=False, timeout=30)
        levels = {f["check"]: f["level"] for f in json.loads(done.stdout)["findings"]}
        for check in ("node", "version", "admin", "ready", "settings"):
            self.assertEqual(levels[check], "ok", done.stdout)

    def test_doctor_judges_a_configuration(self):
        path = os.path.join(self.node.directory, "wrong.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("transport.max_conns = 0\n")
        self.assertIn("wrong.toml:1", run(self.node, "doctor", "--config", path, code=8))


class Bundle(NodeCase):
    UDS = True
    SECONDS = 2

    def subscriber(self, topic):
        session = self.session()
        session.subscribe(topic)

    def test_debug_bundle(self):
        topic = self.topic()
        self.subscriber(topic)
        self.session().publish(topic, SECRET)
        path = os.path.join(self.node.directory, "bundle.tar.gz")
        self.assertEqual(run(self.node, "debug", "bundle", "-o", path), path + "\n")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        parts = self.parts(path)
        for name in ("version.json", "status.json", "config.json", "sessions.json", "topics.json",
                     "queues.json", "doctor.json", "machine.txt", "admin-metrics.txt",
                     "admin-readyz.txt", "manifest.json"):
            self.assertIn(name, parts)
        self.assertEqual(json.loads(parts["manifest.json"])["missing"], [])
        self.assertIn(topic, parts["topics.json"])
        self.assertNotIn(SECRET.decode(), "".join(parts.values()))
        peers = [s["peer"] for s in json.loads(parts["sessions.json"])["sessions"] if "peer" in s]
        self.assertEqual(len(peers), 2)
        for peer in peers:
            self.assertRegex(peer, r"^peer-\d+$")
        with open(path, "rb") as file:
            before = file.read()
        run(self.node, "debug", "bundle", "-o", path, code=1)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before, "never overwritten")

    def test_debug_bundle_with_addresses_and_without_a_node(self):
        self.subscriber(self.topic())
        path = os.path.join(self.node.directory, "named.tar.gz")
        run(self.node, "debug", "bundle", "-o", path, "--with-addresses")
        self.assertIn("127.0.0.1:", self.parts(path)["sessions.json"])
        path = os.path.join(self.node.directory, "alone.tar.gz")
        run(self.node, "debug", "bundle", "-o", path, url="unix:/nowhere/ron.sock")
        parts = self.parts(path)
        self.assertIn("doctor.json", parts)
        self.assertIn("/nowhere", json.loads(parts["manifest.json"])["missing"][0])

    @staticmethod
    def parts(path):
        with tarfile.open(path, "r:gz") as tar:
            return {os.path.basename(m.name): tar.extractfile(m).read().decode() for m in tar}


class Certificates(TlsCase):
    """What doctor says about a node with TLS."""

    UDS = True
    SECONDS = 2

    def findings(self, check, *args, code=None):
        done = subprocess.run([binary("ronctl"), "--json", "doctor", *args], capture_output=True, text=True,
                              env=environ(self.node, self.node.directory), check=False, timeout=30)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout)
        return [f for f in json.loads(done.stdout)["findings"] if f["check"] == check]

    def file(self, key):
        """The node's paths came by flags: a file that names them, and this key."""
        path = os.path.join(self.node.directory, "tls.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'tls.enabled = true\ntls.cert_path = "{self.server[0]}"\n'
                       f'tls.key_path = "{key}"\n')
        return path

    def test_doctor_warns_before_a_certificate_ends(self):
        for args, name in (([], "the certificate the node serves"),
                           (["--config", self.file(self.server[1])], self.server[0])):
            found = self.findings("certificates", *args)
            self.assertEqual([f["level"] for f in found], ["warn"], "made for 7 days")
            self.assertIn(name, found[0]["what"])
            self.assertRegex(found[0]["what"], "expires in [67] days")

    def test_doctor_fails_a_key_that_others_can_read(self):
        key = shutil.copy(self.server[1], os.path.join(self.node.directory, "open.key"))
        os.chmod(key, 0o640)
        found = self.findings("permissions", "--config", self.file(key), code=8)
        self.assertEqual([f["remedy"] for f in found if f["level"] == "fail"], [f"chmod 600 {key}"])

if __name__ == "__main__":
    unittest.main()
