#!/usr/bin/env python3
"""Verdicts, kept results and stacks, on results made up here; nothing is measured."""
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import kept
import report
import stacks
import tables
from goals import measures
from results import Results, read

CALL = "2026-01-01T00:00:00Z"


def run(work, server, repetition=0, size=128, **fields):
    return {"work": work, "server": server, "size": size, "repetition": repetition, "call": CALL,
            "subs": 1, "msgs_s": 100.0, "srv_cpu_per_M": 1.0, "lost": 0, "noise": 0.5, **fields}


def verdicts(runs, work, size=128):
    return {each.unit: each.reached for each in measures(Results(runs), work, size, "ours")
            if each.reached is not None}


class Verdicts(unittest.TestCase):
    def test_cpu_is_compared_within_a_repetition(self):
        # 2, 2.4 and 2.6 times; the medians alone would say 2.6.
        runs = [run("w2", server, at, srv_cpu_per_M=cost)
                for server, costs in (("frame", (8, 1, 1)), ("ours", (16, 2.4, 2.6)))
                for at, cost in enumerate(costs)]
        self.assertEqual(verdicts(runs, "w2"), {"x frame": True})
        runs[-2]["srv_cpu_per_M"] = 2.6
        self.assertEqual(verdicts(runs, "w2"), {"x frame": False})

    def test_stalled_readers_may_cost_the_others_one_percent(self):
        for after, reached in ((99.0, True), (98.9, False)):
            runs = [run("steady95", "ours"), run("stalled5", "ours", msgs_s=after)]
            self.assertEqual(verdicts(runs, "stalled5"), {"x the throughput without them": reached})

    def test_stalled_readers_may_add_a_tenth_to_p99(self):
        for after, reached in ((11.0, True), (11.1, False)):
            runs = [run("steady95lat", "ours", rate=500, msgs_s=500, p50=5, p99=10),
                    run("stalled5lat", "ours", msgs_s=500, p50=5, p99=after)]
            self.assertEqual(verdicts(runs, "stalled5lat"), {"x the p99 without them": reached})

    def test_a_slow_lane_pins_no_more_than_it_holds(self):
        for peak, reached in ((1500, True), (1501, False)):
            runs = [run("rare", "ours", peak_grown_kB=1000),
                    run("rareslow", "ours", peak_grown_kB=peak, held_kB=500.0)]
            self.assertEqual(verdicts(runs, "rareslow")["kB pinned"], reached)

    def test_idle_sessions_over_tls_are_judged_above_the_library(self):
        for memory, connect, reached in ((28.5, 108.0, True), (28.6, 108.1, False)):
            runs = [run("idletls", "openssl", session_kB=27.0, srv_cpu_us_per_conn=100.0),
                    run("idletls", "ours", session_kB=memory, srv_cpu_us_per_conn=connect)]
            self.assertEqual(set(verdicts(runs, "idletls").values()), {reached})

    def test_lag_and_plain_idle_have_limits_of_their_own(self):
        self.assertEqual(verdicts([run("lag", "ours", grown_kB=19_531)], "lag"), {"kB grown": True})
        self.assertEqual(verdicts([run("lag", "ours", grown_kB=19_532)], "lag"), {"kB grown": False})
        runs = [run("idle", "ours", session_kB=1.5, srv_cpu_us_per_conn=30.1)]
        self.assertEqual(verdicts(runs, "idle"), {"kB a session": True, "us a connect": False})

    def test_the_relay_stands_beside_a_latency_goal(self):
        runs = [run("w4", "frame", msgs_s=5000, p50=40.0, p99=50.0),
                run("w4", "nats", msgs_s=5000, p50=50.0, p99=60.0),
                run("w4", "ours", msgs_s=5000, p50=43.0, p99=60.0)]
        self.assertEqual(verdicts(runs, "w4"), {"us p50": False, "x nats' p99": True})
        self.assertIn("frame itself 40, ours +3", tables.text(runs))

    def test_busy_poll_is_judged_by_the_same_goals(self):
        runs = [run("w4", "frame", msgs_s=5000, p50=40.0, p99=50.0),
                run("w4", "ours-poll", msgs_s=5000, p50=16.0, p99=60.0)]
        self.assertIn("goal 25 reached", tables.text(runs))
        self.assertTrue(any(line.startswith("| w4, busy_poll |") for line in report.goals(Results(runs))))

    def test_a_starved_run_is_left_out_and_told(self):
        runs = [run("w2", "frame", 0, srv_cpu_per_M=0.0), run("w2", "frame", 1), run("w2", "ours", 0),
                run("w2", "ours", 1)]
        said = tables.text(runs)
        self.assertIn("left out: w2 128 frame: starved: the server got no CPU time", said)
        self.assertIn("1 x frame", said)
        idle = [run("idle", "ours", session_kB=1.0, srv_cpu_us_per_conn=20.0, srv_cpu_per_M=0.0)]
        self.assertNotIn("left out", tables.text(idle))

    def test_only_ours_is_judged(self):
        runs = [run("w2", "frame"), run("w2", "nats", srv_cpu_per_M=9.0)]
        self.assertNotIn("goal", tables.text(runs))


class Kept(unittest.TestCase):
    def test_a_kept_file_gives_the_same_tables(self):
        runs = [run("w2", server, at, subs=50, srv_cpu_per_M=1.5 + at, lost=0)
                for at in range(3) for server in ("ours", "frame")]
        runs += [run("idle", "ours", session_kB=1.25, srv_cpu_us_per_conn=20.5)]
        with tempfile.TemporaryDirectory() as scratch:
            raw, small = os.path.join(scratch, "raw.jsonl"), os.path.join(scratch, "small.jsonl")
            broken, earlier = run("w2", "nats", error="no end"), run("w1", "ours", call="earlier")
            with open(raw, "w", encoding="utf-8") as file:
                for line in ({"about": {"call": "earlier"}}, earlier, {"about": {"call": CALL}},
                             *runs, broken):
                    file.write(json.dumps(line) + "\n")
            kept.keep(raw, small, 1)
            calls, again = read(small)
            self.assertEqual(list(calls), [CALL])
            self.assertEqual(tables.text(again), tables.text(runs))
            self.assertEqual(calls[CALL]["left_out"], ["w2 128 nats: no end"])
            kept.keep(raw, small, 2)
            calls, again = read(small)
            self.assertEqual(list(calls), ["earlier", CALL])
            self.assertEqual(tables.text(again), tables.text([earlier, *runs]))


SCRIPT = """\
svc-overlay
\tffffffff81 tcp_sendmsg ([kernel.kallsyms])
\t    7f2a writev (/usr/lib/libc.so.6)
\t    55aa ron::gossip::Lanes<int, 3>::stage(std::span<ron::Slab>) (/usr/bin/svc-overlay)

svc-overlay
\t    55ab ron::gossip::Lanes<int, 3>::stage(std::span<ron::Slab>) (/usr/bin/svc-overlay)

"""


class Stacks(unittest.TestCase):
    def test_samples_are_folded_outermost_first(self):
        self.assertEqual(stacks.fold(SCRIPT), {
            ("ron::gossip::Lanes::stage", "writev", "tcp_sendmsg_[k]"): 1,
            ("ron::gossip::Lanes::stage",): 1})

    def test_pruning_keeps_every_sample(self):
        found = {("main", "often"): 999, ("main", "seldom", "deep"): 1}
        self.assertEqual(stacks.pruned(found), {("main", "often"): 999, ("main",): 1})


if __name__ == "__main__":
    unittest.main()
