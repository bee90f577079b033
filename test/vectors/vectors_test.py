#!/usr/bin/python3
"""Proves that the checked-in vectors are the generator's, byte for byte, and that they are complete.

OAP-1.12 OAP-2.3: run from anywhere; exit code 77 (skipped) where cbor2, b3sum or zstd is missing.
"""
import json
import os
import re
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
FRAMES = ("envelope.json", "cbor.json", "kinds.json", "peers.json", "comp.json")
KINDS = ("hello hello_ack gossip sub unsub ack error keep credit lagged gap refused bye "
         "relay origin ihave iwant idontwant graft prune interest interest_all link unlink peers "
         "ping traced").split()


def missing_tools():
    missing = [tool for tool in ("b3sum", "zstd") if not shutil.which(tool)]
    try:
        import cbor2  # noqa: F401
    except ImportError:
        missing.append("python3-cbor2")
    return missing


def load(name):
    with open(os.path.join(HERE, name), encoding="ascii") as f:
        return json.load(f)


def expand(vector):
    """The bytes of a vector, a reader's five lines."""
    if "hex" in vector:
        return bytes.fromhex(vector["hex"])
    parts = [bytes.fromhex(p["hex"]) if "hex" in p else bytes.fromhex(p["byte"]) * p["count"]
             for p in vector["parts"]]
    return b"".join(parts)


class Vectors(unittest.TestCase):
    def test_files_are_the_generators(self):
        for name, document in generate.documents().items():
            with self.subTest(name), open(os.path.join(HERE, name), encoding="ascii") as f:
                checked_in = f.read()
                if name == "comp.json" and document["zstd"] != json.loads(checked_in)["zstd"]:
                    self.same_frames_by_another_zstd(json.loads(checked_in), document)
                    continue
                self.assertEqual(checked_in, generate.render(document), name + " is not generated")

    def same_frames_by_another_zstd(self, checked_in, document):
        """Another zstd may pack differently; what its frames hold and what is expected must agree."""
        names = [v["name"] for v in checked_in["vectors"]]
        self.assertEqual(names, [v["name"] for v in document["vectors"]])
        for vector in checked_in["vectors"]:
            if "ok" in vector["expect"]:
                content = comp.unzstd(expand(vector)[31:])
                self.assertEqual(vector["expect"]["ok"]["payload_b3"], core.b3(content))

    def test_every_id_is_in_the_specification(self):
        with open(os.path.join(HERE, "..", "..", "docs", "OAP-1.md"), encoding="utf-8") as f:
            known = set(re.findall(r"\[(OAP-\d\.\d+)\]", f.read()))
        for name in FRAMES + ("streams.json",):
            for vector in load(name)["vectors"]:
                self.assertTrue(vector["ids"], vector["name"])
                self.assertEqual(set(vector["ids"]) - known, set(), vector["name"])

    def test_names_are_unique_and_size_is_bounded(self):
        seen, size = set(), 0
        for name in FRAMES:
            size += os.path.getsize(os.path.join(HERE, name))
            for vector in load(name)["vectors"]:
                self.assertNotIn(vector["name"], seen)
                seen.add(vector["name"])
        self.assertLess(size, 2 << 20)

    def test_every_kind_code_and_fault_has_vectors(self):
        vectors = [v for name in FRAMES for v in load(name)["vectors"]]
        fields = [v["expect"]["ok"].get("fields", {}) for v in vectors if "ok" in v["expect"]]
        self.assertEqual({f["kind"] for f in fields if f}, set(KINDS))
        codes = {f["code"] for f in fields if f.get("kind") == "error"}
        self.assertTrue(codes >= {"BadVersion", "BadFrame", "FrameTooLarge", "RatioCap", "Busy",
                                  "QuotaExceeded", "NotReady", "Unauth", "Forbidden", "NotFound",
                                  "Timeout", "Internal"})
        refused = {i for v in vectors if "error" in v["expect"] for i in v["ids"]}
        wanted = {"OAP-2.%d" % n for n in range(8, 24)} | {"OAP-1.%d" % n for n in range(42, 46)}
        self.assertEqual(wanted - refused, set())

    def test_envelopes_say_what_the_bytes_say(self):
        for name in FRAMES:
            for vector in load(name)["vectors"]:
                ok = vector["expect"].get("ok")
                if ok:
                    data = expand(vector)
                    self.assertEqual(int.from_bytes(data[:4], "big") + 4, len(data), vector["name"])
                    self.assertEqual(ok["envelope"]["corr"], data[23:31].hex(), vector["name"])

    def test_match_table_agrees_with_a_regular_expression(self):
        for row in load("topics.json")["matches"]:
            words = [re.escape(w) if w not in ("*", "**") else {"*": "[^/]+", "**": ".+"}[w]
                     for w in row["pattern"].split("/")]
            got = re.fullmatch("/".join(words), row["topic"], re.DOTALL) is not None
            self.assertEqual(got, row["match"], row)


if __name__ == "__main__":
    if missing_tools():
        print("skipped, missing: " + ", ".join(missing_tools()))
        sys.exit(77)
    sys.path.insert(0, HERE)
    import generate
    from gen import comp, core
    unittest.main()
