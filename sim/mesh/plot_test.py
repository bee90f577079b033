#!/usr/bin/env python3
"""Which of several seeds is drawn."""
import unittest

import plot


def run(seed, failure="", latencies=((1, 1),)):
    return {"seed": seed, "failure": failure, "latencies": list(latencies), "rmr": 0.5}


def seeds(runs):
    return {protocol: result["seed"] for protocol, result in plot.choose(runs).items()}


class Choice(unittest.TestCase):
    def test_the_first_where_none_failed(self):
        self.assertEqual(seeds({"mesh": [run(1), run(2)], "plumtree": [run(1), run(2)]}), {"mesh": 1, "plumtree": 1})

    def test_the_first_that_failed(self):
        runs = {"mesh": [run(1), run(2, "late")], "plumtree": [run(1), run(2), run(3)]}
        self.assertEqual(seeds(runs), {"mesh": 2, "plumtree": 2})
        self.assertIn("seed 2, FAILED", plot.label("mesh", plot.choose(runs)["mesh"]))

    def test_another_seed_where_that_one_did_not_run(self):
        self.assertEqual(seeds({"mesh": [run(1), run(2, "late")], "plumtree": [run(1, "late")]}),
                         {"mesh": 2, "plumtree": 1})

    def test_a_baseline_may_fail(self):
        runs = {"mesh": [run(1), run(2)], "plumtree": [run(1), run(2, "late")]}
        self.assertEqual(seeds(runs), {"mesh": 1, "plumtree": 1})

    def test_what_delivered_nothing_is_not_drawn(self):
        self.assertEqual(seeds({"mesh": [run(1, "none", ())], "plumtree": [run(1)]}), {"plumtree": 1})
        self.assertEqual(plot.choose({"mesh": []}), {})


if __name__ == "__main__":
    unittest.main()
