"""Network namespaces joined by a pair of virtual cables: two sides that can be cut apart."""
import os
import subprocess

from node import Node
from wait import until

ADDRESSES = ("10.77.0.1", "10.77.0.2")


def shell(line, check=True):
    return subprocess.run(line.split(), capture_output=True, text=True, check=check).returncode == 0


def permitted():
    """May this process make namespaces and filter packets in them?"""
    return os.geteuid() == 0 and shell("unshare -n iptables -A INPUT -s 10.77.0.2 -j DROP", False) \
        and shell("unshare -n ip link add name ron0 type veth peer name ron1", False)


class Side:
    """One namespace, as long as its keeper lives."""

    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.path = f"/proc/{self.keeper.pid}/ns/net"
        until(lambda: os.readlink(self.path) != os.readlink("/proc/self/ns/net"), 5, "a namespace")

    def run(self, line, check=True):
        return shell(f"nsenter --net={self.path} {line}", check)

    def close(self):
        self.keeper.kill()
        self.keeper.wait()


class Cable:
    """Two sides, and the ways between them."""

    def __init__(self):
        self.sides = (Side(), Side())
        one, two = self.sides
        one.run(f"ip link add name ron0 type veth peer name ron1 netns {two.keeper.pid}")
        for number, side in enumerate(self.sides):
            side.run("ip link set lo up")
            side.run(f"ip addr add {ADDRESSES[number]}/24 dev ron{number}")
            side.run(f"ip link set ron{number} up")

    def cut(self):
        """Packets vanish, both ways; nobody is told."""
        for number, side in enumerate(self.sides):
            side.run(f"iptables -A INPUT -i ron{number} -j DROP")

    def mend(self):
        for side in self.sides:
            side.run("iptables -F INPUT")

    def lose(self, part):
        """That part of all packets vanishes, those within a side too."""
        for side in self.sides:
            side.run(f"iptables -A INPUT -m statistic --mode random --probability {part} -j DROP")

    def close(self):
        for side in self.sides:
            side.close()


class Inside(Node):
    """A node on one side. Its Unix socket is reached from everywhere, its ports are not."""

    side = None

    def command(self):
        return ["nsenter", f"--net={self.side.path}", *super().command()]
