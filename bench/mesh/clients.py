"""Clients of one process with one clock: a subscriber and a publisher at each node.

A payload begins with MARK, the number of the publication, the node it was published at, and when
(CLOCK_MONOTONIC, ns). Latency is from just before the publisher's write to just after the
subscriber's read: what this program itself takes is in it.
"""
import selectors
import socket
import struct
import time

TOPIC = "bench/mesh"
MARK = b"\xf1RON"
STAMP = struct.Struct(">4sIHQ")
GRACE = 3.0  # seconds that the last message may take


def cbor(value):
    """Deterministic CBOR of what is sent here: keys of a map come in its order."""
    def head(major, number):
        for info, size in ((24, 1), (25, 2), (26, 4)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 1 << 8 * size:
                return bytes([major << 5 | info]) + number.to_bytes(size, "big")
        return bytes([major << 5 | 27]) + number.to_bytes(8, "big")
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())


class Oap:
    """OAP/1 without a window in hello: the node then sends without waiting for credit."""

    REQ, EVENT = 1, 4
    HELLO = {"kind": "hello", "features": {"pq": "off", "comp": []}, "versions": [1], "max_frame": 1 << 20}

    @staticmethod
    def frame(flags, corr, message):
        payload = cbor(message)
        return struct.pack(">IBH16xQ", 27 + len(payload), 1, flags, corr) + payload

    def hello(self, subscribe):
        out = self.frame(self.REQ, 1, self.HELLO)
        return out + self.frame(self.REQ, 2, {"kind": "sub", "topics": [TOPIC]}) if subscribe else out

    @staticmethod
    def settled(buffer, subscribe):
        """hello_ack, and the ack of the subscription."""
        if b"derror" in buffer:
            raise RuntimeError(f"refused: {bytes(buffer)!r}")
        return b"ihello_ack" in buffer and (not subscribe or b"dkindcack" in buffer)

    def publication(self, payload):
        return self.frame(self.EVENT, 0, {"ts": int(time.time()), "data": payload, "kind": "gossip",
                                          "topic": TOPIC, "fanout": 0})

    @staticmethod
    def take(buffer, _send):
        """Whole frames at the front of `buffer`, taken from it."""
        at, frames = 0, []
        while len(buffer) - at >= 4:
            size = 4 + int.from_bytes(buffer[at:at + 4], "big")
            if len(buffer) - at < size:
                break
            frames.append(bytes(buffer[at:at + size]))
            at += size
        del buffer[:at]
        return frames


class Nats:
    def hello(self, subscribe):
        return (b'CONNECT {"verbose":false,"pedantic":false}\r\n'
                + (b"SUB %s 1\r\n" % TOPIC.encode() if subscribe else b"") + b"PING\r\n")

    @staticmethod
    def settled(buffer, _subscribe):
        return b"PONG\r\n" in buffer

    def publication(self, payload):
        return b"PUB %s %d\r\n%b\r\n" % (TOPIC.encode(), len(payload), payload)

    @staticmethod
    def take(buffer, send):
        messages = []
        while (end := buffer.find(b"\r\n")) >= 0:
            line = bytes(buffer[:end])
            if line.startswith(b"MSG"):
                size = end + 4 + int(line.rsplit(b" ", 1)[1])
                if len(buffer) < size:
                    break
                messages.append(bytes(buffer[end + 2:size]))
                del buffer[:size]
                continue
            if line == b"PING":
                send(b"PONG\r\n")
            del buffer[:end + 2]
        return messages


class Client:
    """One session, ready when it is made."""

    def __init__(self, protocol, address, index, subscribe):
        self.protocol, self.index, self.buffer = protocol, index, bytearray()
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket()
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10)
        self.socket.connect(address)
        self.send(protocol.hello(subscribe))
        while not protocol.settled(self.buffer, subscribe):
            self.fill()
        protocol.take(self.buffer, self.send)

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError(f"session {self.index} ended: {bytes(self.buffer[-300:])!r}")
        self.buffer += data

    def messages(self):
        self.fill()
        return self.protocol.take(self.buffer, self.send)


class Tally:
    """What came of one load: latencies in ms of deliveries at other nodes than the publisher's."""

    def __init__(self, published, subscribers):
        self.published, self.latencies = published, []
        self.came = [bytearray(published) for _ in range(subscribers)]
        self.deliveries = self.duplicates = 0

    def note(self, at, frame, now):
        begin = frame.find(MARK)
        if begin < 0:
            return
        _, number, node, sent = STAMP.unpack_from(frame, begin)
        if number >= self.published or self.came[at][number]:
            self.duplicates += 1
            return
        self.came[at][number] = 1
        self.deliveries += 1
        if node != at:
            self.latencies.append((now - sent) / 1e6)

    @property
    def expected(self):
        return self.published * len(self.came)

    def percentile(self, share):
        """ms, rounded to us; None where nothing came."""
        ordered = sorted(self.latencies)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else None


class Clients:
    def __init__(self, protocol, addresses):
        self.protocol = protocol
        self.selector = selectors.DefaultSelector()
        self.subscribers = [Client(protocol, each, i, True) for i, each in enumerate(addresses)]
        self.publishers = [Client(protocol, each, i, False) for i, each in enumerate(addresses)]
        for each in self.subscribers:
            self.selector.register(each.socket, selectors.EVENT_READ, (each, True))
        for each in self.publishers:
            self.selector.register(each.socket, selectors.EVENT_READ, (each, False))

    def close(self):
        for each in self.subscribers + self.publishers:
            each.socket.close()
        self.selector.close()

    def load(self, plan, size):
        """plan: (seconds from now, node) of each publication, in order. What came of it."""
        tally, begin, number, last = Tally(len(plan), len(self.subscribers)), time.monotonic(), 0, 0.0
        while number < len(plan) or (tally.deliveries < tally.expected and last > time.monotonic() - GRACE):
            wait = begin + plan[number][0] - time.monotonic() if number < len(plan) else 0.05
            self.read(tally, max(0.0, wait))
            while number < len(plan) and begin + plan[number][0] <= time.monotonic():
                self.publish(number, plan[number][1], size)
                number, last = number + 1, time.monotonic()
        return tally

    def publish(self, number, node, size):
        stamp = STAMP.pack(MARK, number, node, time.monotonic_ns())
        self.publishers[node].send(self.protocol.publication(stamp.ljust(size, b".")))

    def read(self, tally, wait):
        for key, _ in self.selector.select(wait):
            client, subscriber = key.data
            frames = client.messages()
            now = time.monotonic_ns()
            for frame in frames if subscriber else ():
                tally.note(client.index, frame, now)
