"""A client that can behave badly: TCP, Unix and TLS streams, frames and raw bytes."""
import itertools
import select
import socket
import ssl
import struct
import time

import oap
from wait import Deadline, scale


class Closed(Exception):
    """The stream ended. `how`: fin (close_notify seen where there is TLS), ragged, reset."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Session:
    """One stream to the node. recv() returns a Frame, or None when nothing came in time."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.held = []               # frames that request() read past
        self.corr = itertools.count(1)
        self.ack = None              # the hello_ack
        self.bytes_read = 0
        self.sock.settimeout(5 * scale())

    # --- context ------------------------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def reset(self):
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def finish(self):
        """Half-close: FIN towards the node, reading goes on."""
        self.sock.shutdown(socket.SHUT_WR)

    # --- sending ------------------------------------------------------------------------------

    def raw(self, data):
        self.sock.settimeout(10 * scale())
        self.sock.sendall(data)

    def send(self, message, flags=oap.EVENT, tenant=0, corr=0, **kw):
        self.raw(oap.encode(message, flags, tenant, corr, **kw))

    def next_corr(self):
        return next(self.corr)

    # --- receiving ----------------------------------------------------------------------------

    def _fill(self, seconds):
        """Read once; False when nothing came in time."""
        self.sock.settimeout(max(seconds, 0.0005))
        try:
            data = self.sock.recv(1 << 18)
        except (TimeoutError, ssl.SSLWantReadError, BlockingIOError):
            return False
        except ssl.SSLEOFError as fault:
            raise Closed("ragged") from fault
        except ssl.SSLError:
            raise
        except OSError as fault:
            raise Closed("reset") from fault
        if not data:
            raise Closed("fin")
        self.buffer += data
        self.bytes_read += len(data)
        return True

    def recv(self, seconds=5.0, skip=("keep", "credit")):
        """The next frame that is not of a kind in `skip`."""
        if self.held:
            return self.held.pop(0)
        return self._recv_new(seconds, skip)

    def _recv_new(self, seconds, skip):
        deadline = Deadline(seconds)
        while True:
            frame, used = oap.decode(self.buffer)
            if frame is not None:
                del self.buffer[:used]
                oap.check_canonical(frame)
                if not frame.flags & oap.COMP and frame.kind in skip:
                    continue
                return frame
            if not self._fill(deadline.left()) and deadline.passed():
                return None

    def drain(self, quiet=0.3, seconds=30.0, skip=("keep", "credit")):
        """Every frame until nothing came for `quiet` seconds; ends at the end of the stream."""
        frames, deadline = [], Deadline(seconds)
        while not deadline.passed():
            try:
                frame = self.recv(quiet, skip)
            except Closed:
                break
            if frame is None:
                break
            frames.append(frame)
        return frames

    def catch_up(self, total, seconds=20.0):
        """What a reader that was slow is owed: frames until `total` messages came or were told
        as lost, and whatever comes too much. Its small receive buffer grows first."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        frames, seen, deadline = [], 0, Deadline(seconds)
        while seen < total and not deadline.passed():
            try:
                frame = self.recv(deadline.left())
            except Closed:
                return frames
            if frame is not None:
                frames.append(frame)
                seen += frame.msg["dropped"] if frame.kind == "lagged" else 1
        return frames + self.drain(0.1)

    def wait_closed(self, seconds=5.0):
        """Frames until the end of the stream, and how it ended."""
        frames, deadline = [], Deadline(seconds)
        while True:
            try:
                frame = self.recv(deadline.left())
            except Closed as end:
                return frames, end.how
            if frame is None:
                raise AssertionError(f"stream still open after {seconds} s, got {frames[-5:]}")
            frames.append(frame)

    # --- conversation -------------------------------------------------------------------------

    def hello(self, tenant=0, corr=None, **changes):
        """Handshake; returns the hello_ack or error message."""
        corr = corr or self.next_corr()
        self.send(oap.hello(**changes), oap.REQ, tenant, corr)
        frame = self.recv()
        if frame is None:
            raise AssertionError("no answer to hello")
        if frame.kind == "hello_ack":
            self.ack = frame.msg
        return frame.msg

    def answer(self, corr, seconds=5.0):
        """The RESP with `corr`; what comes before it is kept for recv()."""
        for i, frame in enumerate(self.held):
            if frame.flags & oap.RESP and frame.corr == corr:
                return self.held.pop(i)
        deadline = Deadline(seconds)
        while True:
            frame = self._recv_new(deadline.left(), ("keep", "credit"))
            if frame is None:
                raise AssertionError(f"no answer to {corr} within {seconds} s; held {self.held[-3:]}")
            if frame.flags & oap.RESP and frame.corr == corr:
                return frame
            self.held.append(frame)

    def request(self, message, flags=oap.REQ, tenant=0, corr=None, seconds=5.0):
        """Send and return the answer's message; the answer must carry corr and tenant."""
        corr = corr or self.next_corr()
        self.send(message, flags, tenant, corr)
        frame = self.answer(corr, seconds)
        if frame.tenant != tenant:
            raise oap.WireFault(f"answer for tenant {frame.tenant}, asked as {tenant}")
        return frame.msg

    def ok(self, message, flags=oap.REQ, tenant=0, corr=None):
        """request() that must be acknowledged."""
        corr = corr or self.next_corr()
        answer = self.request(message, flags, tenant, corr)
        if answer.get("kind") != "ack" or answer.get("ok") is not True or answer["for"] != corr:
            raise AssertionError(f"no ack for {message.get('kind')}: {answer}")
        return answer

    def subscribe(self, *topics, tenant=0, **more):
        return self.ok(oap.sub(*topics, **more), tenant=tenant)

    def publish(self, topic, data=b"", tenant=0, **more):
        """Publish with ACKREQ; returns the ack."""
        return self.ok(oap.gossip(topic, data, **more), oap.EVENT | oap.ACKREQ, tenant)

    def gossip(self, seconds=5.0):
        """The next delivery."""
        frame = self.recv(seconds)
        if frame is None or frame.kind != "gossip":
            raise AssertionError(f"a delivery was due, got {frame}")
        return frame


def dial(address, rcvbuf=None, timeout=5.0):
    """A connected stream socket: (host, port) or the path of a Unix socket."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX)
    else:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.settimeout(timeout * scale())
    sock.connect(address)
    return sock


def connect(address, **kw):
    return Session(dial(address, **kw))


def tls_context(ca=None, cert=None, key=None, alpn=(oap.ALPN,), version=None, curve=None):
    """A client context; everything that a hostile client would vary can be varied."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if ca:
        context.load_verify_locations(ca)
    else:
        context.verify_mode = ssl.CERT_NONE
    if cert:
        context.load_cert_chain(cert, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if version:
        context.maximum_version = version
    if curve:
        context.set_ecdh_curve(curve)
    return context


def connect_tls(address, context, name="localhost", timeout=5.0):
    sock = dial(address, timeout=timeout)
    try:
        wrapped = context.wrap_socket(sock, server_hostname=name, suppress_ragged_eofs=False)
    except BaseException:
        sock.close()
        raise
    return Session(wrapped)


def ended(sock, seconds=5.0):
    """True when the peer closed a raw socket within the time; data on the way is thrown away."""
    deadline = time.monotonic() + seconds * scale()
    while time.monotonic() < deadline:
        ready, _, _ = select.select([sock], [], [], max(0, deadline - time.monotonic()))
        if ready:
            try:
                if not sock.recv(65536):
                    return True
            except OSError:
                return True
    return False
