#!/usr/bin/env python3
"""The whole system in a few seconds, from the binaries in build/bin (or RON_BIN_DIR).

A node with TLS and client certificates, a subscriber and a publisher, byte for byte, and an orderly
end on SIGTERM. Used by .ci/run.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RON_BIN_DIR") or ROOT / "build/bin")
LINES = 20000
SECONDS = 30


def until(condition, what):
    """Polls until the condition holds; returns its value."""
    deadline = time.monotonic() + SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.02)
    raise SystemExit(f"smoke: waited in vain for {what}")


def start_node(directory, log):
    """Makes certificates, starts the node, returns (process, its ready event)."""
    tls = directory / "tls"
    subprocess.run([BIN / "ronctl", "tls", "init", tls], check=True, stdout=subprocess.DEVNULL)
    node = subprocess.Popen(
        [BIN / "svc-overlay", "--bind", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--shards", "2",
         "--log-format", "json", "--tls", "--tls-require-client-cert", "--tls-cert", tls / "node.pem",
         "--tls-key", tls / "node.key", "--tls-client-ca", tls / "ca.pem"],
        stdout=log, stderr=subprocess.STDOUT)

    def ready():
        if node.poll() is not None:
            raise SystemExit(f"smoke: the node ended with {node.returncode}")
        for line in pathlib.Path(log.name).read_text(encoding="utf-8").splitlines():
            if line.startswith("{") and json.loads(line).get("event") == "ready":
                return json.loads(line)
        return None

    return node, until(ready, "the event ready")


def subscriptions(admin):
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=SECONDS) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.startswith("gossip_subscribers"))


def exchange(directory, ready):
    """Publishes lines through the node and returns whether the subscriber has the same bytes."""
    tls = directory / "tls"
    env = dict(os.environ, RON_NODE_URL=f"rons://{ready['listen']}", RON_CA=str(tls / "ca.pem"),
               RON_CERT=str(tls / "client.pem"), RON_KEY=str(tls / "client.key"))
    subprocess.run([BIN / "ronctl", "ping", "--count", "1"], env=env, check=True, timeout=SECONDS,
                   stdout=subprocess.DEVNULL)
    text = "".join(f"line {i}\n" for i in range(LINES)).encode()
    out = directory / "out"
    with open(out, "wb") as sink:
        reader = subprocess.Popen([BIN / "ronctl", "sub", "smoke/*", "--format", "raw", "--newline",
                                   "--count", str(LINES), "--timeout", f"{SECONDS}s"], env=env, stdout=sink)
        try:
            until(lambda: subscriptions(ready["admin"]), "the subscription")
            subprocess.run([BIN / "ronctl", "pub", "smoke/lines", "-"], env=env, input=text, check=True,
                           timeout=SECONDS, stdout=subprocess.DEVNULL)
            if reader.wait(SECONDS) != 0:
                raise SystemExit(f"smoke: the subscriber ended with {reader.returncode}")
        finally:
            if reader.poll() is None:
                reader.kill()
                reader.wait()
    return out.read_bytes() == text


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ron-smoke-") as name:
        directory = pathlib.Path(name)
        with open(directory / "node.log", "w+b") as log:
            node = None
            try:
                node, ready = start_node(directory, log)
                if not exchange(directory, ready):
                    raise SystemExit("smoke: what arrived is not what was sent")
                node.send_signal(signal.SIGTERM)
                if node.wait(SECONDS) != 0:
                    raise SystemExit(f"smoke: the node ended with {node.returncode} on SIGTERM")
            except BaseException:
                sys.stderr.write((directory / "node.log").read_text(encoding="utf-8")[-4000:])
                raise
            finally:
                if node and node.poll() is None:
                    node.kill()
                    node.wait()
    print(f"smoke: {LINES} lines over TLS, byte for byte; orderly end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
