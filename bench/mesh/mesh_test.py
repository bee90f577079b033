#!/usr/bin/env python3
"""What the mesh benchmark reads and counts, on bytes and results made up here; nothing is measured."""
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import run
import tables
from clients import MARK, STAMP, Nats, Oap, Tally

MS = 1_000_000  # ns


def frame(number, node, sent):
    return b"head" + STAMP.pack(MARK, number, node, sent) + b"...."


def result(system, row="steady", **fields):
    return {"system": system, "row": row, "repetition": 0, "call": "2026-01-01T00:00:00Z", "deliveries": 100,
            "expected": 100, "p50": 1.0, "p95": 2.0, "p99": 3.0, "cpu_us": 10.0, "busy_cpu_us": 5.0, "idle_cpu": 0.1,
            "private_kB": 1024, "resident_kB": 2048, **fields}


class Protocols(unittest.TestCase):
    def pieces(self, protocol, stream, expected):
        """However a stream is cut, the same messages come out of it."""
        for step in (1, 3, 7, len(stream)):
            buffer, found, sent = bytearray(), [], []
            for at in range(0, len(stream), step):
                buffer += stream[at:at + step]
                found += protocol.take(buffer, sent.append)
            self.assertEqual([found, bytes(buffer)], [expected, b""], step)
        return sent

    def test_frames_of_oap(self):
        one, two = Oap().publication(b"a" * 300), Oap.frame(4, 9, {"kind": "keep"})
        self.pieces(Oap(), one + two, [one, two])

    def test_messages_of_nats(self):
        stream = b"INFO {}\r\nMSG bench/mesh 1 4\r\na\r\nb\r\nPING\r\nMSG bench/mesh 1 1\r\nc\r\n"
        self.assertEqual(self.pieces(Nats(), stream, [b"a\r\nb\r\n", b"c\r\n"]), [b"PONG\r\n"])

    def test_a_publication_is_what_oap_says(self):
        payload = b"x" * 24
        self.assertEqual(
            Oap().publication(payload)[31:],
            bytes.fromhex("a5") + b"\x62ts\x1a" + Oap().publication(payload)[36:40] + b"\x64data\x58\x18" + payload
            + b"\x64kind\x66gossip\x65topic\x6abench/mesh\x66fanout\x00")


class Counting(unittest.TestCase):
    def test_deliveries_duplicates_and_latencies(self):
        tally = Tally(2, 3)
        tally.note(0, frame(0, 0, 0), 5 * MS)      # at the publisher's own node: no latency
        tally.note(1, frame(0, 0, 0), 4 * MS)
        tally.note(1, frame(0, 0, 0), 5 * MS)      # again
        tally.note(2, frame(1, 0, MS), 3 * MS)
        tally.note(2, frame(2, 0, 0), 3 * MS)      # of an earlier load
        tally.note(2, b"something else", 3 * MS)
        self.assertEqual((tally.deliveries, tally.expected, tally.duplicates), (3, 6, 2))
        self.assertEqual(tally.latencies, [4.0, 2.0])
        self.assertEqual(tally.percentile(0.5), 4.0)

    def test_redundancy(self):
        before, after = {"received": 10, "delivered": 10}, {"received": 32, "delivered": 30}
        self.assertEqual(run.redundancy(before, after), 0.1)
        self.assertIsNone(run.redundancy(before, before))

    def test_plans(self):
        burst = run.plan(run.ROWS["burst"], 20)
        self.assertEqual(sorted({at for at, _ in burst}), list(range(10)))
        steady = run.plan(run.ROWS["steady"], 20)
        self.assertEqual((len(steady), steady[1][0]), (1500, 0.02))
        self.assertLess({node for _, node in steady}, set(range(21)))


class Tables(unittest.TestCase):
    def test_verdicts(self):
        runs = [result("ours", rmr=0.2, cpu_us=30.0), result("nats3"), result("nats20-tls", cpu_us=40.0)]
        verdicts = {what: reached for what, _, _, reached in tables.goals(runs)}
        self.assertEqual(sorted(verdicts.values()), [False, False, True, True])
        self.assertFalse(verdicts["50 messages a second: RMR"])
        self.assertTrue(verdicts[f"50 messages a second: CPU a delivery, times that of {tables.NAMES['nats20-tls']}"])

    def test_medians_and_ranges(self):
        runs = [result("ours", p50=value, repetition=at) for at, value in enumerate((3.0, 1.0, 2.0))]
        self.assertIn("2 (1-3)", tables.text(runs))

    def test_the_document_has_what_its_results_say(self):
        with open(tables.DOCUMENT, encoding="utf-8") as file:
            text = file.read()
        name = re.search(r"<!-- mesh: begin (\S+) -->\n", text)[1]
        kept = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results", name)
        self.assertIn(tables.markdown(*tables.read([kept])), text)


if __name__ == "__main__":
    unittest.main()
