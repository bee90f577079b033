"""A burst of one origin, and a link that comes back behind it."""
import unittest

import ctl
import oap
from chaos_case import ChaosCase, ask
from wait import Deadline, until

MANY = 6000     # more ids of one origin than a window holds


class Links(ChaosCase):
    COUNT = 4
    CONFIG = {}

    def test_a_link_that_comes_back_is_kept(self):
        nodes = self.build()
        writer = self.session(nodes[0])
        for number in range(0, MANY, 300):
            writer.raw(b"".join(oap.encode(oap.gossip("chaos/many", b"x"), oap.EVENT) for _ in range(300)))
            writer.publish("chaos/many", b"x")
        until(lambda: all(ask(n, "mesh")["relay"]["delivered"] >= MANY for n in nodes[1:]), 20, "all delivered")
        ctl.run(nodes[1], "peers", "hangup", self.ids["n0"][:16])
        self.links(nodes[1], 3, 20)
        deadline = Deadline(5)
        while not deadline.passed():
            self.assertEqual([self.view(n) for n in nodes[:2]], [3, 3], nodes[1].tail())
        self.assertEqual(ask(nodes[1], "mesh")["relay"]["given_up"], 0)
        self.whole(10)
