"""Shared pieces of the vector generator.

Nothing here uses the project's own encoder: CBOR comes from python3-cbor2 (canonical), BLAKE3 from
b3sum, zstd from the zstd tool; malformed input is written by hand as bytes.
"""
import struct
import subprocess

import cbor2

REQ, RESP, EVENT, COMP, ACKREQ = 1, 2, 4, 8, 16
FLAG_NAMES = [(REQ, "REQ"), (RESP, "RESP"), (EVENT, "EVENT"), (COMP, "COMP"), (ACKREQ, "ACKREQ")]
MAX_FRAME = 1 << 20
CORR = 0x1122334455667788


def canonical(value):
    """The deterministic CBOR of a value, by cbor2."""
    return cbor2.dumps(value, canonical=True)


def b3(data):
    """BLAKE3-256 of bytes as 64 hex digits, by the b3sum tool."""
    out = subprocess.run(["b3sum", "--no-names"], input=data, stdout=subprocess.PIPE, check=True)
    return out.stdout.decode().strip()


def frame(payload=b"", flags=REQ, corr=CORR, tenant=0, ver=1, length=None):
    """One frame; every field can be forced to a wrong value."""
    length = 27 + len(payload) if length is None else length
    head = struct.pack(">IBH", length, ver, flags) + tenant.to_bytes(16, "big")
    return head + struct.pack(">Q", corr) + payload


def head(major, n):
    """A CBOR head in its shortest form."""
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << (8 * size):
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise ValueError(n)


def text(s):
    raw = s.encode() if isinstance(s, str) else s
    return head(3, len(raw)) + raw


def raw_map(*pairs):
    """A CBOR map from (key, encoded value) pairs, in the order given, keys encoded if str."""
    body = b"".join((text(k) if isinstance(k, str) else k) + v for k, v in pairs)
    return head(5, len(pairs)) + body


def plain(value):
    """A decoded value in the JSON form of README.md."""
    if isinstance(value, bool) or isinstance(value, str) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else {"$uint": str(value)}
    if isinstance(value, bytes):
        if len(value) <= 256:
            return {"$bytes": value.hex()}
        return {"$bytes_size": len(value), "$b3": b3(value)}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return {k: plain(v) for k, v in value.items()}


def pack(data):
    """The `hex` or `parts` members: runs of 64 and more equal bytes become a recipe."""
    parts, start, i = [], 0, 0
    while i < len(data):
        j = i + 1
        while j < len(data) and data[j] == data[i]:
            j += 1
        if j - i >= 64:
            if i > start:
                parts.append({"hex": data[start:i].hex()})
            parts.append({"byte": "%02x" % data[i], "count": j - i})
            start = j
        i = j
    if start < len(data):
        parts.append({"hex": data[start:].hex()})
    if all("hex" in p for p in parts):
        return {"hex": data.hex()}
    return {"parts": parts}


def flag_list(flags):
    return [name for bit, name in FLAG_NAMES if flags & bit]


def envelope_of(data):
    """What a reader makes of the first 31 bytes of a valid frame."""
    length, _, flags = struct.unpack(">IBH", data[:7])
    return {
        "flags": flag_list(flags),
        "tenant": data[7:23].hex(),
        "corr": data[23:31].hex(),
        "payload_size": length - 27,
    }


class Suite:
    """Collects the vectors of one file; names are unique, context has defaults."""

    def __init__(self, about):
        self.about = about
        self.vectors = []
        self.names = set()

    def add(self, name, data, ids, expect, **context):
        assert name not in self.names, name
        self.names.add(name)
        vector = {"name": name, "ids": ["OAP-" + i for i in ids.split()]}
        if context:
            vector["context"] = context
        vector.update(pack(data))
        vector["expect"] = expect
        self.vectors.append(vector)

    def ok(self, name, data, ids, fields=None, payload=None, **context):
        """A frame that is accepted. `fields`: the known fields. `payload`: after decompression."""
        ok = {"envelope": envelope_of(data)}
        flags = struct.unpack(">H", data[5:7])[0]
        if payload is not None:
            ok["payload_size"] = len(payload)
            ok["payload_b3"] = b3(payload)
        body = payload if payload is not None else data[31:]
        if fields is not None:
            decoded = cbor2.loads(body)
            assert all(decoded[k] == v for k, v in fields.items()), name
            ok["fields"] = plain(fields)
            ok["roundtrip"] = canonical(fields) == body and not flags & ~(31 ^ COMP)
        self.add(name, data, ids, {"ok": ok}, **context)

    def bad(self, name, data, ids, error="BadFrame", closes=True, **kw):
        """A frame that is refused. `at`: bytes after which it must be; `told`: error | refused."""
        expect = {"error": error, "closes": closes, "layer": kw.pop("layer")}
        also = kw.pop("also", None)
        if also:
            expect["also"] = also
        expect["told"] = kw.pop("told", "error")
        if expect["told"] == "error":
            expect["corr"] = data[23:31].hex() if len(data) >= 31 else "0" * 16
        if "at" in kw:
            expect["at"] = kw.pop("at")
        self.add(name, data, ids, expect, **kw)

    def document(self):
        return {"about": self.about, "vectors": self.vectors}
