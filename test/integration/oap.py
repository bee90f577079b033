"""OAP/1 on the wire, written from docs/OAP-1.md alone: nothing here comes from the C++ code.

Envelope, deterministic CBOR (through cbor2) and the messages of sections 3-6. Everything a test
wants to send wrongly can be sent wrongly: encode() never judges what it is given.
"""
import struct

import cbor2

REQ, RESP, EVENT, COMP, ACKREQ = 1, 2, 4, 8, 16
HEADER_BYTES = 31          # len, ver, flags, tenant_id, corr_id
OVERHEAD = 27              # the part of the header that len counts
MAX_FRAME = 1 << 20
HELLO_MAX = 16 * 1024
ALPN = "ron/oap1"


class WireFault(Exception):
    """The node sent something OAP-1 does not allow."""


class Frame:
    """One frame as received; `msg` decodes the payload on first use."""

    __slots__ = ("flags", "tenant", "corr", "payload", "_msg")

    def __init__(self, flags, tenant, corr, payload):
        self.flags, self.tenant, self.corr, self.payload = flags, tenant, corr, payload
        self._msg = None

    @property
    def msg(self):
        if self._msg is None:
            self._msg = cbor2.loads(self.payload)
        return self._msg

    @property
    def kind(self):
        return self.msg.get("kind")

    @property
    def wire_bytes(self):
        return HEADER_BYTES + len(self.payload)

    def __repr__(self):
        body = self.payload[:80]
        try:
            body = {k: (v if len(repr(v)) < 60 else "...") for k, v in self.msg.items()}
        except Exception:  # only for messages in failures
            pass
        return f"Frame(flags={self.flags:#x}, tenant={self.tenant}, corr={self.corr:#x}, {body})"


def cbor(value):
    """Deterministic CBOR: cbor2's canonical form is RFC 8949 4.2.1 for text keys."""
    return cbor2.dumps(value, canonical=True)


def envelope(payload=b"", flags=EVENT, tenant=0, corr=0, ver=1, length=None):
    """A frame; `length` overrides the len field."""
    if length is None:
        length = OVERHEAD + len(payload)
    return (struct.pack(">IBH", length, ver, flags) + tenant.to_bytes(16, "big")
            + corr.to_bytes(8, "big") + payload)


def encode(message, flags=EVENT, tenant=0, corr=0, **kw):
    return envelope(cbor(message), flags, tenant, corr, **kw)


def decode(buffer):
    """(Frame, bytes used) of the first whole frame in `buffer`, or (None, 0)."""
    if len(buffer) < 4:
        return None, 0
    length = int.from_bytes(buffer[:4], "big")
    if length < OVERHEAD or length > OVERHEAD + MAX_FRAME:
        raise WireFault(f"len {length} from the node")
    if len(buffer) < 4 + length:
        return None, 0
    ver, flags = struct.unpack(">BH", buffer[4:7])
    if ver != 1:
        raise WireFault(f"ver {ver} from the node")
    check_flags(flags, int.from_bytes(buffer[23:31], "big"))
    frame = Frame(flags, int.from_bytes(buffer[7:23], "big"),
                  int.from_bytes(buffer[23:31], "big"), bytes(buffer[31:4 + length]))
    return frame, 4 + length


def check_flags(flags, corr):
    if flags & ~0x1F:
        raise WireFault(f"reserved flag bits sent: {flags:#x}")
    if bin(flags & 7).count("1") != 1:
        raise WireFault(f"not exactly one of REQ, RESP, EVENT: {flags:#x}")
    if flags & ACKREQ and (not flags & EVENT or not corr):
        raise WireFault(f"ACKREQ misplaced: {flags:#x}")
    if flags & REQ and not corr:
        raise WireFault("REQ without corr_id")


def check_canonical(frame):
    """What the node itself writes is deterministic CBOR; publications pass untouched."""
    if frame.flags & COMP or frame.kind == "gossip":
        return
    again = cbor(frame.msg)
    if again != frame.payload:
        raise WireFault(f"not deterministic CBOR: {frame.payload.hex()} against {again.hex()}")


# --- messages ---------------------------------------------------------------------------------

def hello(**changes):
    """A client's hello; a value of None removes the key."""
    message = {"kind": "hello", "features": {"pq": "off", "comp": []}, "versions": [1],
               "max_frame": MAX_FRAME}
    message.update(changes)
    return {k: v for k, v in message.items() if v is not None}


def gossip(topic, data=b"", **changes):
    message = {"ts": 1_700_000_000, "data": data, "kind": "gossip", "topic": topic, "fanout": 0}
    message.update(changes)
    return {k: v for k, v in message.items() if v is not None}


def sub(*topics, **more):
    return {"kind": "sub", "topics": list(topics), **more}


def unsub(*topics, **more):
    return {"kind": "unsub", "topics": list(topics), **more}


def credit(count):
    return {"kind": "credit", "bytes": count}


KEEP = {"kind": "keep"}
