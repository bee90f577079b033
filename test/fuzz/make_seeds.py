#!/usr/bin/python3
"""Makes the seed corpora of frame_parse, cbor and hello from the vectors: a small, varied choice."""
import hashlib
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
SIZE_MAX = 1024


def vectors(name):
    with open(os.path.join(VECTORS, name), encoding="ascii") as f:
        return [v for v in json.load(f)["vectors"] if "hex" in v]


def write(target, seeds):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    for seed in sorted(set(s for s in seeds if len(s) <= SIZE_MAX)):
        with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()[:16]), "wb") as f:
            f.write(seed)


def every(items, step):
    return [bytes.fromhex(v["hex"]) for v in items[::step]]


def main():
    cbor, kinds = vectors("cbor.json"), vectors("kinds.json")
    frames = every(vectors("envelope.json"), 2) + every(vectors("comp.json"), 2) + every(kinds, 40)
    streams = every(vectors("streams.json"), 1)
    cuts = [b"\x03\x00\x1e\x07" + s for s in streams]
    write("frame_parse", [b"\x00" + s for s in frames + streams] + cuts)
    write("cbor", [f[31:] for f in every(cbor, 2)])
    write("hello", [bytes.fromhex(v["hex"])[31:] for v in kinds if "ok" in v["expect"]][::2])


main()
