"""Envelope: length, version, flags, order of the checks (OAP-1 section 1)."""
from .core import (ACKREQ, COMP, CORR, EVENT, MAX_FRAME, REQ, RESP, Suite, canonical, flag_list,
                   frame)

GOSSIP = {"ts": 0, "data": b"", "kind": "gossip", "topic": "t", "fanout": 0}


def sized_gossip(size):
    """A gossip payload of exactly `size` bytes."""
    n = size - len(canonical(GOSSIP))
    while True:
        message = dict(GOSSIP, data=b"a" * n)
        got = len(canonical(message))
        if got == size:
            return message
        n -= got - size


def lengths(s):
    hi = bytes.fromhex("0000001d010001" + "00" * 16 + "1122334455667788" + "6869")
    assert hi == frame(b"hi")
    s.ok("spec_vector_hi", hi, "1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12")
    s.ok("empty_payload_is_a_legal_envelope", frame(b""), "1.6 1.11")
    full = sized_gossip(MAX_FRAME)
    s.ok("payload_of_exactly_1048576", frame(canonical(full)), "1.13 1.14 1.11", full)
    s.ok("payload_of_exactly_max_frame_1024", frame(canonical(sized_gossip(1024))), "1.13",
         sized_gossip(1024), max_frame=1024)
    over = frame(length=27 + MAX_FRAME + 1)
    s.bad("payload_of_1048577", over, "1.13 1.14 1.15 1.16 4.51", "FrameTooLarge", at=31,
          layer="envelope")
    s.bad("payload_of_1048577_with_payload", over + b"a" * 64, "1.15 1.16", "FrameTooLarge", at=31,
          layer="envelope")
    s.bad("payload_over_max_frame_1024", frame(length=27 + 1025), "1.13 3.19", "FrameTooLarge",
          at=31, layer="envelope", max_frame=1024)
    s.bad("length_all_ones", frame(length=0xFFFFFFFF), "1.15", "FrameTooLarge", at=31,
          layer="envelope")
    s.bad("oversize_before_version", frame(length=0x7FFFFFFF, ver=9), "1.17 1.20", "FrameTooLarge",
          at=31, layer="envelope")
    s.bad("oversize_before_flags", frame(length=0x7FFFFFFF, flags=0, corr=0), "1.17 1.20",
          "FrameTooLarge", at=31, layer="envelope")
    s.bad("oversize_with_unknown_comp", frame(length=0x7FFFFFFF, flags=REQ | COMP), "1.17 1.20",
          "FrameTooLarge", at=31, layer="envelope")
    s.bad("oversize_first_frame", frame(length=27 + MAX_FRAME + 1), "1.15 1.17", "FrameTooLarge",
          at=31, layer="envelope", state="first")
    for n in (0, 1, 25, 26):
        s.bad("length_%d" % n, n.to_bytes(4, "big"), "1.18 1.24 4.50", at=4, layer="envelope")
    s.bad("length_26_before_version", (26).to_bytes(4, "big") + b"\x07" + bytes(25), "1.18 1.20",
          at=4, layer="envelope")
    s.bad("length_26_first_frame", (26).to_bytes(4, "big"), "1.18", at=4, layer="envelope",
          state="first")


def versions(s):
    for ver in (0, 2, 255):
        s.bad("version_%d" % ver, frame(canonical(GOSSIP), ver=ver), "1.7 1.19 4.49", "BadVersion",
              layer="envelope")
    s.bad("version_2_first_frame", frame(b"\xa0", ver=2), "1.19", "BadVersion", layer="envelope",
          state="first")
    s.bad("version_before_flags", frame(b"\xa0", ver=2, flags=0), "1.20", "BadVersion",
          layer="envelope")
    s.bad("version_before_cbor", frame(b"\xff", ver=2), "1.20", "BadVersion", layer="envelope")
    s.bad("tls_client_hello_instead_of_oap", bytes.fromhex("1603010200010001fc0303") + bytes(40),
          "1.15", "FrameTooLarge", at=31, layer="envelope", state="first")
    s.bad("http_instead_of_oap", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "1.15",
          "FrameTooLarge", at=31, layer="envelope", state="first")


def flags(s):
    body = canonical(GOSSIP)
    for bits in range(32):
        base = [b for b in (REQ, RESP, EVENT) if bits & b]
        wrong = len(base) != 1 or bits & ACKREQ and not bits & EVENT
        name = "flags_" + ("_".join(flag_list(bits)).lower() or "none")
        if wrong:
            s.bad(name, frame(body, flags=bits), "1.21 1.23 1.24", layer="envelope", comp=True)
        elif not bits & COMP:
            s.ok(name, frame(body, flags=bits), "1.8 1.21")
    s.bad("req_with_corr_0", frame(body, corr=0), "1.22 1.24", layer="envelope")
    s.bad("ackreq_with_corr_0", frame(body, flags=EVENT | ACKREQ, corr=0), "1.23 1.24",
          layer="envelope")
    s.ok("event_with_corr_0", frame(body, flags=EVENT, corr=0), "1.10 1.27", GOSSIP)
    s.ok("event_with_corr", frame(body, flags=EVENT), "1.10 1.27", GOSSIP)
    s.ok("resp_with_corr_0", frame(canonical({"kind": "error", "code": "BadFrame", "msg": ""}),
                                   flags=RESP, corr=0), "1.33", to="client")
    for bit in range(5, 16):
        s.ok("reserved_flag_%d_ignored" % bit, frame(body, flags=EVENT | 1 << bit), "1.8", GOSSIP)
    s.ok("all_reserved_flags_ignored", frame(body, flags=REQ | 0xFFE0), "1.8", GOSSIP)
    s.bad("only_reserved_flags", frame(body, flags=0xFFE0), "1.8 1.21 1.24", layer="envelope")
    s.bad("flags_before_comp", frame(b"junk", flags=REQ | EVENT | COMP), "1.20", layer="envelope",
          comp=True)
    s.bad("flags_before_cbor", frame(b"\xff", flags=0), "1.20", layer="envelope")
    s.bad("comp_before_cbor", frame(b"\xff", flags=REQ | COMP), "1.20 1.42", layer="comp")
    s.ok("tenant_all_ones", frame(body, flags=EVENT, tenant=(1 << 128) - 1), "1.9", GOSSIP)
    s.ok("tenant_byte_order", frame(body, flags=EVENT, tenant=int("0102030405060708090a0b0c0d0e0f10", 16)),
         "1.5 1.9", GOSSIP)
    s.ok("corr_all_ones", frame(body, corr=(1 << 64) - 1), "1.10", GOSSIP)
    s.ok("corr_1", frame(body, corr=1), "1.10", GOSSIP)


def suite():
    s = Suite("Envelope: length, version, flags, order of the checks (OAP-1 section 1).")
    lengths(s)
    versions(s)
    flags(s)
    return s


def streams():
    """Several frames in one byte string; a reader gives the same frames however it is cut."""
    body = canonical(GOSSIP)
    hello = canonical({"kind": "hello", "features": {"pq": "off", "comp": []}, "versions": [1],
                       "max_frame": MAX_FRAME})
    three = [frame(hello, corr=1), frame(body, flags=EVENT, corr=0),
             frame(canonical({"kind": "sub", "topics": ["a/*", "b/**"]}), corr=2)]
    cases = [
        ("one_frame", [frame(b"hi")], b""),
        ("empty_payloads", [frame(b"", corr=n) for n in range(1, 5)], b""),
        ("three_frames", three, b""),
        ("three_frames_and_a_begun_one", three, frame(body)[:30]),
        ("a_frame_and_three_length_bytes", [frame(body)], b"\0\0\0"),
        ("a_frame_then_length_26", [frame(body)], b"\0\0\0\x1a"),
        ("a_frame_then_an_oversize_head", [frame(body)], frame(length=27 + MAX_FRAME + 1)),
        ("a_frame_then_version_2", [frame(body)], frame(b"", ver=2)),
    ]
    end = {"a_frame_then_length_26": "BadFrame", "a_frame_then_version_2": "BadVersion",
           "a_frame_then_an_oversize_head": "FrameTooLarge"}
    out = []
    for name, frames, rest in cases:
        out.append({"name": name, "ids": ["OAP-1.1", "OAP-1.6"], "hex": (b"".join(frames) + rest).hex(),
                    "frames": [f.hex() for f in frames], "rest": rest.hex(), "end": end.get(name, "open")})
    return {"about": "Streams to be cut at every byte: the frames and the end stay the same.",
            "vectors": out}
