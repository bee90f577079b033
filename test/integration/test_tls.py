"""TLS: ALPN, versions, groups, ciphers, client certificates, and garbage where a handshake is due."""
import ssl
import time
import unittest

import certs
import client
import oap
from case import numbered
from tls_case import TlsCase, openssl_35
from wait import duration, scale, until


class Handshakes(TlsCase):
    CONFIG = {"timeouts.write": "60s", "timeouts.idle": "120s"}     # a slow reader may be slow
    SECONDS = 4

    def refused(self, text, **kw):
        """The handshake fails with an alert whose name contains `text`."""
        with self.assertRaises(ssl.SSLError) as caught:
            session = self.keep(client.connect_tls(self.node.listen, self.context(**kw)))
            session._fill(5)
        self.assertIn(text, str(caught.exception).upper().replace(" ", "_"))

    def test_session(self):  # OAP-1.1, OAP-1.3, OAP-3.14
        session = self.tls()
        self.assertEqual(session.sock.version(), "TLSv1.3")
        self.assertEqual(session.sock.selected_alpn_protocol(), oap.ALPN)
        self.assertIn(session.sock.cipher()[0], ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"))
        self.assertEqual(session.ack["chosen"]["pq"], "off", "X25519 alone is not hybrid")
        reader = self.tls()
        reader.subscribe("t")
        session.raw(numbered("t", 2000, 500))
        self.assertEqual(self.in_sequence(reader.drain(0.5), 0, 2000), 0)
        self.moved(tls_any=0, hs_any=0, opened=2)

    def test_no_alpn(self):  # OAP-1.3
        self.refused("NO_APPLICATION_PROTOCOL", alpn=())
        self.moved(tls_alpn=1, tls_any=1, opened=0)

    def test_wrong_alpn(self):  # OAP-1.3
        for offer in (("http/1.1",), ("ron/oap2", "h2"), ("ron/oap",)):
            self.refused("NO_APPLICATION_PROTOCOL", alpn=offer)
        self.moved(tls_alpn=3, tls_any=3)

    def test_alpn_among_others(self):  # OAP-1.3
        session = self.tls(alpn=("h2", oap.ALPN))
        self.assertEqual(session.sock.selected_alpn_protocol(), oap.ALPN)

    def test_tls_1_2(self):
        self.refused("PROTOCOL_VERSION", version=ssl.TLSVersion.TLSv1_2)
        self.moved(tls_version=1, tls_any=1)

    def test_p256_only(self):
        self.refused("HANDSHAKE_FAILURE", curve="prime256v1")
        self.moved(tls_cipher=1, tls_any=1)

    def test_aes_128_only(self):
        _, out, err = self.s_client("-ciphersuites", "TLS_AES_128_GCM_SHA256")
        self.assertEqual(out, b"")
        self.assertIn("handshake failure", err)
        self.moved(tls_cipher=1, tls_any=1)

    def test_chacha_only(self):
        hello = oap.encode(oap.hello(), oap.REQ, corr=1)
        _, out, _ = self.s_client("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-ign_eof",
                                  send=hello + oap.envelope(b"", 0))
        self.assertEqual(oap.decode(out)[0].kind, "hello_ack")

    def test_no_tickets(self):
        session = self.tls()
        self.alive_session(session)
        self.assertIsNone(session.recv(0.1))
        self.assertFalse(session.sock.session.has_ticket if session.sock.session else False)

    def test_garbage(self):
        firsts = (bytes(100), b"\xff" * 100, oap.encode(oap.hello(), oap.REQ, corr=1),
                  b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 200,
                  b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", b"\x15\x03\x03\x00\x02\x02\x28")
        for data in firsts:
            with self.subTest(data[:6]):
                sock = client.dial(self.node.listen)
                with sock:
                    sock.sendall(data)
                    sock.shutdown(1)
                    self.assertTrue(client.ended(sock))
        self.moved(opened=0)

    def test_client_gone_in_the_handshake(self):
        for cut in (1, 5, 40, 150):
            sock = client.dial(self.node.listen)
            sock.sendall(client_hello()[:cut])
            sock.close()
        self.moved(opened=0)

    def test_every_handshake_is_counted_once(self):
        """Whatever ends it, a handshake is one attempt and one session or one failure."""
        self.tls().close()
        for kw in ({"alpn": ()}, {"version": ssl.TLSVersion.TLSv1_2}):
            with self.assertRaises(ssl.SSLError):
                client.connect_tls(self.node.listen, self.context(**kw))._fill(5)
        for data in (b"", client_hello()[:70], client_hello(), bytes(60), b"\x15\x03\x03\0\2\2\x28"):
            with client.dial(self.node.listen) as sock:
                sock.sendall(data)
        self.tls(hello=False).close()
        until(lambda: self.node.fds() <= self.base_fds, 5, "all ended")
        self.attempts_add_up()

    def test_orderly_close_has_close_notify(self):  # OAP-1.33, OAP-1.34
        session = self.tls()
        session.send(oap.gossip("t"), 0, corr=3)
        self.dies(session, "BadFrame", 3)

    def test_half_frame_then_tcp_end(self):  # OAP-1.36
        session = self.tls()
        session.raw(oap.encode(oap.gossip("t"))[:20])
        session.sock.shutdown(1)

    def test_oversized_and_malformed_inside_tls(self):  # OAP-1.15, OAP-1.18
        session = self.tls()
        session.raw(oap.envelope(b"", corr=5, length=oap.OVERHEAD + oap.MAX_FRAME + 1))
        self.dies(session, "FrameTooLarge", 5)
        session = self.tls()
        session.raw(bytes(4))
        self.dies(session, "BadFrame")
        self.moved(oversize=1, proto=1)

    def test_slow_reader(self):  # OAP-4.42, OAP-4.45
        slow, writer = self.tls(), self.tls()
        slow.subscribe("t")
        for start in range(0, 16_000, 200):
            writer.raw(numbered("t", 200, 1024, start))
            writer.publish("mark")
        dropped = self.in_sequence(slow.catch_up(16_000), 0, 16_000)
        self.moved(lost=dropped)

    def test_large_frames(self):  # OAP-1.14
        reader, writer = self.tls(), self.tls()
        reader.subscribe("t")
        for i in range(8):      # more at once would not fit into a lane
            writer.raw(numbered("t", 1, 1_000_000, i))
            self.in_sequence([reader.gossip()], i, 1)

    def test_churn(self):
        for i in range(60):
            session = self.tls()
            if i % 2:
                session.reset()
            else:
                session.close()
        self.moved(opened=60)


class Hybrid(TlsCase):
    """X25519MLKEM768, spoken by an openssl of 3.5 or later."""

    def test_hybrid_is_agreed_and_told(self):  # OAP-3.14
        program = openssl_35()
        if program is None:
            self.skipTest("no openssl >= 3.5 (RON_OPENSSL)")
        hello = oap.encode(oap.hello(features={"pq": "hybrid", "comp": []}), oap.REQ, corr=1)
        last = oap.envelope(b"", 0, corr=2)
        for groups in ("X25519MLKEM768", "X25519:X25519MLKEM768"):  # no silent downgrade
            with self.subTest(groups):
                _, out, err = self.s_client("-groups", groups, "-ign_eof", program=program,
                                            send=hello + last)
                frame, _ = oap.decode(out)
                self.assertIsNotNone(frame, err)
                self.assertEqual(frame.msg["chosen"]["pq"], "hybrid")


class HybridRequired(TlsCase):
    """pq_mode=require: a classical client is refused in the TLS handshake."""

    CONFIG = {"overlay.pq_mode": "require"}
    UDS = True

    @classmethod
    def open_for_service(cls):
        return cls.node.uds_session()

    def test_classical_is_refused(self):  # OAP-3.16
        with self.assertRaises(ssl.SSLError):
            client.connect_tls(self.node.listen, self.context())._fill(5)
        self.moved(tls_any=1, tls_cipher=1, hs_pq=1, pq_incompatible=1, opened=0)


class LateHello(TlsCase):
    CONFIG = {"overlay.handshake_timeout": duration(600)}
    SECONDS = 3

    def test_tls_without_hello(self):  # OAP-3.2
        start = time.monotonic()
        session = self.tls(hello=False)
        self.dies(session, "Timeout")
        self.assertLess(time.monotonic() - start, 3 * scale())
        self.moved(hs_timeout=1)

    def test_half_a_client_hello(self):  # OAP-3.2
        sock = client.dial(self.node.listen)
        with sock:
            sock.sendall(client_hello()[:60])
            self.assertTrue(client.ended(sock, 3))
        self.moved(hs_timeout=1, opened=0)

    def test_fifty_silent_peers(self):  # OAP-3.2
        sockets = [client.dial(self.node.listen) for _ in range(50)]
        self.round_trip()
        for sock in sockets:
            self.assertTrue(client.ended(sock, 3))
            sock.close()
        self.moved(hs_timeout=50)


class ClientCertificates(TlsCase):
    REQUIRE = True
    SECONDS = 3

    def alert(self, identity, *names):
        """TLS 1.3: the client finishes first, the refusal arrives with the first read."""
        cert, key = identity or (None, None)
        context = client.tls_context(self.ca.cert, cert, key)
        with self.assertRaises(ssl.SSLError) as caught:
            session = self.keep(client.connect_tls(self.node.listen, context))
            session._fill(5)
        text = str(caught.exception).upper().replace(" ", "_")
        self.assertTrue(any(n in text for n in names), text)

    def test_good(self):
        self.tls(self.alice)
        self.tls(self.ca.client("carol", algorithm="p256"))
        self.moved(tls_any=0, opened=2)

    def test_none(self):
        self.alert(None, "CERTIFICATE_REQUIRED")
        self.moved(tls_cert=1, tls_any=1, opened=0)

    def test_of_another_ca_with_the_same_name(self):
        other = certs.Authority(self.pki + "/other")
        self.alert(other.client("alice"), "UNKNOWN_CA", "BAD_CERTIFICATE", "DECRYPT_ERROR",
                   "CERTIFICATE_UNKNOWN")
        self.moved(tls_cert=1, tls_any=1, opened=0)

    def test_expired(self):
        self.alert(self.ca.client("late", days=-1), "CERTIFICATE_EXPIRED")
        self.moved(tls_cert=1, tls_any=1)

    def test_not_for_clients(self):
        self.alert(self.ca.issue("web", "DNS:web", "serverAuth"), "CERTIFICATE", "HANDSHAKE_FAILURE")
        self.moved(tls_cert=1, tls_any=1)

    def test_self_signed(self):
        cert, key = self.pki + "/self.pem", self.pki + "/self.key"
        certs.run("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", cert,
                  "-days", "5", "-subj", "/CN=self", "-addext", "subjectAltName=URI:ron:client:x")
        self.alert((cert, key), "UNKNOWN_CA", "CERTIFICATE")
        self.moved(tls_cert=1, tls_any=1)

    def test_hello_before_the_refusal_is_read(self):
        """A client that writes at once gets no session either, whatever it sees of the alert."""
        session = client.connect_tls(self.node.listen, client.tls_context(self.ca.cert))
        with self.assertRaises((ssl.SSLError, client.Closed)), session:
            session.send(oap.hello(), oap.REQ, corr=1)
            session._fill(5)
        self.moved(tls_cert=1, opened=0)

    def test_flood_without_certificates(self):
        for _ in range(30):
            self.alert(None, "CERTIFICATE_REQUIRED")
        self.moved(tls_cert=30, opened=0)


class SanPatterns(TlsCase):
    REQUIRE = True
    CONFIG = {"tls.allowed_sans": ["URI:ron:client:alice", "DNS:ops.example"]}

    def test_only_names_that_match(self):
        self.tls(self.alice)
        mallory = self.ca.client("mallory")
        with self.assertRaises(ssl.SSLError):
            session = self.keep(client.connect_tls(self.node.listen, self.context(mallory)))
            session._fill(5)
        self.moved(tls_cert=1, opened=1)


_HELLO = []


def client_hello():
    """The bytes of a real ClientHello."""
    if not _HELLO:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client.tls_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        _HELLO.append(outgoing.read())
    return _HELLO[0]


if __name__ == "__main__":
    unittest.main()
