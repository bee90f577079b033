"""What a reader of results must know of a call: the day, the machine, the versions, the command."""
import os
import platform
import re
import shutil
import subprocess
import sys

VERSIONS = {
    "nats": ["nats-server", "--version"],
    "redis": ["redis-server", "--version"],
    "mqtt": ["mosquitto", "-h"],
    "zmq": ["dpkg-query", "-W", "-f=${Version}", "libzmq5"],
}
NUMBER = re.compile(r"\d+(\.\d+)+")


def words(command):
    """What a program says; not all of them end with 0."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def number(text):
    found = NUMBER.search(text)
    return found.group(0) if found else "unknown"


def line_of(path, start):
    with open(path, encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith(start)), "")


def machine():
    kind = "virtual machine" if "hypervisor" in line_of("/proc/cpuinfo", "flags").split() else "machine"
    memory = int(line_of("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    system = platform.freedesktop_os_release()
    return {"cpu": line_of("/proc/cpuinfo", "model name"), "cpus": os.cpu_count(), "kind": kind,
            "memory_GiB": round(memory), "system": f"{system['NAME']} {system.get('VERSION_ID', '')}",
            "linux": number(platform.release())}


def versions(options):
    node = words([options.node, "--version"])
    commit = re.search(r"\(([0-9a-f]+(-dirty)?)", node)
    found = {"ours": f"{number(node)} {commit.group(1) if commit else ''}".strip(),
             "openssl": number(node[node.find("OpenSSL"):])}
    found.update((name, number(words(command))) for name, command in VERSIONS.items()
                 if name in options.servers)
    return found


def call(options, stamp):
    congestion = os.environ.get("CONGESTION", "")
    settings = f"CONGESTION={congestion} " if congestion not in ("", "cubic") else ""
    return {"call": stamp, "command": f"{settings}./dev bench peers {' '.join(sys.argv[1:])}".strip(),
            "server_cpu": options.cpus[0], "generator_cpu": options.cpus[1],
            "machine": machine(), "versions": versions(options)}
