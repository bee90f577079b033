"""The real daemon in a directory of its own: start, watch, measure, stop, and never leave it."""
import ctypes
import http.client
import json
import mmap
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading

import client
import names
import wait

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN_DIR = os.environ.get("RON_BIN_DIR") or os.path.join(ROOT, "build", "bin")
LOG_LINES_SHOWN = 200
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)     # loaded here: nothing may be loaded between fork and exec


def binary(name="svc-overlay"):
    return os.path.join(BIN_DIR, name)


def sanitized():
    """True when the daemon carries ASan or TSan: memory is then no measure, time is slower."""
    with open(binary(), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return any(text.find(mark) >= 0 for mark in (b"__asan_init", b"__tsan_init"))


def toml(config):
    """Dotted keys, one a line: the whole of TOML that is needed here."""
    lines = []
    for key, value in config.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        else:
            value = json.dumps(value)
        lines.append(f"{key} = {value}\n")
    return "".join(lines)


def environment():
    """The environment of a daemon: no settings leak in from the caller's."""
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith(("SVC_OVERLAY_", "OVERLAY_", "RON_CONFIG", "RON_OVERLAY"))}
    return keep


class Metrics(dict):
    """(name, frozenset of label pairs) -> value of one scrape."""

    @classmethod
    def parse(cls, text):
        out = cls()
        for line in text.splitlines():
            match = _SAMPLE.match(line)
            if match and not line.startswith("#"):
                labels = frozenset(_LABEL.findall(match.group(2) or ""))
                out[(match.group(1), labels)] = float(match.group(3))
        return out

    def total(self, name, labels=None):
        """The sum of the series of `name` whose labels have the wanted values; 0 if none."""
        wanted = {(k, v) for k, v in (labels or {}).items() if v is not None}
        return sum(v for (n, have), v in self.items() if n == name and wanted <= have)

    def counter(self, key):
        return int(self.total(*names.COUNTERS[key]))

    def has(self, name):
        return any(n == name or n in (name + "_bucket", name + "_count") for n, _ in self)


class Node:
    """svc-overlay with ephemeral ports. Use as a context manager, or start() and stop()."""

    def __init__(self, config=None, args=(), uds=False, tls=None, nofile=None):
        """nofile: limit of open files; tls: (certificate, key) paths; uds: True for a socket."""
        self.directory = tempfile.mkdtemp(prefix="ron-it-")
        self.config = dict(names.BASE_CONFIG)
        if os.environ.get("RON_SHARDS"):
            self.config[names.KEY_SHARDS] = int(os.environ["RON_SHARDS"])
        self.config.update(config or {})
        self.args = list(args)
        self.uds = os.path.join(self.directory, "run", "overlay.sock") if uds else None
        self.tls, self.nofile = tls, nofile
        self.process = self.listen = self.admin = self.ready_line = None
        self.log = []
        self._readers = []

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.discard()

    def command(self):
        path = os.path.join(self.directory, "svc-overlay.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(toml(self.config))
        line = [binary(), "--config", path]
        if "--bind" not in self.args and names.KEY_LISTEN not in self.config:
            line += ["--bind", "127.0.0.1:0"]
        line += ["--metrics", "127.0.0.1:0"]
        if self.uds:
            line += ["--uds", self.uds]
        if self.tls:
            line += ["--tls", "--tls-cert", self.tls[0], "--tls-key", self.tls[1]]
        return line + self.args

    def start(self, ready=True):
        self.process = subprocess.Popen(
            self.command(), cwd=self.directory, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=self._before_exec)
        for stream in (self.process.stdout, self.process.stderr):
            thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
            thread.start()
            self._readers.append(thread)
        if ready:
            try:
                self.wait_ready()
            except BaseException as fault:
                text = self.tail()
                self.discard()
                raise AssertionError(f"the node did not become ready: {fault}\n{text}") from None
        return self

    def _before_exec(self):
        """In the child: never outlive the test, and live with its limits."""
        _LIBC.prctl(_PDEATHSIG, signal.SIGKILL)
        if self.nofile:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.nofile, self.nofile))

    def _read(self, stream):
        for line in stream:
            self.log.append(line.decode("utf-8", "replace").rstrip("\n"))

    def events(self, name):
        """Log lines with this event, as dicts."""
        found = []
        for line in list(self.log):
            if line.startswith("{"):
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if entry.get("event") == name:
                    found.append(entry)
        return found

    def wait_ready(self, seconds=10.0):
        def line():
            if self.process.poll() is not None:
                raise AssertionError(f"exit code {self.process.returncode}")
            return self.events("ready")
        self.ready_line = wait.until(line, seconds, "the log line with event ready")[-1]
        self.listen = split_address(self.ready_line.get("listen"))
        self.admin = split_address(self.ready_line["admin"])
        wait.until(lambda: self.http("/readyz")[0] == 200, seconds, "/readyz 200")

    def stop(self, seconds=10.0, code=0):
        """SIGTERM, then the exit code; the log is shown when it is not the expected one."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        seen = self.wait_exit(seconds)
        if seen != code:
            text = self.tail()
            self.discard()
            raise AssertionError(f"exit code {seen}, expected {code}\n{text}")
        self.discard()

    def wait_exit(self, seconds=10.0):
        try:
            code = self.process.wait(seconds * wait.scale())
        except subprocess.TimeoutExpired:
            text = self.tail()
            self.discard()
            raise AssertionError(f"still running {seconds} s after the signal\n{text}") from None
        for thread in self._readers:
            thread.join(5)
        return code

    def discard(self):
        """Kill whatever is left and remove the directory."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            for thread in self._readers:
                thread.join(5)
            self.process.stdout.close()
            self.process.stderr.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def tail(self):
        return "\n".join(["--- node log ---"] + self.log[-LOG_LINES_SHOWN:])

    # --- admin --------------------------------------------------------------------------------

    def http(self, path, method="GET", seconds=5.0):
        """(status, headers, body text)"""
        link = http.client.HTTPConnection(*self.admin, timeout=seconds * wait.scale())
        try:
            link.request(method, path)
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            link.close()

    def metrics(self):
        status, _, text = self.http("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answered {status}")
        return Metrics.parse(text)

    # --- resources ----------------------------------------------------------------------------

    def rss(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE

    def cpu(self):
        """CPU seconds used so far, all threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # --- clients ------------------------------------------------------------------------------

    def connect(self, **kw):
        return client.connect(self.listen, **kw)

    def session(self, rcvbuf=None, tenant=0, **hello):
        """A plain session after its handshake."""
        session = self.connect(rcvbuf=rcvbuf)
        answer = session.hello(tenant=tenant, **hello)
        if answer.get("kind") != "hello_ack":
            session.close()
            raise AssertionError(f"hello refused: {answer}")
        return session

    def uds_session(self, **hello):
        session = client.connect(self.uds)
        answer = session.hello(**hello)
        if answer.get("kind") != "hello_ack":
            session.close()
            raise AssertionError(f"hello refused: {answer}")
        return session


def split_address(text):
    """(host, port), or None where nothing listens."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
