"""Publish and subscribe as section 4 says: patterns, echo, groups, tenants, order, acks."""
import time
import unittest

import oap
from case import NodeCase, numbered
from wait import Deadline

MATCHES = (  # pattern, topics it matches, topics it does not; OAP-4.1 to OAP-4.8
    ("a/b", ("a/b",), ("a", "a/b/c", "A/b", "a/B", "a/bb")),
    ("a/*", ("a/b", "a/*b", "a/ "), ("a", "a/b/c", "b/a")),
    ("*", ("a", "\u00e4", "***"), ("a/b",)),
    ("*/b", ("a/b",), ("b", "a/c", "a/b/b")),
    ("a/*/c", ("a/b/c",), ("a/c", "a/b/b/c")),
    ("a/**", ("a/b", "a/b/c", "a/b/c/d"), ("a", "b/a")),
    ("**", ("a", "a/b", "a/b/c/d/e"), ()),
    ("*/**", ("a/b", "a/b/c"), ("a",)),
    ("*/*/**", ("a/b/c",), ("a/b", "a")),
    ("a*", ("a*",), ("ab", "a", "a/b")),
    ("***", ("***",), ("a", "a/b/c")),
    ("a/**b", ("a/**b",), ("a/xb", "a/b")),
)
NO_TOPIC = ("", "/", "a/", "/a", "a//b", "*", "**", "a/*", "a/**", "a/*/b", "x" * 256, "a\x00b",
            "a\x1f", "a\x7f", "a\u0080b", "a\u009fb", "\u00e4" * 128)
NO_PATTERN = ("", "/", "a/", "/a", "a//b", "**/a", "a/**/b", "x" * 256, "a\nb", "a/\u0085",
              "*/" * 3)


class Matching(NodeCase):
    SECONDS = 2

    def test_patterns(self):  # OAP-4.3 to OAP-4.8
        writer = self.session()
        for pattern, yes, no in MATCHES:
            with self.subTest(pattern), self.node.session() as reader:
                reader.subscribe(pattern)
                for topic in yes:
                    self.assertEqual(writer.publish(topic)["to"], 1, topic)
                    self.assertEqual(reader.gossip().msg["topic"], topic)
                for topic in no:
                    self.assertEqual(writer.publish(topic)["to"], 0, topic)

    def test_no_topics(self):  # OAP-4.1, OAP-4.2, OAP-4.3
        session = self.session()
        for topic in NO_TOPIC:
            with self.subTest(topic):
                answer = session.request(oap.gossip(topic), oap.EVENT | oap.ACKREQ)
                self.is_error(answer, "BadFrame")
        self.alive_session(session)
        self.moved(proto=len(NO_TOPIC))

    def test_no_patterns(self):  # OAP-4.4, OAP-4.20, OAP-4.21, OAP-4.28
        session, writer = self.session(), self.session()
        session.subscribe("kept")
        for pattern in NO_PATTERN:
            with self.subTest(pattern):
                self.is_error(session.request(oap.sub("good/topic", pattern)), "BadFrame")
                self.is_error(session.request(oap.unsub("kept", pattern)), "BadFrame")
        self.assertEqual(writer.publish("good/topic")["to"], 0, "all or nothing")
        self.assertEqual(writer.publish("kept")["to"], 1, "all or nothing")

    def test_longest_and_strangest(self):  # OAP-4.1
        reader, writer = self.session(), self.session()
        for topic in ("x" * 255, "/".join("x" * 128), "\u00e4" * 127, "a b", "\U0001f600/\u00a0", "a/**b*"):
            with self.subTest(topic):
                reader.subscribe(topic)
                self.assertEqual(writer.publish(topic)["to"], 1)

    def test_malformed_sub(self):  # OAP-4.19, OAP-4.21, OAP-2.20, OAP-2.21
        session = self.session()
        for message in ({"kind": "sub"}, {"kind": "unsub"}, oap.sub(), oap.unsub(),
                        {"kind": "sub", "topics": "a"}, {"kind": "sub", "topics": [1]},
                        {"kind": "sub", "topics": [b"a"]}, {"kind": "sub", "topics": {"a": 1}},
                        oap.sub("a", echo=1), oap.sub("a", echo="yes"), oap.sub("a", group=""),
                        oap.sub("a", group="g" * 65), oap.sub("a", group=b"g"),
                        oap.unsub("a", group=""), oap.unsub("a", group=7)):
            with self.subTest(message):
                self.is_error(session.request(message), "BadFrame")
        session.subscribe("a", group="g" * 64)


class Delivery(NodeCase):
    SECONDS = 2

    def test_frame(self):  # OAP-4.30, OAP-4.31, OAP-4.32
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic, tenant=5)
        payload = oap.cbor(oap.gossip(topic, b"\0\xff", hdr={"k": "v"}, reply="r", extra=[None]))
        for flags, corr in ((oap.EVENT, 0), (oap.EVENT, 44), (oap.EVENT | oap.ACKREQ, 45), (oap.REQ, 46)):
            writer.raw(oap.envelope(payload, flags, 5, corr))
            frame = reader.gossip()
            self.assertEqual((frame.flags, frame.tenant, frame.corr, frame.payload),
                             (oap.EVENT, 5, corr, payload))

    def test_ack_counts_sessions(self):  # OAP-4.15, OAP-4.16, OAP-4.46
        writer, topic = self.session(), self.topic()
        for count in range(4):
            answer = writer.publish(topic)
            self.assertEqual(set(answer), {"kind", "ok", "for", "to", "links"})
            self.assertEqual((answer["to"], answer["links"]), (count, 0))
            self.session().subscribe(topic, topic.replace("t", "*"))

    def test_one_copy(self):  # OAP-4.34
        reader, writer = self.session(), self.session()
        reader.subscribe("o/a", "o/*", "o/**", "**", "*/a")
        reader.subscribe("o/a", group="g")
        reader.subscribe("o/**", group="h")
        self.assertEqual(writer.publish("o/a", b"1")["to"], 1)
        self.assertEqual(len(reader.drain(0.1)), 1)

    def test_echo(self):  # OAP-4.35, OAP-4.23
        session, topic = self.session(), self.topic()
        session.subscribe(topic)
        self.assertEqual(session.publish(topic)["to"], 0)
        session.subscribe(topic, echo=True)
        self.assertEqual(session.publish(topic)["to"], 1)
        self.assertEqual(len(session.drain(0.1)), 1)
        session.subscribe(topic, echo=False)
        self.assertEqual(session.publish(topic)["to"], 0)
        session.subscribe("**", echo=True)
        self.assertEqual(session.publish(topic)["to"], 1, "one matching sub that asks is enough")
        self.assertEqual(len(session.drain(0.1)), 1)

    def test_unsub(self):  # OAP-4.25, OAP-4.26, OAP-4.27, OAP-4.29
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        reader.subscribe(topic, group="g")
        reader.ok(oap.unsub(topic, "never/subscribed"))
        self.assertEqual(writer.publish(topic)["to"], 1, "the group subscription stands")
        reader.ok(oap.unsub(topic, group="other"))
        self.assertEqual(writer.publish(topic)["to"], 1)
        reader.ok(oap.unsub(topic, group="g"))
        self.assertEqual(writer.publish(topic)["to"], 0)
        self.assertEqual(len(reader.drain(0.1)), 2)

    def test_nothing_after_the_ack_of_unsub(self):  # OAP-4.29
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        for i in range(30):
            writer.raw(numbered(topic, 20))
            reader.ok(oap.unsub(topic))
            writer.publish(topic)
            reader.drain(0.0005)
            writer.publish("mark")
            self.assertEqual(reader.drain(0.02), [], f"round {i}")
            reader.subscribe(topic)
            while reader.drain(0.01):
                pass

    def test_everything_after_the_ack_of_sub(self):  # OAP-4.24
        """On every shard: many publishers, each sure to reach a subscription just acknowledged."""
        writers = [self.session() for _ in range(8)]
        for i in range(10):
            with self.node.session() as reader:
                reader.subscribe(f"now/{i}")
                for writer in writers:
                    self.assertEqual(writer.publish(f"now/{i}")["to"], 1)

    def test_order(self):  # OAP-4.41
        readers = [self.session() for _ in range(4)]
        writers = [self.session() for _ in range(3)]
        for reader in readers:
            reader.subscribe("ord/**")
        for start in range(0, 900, 30):
            for w, writer in enumerate(writers):
                for t in range(3):
                    writer.raw(numbered(f"ord/{w}/{t}", 30, 40, start))
        for reader in readers:
            due = {}
            for frame in reader.drain(0.5):
                topic, index = frame.msg["topic"], int.from_bytes(frame.msg["data"][:8], "big")
                self.assertEqual(index, due.get(topic, 0), topic)
                due[topic] = index + 1
            self.assertEqual(set(due.values()), {900})
            self.assertEqual(len(due), 9)

    def test_request_reply(self):  # OAP-4.17, OAP-4.18
        asker, answerer, topic = self.session(), self.session(), self.topic()
        inbox = self.topic("inbox")
        asker.subscribe(inbox)
        answer = asker.publish(topic, b"?", reply=inbox)
        self.assertEqual((answer["to"], answer["links"]), (0, 0), "no responder")
        answerer.subscribe(topic)
        self.assertEqual(asker.publish(topic, b"?", reply=inbox)["to"], 1)
        asked = answerer.gossip()
        self.assertEqual(answerer.publish(asked.msg["reply"], b"!")["to"], 1)
        self.assertEqual(asker.gossip().msg["data"], b"!")

    def test_equal_messages_are_two(self):  # OAP-4.42
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        writer.raw(oap.encode(oap.gossip(topic, b"same")) * 50)
        self.assertEqual(len(reader.drain(0.2)), 50)

    def test_mixed_sizes(self):  # OAP-4.30
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        sizes = [0, 1, 23, 24, 255, 256, 511, 4096, 65_535, 65_536, 300_000, 7]
        for size in sizes:
            writer.send(oap.gossip(topic, bytes(size)))
        self.assertEqual([len(reader.gossip().msg["data"]) for _ in sizes], sizes)


class Tenants(NodeCase):
    def test_tenants_never_meet(self):  # OAP-4.7, OAP-4.11
        ids = (0, 1, 2, 1 << 64, (1 << 128) - 1)
        readers, writer = {t: self.session() for t in ids}, self.session()
        for tenant, reader in readers.items():
            reader.subscribe("t/**", "**", "t/x", tenant=tenant)
        for tenant in ids:
            self.assertEqual(writer.publish("t/x", str(tenant).encode(), tenant)["to"], 1)
        self.assertEqual(writer.publish("t/x", b"", tenant=77)["to"], 0)
        for tenant, reader in readers.items():
            frames = reader.drain(0.1)
            self.assertEqual([(f.tenant, f.msg["data"]) for f in frames],
                             [(tenant, str(tenant).encode())])

    def test_one_session_in_two_tenants(self):  # OAP-4.7
        session, writer = self.session(), self.session()
        session.subscribe("t", tenant=1)
        session.subscribe("t", tenant=2)
        session.ok(oap.unsub("t", ), tenant=1)
        self.assertEqual(writer.publish("t", tenant=1)["to"], 0)
        self.assertEqual(writer.publish("t", tenant=2)["to"], 1)

    def test_groups_of_two_tenants(self):  # OAP-4.36
        one, two, writer = self.session(), self.session(), self.session()
        one.subscribe("t", tenant=1, group="g")
        two.subscribe("t", tenant=2, group="g")
        for tenant in (1, 2):
            self.assertEqual(writer.publish("t", tenant=tenant)["to"], 1)
        self.assertEqual(len(one.drain(0.1)), 1)
        self.assertEqual(len(two.drain(0.1)), 1)


class Groups(NodeCase):
    SECONDS = 4

    def test_each_message_to_one_member(self):  # OAP-4.36
        members = [self.session() for _ in range(4)]
        plain, writer, topic = self.session(), self.session(), self.topic()
        for member in members:
            member.subscribe(topic, group="work")
        plain.subscribe(topic)
        self.assertEqual(writer.publish(topic, bytes(8))["to"], 2)
        writer.raw(numbered(topic, 999, start=1))
        seen = []
        for member in members:
            mine = [int.from_bytes(f.msg["data"][:8], "big") for f in member.drain(0.2)]
            self.assertEqual(mine, sorted(mine), "order holds for a member")
            seen += mine
        self.assertEqual(sorted(seen), list(range(1000)))
        self.in_sequence(plain.drain(0.2), 0, 1000)

    def test_two_groups_get_one_each(self):  # OAP-4.36
        writer, topic = self.session(), self.topic()
        for group in ("a", "b"):
            for _ in range(3):
                self.session().subscribe(topic, group=group)
        for _ in range(20):
            self.assertEqual(writer.publish(topic)["to"], 2)

    def test_shares(self):  # OAP-4.39
        """Over more than a second of steady work no member gets twice its share."""
        members, writer, topic = [self.session() for _ in range(4)], self.session(), self.topic()
        for member in members:
            member.subscribe(topic, group="g")
        deadline, sent = Deadline(1.5), 0
        while not deadline.passed():
            writer.raw(numbered(topic, 40, start=sent))
            sent += 40
            writer.recv(0.02)
        shares = [len(m.drain(0.2)) for m in members]
        self.assertEqual(sum(shares), sent)
        self.assertLessEqual(max(shares), 2 * sent / 4, shares)
        self.assertGreater(min(shares), 0, shares)

    def test_publisher_is_a_member_only_with_echo(self):  # OAP-4.37
        session, other, topic = self.session(), self.session(), self.topic()
        session.subscribe(topic, group="g")
        self.assertEqual(session.publish(topic)["to"], 0)
        other.subscribe(topic, group="g")
        for _ in range(10):
            self.assertEqual(session.publish(topic)["to"], 1)
        self.assertEqual(len(other.drain(0.1)), 10)
        self.assertEqual(session.drain(0.05), [])
        other.close()
        session.subscribe(topic, group="g", echo=True)
        end = Deadline(3)
        while session.publish(topic)["to"] != 1:
            self.assertFalse(end.passed())

    def test_plain_and_group_is_one_copy(self):  # OAP-4.38
        session, writer, topic = self.session(), self.session(), self.topic()
        session.subscribe(topic)
        session.subscribe(topic, group="g")
        for _ in range(10):
            writer.publish(topic)
        self.assertEqual(len(session.drain(0.1)), 10)

    def test_member_that_cannot_take_the_size_is_passed_over(self):  # OAP-4.36
        small, large = self.session(max_frame=1024), self.session()
        writer, topic = self.session(), self.topic()
        small.subscribe(topic, group="g")
        large.subscribe(topic, group="g")
        for _ in range(20):
            writer.publish(topic, bytes(3000))
        self.assertEqual(len(large.drain(0.2)), 20)
        self.assertEqual(small.drain(0.1), [])

    def test_members_without_room_are_passed_over(self):  # OAP-4.36, OAP-4.40
        writer, topic = self.session(), self.topic()
        # Several, so that with two shards some are on another shard than the publisher.
        members = [self.session(window=1) for _ in range(4)]
        for stuck in members:
            stuck.subscribe(topic, group="g")
        good = self.session()
        good.subscribe(topic, group="g")
        got = []
        for start in range(0, 20_000, 100):
            writer.raw(numbered(topic, 100, 1024, start))
            writer.publish("mark")
            got += good.drain(0.003)
        got += good.drain(0.5)
        self.assertEqual([f for f in got if f.kind == "lagged"], [], "the one who reads lost some")
        lost = self.delta("lost")
        if self.node.metrics().total("overlay_shards") == 1:
            self.assertEqual(lost, 0)
        else:       # what was on its way to another shard when a lane there filled: one part each
            self.assertLessEqual(lost, 4 * 100)
        self.assertGreater(len(got), 20_000 - 4 * 4000 - lost)

    def test_leaving_members_lose_nothing_of_the_others(self):  # OAP-4.36
        writer, topic = self.session(), self.topic()
        stay = self.session()
        stay.subscribe(topic, group="g")
        for _ in range(10):
            leaver = self.node.session()
            leaver.subscribe(topic, group="g")
            leaver.ok(oap.unsub(topic, group="g"))
            self.assertEqual(writer.publish(topic)["to"], 1)
            leaver.close()
        self.assertEqual(len(stay.drain(0.2)), 10)


class Rate(NodeCase):
    """A rough floor, so that an accidental quadratic shows: a thousand times below real speed."""

    def test_fifty_thousand_messages(self):
        reader, writer, topic = self.session(), self.session(), self.topic()
        reader.subscribe(topic)
        start, frames = time.monotonic(), []
        for part in range(0, 50_000, 2000):
            writer.raw(numbered(topic, 2000, 64, part))
            writer.publish("mark")
            frames += reader.drain(0.001)
        frames += reader.drain(0.5)
        self.in_sequence(frames, 0, 50_000)
        self.assertLess(time.monotonic() - start, 30)


if __name__ == "__main__":
    unittest.main()
