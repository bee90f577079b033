"""The workloads: what the generator is asked to do, on which sizes and for which servers."""

SIZES = (16, 128, 1024, 16384, 65536, 1_000_000)
IDLE = 10_000


class Workload:
    """One row of the tables, or one a size."""

    def __init__(self, text, options, sizes=SIZES, tls=False, realtime=False, only=None,
                 fresh=False, seconds=None, probe=None, small_buffers=False):
        self.text, self.options, self.sizes, self.tls = text, options, sizes, tls
        self.realtime = realtime  # the server runs under SCHED_FIFO: latency
        self.only = only          # of these servers
        self.fresh = fresh        # a new server process for each run
        self.seconds = seconds
        self.probe = probe        # the word on which the server's memory is looked at
        self.small_buffers = small_buffers  # of the kernel, so that the server holds what waits

    def over_tls(self):
        return Workload(self.text + " over TLS", self.options, self.sizes, True, self.realtime,
                        self.only, self.fresh, self.seconds, self.probe, self.small_buffers)


W4 = {"rate": 5000, "warm": 0.3}
TWO = (128, 1024)
ONE = (128,)
BOUNDED = ("ours", "frame")

PLAIN = {
    "w1": Workload("1 publisher, 1 subscriber", {}),
    "w2": Workload("1 publisher, 50 subscribers", {"subs": 50}),
    "w3": Workload("10 topics of 1 publisher and 10 subscribers",
                   {"pubs": 10, "topics": 10, "subs": 10}),
    "w4": Workload("5000 messages a second, latency", W4, TWO, realtime=True, seconds=2.5),
    "w4fan": Workload("500 messages a second to 50 subscribers, latency",
                      {"rate": 500, "subs": 50, "warm": 0.3}, ONE, realtime=True, seconds=2.5),
    "idle": Workload(f"{IDLE} idle sessions", {"idle": IDLE, "subs": 0, "pubs": 0, "warm": 0.1},
                     ONE, only=("ours", "frame", "openssl", "nats", "redis", "mqtt"), fresh=True,
                     seconds=0.1, probe="IDLE"),
    "w5": Workload(f"{IDLE} idle sessions, then w4", {**W4, "idle": IDLE, "warm": 0.5}, ONE,
                   realtime=True, fresh=True, seconds=2.5, probe="IDLE"),
    "w7": Workload("100 publishers with one message in flight each, 100 topics",
                   {"pubs": 100, "topics": 100, "window": 1, "min-window": 1}, TWO),
    "w8": Workload("1000 topics in random order, a subscriber each",
                   {"topics": 1000, "shuffle": 1, "min-window": 3000}, ONE, fresh=True),
    "w9": Workload("w8 with 10 000 wildcard patterns of mixed depth",
                   {"topics": 1000, "shuffle": 1, "min-window": 3000, "wild": 1}, ONE, only=("ours",), fresh=True),
    "lag": Workload("1000 subscribers that all lag by 8 MiB",
                    {"subs": 1000, "lag-bytes": 8 << 20}, ONE, only=("ours", "frame", "nats"),
                    fresh=True, probe="LAGGING", small_buffers=True),
    "steady95": Workload("95 subscribers", {"subs": 95}, ONE, only=BOUNDED, fresh=True,
                         small_buffers=True),
    "stalled5": Workload("95 subscribers and 5 that do not read", {"subs": 100, "stalled": 5}, ONE,
                         only=BOUNDED, fresh=True, small_buffers=True),
    "steady95lat": Workload("95 subscribers, 500 messages a second, latency",
                            {"subs": 95, "rate": 500, "warm": 0.3}, ONE, only=BOUNDED, fresh=True,
                            realtime=True, seconds=5, small_buffers=True),
    "stalled5lat": Workload("95 subscribers and 5 that do not read, 500 messages a second, latency",
                            {"subs": 100, "stalled": 5, "rate": 500, "warm": 0.3}, ONE,
                            only=BOUNDED, fresh=True, realtime=True, seconds=5,
                            small_buffers=True),
    "rare": Workload("100 busy subscribers, 1 of a topic with one message in 100",
                     {"topics": 2, "subs": 100, "rare": 100}, ONE, only=BOUNDED, fresh=True,
                     seconds=3, small_buffers=True),
    "rareslow": Workload("100 busy subscribers, 1 of a rare topic that does not read",
                         {"topics": 2, "subs": 100, "rare": 100, "stalled": 1}, ONE, only=BOUNDED,
                         fresh=True, seconds=3, small_buffers=True),
}

# What a name on the command line stands for beside itself.
GROUPS = {
    "w4": ("w4", "w4fan"),
    "w6": ("w1tls", "w2tls", "w3tls", "w4tls", "idletls"),
    "stalled": ("steady95", "stalled5", "steady95lat", "stalled5lat"),
    "rare": ("rare", "rareslow"),
}

# What is compared with each other takes turns, run by run.
PAIRS = (("w8", "w9"), ("steady95", "stalled5"), ("steady95lat", "stalled5lat"), ("rare", "rareslow"))

WORKLOADS = {**PLAIN, **{name + "tls": PLAIN[name].over_tls()
                         for name in ("w1", "w2", "w3", "w4", "w5", "idle")}}
DEFAULT = ("w1", "w2", "w3", "w4", "w5", "idle", "w6", "w7", "w8", "w9", "lag", "stalled", "rare")


def chosen(names):
    """The workloads behind a list of names, each once; SystemExit for a name that is none."""
    out = {}
    for name in names:
        for each in GROUPS.get(name, (name,)):
            if each not in WORKLOADS:
                known = sorted({*WORKLOADS, *GROUPS})
                raise SystemExit(f"no workload '{each}'; there are: {' '.join(known)}")
            out[each] = WORKLOADS[each]
    return out


def in_turns(work):
    """The chosen workloads as groups: the pairs of which both are chosen, and each other alone."""
    groups = []
    for name in work:
        partners = next((pair for pair in PAIRS if name in pair and all(p in work for p in pair)),
                        (name,))
        if partners not in groups:
            groups.append(partners)
    return groups
