"""What operators type: the real ronctl against the real node, over its Unix socket."""
import json
import os
import signal
import subprocess
import sys
import unittest

import wait
from case import NodeCase
from ctl import Reader, environ, run
from node import Node, binary

SECRET = b"what nobody but subscribers may read"


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
        self.assertIn("'ronctl --help' lists commands", run(self.node, "sesions", code=2))
        self.assertIn("'ronctl sessions --help' lists its options",
                      run(self.node, "sessions", "--order", "colour", code=2))
        self.assertIn("'ronctl peers hangup --help' lists its options", run(self.node, "peers", "hangup", code=2))
        self.assertIn("'ronctl peers --help' lists commands", run(self.node, "peers", "hangpu", code=2))
        self.assertIn("'ronctl pub --help'", run(self.node, "pub", "t", "--lines", "--whole", code=2))
        self.assertIn("exclude", run(self.node, "mesh", "--dot", "--json", code=2))
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


if __name__ == "__main__":
    unittest.main()
