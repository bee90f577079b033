"""What a mesh of real nodes promises a publication: repair or best effort, deadlines, losses that are told."""
import signal
import unittest

import ctl
from mesh_case import MeshCase
from wait import until


class Delivery(MeshCase):
    SECONDS = 25

    @staticmethod
    def total(node, name, **labels):
        return node.metrics().total("overlay_" + name, labels)

    def received(self, session, count, seconds=15):
        """So many deliveries, in any order: their data."""
        came = []

        def enough():
            frame = session.recv(0.2)
            if frame is not None and frame.kind == "gossip":
                came.append(frame.msg["data"])
            return len(came) >= count
        until(enough, seconds, lambda: f"{count} deliveries, {len(came)} came")
        return came

    def test_best_effort_is_pushed_and_not_kept(self):
        nodes = self.mesh(3, mesh__best_effort=["quick/**"])
        writer = self.session(nodes[0])
        readers = [self.session(node) for node in nodes[1:]]
        for reader in readers:
            reader.subscribe("quick/*", "t")
        writer.publish("t", b"first")
        for i in range(30):
            writer.publish("t", b"m%d" % i, mode="best_effort")
            writer.publish("quick/t", b"q%d" % i)
        ctl.run(nodes[0], "pub", "t", "by ronctl", "--mode", "best-effort")
        for reader in readers:
            self.assertEqual(len(set(self.received(reader, 62))), 62)
        quick = self.total(nodes[0], "mesh_best_effort_total")
        self.assertGreaterEqual(quick, 50, "all but one a second")
        for node in nodes:
            self.assertEqual(self.total(node, "mesh_table_size", table="repair"), 62 - quick)
        self.assertEqual(ctl.run(nodes[0], "pub", "quick/t", "x", "--mode", "repair", "--ack"), "")
        self.assertEqual(self.total(nodes[0], "mesh_best_effort_total"), quick)

        waits = nodes[0].metrics()
        self.assertGreaterEqual(waits.total("overlay_gossip_latency_seconds_count", {"stage": "enqueue"}), 62)
        self.assertGreaterEqual(self.total(nodes[1], "gossip_latency_seconds_count", stage="relay"), 62)

    def test_what_waits_too_long_for_a_peer_is_announced_instead(self):
        nodes = self.mesh(2, mesh__lane_deadline="50ms")
        writer, reader = self.session(nodes[0]), self.session(nodes[1])
        reader.subscribe("t")
        writer.publish("t", b"first")
        self.received(reader, 1)
        nodes[1].signal(signal.SIGSTOP)
        sent = [b"%04d" % i + bytes(60_000) for i in range(40)]     # more than its window
        for data in sent:
            writer.publish("t", data)

        def late():
            sent.append(b"%04d" % len(sent))
            writer.publish("t", sent[-1])
            return self.total(nodes[0], "mesh_lane_shed_total", lane="own", reason="late") > 0
        try:
            until(late, 5, "frames that waited too long")
        finally:
            nodes[1].signal(signal.SIGCONT)
        self.assertEqual(sorted(self.received(reader, len(sent))), sorted(sent))

    def test_losses_are_told_to_who_asked(self):
        nodes = self.mesh(2, mesh__repair_window="1s")
        writer, reader = self.session(nodes[0]), self.session(nodes[1])
        reader.subscribe("t", gaps=True)
        console = ctl.Reader(nodes[1], "sub", "t")
        self.addCleanup(console.close)

        def both():
            writer.publish("t", b"before")
            return console.lines
        until(both, 10, "ronctl reads")
        reader.drain(0.2)
        nodes[1].signal(signal.SIGSTOP)
        try:
            self.links(nodes[0], 0)
            for _ in range(20):
                writer.publish("t", b"lost")
            until(lambda: self.total(nodes[0], "mesh_table_size", table="repair") == 0, 10,
                  "nothing is kept any more")
        finally:
            nodes[1].signal(signal.SIGCONT)
        self.links(nodes[0], 1)
        self.links(nodes[1], 1)
        gaps = []

        def told():
            writer.publish("t", b"after")
            for frame in reader.drain(0.1):
                if frame.kind == "gap":
                    gaps.append(frame.msg)
                else:
                    self.assertEqual(frame.msg["data"], b"after")
            return sum(gap["count"] for gap in gaps) >= 20
        until(told, 20, lambda: f"a gap of 20: {gaps}")
        self.assertEqual(sum(gap["count"] for gap in gaps), 20)
        self.assertEqual({gap["origin"].hex() for gap in gaps}, {self.ids["n0"][:32]})
        self.assertEqual(max(gap["last"] for gap in gaps) - min(gap["first"] for gap in gaps), 19)
        self.assertEqual(self.total(nodes[1], "mesh_lost_total"), 20)
        until(lambda: [line for line in console.faults if line.startswith("gap: ")], 5, "ronctl tells")
        self.assertIn(self.ids["n0"][:32], console.faults[-1])


if __name__ == "__main__":
    unittest.main()
