"""What is compared with what, and what is aimed at. Goals are those of our own node alone."""
import statistics
from dataclasses import dataclass

from results import differences, ratios, values

THROUGHPUT = ("w1", "w2", "w3")
MEMORY = ("idle", "idletls", "lag")  # not about messages a second
STALLED = {"stalled5": "steady95", "stalled5lat": "steady95lat"}
W9_TO_W8 = 1.5  # ten wildcard patterns a subscriber against one exact topic
P50_US = {"w4": 25, "w4tls": 40}
JUDGED = ("ours", "ours-poll")
LAG_KIB = 20_000_000 / 1024
IDLE_KIB = 1.5  # over TLS: above a bare object of the library
CONNECT_US = 30
CONNECT_TO_OPENSSL = 1.08
STALLED_THROUGHPUT = 0.99
STALLED_P99 = 1.1


@dataclass
class Measure:
    """One comparison, a value a repetition; the median is judged where there is an aim."""

    values: list
    unit: str
    aim: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def reached(self):
        """None without an aim."""
        if self.aim is None:
            return None
        return self.median >= self.aim if self.at_least else self.median <= self.aim


def cpu_goal(work, size, frame_to_nats):
    """The ratio to `frame` that is aimed at; None where the aim is another."""
    plain, tls = {16: (6, 5), 128: (2.5, 2), 1024: (1.8, 1.4)}.get(size, (1.3, 1.2))
    if work in THROUGHPUT:
        return 4 if (work, size) == ("w1", 128) else plain
    if work.removesuffix("tls") in THROUGHPUT:
        return tls
    if work == "w8":  # where the bare relay itself is not far ahead, little is left to lose
        return 1.5 if frame_to_nats and frame_to_nats > 0.4 else 2.5
    return 1.15 if work == "w7" else None


def cpu(results, work, size, server):
    base = results.of(work, size, "frame")
    runs = results.of(work, size, server)
    found = ratios(runs, base, "srv_cpu_per_M")
    if server != "frame" and found and work not in MEMORY:
        nats = ratios(base, results.of(work, size, "nats"), "srv_cpu_per_M")
        best = min(values(runs, "srv_cpu_per_M")) / min(values(base, "srv_cpu_per_M"))
        yield Measure(found, "x frame", cpu_goal(work, size, statistics.median(nats or [0])),
                      note=f"{best:.3g} at best")
    if work == "w9":
        found = ratios(runs, results.of("w8", size, server), "srv_cpu_per_M")
        yield Measure(found, "x w8", W9_TO_W8)


def latency(results, work, size, server):
    """The machine's own share is in `frame`: its p50 stands beside ours."""
    runs, base = results.of(work, size, server), results.of(work, size, "frame")
    aimed = size == 128
    if work in P50_US and server in JUDGED:
        over = differences(runs, base, "p50")
        frame = values(base, "p50")
        note = (f"frame itself {statistics.median(frame):.3g}, ours {statistics.median(over):+.3g}"
                if over else "")
        yield Measure(values(runs, "p50"), "us p50", P50_US[work] if aimed else None, note=note)
        nats = ratios(runs, results.of(work, size, "nats"), "p99")
        yield Measure(nats, "x nats' p99", 1 if work == "w4" and aimed else None)
    elif work.startswith("w4") and server != "frame":
        yield Measure(differences(runs, base, "p50"), "us p50 above frame")


def stalled(results, work, size, server):
    if work not in STALLED:
        return
    runs, base = results.of(work, size, server), results.of(STALLED[work], size, server)
    if work == "stalled5":
        yield Measure(ratios(runs, base, "msgs_s"), "x the throughput without them",
                      STALLED_THROUGHPUT, at_least=True)
    else:
        yield Measure(ratios(runs, base, "p99"), "x the p99 without them", STALLED_P99)


def rare(results, work, size, server):
    """What the one that does not read adds to the peak, against what waits for it, counted."""
    if work != "rareslow":
        return
    runs = results.of(work, size, server)
    pinned = differences(runs, results.of("rare", size, server), "peak_grown_kB")
    held = values(runs, "held_kB")
    if held:
        aim = statistics.median(held)
        yield Measure(pinned, "kB pinned", aim, note=f"{aim:.0f} kB wait in its lane")


def memory(results, work, size, server):
    runs, openssl = results.of(work, size, server), results.of(work, size, "openssl")
    if work == "lag":
        yield Measure(values(runs, "grown_kB"), "kB grown", LAG_KIB)
    if work == "idle":
        yield Measure(values(runs, "session_kB"), "kB a session", IDLE_KIB)
        yield Measure(values(runs, "srv_cpu_us_per_conn"), "us a connect", CONNECT_US)
    if work == "idletls" and server != "openssl":
        yield Measure(differences(runs, openssl, "session_kB"), "kB a session above openssl", IDLE_KIB)
        yield Measure(ratios(runs, openssl, "srv_cpu_us_per_conn"), "x openssl's connect",
                      CONNECT_TO_OPENSSL)


def measures(results, work, size, server):
    """All comparisons of one row; only ours are judged."""
    out = []
    for kind in (cpu, latency, stalled, rare, memory):
        out += [each for each in kind(results, work, size, server) if each.values]
    if server not in JUDGED:
        for each in out:
            each.aim = None
    return out
