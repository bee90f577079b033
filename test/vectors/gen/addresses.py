"""Content addresses: `b3:` + the BLAKE3-256 of the content, by b3sum (OAP-1 section 7)."""
from .core import b3, pack

CONTENTS = {
    "empty": b"", "hello": b"hello rusty onions\n", "one_byte": b"\0", "block": b"a" * 64,
    "block_and_one": b"a" * 65, "chunk_less_one": b"a" * 1023, "chunk": b"a" * 1024,
    "chunk_and_one": b"a" * 1025, "two_chunks": b"a" * 2048, "three_chunks": b"a" * 3072,
    "counting": bytes(n % 251 for n in range(5000)), "64_kib": b"\x5a" * 65536, "1_mib": b"\xff" * (1 << 20),
}


def document():
    good = "b3:" + b3(b"")
    valid = [{"name": n, "content": pack(c) if c else {"hex": ""}, "addr": "b3:" + b3(c)}
             for n, c in CONTENTS.items()]
    bad = {
        "empty": "", "no_prefix": good[3:], "upper_case_prefix": "B3:" + good[3:],
        "upper_case_digits": "b3:" + good[3:].upper(), "63_digits": good[:-1], "65_digits": good + "0",
        "not_hex": good[:-1] + "g", "other_hash": "sha256:" + good[3:], "leading_space": " " + good,
        "trailing_newline": good + "\n", "two_colons": "b3::" + good[4:], "0x": "b3:0x" + good[5:],
    }
    return {"about": "Content addresses by b3sum (OAP-1 section 7).", "valid": valid,
            "invalid": [{"name": n, "addr": a} for n, a in bad.items()]}
