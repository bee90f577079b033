"""What operators type: the real ronctl against the real node, over its Unix socket."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import unittest

import wait
from case import NodeCase
from node import Node, binary, environment
from tls_case import TlsCase

SECRET = b"what nobody but subscribers may read"


def environ(node, home):
    """Nothing of the caller's: no context, no other node."""
    clean = {k: v for k, v in environment().items() if not k.startswith("RON_")}
    clean.update(HOME=home, XDG_CONFIG_HOME=os.path.join(home, "config"), NO_COLOR="1")
    if node is not None:
        clean["RON_NODE_URL"] = f"unix:{node.uds}"
    return clean


def run(node, *args, home=None, cwd=None, code=0, url=None):
    """ronctl's standard output; the exit code must be `code`."""
    env = environ(node, home or node.directory)
    if url:
        env["RON_NODE_URL"] = url
    done = subprocess.run([binary("ronctl"), *args], env=env, capture_output=True, text=True,
                          cwd=cwd or (node.directory if node else home), check=False,
                          timeout=30 * wait.scale(), stdin=subprocess.DEVNULL)
    if done.returncode != code:
        raise AssertionError(f"ronctl {' '.join(args)}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done.stderr if code in (2, 3, 4) else done.stdout


class Reader:
    """A ronctl that goes on until it is told to stop; its lines as they come."""

    def __init__(self, node, *args):
        self.lines, self.faults = [], []
        self.process = subprocess.Popen(
            [binary("ronctl"), *args], env=environ(node, node.directory), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=self.take, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.faults))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def take(stream, into):
        for line in stream:
            into.append(line.rstrip("\n"))

    def wait(self, seconds=15):
        code = self.process.wait(seconds * wait.scale())
        for thread in self.threads:
            thread.join(5)
        return code

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join(5)
        self.process.stdout.close()
        self.process.stderr.close()


class Looking(NodeCase):
    """Commands that change nothing."""

    UDS = True
    SECONDS = 8

    def json(self, *args):
        return json.loads(run(self.node, "--json", *args))

    def subscriber(self, topic):
        session = self.session()
        session.subscribe(topic)
        return session

    def test_status(self):
        status = self.json("status")
        self.assertEqual((status["ready"], status["uds"]), (True, self.node.uds))
        text = run(self.node, "status")
        self.assertRegex(text, r"(?m)^state +ready$")
        self.assertIn(self.node.uds, text)

    def test_sessions(self):
        topic = self.topic()
        self.subscriber(topic)
        writer = self.session()
        for _ in range(3):
            writer.publish(topic, SECRET)
        answer = self.json("sessions", "--order", "published", "--limit", "1")
        self.assertEqual(answer["total"], 3, "two sessions and ronctl's own")
        self.assertEqual(len(answer["sessions"]), 1)
        self.assertEqual(answer["sessions"][0]["published"]["frames"], 3)
        text = run(self.node, "sessions", "--limit", "1")
        self.assertRegex(text, r"^id +by +who")
        self.assertIn("1 of 3 sessions", text)

    def test_topics(self):
        topic = self.topic()
        self.subscriber(topic)
        self.session().publish(topic, b"12345")
        text = run(self.node, "topics")
        self.assertIn(topic, text)
        self.assertNotIn("tenant", text, "a column only where there is one")
        patterns = self.json("topics")["patterns"]
        self.assertEqual([p["sessions"] for p in patterns if p["pattern"] == topic], [1])

    def test_queues(self):
        self.assertIn("capacity", self.json("queues")["memory"])
        self.assertRegex(run(self.node, "queues"), r"(?m)^memory +\S+ \S+ of")

    def test_an_operator_needs_the_unix_socket(self):
        tcp = f"ron://{self.node.listen[0]}:{self.node.listen[1]}"
        for command in (["status"], ["top", "--count", "1"], ["tap", "x"], ["drain"]):
            with self.subTest(command):
                self.assertIn("--url unix:", run(self.node, *command, url=tcp, code=2))

    def test_a_socket_that_is_not_there(self):
        self.assertIn("uds.path", run(self.node, "status", url="unix:/nowhere/ron.sock", code=3))

    def test_usage(self):
        self.assertIn("sessions", run(self.node, "sesions", code=2))
        run(self.node, "sessions", "--order", "colour", code=2)
        run(self.node, "sessions", "--limit", "0", code=2)

    def test_top(self):
        topic = self.topic()
        self.subscriber(topic)
        writer = self.session()
        reader = Reader(self.node, "--json", "top", "--count", "2", "--interval", "500ms",
                        "--order", "published")
        self.addCleanup(reader.close)
        while reader.process.poll() is None:
            writer.publish(topic, SECRET)
        self.assertEqual(reader.wait(), 0, reader.faults)
        intervals = [json.loads(line) for line in reader.lines]
        self.assertEqual(len(intervals), 2)
        for one in intervals:
            self.assertGreater(one["rates"]["published"], 0)
            self.assertGreater(one["rates"]["delivered"], 0)
            self.assertGreater(one["busiest"][0]["rates"]["published"], 0)
            self.assertGreaterEqual(one["seconds"], 0.5)

    def test_top_in_a_pipe_is_plain_lines(self):
        reader = Reader(self.node, "top", "--interval", "100ms")
        self.addCleanup(reader.close)
        wait.until(lambda: len(reader.lines) >= 2, 10, "two lines")
        self.assertEqual(reader.interrupt(), 130)
        self.assertNotIn("\x1b", "".join(reader.lines))
        self.assertRegex(reader.lines[0], r"ready, sessions 1, published 0/s")

    def test_top_leaves_the_terminal_as_it_was(self):
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([binary("ronctl"), "top", "--interval", "100ms"], stdin=theirs,
                                   stdout=theirs, stderr=theirs, env=environ(self.node, self.node.directory))
        os.close(theirs)
        seen = bytearray()

        def frames():
            seen.extend(os.read(ours, 65536))
            return seen.count(b"\x1b[H") >= 2
        wait.until(frames, 10, "two screens")
        process.send_signal(signal.SIGINT)
        try:
            while part := os.read(ours, 65536):
                seen.extend(part)
        except OSError:         # the other end is closed
            pass
        self.assertEqual(process.wait(10), 130)
        self.assertTrue(seen.startswith(b"\x1b[?1049h\x1b[?25l"))
        self.assertTrue(seen.endswith(b"\x1b[?25h\x1b[?1049l"))

    def tap(self, *args):
        reader = Reader(self.node, "tap", *args)
        self.addCleanup(reader.close)
        wait.until(lambda: any(s["tap"] for s in self.json("sessions")["sessions"])
                   or reader.process.poll() is not None, 10, "the tap")
        return reader

    def json_tap(self, *args):
        return self.tap("--json", *args)

    def test_tap_shows_that_something_passes_not_what(self):
        topic = self.topic()
        reader = self.tap(topic)
        answer = self.session().publish(topic, SECRET)
        self.assertEqual(answer["to"], 0, "who watches does not count as a receiver")
        wait.until(lambda: reader.lines, 10, "a line")
        self.assertEqual(reader.interrupt(), 130)
        self.assertRegex(reader.lines[0], rf"^\d\d:\d\d:\d\d\.\d\d\dZ  {topic}  {len(SECRET)} B  corr ")
        self.assertNotIn(SECRET.decode(), "".join(reader.lines))

    def test_tap_with_payload(self):
        topic = self.topic()
        reader = self.json_tap(topic, "--payload", "--count", "1")
        self.session().publish(topic, b"\x1b" + SECRET)
        self.assertEqual(reader.wait(), 0)
        line = json.loads(reader.lines[0])
        self.assertEqual((line["topic"], line["bytes"]), (topic, len(SECRET) + 1))
        self.assertEqual(line["payload"], "\x1b" + SECRET.decode())

    def test_tap_counts_what_it_does_not_show(self):
        topic = self.topic()
        reader = self.json_tap(topic, "--rate", "2")
        writer = self.session()
        for _ in range(10):
            writer.publish(topic, b"x")

        def seen():
            entries = [json.loads(line) for line in list(reader.lines)]
            return (sum("topic" in e for e in entries),
                    sum(e.get("not_shown", 0) for e in entries))
        wait.until(lambda: sum(seen()) == 10, 10, lambda: f"all ten, shown or counted: {seen()}")
        self.assertEqual(reader.interrupt(), 130)
        self.assertGreaterEqual(seen()[1], 1)

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


class Changing(NodeCase):
    """Commands that change the node."""

    UDS = True
    SECONDS = 5

    def test_log_level(self):
        self.assertEqual(run(self.node, "log-level", "debug"), "debug\n")
        self.assertEqual(json.loads(run(self.node, "--json", "log-level")), {"level": "debug"})
        run(self.node, "log-level", "info")
        run(self.node, "log-level", "loud", code=2)
        self.assertEqual(self.node.events("control")[0]["op"], "log-level")

    def test_reload(self):
        path = os.path.join(self.node.directory, "svc-overlay.toml")
        with open(path, encoding="utf-8") as file:
            before = file.read()
        self.addCleanup(self.write, path, before)
        self.write(path, before + "limits.subscriptions_per_session = 7\n")
        self.assertIn("limits.subscriptions_per_session", run(self.node, "reload"))
        self.assertIn("no key changed", run(self.node, "reload"))
        self.write(path, before + "transport.max_conns = 0\n")
        self.assertIn("transport.max_conns", run(self.node, "reload", code=4))

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class Draining(unittest.TestCase):
    SECONDS = 3

    def test_drain_and_wait(self):
        node = Node(uds=True).start()
        self.addCleanup(node.discard)
        session = node.session()
        self.addCleanup(session.close)
        text = run(node, "drain", "--deadline", "500ms", "--wait")
        self.assertIn("the node has ended", text)
        self.assertFalse(node.alive())
        self.assertEqual(node.wait_exit(), 0)

    def test_a_wrong_deadline_changes_nothing(self):
        node = Node(uds=True).start()
        self.addCleanup(node.discard)
        self.assertIn("deadline", run(node, "drain", "--deadline", "1h", code=4))
        self.assertEqual(json.loads(run(node, "--json", "status"))["draining"], False)


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


STRANGER = """
import os, subprocess, sys
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
done = subprocess.run([{program!r}, "status"], capture_output=True, text=True)
print(done.returncode, done.stderr)
"""


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Permission(unittest.TestCase):
    SECONDS = 2

    def test_another_user_is_told_what_stands_in_the_way(self):
        node = Node(uds=True).start()
        self.addCleanup(node.discard)
        os.chmod(node.directory, 0o755)
        code = STRANGER.format(uid=4243, program=binary("ronctl"))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                              timeout=20, env=environ(node, "/nonexistent"))
        self.assertTrue(done.stdout.startswith("3 "), done)
        self.assertIn("root (sudo)", done.stdout)


class Contexts(unittest.TestCase):
    """Flags, environment, the named context, the current one: in this order."""

    SECONDS = 2

    @classmethod
    def setUpClass(cls):
        cls.one, cls.two = Node(uds=True).start(), Node(uds=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.one.stop()
        cls.two.stop()

    def setUp(self):
        path = os.path.join(self.one.directory, "config", "ron", "contexts.toml")
        if os.path.exists(path):
            os.unlink(path)

    def ctl(self, *args, env=None, code=0):
        done = subprocess.run([binary("ronctl"), *args], text=True, capture_output=True, check=False,
                              timeout=20, env={**environ(None, self.one.directory), **(env or {})},
                              cwd=self.one.directory)
        self.assertEqual(done.returncode, code, done)
        return done.stdout or done.stderr

    def asked(self, *args, env=None):
        return json.loads(self.ctl("--json", "status", *args, env=env))["uds"]

    def test_precedence(self):
        one, two = f"unix:{self.one.uds}", f"unix:{self.two.uds}"
        self.ctl("context", "add", "one", "--url", one, "--use")
        self.ctl("context", "add", "two", "--url", two)
        self.assertEqual(self.asked(), self.one.uds)
        self.assertEqual(self.asked("--context", "two"), self.two.uds)
        self.assertEqual(self.asked(env={"RON_CONTEXT": "two"}), self.two.uds)
        self.assertEqual(self.asked(env={"RON_NODE_URL": two}), self.two.uds)
        self.assertEqual(self.asked("--context", "one", env={"RON_NODE_URL": two}), self.one.uds)
        self.assertEqual(self.asked("--context", "one", "--url", two), self.two.uds)
        self.ctl("context", "use", "two")
        self.assertEqual(self.asked(), self.two.uds)
        self.ctl("context", "rm", "two")
        self.assertIn("no context 'two'", self.ctl("status", "--context", "two", code=2))

    def test_what_is_kept(self):
        self.ctl("context", "add", "edge", "--url", "rons://edge:1", "--ca", "ca.pem", "--cert", "me.pem",
                 "--key", "me.key")
        shown = json.loads(self.ctl("--json", "context", "show", "edge"))
        self.assertEqual(shown["key"], os.path.join(self.one.directory, "me.key"))
        self.ctl("context", "add", "edge", "--url", "rons://edge:2", code=2)
        self.ctl("context", "add", "edge", "--url", "rons://edge:2", "--force")
        self.assertIn("rons://edge:2", self.ctl("context", "list"))
        self.ctl("context", "add", "bad", "--url", "ron://me:secret@edge:1", code=2)
        path = os.path.join(self.one.directory, "config", "ron", "contexts.toml")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_a_broken_file_stops_only_what_asks_a_node(self):
        self.ctl("context", "add", "edge", "--url", "rons://edge:1")
        path = os.path.join(self.one.directory, "config", "ron", "contexts.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("nonsense")
        self.assertIn("contexts.toml", self.ctl("status", code=1))
        self.ctl("version")


if __name__ == "__main__":
    unittest.main()
