"""A mesh of real nodes over TLS: what is published anywhere arrives everywhere, and nobody else is let in."""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import unittest

import client
import ctl
from mesh_case import MeshCase, new_key
from node import environment
from test_control import control
from wait import until


class Relaying(MeshCase):
    SECONDS = 20

    def test_a_publication_reaches_every_node(self):
        nodes = self.mesh(3)
        for node in nodes:
            until(lambda n=node: self.ready(n), 5, "ready")
            self.reaches(node, [other for other in nodes if other is not node],
                         topic=f"mesh/from/{node.name}")
        total = sum(n.metrics().total("overlay_mesh_delivered_total") for n in nodes)
        self.assertEqual(total, 6, "three publications, each new at two nodes")
        sessions = json.loads(ctl.run(nodes[0], "--json", "sessions"))["sessions"]
        peers = [s for s in sessions if s["channel"] == "tls"]
        self.assertEqual({s["node"] for s in peers}, {self.ids[n.name] for n in nodes[1:]})
        self.assertEqual([s["dialed"] for s in peers], [False, False], "the first knew of nobody")
        self.assertEqual({s["kex"] for s in peers}, {"X25519MLKEM768"}, "quantum-safe between nodes")

    def test_a_large_publication_arrives_whole(self):
        nodes = self.mesh(2)
        self.reaches(nodes[0], nodes[1:], data=os.urandom(900_000))

    def test_a_killed_node_is_missed_and_taken_back(self):
        nodes = self.mesh(3)
        lost = nodes[2]
        address, config = lost.listen, lost.config
        lost.signal(signal.SIGKILL)
        lost.wait_exit()
        for node in nodes[:2]:
            self.links(node, 1)
        self.reaches(nodes[0], nodes[1:2])
        again = self.member(lost.name, **{"overlay__listen": f"{address[0]}:{address[1]}",
                                          "peers": config["peers"]})
        self.listening(again)
        self.links(again, 2)
        self.reaches(nodes[0], [nodes[1], again], topic="mesh/after")
        self.reaches(again, nodes[:2], topic="mesh/anew")

    def test_readiness_follows_the_links(self):
        self.make_keys("a", "b")
        waiting = self.listening(self.member("a"))
        until(lambda: self.ready(waiting), 5, "a node that names no peers is ready alone")
        dialing = self.listening(self.member("b", [waiting]))
        until(lambda: self.ready(dialing), 5, "ready with a link")
        waiting.signal(signal.SIGKILL)
        waiting.wait_exit()
        until(lambda: not self.ready(dialing), 5, "not ready without")
        self.assertIn("mesh_ok", json.loads(dialing.http("/readyz")[2])["missing"])
        self.assertEqual(dialing.metrics().total("overlay_readiness_gate", {"gate": "mesh_ok"}), 0)
        self.assertEqual(dialing.metrics().total("overlay_mesh_links_total", {"event": "lost"}), 1)

    def test_a_leaf_needs_no_listener(self):
        relays = self.mesh(2)
        self.make_keys("leaf")
        for relay in relays:
            relay.config["mesh.allow"] = sorted(self.ids.values())
            relay.command()             # writes the file
            ctl.run(relay, "reload")
        leaf = self.member("leaf", relays, mesh__role="leaf", overlay__listen="")
        self.listening(leaf)
        until(lambda: self.ready(leaf), 10, lambda: f"the leaf is linked\n{leaf.tail()}")
        self.links(leaf, 2)             # to relays
        self.reaches(leaf, relays, topic="mesh/of/leaf")
        reader, writer = self.session(leaf), self.session(relays[0])
        reader.subscribe("mesh/to/leaf")

        def arrives():      # once the relays have heard what the leaf wants
            writer.publish("mesh/to/leaf", b"leaf")
            return reader.recv(0.2)
        self.assertEqual(until(arrives, 5, "a publication at the leaf").msg["data"], b"leaf")
        reader.drain()
        came = leaf.metrics().total("overlay_mesh_received_total")
        for _ in range(20):
            writer.publish("mesh/to/others", b"")
        reader.drain()
        self.assertEqual(leaf.metrics().total("overlay_mesh_received_total"), came,
                         "nothing comes to a leaf that nobody there asked for")

    def test_a_peer_that_was_hung_up_on_comes_back_with_a_reload(self):
        self.make_keys("leaf", "relay")
        relay = self.listening(self.member("relay"))
        leaf = self.member("leaf", [relay], mesh__role="leaf", overlay__listen="")
        self.links(self.listening(leaf), 1)
        ctl.run(leaf, "peers", "hangup", self.ids["relay"][:12])
        self.links(leaf, 0)
        ctl.run(leaf, "reload")
        self.links(leaf, 1)

    def test_certificates_of_a_ca_make_a_mesh(self):
        config = {"mesh.ca_path": self.ca.cert, "identity.key_file": "", "mesh.allow": []}
        nodes = []
        for name in ("ca1", "ca2"):
            self.server = self.ca.server(name)
            peers = [f"{n.listen[0]}:{n.listen[1]}" for n in nodes]
            nodes.append(self.listening(self.member(name, **config, peers=peers)))
        for node in nodes:
            self.links(node, 1)
        self.reaches(nodes[0], nodes[1:])

        # Another key makes another node: the mesh goes on with the old one until a restart.
        cert, key = self.ca.server("ca3")
        shutil.copy(cert, self.server[0])
        shutil.copy(key, self.server[1])
        ctl.run(nodes[1], "reload")
        self.assertIn("identity.key_file", [e["key"] for e in nodes[1].events("restart_needed")])
        self.reaches(nodes[0], nodes[1:], topic="mesh/still")


class Trust(MeshCase):
    SECONDS = 12

    def refusals(self, node, event="peer_failed"):
        return {entry["reason"] for entry in node.events(event)}

    def test_a_stranger_is_refused(self):
        self.make_keys("a")
        known = self.listening(self.member("a"))
        stranger_id = new_key(os.path.join(self.keys, "s"))
        stranger = self.listening(self.member("s", [known]))
        until(lambda: "mtls" in self.refusals(known, "handshake_failed"), 5,
              "the node refuses the stranger's certificate")
        until(lambda: not self.ready(stranger), 5)
        self.assertEqual((self.view(known), self.view(stranger)), (0, 0))
        self.assertNotIn(stranger_id, ctl.run(known, "--json", "peers", "list"))

    def test_another_node_than_the_one_named_is_refused(self):
        self.make_keys("a", "b", "other")
        known = self.listening(self.member("a"))
        wrong = f"{self.ids['other']}@{known.listen[0]}:{known.listen[1]}"
        dialing = self.listening(self.member("b", [wrong]))     # both may be peers: only the pin is wrong
        until(lambda: self.refusals(dialing), 5, "the dial fails")
        until(lambda: not self.ready(dialing), 5)
        self.assertEqual((self.view(known), self.view(dialing)), (0, 0))

    def test_a_client_is_no_peer(self):
        self.make_keys("a")
        known = self.listening(self.member("a", tls__require_client_cert=True,
                                           tls__client_ca_path=self.ca.cert))
        cert, key = self.ca.client("alice")
        context = client.tls_context(self.ca.cert, cert, key)
        with client.connect_tls(known.listen, context) as session:
            answer = session.hello(role="peer", node=bytes(32), epoch=1)
            self.assertEqual((answer["kind"], answer["code"]), ("error", "Unauth"), answer)

    def test_a_node_that_is_taken_out_is_hung_up_on(self):
        nodes = self.mesh(2)
        nodes[0].config["mesh.allow"] = [self.ids["n0"]]
        nodes[0].command()
        ctl.run(nodes[0], "reload")
        self.links(nodes[0], 0)
        until(lambda: "mtls" in self.refusals(nodes[0], "handshake_failed"), 10, "it is not let in again")
        nodes[0].config["mesh.allow"] = sorted(self.ids.values())
        nodes[0].command()
        ctl.run(nodes[0], "reload")
        self.links(nodes[0], 1, 15)


class Operators(MeshCase):
    SECONDS = 8

    def ask(self, node, op, **args):
        return self.session(node).request(control(op, **args))

    def test_peers_are_listed_dialed_dropped_and_explained(self):
        self.make_keys("a", "b")
        one, two = (self.listening(self.member(name)) for name in ("a", "b"))
        ctl.run(one, "peers", "dial", f"127.0.0.1:{two.listen[1]}", "--id", self.ids["b"])
        self.links(one, 1)
        until(lambda: json.loads(ctl.run(one, "--json", "peers", "list"))["peers"], 5)
        peer = json.loads(ctl.run(one, "--json", "peers", "list"))["peers"][0]
        self.assertEqual((peer["node"], peer["state"], peer["role"]), (self.ids["b"], "active", "relay"))
        short = self.ids["b"][:12]
        self.assertIn("Nothing is held against it", ctl.run(one, "peers", "explain", short))
        self.assertIn(self.ids["b"][:16], ctl.run(one, "peers", "list"))
        self.assertIn("Nothing is held against it", ctl.run(one, "peers", "explain", short.upper()))
        self.assertIn("the node itself", ctl.run(one, "peers", "explain", self.ids["a"].upper()))
        self.assertEqual(json.loads(ctl.run(one, "--json", "peers", "explain", self.ids["a"]))["peer"]["state"], "self")
        self.assertIn("is this node itself", ctl.run(one, "peers", "hangup", self.ids["a"], code=4))
        ctl.run(one, "peers", "dial", f"127.0.0.1:{two.listen[1]}", "--id", self.ids["b"].upper())
        pub = ctl.Reader(one, "pub", "mesh/one", "x", "--ack")
        self.assertEqual(pub.wait(), 0)
        pub.close()
        self.assertIn("published 1 message,", pub.faults[0])
        self.assertIn("to 0 sessions and 1 link", pub.faults[0])
        acked = json.loads(ctl.run(one, "--json", "pub", "mesh/one", "x", "--ack"))
        self.assertEqual((acked["to"], acked["links"]), (0, 1))
        mesh = json.loads(ctl.run(one, "--json", "mesh"))
        self.assertEqual((mesh["node"], mesh["name"], mesh["role"]), (self.ids["a"], "a", "relay"))
        self.assertEqual([link["node"] for link in mesh["links"]], [self.ids["b"]])
        self.assertEqual(json.loads(one.http("/meshz")[2])["links"][0]["node"], self.ids["b"])
        writer = self.session(one)
        for _ in range(3):      # the second one makes a tree
            writer.publish("mesh/trees", b"")
        trees = until(lambda: (t := json.loads(two.http("/meshz")[2])["links"][0]["trees"])["in"] and t, 5, "a tree")
        self.assertEqual((trees["in"], trees["out"], trees["shared_in"]), (1, 0, True))
        self.assertEqual(json.loads(ctl.run(one, "--json", "mesh"))["links"][0]["trees"]["out"], 1)
        lag = until(lambda: (r := json.loads(ctl.run(two, "--json", "mesh"))["relay"])["lag_ms"]["trees"] and r, 5, "a lag")
        self.assertEqual(lag["loss"], 0)
        text = ctl.run(two, "mesh")
        self.assertIn("ms on trees of their own", text)
        self.assertIn("trees in", text)
        dot = ctl.run(one, "mesh", "--dot", two.uds)
        self.assertEqual(dot.count(" -- "), 1, dot)
        ctl.run(one, "peers", "hangup", short)
        until(lambda: self.view(one) == 0 or self.ups(one) > 1, 5, "the link is gone, or another one")
        until(lambda: [e["op"] for e in one.events("control")] == ["dial", "dial", "hangup"], 5, "both are logged")

    def test_a_mistaken_address_is_listed_and_withdrawn(self):
        self.make_keys("a")
        one = self.listening(self.member("a"))
        port = socket.create_server(("127.0.0.1", 0))       # closed again: refused
        wrong = "127.0.0.1:%d" % port.getsockname()[1]
        port.close()
        said = ctl.run(one, "peers", "dial", wrong, "--id", "0" * 64)
        self.assertIn(f"ronctl peers hangup {wrong}", said)

        def listed():
            return json.loads(ctl.run(one, "--json", "peers", "list"))["named"]
        peer = until(lambda: [p for p in listed() if "failure" in p], 5, "its failure is told")[0]
        self.assertEqual((peer["addr"], peer["id"]), (wrong, "0" * 64))
        self.assertTrue(peer["failure"].startswith("io: "), peer)
        text = ctl.run(one, "peers", "list")
        self.assertIn(f"{wrong}  0000000000000000  not linked", text)
        self.assertIn("failed, the last known: io: ", text)
        ctl.run(one, "peers", "hangup", wrong)
        until(lambda: not listed(), 5, "it is withdrawn")
        self.assertIn("no peer is named", ctl.run(one, "peers", "hangup", wrong, code=4))
        answer = self.ask(one, "hangup", addr=wrong, id="0" * 64)
        self.assertEqual(answer["code"], "BadFrame", "one or the other")

    def tree(self, brought_by):
        """Nodes by name, linked as told and in no other way: only who is a neighbour is let in."""
        pairs = [(node, by) for node, by in brought_by.items() if by]
        self.make_keys(*brought_by)
        nodes = {}
        for name, by in brought_by.items():
            near = [a if b == name else b for a, b in pairs if name in (a, b)]
            nodes[name] = self.listening(self.member(
                name, [nodes[by]] if by else [], mesh__allow=[self.ids[n] for n in (name, *near)]))
        for name, node in nodes.items():
            self.links(node, sum(name in pair for pair in pairs))
        return nodes

    def test_a_probe_is_traced(self):
        brought_by = {"a": None, "b": "a", "c": "b", "d": "c", "e": "b"}
        nodes = self.tree(brought_by)
        reader = self.session(nodes["d"])
        reader.subscribe("mesh/trace")
        args = ("trace", "mesh/trace", "--nodes", "4", "--wait", "10s")
        answer = json.loads(ctl.run(nodes["a"], "--json", *args))
        self.assertEqual((answer["node"], answer["links"], answer["complete"]), (self.ids["a"], 1, True))
        self.assertEqual({hop["node"]: hop["from"] for hop in answer["nodes"]},
                         {self.ids[n]: self.ids[by] for n, by in brought_by.items() if by})
        after = {hop["node"]: hop["after_us"] for hop in answer["nodes"]}
        self.assertLess(max(after.values()), 10_000_000, after)
        probe = reader.gossip().msg
        self.assertEqual((probe["topic"], probe["data"]), ("mesh/trace", b"ronctl trace"))
        self.assertEqual(set(probe), {"ts", "data", "kind", "topic", "fanout"}, "no word of the way")
        self.assertIsNone(reader.recv(0.2), "answers go to operators only")

        text = ctl.run(nodes["c"], *args)
        depth = {line.split()[0]: len(line) - len(line.lstrip()) for line in text.splitlines()[1:6]}
        self.assertEqual(depth, {self.ids[n][:16]: d for n, d in
                                 (("c", 0), ("b", 2), ("d", 2), ("a", 4), ("e", 4))}, text)

    def test_a_probe_that_too_few_answer_is_a_fault(self):
        alone = self.tree({"a": None})["a"]
        text = ctl.run(alone, "trace", "mesh/trace", "--nodes", "1", "--wait", "100ms", code=5)
        self.assertIn("published", text)
        self.assertEqual(self.ask(alone, "trace", topic="a b/*")["code"], "BadFrame")
        self.assertEqual(self.ask(alone, "traced", probe="0" * 16)["code"], "NotFound")

    @staticmethod
    def ups(node):
        return node.metrics().total("overlay_mesh_links_total", {"event": "up"})

    def test_faults_are_told(self):
        self.make_keys("a")
        one = self.listening(self.member("a"))
        for args, code in ((("dial",), "BadFrame"), (("hangup",), "BadFrame"), (("peers",), None)):
            answer = self.ask(one, *args)
            self.assertEqual(answer.get("code"), code, answer)
        self.assertEqual(self.ask(one, "hangup", id="0" * 64)["code"], "NotFound")
        self.assertEqual(self.ask(one, "dial", addr="nowhere")["code"], "BadFrame")
        ctl.run(one, "peers", "hangup", "abc", code=4)

    def test_a_node_without_a_mesh_says_so(self):
        alone = self.member("none", start=False)
        for key in ("identity.key_file", "mesh.allow", "peers"):
            del alone.config[key]
        alone.start()
        self.assertIn("no mesh", ctl.run(alone, "mesh", code=4))
        self.assertIn("no mesh", ctl.run(alone, "peers", "list", code=4))
        self.assertEqual(json.loads(alone.http("/meshz")[2])["enabled"], False)


class Identity(MeshCase):
    SECONDS = 4

    def id_of(self, node):
        return node.events("ready")[-1]["node"]

    def refused(self, node, *says):
        node.start(ready=False)
        self.assertEqual(node.wait_exit(), 78, node.tail())
        text = "\n".join(node.log)
        for part in says:
            self.assertIn(part, text)

    def test_a_key_is_made_at_the_first_start_and_stays(self):
        self.ids["x"] = "1" * 64
        for algorithm in ("ed25519", "ml-dsa-65"):
            config = {"identity.algorithm": algorithm, "overlay.amnesia": False}
            first = self.listening(self.member(algorithm, **config))
            path = os.path.join(self.keys, algorithm)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(os.listdir(self.keys).count(algorithm + ".new"), 0)
            first.stop()
            again = self.listening(self.member(algorithm, **config))
            self.assertEqual(self.id_of(again), self.id_of(first))
            self.assertEqual(ctl.run(again, "identity", path).strip(), self.id_of(first))

    def test_keys_that_cannot_be_used_are_refused(self):
        self.make_keys("open")
        path = os.path.join(self.keys, "open")
        os.chmod(path, 0o640)
        self.refused(self.member("open", start=False), "identity.key_file", "chmod 600")
        with open(os.path.join(self.keys, "garbage"), "w", encoding="ascii") as file:
            file.write("no key")
        os.chmod(file.name, 0o600)
        self.refused(self.member("garbage", start=False), "identity.key_file", "PEM")
        self.refused(self.member("missing", start=False, overlay__amnesia=True),
                     "identity.key_file", "overlay.amnesia")
        self.assertNotIn("missing", os.listdir(self.keys))

    def test_the_service_managers_directory_is_used(self):
        node = self.member("state", start=False, overlay__amnesia=False)
        node.config["identity.key_file"] = ""
        node.config["mesh.allow"] = ["1" * 64]
        env = {**environment(), "STATE_DIRECTORY": self.keys}
        done = subprocess.run([*node.command(), "--check"], env=env, text=True, capture_output=True,
                              check=False, timeout=20)
        self.assertEqual((done.returncode, os.listdir(self.keys)), (0, []), done.stderr)
        os.environ["STATE_DIRECTORY"] = self.keys
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY", None)
        self.listening(node.start(ready=False))
        self.assertEqual(os.listdir(self.keys), ["node.key"])

    def test_without_a_file_each_start_is_another_node(self):
        seen = set()
        for _ in range(2):
            node = self.member("ram", start=False)
            node.config["identity.key_file"] = ""
            node.config["mesh.allow"] = ["1" * 64]
            seen.add(self.id_of(self.listening(node.start(ready=False))))
            self.assertIn("identity.key_file", [e["key"] for e in node.events("config_warning")])
            node.stop()
        self.assertEqual(len(seen), 2)


if __name__ == "__main__":
    unittest.main()
