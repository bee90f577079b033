"""What the admin listener and the control operations answer keeps its shape: docs/api-history/http.json
and mesh.json.

RON_UPDATE_GOLDEN=1 rewrites it; the CHANGELOG then says why (tools/lint/check_history.py)."""
import json
import os
import signal
import socket
import unittest

from case import NodeCase
from mesh_case import MeshCase
from node import ROOT
from test_control import control
from wait import until

GOLDEN = os.path.join(ROOT, "docs", "api-history", "http.json")
MESH_GOLDEN = os.path.join(ROOT, "docs", "api-history", "mesh.json")
NAMED = {"keys"}        # maps whose keys are data, not fields


def united(shapes):
    """One shape for all elements of a list: fields that only some have are there."""
    out = {}
    for each in shapes:
        if not isinstance(each, dict):
            return each
        out.update(each)
    return out


def shape(value, name=""):
    """Types instead of values; a list is what its elements have together, a map of data one entry."""
    if isinstance(value, dict):
        if name in NAMED:
            return {"*": shape(next(iter(value.values())))}
        return {key: shape(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [united(shape(item) for item in value)] if value else []
    if isinstance(value, bool):
        return "bool"
    return {int: "number", float: "number", str: "text"}[type(value)]


def compare(test, seen, golden):
    text = json.dumps(seen, indent=1, sort_keys=True) + "\n"
    if os.environ.get("RON_UPDATE_GOLDEN"):
        with open(golden, "w", encoding="utf-8") as file:
            file.write(text)
    with open(golden, encoding="utf-8") as file:
        test.assertEqual(file.read(), text, os.path.relpath(golden, ROOT))


class Shapes(NodeCase):
    UDS = True
    SECONDS = 2

    def page(self, path, method="GET"):
        status, headers, body = self.node.http(path, method)
        lower = {k.lower(): v for k, v in headers.items()}
        out = {"status": status, "type": lower["content-type"]}
        if body and "json" in out["type"]:
            out["body"] = shape(json.loads(body))
        return out

    def ask(self, op):
        answer = self.keep(self.node.uds_session()).request(control(op))
        return shape(json.loads(answer["body"]))

    def test_shapes(self):
        reader, writer, topic = self.session(window=1), self.session(), self.topic()
        reader.subscribe(topic)
        reader.subscribe(topic, group="g")
        writer.publish(topic, b"x")
        until(lambda: json.loads(self.node.http("/topicz")[2])["topics"], 3, "a topic is known")
        seen = {"GET " + path: self.page(path) for path in
                ("/healthz", "/readyz", "/metrics", "/version", "/configz", "/sessionz", "/topicz",
                 "/nothing")}
        seen["POST /readyz"] = self.page("/readyz", "POST")
        for op in ("status", "sessions", "topics", "queues", "config", "log-level", "reload"):
            seen["control " + op] = self.ask(op)
        holder = self.keep(self.node.uds_session())
        self.node.signal(signal.SIGTERM)
        until(lambda: self.node.http("/readyz")[0] == 503, 3, "not ready")
        seen["GET /readyz, not ready"] = self.page("/readyz")
        holder.close()
        reader.close()
        writer.close()
        self.assertEqual(self.node.wait_exit(6), 0)
        compare(self, seen, GOLDEN)

    def tearDown(self):
        if self.node.alive():
            super().tearDown()


class MeshShapes(MeshCase):
    SECONDS = 2

    def ask(self, node, op, **args):
        answer = self.session(node).request(control(op, **args))
        return shape(json.loads(answer["body"]))

    def test_shapes(self):
        one, two = self.mesh(2)
        address, known = "127.0.0.1:%d" % two.listen[1], self.ids[two.name]
        seen = {"GET /meshz": shape(json.loads(one.http("/meshz")[2]))}
        seen["control mesh"] = self.ask(one, "mesh")
        port = socket.create_server(("127.0.0.1", 0))       # closed again: nobody answers there
        wrong = "127.0.0.1:%d" % port.getsockname()[1]
        port.close()
        self.ask(one, "dial", addr=wrong, id="0" * 64)
        seen["control peers"] = until(
            lambda: "failure" in (s := self.ask(one, "peers"))["named"][0] and s, 5, "a failed dial")
        seen["control dial"] = self.ask(one, "dial", addr=address, id=known)
        until(lambda: self.view(two) == 1, 5, "a link")
        probe = json.loads(self.session(one).request(control("trace", topic="a"))["body"])
        seen["control trace"] = shape(probe)
        traced = control("traced", probe=probe["probe"])
        answer = until(lambda: (found := json.loads(self.session(one).request(traced)["body"]))["nodes"] and found, 5, "an answer")
        seen["control traced"] = shape(answer)
        self.ask(one, "hangup", addr=wrong)
        seen["control hangup"] = self.ask(one, "hangup", id=known)
        compare(self, seen, MESH_GOLDEN)


if __name__ == "__main__":
    unittest.main()
