"""Configuration of the running daemon: reloads, JSON, old names; and `ronctl config` beside it."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import names
import oap
from node import Node, binary, environment, toml
from wait import until


def ronctl(*args, seconds=15):
    """(exit code, stdout, stderr) of `ronctl config ...`."""
    done = subprocess.run([binary("ronctl"), "config", *args], capture_output=True, text=True,
                          timeout=seconds, env=environment(), check=False)
    return done.returncode, done.stdout, done.stderr


class Reload(unittest.TestCase):
    SECONDS = 3

    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.discard)
        self.node.start()

    def rewrite(self, text=None, **changes):
        """Replace the file and send SIGHUP; keys with __ for dots."""
        config = {**self.node.config, **{k.replace("__", "."): v for k, v in changes.items()}}
        with open(os.path.join(self.node.directory, "svc-overlay.toml"), "w", encoding="utf-8") as file:
            file.write(text or toml(config))
        self.node.signal(signal.SIGHUP)

    def reloaded(self, event="reloaded", count=1):
        until(lambda: len(self.node.events(event)) >= count, 5, f"the event {event}")

    def changes(self, event):
        return {e["key"]: (e["before"], e["value"]) for e in self.node.events(event)}

    def test_live_keys_change_and_others_wait(self):
        self.rewrite(timeouts__idle="20s", log__level="debug", overlay__amnesia=False)
        self.reloaded()
        self.assertEqual(self.changes("config_changed"),
                         {"timeouts.idle": ("15s", "20s"), "log.level": ("info", "debug")})
        self.assertEqual(self.changes("restart_needed"), {"overlay.amnesia": ("true", "false")})
        with self.node.session():      # session_opened is a debug event
            self.reloaded("session_opened")
        shown = json.loads(self.node.http("/configz")[2])["keys"]
        self.assertEqual((shown["timeouts.idle"]["value"], shown["overlay.amnesia"]["value"]), ("20s", "true"))
        self.node.stop()

    def test_new_sessions_are_told_new_limits(self):
        with self.node.session() as before:
            self.rewrite(overlay__peer__recv_window_frames=3)
            self.reloaded()
            with self.node.session() as after:
                self.assertEqual(after.ack["limits"]["window"], 3 * 65536)
            self.assertEqual(before.ack["limits"]["window"], 16 * 65536)
            before.ok(oap.unsub("t"))
        self.node.stop()

    def test_an_invalid_file_changes_nothing(self):
        for number, text in enumerate(("timeouts.idle = \"soon\"\nlog.level = \"debug\"\n",
                                       "transport.tor.enabled = true\n", "[[[\n"), 1):
            self.rewrite(text)
            self.reloaded("reload_failed", number)
        self.assertEqual(self.node.events("config_changed"), [])
        self.assertEqual(self.node.metrics().counter("reloads_refused"), 3)
        self.assertEqual(self.node.http("/readyz")[0], 200)
        self.rewrite(timeouts__idle="21s")
        self.reloaded()
        self.assertEqual(self.changes("config_changed"), {"timeouts.idle": ("15s", "21s")})
        self.node.stop()

    def test_the_window_of_readiness_is_live(self):
        self.rewrite(readiness__queue_window="1s")
        self.reloaded()
        self.assertEqual(self.node.http("/readyz")[0], 200)
        self.assertEqual(self.node.events("not_ready"), [])
        self.node.stop()


class Files(unittest.TestCase):
    """A directory for files of the test."""
    SECONDS = 3

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ron-it-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Start(Files):
    def test_labels_are_told(self):
        with Node({"overlay.advertise_addr": "node.example:9500", "transport.name": "edge"}) as node:
            self.assertEqual(node.ready_line["advertise"], "node.example:9500")
            self.assertEqual(node.ready_line["name"], "edge")
            version = json.loads(node.http("/version")[2])
            self.assertEqual(json.loads(node.http("/configz")[2])["keys"]["transport.name"]["value"], "edge")
            self.assertEqual((version["advertise"], version["name"]), ("node.example:9500", "edge"))

    def test_no_core_dumps(self):
        with Node() as node:
            with open(f"/proc/{node.process.pid}/limits", encoding="ascii") as file:
                core = next(line for line in file if line.startswith("Max core file size"))
            self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_old_names_start_and_warn(self):
        node = Node({"overlay.per_peer_inflight": 64, "transport.idle_timeout_ms": 12000})
        node.config.pop("overlay.peer.inflight_frames")
        self.addCleanup(node.discard)
        node.start()
        self.assertEqual({e["key"] for e in node.events("config_warning")},
                         {"overlay.per_peer_inflight", "transport.idle_timeout_ms"})
        node.stop()

    def test_the_daemon_and_ronctl_agree(self):
        cases = (("good.toml", "[timeouts]\nidle = \"20s\"\n"), ("good.json", "{\"overlay\": {}}"),
                 ("bad.toml", "[timeouts]\nidle = \"soon\"\nreed = \"5s\"\n"),
                 ("bad.json", "{\"tls\": {\"enabled\": true}}"), ("later.toml", "transport.quic.enabled = true\n"))
        for name, text in cases:
            path = self.file(name, text)
            done = subprocess.run([binary(), "--check", "--config", path], capture_output=True, text=True,
                                  timeout=15, env=environment(), check=False)
            code, _, told = ronctl("check", path)
            with self.subTest(name):
                self.assertEqual(code, done.returncode)
                self.assertEqual(code, 0 if name.startswith("good") else names.EXIT_CONFIG)
                problems = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
                self.assertEqual([line for line in told.splitlines() if line.startswith("  - ")], problems)


class Ronctl(Files):
    def test_check_as_json(self):
        path = self.file("a.toml", "timeouts.idle = \"soon\"\nzebra = 1\n")
        code, text, _ = ronctl("check", path, "--json")
        self.assertEqual(code, names.EXIT_CONFIG)
        told = json.loads(text)
        self.assertFalse(told["valid"])
        self.assertEqual([e["key"] for e in told["errors"]], ["timeouts.idle", "zebra"])
        for error in told["errors"]:
            self.assertTrue(error["what"] and error["remedy"] and error["source"].startswith(path))

    def test_show(self):
        path = self.file("a.toml", "[uds]\npath = \"/run/secret/a.sock\"\nallow_uids = [7, 8]\n")
        code, text, _ = ronctl("show", path, "--set", "transport.max_conns=9", "--json")
        self.assertEqual(code, 0)
        shown = {row["key"]: row for row in json.loads(text)["keys"]}
        self.assertEqual(shown["transport.max_conns"]["value"], "9")
        self.assertEqual(shown["transport.max_conns"]["source"], "flag --set")
        self.assertEqual(shown["uds.path"]["value"], ".../a.sock")
        self.assertEqual(shown["uds.allow_uids"]["value"], "(entries: 2)")
        self.assertNotIn("secret", ronctl("show", path)[1].replace(path, ""))
        printed = self.file("b.toml", ronctl("show", path, "--toml")[1])
        self.assertEqual(ronctl("diff", path, printed), (0, "", ""))

    def test_diff(self):
        one = self.file("a.toml", "")
        other = self.file("b.json", "{\"timeouts\": {\"idle\": \"20s\"}, \"overlay\": {\"shards\": 2}}")
        code, text, _ = ronctl("diff", one, other)
        self.assertEqual(code, 1)
        self.assertEqual(text.splitlines(), ["live: timeouts.idle: 15s -> 20s",
                                             "restart: overlay.shards: 0 -> 2"])
        told = json.loads(ronctl("diff", one, other, "--json")[1])
        self.assertEqual([c["reload"] for c in told["changes"]], ["live", "restart"])
        self.assertEqual(ronctl("diff", one, self.file("c.toml", "x = 1\n"))[0], names.EXIT_CONFIG)

    def test_schema(self):
        code, text, _ = ronctl("schema")
        self.assertEqual(code, 0)
        peer = json.loads(text)["properties"]["overlay"]["properties"]["peer"]["properties"]
        self.assertEqual(peer["max_rps"]["default"], 200)


if __name__ == "__main__":
    unittest.main()
