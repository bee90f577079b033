"""Every kind of OAP-1 sections 3 to 6: valid forms, fields missing, of the wrong type or range,
and the wrong flags."""
from .core import (ACKREQ, CORR, EVENT, MAX_FRAME, REQ, RESP, Suite, canonical, frame)
from .envelope import GOSSIP

NODE = bytes(range(32))
FEATURES = {"pq": "hybrid", "comp": ["zstd"]}
HELLO = {"kind": "hello", "features": FEATURES, "versions": [1], "max_frame": MAX_FRAME}
LIMITS = {"fps": 100000, "rps": 500, "chunk": 65536, "window": 1 << 20, "inflight": 512,
          "max_frame": MAX_FRAME}
HELLO_ACK = {"kind": "hello_ack", "node": NODE, "session": 7, "limits": LIMITS,
             "chosen": {"pq": "hybrid", "ver": 1, "comp": "zstd"}}
SUB = {"kind": "sub", "topics": ["a/*", "b/**", "c"]}
UNSUB = {"kind": "unsub", "topics": ["a/*"]}
ACK = {"kind": "ack", "ok": True, "for": CORR}
ERROR = {"kind": "error", "code": "Busy", "msg": "a queue is full"}
CODES = ["BadVersion", "BadFrame", "FrameTooLarge", "RatioCap", "QuotaExceeded", "Busy", "NotReady",
         "Unauth", "Forbidden", "NotFound", "Timeout", "Internal"]
LAGGED = {"kind": "lagged", "dropped": 3}
GAP = {"kind": "gap", "origin": NODE[:16], "epoch": 7, "first": 3, "last": 9, "count": 5}
CREDIT = {"kind": "credit", "bytes": 524288}
REFUSED = {"kind": "refused", "code": "Forbidden", "dropped": 12}
BYE = {"kind": "bye", "reason": "draining"}
WRONG = {"uint": 1, "negative": -1, "text": "x", "bytes": b"x", "array": [], "map": {}, "null": None,
         "true": True}


class Kind:
    """The rules of one kind, enough to derive its valid and invalid vectors."""

    def __init__(self, base, flags, ids, types, optional=None, to="server", state="open"):
        self.base, self.flags, self.ids, self.types = base, flags, ids, types
        self.optional = optional or {}
        self.context = {}
        if to != "server":
            self.context["to"] = to
        if state != "open":
            self.context["state"] = state
        self.name = base["kind"]

    def frame(self, fields):
        return frame(canonical(fields), flags=self.flags, corr=0 if self.flags == EVENT else CORR)

    def ok(self, s, name, fields, ids=""):
        s.ok(self.name + "_" + name, self.frame(fields), self.ids + " " + ids, fields, **self.context)

    def bad(self, s, name, fields, ids="2.21", error="BadFrame", closes=None, layer="kind"):
        first = self.context.get("state") == "first"
        closes = first if closes is None else closes
        told = "error"
        if self.context.get("to") == "client":
            told = "none"
        elif self.flags == EVENT:
            told = "refused"
        s.bad(self.name + "_" + name, self.frame(fields), self.ids + " " + ids, error, closes,
              layer=layer, told=told, **self.context)


def without(base, key):
    return {k: v for k, v in base.items() if k != key}


KINDS = [
    Kind(HELLO, REQ, "3.1 3.4", {"features": "map", "versions": "array", "max_frame": "uint"},
         {"token": "text", "window": "uint", "agent": "text", "role": "text", "node": "bytes",
          "epoch": "uint"}, state="first"),
    Kind(HELLO_ACK, RESP, "3.12", {"node": "bytes", "session": "uint", "limits": "map",
                                   "chosen": "map"}, {"agent": "text"}, to="client", state="first"),
    Kind(GOSSIP, REQ, "4.12", {"ts": "uint", "data": "bytes", "topic": "text", "fanout": "uint"}),
    Kind(SUB, REQ, "4.19", {"topics": "array"}, {"echo": "true", "group": "text",
                                                   "gaps": "true"}),
    Kind(UNSUB, REQ, "4.25", {"topics": "array"}, {"group": "text"}),
    Kind(ACK, RESP, "4.46", {"ok": "true", "for": "uint"}, {"to": "uint", "links": "uint"},
         to="client"),
    Kind(ERROR, RESP, "4.47", {"code": "text", "msg": "text"}, {"retry_after": "uint"}, to="client"),
    Kind(LAGGED, EVENT, "4.43", {"dropped": "uint"}, to="client"),
    Kind(GAP, EVENT, "4.63", {"origin": "bytes", "epoch": "uint", "first": "uint", "last": "uint",
                              "count": "uint"}, to="client"),
    Kind(REFUSED, EVENT, "1.31", {"code": "text", "dropped": "uint"}, to="client"),
    Kind(CREDIT, EVENT, "5.9", {"bytes": "uint"}),
    Kind(BYE, EVENT, "6.1", {"reason": "text"}, {"alt": "array", "after_ms": "uint"}),
]
BY_NAME = {k.name: k for k in KINDS}


def fields_missing_and_wrong(s):
    for kind in KINDS:
        kind.ok(s, "plain", kind.base)
        for key, want in kind.types.items():
            kind.bad(s, "without_" + key, without(kind.base, key), "2.20")
            for name, value in WRONG.items():
                if name != want and not (want == "text" and name == "text"):
                    kind.bad(s, "%s_is_%s" % (key, name), dict(kind.base, **{key: value}))
        for key, want in kind.optional.items():
            for name in ("null", "uint" if want != "uint" else "text", "negative"):
                kind.bad(s, "%s_is_%s" % (key, name), dict(kind.base, **{key: WRONG[name]}))


def inner(base, key, **change):
    """The base with one member of an inner map replaced, or removed when None."""
    got = {k: v for k, v in base[key].items() if k not in change}
    got.update({k: v for k, v in change.items() if v is not None})
    return dict(base, **{key: got})


def hello(s):
    k = BY_NAME["hello"]
    k.ok(s, "pq_off", inner(HELLO, "features", pq="off"))
    k.ok(s, "no_comp", inner(HELLO, "features", comp=[]), "3.28")
    k.ok(s, "other_comp", inner(HELLO, "features", comp=["br", "lz4"]), "3.28")
    k.ok(s, "several_comp", inner(HELLO, "features", comp=["br", "zstd"]), "3.28")
    k.ok(s, "several_versions", dict(HELLO, versions=[7, 2, 1]), "3.15")
    k.ok(s, "max_frame_1024", dict(HELLO, max_frame=1024), "3.17 3.18")
    k.ok(s, "max_frame_over_1_mib", dict(HELLO, max_frame=1 << 24), "3.18")
    k.ok(s, "max_frame_uint64_max", dict(HELLO, max_frame=2**64 - 1), "3.18")
    k.ok(s, "window_1", dict(HELLO, window=1), "3.6 5.3")
    k.ok(s, "window_uint64_max", dict(HELLO, window=2**64 - 1), "3.6 5.3")
    k.ok(s, "agent_empty", dict(HELLO, agent=""), "3.7")
    k.ok(s, "agent_of_64_bytes", dict(HELLO, agent="\u00e9" * 32), "3.7")
    k.ok(s, "token", dict(HELLO, token="macaroon:AgED"), "3.5")
    k.ok(s, "role_client", dict(HELLO, role="client"), "3.8")
    k.ok(s, "role_peer", dict(HELLO, role="peer", node=NODE, epoch=2**63), "3.8 3.9")
    everything = dict(HELLO, token="macaroon:AgED", window=1 << 20, agent="ron/1", role="peer",
                      node=NODE, epoch=2**64 - 1)
    k.ok(s, "all_fields", everything, "3.5 3.6 3.7 3.8 3.9")
    s.ok("hello_tenant_is_ignored", frame(canonical(HELLO), tenant=5), "3.10", HELLO, state="first")

    k.bad(s, "max_frame_1023", dict(HELLO, max_frame=1023), "3.17")
    k.bad(s, "max_frame_0", dict(HELLO, max_frame=0), "3.17")
    k.bad(s, "agent_of_65_bytes", dict(HELLO, agent="\u00e9" * 32 + "a"), "3.17 3.7")
    k.bad(s, "role_unknown", dict(HELLO, role="spy"), "3.17 3.8")
    k.bad(s, "role_empty", dict(HELLO, role=""), "3.17 3.8")
    k.bad(s, "role_case", dict(HELLO, role="Client"), "3.17 3.8")
    k.bad(s, "window_0", dict(HELLO, window=0), "5.3")
    k.bad(s, "pq_unknown", inner(HELLO, "features", pq="on"))
    k.bad(s, "pq_uint", inner(HELLO, "features", pq=1))
    k.bad(s, "pq_missing", inner(HELLO, "features", pq=None), "2.20")
    k.bad(s, "comp_missing", inner(HELLO, "features", comp=None), "2.20")
    k.bad(s, "comp_text", inner(HELLO, "features", comp="zstd"))
    k.bad(s, "comp_of_uint", inner(HELLO, "features", comp=[1]))
    k.bad(s, "versions_of_text", dict(HELLO, versions=["1"]))
    k.bad(s, "versions_of_negative", dict(HELLO, versions=[-1, 1]))
    k.bad(s, "node_of_31_bytes", dict(HELLO, role="peer", node=NODE[:31], epoch=1), "3.9")
    k.bad(s, "node_of_33_bytes", dict(HELLO, role="peer", node=NODE + b"x", epoch=1), "3.9")
    k.bad(s, "without_version_1", dict(HELLO, versions=[2]), "3.15 4.49", "BadVersion",
          layer="session")
    k.bad(s, "without_versions_at_all", dict(HELLO, versions=[]), "3.15", "BadVersion",
          layer="session")
    full = dict(HELLO, token="")
    full["token"] = "t" * (16384 - len(canonical(dict(HELLO, token="t" * 1000))) + 1000)
    assert len(canonical(full)) == 16384
    k.ok(s, "payload_of_16384", full, "3.11")
    over = dict(full, token=full["token"] + "t")
    s.bad("hello_payload_of_16385", k.frame(over), "3.11", "FrameTooLarge", layer="envelope", at=31,
          state="first")
    s.bad("hello_header_alone_of_16385", k.frame(over)[:31], "3.11", "FrameTooLarge",
          layer="envelope", at=31, state="first")


def handshake(s):
    """First frames that are no hello: one error, close."""
    def bad(name, data, ids="3.3", **kw):
        s.bad("first_frame_" + name, data, ids, layer=kw.pop("layer", "session"), state="first", **kw)

    bad("gossip_event", frame(canonical(GOSSIP), flags=EVENT, corr=0))
    bad("gossip_req", frame(canonical(GOSSIP)))
    bad("sub", frame(canonical(SUB)))
    bad("keep", frame(canonical({"kind": "keep"}), flags=EVENT, corr=0))
    bad("unknown_kind", frame(canonical({"kind": "nosuch"})))
    bad("unknown_kind_event", frame(canonical({"kind": "nosuch"}), flags=EVENT, corr=0))
    bad("hello_as_event", frame(canonical(HELLO), flags=EVENT), "3.1 3.3 2.22")
    bad("hello_as_ackreq", frame(canonical(HELLO), flags=EVENT | ACKREQ), "3.1 3.3 2.22")
    bad("hello_as_resp", frame(canonical(HELLO), flags=RESP), "3.1 3.3")
    bad("ack_resp", frame(canonical(ACK), flags=RESP))
    bad("empty_payload", frame(b""), "2.7 2.8 3.3", layer="cbor")
    bad("not_cbor", frame(b"\xff\xff"), "2.7 2.26 3.3", layer="cbor")
    s.bad("second_hello", frame(canonical(HELLO), corr=2), "3.22", layer="session")


def hello_ack(s):
    k = BY_NAME["hello_ack"]
    k.ok(s, "off", dict(HELLO_ACK, chosen={"pq": "off", "ver": 1, "comp": "off"}))
    k.ok(s, "agent", dict(HELLO_ACK, agent="svc-overlay/0.1"))
    k.ok(s, "no_limits", dict(HELLO_ACK, limits=dict(LIMITS, fps=0, rps=0, window=0, inflight=0)),
         "3.13")
    k.ok(s, "session_uint64_max", dict(HELLO_ACK, session=2**64 - 1))
    for key in LIMITS:
        k.bad(s, "limits_without_" + key, inner(HELLO_ACK, "limits", **{key: None}), "2.20")
        k.bad(s, "limits_%s_is_text" % key, inner(HELLO_ACK, "limits", **{key: "1"}))
    for key in ("pq", "ver", "comp"):
        k.bad(s, "chosen_without_" + key, inner(HELLO_ACK, "chosen", **{key: None}), "2.20")
    k.bad(s, "chosen_ver_2", inner(HELLO_ACK, "chosen", ver=2))
    k.bad(s, "chosen_pq_unknown", inner(HELLO_ACK, "chosen", pq="on"))
    k.bad(s, "chosen_comp_unknown", inner(HELLO_ACK, "chosen", comp="br"))
    k.bad(s, "node_of_31_bytes", dict(HELLO_ACK, node=NODE[:31]))


def publish(s):
    k = BY_NAME["gossip"]
    s.ok("gossip_event", frame(canonical(GOSSIP), flags=EVENT, corr=0), "4.12", GOSSIP)
    s.ok("gossip_ackreq", frame(canonical(GOSSIP), flags=EVENT | ACKREQ), "4.12 1.28", GOSSIP)
    s.ok("gossip_delivery", frame(canonical(GOSSIP), flags=EVENT, tenant=9), "4.30 4.31 4.32", GOSSIP,
         to="client")
    k.ok(s, "reply", dict(GOSSIP, reply="inbox/1"), "4.17")
    k.ok(s, "hdr", dict(GOSSIP, hdr={"trace": "00-1", "a": ""}), "4.17")
    k.ok(s, "reply_and_hdr", dict(GOSSIP, reply="r", hdr={}), "4.17")
    for mode in ("best_effort", "repair", "of_tomorrow"):
        k.ok(s, "mode_" + mode, dict(GOSSIP, mode=mode), "4.61")
    k.bad(s, "mode_uint", dict(GOSSIP, mode=1), "2.21 4.61")
    k.ok(s, "ts_and_fanout_max", dict(GOSSIP, ts=2**64 - 1, fanout=2**64 - 1), "4.13 4.14")
    k.ok(s, "topic_of_255_bytes", dict(GOSSIP, topic="t" * 255), "4.1")
    k.ok(s, "unusual_topic", dict(GOSSIP, topic="a b/\u00e9/***/a*/-"), "4.1 4.6")
    for name, reply in {"uint": 5, "no_topic": "", "pattern": "a/*", "map": {}}.items():
        s.ok("gossip_reply_%s_is_not_examined" % name, k.frame(dict(GOSSIP, reply=reply)), "4.17",
             GOSSIP)
    for name, hdr in {"uint": 5, "array": [1], "of_uint": {"a": 1}}.items():
        s.ok("gossip_hdr_%s_is_not_examined" % name, k.frame(dict(GOSSIP, hdr=hdr)), "4.17", GOSSIP)
    for name, topic in {"empty": "", "of_256_bytes": "t" * 256, "star": "a/*", "double_star": "a/**",
                        "empty_segment": "a//b", "leading_slash": "/a", "trailing_slash": "a/",
                        "nul": "a\0b", "c1_control": "a\u0085"}.items():
        k.bad(s, "topic_" + name, dict(GOSSIP, topic=topic), "2.21 4.1 4.2 4.3")


def subscribe(s):
    for name in ("sub", "unsub"):
        k = BY_NAME[name]
        ids = "4.21" if name == "sub" else "4.28"
        k.ok(s, "one", dict(k.base, topics=["t"]))
        k.ok(s, "all", dict(k.base, topics=["**"]), "4.5")
        k.ok(s, "same_twice", dict(k.base, topics=["t", "t"]), "4.23 4.27")
        k.ok(s, "group_of_1_byte", dict(k.base, group="g"))
        k.ok(s, "group_of_64_bytes", dict(k.base, group="g" * 64))
        k.bad(s, "group_empty", dict(k.base, group=""))
        k.bad(s, "group_of_65_bytes", dict(k.base, group="\u00e9" * 32 + "g"))
        k.bad(s, "empty_list", dict(k.base, topics=[]), ids)
        k.bad(s, "of_uint", dict(k.base, topics=[1]), ids)
        k.bad(s, "of_bytes", dict(k.base, topics=[b"t"]), ids)
        for bad, pattern in {"empty": "", "long": "p" * 256, "double_star_inside": "a/**/b",
                             "double_star_first": "**/a", "empty_segment": "a//b", "control": "a\n",
                             "trailing_slash": "a/"}.items():
            k.bad(s, "pattern_" + bad, dict(k.base, topics=[pattern]), ids + " 4.4 4.5")
            k.bad(s, "second_pattern_" + bad, dict(k.base, topics=["ok", pattern]), ids + " 4.20")
    k = BY_NAME["sub"]
    k.ok(s, "echo_true", dict(SUB, echo=True), "4.35")
    k.ok(s, "gaps_true", dict(SUB, gaps=True), "4.62")
    k.ok(s, "echo_false", dict(SUB, echo=False), "4.35")
    k.ok(s, "of_1024_patterns", dict(SUB, topics=["p%d" % n for n in range(1024)]), "4.22")
    k.bad(s, "of_1025_patterns", dict(SUB, topics=["p%d" % n for n in range(1025)]), "4.22 4.53",
          "QuotaExceeded", layer="session")
    s.ok("unsub_echo_is_unknown_there", BY_NAME["unsub"].frame(dict(UNSUB, echo=5)), "2.5", UNSUB)


def answers(s):
    ack = BY_NAME["ack"]
    ack.ok(s, "for_0", dict(ACK, **{"for": 0}))
    ack.ok(s, "of_gossip", dict(ACK, to=3, links=2), "4.16")
    ack.ok(s, "no_responder", dict(ACK, to=0, links=0), "4.16 4.18")
    ack.bad(s, "ok_false", dict(ACK, ok=False))
    error = BY_NAME["error"]
    for n, code in enumerate(CODES):
        error.ok(s, code, dict(ERROR, code=code), "4.%d" % (49 + n))
    error.ok(s, "retry_after", dict(ERROR, code="QuotaExceeded", retry_after=250), "5.21")
    error.ok(s, "empty_msg", dict(ERROR, msg=""))
    error.ok(s, "unknown_code", dict(ERROR, code="Teapot"), "4.48")


def events(s):
    s.ok("keep_plain", frame(canonical({"kind": "keep"}), flags=EVENT, corr=0), "3.33",
         {"kind": "keep"})
    s.ok("keep_with_unknown_key", frame(canonical({"kind": "keep", "x": None}), flags=EVENT, corr=0),
         "3.33 2.5", {"kind": "keep"})
    for name, key in (("credit", "bytes"), ("lagged", "dropped"), ("refused", "dropped")):
        k = BY_NAME[name]
        k.ok(s, "0", dict(k.base, **{key: 0}))
        k.ok(s, "uint64_max", dict(k.base, **{key: 2**64 - 1}))
    gap = BY_NAME["gap"]
    gap.ok(s, "of_all", dict(GAP, count=7))
    gap.ok(s, "at_the_end", dict(GAP, first=2**64 - 1, last=2**64 - 1, count=1))
    for name, wrong in {"count_0": {"count": 0}, "count_too_many": {"count": 8}, "first_0": {"first": 0},
                        "last_first": {"first": 10}, "origin_short": {"origin": NODE[:15]}}.items():
        gap.bad(s, name, dict(GAP, **wrong))
    for code in CODES:
        BY_NAME["refused"].ok(s, code, dict(REFUSED, code=code))
    bye = BY_NAME["bye"]
    bye.ok(s, "alt", dict(BYE, alt=["oap+tls://a:9443", "oap+tls://b:9443"]))
    bye.ok(s, "alt_empty", dict(BYE, alt=[]))
    bye.ok(s, "after_ms", dict(BYE, after_ms=5000))
    bye.ok(s, "all_fields", dict(BYE, alt=["x"], after_ms=0))
    bye.bad(s, "alt_of_uint", dict(BYE, alt=[1]))


def flags(s):
    """Known kinds with the wrong flags, unknown kinds with every flag."""
    keep = {"kind": "keep"}
    plain_events = [("keep", keep), ("credit", CREDIT), ("lagged", LAGGED), ("gap", GAP), ("refused", REFUSED),
                    ("bye", BYE)]
    for name, message in plain_events:
        s.bad(name + "_as_req", frame(canonical(message)), "2.22 2.25", closes=False, layer="kind")
        s.bad(name + "_with_ackreq", frame(canonical(message), flags=EVENT | ACKREQ), "2.22 2.25",
              closes=False, layer="kind")
    for name, message in (("sub", SUB), ("unsub", UNSUB)):
        s.bad(name + "_with_ackreq", frame(canonical(message), flags=EVENT | ACKREQ), "2.22",
              closes=False, layer="kind")
        s.bad(name + "_as_event", frame(canonical(message), flags=EVENT), "2.22 2.27", closes=False,
              layer="kind", told="refused")
    for name, message in (("ack", ACK), ("error", ERROR), ("hello_ack", HELLO_ACK)):
        s.bad(name + "_as_req", frame(canonical(message)), "2.22", closes=False, layer="kind")
        s.bad(name + "_with_ackreq", frame(canonical(message), flags=EVENT | ACKREQ), "2.22",
              closes=False, layer="kind")
        s.bad(name + "_as_event", frame(canonical(message), flags=EVENT), "2.22 2.27", closes=False,
              layer="kind", told="refused")
    for kind in ("nosuch", "", "Gossip", "gossi", "gossip ", "\u00e9"):
        label = kind.encode().hex() or "empty"
        data = canonical({"kind": kind})
        s.bad("unknown_kind_%s_req" % label, frame(data), "2.23", closes=False, layer="kind")
        s.bad("unknown_kind_%s_ackreq" % label, frame(data, flags=EVENT | ACKREQ), "2.23",
              closes=False, layer="kind")
        s.add("unknown_kind_%s_event" % label, frame(data, flags=EVENT, corr=0), "2.24",
              {"ignored": True})
    s.add("resp_that_answers_nothing", frame(canonical(ACK), flags=RESP, corr=99), "1.25",
          {"ignored": True})


def suite():
    s = Suite("Every kind of OAP-1 sections 3 to 6: fields, ranges, flags, error codes.")
    fields_missing_and_wrong(s)
    hello(s)
    handshake(s)
    hello_ack(s)
    publish(s)
    subscribe(s)
    answers(s)
    events(s)
    flags(s)
    return s
