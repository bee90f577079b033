"""What the service manager is told (sd_notify): ready, watchdog, reload, stop."""
import os
import signal
import socket
import tempfile
import unittest

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
        self.node = Node()
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
