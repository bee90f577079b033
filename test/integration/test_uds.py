"""The Unix socket: permissions, peer credentials, and the same protocol."""
import os
import socket
import stat
import subprocess
import sys
import unittest

import oap
from case import NodeCase, numbered
from node import Node, environment


class UnixSocket(NodeCase):
    UDS = True

    @classmethod
    def open_for_service(cls):
        return cls.node.uds_session()

    def test_permissions(self):
        path = self.node.uds
        self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
        self.assertEqual(self.node.ready_line["uds"], path)

    def test_meets_tcp(self):  # OAP-1.1
        inside, outside, topic = self.keep(self.node.uds_session()), self.session(), self.topic()
        inside.subscribe(topic)
        outside.subscribe(topic)
        self.assertEqual(inside.publish(topic, b"i")["to"], 1)
        self.assertEqual(outside.gossip().msg["data"], b"i")
        outside.raw(numbered(topic, 2000, 900))
        self.assertEqual(self.in_sequence(inside.drain(0.5), 0, 2000), 0)

    def test_malformed(self):  # OAP-1.15, OAP-1.18
        for data, code, corr in ((bytes(4), "BadFrame", 0),
                                 (oap.envelope(b"", corr=5, length=1 << 30), "FrameTooLarge", 5)):
            session = self.keep(self.node.uds_session())
            session.raw(data)
            self.dies(session, code, corr)
        self.moved(proto=1, oversize=1)

    def test_half_close(self):  # OAP-1.35
        session = self.keep(self.node.uds_session())
        session.send(oap.sub("t"), oap.REQ, corr=5)
        session.finish()
        frames, how = session.wait_closed()
        self.assertEqual(([f.corr for f in frames], how), ([5], "fin"))


STRANGER = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(8, 1, 0, 0, 0)                       # PR_SET_KEEPCAPS: to reach the socket file at all
os.setresuid({uid}, {uid}, {uid})
header = struct.pack("Ii", 0x20080522, 0)
right = 1 << 1                                  # CAP_DAC_OVERRIDE
data = struct.pack("IIIIII", right, right, 0, 0, 0, 0)
assert libc.capset(header, data) == 0
sys.path.insert(0, {here!r})
import client, oap
try:
    session = client.connect({path!r})
    session.send(oap.hello(), oap.REQ, corr=1)
    print(session.recv(5).kind)
except (OSError, client.Closed):
    print("dropped")
"""


@unittest.skipUnless(os.getuid() == 0, "needs root to become another user")
class Uids(NodeCase):
    """Who may connect: root, the service's user, and the listed uids; SO_PEERCRED tells."""

    CONFIG = {"uds.allow_uids": [4242]}
    UDS = True

    def as_uid(self, uid):
        here = os.path.dirname(os.path.abspath(__file__))
        code = STRANGER.format(uid=uid, here=here, path=self.node.uds)
        os.chmod(self.node.directory, 0o755)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              timeout=20, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        return done.stdout.strip() or done.stderr

    def test_uid_that_is_not_listed(self):
        self.assertEqual(self.as_uid(4243), "dropped")
        self.moved(opened=0, refused_uid=1)

    def test_uid_that_is_listed(self):
        self.assertEqual(self.as_uid(4242), "hello_ack")
        self.moved(opened=1, refused_uid=0)

    def test_root_is_never_locked_out(self):
        self.keep(self.node.uds_session()).ok(oap.unsub("t"))


class Files(unittest.TestCase):
    SECONDS = 2

    def node(self, **kw):
        node = Node(uds=True, **kw)
        self.addCleanup(node.discard)
        return node

    def test_left_over_socket_is_replaced_and_removed(self):
        node = self.node()
        os.makedirs(os.path.dirname(node.uds), 0o700)
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(node.uds)
        dead.close()
        node.start()
        with node.uds_session() as session:
            session.ok(oap.unsub("t"))
        path = node.uds
        node.signal(15)
        self.assertEqual(node.wait_exit(), 0)
        self.assertFalse(os.path.exists(path), "the socket file is removed at the end")

    def refused(self, node):
        done = subprocess.run(node.command(), capture_output=True, text=True, timeout=20,
                              env=environment(), check=False)
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr

    def test_a_file_that_is_no_socket_is_not_removed(self):
        node = self.node()
        os.makedirs(os.path.dirname(node.uds), 0o700)
        with open(node.uds, "w", encoding="ascii") as file:
            file.write("precious")
        self.assertIn(node.uds, self.refused(node))
        self.assertTrue(os.path.isfile(node.uds))

    def test_a_socket_in_use_is_not_stolen(self):
        first = self.node().start()
        second = self.node()
        second.uds = first.uds
        self.assertIn(first.uds, self.refused(second))
        with first.uds_session() as session:
            session.ok(oap.unsub("t"))
        first.stop()

    def test_directory_open_to_others_is_refused(self):
        node = self.node()
        os.makedirs(os.path.dirname(node.uds))
        os.chmod(os.path.dirname(node.uds), 0o777)
        self.assertIn("chmod 700", self.refused(node))


if __name__ == "__main__":
    unittest.main()
