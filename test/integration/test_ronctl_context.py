"""ronctl context: which node a command asks."""
import json
import os
import subprocess
import unittest

from ctl import environ
from node import Node, binary


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
