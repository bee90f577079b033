"""SIGHUP: a new certificate is taken up, sessions stay, and a bad one changes nothing."""
import os
import shutil
import signal
import unittest

import certs
import client
import oap
from case import numbered
from tls_case import TlsCase
from wait import until


def put(source, target):
    """Replace a file the way an operator does: write beside it, then rename."""
    shutil.copy2(source, target + ".new")
    os.replace(target + ".new", target)


class Reload(TlsCase):
    SECONDS = 3

    def presented(self):
        """The certificate a new connection is shown."""
        with client.connect_tls(self.node.listen, self.context()) as session:
            return session.sock.getpeercert(binary_form=True)

    def replace(self, cert, key):
        put(key, self.server[1])
        put(cert, self.server[0])
        self.node.signal(signal.SIGHUP)

    def test_new_certificate(self):
        old, kept = self.presented(), self.tls()
        kept.subscribe("t")
        self.replace(*self.ca.server("node2"))
        until(lambda: self.presented() != old, 5, "the new certificate is shown")
        self.alive_session(kept)
        self.moved(reloads=1, reloads_refused=0)
        writer = self.tls()
        writer.raw(numbered("t", 500, 300))
        self.assertEqual(self.in_sequence(kept.drain(0.3), 0, 500), 0)

    def test_bad_certificate_is_not_taken(self):
        old, kept = self.presented(), self.tls()
        for path in self.server:
            shutil.copy2(path, path + ".good")
        with open(self.server[0], "w", encoding="ascii") as file:
            file.write("no certificate\n")
        self.node.signal(signal.SIGHUP)
        until(lambda: self.delta("reloads_refused") == 1, 5, "the refusal is counted")
        self.assertEqual(self.presented(), old)
        self.alive_session(kept)
        _, other = self.ca.server("node3")
        for path in self.server:
            put(path + ".good", path)
        put(other, self.server[1])          # a key that does not belong to the certificate
        self.node.signal(signal.SIGHUP)
        until(lambda: self.delta("reloads_refused") == 2, 5, "the refusal is counted")
        self.assertEqual(self.presented(), old)
        self.moved(reloads=0, reloads_refused=2)
        put(self.server[1] + ".good", self.server[1])

    def test_key_that_others_can_read_is_not_taken(self):
        old = self.presented()
        os.chmod(self.server[1], 0o644)
        self.node.signal(signal.SIGHUP)
        until(lambda: self.delta("reloads_refused") == 1, 5, "the refusal is counted")
        self.assertEqual(self.presented(), old)
        self.moved(reloads=0, reloads_refused=1)
        until(lambda: self.node.http("/readyz")[0] == 503, 2, "a key like that is no ready node")
        os.chmod(self.server[1], 0o600)
        until(lambda: self.node.http("/readyz")[0] == 200, 2, "ready again")

    def test_many_reloads_under_traffic(self):
        reader, writer = self.tls(), self.tls()
        reader.subscribe("t")
        frames = []
        for part in range(20):
            self.node.signal(signal.SIGHUP)
            writer.raw(numbered("t", 100, 200, part * 100))
            self.tls().close()
            frames += reader.drain(0.01)
        frames += reader.drain(0.4)
        self.assertEqual(self.in_sequence(frames, 0, 2000), 0)
        self.moved(lost=0, tls_any=0)


class ReloadClientCa(TlsCase):
    REQUIRE = True

    def test_new_ca_bundle(self):
        other = certs.Authority(os.path.join(self.pki, "second"), "second")
        bob = other.client("bob")
        kept = self.tls()

        def served():
            try:
                with client.connect_tls(self.node.listen, self.context(bob)) as session:
                    return session.hello()["kind"] == "hello_ack"
            except (OSError, client.Closed):
                return False
        self.assertFalse(served())
        with open(self.ca.cert, encoding="ascii") as one, open(other.cert, encoding="ascii") as two:
            both = one.read() + two.read()
        with open(self.ca.cert + ".new", "w", encoding="ascii") as file:
            file.write(both)
        os.replace(self.ca.cert + ".new", self.ca.cert)
        self.node.signal(signal.SIGHUP)
        until(served, 5, "a client of the added CA is served")
        self.alive_session(kept)


class ReloadPlain(unittest.TestCase):
    def test_hup_on_a_node_without_tls(self):
        from node import Node
        node = Node().start()
        self.addCleanup(node.discard)
        with node.session() as session:
            for _ in range(5):
                node.signal(signal.SIGHUP)
                session.ok(oap.unsub("t"))
        node.stop()


if __name__ == "__main__":
    unittest.main()
