"""The messages between nodes (OAP-1 section 9): valid forms, fields missing, of the wrong type or
range, and the wrong flags."""
from .core import ACKREQ, CORR, EVENT, MAX_FRAME, REQ, RESP, Suite, canonical, frame, text
from .envelope import GOSSIP
from .kinds import NODE, WRONG, Kind, without

PEER_FRAME = MAX_FRAME + 4096  # OAP-9.5
ORIGIN = NODE[:16]
TENANT = bytes(range(16, 32))
RANGE = [ORIGIN, 2**56 + 7, 1, 5]
SET = {"tenant": bytes(16), "topics": ["a/*", "b/**", "c"]}
PEER = {"addr": "oap+tls://node.example:9443", "node": NODE}

RELAY = {"seq": 1, "kind": "relay", "epoch": 2**56 + 7, "origin": ORIGIN,
         "message": canonical(GOSSIP)}
STATEMENT = {"key": bytes(44), "sig": bytes(64), "kind": "origin", "epoch": 2**56 + 7}
IDS = {"ids": [RANGE]}
INTEREST = {"add": [SET], "seq": 1, "kind": "interest", "digest": bytes(16), "remove": []}
LINK = {"kind": "link", "prio": False}
PEERS = {"add": [PEER], "kind": "peers"}
BUSY = {"kind": "error", "code": "Busy", "msg": "no room", "peers": [PEER]}

TRACED = {"seq": 1, "back": 1500, "from": NODE, "kind": "traced", "node": NODE, "epoch": 2**56 + 7,
          "origin": ORIGIN}

KINDS = [
    Kind(RELAY, EVENT, "9.26", {"seq": "uint", "epoch": "uint", "origin": "bytes",
                                "message": "bytes"}),
    Kind(STATEMENT, EVENT, "9.27", {"key": "bytes", "sig": "bytes", "epoch": "uint"}),
    Kind(dict(IDS, kind="ihave"), EVENT, "9.28", {"ids": "array"}),
    Kind(dict(IDS, kind="iwant"), EVENT, "9.28", {"ids": "array"}),
    Kind(dict(IDS, kind="idontwant"), EVENT, "9.28", {"ids": "array"}),
    Kind({"kind": "graft"}, EVENT, "9.29", {}, {"topic": "text", "origin": "bytes"}),
    Kind({"kind": "prune"}, EVENT, "9.29", {}, {"topic": "text", "origin": "bytes"}),
    Kind(INTEREST, EVENT, "9.30", {"add": "array", "seq": "uint", "digest": "bytes",
                                   "remove": "array"}),
    Kind({"kind": "interest_all"}, EVENT, "9.31", {}),
    Kind(LINK, REQ, "9.32", {"prio": "true"}, {"addr": "text", "leaf": "true"}),
    Kind({"kind": "unlink"}, EVENT, "9.33", {}),
    Kind(PEERS, EVENT, "9.34", {"add": "array"}),
    Kind({"kind": "ping"}, REQ, "9.35", {}),
    Kind(TRACED, EVENT, "9.85", {"seq": "uint", "back": "uint", "from": "bytes", "node": "bytes",
                                 "epoch": "uint", "origin": "bytes"}),
]
BY_NAME = {k.name: k for k in KINDS}


def fields_missing_and_wrong(s):
    for kind in KINDS:
        kind.ok(s, "plain", kind.base)
        for key, want in kind.types.items():
            kind.bad(s, "without_" + key, without(kind.base, key), "2.20")
            for name, value in WRONG.items():
                if name != want:
                    kind.bad(s, "%s_is_%s" % (key, name), dict(kind.base, **{key: value}))
        for key, want in kind.optional.items():
            for name in ("null", "uint", "negative"):
                kind.bad(s, "%s_is_%s" % (key, name), dict(kind.base, **{key: WRONG[name]}))


def relay(s):
    k = BY_NAME["relay"]
    k.ok(s, "numbers_max", dict(RELAY, seq=2**64 - 1, epoch=2**64 - 1))
    k.ok(s, "message_of_1_byte", dict(RELAY, message=b"\xa0"), "9.37")
    k.ok(s, "message_of_1_mib", dict(RELAY, message=bytes(MAX_FRAME)), "9.37 9.5")
    s.ok("relay_of_a_tenant", frame(canonical(RELAY), flags=EVENT, corr=CORR, tenant=9), "9.46",
         RELAY)
    s.ok("relay_with_sig", frame(canonical(dict(RELAY, sig=bytes(64))), flags=EVENT, corr=0), "2.5",
         RELAY)
    k.ok(s, "of_a_probe", dict(RELAY, trace=True), "9.84")
    k.bad(s, "trace_is_uint", dict(RELAY, trace=1), "9.84")
    k.bad(s, "seq_0", dict(RELAY, seq=0), "9.36")
    k.bad(s, "origin_of_15_bytes", dict(RELAY, origin=ORIGIN[:15]))
    k.bad(s, "origin_of_17_bytes", dict(RELAY, origin=NODE[:17]))
    k.bad(s, "message_empty", dict(RELAY, message=b""), "9.37")
    k.bad(s, "message_of_1_mib_and_1", dict(RELAY, message=bytes(MAX_FRAME + 1)), "9.37")
    k.bad(s, "message_not_last", dict(RELAY, unknown=1), "9.38")
    pairs = [(key, canonical(RELAY[key])) for key in ("message", "seq", "kind", "epoch", "origin")]
    body = b"".join(text(key) + value for key, value in pairs)
    s.bad("relay_message_first", frame(b"\xa5" + body, flags=EVENT, corr=0), "9.38", closes=False,
          layer="kind", told="refused", max_frame=PEER_FRAME)
    turned = b"".join(text(key) + value for key, value in pairs[:0:-1] + pairs[:1])
    s.ok("relay_keys_turned", frame(b"\xa5" + turned, flags=EVENT, corr=0), "2.4 9.38", RELAY,
         max_frame=PEER_FRAME)


def statement(s):
    k = BY_NAME["origin"]
    k.ok(s, "sizes_max", dict(STATEMENT, key=bytes(4096), sig=bytes(8192)), "9.39")
    k.bad(s, "key_empty", dict(STATEMENT, key=b""), "9.39")
    k.bad(s, "sig_empty", dict(STATEMENT, sig=b""), "9.39")
    k.bad(s, "key_of_4097_bytes", dict(STATEMENT, key=bytes(4097)), "9.39")
    k.bad(s, "sig_of_8193_bytes", dict(STATEMENT, sig=bytes(8193)), "9.39")


def ids(s):
    k = BY_NAME["ihave"]
    many = [[ORIGIN, 0, n, n] for n in range(1, 514)]
    k.ok(s, "none", dict(k.base, ids=[]), "9.40")
    k.ok(s, "of_512", dict(k.base, ids=many[:512]), "9.40")
    k.bad(s, "of_513", dict(k.base, ids=many), "9.40")
    k.ok(s, "check", dict(k.base, ids=[RANGE + [2**64 - 1]]), "9.54")
    k.ok(s, "check_0", dict(k.base, ids=[RANGE + [0]]), "9.54")
    k.ok(s, "of_65536_messages", dict(k.base, ids=[[ORIGIN, 0, 1, 65536]]), "9.40")
    k.ok(s, "last_uint64_max", dict(k.base, ids=[[ORIGIN, 0, 2**64 - 1, 2**64 - 1]]), "9.40")
    for label, entry in {"of_65537_messages": [ORIGIN, 0, 1, 65537], "first_0": [ORIGIN, 0, 0, 1],
                         "last_before_first": [ORIGIN, 0, 2, 1], "of_3": RANGE[:3],
                         "of_6": RANGE + [1, 1], "origin_of_32_bytes": [NODE, 0, 1, 1],
                         "origin_is_text": ["o", 0, 1, 1], "epoch_is_text": [ORIGIN, "0", 1, 1],
                         "first_is_bool": [ORIGIN, 0, True, 1], "last_is_negative": [ORIGIN, 0, 1, -2],
                         "check_is_bytes": RANGE + [bytes(8)], "entry_is_map": {},
                         "entry_is_uint": 1}.items():
        k.bad(s, label, dict(k.base, ids=[RANGE, entry]), "9.40")


def trees(s):
    for name in ("graft", "prune"):
        k = BY_NAME[name]
        k.ok(s, "of_an_origin", dict(k.base, origin=ORIGIN), "9.49")
        k.ok(s, "of_a_topic", dict(k.base, topic="a/b"), "9.50")
        k.ok(s, "all_fields", dict(k.base, topic="a/b", origin=ORIGIN, tenant=TENANT), "9.50")
        k.bad(s, "of_a_pattern", dict(k.base, topic="a/*"), "9.41")
        k.bad(s, "origin_of_32_bytes", dict(k.base, origin=NODE))
        k.bad(s, "tenant_of_8_bytes", dict(k.base, topic="a", tenant=bytes(8)))
        k.bad(s, "tenant_without_topic", dict(k.base, tenant=TENANT), "9.41")


def interest(s):
    k = BY_NAME["interest"]
    k.ok(s, "nothing", dict(INTEREST, add=[]))
    k.ok(s, "both", dict(INTEREST, seq=7, remove=[dict(SET, tenant=TENANT, topics=["**"])]), "9.57")
    many = ["p%d" % n for n in range(1024)]
    k.ok(s, "of_1024_patterns", dict(INTEREST, add=[dict(SET, topics=many)]), "9.42")
    k.bad(s, "of_1025_patterns", dict(INTEREST, add=[dict(SET, topics=many)],
                                      remove=[dict(SET, topics=["x"])]), "9.42")
    k.bad(s, "seq_0", dict(INTEREST, seq=0), "9.36")
    k.bad(s, "digest_of_32_bytes", dict(INTEREST, digest=bytes(32)))
    for key in ("add", "remove"):
        for label, entry in {"set_is_uint": 1, "set_is_list": [], "without_tenant": {"topics": ["a"]},
                             "without_topics": {"tenant": TENANT},
                             "tenant_of_15_bytes": dict(SET, tenant=TENANT[:15]),
                             "no_patterns": dict(SET, topics=[]), "topics_is_text": dict(SET, topics="a"),
                             "broken_pattern": dict(SET, topics=["a", "a//b"]),
                             "pattern_is_bytes": dict(SET, topics=[b"a"])}.items():
            k.bad(s, "%s_%s" % (key, label), dict(INTEREST, **{key: [entry]}), "9.42")


def links(s):
    k = BY_NAME["link"]
    k.ok(s, "prio", dict(LINK, prio=True), "9.66")
    k.ok(s, "all_fields", dict(LINK, prio=True, leaf=True, addr=PEER["addr"]), "9.67 9.68")
    k.ok(s, "addr_of_255_bytes", dict(LINK, addr="a" * 255), "9.43")
    addrs = {"empty": "", "of_256_bytes": "a" * 256, "control": "a\nb", "c1_control": "a\u0085"}
    for label, addr in addrs.items():
        k.bad(s, "addr_" + label, dict(LINK, addr=addr), "9.43")
    peers = BY_NAME["peers"]
    busy = Kind(BUSY, RESP, "9.65 4.47", {}, to="client")
    for kind, key in ((peers, "add"), (busy, "peers")):
        name = "busy_" if key == "peers" else ""
        kind.ok(s, name + "none", dict(kind.base, **{key: []}))
        kind.ok(s, name + "of_32", dict(kind.base, **{key: [PEER] * 32}), "9.44")
        kind.bad(s, name + "of_33", dict(kind.base, **{key: [PEER] * 33}), "9.44")
        for label, entry in {"is_uint": 1, "is_list": [], "without_addr": without(PEER, "addr"),
                             "without_node": without(PEER, "node"),
                             "node_of_31_bytes": dict(PEER, node=NODE[:31]),
                             "addr_is_bytes": dict(PEER, addr=b"a"),
                             "addr_empty": dict(PEER, addr="")}.items():
            kind.bad(s, name + "entry_" + label, dict(kind.base, **{key: [PEER, entry]}), "9.43")
    busy.ok(s, "busy_peers", BUSY)
    busy.bad(s, "busy_peers_is_map", dict(BUSY, peers={}))


def flags(s):
    for kind in KINDS:
        data = canonical(kind.base)
        if kind.flags == REQ:
            s.bad(kind.name + "_as_event", frame(data, flags=EVENT, corr=0), "9.25 2.22 2.27",
                  closes=False, layer="kind", told="refused", max_frame=PEER_FRAME)
        else:
            s.bad(kind.name + "_as_req", frame(data), "9.25 2.22", closes=False, layer="kind",
                  max_frame=PEER_FRAME)
        s.bad(kind.name + "_with_ackreq", frame(data, flags=EVENT | ACKREQ), "9.25 2.22",
              closes=False, layer="kind", max_frame=PEER_FRAME)
        s.bad(kind.name + "_as_resp", frame(data, flags=RESP), "9.25 2.22", closes=False,
              layer="kind", told="none", max_frame=PEER_FRAME)


def suite():
    for kind in KINDS:
        kind.context["max_frame"] = PEER_FRAME
    s = Suite("The messages between nodes, OAP-1 section 9: fields, ranges, flags.")
    fields_missing_and_wrong(s)
    relay(s)
    statement(s)
    ids(s)
    trees(s)
    interest(s)
    links(s)
    flags(s)
    return s
