"""The servers under test: how each is started, and what the kernel says of its process."""
import os
import signal
import socket
import subprocess
import time

# Of a TCP socket: least, default and most bytes, where the kernel is to hold little.
SMALL_BUFFERS = "4096 131072 131072"

NODE = """\
profile = "micronode"
[overlay]
listen = "127.0.0.1:{port}"
shards = 1
[overlay.peer]
max_rps = 10000000
max_fps = 100000000
inflight_frames = 65536
recv_window_frames = 256
[limits]
peer_queue_bytes = "16MiB"
peer_queue_frames = 16777216
total_queue_bytes = "16GiB"
[timeouts]
idle = "1h"
[transport]
max_conns = 20000
accept_rate = 1000000
accept_burst = 1000000
backlog = 4096
[observability]
metrics_addr = ""
[log]
level = "warn"
"""


class Setting:
    """Where binaries and scratch files are, and the certificate that all servers share."""

    def __init__(self, programs, node, scratch, cpus):
        self.programs, self.node, self.scratch = programs, node, scratch
        self.server_cpu, self.generator_cpu = cpus
        self.cert, self.key = self.path("cert.pem"), self.path("key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.cert,
                        "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path(name)


def ours(setting, port, tls):
    text = NODE.format(port=port)
    if tls:
        text += (f'[tls]\nenabled = true\ncert_path = "{setting.cert}"\n'
                 f'key_path = "{setting.key}"\n')
    return [setting.node, "--config", setting.file(f"ours-{port}.toml", text)]


def ours_poll(setting, port, tls):
    """Never asleep between the messages of w4, which come every 200 us."""
    command = ours(setting, port, tls)
    return [*command, "--set", "overlay.busy_poll=1ms"]


def relay(mode):
    def command(setting, port, tls):
        return ([setting.program("relay"), str(port), mode]
                + ([setting.cert, setting.key] if tls else []))
    return command


def relay_unix(setting, port, tls):
    return [setting.program("relay"), setting.path("relay.sock"), "frame"]


def nats(setting, port, tls):
    text = (f'host: "127.0.0.1"\nport: {port}\nmax_connections: 20000\nmax_payload: 1048576\n'
            'ping_interval: "10m"\nwrite_deadline: "2m"\n')
    if tls:
        text += f'tls {{ cert_file: "{setting.cert}"\n key_file: "{setting.key}"\n timeout: 20 }}\n'
    return ["nats-server", "-c", setting.file(f"nats-{port}.conf", text)]


def redis(setting, port, tls):
    command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
               "--maxclients", "15000", "--tcp-backlog", "4096", "--daemonize", "no",
               "--client-output-buffer-limit", "pubsub 0 0 0", "--dir", setting.scratch]
    if not tls:
        return command + ["--port", str(port)]
    return command + ["--port", "0", "--tls-port", str(port), "--tls-cert-file", setting.cert,
                      "--tls-key-file", setting.key, "--tls-ca-cert-file", setting.cert,
                      "--tls-auth-clients", "no"]


def mqtt(setting, port, tls):
    text = (f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            "max_connections -1\npersistence false\nlog_dest none\nset_tcp_nodelay true\n"
            "sys_interval 0\nuser root\n")
    if tls:
        text += f"certfile {setting.cert}\nkeyfile {setting.key}\ntls_version tlsv1.3\n"
    return ["mosquitto", "-c", setting.file(f"mosquitto-{port}.conf", text)]


def openssl_idle(setting, port, tls):
    return [setting.program("openssl_idle"), str(port), setting.cert, setting.key]


def zmq(setting, port, tls):
    return [setting.program("zmq_proxy"), str(port)]


class KernelBuffers:
    """Bounds of the TCP buffers in this network namespace, put back at the end."""

    PATHS = ("/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem")

    def __init__(self, small):
        self.small, self.before = small, {}

    def __enter__(self):
        for path in self.PATHS if self.small else ():
            with open(path, encoding="utf-8") as file:
                self.before[path] = file.read()
            self.write(path, SMALL_BUFFERS)
        return self

    def __exit__(self, *_):
        for path, text in self.before.items():
            self.write(path, text)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class Kind:
    """A server the benchmark knows; not `full`: only in the workloads `works`, or where one names it."""

    def __init__(self, codec, command, plain=True, tls=True, full=True, options=None, needs=None,
                 works=("w1",), realtime=True):
        self.codec, self.command, self.plain, self.tls = codec, command, plain, tls
        self.full, self.options, self.needs = full, options or {}, needs
        self.works = works
        self.realtime = realtime  # stands a real-time scheduling policy, where a workload has it


KINDS = {
    "ours": Kind("ours", ours),
    # The kernel would throttle what never sleeps under a real-time policy.
    "ours-poll": Kind("ours", ours_poll, full=False, works=("w4", "w4tls"), realtime=False),
    "frame": Kind("frame", relay("frame")),
    "nats": Kind("nats", nats, needs="nats-server"),
    "redis": Kind("redis", redis, needs="redis-server"),
    # Slow a packet: a short queue drains in time.
    "mqtt": Kind("mqtt", mqtt, options={"window": 65536}, needs="mosquitto"),
    "zmq": Kind("zmq", zmq, tls=False),
    # Sessions that hold nothing but the library's object: the floor of TLS.
    "openssl": Kind("openssl", openssl_idle, plain=False, full=False),
    "bytes": Kind("frame", relay("bytes"), tls=False, full=False),
    "redis-noreply": Kind("redis-noreply", redis, tls=False, full=False, needs="redis-server"),
    "frame-unix": Kind("frame", relay_unix, tls=False, full=False),
}


class Server:
    """A running server, alone on its core while it is measured."""

    def __init__(self, name, setting, port, tls=False, realtime=False):
        self.name, self.kind, self.setting, self.port, self.tls = (
            name, KINDS[name], setting, port, tls)
        self.realtime, self.dirty, self.used = realtime and self.kind.realtime, False, False
        self.log = setting.path(f"{name}.log")
        self.start()

    def start(self):
        command = ["taskset", "-c", self.setting.server_cpu]
        if self.realtime:  # latency: other work must not delay the server's wake-up
            command += ["chrt", "-f", "1"]
        command += self.kind.command(self.setting, self.port, self.tls)
        self.dirty = False
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + 5
        while not self.accepts():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.name} did not start: {log.read()[-400:]}")
            self.pause(0.05)
        self.come_to_rest()

    def pause(self, seconds):
        """Ends early when the process ends."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def ticks(self):
        """CPU time in clock ticks."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))

    def come_to_rest(self):
        """Until the process has used next to no CPU for a while, at most 10 s."""
        end, still = time.monotonic() + 10, 0
        while still < 3 and time.monotonic() < end:
            before = self.ticks()
            self.pause(0.1)
            still = still + 1 if self.ticks() - before <= 1 else 0

    def accepts(self):
        try:
            if self.name == "frame-unix":
                return os.path.exists(self.setting.path("relay.sock"))
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    @property
    def pid(self):
        return self.process.pid

    def generator_options(self):
        options = {"codec": self.kind.codec, "port": self.port, "pid": self.pid,
                   "tls": int(self.tls), **self.kind.options}
        if self.name == "zmq":
            options["pub-port"] = self.port + 1
        if self.name == "frame-unix":
            options["uds"] = self.setting.path("relay.sock")
        return options

    def memory(self, field):
        """VmRSS or VmHWM in kB."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1])
        return 0

    def private_kb(self):
        """Pages of its own, dirty or not: what remains when shared libraries are left out."""
        total = 0
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as rollup:
            for line in rollup:
                if line.startswith("Private_"):
                    total += int(line.split()[1])
        return total

    def reset_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="utf-8") as file:
            file.write("5")
