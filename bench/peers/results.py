"""Runs as the tables see them: read, checked, grouped, and compared with their neighbours."""
import json
import statistics
from collections import defaultdict

from workloads import WORKLOADS

ORDER = ("ours", "ours-poll", "frame", "openssl", "nats", "redis", "redis-noreply", "mqtt", "zmq", "bytes", "frame-unix")
DISTURBED = 0.01  # of the rate an open loop was asked for


def expand(row):
    """A line of a kept file is a row of the tables: fields with one value a run are lists."""
    runs = len(row["repetition"])
    for index in range(runs):
        yield {name: value[index] if isinstance(value, list) else value
               for name, value in row.items() if not (isinstance(value, list) and value[index] is None)}


def read(path):
    """(what was said of each call, all runs)"""
    calls, runs = {}, []
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if "about" in line:
                about = line["about"]
                calls.update((each["call"], each) for each in about.get("calls", [about]))
            elif isinstance(line["repetition"], list):
                runs += expand(line)
            else:
                runs.append(line)
    return calls, runs


def fault(run):
    """Why a run is left out: it failed, the server got no CPU time that could be compared, or the
    generator itself was stalled in an open loop. None for a good one."""
    if "error" in run:
        return run["error"]
    if run.get("srv_cpu_per_M") == 0 and "srv_cpu_us_per_conn" not in run:
        return f"starved: the server got no CPU time, {run['msgs_s']}/s"
    work = WORKLOADS.get(run["work"])
    rate = work.options.get("rate") if work else None
    reading = run.get("subs", 1) - run.get("stalled", 0)
    if rate and abs(run["msgs_s"] / (rate * reading) - 1) > DISTURBED:
        return f"the open loop was disturbed: {run['msgs_s']}/s"
    return None


def values(runs, field):
    return [each[field] for each in runs if field in each]


def median(runs, field):
    """None without any."""
    found = values(runs, field)
    return statistics.median(found) if found else None


def paired(runs, base, field):
    """(own, other) of runs of one repetition of one call."""
    others = {(each["call"], each["repetition"]): each.get(field) for each in base}
    pairs = ((each.get(field), others.get((each["call"], each["repetition"]))) for each in runs)
    return [(own, other) for own, other in pairs if own is not None and other is not None]


def ratios(runs, base, field):
    return [own / other for own, other in paired(runs, base, field) if own and other]


def differences(runs, base, field):
    return [own - other for own, other in paired(runs, base, field)]


class Results:
    """Usable runs by workload, size and server."""

    def __init__(self, runs):
        self.left_out = []  # (run, why)
        self.groups = defaultdict(list)
        for each in runs:
            wrong = fault(each)
            if wrong is None:
                self.groups[each["work"], each["size"], each["server"]].append(each)
            else:
                self.left_out.append((each, wrong))
        self.work = [name for name in WORKLOADS if any(key[0] == name for key in self.groups)]

    def of(self, work, size, server):
        return self.groups.get((work, size, server), [])

    def sizes(self, work):
        return sorted({key[1] for key in self.groups if key[0] == work})

    def servers(self, work, size):
        names = {key[2] for key in self.groups if key[:2] == (work, size)}
        return [name for name in ORDER if name in names]
