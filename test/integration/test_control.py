"""Control requests over the Unix socket (docs/control.md), asked by hand."""
import json
import unittest

import oap
from case import NodeCase, numbered
from node import Node
from wait import until


def control(op, **args):
    message = {"kind": "control", "op": op}
    if args:
        message["args"] = args
    return message


class Control(NodeCase):
    UDS = True
    SECONDS = 3
    CONFIG = {"overlay.shards": 2}

    def ask(self, op, session=None, **args):
        session = session or self.keep(self.node.uds_session())
        answer = session.request(control(op, **args))
        self.assertEqual(answer["kind"], "control_ok", answer)
        return json.loads(answer["body"])

    def refused(self, code, op, **args):
        answer = self.keep(self.node.uds_session()).request(control(op, **args))
        self.assertEqual((answer["kind"], answer.get("code")), ("error", code), answer)
        return answer["msg"]

    def test_not_over_the_network(self):
        session = self.session()
        for message in (control("status"), control("drain"),
                        {"kind": "sub", "tap": True, "topics": ["**"]}):
            self.assertEqual(session.request(message)["code"], "Forbidden")
        self.assertEqual(self.node.http("/readyz")[0], 200)
        self.moved(unauth=3)

    def test_faults_name_what_is_wrong(self):
        self.refused("NotFound", "dance")
        self.assertIn("limit", self.refused("BadFrame", "sessions", limit="many"))
        self.assertIn("order", self.refused("BadFrame", "sessions", order="size"))
        self.assertIn("wrong", self.refused("BadFrame", "status", wrong="x"))
        self.assertIn("level", self.refused("BadFrame", "log-level", level="loud"))
        self.assertIn("deadline", self.refused("BadFrame", "drain", deadline="1 year"))
        session = self.keep(self.node.uds_session())
        for broken in ({"kind": "control"}, {"kind": "control", "op": 7},
                       {"kind": "control", "op": "status", "args": ["x"]},
                       {"kind": "control", "op": "status", "args": {"x": 1}}):
            self.assertEqual(session.request(broken)["code"], "BadFrame")
        self.assertEqual(self.node.http("/readyz")[0], 200)

    def test_status_counts(self):
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        before = self.ask("status")["totals"]
        writer.raw(numbered(topic, 100, 200))
        writer.publish(topic)
        after = self.ask("status")
        self.assertEqual(after["totals"]["published"] - before["published"], 101)
        self.assertEqual(after["totals"]["delivered"] - before["delivered"], 101)
        self.assertEqual(after["totals"]["subscriptions"], 1)
        self.assertTrue(after["ready"])
        self.assertEqual(after["shards"], 2)

    def test_sessions_and_topics(self):
        reader = self.session(agent="reader/1", window=1)
        writer, topic = self.session(agent="writer/1"), self.topic()
        reader.subscribe(topic)
        reader.subscribe(topic, group="g")
        writer.raw(numbered(topic, 50, 1000))
        writer.publish(topic)
        rows = {}

        def shown():
            rows.update((s["agent"], s) for s in self.ask("sessions")["sessions"])
            return "reader/1" in rows and rows["writer/1"]["published"]["frames"] == 51
        until(shown, 3, lambda: rows)
        self.assertGreater(rows["reader/1"]["queued"]["frames"], 0)
        self.assertEqual(rows["reader/1"]["subscriptions"], 2)
        first = self.ask("sessions", limit="1", order="published")["sessions"]
        self.assertEqual([s["agent"] for s in first], ["writer/1"])
        topics = self.ask("topics")
        self.assertIn((topic, 1), [(p["pattern"], p["sessions"]) for p in topics["patterns"]])
        seen = [t for t in topics["topics"] if t["topic"] == topic]
        self.assertEqual(seen[0]["published"]["frames"] % 51, 0)
        queues = self.ask("queues")
        self.assertGreater(queues["egress"]["frames"], 0)
        self.assertEqual(queues["sessions"][0]["agent"], "reader/1")
        for page in ("/sessionz", "/topicz", "/configz", "/meshz"):
            status, _, body = self.node.http(page)
            self.assertEqual(status, 200)
            self.assertIsInstance(json.loads(body), dict)

    def test_a_tap_changes_nothing(self):
        tap = self.keep(self.node.uds_session())
        self.assertEqual(tap.request({"kind": "sub", "tap": True, "topics": ["**"]})["kind"], "ack")
        writer, topic = self.session(), self.topic()
        self.assertEqual(writer.publish(topic, b"seen")["to"], 0)
        self.assertEqual(tap.gossip().msg["data"], b"seen")

    def test_log_level(self):
        before = len(self.node.events("control"))
        self.assertEqual(self.ask("log-level"), {"level": "info"})
        self.assertEqual(self.ask("log-level", level="debug"), {"level": "debug"})
        self.session().close()
        until(lambda: self.node.events("session_opened"), 3, "debug events are logged")
        self.assertEqual(self.ask("log-level", level="info"), {"level": "info"})
        until(lambda: len(self.node.events("control")) >= before + 2, 3, "both changes are logged")
        told = [e["op"] for e in self.node.events("control")][before:]
        self.assertEqual(told, ["log-level"] * 2, "asking is not logged, changing is")

    def test_many_at_once(self):
        session = self.keep(self.node.uds_session())
        corrs = []
        for _ in range(200):
            corr = session.next_corr()
            session.send(control("sessions"), oap.REQ, corr=corr)
            corrs.append(corr)
        kinds = {session.answer(corr).msg.get("code", "ok") for corr in corrs}
        self.assertLessEqual(kinds, {"ok", "Busy", "QuotaExceeded"})
        self.assertIn("ok", kinds)


class ControlledEnd(unittest.TestCase):
    def test_reload_during_a_drain(self):
        node = Node(uds=True).start()
        self.addCleanup(node.discard)
        session, stuck = node.uds_session(), node.session(window=1)
        stuck.subscribe("t")
        for _ in range(3):
            session.publish("t", bytes(1000))       # of which the window lets one out
        session.request(control("drain", deadline="3s"))
        until(lambda: node.events("draining"), 2, "the drain has begun")
        answer = session.request(control("reload"))
        self.assertEqual((answer["kind"], answer["code"]), ("error", "NotReady"))
        self.assertEqual(node.events("reloading"), [])
        stuck.close()
        session.close()
        self.assertEqual(node.wait_exit(6), 0)

    def test_drain(self):
        node = Node(uds=True).start()
        self.addCleanup(node.discard)
        session, other = node.uds_session(), node.session()
        answer = session.request(control("drain", deadline="2s"))
        self.assertEqual(json.loads(answer["body"]), {"draining": True, "deadline_ms": 2000})
        frames, how = other.wait_closed(6)
        self.assertEqual((how, frames[0].kind), ("fin", "bye"))
        session.close()
        self.assertEqual(node.wait_exit(6), 0)


if __name__ == "__main__":
    unittest.main()
