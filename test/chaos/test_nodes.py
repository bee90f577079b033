"""Nodes die, stand still, and come back."""
import random
import signal
import unittest

from chaos_case import ChaosCase, ask
from traffic import Traffic
from wait import until


class Nodes(ChaosCase):
    def traffic(self, writer, readers):
        traffic = Traffic(writer, readers, f"chaos/{self.id().rpartition('.')[2]}")
        self.addCleanup(traffic.close)
        return traffic

    def test_two_are_killed_and_started_again(self):
        nodes = self.build()
        traffic = self.traffic(nodes[0], nodes[1:4])
        self.kill(*nodes[4:])
        traffic.lasts(3)
        self.again(*nodes[4:])
        traffic.settle(self)        # who stayed missed nothing
        self.whole(20)
        self.spent(*nodes[:4])

    def test_one_stands_still_for_ten_seconds(self):
        nodes = self.build()
        still = nodes[5]
        neighbours = {link["node"] for link in ask(still, "mesh")["links"]}
        near = [node for node in nodes[:5] if self.ids[node.name] in neighbours]
        traffic = self.traffic(nodes[0], nodes[1:])
        still.signal(signal.SIGSTOP)
        until(lambda: not any(self.has(node, still) for node in near), 10,
              "its neighbours give it up")
        traffic.lasts(10)
        still.signal(signal.SIGCONT)
        traffic.settle(self)        # it, too, gets what it slept through
        self.whole(20)
        self.alive()
        self.spent()

    def has(self, node, other):
        return any(link["node"] == self.ids[other.name] for link in ask(node, "mesh")["links"])

    def test_half_of_them_stand_still(self):
        nodes = self.build()
        traffic = self.traffic(nodes[0], nodes[1:])
        for node in nodes[3:]:
            node.signal(signal.SIGSTOP)
        traffic.lasts(10)
        for node in nodes[3:]:
            node.signal(signal.SIGCONT)
        traffic.settle(self)
        self.whole(20)
        self.alive()
        self.spent()

    def test_a_storm_of_restarts(self):
        nodes = self.build()
        for _ in range(3):
            self.kill(*nodes)
            self.again(*nodes)
        self.whole(30)
        self.spent()

    def test_churn_for_a_minute(self):
        nodes = self.build()
        choice = random.Random(1)
        traffic = self.traffic(nodes[0], nodes[1:3])
        for _ in range(30):
            victim = choice.choice(nodes[3:])
            self.kill(victim)
            traffic.lasts(1)
            self.again(victim)
            traffic.lasts(1)
        traffic.settle(self)
        self.whole(20)
        self.spent(*nodes[:3])

    def test_readiness_follows_what_happens(self):
        nodes = self.build()
        last = nodes[4]
        self.assertTrue(self.ready(last))
        others = [node for node in nodes if node is not last]
        self.kill(*others)
        until(lambda: not self.ready(last), 10, "a node that is alone is not ready")
        self.assertEqual(last.http("/readyz")[0], 503)
        self.again(*others)
        until(lambda: last.http("/readyz")[0] == 200, 20, lambda: f"ready again\n{last.tail()}")
        self.whole(20)
        self.spent(last)


if __name__ == "__main__":
    unittest.main()
