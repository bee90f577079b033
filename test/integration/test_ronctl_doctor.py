"""ronctl doctor and debug bundle: what is found, what is collected, what never leaves the machine."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
import unittest

from case import NodeCase
from ctl import environ, run
from node import binary
from tls_case import TlsCase
from wait import until

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

    def of_file(self, path, check, code=None):
        """What is found about this file."""
        return [f for f in self.findings(check, code=code) if path in f["what"]]

    @contextlib.contextmanager
    def until_mended(self, mend):
        """A gate of the node is down meanwhile: it must be up again before the test ends."""
        try:
            yield
        finally:
            mend()
            until(lambda: self.node.http("/readyz")[0] == 200, 3, "ready again")

    def test_doctor_finds_the_files_of_the_node(self):
        """Their paths came by flags: only the node knows them."""
        found = self.of_file(self.server[0], "certificates")
        self.assertEqual([f["level"] for f in found], ["warn"], "made for 7 days")
        self.assertRegex(found[0]["what"], "expires in [67] days")
        self.assertEqual([f["level"] for f in self.of_file(self.server[1], "permissions")], ["ok"])
        self.assertEqual([f["level"] for f in self.of_file(self.node.uds, "permissions")], ["ok"])

    def test_doctor_fails_a_key_that_others_can_read(self):
        with self.until_mended(lambda: os.chmod(self.server[1], 0o600)):
            os.chmod(self.server[1], 0o640)
            found = self.of_file(self.server[1], "permissions", code=8)
        self.assertEqual([f["remedy"] for f in found if f["level"] == "fail"],
                         [f"chmod 600 {self.server[1]}"])

    def test_doctor_tells_a_certificate_that_waits_for_a_reload(self):
        cert, _ = self.ca.server("newer", until=time.time() + 40 * 86400)
        shutil.copy(self.server[0], self.server[0] + ".old")
        with self.until_mended(lambda: os.replace(self.server[0] + ".old", self.server[0])):
            os.replace(cert, self.server[0])
            found = [f for f in self.findings("certificates") if f.get("remedy") == "ronctl reload"]
        self.assertEqual([f["level"] for f in found], ["warn"])

    def test_doctor_judges_what_is_served_where_the_file_is_gone(self):
        with self.until_mended(lambda: os.rename(self.server[0] + ".away", self.server[0])):
            os.rename(self.server[0], self.server[0] + ".away")
            found = self.findings("certificates", code=8)
        self.assertEqual([f["level"] for f in found], ["fail", "warn"], found)
        self.assertIn("the certificate the node serves expires in", found[1]["what"])

    def test_doctor_judges_files_of_a_configuration(self):
        key = shutil.copy(self.server[1], os.path.join(self.node.directory, "open.key"))
        os.chmod(key, 0o640)
        path = os.path.join(self.node.directory, "tls.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'tls.enabled = true\ntls.cert_path = "{self.server[0]}"\n'
                       f'tls.key_path = "{key}"\n')
        found = self.findings("permissions", "--config", path, code=8)
        self.assertEqual([f["remedy"] for f in found if f["level"] == "fail"], [f"chmod 600 {key}"])


if __name__ == "__main__":
    unittest.main()
