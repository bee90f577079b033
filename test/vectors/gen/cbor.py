"""Payload encoding: every fault of OAP-1 section 2, and what readers must accept."""
import struct

from .core import ACKREQ, EVENT, REQ, Suite, canonical, frame, head, raw_map, text
from .envelope import GOSSIP

KEYS = ["ts", "data", "kind", "topic", "fanout"]


def pairs(**change):
    """The encoded fields of a small gossip in canonical order, some replaced, extras appended."""
    base = {k: canonical(GOSSIP[k]) for k in KEYS}
    base.update(change)
    return list(base.items())


def gossip(**change):
    return raw_map(*pairs(**change))


def legal(s):
    def ok(name, payload, ids):
        s.ok(name, frame(payload), ids, GOSSIP)

    s.ok("canonical_order", frame(canonical(GOSSIP)), "2.1 2.2 2.3", GOSSIP)
    assert [k for k, _ in pairs()] == KEYS and raw_map(*pairs()) == canonical(GOSSIP)
    ok("reverse_order", raw_map(*reversed(pairs())), "2.4")
    ok("alphabetic_order", raw_map(*sorted(pairs())), "2.4")
    for name, value in {
        "null": b"\xf6", "true": b"\xf5", "false": b"\xf4", "zero": b"\x00",
        "uint64_max": head(0, 2**64 - 1), "negative": head(1, 0), "negative_max": head(1, 2**64 - 1),
        "empty_text": text(""), "text": text("\u00fc\u4e16\U0010ffff"), "bytes_not_utf8": b"\x42\xff\xfe",
        "empty_array": b"\x80", "empty_map": b"\xa0", "array": b"\x83\x01\xf6\x61a",
        "map_unsorted": raw_map(("b", b"\x01"), ("a", b"\x02")),
    }.items():
        ok("unknown_key_" + name, gossip(zz=value), "2.5 4.17")
    ok("unknown_key_first", raw_map(("a", b"\xf6"), *pairs()), "2.5")
    ok("unknown_empty_key", raw_map(("", b"\xf6"), *pairs()), "2.5")
    ok("unknown_key_prefix_of_a_known_one", gossip(topi=b"\x01", topics=b"\x02"), "2.5")
    ok("many_unknown_keys", gossip(**{"k%02d" % n: b"\x00" for n in range(40)}), "2.5")
    ok("unknown_key_with_a_known_field_inside", gossip(zz=raw_map(("ts", text("x")))), "2.5")
    ok("nesting_8_arrays", gossip(zz=b"\x81" * 6 + b"\x80"), "2.19")
    ok("nesting_8_maps", gossip(zz=b"\xa1\x61a" * 6 + b"\xa0"), "2.19")
    ok("nesting_8_with_a_scalar_inside", gossip(zz=b"\x81" * 7 + b"\x00"), "2.19")
    for n in (23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1):
        message = dict(GOSSIP, ts=n)
        s.ok("ts_%d" % n, frame(canonical(message)), "2.1 4.13", message)
    for n in (1, 23, 24, 255, 256, 65535, 65536):
        message = dict(GOSSIP, data=b"a" * n)
        s.ok("data_of_%d" % n, frame(canonical(message)), "2.1 4.12", message)


def malformed(s):
    def bad(name, payload, ids, **kw):
        s.bad(name, frame(payload, **kw), ids + " 2.7", closes=False, layer="cbor")

    bad("empty_payload", b"", "2.8")
    for name, value in {"array": b"\x80", "uint": b"\x00", "text": text("kind"), "null": b"\xf6",
                        "bytes": b"\x44kind", "empty_map": b"\xa0"}.items():
        bad("payload_is_" + name, value, "2.9")
    bad("no_kind", raw_map(("ts", b"\x00")), "2.9")
    bad("kind_is_uint", raw_map(("kind", b"\x01")), "2.9")
    bad("kind_is_bytes", raw_map(("kind", b"\x46gossip")), "2.9")
    bad("kind_is_null", raw_map(("kind", b"\xf6")), "2.9")
    bad("key_kind_is_bytes", raw_map((b"\x44kind", text("keep"))), "2.9 2.12")

    body = b"".join(text(k) + v for k, v in pairs())
    bad("indefinite_map", b"\xbf" + body + b"\xff", "2.10")
    bad("indefinite_text", gossip(topic=b"\x7f\x61t\xff"), "2.10")
    bad("indefinite_bytes", gossip(data=b"\x5f\xff"), "2.10")
    bad("indefinite_array_in_unknown_key", gossip(zz=b"\x9f\xff"), "2.10 2.5")
    bad("indefinite_map_in_unknown_key", gossip(zz=b"\xbf\xff"), "2.10 2.5")
    bad("break_alone", gossip(zz=b"\xff"), "2.10")

    for name, value in {"1": b"\x18\x17", "2": b"\x19\x00\xff", "4": b"\x1a\x00\x00\xff\xff",
                        "8": b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", "zero": b"\x18\x00"}.items():
        bad("long_uint_" + name, gossip(ts=value), "2.11")
    bad("long_negative", gossip(zz=b"\x38\x00"), "2.11")
    bad("long_text_length", gossip(topic=b"\x78\x01t"), "2.11")
    bad("long_bytes_length", gossip(data=b"\x58\x00"), "2.11")
    bad("long_array_length", gossip(zz=b"\x98\x00"), "2.11")
    bad("long_map_length", b"\xb8\x05" + body, "2.11")
    bad("long_key_length", raw_map((b"\x78\x02ts", b"\x00"), *pairs()[1:]), "2.11")
    bad("long_inner_map_length", gossip(zz=b"\xb8\x00"), "2.11")

    for name, key in {"uint": b"\x01", "negative": b"\x20", "bytes": b"\x41a", "array": b"\x80",
                      "null": b"\xf6", "true": b"\xf5"}.items():
        bad("key_is_" + name, raw_map(*pairs(), (key, b"\x00")), "2.12")
    bad("inner_key_is_uint", gossip(zz=raw_map((b"\x01", b"\x00"))), "2.12")

    bad("duplicate_known_key", raw_map(*pairs(), ("ts", b"\x00")), "2.13")
    bad("duplicate_adjacent", raw_map(pairs()[0], *pairs()), "2.13")
    bad("duplicate_kind", raw_map(*pairs(), ("kind", text("gossip"))), "2.13")
    bad("duplicate_unknown_key", raw_map(*pairs(), ("zz", b"\x00"), ("zz", b"\x01")), "2.13")
    bad("duplicate_unknown_key_apart", raw_map(("zz", b"\x00"), *pairs(), ("zz", b"\x00")), "2.13")
    bad("duplicate_inner_key", gossip(zz=raw_map(("a", b"\x00"), ("b", b"\x00"), ("a", b"\x00"))), "2.13")
    bad("duplicate_empty_key", raw_map(*pairs(), ("", b"\x00"), ("", b"\x00")), "2.13")
    bad("duplicate_among_many", gossip(**{"k%02d" % n: b"\x00" for n in range(40)})
        .replace(text("k17"), text("k33")), "2.13")

    for name, value in {"half": b"\xf9\x3c\x00", "single": b"\xfa" + struct.pack(">f", 1.5),
                        "double": b"\xfb" + struct.pack(">d", 1.1), "nan": b"\xf9\x7e\x00"}.items():
        bad("float_%s_in_ts" % name, gossip(ts=value), "2.14 2.1")
        bad("float_%s_in_unknown_key" % name, gossip(zz=value), "2.14 2.5")

    bad("tag_on_the_message", b"\xd9\xd9\xf7" + gossip(), "2.15")
    bad("tag_on_ts", gossip(ts=b"\xc1\x00"), "2.15")
    bad("tag_in_unknown_key", gossip(zz=b"\xc2\x41\x01"), "2.15 2.5")
    bad("tag_on_a_key", raw_map(*pairs(), (b"\xc0\x61a", b"\x00")), "2.15")

    for name, value in {"undefined": b"\xf7", "simple_0": b"\xe0", "simple_16": b"\xf0",
                        "simple_19": b"\xf3", "simple_32": b"\xf8\x20", "simple_255": b"\xf8\xff",
                        "false_in_two_bytes": b"\xf8\x14", "null_in_two_bytes": b"\xf8\x16"}.items():
        bad(name, gossip(zz=value), "2.16")
    for first in (0x1C, 0x1D, 0x1E, 0x1F, 0x3C, 0x3F, 0x5C, 0x7D, 0x9E, 0xBC, 0xDC, 0xDF, 0xFC, 0xFE):
        bad("reserved_head_%02x" % first, gossip(zz=bytes([first])), "2.26")


def texts(s):
    def bad(name, payload):
        s.bad(name, frame(payload), "2.17 2.7", closes=False, layer="cbor")

    for name, raw in {
        "lone_continuation": b"\x80", "overlong_2": b"\xc0\xaf", "overlong_3": b"\xe0\x80\xaf",
        "overlong_4": b"\xf0\x80\x80\xaf", "surrogate_low_end": b"\xed\xa0\x80",
        "surrogate_high_end": b"\xed\xbf\xbf", "over_10ffff": b"\xf4\x90\x80\x80",
        "f5": b"\xf5\x80\x80\x80", "fe": b"\xfe", "ff": b"\xff", "cut_2": b"a\xc3", "cut_3": b"\xe2\x82",
        "cut_4": b"\xf0\x9f\x98", "bad_second": b"\xc3\x28", "bad_third": b"\xe2\x82\x28",
        "bad_fourth": b"\xf0\x9f\x98\x28", "late": b"a" * 37 + b"\xff" + b"a" * 9,
    }.items():
        bad("utf8_%s_in_topic" % name, gossip(topic=text(raw)))
        bad("utf8_%s_in_unknown_value" % name, gossip(zz=text(raw)))
    bad("utf8_in_unknown_key", raw_map(*pairs(), (text(b"\xff"), b"\x00")))
    bad("utf8_in_kind", gossip(kind=text(b"gos\xffip")))
    bad("utf8_in_inner_key", gossip(zz=raw_map((text(b"\xc0\x80"), b"\x00"))))
    for name, topic in {"2_bytes": "\u0100", "3_bytes": "\u20ac", "before_surrogates": "\ud7ff",
                        "after_surrogates": "\ue000", "ffff": "\uffff", "10ffff": "\U0010ffff",
                        "bom": "\ufeff"}.items():
        message = dict(GOSSIP, topic=topic)
        s.ok("utf8_" + name, frame(canonical(message)), "2.17 4.1", message)


def shape(s):
    def bad(name, payload, ids, **kw):
        s.bad(name, frame(payload, **kw), ids + " 2.7", closes=False, layer="cbor")

    whole = gossip()
    bad("trailing_zero", whole + b"\x00", "2.18")
    bad("trailing_break", whole + b"\xff", "2.18")
    bad("trailing_map", whole + whole, "2.18")
    for cut in (1, 2, 3, 5, len(whole) // 2, len(whole) - 1):
        bad("cut_after_%d" % cut, whole[:cut], "2.26")
    bad("map_says_one_more", b"\xa6" + whole[1:], "2.26")
    bad("map_says_one_less", b"\xa4" + whole[1:], "2.18")
    bad("key_without_value", raw_map(*pairs(), ("zz", b"")), "2.26")
    for name, major in {"bytes": 2, "text": 3, "array": 4, "map": 5}.items():
        bad("huge_%s_length" % name, gossip(zz=head(major, 2**64 - 1)), "2.26")
        bad("%s_length_over_the_rest" % name, gossip(zz=head(major, 200) + b"\x00"), "2.26")
    bad("huge_map_at_top", head(5, 2**64 - 1), "2.26")
    bad("map_length_whose_double_wraps", head(5, 2**63), "2.26")

    bad("nesting_9_arrays", gossip(zz=b"\x81" * 7 + b"\x80"), "2.19")
    bad("nesting_9_maps", gossip(zz=b"\xa1\x61a" * 7 + b"\xa0"), "2.19")
    bad("nesting_9_mixed", gossip(zz=b"\x81\xa1\x61a" * 4 + b"\x00"), "2.19")
    bad("nesting_of_10000", gossip(zz=b"\x81" * 10000 + b"\x00"), "2.19")
    bad("fault_deep_inside", gossip(zz=b"\x81" * 7 + b"\xf7"), "2.16")


def told(s):
    """The same fault by flags: REQ and ACKREQ are answered, a plain EVENT is dropped and told."""
    body = gossip(ts=b"\xf7")
    s.bad("fault_in_req", frame(body, flags=REQ), "2.7 1.26", closes=False, layer="cbor")
    s.bad("fault_in_ackreq", frame(body, flags=EVENT | ACKREQ), "2.7 1.28", closes=False, layer="cbor")
    s.bad("fault_in_event", frame(body, flags=EVENT), "2.27 1.30 1.31", closes=False, layer="cbor",
          told="refused")
    s.bad("fault_in_event_with_corr_0", frame(body, flags=EVENT, corr=0), "2.27 1.30", closes=False,
          layer="cbor", told="refused")


def suite():
    s = Suite("Payload encoding: what readers accept and every fault of OAP-1 section 2.")
    legal(s)
    malformed(s)
    texts(s)
    shape(s)
    told(s)
    return s
