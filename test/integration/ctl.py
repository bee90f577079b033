"""The real ronctl as operators run it: nothing of the caller's environment, one node by its socket."""
import os
import signal
import subprocess
import threading

import wait
from node import binary, environment


def environ(node, home):
    """Nothing of the caller's: no context, no other node."""
    clean = {k: v for k, v in environment().items() if not k.startswith("RON_")}
    clean.update(HOME=home, XDG_CONFIG_HOME=os.path.join(home, "config"), NO_COLOR="1")
    if node is not None:
        clean["RON_NODE_URL"] = f"unix:{node.uds}"
    return clean


def run(node, *args, home=None, cwd=None, code=0, url=None):
    """ronctl's standard output; the exit code must be `code`."""
    env = environ(node, home or node.directory)
    if url:
        env["RON_NODE_URL"] = url
    done = subprocess.run([binary("ronctl"), *args], env=env, capture_output=True, text=True,
                          cwd=cwd or (node.directory if node else home), check=False,
                          timeout=30 * wait.scale(), stdin=subprocess.DEVNULL)
    if done.returncode != code:
        raise AssertionError(f"ronctl {' '.join(args)}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done.stderr if code in (2, 3, 4) else done.stdout


class Reader:
    """A ronctl that goes on until it is told to stop; its lines as they come."""

    def __init__(self, node, *args):
        self.lines, self.faults = [], []
        self.process = subprocess.Popen(
            [binary("ronctl"), *args], env=environ(node, node.directory), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=self.take, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.faults))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def take(stream, into):
        for line in stream:
            into.append(line.rstrip("\n"))

    def wait(self, seconds=15):
        code = self.process.wait(seconds * wait.scale())
        for thread in self.threads:
            thread.join(5)
        return code

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
