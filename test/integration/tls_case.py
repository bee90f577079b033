"""NodeCase over TLS: a CA, a node certificate and client certificates made for the class."""
import glob
import os
import shutil
import subprocess
import tempfile

import certs
import client
import oap
from case import NodeCase
from node import Node

# An openssl >= 3.5 for hybrid key exchange; the build installs one into a private prefix.
OPENSSL_35 = os.environ.get("RON_OPENSSL", "")


def openssl_35():
    """Path of an openssl that knows X25519MLKEM768, or None."""
    cache = os.environ.get("RON_DEPS_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "ron-deps")
    places = [OPENSSL_35, *sorted(glob.glob(os.path.join(cache, "openssl-*", "bin", "openssl"))),
              shutil.which("openssl") or ""]
    for path in places:
        if path and os.path.exists(path):
            done = subprocess.run([path, "list", "-kem-algorithms"], capture_output=True, text=True,
                                  timeout=10, check=False)
            if "X25519MLKEM768" in done.stdout:
                return path
    return None


class TlsCase(NodeCase):
    """REQUIRE: client certificates are required."""

    REQUIRE = False

    @classmethod
    def setUpClass(cls):
        cls.pki = tempfile.mkdtemp(prefix="ron-pki-")
        cls.addClassCleanup(shutil.rmtree, cls.pki, ignore_errors=True)
        cls.ca = certs.Authority(cls.pki)
        cls.server = cls.ca.server()
        cls.alice = cls.ca.client("alice")
        super().setUpClass()

    @classmethod
    def make_node(cls):
        config = dict(cls.CONFIG)
        if cls.REQUIRE:
            config["tls.client_ca_path"] = cls.ca.cert
            config["tls.require_client_cert"] = True
        return Node(config, cls.ARGS, uds=cls.UDS, tls=cls.server)

    @classmethod
    def context(cls, identity=None, **kw):
        cert, key = identity or (None, None)
        return client.tls_context(cls.ca.cert, cert, key, **kw)

    @classmethod
    def open_for_service(cls):
        session = client.connect_tls(cls.node.listen, cls.context(cls.alice))
        answer = session.hello()
        assert answer["kind"] == "hello_ack", answer
        return session

    def tls(self, identity=None, hello=True, **kw):
        """A TLS stream, after the hello unless told otherwise."""
        context = self.context(identity if identity else self.alice, **kw)
        session = self.keep(client.connect_tls(self.node.listen, context))
        if hello:
            self.assertEqual(session.hello()["kind"], "hello_ack")
        return session

    # --- the openssl command as a client ------------------------------------------------------

    def s_client(self, *options, program=None, send=None, seconds=5):
        """Run s_client with `send` on stdin; (exit code, stdout bytes, stderr text)."""
        host, port = self.node.listen
        line = [program or certs.OPENSSL, "s_client", "-connect", f"{host}:{port}", "-servername",
                "localhost", "-CAfile", self.ca.cert, "-alpn", oap.ALPN, "-cert", self.alice[0],
                "-key", self.alice[1], "-quiet", "-no_ign_eof", *options]
        done = subprocess.run(line, input=send or b"", capture_output=True, timeout=seconds * 4,
                              check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
