"""What the service manager is told (sd_notify): ready, watchdog, reload, stop."""
import os
import re
import signal
import socket
import tempfile
import unittest

from ctl import run
from node import Node
from wait import scale


class ServiceManager(unittest.TestCase):
    WATCHDOG_MS = 400

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="ron-sd-")
        self.addCleanup(self.directory.cleanup)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        path = os.path.join(self.directory.name, "notify")
        self.socket.bind(path)
        self.socket.settimeout(5 * scale())
        told = {"NOTIFY_SOCKET": path,
                "WATCHDOG_USEC": str(int(self.WATCHDOG_MS * 1000 * scale()))}
        os.environ.update(told)
        self.addCleanup(lambda: [os.environ.pop(name) for name in told])
        self.node = Node({"drain_deadline": "15s"}, uds=True)
        self.addCleanup(self.node.discard)
        self.node.start()

    def next(self, begins, but=("WATCHDOG=1",)):
        """The next message that is none of `but`; it begins with `begins`."""
        while True:
            text = self.socket.recv(4096).decode()
            if text not in but:
                self.assertTrue(text.startswith(begins), text)
                return text

    def test_a_life(self):
        ready = self.next("READY=1")
        self.assertIn(f"{self.node.listen[0]}:{self.node.listen[1]}", ready)
        for _ in range(3):
            self.next("WATCHDOG=1", but=())
        self.node.signal(signal.SIGHUP)
        self.assertIn("MONOTONIC_USEC=", self.next("RELOADING=1"))
        self.next("READY=1")
        self.node.signal(signal.SIGTERM)
        self.next("STOPPING=1")
        self.assertEqual(self.node.wait_exit(6), 0)

    def long_drain(self, begin, within):
        """A drain that goes on until a reader leaves: the manager grants the time and hears on."""
        self.next("READY=1")
        reader, writer = self.node.session(window=1), self.node.session()
        self.addCleanup(reader.close)
        reader.subscribe("hold")
        for _ in range(3):
            writer.publish("hold", bytes(100))
        writer.close()
        begin()
        granted = re.search(r"^EXTEND_TIMEOUT_USEC=(\d+)$", self.next("STOPPING=1"), re.M)
        self.assertGreater(int(granted.group(1)), within * 1_000_000)
        for _ in range(5):
            self.next("WATCHDOG=1", but=())
        self.assertTrue(self.node.alive(), "the drain still goes on")
        reader.close()
        self.assertEqual(self.node.wait_exit(6), 0)

    def test_a_long_drain_after_a_signal(self):
        self.long_drain(lambda: self.node.signal(signal.SIGTERM), 15)

    def test_a_drain_longer_than_any_configured(self):
        self.long_drain(lambda: run(self.node, "drain", "--deadline", "5m"), 300)

    def test_a_node_that_does_not_move_is_not_well(self):
        self.next("READY=1")
        self.node.signal(signal.SIGSTOP)
        self.socket.settimeout(2 * self.WATCHDOG_MS / 1000 * scale())
        with self.assertRaises(TimeoutError):
            while True:
                self.socket.recv(4096)
        self.node.signal(signal.SIGCONT)
        self.next("WATCHDOG=1", but=())


if __name__ == "__main__":
    unittest.main()
