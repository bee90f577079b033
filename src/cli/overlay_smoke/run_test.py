#!/usr/bin/env python3
"""Runs overlay-smoke against nodes of its own, for a few seconds: exit code, JSON, tables.

The gates of latency depend on the machine and are not asserted: only that the exit code says what
the verdicts say. What does not depend on it, accounting and an orderly end, must hold.

Usage: run_test.py PATH_OF_OVERLAY_SMOKE
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

SECONDS = 120
TOOL = sys.argv.pop(1)


ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(("RON_", "SVC_OVERLAY_", "OVERLAY_"))}


def smoke(*arguments):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False,
                          env=ENVIRONMENT)


class Run(unittest.TestCase):
    def check(self, done):
        """The exit code and the JSON agree; nothing hard failed. Returns the report."""
        self.assertIn(done.returncode, (0, 7), done.stderr + done.stdout)
        report = json.loads(done.stdout)
        self.assertEqual(report["passed"], done.returncode == 0)
        self.assertEqual(report["passed"], all(v["passed"] for v in report["verdicts"]))
        self.assertTrue(all(v["passed"] for v in report["verdicts"] if v["hard"]), report)
        self.assertEqual(report["problems"], [])
        for account in report["accounts"]:
            self.assertEqual(account["expected"], account["received"] + account["lagged"])
        self.assertEqual(report["own_node"]["end_code"], 0)
        self.assertGreater(report["observed"]["readyz"]["polls"], 0)
        return report

    def test_a_mix(self):
        with tempfile.NamedTemporaryFile() as file:
            done = smoke("--duration", "3s", "--rate", "40", "--json", "--report", file.name)
            self.assertEqual(json.load(file), json.loads(done.stdout))
        report = self.check(done)
        self.assertEqual(sum(a["expected"] for a in report["accounts"]), 3 * report["publications"]["sent"])
        self.assertEqual(set(report["classes"]), {"S", "M", "L"})
        self.assertEqual(report["scheduled"], 120)

    def test_a_soak_over_tls_with_new_sessions(self):
        report = self.check(smoke("--soak", "--tls", "--duration", "3s", "--rate", "60", "--json",
                                  "--reconnect-every", "20", "--subscribers", "4"))
        self.assertTrue(report["hybrid"])
        self.assertGreater(report["connect"]["count"], 7)
        self.assertGreater(report["churn"]["received"], 0)
        self.assertGreater(report["own_node"]["reloads_done"], 0)
        self.assertTrue(any(a["slow"] for a in report["accounts"]))

    def test_wrong_usage(self):
        for arguments in (["--mix", "X1"], ["--fanout", "4", "--subscribers", "3"], ["--admin", "a:1"],
                          ["--duration", "3"], ["--url", "ron://127.0.0.1:1", "--tls"],
                          ["--reconnect-every", "0"], ["--subscribers", "7"]):
            self.assertEqual(smoke(*arguments).returncode, 2, arguments)

    def test_no_node(self):
        self.assertEqual(smoke("--node", "/nonexistent/svc-overlay").returncode, 3)


if __name__ == "__main__":
    unittest.main()
