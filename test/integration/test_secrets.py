"""What must stay inside does: keys, tokens and payloads appear in no log, page, answer or process
argument, and what a peer calls itself cannot forge a log line."""
import json
import os
import unittest

import client
import oap
from test_control import control
from tls_case import TlsCase
from wait import until

PAGES = ("/healthz", "/readyz", "/metrics", "/version", "/configz", "/sessionz", "/topicz", "/meshz")
OPERATIONS = ("status", "sessions", "topics", "queues", "config", "log-level")
FORGED = 'x\n{"event":"ready","level":"error"}\x1b[31m\u202e\u0085'


class Secrets(TlsCase):
    REQUIRE = True
    UDS = True
    SECONDS = 3
    ARGS = ("--log-level", "trace")

    @classmethod
    def open_for_service(cls):
        return cls.node.uds_session()

    def everything_told(self):
        """Logs, pages, answers of control, and what /proc shows of the process."""
        told = {page: self.node.http(page)[2] for page in PAGES}
        session = self.keep(self.node.uds_session())
        told.update({op: session.request(control(op)).get("body", "") for op in OPERATIONS})
        for name in ("cmdline", "environ"):
            with open(f"/proc/{self.node.process.pid}/{name}", "rb") as file:
                told[name] = file.read().decode("utf-8", "replace")
        told["log"] = "\n".join(self.node.log)
        return told

    def test_nothing_secret_is_told(self):
        secrets = {"payload": "payload-" + os.urandom(12).hex(),
                   "token": "macaroon:" + os.urandom(24).hex()}
        for path in (self.server[1], self.alice[1]):
            with open(path, encoding="ascii") as file:
                secrets[path] = file.read().splitlines()[1]
        reader, writer, topic = self.tls(), self.tls(), self.topic()
        reader.subscribe(topic)
        writer.publish(topic, secrets["payload"].encode())
        self.assertEqual(reader.gossip().msg["data"], secrets["payload"].encode())
        refused = client.connect_tls(self.node.listen, self.context(self.alice))
        self.keep(refused)
        self.assertEqual(refused.hello(token=secrets["token"])["code"], "Unauth")
        writer.send({"kind": "auth", "token": secrets["token"]}, oap.REQ, corr=77)
        until(lambda: self.node.events("session_closed"), 3, "logged")
        for where, text in self.everything_told().items():
            for what, secret in secrets.items():
                self.assertNotIn(secret, text, f"{what} in {where}")

    def test_paths_are_for_operators(self):
        """Whole over the Unix socket, the last part on the admin listener; never what they lead to."""
        told = self.everything_told()
        page = {k: v["value"] for k, v in json.loads(told["/configz"])["keys"].items()}
        answer = {k: v["value"] for k, v in json.loads(told["config"])["keys"].items()}
        paths = {"tls.cert_path": self.server[0], "tls.key_path": self.server[1],
                 "tls.client_ca_path": self.ca.cert, "uds.path": self.node.uds}
        for key, path in paths.items():
            self.assertEqual(answer[key], path)
            self.assertEqual(page[key], ".../" + os.path.basename(path))
        for directory in (self.pki, os.path.dirname(self.node.uds)):
            self.assertNotIn(directory, json.dumps(page))
        self.assertEqual({k: v for k, v in answer.items() if k not in paths},
                         {k: v for k, v in page.items() if k not in paths})

    def test_log_injection(self):
        before = len(self.node.log)
        session = self.keep(client.connect_tls(self.node.listen, self.context(self.alice)))
        self.assertEqual(session.hello(agent=FORGED[:40])["kind"], "hello_ack")
        session.subscribe("a/" + "\u202e" + "b")
        junk = self.keep(self.node.connect())
        junk.raw(b'GET /\n{"event":"ready"}\r\n\x1b[2J' * 3)
        junk.wait_closed(5)
        until(lambda: self.node.events("handshake_failed"), 3, "logged")
        for line in self.node.log[before:]:
            entry = json.loads(line)
            self.assertNotEqual(entry["event"], "ready", line)
            self.assertFalse([c for c in line if ord(c) < 32 or 0x7f <= ord(c) < 0xa0
                              or 0x202a <= ord(c) <= 0x202e], line)
        shown = {}

        def listed():
            shown.update((s["agent"], s) for s in json.loads(self.node.http("/sessionz")[2])["sessions"])
            return FORGED[:40] in shown
        until(listed, 3, lambda: shown)


if __name__ == "__main__":
    unittest.main()
