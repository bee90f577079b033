"""The network between nodes fails: it parts them, or loses packets."""
import unittest

import mesh_case
import netns
from chaos_case import ChaosCase, ask
from traffic import Traffic
from wait import until


@unittest.skipUnless(netns.permitted(), "needs root, network namespaces and iptables")
class Network(ChaosCase):
    def setUp(self):
        super().setUp()
        self.cable = netns.Cable()
        self.addCleanup(self.cable.close)
        self.addCleanup(setattr, mesh_case, "Node", mesh_case.Node)
        mesh_case.Node = netns.Inside

    def member(self, name, peers=(), start=True, **config):
        number = int(name[1:]) % 2
        node = super().member(name, peers, False, **{
            "overlay.listen": f"{netns.ADDRESSES[number]}:0", "tls.require_client_cert": True,
            "tls.client_ca_path": self.ca.cert, **config})
        node.side = self.cable.sides[number]
        return node.start(ready=False) if start else node

    def test_a_partition_heals(self):
        nodes = self.build()
        traffic = Traffic(nodes[0], nodes[1:], "chaos/parted")
        self.addCleanup(traffic.close)
        self.cable.cut()
        until(lambda: all(self.view(node) <= 2 for node in nodes), 15, "links across are given up")
        traffic.lasts(8)
        self.assertTrue(traffic.missing(), "nothing comes through the cut")
        self.cable.mend()
        traffic.lasts(1)
        traffic.settle(self)        # what was cut off is still in the repair window
        self.whole(20)
        self.alive()
        self.spent()

    def test_lost_packets_lose_no_messages(self):
        nodes = self.build()
        traffic = Traffic(nodes[0], nodes[1:], "chaos/lossy")
        self.addCleanup(traffic.close)
        lost = sum(ask(node, "mesh")["views"]["links_lost"] for node in nodes)
        self.cable.lose(0.02)
        traffic.lasts(20)
        dead = sum(ask(node, "mesh")["views"]["links_lost"] for node in nodes) - lost
        self.cable.mend()
        traffic.settle(self)
        self.assertLessEqual(dead, 6, "links that a lossy way was taken for dead")
        self.whole(20)
        self.alive()


if __name__ == "__main__":
    unittest.main()
