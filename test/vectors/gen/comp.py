"""COMP payloads (OAP-1 section 1.3): frames of the zstd tool, and odd ones built by hand."""
import struct
import subprocess
import tempfile

import cbor2

from .core import (ACKREQ, COMP, EVENT, MAX_FRAME, REQ, Suite, canonical, frame)
from .envelope import GOSSIP, sized_gossip
from .kinds import HELLO

MAGIC = bytes.fromhex("28b52ffd")
RAW, RLE, RESERVED = 0, 1, 3
WINDOW_1_MIB, WINDOW_OVER_1_MIB = b"\x50", b"\x51"  # RFC 8878 3.1.1.1.2: 2^20, 2^20 + 2^17
BLOCK_MAX = 1 << 17


def zstd(data, *options, from_file=True):
    """One frame of the zstd tool; from a file it knows the content size, from a pipe it does not."""
    command = ["zstd", "-q", "-c", "--single-thread", *options]
    if not from_file:
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return subprocess.run(command + [f.name], stdout=subprocess.PIPE, check=True).stdout


def unzstd(data):
    """What the zstd tool makes of it, or None."""
    got = subprocess.run(["zstd", "-q", "-d", "-c"], input=data, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    return got.stdout if got.returncode == 0 else None


def block(kind, data, size=None, last=False):
    size = len(data) if size is None else size
    return struct.pack("<I", int(last) | kind << 1 | size << 3)[:3] + data


def by_hand(*blocks, window=None, size=None, extra=0, dictionary=b""):
    """A frame of given blocks: a window byte, or single segment with a content size."""
    if window is not None:
        return MAGIC + bytes([extra]) + window + dictionary + b"".join(blocks)
    if size < 256:
        fcs, field = 0, bytes([size])
    elif size < 65792:
        fcs, field = 1, struct.pack("<H", size - 256)
    else:
        fcs, field = 2, struct.pack("<I", size)
    return MAGIC + bytes([fcs << 6 | 0x20 | extra]) + dictionary + field + b"".join(blocks)


def runs(data, raw_run=0, **header):
    """`data` = head, a long run of one byte, tail: raw, (raw_run of it raw), RLE blocks, raw."""
    start = data.index(b"a" * 64)
    end = data.rindex(b"a" * 64) + 64
    blocks = [block(RAW, data[:start])]
    if raw_run:
        blocks.append(block(RAW, b"a" * raw_run))
    left = end - start - raw_run
    while left:
        n = min(left, BLOCK_MAX)
        blocks.append(block(RLE, b"a", n))
        left -= n
    blocks.append(block(RAW, data[end:], last=True))
    if not header:
        header = {"size": len(data)}
    return by_hand(*blocks, **header)


def noise(n):
    """Bytes over an alphabet of 16 that compress about 2 : 1, the same on every run."""
    x, out = 1, bytearray()
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(0x61 + (x >> 16) % 16)
    return bytes(out)


def ratio_pair():
    """Two frames of equal size: content exactly 10 times theirs, and one byte more."""
    for n in range(300, 1000):
        exact, over = (canonical(dict(GOSSIP, data=b"a" * k)) for k in (n, n + 1))
        if len(exact) == 10 * len(runs(exact)) and len(runs(over)) == len(runs(exact)):
            return exact, over
    raise AssertionError("no such size")


class Comp:
    def __init__(self, s):
        self.s = s

    def ok(self, name, packed, payload, ids="1.37", fields=None, flags=REQ, **context):
        assert unzstd(packed) == payload, name
        self.s.ok("comp_" + name, frame(packed, flags=flags | COMP), ids, fields, payload, comp=True,
                  **context)

    def bad(self, name, packed, ids, error="BadFrame", layer="comp", closes=True, broken=None, **kw):
        if broken is not None:
            assert (unzstd(packed) is None) == broken, name
        kw.setdefault("comp", True)
        self.s.bad("comp_" + name, frame(packed, flags=REQ | COMP), ids + " 1.46" * closes, error,
                   closes, layer=layer, **kw)


def good(c):
    message = dict(GOSSIP, data=noise(3000))
    body = canonical(message)
    for level in ("-1", "-3", "-19"):
        c.ok("zstd_level_%s" % level[1:], zstd(body, level), body, fields=message)
    c.ok("without_checksum", zstd(body, "--no-check"), body, fields=message)
    c.ok("without_content_size", zstd(body, "--zstd=wlog=17", from_file=False), body, fields=message)
    c.ok("window_1_mib", zstd(body, "--zstd=wlog=20", from_file=False), body, fields=message)
    c.ok("event", zstd(body), body, "1.37", message, EVENT)
    c.ok("ackreq", zstd(body), body, "1.37", message, EVENT | ACKREQ)
    small = canonical(GOSSIP)
    c.ok("bigger_than_its_content", zstd(small), small, fields=GOSSIP)
    c.ok("one_raw_block", by_hand(block(RAW, small, last=True), size=len(small)), small,
         fields=GOSSIP)
    c.ok("raw_block_window_1_mib", by_hand(block(RAW, small, last=True), window=WINDOW_1_MIB), small,
         fields=GOSSIP)
    c.ok("empty_last_block", by_hand(block(RAW, small), block(RAW, b"", last=True), size=len(small)),
         small, fields=GOSSIP)
    exact, _ = ratio_pair()
    c.ok("ratio_exactly_10", runs(exact), exact, "1.39 1.48", cbor2.loads(exact))
    full = canonical(sized_gossip(MAX_FRAME))
    c.ok("decompressed_exactly_1048576", runs(full, 110000, window=WINDOW_1_MIB), full, "1.38 1.14")
    kib = canonical(sized_gossip(1024))
    c.ok("decompressed_exactly_max_frame_1024", runs(kib, 200), kib, "1.38 3.19", max_frame=1024)


def caps(c):
    _, over = ratio_pair()
    c.bad("ratio_one_byte_over_10", runs(over), "1.39 1.48 4.52", "RatioCap", broken=False)
    zeros = canonical(dict(GOSSIP, data=bytes(1000000)))
    c.bad("bomb_under_max_frame", zstd(zeros, "-19"), "1.39 1.41", "RatioCap", broken=False)
    c.bad("bomb_without_content_size", zstd(zeros, "-19", "--zstd=wlog=20", from_file=False), "1.39 1.41",
          "RatioCap", broken=False)
    bomb = by_hand(*[block(RLE, b"a", BLOCK_MAX) for _ in range(63)],
                   block(RLE, b"a", BLOCK_MAX, last=True), window=WINDOW_1_MIB)
    c.bad("bomb_of_8_mib", bomb, "1.40 1.41", "RatioCap", broken=False, also=["FrameTooLarge"])
    endless = by_hand(*[block(RLE, b"a", BLOCK_MAX) for _ in range(64)], window=WINDOW_1_MIB)
    c.bad("bomb_cut_before_its_end", endless, "1.40 1.41", "RatioCap", broken=True,
          also=["FrameTooLarge"])
    big = canonical(dict(GOSSIP, data=b"a" * (MAX_FRAME - 42)))
    assert len(big) == MAX_FRAME + 1, len(big)
    c.bad("decompressed_1048577", runs(big, 110000, window=WINDOW_1_MIB), "1.38 4.51",
          "FrameTooLarge", broken=False)
    c.bad("decompressed_1048577_single_segment", runs(big, 110000, size=len(big)), "1.38 1.45",
          "FrameTooLarge", also=["BadFrame"])
    kib = canonical(dict(sized_gossip(1024), topic="tt"))
    c.bad("decompressed_over_max_frame_1024", runs(kib, 200), "1.38 3.19", "FrameTooLarge",
          broken=False, max_frame=1024)
    c.bad("decompressed_over_both", runs(canonical(dict(GOSSIP, data=b"a" * 4000))), "1.40",
          "FrameTooLarge", also=["RatioCap"], max_frame=1024)
    lie = by_hand(block(RAW, canonical(GOSSIP), last=True), size=100000)
    c.bad("declared_size_over_the_ratio", lie, "1.49", "BadFrame", broken=True, also=["RatioCap"])
    lie = by_hand(block(RAW, canonical(GOSSIP), last=True), size=1 << 30)
    c.bad("declared_size_1_gib", lie, "1.49", "BadFrame",
          also=["RatioCap", "FrameTooLarge"])


def broken_frames(c):
    body = canonical(dict(GOSSIP, data=noise(600)))
    small = canonical(GOSSIP)
    whole = zstd(body)
    raw = by_hand(block(RAW, small, last=True), size=len(small))
    assert unzstd(whole) == body and unzstd(raw) == small

    c.bad("empty", b"", "1.43 1.48")
    c.bad("not_zstd", small, "1.43", broken=True)
    c.bad("legacy_magic", b"\x27" + raw[1:], "1.43")
    c.bad("magic_only", MAGIC, "1.43", broken=True)
    for n in (1, 3, 5, 6, len(whole) // 2, len(whole) - 5, len(whole) - 1):
        c.bad("cut_after_%d" % n, whole[:n], "1.43 1.49", broken=True)
    c.bad("no_last_block", by_hand(block(RAW, small), size=len(small)), "1.43", broken=True)
    c.bad("wrong_checksum", whole[:-1] + bytes([whole[-1] ^ 1]), "1.43", broken=True)
    c.bad("reserved_header_bit", raw[:4] + bytes([raw[4] | 8]) + raw[5:], "1.43", broken=True)
    c.bad("reserved_block_type", by_hand(block(RESERVED, small, last=True), size=len(small)), "1.43",
          broken=True)
    c.bad("content_longer_than_declared", by_hand(block(RAW, small, last=True), size=len(small) - 1),
          "1.43", broken=True)
    c.bad("content_shorter_than_declared", by_hand(block(RAW, small, last=True), size=len(small) + 1),
          "1.43", broken=True)
    c.bad("block_over_128_kib", by_hand(block(RAW, b"a" * (BLOCK_MAX + 1), last=True),
                                        window=WINDOW_1_MIB), "1.43", broken=True)

    c.bad("trailing_zero", raw + b"\0", "1.44", broken=True)
    c.bad("trailing_text", raw + b"x" * 9, "1.44", broken=True)
    c.bad("two_frames", raw + raw, "1.37 1.44 1.49", broken=False)
    c.bad("empty_second_frame", raw + zstd(b""), "1.37 1.44 1.49", broken=False)
    skippable = bytes.fromhex("502a4d18") + struct.pack("<I", 4) + b"abcd"
    c.bad("skippable_frame", skippable, "1.37 1.49", broken=False)
    c.bad("last_skippable_magic", b"\x5f" + skippable[1:], "1.37 1.49", broken=False)
    c.bad("skippable_then_frame", skippable + raw, "1.37 1.49", broken=False)
    c.bad("frame_then_skippable", raw + skippable, "1.37 1.44 1.49", broken=False)
    c.bad("empty_frame_then_frame", zstd(b"") + raw, "1.37 1.44 1.49", broken=False)

    for flag, ident in ((1, b"\x07"), (2, b"\x07\x00"), (3, b"\x07\0\0\x80")):
        c.bad("dictionary_id_of_%d_bytes" % len(ident), by_hand(
            block(RAW, small, last=True), size=len(small), extra=flag, dictionary=ident), "1.45")
    with tempfile.NamedTemporaryFile() as f:
        f.write(body[:len(body) // 2])
        f.flush()
        c.bad("raw_dictionary", zstd(body, "-19", "-D", f.name), "1.45 1.43", broken=True)

    c.bad("window_over_1_mib", by_hand(block(RAW, small, last=True), window=WINDOW_OVER_1_MIB), "1.45",
          broken=False)
    c.bad("window_2_mib", zstd(body, "--zstd=wlog=21", from_file=False), "1.45", broken=False)
    c.bad("window_128_mib", zstd(body, "--zstd=wlog=27", from_file=False), "1.45", broken=False)
    c.bad("window_max", by_hand(block(RAW, small, last=True), window=b"\xff"), "1.45", broken=True)


def context(c):
    """Agreed or not; faults of the content come after COMP and are CBOR faults."""
    small = canonical(GOSSIP)
    c.bad("not_agreed", zstd(small), "1.42", comp=False)
    c.bad("not_agreed_and_corrupt", b"junk", "1.42", comp=False)
    c.bad("in_hello", zstd(canonical(HELLO)), "1.42", comp=False, state="first")
    c.bad("empty_content", zstd(b""), "2.8 1.20", layer="cbor", closes=False, broken=False)
    c.bad("content_not_cbor", zstd(b"\xff" * 20), "2.7 1.20", layer="cbor", closes=False, broken=False)
    c.bad("content_unknown_kind", zstd(canonical({"kind": "nosuch"})), "2.23", layer="kind",
          closes=False, broken=False)


def suite():
    version = subprocess.run(["zstd", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    s = Suite("COMP payloads: accepted frames, both caps, every fault (OAP-1 section 1.3).")
    c = Comp(s)
    good(c)
    caps(c)
    broken_frames(c)
    context(c)
    s.zstd_version = version.split(" v")[1].split(",")[0]
    return s
