#!/usr/bin/python3
"""Makes the seed corpora of frame_parse, cbor, hello and peer_kinds from the vectors: a small, varied
choice; and that of config_text from the configurations that must load for ever."""
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


def configurations():
    """An environment, a NUL, a file: as config_text.cpp takes them apart."""
    root = os.path.join(HERE, "..", "..")
    for folder in ("docs/api-history/config", "deploy/examples"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            with open(os.path.join(root, folder, name), "rb") as f:
                text = b"\n".join(line for line in f.read().split(b"\n") if not line.startswith(b"#"))
            if name.endswith(".env"):
                yield text + b"\0"
            elif not name.endswith(".md"):
                yield b"\0" + text
    yield b"SVC_OVERLAY_PQ_MODE=off\nSVC_OVERLAY_TRANSPORT__NAME=\xff\0[timeouts]\nidle = 5\n"
    yield b"\0pq_hybrid = true\npq_only = false\nkey_rotation_days = 30\n"
    yield b"\0a = 1979-05-27T'7:32:00Z\n"           # toml++ asserts on it
    yield b"\0a = [1 \xc7\xb9 2]\n\xc3\xa9 = 1\n"   # and calls this letter unreachable
    yield b"\0a.b.c.d = [[1], {x = 1}, 1979-05-27T07:32:00Z]\n"
    yield b'\0{"tls": {"allowed_sans": ["DNS:a,b", 5]}, "tls": null, "x": [{}]}'


def main():
    cbor, kinds = vectors("cbor.json"), vectors("kinds.json")
    frames = every(vectors("envelope.json"), 2) + every(vectors("comp.json"), 2) + every(kinds, 40)
    streams = every(vectors("streams.json"), 1)
    cuts = [b"\x03\x00\x1e\x07" + s for s in streams]
    write("frame_parse", [b"\x00" + s for s in frames + streams] + cuts)
    write("cbor", [f[31:] for f in every(cbor, 2)])
    write("config_text", list(configurations()))
    write("peer_kinds", [bytes.fromhex(v["hex"])[31:] for v in vectors("peers.json") if "ok" in v["expect"]])
    write("hello", [bytes.fromhex(v["hex"])[31:] for v in kinds if "ok" in v["expect"]][::2])


main()
